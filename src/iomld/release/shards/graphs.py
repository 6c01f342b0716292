"""The states of the graphs of a release, of which a publish reads only those in the shards that change.

The table of graphs (`iomld.release.nquads`) has the rows of one shard after those of another, so that the rows of
shards in which nothing changed are copied without being read.
"""

from collections.abc import Container, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from iomld.errors import StoreError
from iomld.iris import Iris
from iomld.release.folder import FILES, Release
from iomld.release.nquads import GraphState, graph_rows, read_graphs
from iomld.release.shards.cutting import shard_of
from iomld.release.shards.table import ShardTable, read_table


class ReleaseGraphTable(Mapping[str, GraphState]):
    """The states of the graphs of a release by their IRIs; rows are read when they are asked for.

    Attributes:
        path: The table of graphs.
        shards: The table of shards; without shards for a release of an earlier version, whose rows are all read.
    """

    def __init__(self, path: Path, shards: ShardTable) -> None:
        """Read nothing yet."""
        self.path, self.shards = path, shards
        self._sections: dict[int, Mapping[str, GraphState]] = {}

    def section(self, number: int) -> Mapping[str, GraphState]:
        """The states of the graphs of a shard.

        Raises:
            StoreError: The table is damaged.
        """
        if number not in self._sections:
            self._sections[number] = self._read(number)
        return self._sections[number]

    def bounds(self, start: int, end: int) -> tuple[int, int]:
        """Where the rows of some shards begin and end in the file."""
        return self._ends[start], self._ends[end]

    def others(self) -> Mapping[str, GraphState]:
        """The states of the graphs that are not of records, and of a release of an earlier version those of all."""
        return self.section(max(0, len(self.shards) - 1))

    def __getitem__(self, graph: str) -> GraphState:
        """The state of a graph."""
        return self.section(self._number(graph))[graph]

    def __iter__(self) -> Iterator[str]:
        """All graphs."""
        for number in range(max(1, len(self.shards))):
            yield from self.section(number)

    def __len__(self) -> int:
        """The number of graphs."""
        return sum(len(self.section(number)) for number in range(max(1, len(self.shards))))

    def _number(self, graph: str) -> int:
        """The number of the shard that has a graph, if any has."""
        if not self.shards or Iris(self.shards.made_with["base"]).record_key(graph) is None:
            return max(0, len(self.shards) - 1)
        return shard_of(graph, self.shards.last)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(self.shards.graph_bytes, initial=0))

    def _read(self, number: int) -> Mapping[str, GraphState]:
        if not self.shards:
            return read_graphs(self.path)
        start, end = self.bounds(number, number + 1)
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                return graph_rows(file.read(end - start).decode().split("\n")[:-1])
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.path}: the file is damaged ({error}). Copy it back from a backup.") from error


def graph_table(release: Release | None, files: Container[str] | None = None) -> ReleaseGraphTable:
    """The states of the graphs of a release; empty for none.

    Args:
        release: The release.
        files: The names of the files whose pieces are wanted too, as for `read_table`.

    Raises:
        StoreError: Its table of shards is damaged.
    """
    if release is None:
        return ReleaseGraphTable(Path("/nonexistent"), ShardTable())
    return ReleaseGraphTable(release.file(FILES.graphs), read_table(release.file(FILES.shards), files))
