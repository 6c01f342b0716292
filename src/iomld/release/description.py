"""The description of a release for catalogues: DCAT 3, VoID and PROV in the dataset graph.

The statements are in a Turtle template, `dataset.ttl.in`; this module computes its values. The mandatory properties of
DCAT-AP 3 are there, and the recommended ones as far as they are known (`tests/web/dcat-ap-3.ttl`).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from iomld.errors import SourceError, StoreError
from iomld.formats import rdf
from iomld.formats.graph import SubjectGraph
from iomld.formats.turtle_template import TurtleRow, filled_template
from iomld.iris import DCTERMS, FOAF, VCARD, XSD, Iris, local_name
from iomld.release.downloads import (
    CSV,
    MENTIONS_FILE,
    PROJECTS_FILE,
    Content,
    DownloadFile,
    dataset_files,
    subset_downloads,
)
from iomld.release.nquads import FileFacts
from iomld.release.statistics import Statistics
from iomld.release.subsets import BY_CLASS, Subset

_TITLE = "Projects of a migration development fund"
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type/"
# By media type: the code of the format in the EU's file type authority table, and the title of such a file.
_FORMS = {
    rdf.NQUADS.media_type: (
        "RDF_N_QUADS",
        "A line for each triple, with the graph that says it; first the records by their addresses, then all else.",
    ),
    rdf.NTRIPLES.media_type: (
        "RDF_N_TRIPLES",
        "A line for each triple; first the records by their addresses, then all else.",
    ),
    rdf.TURTLE.media_type: ("RDF_TURTLE", "The triples of each subject together, with prefixes."),
    rdf.JSONLD.media_type: (
        "JSON_LD",
        "The framed document of each project and a node for each other thing, under one context.",
    ),
    CSV: ("CSV", "A row for each, with a row of headings."),
}
_TITLES = {PROJECTS_FILE: "Table of projects", MENTIONS_FILE: "Table of mentions"}


@dataclass(frozen=True, slots=True)
class Description:
    """The facts in the description of a release.

    Attributes:
        version: Name of the release.
        first_issued: Time of the first release (xsd:dateTime).
        modified: Time of this release (xsd:dateTime).
        run: Name of the publishing run.
        license: IRI of the licence.
        publisher: Name of the publisher; if empty, it stays unnamed (`unnamed_publisher`).
        contact: E-mail or web address for questions; if empty, the page `/about` is used.
        statistics: Figures of the dataset.
        files: Length and hash of each file for download, by name.
        subsets: The classes and regions that have files.
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
    files: Mapping[str, FileFacts]
    subsets: Sequence[Subset]
    example: str | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """A downloadable file of a dataset.

    Attributes:
        resource: IRI of the dataset or subset whose content it holds.
        iri: Its own IRI.
        title: Its title.
        file: The file.
        facts: Length and hash.
    """

    resource: str
    iri: str
    title: str
    file: DownloadFile
    facts: FileFacts


def description_quads(description: Description, iris: Iris) -> tuple[Quad, ...]:
    """Describe the catalogue, the dataset, its files and its endpoint, in the dataset graph.

    Raises:
        ValueError: The licence is not an IRI.
    """
    subsets = {_subset_iri(subset, iris): subset for subset in description.subsets}
    distributions = (*_whole_distributions(description, iris), *_subset_distributions(description, subsets))
    rows = {
        **_extent_rows(description, iris),
        **_partition_rows(description.statistics, iris),
        **_subset_rows(subsets),
        **_file_rows(distributions, iris),
        "resource": [{"resource": NamedNode(iri)} for iri in (iris.dataset(), _fragment(iris, "sparql"), *subsets)],
    }
    template = files("iomld.release").joinpath("dataset.ttl.in").read_text(encoding="utf-8")
    turtle = filled_template(template, _dataset_terms(description, iris), rows)
    triples = rdf.in_graph(rdf.parse(turtle, rdf.TURTLE), iris.graph("dataset"))
    return tuple(dict.fromkeys(triples))


def unnamed_publisher(iris: Iris) -> str:
    """What stands in place of the name of a publisher, without which DCAT-AP takes no catalogue."""
    return f"unnamed publisher of {iris.base}"


def read_description(path: Path) -> tuple[Quad, ...]:
    """The statements of the description of a release, in the default graph.

    Raises:
        StoreError: Its file is missing or damaged.
    """
    try:
        return tuple(rdf.parse(path.read_bytes(), rdf.TURTLE))
    except (FileNotFoundError, SourceError) as error:
        raise StoreError(f"{path}: the file is damaged ({error}). Copy it back from a backup.") from error


