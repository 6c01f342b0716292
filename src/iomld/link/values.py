"""Parses single values: words of a controlled list to codes, years, dates and sums of money.

A value that cannot be parsed, or in more than one way, is a finding.
"""

import re
from datetime import date
from decimal import Decimal

from iomld.lexicon.words import ConceptTable
from iomld.messages import message
from iomld.model import Finding, Severity, Value

_MAX_LISTED = 8  # names of a list that a message can quote in full
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(r"[0-9]{4}")
_YEAR_INSIDE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_SPACES = "[ \u00a0\u2007\u2009\u202f]"
_SUM = re.compile(
    rf"(?P<sign>-?)(?P<whole>[0-9]+|[0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+)(?P<cents>\.[0-9]+)?"
)
# "100.000" is a hundred thousand in half of the world, and a hundred in the other half.
_POINT_AND_THREE = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_CURRENCY = re.compile(r"(?i:US dollars?|dollars?|USD|US\$|\$|EUR|€|CHF)")
_ADDRESS = re.compile(r"https?://[^\x00-\x20<>\"{}|\\^`]+")
_NOT_DIGITS = re.compile(r"[^0-9]")


def read_concept(value: Value, table: ConceptTable, *, field: str, rule: str) -> tuple[str | None, tuple[Finding, ...]]:
    """Find the code of a word.

    Args:
        value: The value in the source.
        table: The names of the scheme.
        field: The record's field, for the finding.
        rule: Name of the rule that an unknown word breaks (`unknownStatus`).

    Returns:
        The code, or None and a Violation with the closest words of the list.
    """
    code = table.code(value.text)
    if code is not None:
        return code, ()
    closest = table.closest(value.text)
    if closest:
        fix = message("Closest: {names}.", names=", ".join(closest))
    elif len(table.names) <= _MAX_LISTED:
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


def read_year(value: Value, field: str) -> tuple[int | None, tuple[Finding, ...]]:
    """Read a year of four digits (xsd:gYear without a time zone).

    Args:
        value: The value in the source.
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
    """Read a date (xsd:date without a time zone).

    Returns:
        The date, or None and a Violation `unreadableDate`.
    """
    try:
        if _DAY.fullmatch(value.text):
            return date.fromisoformat(value.text), ()
    except ValueError:
        pass  # well-formed, but not in the calendar
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

    The shapes check whether it is positive and within limits.

    Returns:
        The sum with the decimals of the source, or None and a Violation `unreadableBudget`.
    """
    amount = _amount(value.text)
    if amount is not None:
        return amount, ()
    bare_amount = _amount(_CURRENCY.sub("", value.text).strip())
    if bare_amount is not None:
        sentence = message("“{value}” holds more than a number.", value=value.text)
        fix = message("Write {value} and leave the currency out.", value=f"{bare_amount:.2f}")
    else:
        sentence = message("“{value}” cannot be read as one sum of money.", value=value.text)
        fix = message("Write it like 100000.00 and leave the currency out.")
    return None, (
        Finding(
            rule="unreadableBudget",
            severity=Severity.VIOLATION,
            message=sentence,
            fix=fix,
            field=field,
            value=value.text,
            place=value.place,
        ),
    )


def read_address(value: Value, field: str) -> tuple[str | None, tuple[Finding, ...]]:
    """Read the IRI of a thing on the web.

    Returns:
        The IRI, or None and a Violation `unreadableAddress`.
    """
    if _ADDRESS.fullmatch(value.text):
        return value.text, ()
    return None, (
        Finding(
            rule="unreadableAddress",
            severity=Severity.VIOLATION,
            message=message("“{value}” is no web address.", value=value.text),
            fix=message("Write the whole address, such as https://example.org/thing."),
            field=field,
            value=value.text,
            place=value.place,
        ),
    )


def _amount(text: str) -> Decimal | None:
    """The number, or None if the text is no number or ambiguous."""
    match = _SUM.fullmatch(text)
    if match is None or _POINT_AND_THREE.fullmatch(text):
        return None
    return Decimal(match["sign"] + _NOT_DIGITS.sub("", match["whole"]) + (match["cents"] or ""))
