"""The units of a source: parts that can be read alone and in any process, since they hold the bytes and their place.

JSON Lines are cut at line ends, so that a large file is read by several processes, and in bounded memory. Any other
source is one unit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from iomld.errors import SourceError
from iomld.messages import message
from iomld.read.archives import SourceFile
from iomld.read.detect import HEAD_BYTES, is_json_lines
from iomld.read.record.json_files import LONGEST_LINE_BYTES

_UNIT_BYTES = 1024**2  # of JSON Lines, about 300 records: short enough that the last unit of a file holds up nobody
# Sources other than JSON Lines are held in memory while they are read.
_MOST_BYTES = 512 * 1024**2


@dataclass(frozen=True, slots=True)
class SourceUnit:
    """A part of a source: some of its lines if it is JSON Lines, else all of it.

    Attributes:
        file: The name of the source, for places.
        data: Its content, unless it is JSON Lines.
        mentions: The content of the table of mentions in the same archive, for a table of projects.
        lines: Lines of JSON Lines, without line feeds; one that is too long is cut one byte past the limit.
        first_line: The number of the first of these lines in the source.
    """

    file: str
    data: bytes = b""
    mentions: bytes | None = None
    lines: tuple[bytes, ...] = ()
    first_line: int = 1

    @property
    def size_bytes(self) -> int:
        """The number of bytes in it."""
        return len(self.data) + len(self.mentions or b"") + sum(map(len, self.lines))


def source_units(source: SourceFile) -> Iterator[SourceUnit]:
    """The units of a file or an entry of an archive, in their order.

    Raises:
        SourceError: It cannot be read to its end, or is too large; the units before the fault are complete.
    """
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
        if is_json_lines(head):
            yield from _line_units(source.name, _lines(head, stream))
            return
        data = head + stream.read(_MOST_BYTES)
    if len(data) > _MOST_BYTES:
        raise SourceError(
            message(
                "{file} is larger than {limit} bytes. Give large sources as JSON Lines.",
                file=source.name,
                limit=_MOST_BYTES,
            )
        )
    if source.mentions is None:
        yield SourceUnit(source.name, data)
        return
    with source.mentions() as mentions:
        yield SourceUnit(source.name, data, mentions.read(_MOST_BYTES))


def _line_units(file: str, lines: Iterator[bytes]) -> Iterator[SourceUnit]:
    unit: list[bytes] = []
    size, first = 0, 1
    try:
        for number, line in enumerate(lines, 1):
            if size + len(line) > _UNIT_BYTES and unit:
                yield SourceUnit(file, lines=tuple(unit), first_line=first)
                unit, size, first = [], 0, number
            unit.append(line)
            size += len(line)
    except SourceError:
        if unit:
            yield SourceUnit(file, lines=tuple(unit), first_line=first)
        raise
    yield SourceUnit(file, lines=tuple(unit), first_line=first)


def _lines(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream whose first bytes were already read; a long one is cut one byte past the limit."""
    most = LONGEST_LINE_BYTES + 1
    *complete, partial = head.split(b"\n")
    yield from complete
    line = partial + stream.readline(most)
    while line:
        yield line.removesuffix(b"\n")
        while len(line) >= most and not line.endswith(b"\n"):  # skip the rest of it
            line = stream.readline(most)
        line = stream.readline(most)
