"""What the description of a release says of the dataset and its files (DCAT 3), as values."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from iomld.browse.links import Link, link_to
from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.formats.graph import SubjectGraph
from iomld.iris import DCAT, DCTERMS, FOAF, SPDX
from iomld.release import FILES


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One file of the dataset.

    Attributes:
        title: What it is, in English.
        url: Where it is, under the base.
        media_type: Its media type; of a packed file that of the packing.
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
    """The dataset as catalogues see it; what is not known is None or empty.

    Attributes:
        iri: The dataset.
        title: Its title, in English.
        description: What it holds, in English.
        keywords: Words to find it by, in English.
        license: IRI of the licence.
        publisher: Name of the publisher.
        issued: When the first release was made.
        modified: When this one was made.
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
    issued: str | None
    modified: str | None
    version: str | None
    start: str | None
    end: str | None
    countries: tuple[Link, ...]
    files: tuple[DatasetFile, ...]


def description_graph(view: ReleaseView) -> SubjectGraph:
    """The description of a release by subject; empty where there is none."""
    return _description(view.release.file(FILES.description))


@lru_cache(maxsize=2)
def _description(path: Path) -> SubjectGraph:
    """Read from the file, in a third of the time that the store takes, and once: a release never changes."""
    return SubjectGraph(rdf.parse(path.read_bytes(), rdf.TURTLE) if path.exists() else ())


def dataset_facts(view: ReleaseView) -> DatasetFacts | None:
    """What is said of the dataset; None in a release without a description."""
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
        publisher=graph[dataset.iri(f"{DCTERMS}publisher") or ""].text(f"{FOAF}name"),
        issued=dataset.text(f"{DCTERMS}issued"),
        modified=dataset.text(f"{DCTERMS}modified"),
        version=dataset.text(f"{DCAT}version"),
        start=period.text(f"{DCAT}startDate"),
        end=period.text(f"{DCAT}endDate"),
        countries=tuple(link for one in dataset.iris(f"{DCTERMS}spatial") if (link := link_to(view, one))),
        files=tuple(file for file in files if file),
    )


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
