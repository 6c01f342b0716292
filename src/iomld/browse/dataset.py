"""The description of a release as values: the dataset, its files, its subsets, and term use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from iomld.browse.lists import project_counts
from iomld.browse.view import Link, ReleaseView, link_to
from iomld.folding import name_order
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import DCAT, DCTERMS, FOAF, IOMLD, RDFS, SPDX, VCARD, VOID
from iomld.release import FILES
from iomld.release.description import read_description, unnamed_publisher
from iomld.release.downloads import DownloadFile, dataset_files, download_facts, is_held, subset_downloads
from iomld.release.nquads import FileFacts
from iomld.release.subsets import BY_CLASS, BY_REGION, Partitioning, class_name


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One file of the dataset.

    Attributes:
        title: Its title, in English.
        url: Its address, under the base.
        media_type: Its media type; that of the compression for a compressed file.
        size_bytes: Its length, if known.
        sha256: Its hash in hexadecimal digits, if known.
    """

    title: str
    url: str
    media_type: str
    size_bytes: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """The dataset as catalogues describe it; an unknown value is None or empty.

    Attributes:
        iri: The dataset.
        title: Its title, in English.
        description: Its description, in English.
        keywords: Its keywords, in English.
        license: IRI of the licence.
        publisher: Name of the publisher; None if nobody has given one.
        contact: Address for questions, a web or mail address or a text; None if nobody has given one.
        issued: Time of the first release.
        modified: Time of this release.
        version: Name of the release.
        start: First day of the projects.
        end: Last day of the projects.
        countries: Countries that benefit.
        files: Its files.
    """

    iri: str
    title: str
    description: str
    keywords: tuple[str, ...]
    license: str | None
    publisher: str | None
    contact: str | None
    issued: str | None
    modified: str | None
    version: str | None
    start: str | None
    end: str | None
    countries: tuple[Link, ...]
    files: tuple[DatasetFile, ...]


def description_graph(view: ReleaseView) -> SubjectGraph:
    """The description of a release by subject; empty if there is none."""
    return _description(view.release.file(FILES.description))


@lru_cache(maxsize=2)
def _description(path: Path) -> SubjectGraph:
    """Read the description from its file, three times as fast as from the store; cached, as releases do not change."""
    return SubjectGraph(read_description(path) if path.exists() else ())


@dataclass(frozen=True, slots=True)
class TermUse:
    """The use of terms in the dataset, by IRI, as counted in its VoID description.

    Attributes:
        classes: Instances of each class.
        properties: Triples of each property.
    """

    classes: Mapping[str, int]
    properties: Mapping[str, int]


def term_use(view: ReleaseView) -> TermUse:
    """The class and property partitions of the VoID description."""
    graph = description_graph(view)
    dataset = graph[view.iris.dataset()]

    def counts(kind: str, unit: str) -> dict[str, int]:
        partitions = (graph[node] for node in dataset.iris(f"{VOID}{kind}Partition"))
        return {iri: one.integer(VOID + unit) or 0 for one in partitions if (iri := one.iri(VOID + kind))}

    return TermUse(counts("class", "entities"), counts("property", "triples"))


def triple_count(view: ReleaseView) -> int:
    """Number of triples in the release; one that is in two graphs counts once, as in the description and in queries."""
    return description_graph(view)[view.iris.dataset()].integer(f"{VOID}triples") or view.release.manifest.quads


def dataset_facts(view: ReleaseView) -> DatasetFacts | None:
    """The facts about the dataset; None in a release without a description."""
    graph = description_graph(view)
    iri = view.iris.dataset()
    if iri not in graph:
        return None
    dataset = graph[iri]
    period = graph[dataset.iri(f"{DCTERMS}temporal") or ""]
    files = (_file(graph, one) for one in dataset.iris(f"{DCAT}distribution"))
    return DatasetFacts(
        iri=iri,
        title=dataset.text(f"{DCTERMS}title") or "",
        description=dataset.text(f"{DCTERMS}description") or "",
        keywords=tuple(keyword.value for keyword in dataset.literals(f"{DCAT}keyword") if keyword.language == "en"),
        license=dataset.iri(f"{DCTERMS}license"),
        publisher=publisher_name(view),
        contact=_contact(view, graph[dataset.iri(f"{DCAT}contactPoint") or ""]),
        issued=dataset.text(f"{DCTERMS}issued"),
        modified=dataset.text(f"{DCTERMS}modified"),
        version=dataset.text(f"{DCAT}version"),
        start=period.text(f"{DCAT}startDate"),
        end=period.text(f"{DCAT}endDate"),
        countries=tuple(link for one in dataset.iris(f"{DCTERMS}spatial") if (link := link_to(view, one))),
        files=tuple(file for file in files if file),
    )


