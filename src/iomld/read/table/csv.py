"""Read tables in delimited text: CSV, TSV, and what spreadsheets save with semicolons."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import AMOUNT_FIELDS, Finding, Record, Severity
from iomld.read.options import ReadOptions
from iomld.read.table.columns import MENTIONS, PROJECTS, SOURCES
from iomld.read.table.csv_rows import DELIMITERS, CsvRow, decoded, read_rows
from iomld.read.table.mapped_cells import check_columns
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.read.table.mentions import MentionIndex, mention_index, orphan_records
from iomld.read.table.records import table_records
from iomld.read.table.rows import (
    CellFault,
    CellValue,
    Layout,
    ShownRow,
    TableLocation,
    TableRow,
    layout_of,
)

_HEADER_WITHIN = 10  # rows that are not empty; a title may stand above the header
_KNOWN_BELOW_TOP = 4  # known columns that a header below the first row needs
_MAPPED_BELOW_TOP = 2  # or columns that the mapping names
_SEPARATOR_LINE = re.compile(r"sep=(?P<delimiter>[,;\t|])(?:\r\n|\n|\r)", re.IGNORECASE)  # written by and for Excel
_COMMA_CENTS = re.compile(r"-?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]{1,2})?")
_DECISIVE = re.compile(r"-?[0-9.]+,[0-9]{1,2}|-?[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_BAD_QUOTES = CellFault(
    "badQuotes",
    message("The quotation marks in the cell do not match."),
    message('Enclose the whole cell in quotation marks, and double each mark inside it: "".'),
)


def has_header(data: bytes, mapping: TableMapping) -> bool:
    """Say whether a text has a header near its top: a row with at least two known headings."""
    try:
        return _find_header(decoded(data, "")[0], TableLocation("", "", ""), mapping) is not None
    except SourceError:
        return False


def read_table(source: str | bytes, *, file: str, name: str, options: ReadOptions | None = None) -> Iterator[Record]:
    """Read the records of a table of projects.

    Args:
        source: The text, or the bytes of the file.
        file: The file's name for places.
        name: The file's name without its folder, for the origin.
        options: The mapping of foreign headings.

    Raises:
        SourceError: There is no header, or no row below it, or the bytes are not text.
    """
    yield from _read_records(source, MentionIndex(), file=file, name=name, options=options or ReadOptions())


def read_table_pair(
    projects: str | bytes, mentions: str | bytes, *, file: str, name: str, options: ReadOptions | None = None
) -> Iterator[Record]:
    """Read a table of projects and the table of their mentions, as in our exports.

    Args:
        projects: The table of projects.
        mentions: The table of mentions.
        file: The name of the table of projects for places (`records.zip!projects.csv`).
        name: The same without its folder, for the origin.
        options: The mapping of foreign headings.

    Raises:
        SourceError: One of the two cannot be read.
    """
    options = options or ReadOptions()
    mentions_file = (
        file.removesuffix("projects.csv") + "mentions.csv" if file.endswith("projects.csv") else f"{file} (mentions)"
    )
    text, remarks = _text(mentions, mentions_file)
    layout, rows = _table(text, TableLocation(mentions_file, name, _media_type(",")), options)
    if layout.kind != MENTIONS:
        raise SourceError(
            message(
                "{file} is not a table of mentions. Such a table needs the columns projectCode, framework and quote.",
                file=mentions_file,
            )
        )
    yield from _read_records(
        projects, mention_index(layout, rows), file=file, name=name, options=options, remarks=remarks
    )


def table_rows(data: bytes, *, file: str, wanted: set[int], mapping: TableMapping = NO_MAPPING) -> Iterator[ShownRow]:
    """The rows of a table by number, to be shown next to their findings; none if there is no table.

    Args:
        data: The bytes of the file.
        file: The file's name.
        wanted: Numbers of the rows.
        mapping: The mapping of foreign headings.

    Raises:
        SourceError: The bytes are not text.
    """
    text, _ = decoded(data, file)
    found = _find_header(text, TableLocation(file, file, ""), mapping)
    if found:
        layout, delimiter, header = found
        rows = read_rows(text, delimiter, file=file)
        shown = (row for row in rows if row.number in wanted and row.number >= header.number)
        yield from (layout.shown(TableRow(row.number, row.line, row.cells)) for row in shown)


def _read_records(
    source: str | bytes,
    mentions: MentionIndex,
    *,
    file: str,
    name: str,
    options: ReadOptions,
    remarks: tuple[Finding, ...] = (),
) -> Iterator[Record]:
    text, own_remarks = _text(source, file)
    layout, rows = _table(text, TableLocation(file, name, ""), options)
    if layout.kind == SOURCES:
        raise SourceError(
            message(
                "{file} is a table of sources, without the projects. Give projects.csv, whose column 'sources' has "
                "them too.",
                file=file,
            )
        )
    if layout.kind != PROJECTS:
        raise SourceError(
            message(
                "{file} is a table of mentions without its projects. Put projects.csv and mentions.csv into one "
                "zip file.",
                file=file,
            )
        )
    about_mentions = mentions.layout.findings if mentions.layout else ()
    count = 0
    for record in table_records(layout, rows, mentions, (*own_remarks, *remarks, *about_mentions)):
        count += 1
        yield record
    yield from orphan_records(layout, mentions)
    if count == 0:
        raise SourceError(message("{file}: the table has a header but no rows. Add a row for each project.", file=file))


def _text(source: str | bytes, file: str) -> tuple[str, tuple[Finding, ...]]:
    return (source.removeprefix("\ufeff"), ()) if isinstance(source, str) else decoded(source, file)


def _table(text: str, source: TableLocation, options: ReadOptions) -> tuple[Layout, Iterator[TableRow]]:
    """The columns and the rows below the header."""
    found = _find_header(text, source, options.mapping)
    if found is None:
        raise SourceError(
            message(
                "{file}: no table of projects was found. Its first row must be a header such as projectCode, "
                "title_en, status ('iomld template' writes one). If your headings differ, give a mapping.",
                file=source.file,
            )
        )
    layout, delimiter, header = found

    def rows() -> Iterator[CsvRow]:
        return (row for row in read_rows(text, delimiter, file=source.file) if row.number > header.number)

    check_columns(layout, (_table_row(row, None) for row in rows()))
    cents = _comma_cents(layout, rows()) if delimiter in ";\t" else None
    if cents is not None:
        problem = message("The comma in budgets was read as the decimal separator.")
        place = layout.place(TableRow(header.number, header.line, header.cells), cents)
        info = Finding(
            "decimalComma", Severity.INFO, problem, message("Check that the amounts are right."), place=place
        )
        layout = replace(layout, findings=(*layout.findings, info))
    return layout, (_table_row(row, cents) for row in rows())


def _find_header(text: str, source: TableLocation, mapping: TableMapping) -> tuple[Layout, str, CsvRow] | None:
    """The header, near the top, with the delimiter that results in the most known columns."""
    stated = _SEPARATOR_LINE.match(text)
    marks = (stated["delimiter"],) if stated else tuple(mark for mark in DELIMITERS if mark in text)
    best: tuple[Layout, str, CsvRow] | None = None
    fault: SourceError | None = None
    for delimiter in marks:
        try:
            found = _header(text, delimiter, source, mapping)
        except SourceError as error:  # a row is too long with this delimiter; another may be the right one
            fault = fault or error
            continue
        if found and (best is None or len(found[0].columns) > len(best[0].columns)):
            best = found
    if best is None and fault is not None:
        raise fault
    return best


def _header(
    text: str, delimiter: str, source: TableLocation, mapping: TableMapping
) -> tuple[Layout, str, CsvRow] | None:
    """The first row that is a header; below the first row it needs more known columns."""
    rows = (row for row in read_rows(text, delimiter, file=source.file) if any(map(str.strip, row.cells)))
    source = replace(source, media_type=_media_type(delimiter))
    top = 1 if _SEPARATOR_LINE.match(text) else 0
    for number, row in enumerate(islice(rows, _HEADER_WITHIN), start=-top):
        layout = layout_of(TableRow(row.number, row.line, row.cells), source, mapping)
        if layout and (number == 0 or len(layout.columns) >= _KNOWN_BELOW_TOP or layout.mapped >= _MAPPED_BELOW_TOP):
            return layout, delimiter, row
    return None


def _table_row(row: CsvRow, cents: int | None) -> TableRow:
    cells: list[CellValue] = list(row.cells)
    for index in row.badly_quoted:
        cells[index] = _BAD_QUOTES
    if cents is not None and cents < len(cells) and isinstance(cells[cents], str):
        cells[cents] = row.cells[cents].replace(".", "").replace(",", ".")
    return TableRow(row.number, row.line, tuple(cells))


def _comma_cents(layout: Layout, rows: Iterable[CsvRow]) -> int | None:
    """The index of the budget column if all its values fit the form 100.000,00 and at least one fits no other form."""
    index = next((index for index, heading in layout.columns if heading.column in AMOUNT_FIELDS), None)
    rule = layout.rules.get(index) if index is not None else None
    if index is None or (rule and rule.decimal_char):
        return None
    decisive = False
    for row in rows:
        cell = row.cells[index].strip() if index < len(row.cells) else ""
        if cell and not _COMMA_CENTS.fullmatch(cell):
            return None
        decisive = decisive or _DECISIVE.fullmatch(cell) is not None
    return index if decisive else None


def _media_type(delimiter: str) -> str:
    return "text/tab-separated-values" if delimiter == "\t" else "text/csv"
