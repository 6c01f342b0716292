"""Gzip files put together from pieces that are compressed one by one, so that a change rewrites only a few of them.

A piece is a part of one DEFLATE stream that ends with a full flush (RFC 1951, zlib's `Z_FULL_FLUSH`): it can be read
without the pieces before it, and copied into another file. The file is a single gzip member (RFC 1952), since some
readers stop after the first. It has neither a name nor a time, and zlib-ng compresses the same on every system, so
equal content gives equal bytes.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, cast

from zlib_ng import zlib_ng

from iomld.errors import StoreError
from iomld.release.nquads import FileFacts

_LEVEL = 6
_RAW = -15  # window bits of a stream without header
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no flags, no time, unknown system
_LAST_BLOCK = b"\x03\x00"  # an empty block with fixed codes, marked as the last
_COPY_BYTES = 1 << 20
_DAMAGE = cast("type[Exception]", zlib_ng.error)  # the stub names an instance


class Piece(NamedTuple):
    """A compressed piece of a file.

    Attributes:
        length: Its length in bytes.
        plain_length: The length of its content in bytes.
        crc: CRC-32 of its content.
        lines: Number of lines of its content.
    """

    length: int
    plain_length: int
    crc: int
    lines: int


NO_PIECE = Piece(0, 0, 0, 0)


def compressed(content: bytes) -> tuple[bytes, Piece]:
    """Compress content as a piece; without content, it has no bytes."""
    if not content:
        return b"", NO_PIECE
    stream = zlib_ng.compressobj(_LEVEL, zlib_ng.DEFLATED, _RAW)
    data = stream.compress(content) + stream.flush(zlib_ng.Z_FULL_FLUSH)
    return data, Piece(len(data), len(content), zlib_ng.crc32(content), content.count(b"\n"))


def content_of(file: Path, offset: int, piece: Piece) -> bytes:
    """The content of a piece.

    Args:
        file: The file that contains it.
        offset: Where it begins in the file.
        piece: The piece.

    Raises:
        StoreError: The file is missing or damaged.
    """
    try:
        with file.open("rb") as opened:
            opened.seek(offset)
            content = zlib_ng.decompressobj(_RAW).decompress(opened.read(piece.length))
    except (OSError, _DAMAGE) as error:
        raise StoreError(f"{file}: the file is damaged ({error}). Copy it back from a backup.") from error
    if zlib_ng.crc32(content) != piece.crc:
        raise StoreError(f"{file}: the file is damaged (at byte {offset}). Copy it back from a backup.")
    return content


class GzipAssembly:
    """Writes a gzip file from pieces; a context manager. What was written is in `facts` when it is closed."""

    def __init__(self, path: Path) -> None:
        """Begin a file.

        Args:
            path: The file; it is replaced.
        """
        self._path = path
        self._crc, self._plain_length, self._length = 0, 0, 0
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        self._path.parent.mkdir(exist_ok=True)
        self._file = self._path.open("wb")
        self._write(_HEADER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write(_LAST_BLOCK + struct.pack("<II", self._crc, self._plain_length & 0xFFFFFFFF))
        self._file.close()

    @property
    def facts(self) -> FileFacts:
        """Length and hash of the file."""
        return FileFacts(self._length, self._digest.hexdigest())

    def add(self, content: bytes) -> Piece:
        """Compress content and append it; return its piece."""
        data, piece = compressed(content)
        self._write(data)
        self._count(piece)
        return piece

    def copy(self, source: Path, offset: int, pieces: list[Piece]) -> None:
        """Append pieces that follow each other in a file.

        Args:
            source: The file.
            offset: Where the first begins.
            pieces: The pieces.
        """
        left = sum(piece.length for piece in pieces)
        with source.open("rb") as file:
            file.seek(offset)
            while left and (data := file.read(min(left, _COPY_BYTES))):
                self._write(data)
                left -= len(data)
        if left:
            raise StoreError(f"{source}: the file is cut short. Copy it back from a backup.")
        for piece in pieces:
            self._count(piece)

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._length += len(data)

    def _count(self, piece: Piece) -> None:
        self._crc = zlib_ng.crc32_combine(self._crc, piece.crc, piece.plain_length)
        self._plain_length += piece.plain_length


def first_offset() -> int:
    """Where the first piece of a file begins."""
    return len(_HEADER)


def contents(file: Path) -> Iterator[bytes]:
    """The content of a gzip file in blocks.

    Raises:
        StoreError: The file is missing or damaged.
    """
    stream = zlib_ng.decompressobj(31)
    try:
        with file.open("rb") as opened:
            while data := opened.read(_COPY_BYTES):
                yield stream.decompress(data)
    except (OSError, _DAMAGE) as error:
        raise StoreError(f"{file}: the file is damaged ({error}). Copy it back from a backup.") from error
