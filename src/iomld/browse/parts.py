"""The parts of a release that can be fetched alone, as its description names them: classes and regions."""

from collections.abc import Iterator
from dataclasses import dataclass

from iomld.browse.dataset import description_graph
from iomld.browse.links import link_to
from iomld.browse.lists import project_counts
from iomld.browse.view import ReleaseView
from iomld.folding import fold
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import DCTERMS, IOMLD, RDFS, VOID
from iomld.release.subsets import BY_CLASS, BY_REGION, FORMAT_NAMES, Partitioning, class_name, subset_file


@dataclass(frozen=True, slots=True)
class PartFile:
    """A file of a part: its name, its format, and its length where the release holds it."""

    name: str
    form: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class ReleasePart:
    """What is said of the things of a class, or of the projects of a region.

    Attributes:
        iri: The class or region.
        name: Its name in the view's language, else in English; empty for a class of others.
        term: The prefixed name of a class; empty for a region.
        count: Things of the class, or projects of the region.
        files: Its files, the one that the release holds first.
    """

    iri: str
    name: str
    term: str
    count: int
    files: tuple[PartFile, ...]


def class_parts(view: ReleaseView) -> tuple[ReleasePart, ...]:
    """The classes that have files, our own before others, the most used first."""
    found = (
        ReleasePart(
            iri, _label(view, iri), _term(name), part.integer(f"{VOID}entities") or 0, _files(view, BY_CLASS, name)
        )
        for part in _parts(view)
        if (iri := part.iri(f"{VOID}class")) and (name := class_name(iri, view.iris))
    )
    return tuple(sorted(found, key=lambda part: (not part.name, -part.count, part.term)))


def region_parts(view: ReleaseView) -> tuple[ReleasePart, ...]:
    """The regions that have files, by name."""
    counts = project_counts(view, f"{IOMLD}region")
    links = (link_to(view, iri) for part in _parts(view) if (iri := part.iri(f"{DCTERMS}spatial")))
    found = (
        ReleasePart(link.iri, link.name, "", counts.get(link.iri, 0), _files(view, BY_REGION, link.code))
        for link in links
        if link
    )
    return tuple(sorted(found, key=lambda part: fold(part.name)))


def _parts(view: ReleaseView) -> Iterator[Subject]:
    graph, dataset = description_graph(view), view.iris.dataset()
    return (graph[part] for part in graph[dataset].iris(f"{DCTERMS}hasPart"))


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


def _files(view: ReleaseView, kind: Partitioning, name: str) -> tuple[PartFile, ...]:
    held = view.release.file(subset_file(kind, name, kind.written))
    size = held.stat().st_size if held.exists() else None
    return tuple(
        PartFile(subset_file(kind, name, form), FORMAT_NAMES[form], size if form is kind.written else None)
        for form in kind.offered
    )
