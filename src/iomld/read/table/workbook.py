"""Read tables in workbooks (XLSX): the values of cells as they were last computed, never formulas.

Hidden sheets are ignored with a Warning; hidden rows and columns are read, with an Info each.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from lxml import etree
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import Finding, Place, Record, Severity
from iomld.read.options import ReadOptions
from iomld.read.table.csv_rows import MOST_COLUMNS
from iomld.read.table.records import MentionIndex, mention_index, orphan_records, table_records
from iomld.read.table.rows import (
    MENTIONS,
    PROJECTS,
    CellFault,
    CellValue,
    Layout,
    Number,
    ShownRow,
    TableLocation,
    TableRow,
    layout_of,
)
from iomld.read.table.workbook_package import (
    MEDIA_TYPE,
    Package,
    Sheet,
    cell_string,
    local_name,
    open_package,
    text_of,
)

_HEADER_WITHIN = 30  # rows that hold anything; above the header may stand a title and notes
_MOST_ROWS = 1_048_576  # of a sheet, as spreadsheet programs have it
_MOST_CELLS = 16_384  # of a row
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?[0-9]+")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
# Days of our time: a number in a column of days that lies between is a day that lost its format.
_FIRST_DAY, _LAST_DAY, _END_OF_CALENDAR = 20_000, 80_000, 2_958_465
_NO_VALUE = CellFault(
    "formulaWithoutValue",
    message("The cell holds a formula whose value was never computed."),
    message("Open the file in a spreadsheet program and save it, or write the value in place of the formula."),
)


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
        name: The file's name without its folder, for the origin; the end of `file` unless given.
        options: The mapping of foreign headings.

    Raises:
        SourceError: It is damaged or too large, or no sheet holds a table of projects.
    """
    source = TableLocation(file, name or re.split(r"[/\\!]", file)[-1], MEDIA_TYPE)
    tables = _tables(open_package(data, file), source, options or ReadOptions())
    if not tables.projects:
        raise SourceError(
            message(
                "{file}: no sheet with a table of projects. Begin one with a header such as projectCode, title_en, "
                "status; 'iomld template' writes one. For headings of your own give a mapping.",
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
        raise SourceError(message("{file}: a header and no row below it. Nothing was read.", file=file))
    yield from orphan_records(tables.projects[0].layout, index)


def workbook_rows(data: bytes, *, file: str, wanted: Mapping[str, set[int]]) -> Iterator[ShownRow]:
    """Give rows of tables by sheet and number, to be shown beside what was found in them.

    Args:
        data: The bytes of the file.
        file: The file's name.
        wanted: Numbers of rows by name of sheet.

    Raises:
        SourceError: It is damaged or too large.
    """
    package = open_package(data, file)
    for sheet in package.sheets:
        if numbers := wanted.get(sheet.name):
            source = TableLocation(file, file, MEDIA_TYPE, sheet.name)
            table, _ = _table(_rows(package, sheet, []), source, ReadOptions())
            if table:
                rows = (row for row in chain((table.header,), table.rows) if row.number in numbers)
                yield from map(table.layout.shown, rows)


def _tables(package: Package, source: TableLocation, options: ReadOptions) -> _SheetTables:
    """Look at the top of every sheet."""
    tables = _SheetTables()
    for sheet in package.sheets:
        here = replace(source, sheet=sheet.name)
        hidden: list[tuple[int, int]] = []
        table, is_empty = _table(_rows(package, sheet, hidden), here, options)
        place = Place(source.file, line=1, sheet=sheet.name, cell="A1")
        if table is None:
            if not (is_empty or sheet.hidden):
                problem = message("The sheet '{name}' has no header that is known, and was not read.", name=sheet.name)
                tables.remarks.append(Finding("ignoredSheet", Severity.INFO, problem, place=place))
        elif sheet.hidden:
            problem = message("The sheet '{name}' is hidden, and was not read.", name=sheet.name)
            tables.remarks.append(
                Finding("hiddenSheet", Severity.WARNING, problem, message("Show it, or remove it."), place=place)
            )
        elif table.layout.kind == MENTIONS and tables.mentions:
            problem = message("The sheet '{name}' is a second table of mentions, and was not read.", name=sheet.name)
            tables.remarks.append(
                Finding("ignoredSheet", Severity.WARNING, problem, message("Join the two tables."), place=place)
            )
        else:
            findings = (*table.layout.findings, *_hidden_columns(table, hidden))
            table.layout = replace(table.layout, findings=findings)
            (tables.projects if table.layout.kind == PROJECTS else tables.mentions).append(table)
    return tables


def _table(rows: Iterator[TableRow], source: TableLocation, options: ReadOptions) -> tuple[_SheetTable | None, bool]:
    """The table of a sheet, or None; and whether the sheet holds nothing."""
    seen = 0
    for row in rows:
        if row.is_empty:
            continue
        layout = layout_of(row, source, options.mapping)
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
                "The column '{name}' is hidden in the sheet; it was read all the same.",
                name=table.layout.headings[index],
            )
            fix = message("Delete it, or show it.")
            yield Finding("hiddenColumn", Severity.INFO, problem, fix, field=heading.column, place=place)


def _rows(package: Package, sheet: Sheet, hidden: list[tuple[int, int]]) -> Iterator[TableRow]:
    """The rows of a sheet that hold cells, as a stream; `hidden` gets the ranges of hidden columns, from 1."""
    cells: dict[int, CellValue] = {}
    number = count = 0
    following = 0
    for element in package.elements(sheet.part, "c", "row", "col", forget="row"):
        kind = local_name(element)
        if kind == "c":
            count += 1
            index = _index(element.get("r", ""), following, package, sheet)
            following = index + 1
            value = _value(element, package)
            if value is not None and value != "":
                cells[index] = value
            if count > _MOST_CELLS or (cells and index >= MOST_COLUMNS and index in cells):
                raise SourceError(
                    message(
                        "{file}, sheet '{sheet}': more than {limit} columns. Split it.",
                        file=package.file,
                        sheet=sheet.name,
                        limit=MOST_COLUMNS,
                    )
                )
            element.clear()
        elif kind == "row":
            number = _row_number(element.get("r", ""), number, package, sheet)
            if cells:
                values = tuple(cells.get(index) for index in range(max(cells) + 1))
                yield TableRow(number, number, values, hidden=element.get("hidden") in ("1", "true"))
            cells, count, following = {}, 0, 0
        elif element.get("hidden") in ("1", "true"):
            limits = element.get("min", ""), element.get("max", "")
            if all(_WHOLE.fullmatch(limit) for limit in limits):
                hidden.append((int(limits[0]), int(limits[1])))


def _index(reference: str, following: int, package: Package, sheet: Sheet) -> int:
    """The index of a cell's column, from 0; a cell that does not say it stands after the one before."""
    if not reference:
        return following
    match = _REFERENCE.fullmatch(reference)
    index = 0
    for letter in match[1] if match else "":
        index = index * 26 + ord(letter) - ord("A") + 1
    if not 0 < index <= _MOST_CELLS:
        raise SourceError(
            message(
                "{file}, sheet '{sheet}': a cell has the odd name '{name}'. Save the workbook anew.",
                file=package.file,
                sheet=sheet.name,
                name=reference[:20],
            )
        )
    return index - 1


def _row_number(reference: str, before: int, package: Package, sheet: Sheet) -> int:
    number = int(reference) if _WHOLE.fullmatch(reference) else before + 1
    if not before < number <= _MOST_ROWS:
        raise SourceError(
            message(
                "{file}, sheet '{sheet}': row {row} is out of order. Save the workbook anew.",
                file=package.file,
                sheet=sheet.name,
                row=number,
            )
        )
    return number


def _value(element: etree._Element, package: Package) -> CellValue:
    """The value of a cell (ECMA-376 part 1, section 18.3.1.4)."""
    children = {local_name(child): child for child in element}
    kind = element.get("t", "n")
    if kind == "inlineStr":
        return text_of(children["is"], package.file) if "is" in children else None
    text = (children["v"].text or "") if "v" in children else ""
    if not text:
        return _NO_VALUE if "f" in children and not (kind == "str" and "v" in children) else None
    match kind:
        case "s":
            return _shared(text, package)
        case "n":
            style = element.get("s", "0")
            is_date = _WHOLE.fullmatch(style) is not None and int(style) in package.date_styles
            return _number(text, from_1904=package.from_1904, is_date=is_date)
        case "e":
            return CellFault(
                "cellError",
                message("The cell holds the error {value}.", value=text[:20]),
                message("Correct the formula or the value."),
            )
        case _:
            return ("FALSE" if text == "0" else "TRUE") if kind == "b" else cell_string(text, package.file)


def _shared(text: str, package: Package) -> str:
    number = int(text) if _WHOLE.fullmatch(text) else -1
    if not 0 <= number < len(package.strings):
        raise SourceError(
            message("{file}: a cell names a text that the workbook does not have. Save it anew.", file=package.file)
        )
    return package.strings[number]


def _number(text: str, *, from_1904: bool, is_date: bool) -> CellValue:
    """A number or a date; computed as programs do, so that 100000.10000000001 is 100000.1."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return CellFault(
            "badNumber",
            message("The cell holds '{value}' as a number.", value=text[:20]),
            message("Write the number anew."),
        )
    if is_date and 1 <= number <= _END_OF_CALENDAR:
        moment = _moment(number, from_1904=from_1904)
        if moment is not None:
            return moment if moment.time() != datetime.min.time() else moment.date()
    digits = text if _WHOLE.fullmatch(text) else format(Decimal(repr(number)), "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    day = _moment(number, from_1904=from_1904) if number == int(number) and _FIRST_DAY <= number <= _LAST_DAY else None
    return Number(digits, date(day.year, day.month, day.day) if day else None)


def _moment(days: float, *, from_1904: bool) -> datetime | None:
    try:
        moment = from_excel(days, CALENDAR_MAC_1904 if from_1904 else CALENDAR_WINDOWS_1900)
    except (OverflowError, ValueError):
        return None
    return moment if isinstance(moment, datetime) else None
