"""The differences between two releases, from their sorted dataset files: graph by graph, and as values of projects.

Only the shards that differ are read (`iomld.release.shards`), one at a time of each release, so time and memory depend
on what changed, but for the table of the shards. The graphs of records come first, sorted by IRI, then all others.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Self

from iomld.errors import StoreError
from iomld.formats import rdf
from iomld.iris import Iris
from iomld.pipeline.differences import Change, ProjectDifference, field_differences
from iomld.release import FILES, Release
from iomld.release.history import Tombstone, read_tombstones
from iomld.release.nquads import GraphState, graph_of
from iomld.release.pieces import content_of
from iomld.release.shards.graphs import ReleaseGraphTable, graph_table
from iomld.release.shards.table import has_table

_Lines = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class GraphDifference:
    """A graph that differs between two releases.

    Attributes:
        graph: Its IRI.
        is_record: Whether it is the graph of a project's record.
        before: Its sorted N-Quads lines in the old release; none if it was added.
        after: Those in the new release; none if it was removed.
    """

    graph: str
    is_record: bool
    before: _Lines
    after: _Lines

    @property
    def change(self) -> Change:
        """What happened to it."""
        if not self.before:
            return Change.ADDED
        return Change.CHANGED if self.after else Change.REMOVED

    def removed(self) -> list[bytes]:
        """The lines that only the old release has."""
        after = frozenset(self.after)
        return [line for line in self.before if line not in after]

    def added(self) -> list[bytes]:
        """The lines that only the new release has."""
        before = frozenset(self.before)
        return [line for line in self.after if line not in before]


class ReleaseDifference:
    """The difference between two releases of a folder.

    Attributes:
        old: The release to begin from; None for nothing, before the first release.
        new: The other release, which may be the older one.
        iris: The IRIs under their base.
    """

    def __init__(self, old: Release | None, new: Release) -> None:
        """Set up; nothing is compared before it is asked for.

        Raises:
            StoreError: An earlier version published one of them, with a file that cannot be compared.
        """
        for release in (old, new):
            if release and not has_table(release.file(FILES.shards)):
                raise StoreError(
                    f"{release.path}: an earlier version of iomld made this release, which cannot be compared. "
                    "Take its whole dataset."
                )
        self.old, self.new = old, new
        self.iris = Iris(new.manifest.base)

    @property
    def since(self) -> str | None:
        """The name of the release to begin from."""
        return self.old.manifest.name if self.old else None

    @property
    def until(self) -> str:
        """The name of the other release."""
        return self.new.manifest.name

    @cached_property
    def counts(self) -> "DifferenceCounts":
        """How many graphs differ, by the rows of the shards that differ; no data is read."""
        before, after = (side.states() for side in self._sides)
        counts = {True: dict.fromkeys(Change, 0), False: dict.fromkeys(Change, 0)}
        for graph in before.keys() | after.keys():
            old, new = before.get(graph), after.get(graph)
            if old is None or new is None:
                counts[self._is_record(graph)][Change.ADDED if old is None else Change.REMOVED] += 1
            elif old.digest != new.digest:
                counts[self._is_record(graph)][Change.CHANGED] += 1
        return DifferenceCounts(**counts[True], graphs=sum(counts[False].values()))

    def graphs(self) -> Iterator[GraphDifference]:
        """The graphs that differ: those of records, sorted by IRI, then all others, sorted too.

        Raises:
            StoreError: A file is damaged.
        """
        merged = heapq.merge(*map(self._graphs_of_side, (0, 1)), key=itemgetter(0, 1, 2))
        for (is_shared, graph), found in groupby(merged, key=itemgetter(0, 1)):
            lines = {side: lines for _, _, side, lines in found}
            before, after = lines.get(0, ()), lines.get(1, ())
            if before != after:
                yield GraphDifference(graph, not is_shared, before, after)

    def project(self, one: GraphDifference) -> ProjectDifference:
        """The difference between two graphs of a record as old and new values."""
        key = self.iris.record_key(one.graph) or ""
        before, after = (rdf.parse(b"".join(lines), rdf.NQUADS) for lines in (one.before, one.after))
        tombstone = self._tombstones.get(key) if one.change is Change.REMOVED else None
        fields = field_differences(before, after, key, self.iris)
        return ProjectDifference(key, one.change, fields, tombstone.reason if tombstone else "")

    @cached_property
    def _tombstones(self) -> Mapping[str, Tombstone]:
        return read_tombstones(self.new.file(FILES.tombstones))

    @cached_property
    def _sides(self) -> "tuple[_DifferingShards, _DifferingShards]":
        """The shards that only the old release has, and those that only the new one has."""
        old, new = (graph_table(one, files=(FILES.dataset,)) for one in (self.old, self.new))
        return _DifferingShards.of(self.old, old, new), _DifferingShards.of(self.new, new, old)

    def _graphs_of_side(self, number: int) -> Iterator[tuple[bool, str, int, _Lines]]:
        """The graphs of one release that may differ, as they are merged."""
        for is_record, graph, lines in self._graphs_in(self._sides[number].contents()):
            yield not is_record, graph, number, lines

    def _graphs_in(self, contents: Iterator[bytes]) -> Iterator[tuple[bool, str, _Lines]]:
        """The graphs in the contents of shards, each with its lines: those of records, then all others."""
        others: list[tuple[str, bytes]] = []
        for content in contents:
            for name, found in groupby(content.splitlines(keepends=True), key=graph_of):
                graph = name.decode()
                if self._is_record(graph):
                    yield True, graph, tuple(found)
                else:
                    others.extend((graph, line) for line in found)
        for graph, lines in groupby(sorted(others), key=itemgetter(0)):
            yield False, graph, tuple(line for _, line in lines)

    def _is_record(self, graph: str) -> bool:
        return self.iris.record_key(graph) is not None


@dataclass(frozen=True, slots=True)
class DifferenceCounts:
    """How many projects and graphs differ.

    Attributes:
        added: Number of projects that only the new release has.
        changed: Number of projects with other statements.
        removed: Number of projects that only the old release has.
        graphs: Number of other graphs that differ.
    """

    added: int
    changed: int
    removed: int
    graphs: int

    @property
    def projects(self) -> int:
        """Number of projects that differ."""
        return self.added + self.changed + self.removed


@dataclass(frozen=True, slots=True)
class _DifferingShards:
    """The shards of a release that another one does not have.

    Attributes:
        release: The release; None for nothing, which has no shards.
        table: Its table of graphs, with that of its shards.
        numbers: The numbers of the shards, ascending.
    """

    release: Release | None
    table: ReleaseGraphTable
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, release: Release | None, table: ReleaseGraphTable, other: ReleaseGraphTable) -> Self:
        """Compare the fingerprints of two releases."""
        known = frozenset(other.shards.fingerprints)
        fingerprints = enumerate(table.shards.fingerprints)
        return cls(release, table, tuple(number for number, one in fingerprints if one not in known))

    def states(self) -> Mapping[str, GraphState]:
        """The states of their graphs."""
        return {graph: state for number in self.numbers for graph, state in self.table.section(number).items()}

    def contents(self) -> Iterator[bytes]:
        """The content of each, in their order."""
        if self.release is None:
            return
        file, shards = self.release.file(FILES.dataset), self.table.shards
        pieces, places = shards.pieces(FILES.dataset), shards.places(FILES.dataset)
        for number in self.numbers:
            yield content_of(file, places.start(number), pieces.piece(number))
