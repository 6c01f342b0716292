"""Where tables take their projects from: a release, or projects that were just made and wait on disk."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from pyoxigraph import Literal, NamedNode

from iomld import store
from iomld.export.records import project_texts, released_projects
from iomld.iris import DCTERMS, Iris
from iomld.model import Project
from iomld.release import FILES, Release

# Field and language of a text, and the most characters that one has: what the columns of a table are made by.
TextLengths: TypeAlias = Mapping[tuple[str, str], int]
_TERMS = {"title": "title", "abstract": "abstract", "narrative": "description"}
UNDETERMINED = "und"  # BCP 47: the language of a text that does not say it


@dataclass(frozen=True, slots=True)
class TableSource:
    """Projects for tables.

    Attributes:
        projects: Gives them anew each time, one after the other.
        text_lengths: Gives the languages of their texts with the longest text of each.
    """

    projects: Callable[[], Iterator[Project]]
    text_lengths: Callable[[], TextLengths]


def released(release: Release) -> TableSource:
    """The projects of a release, sorted by their IRIs."""
    return TableSource(lambda: released_projects(release), lambda: _released_lengths(release))


def spooled(projects: Iterable[Project], file: BinaryIO) -> TableSource:
    """Projects that can be gone through once, kept in a file, so that memory does not grow with their number.

    Args:
        projects: The projects; they are read to their end.
        file: An empty file of ours alone, which nobody else can write to; it stays open while the source is used.
    """
    lengths: dict[tuple[str, str], int] = {}
    for project in projects:
        pickle.dump(project, file, pickle.HIGHEST_PROTOCOL)
        for field, texts in project_texts(project).items():
            for text in texts:
                lengths[field, text.language] = max(lengths.get((field, text.language), 1), len(text.value))
    end = file.tell()

    def again() -> Iterator[Project]:
        file.seek(0)
        while file.tell() < end:
            yield pickle.load(file)  # noqa: S301  # this process wrote it into a file without a name

    return TableSource(again, lambda: lengths)


def _released_lengths(release: Release) -> TextLengths:
    """Asked of the store, which is quicker than to make every project."""
    opened = store.open_read_only(release.file(FILES.store))
    start = Iris(release.manifest.base).record("")
    lengths: dict[tuple[str, str], int] = {}
    for field, term in _TERMS.items():
        for quad in opened.quads_for_pattern(None, NamedNode(DCTERMS + term), None, None):
            graph, text = quad.graph_name, quad.object
            if isinstance(graph, NamedNode) and graph.value.startswith(start) and isinstance(text, Literal):
                key = field, text.language or UNDETERMINED
                lengths[key] = max(lengths.get(key, 1), len(text.value))
    return lengths
