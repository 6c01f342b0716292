"""Read the cells of a foreign table by the rules of a mapping.

The steps are those of CSV on the Web: nothing, or the default; the values of a list; for each its word, date or number.
A column that states a form of dates or numbers, or a currency, is read as a whole or not at all: a form that does not
fit one cell may have swapped day and month, or point and comma, in all others.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from iomld.assets import load_fields
from iomld.errors import SourceError
from iomld.folding import fold
from iomld.lexicon.currencies import currencies_of, split_currency
from iomld.messages import Message, message
from iomld.read.table.headings import YEAR_OR_DAY
from iomld.read.table.mapping import ColumnRule
from iomld.read.table.row_remarks import is_no_record
from iomld.read.table.rows import CellValue, Layout, Number, TableRow, cell_text, plain

SEPARATORS = re.compile(r"[;|\r\n]+")  # between the values of our own tables
_SPACES = " \u00a0\u2007\u2009\u202f"
_SHOWN = 80  # characters of a cell that an error quotes


class _Misfit(NamedTuple):
    """What a text has to do with the form that its column states: the text as our tables write it, or what is wrong."""

    text: str
    wrong: Message | None = None


def mapped_items(value: CellValue, text: str, column: str, rule: ColumnRule) -> tuple[str, ...]:
    """The values of a cell, as our own tables write them; none if it is empty.

    Args:
        value: The value of the cell.
        text: Its text.
        column: Name of our column.
        rule: How it is read.
    """
    whole = text.strip() or rule.default
    if rule.is_null(whole):
        return ()
    if (words := rule.values.get(fold(whole))) is not None:
        return words
    items: list[str] = []
    for item in _split(whole, column, rule):
        words = rule.values.get(fold(item))
        items += (_converted(value, item, column, rule).text,) if words is None else words
    return tuple(items)


def check_columns(layout: Layout, rows: Iterable[TableRow]) -> None:
    """See that every cell fits the form of dates, the form of numbers and the currency that its column states.

    Raises:
        SourceError: One does not.
    """
    stated = [
        (index, heading.column, rule)
        for index, heading in layout.columns
        if (rule := layout.rules.get(index)) and _states_form(heading.column, rule)
    ]
    for row in rows if stated else ():
        for index, column, rule in stated:
            value = row.cell(index)
            if not isinstance(value, str | Number) or not cell_text(value, "").strip():
                continue
            text = cell_text(value, "").strip()
            wrong = next(_wrong(value, text, column, rule), None)
            if wrong is not None and not is_no_record(row, layout):
                raise SourceError(_refused(layout, row, index, wrong), layout.place(row, index))


def states_dates(column: str) -> bool:
    """Whether the cells of a column are dates or years."""
    fields = load_fields()
    return column in YEAR_OR_DAY or column in fields.days or column in fields.years


def _states_form(column: str, rule: ColumnRule) -> bool:
    return (rule.format is not None and states_dates(column)) or (
        bool(rule.decimal_char or rule.currency) and column in load_fields().sums
    )


def _wrong(value: CellValue, text: str, column: str, rule: ColumnRule) -> Iterator[Message]:
    """What is wrong with the items of a cell."""
    if rule.is_null(text) or fold(text) in rule.values:
        return
    for item in _split(text, column, rule):
        if fold(item) not in rule.values:
            wrong = _converted(value, item, column, rule).wrong
            if wrong is not None:
                yield wrong


def _refused(layout: Layout, row: TableRow, index: int, wrong: Message) -> Message:
    place = layout.place(row, index)
    return message(
        "{file}, line {line}, cell {cell}: {wrong} The column “{heading}” does not fit its mapping, so "
        "nothing in the table was read. Correct the cell or the mapping; list words that mean “no value” "
        "under null.",
        file=place.file if place.sheet is None else f"{place.file} ({place.sheet})",
        line=row.line,
        cell=place.cell,
        wrong=wrong,
        heading=layout.headings[index],
    )


def _split(text: str, column: str, rule: ColumnRule) -> list[str]:
    """The items of a list that have a value; a single value by itself."""
    if column not in load_fields().lists:
        return [text]
    separators = "|".join(map(re.escape, rule.separators))
    parts = re.split(separators, text) if separators else SEPARATORS.split(text)
    return [item for part in parts if not rule.is_null(item := part.strip())]


def _converted(value: CellValue, text: str, column: str, rule: ColumnRule) -> _Misfit:
    """A date, a year or an amount as our tables write it; any other text as it is."""
    if column in load_fields().sums:
        return _amount(value, text, rule)
    if rule.format is None or not states_dates(column) or not _is_written(value):
        return _Misfit(text)
    day = rule.format.read(text)
    if day is None:
        wrong = message("“{value}” is not a date in the format {format}.", value=text[:_SHOWN], format=rule.format.text)
        return _Misfit(text, wrong)
    return _Misfit(day[:4] if column in load_fields().years else day)


def _is_written(value: CellValue) -> bool:
    """Whether a date is text, or digits that count no days, and not a date of a workbook."""
    return isinstance(value, str) or (isinstance(value, Number) and value.day is None)


def _amount(value: CellValue, text: str, rule: ColumnRule) -> _Misfit:
    if isinstance(value, Number):
        words: tuple[str, ...] = (value.currency,) if value.currency else ()
        number: str | None = text
    else:
        number, words = split_currency(plain(text))
        number = _plain_number(number, rule) if rule.decimal_char else number
    other = next((word for word in words if _is_other(word, rule.currency)), None)
    if other is not None:
        return _Misfit(
            text,
            message(
                "“{value}” is in “{other}”, but the mapping says {currency}.",
                value=text[:_SHOWN],
                other=other,
                currency=rule.currency,
            ),
        )
    if number is None:
        return _Misfit(
            text,
            message(
                "“{value}” is not a number with “{decimals}” as decimal separator and {groups} between groups of "
                "digits.",
                value=text[:_SHOWN],
                decimals=rule.decimal_char,
                groups=f"“{rule.group_char}”" if rule.group_char else message("nothing"),
            ),
        )
    written = text if isinstance(value, Number) or not rule.decimal_char else " ".join((number, *words))
    return _Misfit(written)


def _is_other(word: str, currency: str) -> bool:
    """Whether a word names a currency, and not the stated one."""
    meant = currencies_of(word)
    return bool(currency and meant) and currency not in meant


def _plain_number(text: str, rule: ColumnRule) -> str | None:
    """A number with a point before the decimals and no groups; a text without digits as it is, for its row to report.

    Returns:
        None if it has another form than the rule states.
    """
    if not any(map(str.isdigit, text)):
        return text
    groups = _SPACES if rule.group_char.isspace() else "'’" if rule.group_char in ("'", "’") else rule.group_char
    whole = rf"[0-9]{{1,3}}(?:[{re.escape(groups)}][0-9]{{3}})+|[0-9]+" if groups else "[0-9]+"
    match = re.fullmatch(rf"(?P<whole>-?(?:{whole}))(?:{re.escape(rule.decimal_char)}(?P<decimals>[0-9]+))?", text)
    if match is None:
        return None
    digits = re.sub(r"[^0-9-]", "", match["whole"])
    decimals = match["decimals"] or ""
    # A text such as 1.234 can be read in two ways; this one cannot, and 1.2340 says so.
    return f"{digits}.{decimals}{'0' * (len(decimals) == 3)}" if decimals else digits  # noqa: PLR2004  # a group
