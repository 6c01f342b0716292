"""From the value of a cell to the text that its column wants; and from a text to a cell that is no formula."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from iomld.model import Message

# What spreadsheets begin a formula with (OWASP, "CSV Injection"); a text that begins so gets an apostrophe before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r\n]")
_POINT_AND_THREE = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_YEARS = frozenset({"startYear", "endYear", "allocationYear"})
_DAYS = frozenset({"startDate", "endDate", "start", "end"})


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
