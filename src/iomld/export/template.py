"""An empty table to fill in: as a workbook with drop-downs and notes, or as the header of a CSV file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from iomld.export.csv_files import CsvFile
from iomld.export.workbook import save
from iomld.model import TEXT_FIELDS
from iomld.read.record.mentions import MENTION_FIELDS
from iomld.read.table.columns import MENTION_COLUMNS, PROJECT_COLUMNS, Column
from iomld.vocab import Vocabulary

_ROWS = 5000  # that drop-downs reach down to
_LANGUAGES = ("en", "fr", "es")
_LISTS = "lists"
_EXPORTED = "sources"  # only for what iomld exported
_SCHEMES = {"status": "status", "projectType": "type", "coverage": "coverage", "region": "region"}
_WIDTHS = {"title": 40, "abstract": 40, "narrative": 60, "benefitingMemberStates": 30, "quote": 40}
_OPEN = frozenset({"benefitingMemberStates", "benefitingCountries"})  # several values may be typed
_HEADER_FILL = PatternFill("solid", fgColor="DCE6F1")


def write_csv_template(output: BinaryIO) -> None:
    """Write the header of a table of projects; its columns are those of the workbook."""
    with CsvFile(output) as file:
        file.write(heading for heading, _ in template_columns())


def write_workbook_template(vocabulary: Vocabulary, output: BinaryIO) -> None:
    """Write a workbook with an empty sheet of projects and one of mentions.

    Args:
        vocabulary: The lists that drop-downs offer.
        output: Where the bytes go.
    """
    workbook = Workbook()
    projects = workbook.active
    if not isinstance(projects, Worksheet):  # cannot be: a new workbook has one sheet
        raise TypeError(type(projects))
    projects.title = "projects"
    mentions = workbook.create_sheet("mentions")
    lists = workbook.create_sheet(_LISTS)
    lists.sheet_state = "hidden"
    offered = offered_values(vocabulary)
    ranges = _write_lists(lists, offered)
    _write_sheet(projects, list(template_columns()), ranges)
    _write_sheet(mentions, [(column.name, column) for column in MENTION_COLUMNS], ranges)
    save(workbook, output)


def template_columns() -> Iterator[tuple[str, Column]]:
    """The headings of an empty table of projects, texts in three languages."""
    for column in PROJECT_COLUMNS:
        if column.name in TEXT_FIELDS:
            yield from ((f"{column.name}_{language}", column) for language in _LANGUAGES)
        elif column.name != _EXPORTED:
            yield column.name, column


def offered_values(vocabulary: Vocabulary) -> Mapping[str, Sequence[str]]:
    """The values that the drop-down of each column offers; each reads back to one code."""
    offered: dict[str, Sequence[str]] = {
        name: [concept.name() for concept in vocabulary.concepts[scheme].values()] for name, scheme in _SCHEMES.items()
    }
    countries = sorted(vocabulary.countries.values(), key=lambda country: country.name())
    offered["benefitingMemberStates"] = [country.name() for country in countries if country.is_member]
    offered["benefitingCountries"] = [country.name() for country in countries]
    offered["framework"] = list(vocabulary.concepts["framework"])
    offered["method"] = list(vocabulary.concepts["method"])
    offered["language"] = _LANGUAGES
    offered["field"] = MENTION_FIELDS
    return offered


def _write_lists(sheet: Worksheet, offered: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Write each list as a column without a heading, so that the sheet is no table; give the ranges."""
    ranges: dict[str, str] = {}
    for number, (name, values) in enumerate(offered.items(), start=1):
        for row, value in enumerate(values, start=1):
            sheet.cell(row, number, value)
        letter = get_column_letter(number)
        ranges[name] = f"{_LISTS}!${letter}$1:${letter}${len(values)}"
    return ranges


def _write_sheet(sheet: Worksheet, columns: Sequence[tuple[str, Column]], ranges: Mapping[str, str]) -> None:
    sheet.freeze_panes = "A2"
    for number, (heading, column) in enumerate(columns, start=1):
        cell = sheet.cell(1, number, heading)
        cell.font = Font(bold=True)
        cell.fill = _HEADER_FILL
        cell.comment = Comment(f"{column.meaning}\nExample: {column.example}", "iomld", height=120, width=260)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column.name, max(14, len(heading) + 2))
        if column.name in ranges:
            sheet.add_data_validation(_drop_down(column.name, f"{letter}2:{letter}{_ROWS}", ranges[column.name]))


def _drop_down(name: str, cells: str, values: str) -> DataValidation:
    validation = DataValidation(type="list", formula1=values, allow_blank=True)
    validation.showErrorMessage = name not in _OPEN
    validation.errorTitle = "Not in the list"
    validation.error = "Choose a value from the list."
    validation.add(cells)
    return validation
