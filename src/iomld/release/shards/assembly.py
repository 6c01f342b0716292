"""Files put together from the pieces of shards: those of the release before, which are copied, and new ones."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from io import FileIO
from pathlib import Path
from typing import NamedTuple, Self

from iomld.errors import StoreError
from iomld.release.pieces import FileBlocks, GzipAssembly, Piece, compressed, content_of, joined_crc, piece_bytes
from iomld.release.shards.columns import PieceColumns, PiecePlaces
from iomld.release.shards.cutting import OldShards
from iomld.release.shards.sums import Shard


@dataclass(frozen=True, slots=True)
class FileFrame:
    """What a file has besides the content of shards.

    Attributes:
        head: Content before it.
        separator: Content between that of two shards.
        tail: Content after it.
    """

    head: bytes = b""
    separator: bytes = b""
    tail: bytes = b""

    def lengths(self) -> tuple[int, int]:
        """The lengths of head and separator when compressed."""
        return len(compressed(self.head)[0]), len(compressed(self.separator)[0])


PLAIN_FRAME = FileFrame()


class PieceSource(NamedTuple):
    """A piece in a file: of a release, or of this run."""

    path: Path
    offset: int
    piece: Piece

    def read(self) -> bytes:
        """Its bytes, compressed.

        Raises:
            StoreError: The file ends before.
        """
        return piece_bytes(self.path, self.offset, self.piece)

    def content(self) -> bytes:
        """Its content.

        Raises:
            StoreError: The file is missing or damaged.
        """
        return content_of(self.path, self.offset, self.piece)


@dataclass(frozen=True, slots=True)
class PlacedShard:
    """A shard, and the place of its piece of each file."""

    shard: Shard
    sources: Mapping[str, PieceSource]


@dataclass(frozen=True, slots=True)
class NewShard:
    """A shard that the release before does not have.

    Attributes:
        placed: The shard.
        graphs: Its graphs.
        replaced: The number of the shard of the release before that ends with the same graph; None if none does.
    """

    placed: PlacedShard
    graphs: tuple[str, ...]
    replaced: int | None = None


# The shards of a release in their order.
Shards = Sequence[OldShards | NewShard]
# What is copied into a file, in its order.
_Parts = list[OldShards | PieceSource]


@dataclass(frozen=True)
class OldFile:
    """A file of the release before, whose pieces are copied.

    Attributes:
        path: The file.
        columns: Its pieces.
        frame: The compressed lengths of its head and its separator.
        separator: The separator.
        crc: CRC-32 of the file, by which damage is noticed while it is copied; None if it is not known.
    """

    path: Path
    columns: PieceColumns
    frame: tuple[int, int]
    separator: bytes
    crc: int | None

    @cached_property
    def places(self) -> PiecePlaces:
        """Where the pieces are."""
        return PiecePlaces(self.columns, self.frame)

    def parts(self, name: str, shards: Shards) -> _Parts:
        """What a new file takes from this one, and the other pieces.

        Args:
            name: The name of the file.
            shards: The shards of the new release.
        """
        found: _Parts = []
        for one in shards:
            part = self._old(one, name) if isinstance(one, NewShard) else one
            if isinstance(part, PieceSource):
                found.append(part)
            elif part and (bounds := self.places.bounds(part.start, part.end)):
                before = found[-1] if found else None
                if isinstance(before, OldShards) and self._is_next(before, bounds[0]):
                    found[-1] = OldShards(before.start, part.end)
                else:
                    found.append(part)
        return found

    def is_all(self, parts: _Parts) -> bool:
        """Whether the parts are all pieces of this file and nothing else."""
        ranges = [self.places.bounds(part.start, part.end) for part in parts if isinstance(part, OldShards)]
        return len(parts) == len(ranges) <= 1 and ([*ranges, None][0] == self.places.all)

    def content(self, part: OldShards) -> tuple[int, int]:
        """CRC-32 and length of the content of some shards, with the separators between them."""
        lengths, crcs = self.columns.plain_lengths[part.start : part.end], self.columns.crcs[part.start : part.end]
        pieces = ((crc, length) for crc, length in zip(crcs, lengths, strict=True) if length)
        if not self.separator:
            return joined_crc(pieces)
        between = compressed(self.separator)[1]
        joined = [entry for piece in pieces for entry in ((between.crc, between.plain_length), piece)]
        return joined_crc(joined[1:])

    def _old(self, new: NewShard, name: str) -> OldShards | PieceSource | None:
        """The piece of a new shard, or the shard of this file that has the same."""
        source = new.placed.sources.get(name)
        if source is None or not source.piece.length:
            return None
        number = new.replaced
        if number is not None and self.columns.piece(number) == source.piece:
            old = PieceSource(self.path, self.places.start(number), source.piece)
            if old.read() == source.read():
                return OldShards(number, number + 1)
        return source

    def _is_next(self, before: OldShards, start: int) -> bool:
        bounds = self.places.bounds(before.start, before.end)
        return bounds is not None and bounds[1] + self.places.separator == start


def assemble(path: Path, frame: FileFrame, parts: Iterable[OldShards | PieceSource], old: OldFile) -> GzipAssembly:
    """Write a file from the pieces of its shards.

    Args:
        path: The file.
        frame: What it has besides.
        parts: The pieces in their order.
        old: The file of the release before.

    Returns:
        The closed file, with its length and hash.

    Raises:
        StoreError: The old file is damaged.
    """
    with GzipAssembly(path) as file, _Copying(old) as copying:
        if frame.head:
            file.add(frame.head)
        is_first = True
        for part in parts:
            if frame.separator and not is_first:
                file.add(frame.separator)
            is_first = False
            if isinstance(part, OldShards):
                copying.copy(part, file)
            else:
                file.append(part.read(), part.piece)
        if frame.tail:
            file.add(frame.tail)
        copying.check()
    return file


class _Copying:
    """Reads an old file once, from its beginning to its end, if anything of it is copied."""

    def __init__(self, old: OldFile) -> None:
        self._old, self._stack = old, ExitStack()
        self._blocks: FileBlocks | None = None
        self._crcs: list[tuple[int, int]] = []
        self._place = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def copy(self, part: OldShards, target: GzipAssembly) -> None:
        """Copy the pieces of some shards, which come after those copied before."""
        bounds = self._old.places.bounds(part.start, part.end)
        if bounds is None:
            return
        blocks = self._blocks = self._blocks or FileBlocks(self._stack.enter_context(FileIO(self._old.path)))
        start, end = bounds
        self._pass(blocks, start - self._place)
        copied = target.copy(blocks.read(end - start), end - start, *self._old.content(part))
        self._crcs.append((copied, end - start))
        self._place = end

    def check(self) -> None:
        """Read what is left, and check the whole."""
        if self._blocks is None or self._old.crc is None:
            return
        self._pass(self._blocks, self._old.path.stat().st_size - self._place)
        if joined_crc(self._crcs)[0] != self._old.crc:
            raise StoreError(f"{self._old.path}: the file is damaged. Copy it back from a backup.")

    def _pass(self, blocks: FileBlocks, length: int) -> None:
        """Read over bytes that are not copied."""
        self._crcs.append((blocks.crc(length), length))
