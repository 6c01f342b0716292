"""The table of the shards of a release, with the lengths of their pieces and the sums of their statistics.

A publish that changes ten records reads and writes the whole table, so it is kept by columns: the numbers of all shards
follow each other, and those of unchanged shards are copied at once. What only the shards that change are asked for,
their statistics, is a line for each shard in a file of pieces like the others.

The file begins with lines of JSON: the version; what all shards have in common; their hashes; the last graph of each
shard of records. Then come the columns, as numbers of four or eight bytes, the lowest byte first.
"""

import json
import os
import sys
from array import array
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

from iomld.errors import StoreError
from iomld.release.folder import FILES
from iomld.release.pieces import NO_PIECE
from iomld.release.shards.columns import LONG, NUMBER, PieceColumns, PiecePlaces
from iomld.release.shards.sums import Shard, Text, json_line, subject_hash
from iomld.release.statistics import StatisticsTotals

_VERSION = 5


@dataclass(frozen=True, slots=True)
class ShardTable:
    """The shards of a release in their order, of which the last has the graphs that are not of records.

    Attributes:
        made_with: What decides the content of pieces besides the graphs: versions, base, lists, headings of tables.
        frames: The compressed lengths of head and separator of each file that has them, by its name.
        statistics: The sums of the statistics of all shards.
        texts: The number of shards with texts in a field and language.
        fingerprints: The fingerprint of each shard.
        last: The last graph of each shard of records.
        graph_bytes: The length of the rows of each shard in the table of graphs.
        shared_counts: The number of shared subjects of each shard.
        shared: The hashes of these subjects, shard by shard.
        descriptions: The hashes of what is said of them.
        columns: The pieces of each file, by its name.
    """

    made_with: Mapping[str, str] = field(default_factory=dict)
    frames: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    statistics: StatisticsTotals = field(default_factory=StatisticsTotals)
    texts: Mapping[Text, int] = field(default_factory=dict)
    fingerprints: Sequence[str] = ()
    last: Sequence[str] = ()
    graph_bytes: "array[int]" = field(default_factory=lambda: array(NUMBER))
    shared_counts: "array[int]" = field(default_factory=lambda: array(NUMBER))
    shared: "array[int]" = field(default_factory=lambda: array(LONG))
    descriptions: "array[int]" = field(default_factory=lambda: array(LONG))
    columns: Mapping[str, PieceColumns] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of shards."""
        return len(self.fingerprints)

    def pieces(self, name: str) -> PieceColumns:
        """The pieces of a file."""
        return self.columns.get(name) or PieceColumns.empty(len(self))

    def places(self, name: str) -> PiecePlaces:
        """Where these are."""
        return PiecePlaces(self.pieces(name), self.frames.get(name, (0, 0)))


class TableColumns:
    """The columns of a new table, filled shard by shard; the attributes are those of `ShardTable`."""

    def __init__(self, names: Iterable[str], old: ShardTable) -> None:
        """Begin without shards.

        Args:
            names: The names of the files.
            old: The table of the release before, from which shards are taken.
        """
        self._old = old
        self._files = {name: (PieceColumns.empty(), old.pieces(name)) for name in sorted(names)}
        self.fingerprints: list[str] = []
        self.last: list[str] = []
        self.graph_bytes, self.shared_counts = array(NUMBER), array(NUMBER)
        self.shared, self.descriptions = array(LONG), array(LONG)
        self._shared_starts = list(accumulate(old.shared_counts, initial=0))

    @property
    def quads(self) -> int:
        """The number of lines of the dataset."""
        return sum(self._files[FILES.dataset][0].lines)

    def extend(self, start: int, end: int) -> None:
        """Add shards of the release before."""
        old = self._old
        for new, pieces in self._files.values():
            new.extend(pieces, start, end)
        self.fingerprints += old.fingerprints[start:end]
        self.last += old.last[start:end]
        self.graph_bytes += old.graph_bytes[start:end]
        self.shared_counts += old.shared_counts[start:end]
        subjects = slice(self._shared_starts[start], self._shared_starts[end])
        self.shared += old.shared[subjects]
        self.descriptions += old.descriptions[subjects]

    def append(self, shard: Shard, last: str | None, graph_bytes: int) -> None:
        """Add a new shard.

        Args:
            shard: The shard.
            last: Its last graph; None if its graphs are not of records.
            graph_bytes: The length of its rows in the table of graphs.
        """
        for name, (new, _) in self._files.items():
            new.append(shard.pieces.get(name, NO_PIECE))
        self.fingerprints.append(shard.fingerprint)
        self.last += [] if last is None else [last]
        self.graph_bytes.append(graph_bytes)
        self.shared_counts.append(len(shard.sums.shared))
        self.shared.extend(subject_hash(subject.iri) for subject in shard.sums.shared)
        self.descriptions.extend(subject.description for subject in shard.sums.shared)

    def table(
        self,
        made_with: Mapping[str, str],
        frames: Mapping[str, tuple[int, int]],
        statistics: StatisticsTotals,
        texts: Mapping[Text, int],
    ) -> ShardTable:
        """The whole table, with what is not in columns."""
        columns = {name: new for name, (new, _) in self._files.items() if any(new.lengths)}
        return ShardTable(
            made_with,
            frames,
            statistics,
            texts,
            self.fingerprints,
            self.last,
            self.graph_bytes,
            self.shared_counts,
            self.shared,
            self.descriptions,
            columns,
        )


def write_table(table: ShardTable, path: Path) -> None:
    """Write the table."""
    head = {
        "madeWith": dict(table.made_with),
        "frames": dict(table.frames),
        "statistics": table.statistics.to_json(),
        "texts": [[*text, number] for text, number in sorted(table.texts.items())],
        "files": sorted(table.columns),
        "shared": len(table.shared),
    }
    with path.open("wb") as file:
        file.writelines(map(json_line, ({"version": _VERSION}, head, list(table.fingerprints), list(table.last))))
        for numbers in _arrays(table):
            file.write(_lowest_first(numbers).tobytes())


def _arrays(table: ShardTable) -> "Iterator[array[int]]":
    yield from (table.graph_bytes, table.shared_counts, table.shared, table.descriptions)
    for _, columns in sorted(table.columns.items()):
        yield from columns


def _lowest_first(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers


def has_table(path: Path) -> bool:
    """Whether a release has a table of this version; one of an earlier version has none, or another."""
    try:
        with path.open("rb") as file:
            return _has_version(file)
    except OSError:
        return False


def _has_version(file: BinaryIO) -> bool:
    try:
        return bool(json.loads(file.readline(1000))["version"] == _VERSION)
    except (ValueError, KeyError, TypeError):
        return False


def read_table(path: Path, files: Container[str] | None = None) -> ShardTable:
    """Read the table of a release; an empty one if it has none, or one of another version.

    Args:
        path: The table.
        files: The names of the files whose pieces are wanted; of all files if None. Most of the table is pieces.

    Raises:
        StoreError: It is damaged.
    """
    if not path.exists():
        return ShardTable()
    try:
        with path.open("rb") as file:
            return _read(file, files) if _has_version(file) else ShardTable()
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: the file is damaged ({error}). Copy it back from a backup.") from error


# Typing the parsed JSON would add nothing to the check of the file's hash.
def _read(file: BinaryIO, files: Container[str] | None) -> ShardTable:
    head: dict[str, Any] = json.loads(file.readline())
    fingerprints, last = json.loads(file.readline()), json.loads(file.readline())
    count = len(fingerprints)
    graph_bytes, shared_counts = _numbers(file, count), _numbers(file, count)
    shared, descriptions = _numbers(file, head["shared"], LONG), _numbers(file, head["shared"], LONG)
    columns: dict[str, PieceColumns] = {}
    for name in head["files"]:
        if files is None or name in files:
            columns[name] = PieceColumns(*(_numbers(file, count) for _ in range(4)))
        else:
            file.seek(4 * count * array(NUMBER).itemsize, os.SEEK_CUR)
    return ShardTable(
        made_with=head["madeWith"],
        frames={name: (lengths[0], lengths[1]) for name, lengths in head["frames"].items()},
        statistics=StatisticsTotals.from_json(head["statistics"]),
        texts=Counter({(name, language): number for name, language, number in head["texts"]}),
        fingerprints=fingerprints,
        last=last,
        graph_bytes=graph_bytes,
        shared_counts=shared_counts,
        shared=shared,
        descriptions=descriptions,
        columns=columns,
    )


def _numbers(file: BinaryIO, count: int, kind: str = NUMBER) -> "array[int]":
    numbers = array(kind)
    numbers.fromfile(file, count)
    return _lowest_first(numbers)
