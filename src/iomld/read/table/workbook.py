"""Read the tables of a workbook (XLSX), each from the sheet that contains it.

Hidden sheets are ignored with a Warning; hidden rows and columns are read, with an Info each.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import WORKBOOK_MEDIA_TYPE, Finding, Place, Record, Severity
from iomld.read.options import ReadOptions
from iomld.read.table.columns import MENTIONS, PROJECTS, SOURCES
from iomld.read.table.mapped_cells import check_columns
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.read.table.mentions import MentionIndex, mention_index, orphan_records
from iomld.read.table.records import table_records
from iomld.read.table.rows import (
    Layout,
    ShownRow,
    TableLocation,
    TableRow,
    layout_of,
)
from iomld.read.table.workbook_package import Package, open_package
from iomld.read.table.worksheet import sheet_rows

_HEADER_WITHIN = 30  # rows that are not empty; a title and notes may stand above the header


@dataclass(slots=True)
class _SheetTable:
    """A sheet with a known header: the header, its columns, and the rows below as they are read."""

    header: TableRow
    layout: Layout
    rows: Iterator[TableRow]


@dataclass(slots=True)
class _SheetTables:
    """The tables of a workbook, and remarks about its sheets."""

    projects: list[_SheetTable] = field(default_factory=list)
    mentions: list[_SheetTable] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)


def read_workbook(
    data: bytes, *, file: str, name: str | None = None, options: ReadOptions | None = None
) -> Iterator[Record]:
    """Read the records of all tables of projects in a workbook, with the mentions of its table of mentions.

    Args:
        data: The bytes of the file.
        file: The file's name for places.
        name: The file's name without its folder, for the origin; by default the end of `file`.
        options: The mapping of foreign headings.

    Raises:
        SourceError: It is damaged or too large, or no sheet holds a table of projects.
    """
    source = TableLocation(file, name or re.split(r"[/\\!]", file)[-1], WORKBOOK_MEDIA_TYPE)
    tables = _tables(open_package(data, file), source, options or ReadOptions())
    if not tables.projects:
        raise SourceError(
            message(
                "{file}: no sheet contains a table of projects. Its first row must be a header such as "
                "projectCode, title_en, status ('iomld template' writes one). If your headings differ, give a "
                "mapping.",
                file=file,
            )
        )
    index = MentionIndex()
    if tables.mentions:
        layout = tables.mentions[0].layout
        index = mention_index(layout, tables.mentions[0].rows)
        tables.remarks += layout.findings
    count = 0
    for table in tables.projects:
        for record in table_records(table.layout, table.rows, index, tables.remarks if count == 0 else ()):
            count += 1
            yield record
    if count == 0:
        raise SourceError(message("{file}: the table has a header but no rows. Add a row for each project.", file=file))
    yield from orphan_records(tables.projects[0].layout, index)


def workbook_rows(
    data: bytes, *, file: str, wanted: Mapping[str, set[int]], mapping: TableMapping = NO_MAPPING
) -> Iterator[ShownRow]:
    """The rows of tables by sheet and number, to be shown next to their findings.

    Args:
        data: The bytes of the file.
        file: The file's name.
        wanted: Numbers of rows by name of sheet.
        mapping: The mapping of foreign headings.

    Raises:
        SourceError: It is damaged or too large.
    """
    package = open_package(data, file)
    for sheet in package.sheets:
        if numbers := wanted.get(sheet.name):
            source = TableLocation(file, file, WORKBOOK_MEDIA_TYPE, sheet.name)
            table, _ = _table(sheet_rows(package, sheet, []), source, mapping)
            if table:
                rows = (row for row in chain((table.header,), table.rows) if row.number in numbers)
                yield from map(table.layout.shown, rows)


def _tables(package: Package, source: TableLocation, options: ReadOptions) -> _SheetTables:
    """Find the table of each sheet by its header."""
    tables = _SheetTables()
    for sheet in package.sheets:
        here = replace(source, sheet=sheet.name)
        hidden: list[tuple[int, int]] = []
        table, is_empty = _table(sheet_rows(package, sheet, hidden), here, options.mapping)
        place = Place(source.file, line=1, sheet=sheet.name, cell="A1")
        if table is None:
            if not (is_empty or sheet.hidden):
                problem = message("The sheet '{name}' has no known header and was not read.", name=sheet.name)
                tables.remarks.append(Finding("ignoredSheet", Severity.INFO, problem, place=place))
        elif sheet.hidden:
            problem = message("The sheet '{name}' is hidden and was not read.", name=sheet.name)
            tables.remarks.append(
                Finding("hiddenSheet", Severity.WARNING, problem, message("Show it, or remove it."), place=place)
            )
        elif table.layout.kind == SOURCES:
            continue
        elif table.layout.kind == MENTIONS and tables.mentions:
            problem = message("The sheet '{name}' is a second table of mentions and was not read.", name=sheet.name)
            tables.remarks.append(
                Finding("ignoredSheet", Severity.WARNING, problem, message("Join the two tables."), place=place)
            )
        else:
            findings = (*table.layout.findings, *_hidden_columns(table, hidden))
            table.layout = replace(table.layout, findings=findings)
            below = (row for row in sheet_rows(package, sheet, []) if row.number > table.header.number)
            check_columns(table.layout, below)
            (tables.projects if table.layout.kind == PROJECTS else tables.mentions).append(table)
    return tables


def _table(rows: Iterator[TableRow], source: TableLocation, mapping: TableMapping) -> tuple[_SheetTable | None, bool]:
    """The table of a sheet, or None; and whether the sheet is empty."""
    seen = 0
    for row in rows:
        if row.is_empty:
            continue
        layout = layout_of(row, source, mapping)
        if layout:
            return _SheetTable(row, layout, rows), False
        seen += 1
        if seen == _HEADER_WITHIN:
            break
    return None, seen == 0


def _hidden_columns(table: _SheetTable, hidden: list[tuple[int, int]]) -> Iterator[Finding]:
    for index, heading in table.layout.columns:
        if any(first <= index + 1 <= last for first, last in hidden):
            place = table.layout.place(table.header, index)
            problem = message(
                "The column '{name}' is hidden in the sheet, but it was read.",
                name=table.layout.headings[index],
            )
            fix = message("Delete it, or show it.")
            yield Finding("hiddenColumn", Severity.INFO, problem, fix, field=heading.column, place=place)
