"""Tables of any format: cells as text, rows with their places, and the layout that a header defines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, reduce

from iomld.assets import load_fields
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.read.record.locate import EXCERPT_LENGTH
from iomld.read.table.columns import (
    MENTIONS,
    PROJECTS,
    SOURCES,
    mention_columns,
    project_columns,
    source_table_columns,
)
from iomld.read.table.headings import YEAR_OR_DAY, Heading, closest_columns, heading_of, is_ignored, mention_heading_of
from iomld.read.table.mapping import ColumnRule, Constant, TableMapping

# Characters that begin a formula in spreadsheets (OWASP, "CSV Injection"); such a text gets an apostrophe before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NEUTRALIZED = re.compile(r"'+[=+\-@\t\r\n]")
_POINT_AND_THREE = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
# "100 000,00" and "100.000,00" can be read in one way only; "100,000" and "100.000" cannot.
_COMMA_CENTS = re.compile(r"-?(?:[0-9]{1,3}(?:[. \u00a0\u2009\u202f'’][0-9]{3})+|[0-9]+),[0-9]{1,2}")
_GROUPING = re.compile(r"[. \u00a0\u2009\u202f'’]")
_FEWEST_KNOWN = 2  # known columns that make a row a header
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a workbook.

    Attributes:
        text: Its digits, without exponent.
        day: The date if the number counts days, for dates of our time.
        currency: The code or sign of the currency that its format shows.
    """

    text: str
    day: date | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class CellFault:
    """The fault of a cell that cannot be read."""

    rule: str
    message: Message
    fix: Message

    def finding(self, field: str, place: Place) -> Finding:
        """A Violation of a field at a place."""
        return Finding(self.rule, Severity.VIOLATION, self.message, self.fix, field=field, place=place)


CellValue = str | Number | date | CellFault | None


