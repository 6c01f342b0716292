"""The quads of a compressed file of a release: as lines, or graph by graph.

The graphs of records come first, each with its lines together; then come the lines of all other graphs, by subject.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from pyoxigraph import Literal, Quad

from iomld.errors import StoreError
from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import Iris
from iomld.model import Project
from iomld.pipeline.published import project_of
from iomld.release import FILES, Release
from iomld.release.nquads import read_gzip

_SHARDS = frozenset({FILES.shards, "shards.jsonl.gz"})  # now, and before the table had columns


@dataclass(frozen=True, slots=True)
class StoredQuads:
    """A compressed file of lines.

    Attributes:
        path: The file.
        format: N-Quads or N-Triples.
        base: Data base of the IRIs.
    """

    path: Path
    format: Format
    base: str

    def lines(self) -> Iterator[bytes]:
        """All lines, in their order.

        Raises:
            StoreError: The file is missing or damaged.
        """
        return read_gzip(self.path)

    def record_graphs(self) -> Iterator[tuple[str, list[Quad]]]:
        """The graph of each record with its quads, sorted by IRI; only one at a time is in memory."""
        for graph, found in groupby(self._lines_of_records(), key=itemgetter(0)):
            yield graph.decode(), list(rdf.parse(b"".join(line for _, line in found), self.format))

    def other_subjects(self) -> Iterator[list[Quad]]:
        """The quads of each subject outside the graphs of records, sorted by subject."""
        for _, found in groupby(self._other_lines(), key=lambda line: line[: line.index(b" ")]):
            yield list(rdf.parse(b"".join(found), self.format))

    def literals_of_records(self, predicates: Iterable[str]) -> Iterator[tuple[str, Literal]]:
        """Each literal that a record has for one of some properties, with the property."""
        wanted = {f"<{predicate}>".encode() for predicate in predicates}
        for _, line in self._lines_of_records():
            if line.split(b" ", 2)[1] in wanted:
                (quad,) = rdf.parse(line, self.format)
                if isinstance(quad.object, Literal):
                    yield quad.predicate.value, quad.object

    def triples(self) -> Iterator[bytes]:
        """The lines as N-Triples; a triple in two graphs that are not of records appears once."""
        if not self.format.holds_graphs:
            yield from self.lines()
            return
        last = b""
        for line in self.lines():
            triple = line[: line.rindex(b" <")]
            if triple != last:
                yield triple + b" .\n"
                last = triple

    def _lines_of_records(self) -> Iterator[tuple[bytes, bytes]]:
        """Each line in the graph of a record, with the IRI of the graph."""
        if not self.format.holds_graphs:
            return
        records = self._records()
        for line in self.lines():
            graph = _graph(line)
            if graph.startswith(records) and b"/" not in graph[len(records) :]:
                yield graph, line

    def _other_lines(self) -> Iterator[bytes]:
        if not self.format.holds_graphs:
            yield from self.lines()
            return
        records = self._records()
        for line in self.lines():
            graph = _graph(line)
            if not graph.startswith(records) or b"/" in graph[len(records) :]:
                yield line

    def _records(self) -> bytes:
        """How the IRI of the graph of a record begins."""
        return Iris(self.base).record("").encode()


def released_quads(release: Release) -> StoredQuads:
    """The dataset of a release.

    Raises:
        StoreError: An earlier version published it, with lines in another order.
    """
    if not _SHARDS & release.manifest.files.keys():
        raise StoreError(f"{release.path}: an earlier version of iomld made this release. Publish its records again.")
    return StoredQuads(release.file(FILES.dataset), rdf.NQUADS, release.manifest.base)


def stored_projects(stored: StoredQuads) -> Iterator[Project]:
    """The projects of a release, sorted by IRI; only one is in memory at a time.

    Raises:
        StoreError: The file is damaged.
    """
    iris = Iris(stored.base)
    for graph, quads in stored.record_graphs():
        yield project_of(quads, iris.record_key(graph) or "", iris)


def _graph(line: bytes) -> bytes:
    """The graph of an N-Quads line, which ends with ` <graph> .`."""
    return line[line.rindex(b" <") + 2 : -4]