@dataclass(frozen=True, slots=True)
class StatedPublication:
    """What the description of a release states that does not follow from its content.

    Attributes:
        license: IRI of the licence.
        publisher: Name of the publisher; empty if it is unnamed.
        contact: E-mail or web address for questions; empty if it is the page `/about`.
        first_issued: Time of the first release (xsd:dateTime).
    """

    license: str
    publisher: str
    contact: str
    first_issued: str


def stated_publication(path: Path, iris: Iris) -> StatedPublication:
    """Read from the description of a release what does not follow from its content.

    Args:
        path: Its file.
        iris: IRIs under its base.

    Raises:
        StoreError: The file is missing or damaged.
    """
    graph = SubjectGraph(read_description(path))
    dataset = graph[iris.dataset()]
    publisher = graph[_fragment(iris, "publisher")].value(f"{FOAF}name") or ""
    addresses = graph[_fragment(iris, "contact")]
    contact = next((found for name in ("hasURL", "hasEmail", "note") for found in addresses.values(VCARD + name)), "")
    return StatedPublication(
        license=dataset.value(f"{DCTERMS}license") or "",
        publisher="" if publisher == unnamed_publisher(iris) else publisher,
        contact="" if contact == f"{iris.base}about" else contact.removeprefix("mailto:"),
        first_issued=dataset.value(f"{DCTERMS}issued") or "",
    )


def _dataset_terms(description: Description, iris: Iris) -> TurtleRow:
    figures = description.statistics
    contact_property, contact = _contact(description.contact or f"{iris.base}about")
    return {
        "base": NamedNode(iris.base),
        "fragments": NamedNode(_fragment(iris, "")),
        "dataset": NamedNode(iris.dataset()),
        "identifier": Literal(iris.dataset()),
        "title": _english(_TITLE),
        "catalogue_title": _english(f"{_TITLE}: catalogue"),
        "license": NamedNode(description.license),
        "publisher": Literal(description.publisher or unnamed_publisher(iris)),
        "contact_property": NamedNode(contact_property),
        "contact": contact,
        "first_issued": _typed(description.first_issued, "dateTime"),
        "modified": _typed(description.modified, "dateTime"),
        "version": Literal(description.version),
        "run": NamedNode(iris.run(description.run)),
        "uri_space": Literal(f"{iris.base}id/"),
        "triples": _typed(figures.triples, "integer"),
        "entities": _typed(figures.entities, "integer"),
        "subjects": _typed(figures.subjects, "integer"),
        "properties": _typed(len(figures.properties), "integer"),
        "classes": _typed(len(figures.classes), "integer"),
    }


def _contact(address: str) -> tuple[str, NamedNode | Literal]:
    """The property and the value for an e-mail or web address; a text that is neither becomes a note."""
    is_iri = not any(character <= " " or character in '<>"{}|^`\\' for character in address)
    if is_iri and address.startswith(("https://", "http://")):
        return f"{VCARD}hasURL", NamedNode(address)
    if is_iri and "@" in address:
        return f"{VCARD}hasEmail", NamedNode(f"mailto:{address.removeprefix('mailto:')}")
    return f"{VCARD}note", Literal(address)


def _extent_rows(description: Description, iris: Iris) -> dict[str, Sequence[TurtleRow]]:
    figures = description.statistics
    example = [{"example": NamedNode(iris.project(description.example))}] if description.example else []
    days = {"start": figures.start, "end": figures.end}
    period = [{name: _typed(day, "date") for name, day in days.items()}] if all(days.values()) else []
    countries = [{"country": NamedNode(country)} for country in figures.countries]
    return {"example": example, "period": period, "country": countries}


def _partition_rows(figures: Statistics, iris: Iris) -> dict[str, Sequence[TurtleRow]]:
    """The partitions by class and by property, their vocabularies, and the links to other datasets."""
    vocabularies = sorted({_namespace(iri) for iri in (*figures.properties, *figures.classes)} - {""})
    return {
        "vocabulary": [{"vocabulary": NamedNode(vocabulary)} for vocabulary in vocabularies],
        "class": _partitions(iris, "class", figures.classes, "entities"),
        "property": _partitions(iris, "property", figures.properties, "triples"),
        "linkset": [
            {
                "linkset": NamedNode(_fragment(iris, f"links-{local_name(predicate)}-{host}")),
                "predicate": NamedNode(predicate),
                "target": NamedNode(_fragment(iris, f"target-{host}")),
                "uri_space": Literal(space),
                "triples": _typed(count, "integer"),
            }
            for (predicate, space), count in figures.links.items()
            for host in (space.split("/")[2],)
        ],
    }


