"""Describe a release to catalogues: DCAT 3, VoID and PROV in the dataset graph.

What DCAT-AP 3 makes mandatory is there, and what it recommends as far as it is known (`tests/web/dcat-ap-3.ttl`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import Quad

from iomld.iris import DCAT, DCTERMS, FOAF, IOMLD, PROV, RDF, SHAPES, VCARD, VOID, Iris, local_name
from iomld.release.catalogued import (
    ENGLISH,
    FRENCH,
    SPANISH,
    THEME_TAXONOMY,
    WORLD,
    class_quads,
    entry_quads,
    theme_quads,
)
from iomld.release.distributions import distribution_quads, part_quads, whole_distributions
from iomld.release.nquads import FileFacts
from iomld.release.sayer import Sayer, namespace_of
from iomld.release.statistics import Statistics
from iomld.release.subsets import Part

_PROTOCOL = "https://www.w3.org/TR/sparql11-protocol/"
_TITLE = "Projects of a migration development fund"
_ABOUT = "Projects with their budgets, periods and benefiting states, and the policy frameworks that their texts name."


@dataclass(frozen=True, slots=True)
class Description:
    """What a catalogue wants to know.

    Attributes:
        version: Name of the release.
        first_issued: When the first release was made (xsd:dateTime).
        modified: When this one was made (xsd:dateTime).
        run: Name of the publishing run.
        license: IRI of the licence.
        publisher: Name of the publisher.
        contact: E-mail or web address for questions; if empty, the page `/about` stands for it.
        statistics: Figures of the dataset.
        plain: The N-Quads file.
        packed: The same, packed.
        parts: The files of classes and regions.
        example: Key of one project, or None.
    """

    version: str
    first_issued: str
    modified: str
    run: str
    license: str
    publisher: str
    contact: str
    statistics: Statistics
    plain: FileFacts
    packed: FileFacts
    parts: Sequence[Part]
    example: str | None


def description_quads(description: Description, iris: Iris) -> Iterator[Quad]:
    """Describe the catalogue, the dataset, its files and its endpoint, in the dataset graph."""
    say = Sayer(iris)
    described = list(_described(say, description, iris))
    yield from described
    yield from class_quads(say, described)


def _described(say: Sayer, description: Description, iris: Iris) -> Iterator[Quad]:
    yield from _catalogue(say, description, iris)
    yield from _dataset(say, description, iris)
    yield from _publisher(say, description)
    yield from theme_quads(say)
    yield from _extent(say, description.statistics)
    yield from _figures(say, description.statistics)
    yield from _link_sets(say, description.statistics)
    for one in whole_distributions(description.license, description.plain, description.packed):
        yield from distribution_quads(say, say.dataset, say.part(one.file.removeprefix("dataset.")), one)
    yield from part_quads(say, description.parts, _TITLE, description.license)
    yield from _service(say, description, iris)


def _catalogue(say: Sayer, description: Description, iris: Iris) -> Iterator[Quad]:
    catalogue = f"{iris.base}dataset"
    yield say.link(catalogue, f"{RDF}type", f"{DCAT}Catalog")
    yield say.words(catalogue, f"{DCTERMS}title", f"{_TITLE}: catalogue")
    yield say.words(catalogue, f"{DCTERMS}description", "The dataset of projects, its files and its query service.")
    yield say.link(catalogue, f"{DCTERMS}publisher", say.part("publisher"))
    yield say.link(catalogue, f"{DCTERMS}license", description.license)
    yield say.link(catalogue, f"{FOAF}homepage", iris.base)
    yield say.link(catalogue, f"{DCTERMS}language", ENGLISH)
    yield say.link(catalogue, f"{DCTERMS}spatial", WORLD)
    yield say.link(catalogue, f"{DCAT}themeTaxonomy", THEME_TAXONOMY)
    yield say.text(catalogue, f"{DCTERMS}issued", description.first_issued, "dateTime")
    yield say.text(catalogue, f"{DCTERMS}modified", description.modified, "dateTime")
    yield say.link(catalogue, f"{DCAT}dataset", say.dataset)
    yield say.link(catalogue, f"{DCAT}service", say.part("sparql"))


def _dataset(say: Sayer, description: Description, iris: Iris) -> Iterator[Quad]:
    dataset = say.dataset
    yield say.link(dataset, f"{RDF}type", f"{DCAT}Dataset")
    yield say.link(dataset, f"{RDF}type", f"{VOID}Dataset")
    yield say.words(dataset, f"{DCTERMS}title", _TITLE)
    yield say.words(dataset, f"{DCTERMS}description", _ABOUT)
    yield say.text(dataset, f"{DCTERMS}identifier", dataset)
    for language in (ENGLISH, FRENCH, SPANISH):
        yield say.link(dataset, f"{DCTERMS}language", language)
    yield from entry_quads(say, dataset, description.license)
    yield say.text(dataset, f"{DCTERMS}issued", description.first_issued, "dateTime")
    yield say.text(dataset, f"{DCTERMS}modified", description.modified, "dateTime")
    yield say.text(dataset, f"{DCAT}version", description.version)
    for standard in (IOMLD.removesuffix("#"), SHAPES.removesuffix("#")):
        yield say.link(dataset, f"{DCTERMS}conformsTo", standard)
    yield say.link(dataset, f"{DCAT}landingPage", iris.base)
    yield say.link(dataset, f"{PROV}wasGeneratedBy", iris.run(description.run))
    yield say.text(dataset, f"{VOID}uriSpace", f"{iris.base}id/")
    yield say.link(dataset, f"{VOID}sparqlEndpoint", f"{iris.base}sparql")
    if description.example:
        yield say.link(dataset, f"{VOID}exampleResource", iris.project(description.example))


def _publisher(say: Sayer, description: Description) -> Iterator[Quad]:
    """The publisher, and where to ask: an address that was set, else the page that says what this is."""
    publisher, contact = say.part("publisher"), say.part("contact")
    yield say.link(publisher, f"{RDF}type", f"{FOAF}Agent")
    yield say.text(publisher, f"{FOAF}name", description.publisher)
    yield say.link(contact, f"{RDF}type", f"{VCARD}Kind")
    yield say.text(contact, f"{VCARD}fn", description.publisher)
    yield _reach(say, contact, description.contact or f"{say.iris.base}about")


def _reach(say: Sayer, contact: str, address: str) -> Quad:
    """An e-mail or web address as a link; a text that is no such address as a note."""
    is_iri = not any(character <= " " or character in '<>"{}|^`\\' for character in address)
    if is_iri and address.startswith(("https://", "http://")):
        return say.link(contact, f"{VCARD}hasURL", address)
    if is_iri and "@" in address:
        return say.link(contact, f"{VCARD}hasEmail", f"mailto:{address.removeprefix('mailto:')}")
    return say.text(contact, f"{VCARD}note", address)


def _extent(say: Sayer, figures: Statistics) -> Iterator[Quad]:
    for country in figures.countries:
        yield say.link(say.dataset, f"{DCTERMS}spatial", country)
    if figures.start and figures.end:
        period = say.part("period")
        yield say.link(say.dataset, f"{DCTERMS}temporal", period)
        yield say.link(period, f"{RDF}type", f"{DCTERMS}PeriodOfTime")
        yield say.text(period, f"{DCAT}startDate", figures.start, "date")
        yield say.text(period, f"{DCAT}endDate", figures.end, "date")


def _figures(say: Sayer, figures: Statistics) -> Iterator[Quad]:
    counts = {
        "triples": figures.triples,
        "entities": figures.entities,
        "distinctSubjects": figures.subjects,
        "properties": len(figures.properties),
        "classes": len(figures.classes),
    }
    for name, count in counts.items():
        yield say.text(say.dataset, VOID + name, count, "integer")
    for vocabulary in sorted({namespace_of(iri) for iri in (*figures.properties, *figures.classes)}):
        yield say.link(say.dataset, f"{VOID}vocabulary", vocabulary)
    for kind, property_, unit, partitions in (
        ("class", "class", "entities", figures.classes),
        ("property", "property", "triples", figures.properties),
    ):
        for iri, count in partitions.items():
            partition = say.partition(kind, iri)
            yield say.link(say.dataset, f"{VOID}{kind}Partition", partition)
            yield say.link(partition, VOID + property_, iri)
            yield say.text(partition, VOID + unit, count, "integer")


def _link_sets(say: Sayer, figures: Statistics) -> Iterator[Quad]:
    for (predicate, space), count in figures.links.items():
        host = space.split("/")[2]
        links, target = say.part(f"links-{local_name(predicate)}-{host}"), say.part(f"target-{host}")
        yield say.link(say.dataset, f"{VOID}subset", links)
        yield say.link(links, f"{RDF}type", f"{VOID}Linkset")
        yield say.link(links, f"{VOID}linkPredicate", predicate)
        yield say.link(links, f"{VOID}subjectsTarget", say.dataset)
        yield say.link(links, f"{VOID}objectsTarget", target)
        yield say.text(links, f"{VOID}triples", count, "integer")
        yield say.link(target, f"{RDF}type", f"{VOID}Dataset")
        yield say.text(target, f"{VOID}uriSpace", space)


def _service(say: Sayer, description: Description, iris: Iris) -> Iterator[Quad]:
    service, endpoint = say.part("sparql"), f"{iris.base}sparql"
    yield say.link(service, f"{RDF}type", f"{DCAT}DataService")
    yield say.words(service, f"{DCTERMS}title", "SPARQL 1.1 query service")
    yield say.link(service, f"{DCAT}endpointURL", endpoint)
    yield say.link(service, f"{DCAT}endpointDescription", endpoint)
    yield say.link(service, f"{DCAT}servesDataset", say.dataset)
    yield say.link(service, f"{DCTERMS}conformsTo", _PROTOCOL)
    yield from entry_quads(say, service, description.license)
