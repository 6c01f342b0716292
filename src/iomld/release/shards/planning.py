"""The graphs of a new release: which of the one before change, how they are cut into shards, and their table."""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from iomld import assets
from iomld.fund_folder import folder_in_use
from iomld.iris import Iris
from iomld.release.folder import Release
from iomld.release.nquads import GraphState, graph_row
from iomld.release.shards.cutting import Cut, OldShards, changed_cut, cut, fingerprint
from iomld.release.shards.graphs import ReleaseGraphTable
from iomld.release.shards.sums import Text

COLUMNS = "columns"  # what the table of projects was made with
_REVISION = re.compile(rb"\t[0-9]+\n")


@dataclass(frozen=True, slots=True)
class LinesPlace:
    """Where the lines of a graph are: in a file of lines, at an offset."""

    offset: int
    length: int


@dataclass(frozen=True)
class ReleaseGraphs:
    """The graphs of a new release, and where their lines are.

    Attributes:
        previous: The current release, or None.
        known: The states of its graphs.
        changed: The states of new and changed graphs.
        removed: The graphs of the current release that the new one does not have.
        new_file: The file with the lines of new and changed graphs.
        places: The places of these graphs in it.
        texts: The fields and languages of the texts in these graphs.
        base: The data base of the IRIs.
        versions: The versions of iomld, its shapes and its lists.
    """

    previous: Release | None
    known: ReleaseGraphTable
    changed: Mapping[str, GraphState]
    removed: frozenset[str]
    new_file: Path
    places: Mapping[str, LinesPlace]
    texts: Iterable[Text]
    base: str
    versions: Mapping[str, str]

    def state(self, graph: str) -> GraphState:
        """The state of a graph of the new release."""
        return self.changed.get(graph) or self.known[graph]

    def rows(self, graphs: Iterable[str]) -> bytes:
        """The rows of graphs in the table of graphs."""
        return "".join(graph_row(graph, self.state(graph)) for graph in graphs).encode()

    def all_rows(self, shards: Iterable[OldShards | tuple[str, ...]]) -> Iterator[bytes]:
        """The rows of all graphs, shard by shard; those of shards in which nothing changed are read together."""
        with ExitStack() as stack:
            source = stack.enter_context(self.known.path.open("rb")) if self.known.shards else None
            for one in shards:
                if isinstance(one, tuple):
                    yield self.rows(one)
                elif source:
                    start, end = self.known.bounds(one.start, one.end)
                    source.seek(start)
                    yield source.read(end - start)

    @cached_property
    def others(self) -> tuple[str, ...]:
        """The graphs that are not of records."""
        iris, table = Iris(self.base), self.known
        known: Iterable[str] = table.section(len(table.shards) - 1) if table.shards else table
        names = (*known, *self.changed)
        return tuple(sorted({name for name in names if iris.record_key(name) is None} - self.removed))

    @cached_property
    def is_alike(self) -> bool:
        """Whether the pieces of the release before would be made alike today, but for the columns of tables."""
        made_with = {name: value for name, value in self.known.shards.made_with.items() if name != COLUMNS}
        return made_with == self.made_with

    @property
    def made_with(self) -> dict[str, str]:
        """What decides the content of pieces besides graphs and columns."""
        return {
            **self.versions,
            "base": self.base,
            "fund": folder_in_use().digest,
            "zlib-ng": version("zlib-ng"),
        }

    @cached_property
    def cut(self) -> "GraphsCut":
        """The shards."""
        return GraphsCut(self)

    def included(self, graphs: Iterable[str]) -> tuple[str, ...]:
        """Those among graphs that are not our own."""
        ours = {Iris(self.base).graph(name) for name in assets.reference_graphs()}
        return tuple(graph for graph in graphs if graph not in ours)


class GraphsCut:
    """The cut of the graphs of a new release.

    Attributes:
        shards: The shards that are those of the release before, and the graphs of the others, in their order.
        prints: The fingerprints of the others, by their graphs.
    """

    def __init__(self, graphs: ReleaseGraphs) -> None:
        """Cut the graphs; if the release before is alike, only where they differ."""
        self._graphs, table = graphs, graphs.known.shards
        self.prints: dict[tuple[str, ...], str] = {}
        number_of = {one: number for number, one in enumerate(table.fingerprints)} if graphs.is_alike else {}
        self.shards: list[OldShards | tuple[str, ...]] = []
        for one in (*self._records(), self._others()):
            old = one if isinstance(one, OldShards) else self._found(one, number_of)
            before = self.shards[-1] if self.shards else None
            if old and isinstance(before, OldShards) and before.end == old.start:
                self.shards[-1] = OldShards(before.start, old.end)
            else:
                self.shards.append(old or one)

    def _records(self) -> Cut:
        graphs, iris = self._graphs, Iris(self._graphs.base)
        table = graphs.known.shards
        if not (table and graphs.is_alike):
            names = {name for name in graphs.known if iris.record_key(name) is not None}
            names |= {name for name in graphs.changed if iris.record_key(name) is not None}
            return tuple(cut(sorted(names - graphs.removed)))
        changes = dict.fromkeys(graphs.changed, True) | dict.fromkeys(graphs.removed, False)
        of_records = {name: is_there for name, is_there in changes.items() if iris.record_key(name) is not None}
        return tuple(changed_cut(table.last, graphs.known.section, of_records))

    def _others(self) -> OldShards | tuple[str, ...]:
        graphs, table = self._graphs, self._graphs.known.shards
        iris = Iris(graphs.base)
        is_changed = any(iris.record_key(name) is None for name in (*graphs.changed, *graphs.removed))
        if table and graphs.is_alike and not is_changed:
            return OldShards(len(table) - 1, len(table))
        return graphs.others

    def _found(self, group: tuple[str, ...], number_of: Mapping[str, int]) -> OldShards | None:
        """The shard of the release before that has the same graphs as a new one."""
        self.prints[group] = fingerprint(group, {graph: self._graphs.state(graph) for graph in group})
        number = number_of.get(self.prints[group])
        return None if number is None else OldShards(number, number + 1)

    @cached_property
    def first(self) -> str:
        """The first graph of a record; one that is not of a record if there are no records."""
        one = self.shards[0]
        return min(self._graphs.known.section(one.start)) if isinstance(one, OldShards) else one[0]

    @cached_property
    def content(self) -> str:
        """The fingerprint of all graphs, sorted; no other graph has a name between those of two records."""
        others = self._graphs.others
        place = bisect_left(others, self.first)
        before, after = (_without_revisions(self._graphs.rows(part)) for part in (others[:place], others[place:]))
        rows = b"".join(map(_without_revisions, self._graphs.all_rows(self.shards)))
        return hashlib.sha256(before + rows[: len(rows) - len(before) - len(after)] + after).hexdigest()


def _without_revisions(rows: bytes) -> bytes:
    return _REVISION.sub(b"\n", rows)
