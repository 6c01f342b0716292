"""The first table of a source, whatever its headings are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from iomld.errors import SourceError
from iomld.messages import message
from iomld.read.archives import SourceFile
from iomld.read.detect import is_workbook
from iomld.read.table.csv_rows import DELIMITERS, decoded, read_rows
from iomld.read.table.rows import CellFault, TableRow, cell_text
from iomld.read.table.workbook_package import open_package
from iomld.read.table.worksheet import sheet_rows

_HEADER_WITHIN = 30  # rows that are not empty; a title and notes may stand above the header
_HEADER_SHARE = 0.6  # of the cells of the widest of these rows, that a header has
_FEWEST = 2  # columns
_MOST_BYTES = 256 * 1024**2
_NO_TABLE = frozenset("{[<")  # what JSON and XML begin with


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """A table.

    Attributes:
        file: Its name, for messages.
        headings: The headings as written.
        rows: The rows below the header.
    """

    file: str
    headings: tuple[str, ...]
    rows: Iterator[TableRow]


def first_table(source: SourceFile) -> ForeignTable:
    """The table in delimited text, or of the first sheet of a workbook that has one.

    Raises:
        SourceError: There is none, or it is too large.
    """
    with source.open() as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise SourceError(
            message("{file} is larger than {limit} bytes. Give a part of it.", file=source.name, limit=_MOST_BYTES)
        )
    tables = _sheet_tables(data, source.name) if is_workbook(data) else _text_tables(data, source.name)
    found = next(tables, None)
    if found is None:
        raise SourceError(message("{file} contains no table. Give a table in CSV or XLSX.", file=source.name))
    return found


def _sheet_tables(data: bytes, file: str) -> Iterator[ForeignTable]:
    package = open_package(data, file)
    for sheet in package.sheets:
        table = None if sheet.hidden else _table(sheet_rows(package, sheet, []), file)
        if table:
            yield table


def _text_tables(data: bytes, file: str) -> Iterator[ForeignTable]:
    """The table by the delimiter that results in the widest rows."""
    text = decoded(data, file)[0].removeprefix("\ufeff")
    if text.lstrip()[:1] in _NO_TABLE:
        raise SourceError(message("{file} is JSON or XML, not a table. A mapping is for CSV or XLSX.", file=file))
    tables = []
    for delimiter in (mark for mark in DELIMITERS if mark in text[:_MOST_BYTES]):
        rows = (TableRow(row.number, row.line, row.cells) for row in read_rows(text, delimiter, file=file))
        try:
            table = _table(rows, file)
        except SourceError:  # a row is too long with this delimiter
            continue
        if table:
            tables.append(table)
    yield from sorted(tables, key=lambda table: -len(table.headings))[:1]


def _table(rows: Iterable[TableRow], file: str) -> ForeignTable | None:
    """The table below the first row that is nearly as wide as those around it, and is text."""
    filled = (row for row in rows if not row.is_empty)
    top = list(islice(filled, _HEADER_WITHIN))
    widest = max(map(_width, top), default=0)
    if widest < _FEWEST:
        return None
    at = next((number for number, row in enumerate(top) if _is_header(row, widest)), 0)
    headings = tuple(" ".join(cell_text(cell, "").split()) for cell in top[at].cells)
    return ForeignTable(file, headings, chain(top[at + 1 :], filled))


def _is_header(row: TableRow, widest: int) -> bool:
    return _width(row) >= max(_FEWEST, _HEADER_SHARE * widest) and all(
        cell is None or isinstance(cell, str | CellFault) for cell in row.cells
    )


def _width(row: TableRow) -> int:
    return sum(bool(cell_text(cell, "").strip()) for cell in row.cells)
