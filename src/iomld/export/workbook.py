"""The tables as a workbook (XLSX) with a sheet for each, and the empty template."""

import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import BinaryIO, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from iomld.assets import load_fields
from iomld.errors import IomldError
from iomld.export.csv import add_entry, csv_head
from iomld.export.tables import ProjectSource, table_form, table_headers, table_rows
from iomld.fields.declared import FieldKind
from iomld.folding import name_order
from iomld.i18n import LANGUAGES, gettext
from iomld.messages import Message, gettext_noop, message
from iomld.model import TEXT_LANGUAGES
from iomld.read.table.columns import Column, column_field, mention_columns, project_columns
from iomld.read.table.rows import neutralized
from iomld.vocab import Vocabulary

_CELL_UNITS = 32_767  # of UTF-16, that a cell holds
CELL_LENGTH = 30_000  # characters of a text; longer ones continue in another column
_MAX_ROWS = 1_048_576
_EARLIEST_DATE = date(1900, 3, 1)  # the date systems of spreadsheets disagree before it
_INTEGER = re.compile(r"0|[1-9][0-9]{0,14}")
_NUMBERS = frozenset({FieldKind.YEAR, FieldKind.AMOUNT, FieldKind.MONEY, FieldKind.INTEGER})
# ECMA-376 part 1, section 22.9.2.19: CR, and texts that look like an escape, are escaped.
_TO_ESCAPE = re.compile(r"\r|_(?=x[0-9A-Fa-f]{4}_)")
_FIXED_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_TIMESTAMPS = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")

# The template
_LIST_ROWS = 5000  # rows that have drop-down lists
_LISTS_SHEET = "lists"
_EXPORT_ONLY = "sources"  # column of our own exports
_WIDTHS = {"title": 40, "abstract": 40, "narrative": 60, "benefitingMemberStates": 30, "quote": 40}
_NOTE_HEIGHT, _NOTE_WIDTH = 220, 320  # pixels
_HEADER_FILL = PatternFill("solid", fgColor="DCE6F1")


def write_workbook(source: ProjectSource, output: BinaryIO) -> None:
    """Write all tables, streamed; equal records result in equal bytes.

    Raises:
        IomldError: A sheet or a cell cannot hold what it would have to.
    """
    form = table_form(source, cell_length=CELL_LENGTH)
    workbook = Workbook(write_only=True)
    sheets = {name: _Sheet(workbook, name, header) for name, header in table_headers(form).items()}
    try:
        for project in source.projects():
            for name, rows in table_rows(form, project).items():
                for row in rows:
                    sheets[name].write(row)
    except IomldError:
        for sheet in sheets.values():
            sheet.discard()
        raise
    save(workbook, output)


def save(workbook: Workbook, output: BinaryIO) -> None:
    """Write a workbook with fixed timestamps, so that equal content results in equal bytes."""
    with tempfile.TemporaryFile() as saved, tempfile.TemporaryFile() as rewritten:
        workbook.save(saved)
        with zipfile.ZipFile(saved) as source, zipfile.ZipFile(rewritten, "w") as archive:
            for entry in sorted(source.infolist(), key=lambda entry: entry.filename != "[Content_Types].xml"):
                with source.open(entry) as content:
                    if entry.filename == "docProps/core.xml":
                        text = _TIMESTAMPS.sub(rf"\g<1>{_FIXED_TIME:%Y-%m-%dT%H:%M:%SZ}".encode(), content.read())
                        add_entry(archive, entry.filename, io.BytesIO(text), len(text))
                    else:
                        add_entry(archive, entry.filename, cast("BinaryIO", content), entry.file_size)
        rewritten.seek(0)
        shutil.copyfileobj(rewritten, output)


def cell_value(text: str, column: str) -> str | int | float | datetime:
    """The value of a cell: a number or a date in columns of these if it is exact, else a text."""
    if _holds_numbers(column) and _INTEGER.fullmatch(text):
        return int(text)
    if _holds_numbers(column) and text and f"{float(text)!r}" == text:
        return float(text)
    if column in load_fields().days and text and (day := date.fromisoformat(text)) >= _EARLIEST_DATE:
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a cell has no time zone
    return _TO_ESCAPE.sub(lambda match: "_x000D_" if match[0] == "\r" else "_x005F_", neutralized(text))


def _holds_numbers(column: str) -> bool:
    field = column_field(column)
    return field is not None and field.kind in _NUMBERS


class _Sheet:
    """Writes the rows of a sheet, streamed."""

    def __init__(self, workbook: Workbook, name: str, header: Iterable[str]) -> None:
        sheet = workbook.create_sheet(name)
        if not isinstance(sheet, WriteOnlyWorksheet):  # impossible: the workbook is write-only
            raise TypeError(type(sheet))
        self._sheet, self._name = sheet, name
        self._header = tuple(header)
        self._count = 1
        sheet.freeze_panes = "A2"
        cells = [WriteOnlyCell(sheet, heading) for heading in self._header]
        for cell in cells:
            cell.font = Font(bold=True)
        sheet.append(cells)

    def write(self, texts: Iterable[str]) -> None:
        """Write one row of texts."""
        self._count += 1
        if self._count > _MAX_ROWS:
            raise IomldError(
                message(
                    "A sheet of a workbook holds {limit} rows, and the table of {name} has more. Choose CSV or JSON "
                    "Lines.",
                    limit=_MAX_ROWS,
                    name=self._name,
                )
            )
        self._sheet.append(
            [self._cell(text, column) if text else None for text, column in zip(texts, self._header, strict=True)]
        )

    def discard(self) -> None:
        """End the sheet without saving it; openpyxl removes its temporary file when the process ends."""
        self._sheet.close()

    def _cell(self, text: str, column: str) -> object:
        value = cell_value(text, column)
        if isinstance(value, str):
            if problem := _unwritable(value):
                fault = message(
                    "sheet {name}, column {column}, row {number}: {problem} Choose CSV or JSON Lines.",
                    name=self._name,
                    column=column,
                    number=self._count,
                    problem=problem,
                )
                raise IomldError(fault)
            cell = WriteOnlyCell(self._sheet, value)
            cell.data_type = "s"  # a text, never a formula
            return cell
        if isinstance(value, datetime):
            cell = WriteOnlyCell(self._sheet, value)
            cell.number_format = "yyyy-mm-dd"
            return cell
        return value


