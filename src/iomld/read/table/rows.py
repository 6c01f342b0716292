"""What tables of all kinds have in common: cells as text, a header that says what the columns are, rows with places."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, reduce

from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.read.table.columns import MENTION_COLUMNS, PROJECT_COLUMNS
from iomld.read.table.headings import Heading, closest_columns, heading_of, is_ignored, mention_heading_of

# What spreadsheets begin a formula with (OWASP, "CSV Injection"); a text that begins so gets an apostrophe before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r\n]")
_POINT_AND_THREE = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_YEARS = frozenset({"startYear", "endYear", "allocationYear"})
_DAYS = frozenset({"startDate", "endDate", "start", "end"})
PROJECTS, MENTIONS = "projects", "mentions"
_FEWEST_KNOWN = 2  # columns that make a row a header
_EXCERPT_LENGTH = 160
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a workbook.

    Attributes:
        text: Its digits, without exponent.
        day: The day that it is if it counts days, for numbers of this time.
    """

    text: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that cannot be read."""

    rule: str
    message: Message
    fix: Message


CellValue = str | Number | date | CellFault | None


def neutralised(text: str) -> str:
    """A text as a cell that is no formula; `plain` takes back exactly this.

    >>> neutralised("=1+1"), neutralised("'=1+1"), neutralised("it's")
    ("'=1+1", "''=1+1", "it's")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """The text of a cell without the apostrophe that keeps it from being a formula.

    >>> plain("'=1+1"), plain("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def cell_text(value: CellValue, column: str) -> str:
    """The text of a cell, as its column wants dates and numbers.

    Args:
        value: The value.
        column: Name of the column: a date in a column of years is its year, a number in one of days the day it counts.
    """
    match value:
        case str():
            text = plain(value)
        case Number():
            text = value.day.isoformat() if value.day and column in _DAYS else value.text
            # A number is no text that could be read in two ways.
            text = f"{text}0" if _POINT_AND_THREE.fullmatch(text) else text
        case date() if column in _YEARS:
            text = f"{value.year:04}"
        case datetime() if column in _DAYS:
            text = value.date().isoformat()
        case date():
            text = value.isoformat()
        case _:
            text = ""
    return text


@dataclass(frozen=True, slots=True)
class TableLocation:
    """Where a table stands.

    Attributes:
        file: The file's name for places.
        name: The file's name without its folder, for the origin.
        media_type: RFC 6838 type of the file.
        sheet: Name of the sheet, in workbooks.
    """

    file: str
    name: str
    media_type: str
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row.

    Attributes:
        number: Its number as spreadsheets count, from 1.
        line: Its line in the file; in a workbook its number.
        cells: The values of its cells, the first column first.
        hidden: Whether the sheet hides it.
    """

    number: int
    line: int
    cells: tuple[CellValue, ...]
    hidden: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether no cell holds anything."""
        return not any(not isinstance(cell, str) or cell.strip() for cell in self.cells if cell is not None)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row for people to look at, with the header above it.

    Attributes:
        sheet: Name of the sheet; None where the file has none.
        number: The row's number as spreadsheets count, from 1.
        line: Its line in the file; in a workbook its number.
        headings: The headings as they stand.
        cells: The texts of its cells, shortened.
    """

    sheet: str | None
    number: int
    line: int
    headings: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table are.

    Attributes:
        source: Where the table stands.
        kind: `PROJECTS` or `MENTIONS`.
        headings: The headings as they stand.
        columns: Index of each column that is known, and what it is.
        ignored: Indexes of named columns that are not read.
        findings: Remarks about the header.
    """

    source: TableLocation
    kind: str
    headings: tuple[str, ...]
    columns: tuple[tuple[int, Heading], ...]
    ignored: frozenset[int]
    findings: tuple[Finding, ...] = ()

    def place(self, row: TableRow, index: int, text: str | None = None) -> Place:
        """The place of a cell, with its heading and its text (read from the row unless given)."""
        heading = self.headings[index] if index < len(self.headings) else ""
        if text is None:
            value = row.cells[index] if index < len(row.cells) else None
            text = str(value.message) if isinstance(value, CellFault) else cell_text(value, "")
        excerpt = f"{heading}: {text[:_EXCERPT_LENGTH]}" if heading else text[:_EXCERPT_LENGTH]
        if len(excerpt) > _EXCERPT_LENGTH or "\n" in excerpt or "\r" in excerpt:
            excerpt = f"{' '.join(excerpt.split())[: _EXCERPT_LENGTH - 1]}…"
        cell = f"{column_letters(index)}{row.number}"
        return Place(self.source.file, line=row.line, sheet=self.source.sheet, cell=cell, excerpt=excerpt)

    def shown(self, row: TableRow) -> ShownRow:
        """A row under the headings."""
        texts = (str(value.message) if isinstance(value, CellFault) else cell_text(value, "") for value in row.cells)
        cells = tuple(text if len(text) <= _EXCERPT_LENGTH else f"{text[: _EXCERPT_LENGTH - 1]}…" for text in texts)
        return ShownRow(self.source.sheet, row.number, row.line, self.headings, cells)

    def index_of(self, column: str) -> int:
        """The index of a column; of the first one where the table has no such column."""
        return next((index for index, heading in self.columns if heading.column == column), 0)


@cache
def column_letters(index: int) -> str:
    """The letters of a column, from 0.

    >>> column_letters(0), column_letters(25), column_letters(26)
    ('A', 'Z', 'AA')
    """
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters


def layout_of(header: TableRow, source: TableLocation, mapping: Mapping[str, str]) -> Layout | None:
    """Read a row as a header, or give None where fewer than two of its headings are known.

    A table with a framework and a quote is one of mentions; any other is one of projects.
    """
    headings = tuple(" ".join(cell_text(cell, "").split()) for cell in header.cells)
    while headings and not headings[-1]:
        headings = headings[:-1]
    mentions = [(index, mention_heading_of(text, mapping)) for index, text in enumerate(headings)]
    names = {heading.column for _, heading in mentions if heading}
    if {"framework", "quote"} <= names:
        return _layout(header, source, headings, mentions, mapping)
    projects = [(index, heading_of(text, mapping)) for index, text in enumerate(headings)]
    if len({heading for _, heading in projects if heading}) < _FEWEST_KNOWN:
        return None
    return _layout(header, source, headings, _with_status(projects), mapping)


def _layout(
    header: TableRow,
    source: TableLocation,
    headings: tuple[str, ...],
    columns: list[tuple[int, Heading | None]],
    mapping: Mapping[str, str],
) -> Layout:
    known = tuple((index, heading) for index, heading in columns if heading)
    kind = MENTIONS if any(heading.column == "quote" for _, heading in known) else PROJECTS
    indexes = {index for index, _ in known}
    ignored = frozenset(index for index, text in enumerate(headings) if text and index not in indexes)
    layout = Layout(source, kind, headings, known, ignored)
    unknown = [index for index in sorted(ignored) if not is_ignored(headings[index], mapping)]
    findings = (*_unknown(layout, header, unknown), *_doubled(layout, header))
    return Layout(source, kind, headings, known, ignored, findings)


def _with_status(columns: list[tuple[int, Heading | None]]) -> list[tuple[int, Heading | None]]:
    """Spanish pages print 'Tipo de proyecto' over the status and again over the type; so may tables made from them."""
    types = [index for index, heading in columns if heading and heading.column == "projectType"]
    if len(types) == 1 or any(heading and heading.column == "status" for _, heading in columns):
        return columns
    return [(index, Heading("status") if types[:1] == [index] else heading) for index, heading in columns]


def _unknown(layout: Layout, header: TableRow, unknown: list[int]) -> Iterator[Finding]:
    """One Warning for all columns that are not known."""
    if not unknown:
        return
    known = PROJECT_COLUMNS if layout.kind == PROJECTS else MENTION_COLUMNS
    names = ", ".join(f"'{layout.headings[index][:60]}'" for index in unknown[:10])
    near = [
        message("'{heading}' is like '{column}'", heading=layout.headings[index][:60], column=near)
        for index in unknown[:10]
        for near in closest_columns(layout.headings[index], known)
    ]
    yield Finding(
        "unknownColumn",
        Severity.WARNING,
        message("{number} columns are not known and were not read: {names}.", number=len(unknown), names=names)
        if len(unknown) > 1
        else message("The column {name} is not known and was not read.", name=names),
        message("{pairs}. Rename it, or give a mapping.", pairs=reduce(_joined, near))
        if near
        else message("Rename it, give a mapping, or leave it out."),
        value=layout.headings[unknown[0]],
        place=layout.place(header, unknown[0]),
    )


def _joined(one: Message, other: Message) -> Message:
    return message("{one}; {other}", one=one, other=other)


def _doubled(layout: Layout, header: TableRow) -> Iterator[Finding]:
    """A Warning for each column that stands twice; values that differ are faults of their rows."""
    first: dict[Heading, int] = {}
    for index, heading in layout.columns:
        if heading in first:
            one, two = layout.place(header, first[heading]), layout.place(header, index)
            yield Finding(
                "duplicateColumn",
                Severity.WARNING,
                message(
                    "'{one}' in {cell} and '{other}' in {other_cell} are the same column.",
                    one=layout.headings[first[heading]],
                    cell=one.cell,
                    other=layout.headings[index],
                    other_cell=two.cell,
                ),
                message("Keep one of them."),
                field=heading.column,
                place=two,
            )
        first.setdefault(heading, index)
