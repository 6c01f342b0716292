"""Describe a release to catalogues: DCAT 3, VoID and PROV in the dataset graph."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad

from iomld.iris import DCAT, DCTERMS, IOMLD, PROV, RDF, VCARD, VOID, XSD, Iris

_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_DOWNLOADS = (
    ("nq", "application/n-quads"),
    ("nt", "application/n-triples"),
    ("ttl", "text/turtle"),
    ("jsonld", "application/ld+json"),
)


@dataclass(frozen=True, slots=True)
class Description:
    """What a catalogue wants to know.

    Attributes:
        version: Name of the release.
        issued: When it was made (xsd:dateTime).
        run: Name of the publishing run.
        license: IRI of the licence.
        publisher: Name of the publisher.
        contact: E-mail or web address for questions; may be empty.
        triples: Number of triples in the dataset.
        classes: For each class IRI, how many things of it there are.
        example: Key of one project, or None.
    """

    version: str
    issued: str
    run: str
    license: str
    publisher: str
    contact: str
    triples: int
    classes: Mapping[str, int]
    example: str | None


def description_quads(description: Description, iris: Iris) -> Iterator[Quad]:
    """Describe the dataset and this version of it, in the dataset graph."""
    graph = NamedNode(iris.graph("dataset"))
    dataset = iris.dataset()

    def link(subject: str, predicate: str, target: str) -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), NamedNode(target), graph)

    def text(subject: str, predicate: str, value: str, datatype: str = "string") -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), Literal(value, datatype=NamedNode(XSD + datatype)), graph)

    yield link(dataset, f"{RDF}type", f"{DCAT}Dataset")
    yield link(dataset, f"{RDF}type", f"{VOID}Dataset")
    title = Literal("Projects of a migration development fund", language="en")
    yield Quad(NamedNode(dataset), NamedNode(f"{DCTERMS}title"), title, graph)
    yield link(dataset, f"{DCTERMS}license", description.license)
    yield text(dataset, f"{DCTERMS}publisher", description.publisher)
    if description.contact:
        yield link(dataset, f"{DCAT}contactPoint", f"{dataset}#contact")
        yield link(f"{dataset}#contact", f"{RDF}type", f"{VCARD}Kind")
        yield text(f"{dataset}#contact", f"{VCARD}fn", description.publisher)
        yield text(f"{dataset}#contact", f"{VCARD}note", description.contact)
    yield text(dataset, f"{DCTERMS}issued", description.issued, "dateTime")
    yield text(dataset, f"{DCAT}version", description.version)
    yield link(dataset, f"{DCTERMS}conformsTo", IOMLD.removesuffix("#"))
    yield link(dataset, f"{PROV}wasGeneratedBy", iris.run(description.run))
    yield text(dataset, f"{VOID}uriSpace", f"{iris.base}id/")
    yield text(dataset, f"{VOID}triples", str(description.triples), "integer")
    yield link(dataset, f"{VOID}sparqlEndpoint", f"{iris.base}sparql")
    if description.example:
        yield link(dataset, f"{VOID}exampleResource", iris.project(description.example))
    for name, count in sorted(description.classes.items()):
        partition = f"{dataset}#class-{name.rpartition('#')[2].rpartition('/')[2]}"
        yield link(dataset, f"{VOID}classPartition", partition)
        yield link(partition, f"{VOID}class", name)
        yield text(partition, f"{VOID}entities", str(count), "integer")
    for suffix, media_type in _DOWNLOADS:
        file = f"{iris.base}downloads/dataset.{suffix}"
        distribution = f"{dataset}#{suffix}"
        yield link(dataset, f"{VOID}dataDump", file)
        yield link(dataset, f"{DCAT}distribution", distribution)
        yield link(distribution, f"{RDF}type", f"{DCAT}Distribution")
        yield link(distribution, f"{DCAT}downloadURL", file)
        yield link(distribution, f"{DCAT}mediaType", _MEDIA_TYPES + media_type)