def publisher_name(view: ReleaseView) -> str | None:
    """The name of the publisher; None if nobody has given one."""
    graph = description_graph(view)
    publisher = graph[view.iris.dataset()].iri(f"{DCTERMS}publisher")
    name = graph[publisher or ""].text(f"{FOAF}name")
    return name if name != unnamed_publisher(view.iris) else None


def _contact(view: ReleaseView, contact: Subject) -> str | None:
    """The address that was set; the page about the site stands for one that was not."""
    kinds = (f"{VCARD}hasURL", f"{VCARD}hasEmail", f"{VCARD}note")
    found = next((value for kind in kinds if (value := contact.value(kind))), None)
    return found if found != f"{view.iris.base}about" else None


def _file(graph: SubjectGraph, iri: str) -> DatasetFile | None:
    distribution = graph[iri]
    url = distribution.iri(f"{DCAT}downloadURL")
    packing = distribution.iri(f"{DCAT}compressFormat") or distribution.iri(f"{DCAT}mediaType")
    if url is None:
        return None
    return DatasetFile(
        title=distribution.text(f"{DCTERMS}title") or "",
        url=url,
        media_type="/".join((packing or "").rsplit("/", 2)[-2:]),
        size_bytes=distribution.integer(f"{DCAT}byteSize"),
        sha256=graph[distribution.iri(f"{SPDX}checksum") or ""].text(f"{SPDX}checksumValue"),
    )


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file for download: its name, its format, and length and hash, which a release of an earlier version lacks."""

    name: str
    form: str
    facts: FileFacts


def dataset_downloads(view: ReleaseView) -> tuple[ListedFile, ...]:
    """The files of the whole dataset and its tables, each plain and compressed."""
    return tuple(_listed(view, file) for file in dataset_files() if is_held(view.release.manifest, file))


def _listed(view: ReleaseView, file: DownloadFile) -> ListedFile:
    return ListedFile(file.name, file.form, download_facts(view.release.manifest, file))


@dataclass(frozen=True, slots=True)
class ReleaseSubset:
    """A downloadable subset: the statements about instances of a class, or the projects of a region.

    Attributes:
        iri: The class or region.
        name: Its name in the view's language, else in English; empty for a class of another vocabulary.
        term: The prefixed name of a class; empty for a region.
        count: Instances of the class, or projects of the region.
        files: Its files.
    """

    iri: str
    name: str
    term: str
    count: int
    files: tuple[ListedFile, ...]


def class_subsets(view: ReleaseView) -> tuple[ReleaseSubset, ...]:
    """The classes that have files, ours before others, the most used first."""
    found = (
        ReleaseSubset(
            iri,
            _label(view, iri),
            _term(name),
            subset.integer(f"{VOID}entities") or 0,
            _subset_files(view, BY_CLASS, name),
        )
        for subset in _subsets(view)
        if (iri := subset.iri(f"{VOID}class")) and (name := class_name(iri, view.iris))
    )
    return tuple(sorted(found, key=lambda subset: (not subset.name, -subset.count, subset.term)))


def region_subsets(view: ReleaseView) -> tuple[ReleaseSubset, ...]:
    """The regions that have files, by name."""
    counts = project_counts(view, f"{IOMLD}region")
    links = (link_to(view, iri) for subset in _subsets(view) if (iri := subset.iri(f"{DCTERMS}spatial")))
    found = (
        ReleaseSubset(link.iri, link.name, "", counts.get(link.iri, 0), _subset_files(view, BY_REGION, link.code))
        for link in links
        if link
    )
    return tuple(sorted(found, key=lambda subset: name_order(subset.name)))


def _subsets(view: ReleaseView) -> Iterator[Subject]:
    graph, dataset = description_graph(view), view.iris.dataset()
    return (graph[iri] for iri in graph[dataset].iris(f"{DCTERMS}hasPart"))


def _label(view: ReleaseView, iri: str) -> str:
    if not iri.startswith(IOMLD):
        return ""
    graph = SubjectGraph(view.reader.about(iri, graph=view.iris.graph("ontology")))
    return graph[iri].text(f"{RDFS}label", view.language) or ""


def _term(name: str) -> str:
    """The name of a class in SPARQL and Turtle.

    >>> _term("Project"), _term("skos-Concept")
    ('iomld:Project', 'skos:Concept')
    """
    return name.replace("-", ":") if "-" in name else f"iomld:{name}"


def _subset_files(view: ReleaseView, partitioning: Partitioning, name: str) -> tuple[ListedFile, ...]:
    files = subset_downloads(partitioning, name)
    return tuple(_listed(view, file) for file in files if is_held(view.release.manifest, file))
