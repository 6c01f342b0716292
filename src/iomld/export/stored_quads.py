"""The quads of a compressed file of a release: as lines, or graph by graph.

A file is sorted by subject, so its records are scattered over it. Sorting its lines by graph takes an eighth of the
time of reading each graph from the store, and needs no store, which is why the files for download can be written before
it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pyoxigraph import Literal, Quad

from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.iris import Iris
from iomld.release import FILES, Release
from iomld.release.nquads import SortedLines, read_gzip
from iomld.temporary import temporary_folder

_SEPARATOR = b"\t"  # sorts before every character of an IRI
_BATCH_LINES = 1000  # lines that are added at once


@dataclass(frozen=True, slots=True)
class StoredQuads:
    """A compressed file of sorted lines.

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
        with temporary_folder("graphs") as folder:
            lines = SortedLines(folder)
            batch: list[bytes] = []
            for graph, line in self._lines_of_records():
                batch.append(graph + _SEPARATOR + line)
                if len(batch) == _BATCH_LINES:
                    lines.add(batch)
                    batch = []
            lines.add(batch)
            for graph, found in groupby(lines, key=lambda line: line[: line.index(_SEPARATOR)]):
                start = len(graph) + 1
                yield graph.decode(), list(rdf.parse(b"".join([line[start:] for line in found]), self.format))

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
        """The lines as N-Triples; a triple in two graphs appears once."""
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
    """The dataset of a release."""
    return StoredQuads(release.file(FILES.dataset), rdf.NQUADS, release.manifest.base)


def _graph(line: bytes) -> bytes:
    """The graph of an N-Quads line, which ends with ` <graph> .`."""
    return line[line.rindex(b" <") + 2 : -4]
