"""The tables of projects as a workbook (XLSX): the sheets `projects` and `mentions`."""

import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import BinaryIO, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from iomld.errors import IomldError
from iomld.export.archive import add_entry
from iomld.export.source import TableSource
from iomld.export.tables import MENTION_HEADER, mention_cells, table_form
from iomld.read.table.rows import neutralised

CELL_LENGTH = 30_000  # a cell holds 32 767 UTF-16 units
_MOST_ROWS = 1_048_576
_FIRST_DATE = date(1900, 3, 1)  # before it the two calendars of spreadsheets disagree
_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")
_NUMBERS = frozenset({"startYear", "endYear", "allocationYear", "budgetUSD", "position", "confidence"})
_DATES = frozenset({"startDate", "endDate"})
# ECMA-376 part 1, section 22.9.2.19: CR, and texts that look like an escape, are written as escapes.
_TO_ESCAPE = re.compile(r"\r|_(?=x[0-9A-Fa-f]{4}_)")
_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def write_workbook(source: TableSource, output: BinaryIO) -> None:
    """Write both tables, streamed; equal records give equal bytes.

    Raises:
        IomldError: There are more projects or mentions than a sheet has rows.
    """
    form = table_form(source, cell_length=CELL_LENGTH)
    workbook = Workbook(write_only=True)
    projects = _Sheet(workbook, "projects", form.header)
    mentions = _Sheet(workbook, "mentions", MENTION_HEADER)
    for project in source.projects():
        projects.write(form.cells(project))
        for mention in project.mentions:
            mentions.write(mention_cells(project, mention))
    save(workbook, output)


def save(workbook: Workbook, output: BinaryIO) -> None:
    """Write a workbook without the time of writing."""
    with tempfile.TemporaryFile() as made, tempfile.TemporaryFile() as packed:
        workbook.save(made)
        with zipfile.ZipFile(made) as source, zipfile.ZipFile(packed, "w") as archive:
            for entry in sorted(source.infolist(), key=lambda entry: entry.filename != "[Content_Types].xml"):
                with source.open(entry) as content:
                    if entry.filename == "docProps/core.xml":
                        text = _TIMES.sub(rf"\g<1>{_MOMENT:%Y-%m-%dT%H:%M:%SZ}".encode(), content.read())
                        add_entry(archive, entry.filename, io.BytesIO(text), len(text))
                    else:
                        add_entry(archive, entry.filename, cast("BinaryIO", content), entry.file_size)
        packed.seek(0)
        shutil.copyfileobj(packed, output)


def cell_value(text: str, column: str) -> str | int | float | datetime:
    """The value of a cell: a number or a date where the column has them and nothing is lost, else a text."""
    if column in _NUMBERS and _WHOLE.fullmatch(text):
        return int(text)
    if column in _NUMBERS and text and f"{float(text)!r}" == text:
        return float(text)
    if column in _DATES and text and (day := date.fromisoformat(text)) >= _FIRST_DATE:
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a cell holds a day without a time zone
    return _TO_ESCAPE.sub(lambda match: "_x000D_" if match[0] == "\r" else "_x005F_", neutralised(text))


class _Sheet:
    """Writes rows to a sheet as a stream."""

    def __init__(self, workbook: Workbook, name: str, header: Iterable[str]) -> None:
        sheet = workbook.create_sheet(name)
        if not isinstance(sheet, WriteOnlyWorksheet):  # cannot be: the workbook is made for writing only
            raise TypeError(type(sheet))
        self._sheet = sheet
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
        if self._count > _MOST_ROWS:
            raise IomldError(f"A sheet holds at most {_MOST_ROWS} rows. Choose the format csv or jsonl instead.")
        self._sheet.append(
            [self._cell(text, column) if text else None for text, column in zip(texts, self._header, strict=True)]
        )

    def _cell(self, text: str, column: str) -> object:
        value = cell_value(text, column)
        if isinstance(value, str):
            cell = WriteOnlyCell(self._sheet, value)
            cell.data_type = "s"  # never a formula, whatever it begins with
            return cell
        if isinstance(value, datetime):
            cell = WriteOnlyCell(self._sheet, value)
            cell.number_format = "yyyy-mm-dd"
            return cell
        return value