def _unwritable(text: str) -> Message | None:
    """Why a cell of a workbook cannot hold a text, which openpyxl would cut or refuse; None if it can."""
    if len(text) > _CELL_UNITS // 2 and (units := len(text.encode("utf-16-le")) // 2) > _CELL_UNITS:
        return message("The text has {units} UTF-16 units, and a cell holds {limit}.", units=units, limit=_CELL_UNITS)
    if ILLEGAL_CHARACTERS_RE.search(text):
        return message("The text has a control character, which a workbook cannot hold.")
    return None


def write_csv_template(output: BinaryIO) -> None:
    """Write the header of a table of projects, with the columns of the workbook."""
    output.write(csv_head(heading for heading, _ in template_columns()))


def write_workbook_template(vocabulary: Vocabulary, output: BinaryIO) -> None:
    """Write a workbook with an empty sheet of projects and one of mentions.

    Args:
        vocabulary: The values of the drop-down lists.
        output: The stream to write to.
    """
    workbook = Workbook()
    projects = workbook.active
    if not isinstance(projects, Worksheet):  # impossible: a new workbook has one sheet
        raise TypeError(type(projects))
    projects.title = "projects"
    mentions = workbook.create_sheet("mentions")
    lists = workbook.create_sheet(_LISTS_SHEET)
    lists.sheet_state = "hidden"
    offered = offered_values(vocabulary)
    ranges = _write_lists(lists, offered)
    _write_sheet(projects, list(template_columns()), ranges)
    _write_sheet(mentions, [(column.name, column) for column in mention_columns()], ranges)
    save(workbook, output)


def template_columns() -> Iterator[tuple[str, Column]]:
    """The headings and columns of an empty table of projects, with texts in three languages."""
    texts = load_fields().texts
    for column in project_columns():
        if column.name in texts:
            yield from ((f"{column.name}_{language}", column) for language in TEXT_LANGUAGES)
        elif column.name != _EXPORT_ONLY:
            yield column.name, column


def offered_values(vocabulary: Vocabulary) -> Mapping[str, Sequence[str]]:
    """The values in the drop-down list of each column; each reads back to one code."""
    offered: dict[str, Sequence[str]] = {}
    countries = sorted(vocabulary.countries.values(), key=lambda country: name_order(country.name()))
    for key, field in vocabulary.fields.given.items():
        if field.kind is FieldKind.CONCEPT:
            offered[key] = [concept.name() for concept in vocabulary.concepts[field.scheme].values()]
        elif field.kind is FieldKind.COUNTRY:
            offered[key] = [country.name() for country in countries if country.is_member or not field.members]
    for name, known in vocabulary.fields.mention_keys.items():
        if known.kind is FieldKind.CONCEPT:
            offered[name] = list(vocabulary.concepts[known.scheme])
        elif known.kind is FieldKind.LANGUAGE:
            offered[name] = TEXT_LANGUAGES
        elif known.choices:
            offered[name] = known.choices
    return offered


def _write_lists(sheet: Worksheet, offered: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Write each list as a column, without headings, so that the sheet is not read as a table; return their ranges."""
    ranges: dict[str, str] = {}
    for number, (name, values) in enumerate(offered.items(), start=1):
        for row, value in enumerate(values, start=1):
            sheet.cell(row, number, value)
        letter = get_column_letter(number)
        ranges[name] = f"{_LISTS_SHEET}!${letter}$1:${letter}${len(values)}"
    return ranges


def _write_sheet(sheet: Worksheet, columns: Sequence[tuple[str, Column]], ranges: Mapping[str, str]) -> None:
    sheet.freeze_panes = "A2"
    for number, (heading, column) in enumerate(columns, start=1):
        cell = sheet.cell(1, number, heading)
        cell.font = Font(bold=True)
        cell.fill = _HEADER_FILL
        cell.comment = Comment(_note(column), "iomld", height=_NOTE_HEIGHT, width=_NOTE_WIDTH)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column.name, max(14, len(heading) + 2))
        if column.name in ranges:
            sheet.add_data_validation(_drop_down(column.name, f"{letter}2:{letter}{_LIST_ROWS}", ranges[column.name]))


def _note(column: Column) -> str:
    """What a column contains, in each language, and an example."""
    field = column_field(column.name)
    meanings = [field.note(code) if field else gettext(column.meaning, code) for code in LANGUAGES]
    example = _in_all_languages(gettext_noop("Example"))
    return "\n".join((*meanings, "", f"{example}: {column.example}"))


def _in_all_languages(sentence: str) -> str:
    """A sentence in each language, as one cell is for readers of all."""
    return " / ".join(dict.fromkeys(gettext(sentence, code) for code in LANGUAGES))


def _drop_down(name: str, cells: str, values: str) -> DataValidation:
    validation = DataValidation(type="list", formula1=values, allow_blank=True)
    validation.showErrorMessage = name not in load_fields().lists  # their cells can hold several values
    validation.errorTitle = "iomld"
    validation.error = _in_all_languages(gettext_noop("Choose a value from the list."))
    validation.add(cells)
    return validation
