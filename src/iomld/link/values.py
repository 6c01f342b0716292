"""Codes, numbers and days from single strings.

Words of a controlled list to their codes, in any of the languages that the list has.

Years, days and sums of money: read when there is one way to read them, else refused with a sentence.
"""

import re
from datetime import date
from decimal import Decimal

from iomld.lexicon.words import ConceptTable
from iomld.messages import message
from iomld.model import Finding, Severity, Value

# A list of at most this many names is shown whole to who wrote a word that is like none of them.
_SHORT_LIST = 8


def read_concept(value: Value, table: ConceptTable, *, field: str, rule: str) -> tuple[str | None, tuple[Finding, ...]]:
    """Find the code of a word.

    Args:
        value: What the source says.
        table: The names of the scheme.
        field: The record's field, for the finding.
        rule: Name of the rule that an unknown word breaks (`unknownStatus`).

    Returns:
        The code, or None and a Violation that names the closest words of the list.
    """
    code = table.code(value.text)
    if code is not None:
        return code, ()
    near = table.closest(value.text)
    if near:
        fix = message("Closest: {names}.", names=", ".join(near))
    elif len(table.names) <= _SHORT_LIST:
        fix = message("Write one of: {names}.", names=", ".join(table.names.values()))
    else:
        fix = message("Write a name or a code from the list.")
    finding = Finding(
        rule=rule,
        severity=Severity.VIOLATION,
        message=message("“{value}” is not in the list.", value=value.text),
        fix=fix,
        field=field,
        value=value.text,
        place=value.place,
    )
    return None, (finding,)


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(r"[0-9]{4}")
_YEAR_INSIDE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_SPACES = "[ \u00a0\u2007\u2009\u202f]"
_SUM = re.compile(
    rf"(?P<sign>-?)(?P<whole>[0-9]+|[0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+)(?P<cents>\.[0-9]+)?"
)
# "100.000" is a hundred thousand in half of the world and a hundred in the other half.
_POINT_AND_THREE = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_CURRENCY = re.compile(r"(?i:US dollars?|dollars?|USD|US\$|\$|EUR|€|CHF)")
_NOT_DIGITS = re.compile(r"[^0-9]")


def read_year(value: Value, field: str) -> tuple[int | None, tuple[Finding, ...]]:
    """Read a year of four digits (xsd:gYear without a time zone).

    Args:
        value: What the source says.
        field: The record's field, for the finding.

    Returns:
        The year, or None and a Violation `unreadableYear`.
    """
    if _YEAR.fullmatch(value.text):
        return int(value.text), ()
    inside = _YEAR_INSIDE.findall(value.text)
    fix = (
        message("Write the year alone: {year}.", year=inside[0])
        if len(inside) == 1
        else message("Write four digits, such as 2017.")
    )
    return None, (
        Finding(
            rule="unreadableYear",
            severity=Severity.VIOLATION,
            message=message("“{value}” is no year of four digits.", value=value.text),
            fix=fix,
            field=field,
            value=value.text,
            place=value.place,
        ),
    )


def read_day(value: Value, field: str) -> tuple[date | None, tuple[Finding, ...]]:
    """Read a day (xsd:date without a time zone).

    Returns:
        The day, or None and a Violation `unreadableDate`.
    """
    try:
        if _DAY.fullmatch(value.text):
            return date.fromisoformat(value.text), ()
    except ValueError:
        pass  # of the form of a day, but no day of the calendar
    return None, (
        Finding(
            rule="unreadableDate",
            severity=Severity.VIOLATION,
            message=message("“{value}” is no day of the calendar.", value=value.text),
            fix=message("Write year, month and day: 2017-06-30."),
            field=field,
            value=value.text,
            place=value.place,
        ),
    )


def read_budget(value: Value, field: str = "budgetUSD") -> tuple[Decimal | None, tuple[Finding, ...]]:
    """Read a sum in US dollars: a point before the cents, commas or spaces only between groups of three digits.

    Whether the sum may be zero, negative or so large is for the shapes to say.

    Returns:
        The sum with the decimals that the source prints, or None and a Violation `unreadableBudget`.
    """
    amount = _amount(value.text)
    if amount is not None:
        return amount, ()
    without = _amount(_CURRENCY.sub("", value.text).strip())
    if without is not None:
        problem = message("“{value}” holds more than a number.", value=value.text)
        fix = message("Write {value} and leave the currency out.", value=f"{without:.2f}")
    else:
        problem = message("“{value}” cannot be read as one sum of money.", value=value.text)
        fix = message("Write it like 100000.00 and leave the currency out.")
    return None, (
        Finding(
            rule="unreadableBudget",
            severity=Severity.VIOLATION,
            message=problem,
            fix=fix,
            field=field,
            value=value.text,
            place=value.place,
        ),
    )


def _amount(text: str) -> Decimal | None:
    """The number, where there is only one way to read it."""
    match = _SUM.fullmatch(text)
    if match is None or _POINT_AND_THREE.fullmatch(text):
        return None
    return Decimal(match["sign"] + _NOT_DIGITS.sub("", match["whole"]) + (match["cents"] or ""))