def _partitions(iris: Iris, kind: str, counts: Mapping[str, int], unit: str) -> list[TurtleRow]:
    return [
        {
            "partition": NamedNode(_partition_iri(iris, kind, iri)),
            kind: NamedNode(iri),
            unit: _typed(count, "integer"),
        }
        for iri, count in counts.items()
    ]


def _subset_rows(subsets: Mapping[str, Subset]) -> dict[str, Sequence[TurtleRow]]:
    return {
        "subset": [
            {
                "subset": NamedNode(iri),
                "title": _english(f"{_TITLE}: {subset.label}"),
                "description": _english(_subset_text(subset)),
                "identifier": Literal(iri),
            }
            for iri, subset in subsets.items()
        ],
        "region": [
            {"subset": NamedNode(iri), "region": NamedNode(subset.about)}
            for iri, subset in subsets.items()
            if subset.partitioning is not BY_CLASS
        ],
    }


def _subset_iri(subset: Subset, iris: Iris) -> str:
    """The IRI of a subset; for a class that of its `void:classPartition`."""
    if subset.partitioning is BY_CLASS:
        return _partition_iri(iris, "class", subset.about)
    return _fragment(iris, f"region-{subset.name}")


def _subset_text(subset: Subset) -> str:
    if subset.partitioning is BY_CLASS:
        return f"What the dataset says of each thing of the class <{subset.about}>."
    return f"The projects of the region {subset.label} with all that their graphs hold, the region and its countries."


def _whole_distributions(description: Description, iris: Iris) -> Iterator[Distribution]:
    """The files with the whole dataset, and its tables, compressed, and uncompressed if the hash is known."""
    for file in dataset_files():
        if not description.files[file.name].sha256:
            continue
        title = f"{_TITLES.get(file.plain_name, 'All records')}, {file.form}{', packed' if file.is_compressed else ''}"
        iri = _fragment(iris, file.name.removeprefix("dataset."))
        yield Distribution(iris.dataset(), iri, title, file, description.files[file.name])


def _subset_distributions(description: Description, subsets: Mapping[str, Subset]) -> Iterator[Distribution]:
    for iri, subset in subsets.items():
        for file in subset_downloads(subset.partitioning, subset.name):
            title = f"{subset.label}, {file.form}, packed"
            suffix = file.plain_name.rpartition(".")[2]
            yield Distribution(iri, f"{iri}-{suffix}", title, file, description.files[file.name])


def _file_rows(distributions: Sequence[Distribution], iris: Iris) -> dict[str, Sequence[TurtleRow]]:
    rows = [(one.file, _distribution_terms(one, iris)) for one in distributions]
    return {
        "distribution": [row for _, row in rows],
        "dump": [row for file, row in rows if file.content is not Content.TABLE],
        "compressed": [row for file, row in rows if file.is_compressed],
    }


def _distribution_terms(one: Distribution, iris: Iris) -> dict[str, NamedNode | Literal]:
    file_type, text = _FORMS[one.file.media_type]
    return {
        "resource": NamedNode(one.resource),
        "distribution": NamedNode(one.iri),
        "title": _english(one.title),
        "description": _english(text),
        "format": NamedNode(_FILE_TYPES + file_type),
        "url": NamedNode(f"{iris.base}downloads/{one.file.name}"),
        "media_type": NamedNode(_MEDIA_TYPES + one.file.media_type),
        "bytes": _typed(one.facts.size_bytes, "nonNegativeInteger"),
        "checksum": NamedNode(f"{one.iri}-checksum"),
        "sha256": _typed(one.facts.sha256, "hexBinary"),
    }


def _fragment(iris: Iris, name: str) -> str:
    """The IRI of a node of the description."""
    return f"{iris.dataset()}#{name}"


def _partition_iri(iris: Iris, kind: str, iri: str) -> str:
    """The IRI of the partition of a class or property, unique to that term: `#class-skos-Concept`."""
    names = {namespace: prefix for prefix, namespace in iris.prefixes().items()}
    space = _namespace(iri)
    prefix = names.get(space) or hashlib.sha256(space.encode()).hexdigest()[:8]
    return _fragment(iris, f"{kind}-{prefix}-{local_name(iri)}")


def _namespace(iri: str) -> str:
    """The namespace of an IRI: everything before its local name; empty for one without, as `urn:says`."""
    return iri.removesuffix(local_name(iri))


def _english(text: str) -> Literal:
    return Literal(text, language="en")


def _typed(value: object, datatype: str) -> Literal:
    return Literal(str(value), datatype=NamedNode(XSD + datatype))
