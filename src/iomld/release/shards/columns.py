"""The pieces of a file as columns of numbers, one for each shard, and their places in the file."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from iomld.release.pieces import Piece, first_offset

NUMBER, LONG = "I", "Q"  # of four and of eight bytes


@dataclass(frozen=True, slots=True)
class PieceColumns:
    """The pieces of one file, by the number of their shard; a shard without one has zeros (see `Piece`)."""

    lengths: "array[int]"
    plain_lengths: "array[int]"
    crcs: "array[int]"
    lines: "array[int]"

    @staticmethod
    def empty(count: int = 0) -> "PieceColumns":
        """The columns of shards without pieces."""
        zeros = bytes(4 * count)
        return PieceColumns(*(array(NUMBER, zeros) for _ in range(4)))

    def __iter__(self) -> "Iterator[array[int]]":
        """The columns."""
        return iter((self.lengths, self.plain_lengths, self.crcs, self.lines))

    def piece(self, number: int) -> Piece:
        """The piece of a shard."""
        return Piece(self.lengths[number], self.plain_lengths[number], self.crcs[number], self.lines[number])

    def append(self, piece: Piece) -> None:
        """Add the piece of the next shard."""
        for column, number in zip(self, piece, strict=True):
            column.append(number)

    def extend(self, other: "PieceColumns", start: int, end: int) -> None:
        """Add the pieces of some shards of another release."""
        for column, old in zip(self, other, strict=True):
            column.extend(old[start:end])


class PiecePlaces:
    """Where the pieces of a file are in it."""

    def __init__(self, columns: PieceColumns, frame: tuple[int, int]) -> None:
        """Add up the lengths.

        Args:
            columns: The pieces.
            frame: The compressed lengths of what is before them, and of what is between two of them.
        """
        head, self.separator = frame
        self._first = first_offset() + head
        self._ends = list(accumulate(columns.lengths, initial=0))
        self._counts = list(accumulate(map(bool, columns.lengths), initial=0)) if self.separator else None

    def start(self, number: int) -> int:
        """Where the piece of a shard begins; of no use for a shard without a piece."""
        separators = self.separator * self._counts[number] if self._counts else 0
        return self._first + self._ends[number] + separators

    def bounds(self, start: int, end: int) -> tuple[int, int] | None:
        """Where the pieces of the shards from one number to before another begin and end; None if they have none."""
        if self._ends[start] == self._ends[end]:
            return None
        first = bisect_right(self._ends, self._ends[start], start, end + 1) - 1
        last = bisect_left(self._ends, self._ends[end], start, end + 1) - 1
        return self.start(first), self.start(last) + self._ends[last + 1] - self._ends[last]

    @property
    def all(self) -> tuple[int, int] | None:
        """Where all pieces begin and end; None if there are none."""
        return self.bounds(0, len(self._ends) - 1)
