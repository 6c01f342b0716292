"""Gzip files put together from pieces that are compressed one by one, so that a change rewrites only a few of them.

A piece is a part of one DEFLATE stream that ends with a full flush (RFC 1951, zlib's `Z_FULL_FLUSH`): it can be read
without the pieces before it, and copied into another file. The file is a single gzip member (RFC 1952), since some
readers stop after the first. It has neither a name nor a time, and zlib-ng compresses the same on every system, so
equal content gives equal bytes.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from io import FileIO
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
_COPY_BYTES = 256 << 10  # read, checked, hashed and written while the cache of a processor holds it
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


def piece_bytes(file: Path, offset: int, piece: Piece) -> bytes:
    """The bytes of a piece, compressed, to append them to another file; arguments as for `content_of`.

    Raises:
        StoreError: The file ends before.
    """
    with file.open("rb") as opened:
        opened.seek(offset)
        data = opened.read(piece.length)
    if len(data) < piece.length:
        raise StoreError(f"{file}: the file is cut short. Copy it back from a backup.")
    return data


class GzipAssembly:
    """Writes a gzip file from pieces; a context manager. What was written is in `facts` when it is closed."""

    def __init__(self, path: Path) -> None:
        """Begin a file.

        Args:
            path: The file; it is replaced.
        """
        self._path = path
        self._crc, self._plain_length, self._length, self._file_crc = 0, 0, 0, 0
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

    @property
    def file_crc(self) -> int:
        """CRC-32 of the file, as opposed to that of its content."""
        return self._file_crc

    def add(self, content: bytes) -> Piece:
        """Compress content and append it; return its piece."""
        data, piece = compressed(content)
        self._write(data)
        self._count(piece.crc, piece.plain_length)
        return piece

    def append(self, data: bytes, piece: Piece) -> None:
        """Append a piece."""
        self._write(data)
        self._count(piece.crc, piece.plain_length)

    def copy(self, blocks: Iterable[memoryview], length: int, crc: int, plain_length: int) -> int:
        """Append pieces that follow each other in a file.

        Args:
            blocks: Their bytes.
            length: Their length together.
            crc: CRC-32 of their content.
            plain_length: The length of their content.

        Returns:
            CRC-32 of their bytes.
        """
        copied = 0
        for block in blocks:
            copied = zlib_ng.crc32(block, copied)
            self._put(block)
        self._file_crc = zlib_ng.crc32_combine(self._file_crc, copied, length)
        self._count(crc, plain_length)
        return copied

    def _write(self, data: bytes) -> None:
        self._file_crc = zlib_ng.crc32(data, self._file_crc)
        self._put(data)

    def _put(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._length += len(data)

    def _count(self, crc: int, plain_length: int) -> None:
        self._crc = zlib_ng.crc32_combine(self._crc, crc, plain_length)
        self._plain_length += plain_length


def joined_crc(crcs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """CRC-32 and length of contents that follow each other, from those of each."""
    joined = length = 0
    for crc, size in crcs:
        joined = zlib_ng.crc32_combine(joined, crc, size)
        length += size
    return joined, length


class FileBlocks:
    """Reads a file from its beginning on, in blocks that are all in the same memory."""

    def __init__(self, file: FileIO) -> None:
        """Begin with an open file."""
        self._file, self._buffer = file, memoryview(bytearray(_COPY_BYTES))

    def read(self, length: int) -> Iterator[memoryview]:
        """The next bytes; a block is valid until the next one is read.

        Args:
            length: How many.

        Raises:
            StoreError: The file ends before.
        """
        while length:
            size = self._file.readinto(self._buffer[:length])
            if not size:
                raise StoreError(f"{self._file.name}: the file is cut short. Copy it back from a backup.")
            length -= size
            yield self._buffer[:size]

    def crc(self, length: int) -> int:
        """CRC-32 of the next bytes; arguments and errors as those of `read`."""
        crc = 0
        for block in self.read(length):
            crc = zlib_ng.crc32(block, crc)
        return crc


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
