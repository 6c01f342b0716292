"""Read the rows of a worksheet; for a formula, the value that was last computed.

Source: ECMA-376 part 1, section 18.3.1 (worksheets).
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from iomld.errors import SourceError
from iomld.messages import message
from iomld.read.table.csv_rows import MOST_COLUMNS
from iomld.read.table.rows import CellFault, CellValue, Number, TableRow
from iomld.read.table.workbook_package import Package, Sheet, cell_string, local_name, text_of

_MOST_ROWS = 1_048_576  # of a sheet, as spreadsheet programs have it
_MOST_CELLS = 16_384  # of a row
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?[0-9]+")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
# Dates of our time, as days: a number between them in a column of dates is a date without its format.
_FIRST_DAY, _LAST_DAY, _END_OF_CALENDAR = 20_000, 80_000, 2_958_465
_NO_VALUE = CellFault(
    "formulaWithoutValue",
    message("The cell contains a formula whose value was never computed."),
    message("Open the file in a spreadsheet program and save it, or replace the formula by its value."),
)


def sheet_rows(package: Package, sheet: Sheet, hidden: list[tuple[int, int]]) -> Iterator[TableRow]:
    """The rows of a sheet that are not empty, as a stream; adds the ranges of hidden columns, from 1, to `hidden`."""
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
    """The index of a cell's column, from 0; a cell without a reference follows the previous cell."""
    if not reference:
        return following
    match = _REFERENCE.fullmatch(reference)
    index = 0
    for letter in match[1] if match else "":
        index = index * 26 + ord(letter) - ord("A") + 1
    if not 0 < index <= _MOST_CELLS:
        raise SourceError(
            message(
                "{file}, sheet '{sheet}': '{name}' is not a valid cell reference. Save the workbook again.",
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
                "{file}, sheet '{sheet}': row {row} is out of order. Save the workbook again.",
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
            return _shared_string(text, package)
        case "n":
            style = element.get("s", "0")
            number = int(style) if _WHOLE.fullmatch(style) else -1
            value = _number(text, from_1904=package.from_1904, is_date=number in package.date_styles)
            currency = package.currencies.get(number)
            return replace(value, currency=currency) if currency and isinstance(value, Number) else value
        case "e":
            return CellFault(
                "cellError",
                message("The cell contains the error {value}.", value=text[:20]),
                message("Correct the formula or the value."),
            )
        case _:
            return ("FALSE" if text == "0" else "TRUE") if kind == "b" else cell_string(text, package.file)


def _shared_string(text: str, package: Package) -> str:
    number = int(text) if _WHOLE.fullmatch(text) else -1
    if not 0 <= number < len(package.strings):
        raise SourceError(
            message(
                "{file}: a cell refers to a text that is missing from the workbook. Save the workbook again.",
                file=package.file,
            )
        )
    return package.strings[number]


def _number(text: str, *, from_1904: bool, is_date: bool) -> CellValue:
    """A number or a date, rounded as spreadsheet programs do: 100000.10000000001 is 100000.1."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return CellFault(
            "badNumber",
            message("The cell contains '{value}', which is not a number.", value=text[:20]),
            message("Enter the number again."),
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
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel  # noqa: PLC0415  # 0.2 s

    try:
        moment = from_excel(days, CALENDAR_MAC_1904 if from_1904 else CALENDAR_WINDOWS_1900)
    except (OverflowError, ValueError):
        return None
    return moment if isinstance(moment, datetime) else None
