"""Parses single values: words of a controlled list to codes, years, dates and sums of money.

A value that cannot be parsed, or in more than one way, is a finding.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from iomld.lexicon.words import ConceptTable
from iomld.messages import alternatives, joined, message
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
_ADDRESS = re.compile(r"https?://[^\x00-\x20<>\"{}|\\^`]+")
# Two or three bytes of UTF-8, each read as a character of its own; and the character for what could not be read.
# The first character is before the branches: sets are found three times as fast as branches that begin with sets.
_GARBLED_FIRST = "\u00c2\u00c3\u00c4\u00c5\u00e2\u221a\u201a\ufffd"
_GARBLED = re.compile(
    f"[{_GARBLED_FIRST}]"
    "(?:(?<=[\u00c2-\u00c5])"
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|(?<=\u00e2)[\u0080\u20ac][\u0080-\u00bf\u0152\u0153\u0160\u0161\u02dc\u2018-\u2022\u2039\u203a\u2122]"
    "|(?<=\u221a)[\u0080-\u2265]|(?<=\u201a)\u00c4[\u0080-\u2265]|(?<=\ufffd))"
)
# Letters of Latin scripts, and the signs of our languages.
_PLAUSIBLE = re.compile("[\u00a0-\u017f\u2010-\u203a]")
_NOT_DIGITS = re.compile(r"[^0-9]")


def garbled_texts(values: Iterable[Value], field: str) -> Iterator[Finding]:
    """A Warning `garbledText` for each text that was decoded wrongly somewhere, such as "lâ€™Ã©migration"."""
    for value in values:
        # Looking for each of the first characters by itself takes a quarter of the time of the pattern.
        if value.text.isascii() or not any(map(value.text.__contains__, _GARBLED_FIRST)):
            continue
        for found in _GARBLED.finditer(value.text):
            meant = _redecoded(found[0])
            if meant:
                yield Finding(
                    rule="garbledText",
                    severity=Severity.WARNING,
                    message=message(
                        "“{found}” looks like “{meant}” read in the wrong encoding.", found=found[0], meant=meant
                    ),
                    fix=message("Save the source as UTF-8 again, from a copy in which the text is still right."),
                    field=field,
                    value=found[0],
                    place=value.place,
                )
                break


def _redecoded(text: str) -> str | None:
    """The text that UTF-8 read as Windows-1252 or Mac Roman was; None if it makes no sense in our languages."""
    for encoding in ("cp1252", "latin-1", "mac-roman"):
        try:
            meant = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if _PLAUSIBLE.fullmatch(meant):
            return meant
    return "?" if text == "\ufffd" else None


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
        fix = message("Did you mean {names}?", names=alternatives(closest))
    elif 0 < len(table.names) <= _MAX_LISTED:
        fix = message("Write one of: {names}.", names=joined(list(table.names.values())))
    else:
        fix = message("Write a name or a code from the list that the project template and the ontology page show.")
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
            message=message("“{value}” is not a four-digit year.", value=value.text),
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
            message=message("“{value}” is not a date in the form YYYY-MM-DD.", value=value.text),
            fix=message("Write the year, month and day: 2017-06-30."),
            field=field,
            value=value.text,
            place=value.place,
        ),
    )


def read_amount(text: str) -> Decimal | None:
    """Read a number: a point before the cents, commas or spaces only between groups of three digits.

    The shapes check whether it is positive and within limits.

    Returns:
        The number with the decimals of the source; None if the text is no number or can be read in two ways.
    """
    match = _SUM.fullmatch(text)
    if match is None or _POINT_AND_THREE.fullmatch(text):
        return None
    return Decimal(match["sign"] + _NOT_DIGITS.sub("", match["whole"]) + (match["cents"] or ""))


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
            message=message("“{value}” is not a web address.", value=value.text),
            fix=message("Write the full address, such as https://example.org/thing."),
            field=field,
            value=value.text,
            place=value.place,
        ),
    )