def neutralized(text: str) -> str:
    """A text as a cell that is not a formula; `plain` is the inverse.

    >>> neutralized("=1+1"), neutralized("'=1+1"), neutralized("it's")
    ("'=1+1", "''=1+1", "it's")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """The text of a cell without the apostrophe that prevents a formula.

    >>> plain("'=1+1"), plain("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if _NEUTRALIZED.match(cell) else cell


def cell_text(value: CellValue, column: str) -> str:
    """The text of a cell, with dates and numbers in the form of its column.

    Args:
        value: The value.
        column: Name of the column. In a column of years a date gives its year; in one of days a number gives its
            date; in one of sums a comma before the cents becomes a point.
    """
    match value:
        case str():
            text = plain(value)
            if column in load_fields().sums and _COMMA_CENTS.fullmatch(text.strip()):
                text = _GROUPING.sub("", text.strip()).replace(",", ".")
        case Number():
            text = value.day.isoformat() if value.day and _holds_days(column) else value.text
            # A text such as 1.234 can be read in two ways; a number is 1.2340, which cannot.
            text = f"{text}0" if _POINT_AND_THREE.fullmatch(text) else text
        case date() if column in load_fields().years:
            text = f"{value.year:04}"
        case datetime() if _holds_days(column):
            text = value.date().isoformat()
        case date():
            text = value.isoformat()
        case _:
            text = ""
    return text


def _holds_days(column: str) -> bool:
    return column in load_fields().days or column in YEAR_OR_DAY


@dataclass(frozen=True, slots=True)
class TableLocation:
    """The location of a table.

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
        """Whether all cells are empty."""
        return not any(not isinstance(cell, str) or cell.strip() for cell in self.cells if cell is not None)

    def cell(self, index: int) -> CellValue:
        """The value of a cell; None beyond the end of the row."""
        return self.cells[index] if index < len(self.cells) else None


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row for display, with the header above it.

    Attributes:
        sheet: Name of the sheet; None where the file has none.
        number: The row's number as spreadsheets count, from 1.
        line: Its line in the file; in a workbook its number.
        headings: The headings as written.
        cells: The texts of its cells, shortened.
    """

    sheet: str | None
    number: int
    line: int
    headings: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table.

    Attributes:
        source: The location of the table.
        kind: `PROJECTS`, `MENTIONS`, or `SOURCES`, which has no columns that are read.
        headings: The headings as written.
        columns: Index and heading of each known column.
        ignored: Indexes of columns with a heading that are not read.
        findings: Remarks about the header.
        rules: How a mapping converts the cells of known columns, by index.
        constants: What a mapping says of every record.
        mapped: Number of headings that a mapping names.
    """

    source: TableLocation
    kind: str
    headings: tuple[str, ...]
    columns: tuple[tuple[int, Heading], ...]
    ignored: frozenset[int]
    findings: tuple[Finding, ...] = ()
    rules: Mapping[int, ColumnRule] = field(default_factory=dict)
    constants: tuple[tuple[Heading, Constant], ...] = ()
    mapped: int = 0

    def place(self, row: TableRow, index: int, text: str | None = None) -> Place:
        """The place of a cell, with its heading and its text (read from the row unless given)."""
        heading = self.headings[index] if index < len(self.headings) else ""
        if text is None:
            text = _shown_text(row.cell(index))
        excerpt = f"{heading}: {text[:EXCERPT_LENGTH]}" if heading else text[:EXCERPT_LENGTH]
        if len(excerpt) > EXCERPT_LENGTH or "\n" in excerpt or "\r" in excerpt:
            excerpt = f"{' '.join(excerpt.split())[: EXCERPT_LENGTH - 1]}…"
        cell = f"{column_letters(index)}{row.number}"
        return Place(self.source.file, line=row.line, sheet=self.source.sheet, cell=cell, excerpt=excerpt)

    def shown(self, row: TableRow) -> ShownRow:
        """A row with the headings, for display."""
        texts = map(_shown_text, row.cells)
        cells = tuple(text if len(text) <= EXCERPT_LENGTH else f"{text[: EXCERPT_LENGTH - 1]}…" for text in texts)
        return ShownRow(self.source.sheet, row.number, row.line, self.headings, cells)

    def index_of(self, column: str) -> int:
        """The index of a column; 0 if the table has no such column."""
        return next((index for index, heading in self.columns if heading.column == column), 0)


def _shown_text(value: CellValue) -> str:
    """The text of a cell, or the message of its fault."""
    return str(value.message) if isinstance(value, CellFault) else cell_text(value, "")


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


def layout_of(header: TableRow, source: TableLocation, mapping: TableMapping) -> Layout | None:
    """Read a row as a header; None if fewer than two of its headings are known.

    A table with columns for framework and quote is a table of mentions. One with all headings of our tables of sources
    repeats what the column `sources` of the table of projects says. Any other is a table of projects.
    """
    headings = tuple(" ".join(cell_text(cell, "").split()) for cell in header.cells)
    while headings and not headings[-1]:
        headings = headings[:-1]
    if {column.name for column in source_table_columns()} <= set(headings):
        return Layout(source, SOURCES, headings, (), frozenset())
    mentions = [(index, mention_heading_of(text, mapping)) for index, text in enumerate(headings)]
    names = {heading.column for _, heading in mentions if heading}
    if {"framework", "quote"} <= names:
        return _layout(header, source, headings, mentions, mapping)
    projects = [(index, heading_of(text, mapping)) for index, text in enumerate(headings)]
    if len({heading for _, heading in projects if heading}) < _FEWEST_KNOWN:
        return None
    return _layout(header, source, headings, _with_status_column(projects), mapping)


def _layout(
    header: TableRow,
    source: TableLocation,
    headings: tuple[str, ...],
    columns: list[tuple[int, Heading | None]],
    mapping: TableMapping,
) -> Layout:
    known = tuple((index, heading) for index, heading in columns if heading)
    kind = MENTIONS if any(heading.column == "quote" for _, heading in known) else PROJECTS
    indexes = {index for index, _ in known}
    ignored = frozenset(index for index, text in enumerate(headings) if text and index not in indexes)
    layout = Layout(source, kind, headings, known, ignored)
    unknown = [index for index in sorted(ignored) if not is_ignored(headings[index], mapping)]
    is_mapped = bool(mapping.columns)
    findings = (
        *_unknown_columns(layout, header, unknown, is_mapped=is_mapped),
        *_repeated_columns(layout, header),
    )
    if kind == MENTIONS:
        return replace(layout, findings=findings)
    return replace(
        layout,
        findings=(*findings, *_unmet_columns(layout, header, mapping)),
        rules={index: rule for index, _ in known if (rule := mapping.conversion_of(headings[index]))},
        constants=tuple((heading, one) for one in mapping.constants if (heading := heading_of(one.column))),
        mapped=len(mapping.columns) - len(mapping.unmet(headings)),
    )


def _with_status_column(columns: list[tuple[int, Heading | None]]) -> list[tuple[int, Heading | None]]:
    """The columns with the first of two 'Tipo de proyecto' as the status, as Spanish pages have them."""
    types = [index for index, heading in columns if heading and heading.column == "projectType"]
    if len(types) == 1 or any(heading and heading.column == "status" for _, heading in columns):
        return columns
    return [(index, Heading("status") if types[:1] == [index] else heading) for index, heading in columns]


def _unknown_columns(
    layout: Layout, header: TableRow, unknown: list[int], *, is_mapped: bool = False
) -> Iterator[Finding]:
    """One Warning for all unknown columns; with a mapping, its fix says what to add to it."""
    if not unknown:
        return
    known = project_columns() if layout.kind == PROJECTS else mention_columns()
    names = ", ".join(f"'{layout.headings[index][:60]}'" for index in unknown[:10])
    near = [
        message("'{heading}' resembles '{column}'", heading=layout.headings[index][:60], column=near)
        for index in unknown[:10]
        for near in closest_columns(layout.headings[index], known)
    ]
    yield Finding(
        "unknownColumn",
        Severity.WARNING,
        message("{number} columns are unknown and were not read: {names}.", number=len(unknown), names=names)
        if len(unknown) > 1
        else message("The column {name} is unknown and was not read.", name=names),
        _unknown_columns_fix(near, is_mapped=is_mapped),
        value=layout.headings[unknown[0]] if len(unknown) == 1 else None,
        place=layout.place(header, unknown[0]),
    )


def _unknown_columns_fix(near: Sequence[Message], *, is_mapped: bool) -> Message:
    """What to do about unknown columns, some of which resemble columns of ours."""
    if is_mapped:
        return message("In the mapping, say for each of them which of our columns it is; “-” leaves it out.")
    if near:
        return message("{pairs}. Give a mapping, or rename the column.", pairs=reduce(_joined, near))
    return message("Give a mapping, or rename or remove the column.")


def _unmet_columns(layout: Layout, header: TableRow, mapping: TableMapping) -> Iterator[Finding]:
    """An Info about the headings of the mapping that the table does not have; a mapping may be for several tables."""
    unmet = mapping.unmet(layout.headings)
    if unmet:
        names = ", ".join(f"“{theirs[:60]}”" for theirs in unmet[:10])
        problem = message("The mapping names the column {names}, which the table does not have.", names=names)
        fix = message("Check that the heading is spelt the same in both.")
        yield Finding("unmetMapping", Severity.INFO, problem, fix, place=layout.place(header, 0))


def _joined(one: Message, other: Message) -> Message:
    return message("{one}; {other}", one=one, other=other)


def _repeated_columns(layout: Layout, header: TableRow) -> Iterator[Finding]:
    """A Warning for each repeated column; values that differ are faults of their rows."""
    first: dict[Heading, int] = {}
    for index, heading in layout.columns:
        if heading in first:
            one, two = layout.place(header, first[heading]), layout.place(header, index)
            yield Finding(
                "duplicateColumn",
                Severity.WARNING,
                message(
                    "'{one}' in {cell} and '{other}' in {other_cell} stand for the same column.",
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
