"""Recognise the form of a source by its content, never by its name, and hand it to the reader of that form."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from iomld.errors import SourceError
from iomld.model import Origin, Record, message
from iomld.read.graph.form import rdf_format_of
from iomld.read.graph.records import read_rdf
from iomld.read.iati.activities import is_iati, read_iati
from iomld.read.options import ReadOptions
from iomld.read.page.html import is_html, read_html
from iomld.read.page.text import read_page
from iomld.read.parts import Part, parts_of_bytes, parts_of_file
from iomld.read.plain_text import forbidden_line, is_web_address
from iomld.read.record.content import LONGEST_LINE_BYTES, read_lines, read_records
from iomld.read.table.csv import looks_like_table, read_table, read_table_pair
from iomld.read.table.workbook import read_workbook
from iomld.read.table.workbook_package import is_workbook

_HEAD_BYTES = 64 * 1024
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")  # spreadsheets write tables so; their reader knows
# A source that is no JSON Lines is held in memory while it is read.
_MOST_BYTES = 512 * 1024**2


@dataclass(frozen=True, slots=True)
class _Source:
    """A whole source in memory, with what its reader needs."""

    data: bytes
    file: str
    options: ReadOptions

    @property
    def name(self) -> str:
        """The file's name without its folder and its archive."""
        return Path(self.file.rpartition("!")[2]).name

    def origin(self, media_type: str) -> Origin:
        return Origin(self.name, hashlib.sha256(self.data).hexdigest(), media_type)


def read_part(part: Part, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read every record of a file or an entry of an archive, JSON Lines in bounded memory.

    Raises:
        SourceError: It is empty, binary, too large, or in no form that we know.
    """
    options = options or ReadOptions()
    if options.url is not None and not is_web_address(options.url):
        raise SourceError(
            message(
                "'{address}' is no web address. Give the page's full address, beginning with https://.",
                address=options.url,
            )
        )
    with part.open() as stream:
        try:
            yield from _with_url(_records(stream, part, options), options.url)
        except RecursionError as error:
            raise SourceError(message("{file}: nested too deeply to be a project record.", file=part.name)) from error


def read_file(path: Path, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read every record of one file; raises as `read_part` does."""
    for part in parts_of_file(path):
        yield from read_part(part, options)


def read_bytes(data: bytes, *, file: str, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read every record of a source held in memory; `file` is its name for places. Raises as `read_part` does."""
    for part in parts_of_bytes(data, file):
        yield from read_part(part, options)


def _records(stream: BinaryIO, part: Part, options: ReadOptions) -> Iterator[Record]:
    head = stream.read(_HEAD_BYTES)
    first, ended, _ = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if ended and first.startswith(b"{") and first.rstrip().endswith(b"}"):
        # An object that ends with its line: JSON Lines, which are never held in memory.
        name = Path(part.name.rpartition("!")[2]).name
        yield from read_lines(_lines(head, stream), file=part.name, name=name)
        return
    data = head + stream.read(_MOST_BYTES)
    if len(data) > _MOST_BYTES:
        raise SourceError(
            message(
                "{file}: larger than {limit} bytes. Give large sources as JSON Lines.",
                file=part.name,
                limit=_MOST_BYTES,
            )
        )
    source = _Source(data, part.name, options)
    if part.mentions is not None:
        with part.mentions() as mentions:
            yield from read_table_pair(
                data, mentions.read(_MOST_BYTES), file=part.name, name=source.name, options=options
            )
        return
    yield from _whole(source)


def _whole(source: _Source) -> Iterator[Record]:
    """A source by its form: packed, marked up, RDF, JSON, a table, or the text of a page."""
    data, file, options = source.data, source.file, source.options
    if not data.strip():
        raise SourceError(message("{file}: the file is empty. Nothing was read.", file=file))
    if is_workbook(data):
        return read_workbook(data, file=file, options=options)
    if b"\0" in data[:8192] and not data.startswith(_UTF16_MARKS):
        raise SourceError(
            message(
                "{file}: this is a binary file. Give a project page, a table, or records in JSON or RDF.", file=file
            )
        )
    if is_iati(data):
        return read_iati(data, file=file, options=options)
    format_ = rdf_format_of(data, source.name)
    if format_ is not None:
        return read_rdf(data, format_, file=file, options=options)
    if is_html(data[:_HEAD_BYTES].decode("utf-8", "replace")):
        return iter([read_html(data, source.origin("text/html"), file=file, recogniser=options.recogniser)])
    return _text(source)


def _text(source: _Source) -> Iterator[Record]:
    """Records in JSON, which begin with a bracket; else a table, else the text of a page."""
    data, file, options = source.data, source.file, source.options
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return read_records(_decoded(data, file), file=file, name=source.name)
    if looks_like_table(data, options):
        return read_table(data, file=file, name=source.name, options=options)
    origin = source.origin("text/plain")
    return iter([read_page(_decoded(data, file), origin, file=file, recogniser=options.recogniser)])


def _lines(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream whose first bytes were read already; of a line that is too long, just too much."""
    most = LONGEST_LINE_BYTES + 1
    *whole, begun = head.split(b"\n")
    yield from whole
    line = begun + stream.readline(most)
    while line:
        yield line
        while len(line) >= most and not line.endswith(b"\n"):  # pass over the rest of it
            line = stream.readline(most)
        line = stream.readline(most)


def _with_url(records: Iterator[Record], url: str | None) -> Iterator[Record]:
    for record in records:
        yield record if url is None else replace(record, origin=replace(record.origin, url=url))


def _decoded(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            message("{file}, line {line}: not UTF-8 text. Save the file as UTF-8.", file=file, line=line)
        ) from error
    line_number = forbidden_line(text)
    if line_number is not None:
        raise SourceError(
            message(
                "{file}, line {line}: holds a control character. Remove it, or check the file's kind.",
                file=file,
                line=line_number,
            )
        )
    return text
