"""Draft a mapping of a foreign table: what can be guessed as rules, what cannot as comments with close names.

A draft is a proposal for a person to correct. As it is written the reader takes it, and it makes no table worse: a
form of dates or numbers is stated only where every cell has it, and a word that no list has is left as it is.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice

from iomld.assets import load_fields
from iomld.errors import SourceError
from iomld.i18n import LANGUAGES, language_name
from iomld.lexicon.words import Lexicon
from iomld.messages import message
from iomld.model import AMOUNT_FIELDS, TEXT_LANGUAGES
from iomld.read.mapping import guesses
from iomld.read.mapping.guesses import ColumnCells
from iomld.read.mapping.tables import ForeignTable
from iomld.read.table.columns import heading_key
from iomld.read.table.headings import Heading, heading_of
from iomld.read.table.mapped_cells import states_dates
from iomld.read.table.money import split_heading

_CODES = ("projectCode", "primaId")
_MOST_ROWS = 200_000
_CONTROL = dict.fromkeys((*range(32), 127), " ")
_LONGEST = 160  # characters of a heading, a word or a remark
_MOST_POINTS = 20
_POINTS = re.compile(r"\.{2,}")
_MOST_WORDS = 8_000  # of all columns: a mapping has a largest size
_MOST_SHOWN = 12  # words of a column that is not placed


@dataclass(slots=True)
class _Placed:
    """A column with its guess.

    Attributes:
        cells: Its cells.
        column: Our column; empty if none could be guessed.
        keys: Keys of its rule and their values.
        words: Words that its list does not have, with the number of cells.
        comments: Remarks for the person who corrects the draft.
    """

    cells: ColumnCells
    column: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)


def draft_mapping(table: ForeignTable, lexicon: Lexicon) -> Iterator[str]:
    """The lines of a mapping in TOML for a table.

    Args:
        table: The table.
        lexicon: The words of our lists.

    Raises:
        SourceError: The table has no heading.
    """
    columns = _columns(table)
    if not columns:
        raise SourceError(message("{file}: no row of headings was found.", file=table.file))
    placed = [_Placed(cells, _named(cells.heading)) for cells in columns]
    _drop_repeated(placed)
    _guess(placed, lexicon)
    for one in placed:
        _describe(one, lexicon)
    yield f"# A draft of a mapping for {_comment(table.file)}: correct it, then give it as --mapping."
    yield "[columns]"
    short = [one for one in placed if one.column and not one.keys and not one.words]
    long = [one for one in placed if one.column and (one.keys or one.words)]
    for one in short:
        yield f"{_quoted(one.cells.heading)} = {_quoted(one.column)}{_remark(one.comments)}"
    for one in placed:
        if not one.column:
            names = ", ".join(guesses.closest_names(one.cells.heading))
            closest = f"closest: {names}" if names else "no column recognized"
            yield f'# {_quoted(one.cells.heading)} = "-"{_remark([closest, *one.comments])}'
    remaining = _MOST_WORDS
    for one in long:
        yield from _table_lines(one, lexicon, remaining)
        remaining = max(0, remaining - len(one.words))


def _columns(table: ForeignTable) -> list[ColumnCells]:
    """The columns with a heading, of headings that are the same the first one."""
    rows = list(islice(table.rows, _MOST_ROWS))
    found: dict[str, ColumnCells] = {}
    for index, heading in enumerate(table.headings):
        cells = (row.cell(index) for row in rows)
        values = tuple(cell for cell in cells if cell is not None and not (isinstance(cell, str) and not cell.strip()))
        if heading and _is_short(heading):
            found.setdefault(heading_key(heading), ColumnCells(heading, values))
    return list(found.values())


@cache
def _languages() -> dict[str, str]:
    """The languages of texts by their names in each language of pages."""
    return {heading_key(language_name(tag, language)): tag for tag in TEXT_LANGUAGES for language in LANGUAGES}


def _named(heading: str) -> str:
    """Our column for a heading that is known, also with the name of a language in brackets."""
    known = heading_of(heading)
    if known is None and "(" in heading:
        base, _, rest = heading.partition("(")
        language = _languages().get(heading_key(rest.strip(" )")))
        text = heading_of(base)
        known = replace(text, language=language) if language and text and text.language else None
    if known and known.currency and "/" in known.currency:  # a column has one currency
        return ""
    return _written(known) if known and known.piece == 1 else ""


def _written(heading: Heading) -> str:
    """A column as a mapping names it."""
    dated = {"start": "Start date", "end": "End date"}
    return f"{heading.column}_{heading.language}" if heading.language else dated.get(heading.column, heading.column)


def _drop_repeated(placed: Sequence[_Placed]) -> None:
    """Leave only the first of several columns that are one of ours, as a mapping names none twice."""
    seen: dict[str, str] = {}
    for one in placed:
        if one.column and seen.setdefault(one.column, one.cells.heading) != one.cells.heading:
            one.comments.append(f"{_quoted(seen[one.column])} is {one.column} already")
            one.column = ""


def _guess(placed: Sequence[_Placed], lexicon: Lexicon) -> None:
    """Guess the columns whose headings are not known by what their cells contain."""
    fields = load_fields().given
    # Without a code every record is refused, whatever else is guessed.
    has_code = not {one.column for one in placed}.isdisjoint(_CODES)
    open_columns = [one for one in placed if not one.column and one.cells.values and not one.comments]
    for one in open_columns:
        taken = {other.column for other in placed}
        cells = one.cells
        key = guesses.listed_field(cells, lexicon, taken)
        # A word that no list has refuses its record, which makes records no worse that are refused without the column.
        is_needed = bool(key) and (not has_code or fields[key].required)
        if is_needed or (key and not guesses.unknown_words(key, cells.texts, lexicon)):
            _place(one, key, "guessed from its words")
        elif key:
            one.comments.append(f"some words are of {key}")
        elif guesses.are_addresses(cells) and "sourceUrl" not in taken:
            _place(one, "sourceUrl", "guessed: addresses of the web")
        elif guesses.are_amounts(cells) and not taken.intersection(AMOUNT_FIELDS):
            _place(one, "budget", "guessed: amounts with their currency")
        elif guesses.is_code(cells) and not taken.intersection(_CODES):
            _place(one, "projectCode", "guessed: each row has a code of its own")
    _guess_days([one for one in open_columns if not one.column], {one.column for one in placed})


def _guess_days(open_columns: Sequence[_Placed], taken: Iterable[str]) -> None:
    """Two columns of days, the first never after the second, are the first and the last day."""
    dated = [(one, days) for one in open_columns if (days := _days(one.cells))]
    is_open = {"startDate", "endDate", "Start date", "End date", "startYear", "endYear"}.isdisjoint(taken)
    if len(dated) == 2 and is_open and all(a <= b for a, b in zip(dated[0][1], dated[1][1], strict=False)):  # noqa: PLR2004
        for (one, _), key in zip(dated, ("startDate", "endDate"), strict=True):
            _place(one, key, "guessed: the only two columns of days, in this order")


def _days(cells: ColumnCells) -> tuple[str, ...]:
    """The days of a column, year first; none if it has other cells, or its form could be two."""
    forms = [form for form in guesses.formats_of(cells) if "d" in form]
    if cells.written and len(_distinct(forms, cells)) != 1:
        return ()
    texts = [guesses.day_of(value, forms[0] if forms else "") for value in cells.values]
    return tuple(texts) if all(texts) else ()


def _distinct(forms: Sequence[str], cells: ColumnCells) -> list[str]:
    """Of forms that read all cells alike, the first."""
    readings: dict[tuple[str, ...], str] = {}
    for form in forms:
        readings.setdefault(tuple(guesses.day_of(text, form) for text in cells.written), form)
    return list(readings.values())


def _place(one: _Placed, column: str, comment: str) -> None:
    one.column = column
    one.comments.append(comment)


def _describe(one: _Placed, lexicon: Lexicon) -> None:
    """Add what the cells show: forms of dates and numbers, the currency, and words that no list has."""
    known = heading_of(one.column) if one.column else None
    if known is None:
        forms = guesses.formats_of(one.cells)
        shown = sorted(set(one.cells.texts))
        one.comments += [f"dates: {' or '.join(forms)}"] if forms else []
        one.comments += [f"words: {', '.join(shown)}"] if 0 < len(shown) <= _MOST_SHOWN and not forms else []
        return
    fields = load_fields()
    if states_dates(known.column):
        _describe_dates(one, known.column)
    elif known.column in AMOUNT_FIELDS:
        _describe_amounts(one, known)
    elif known.column in fields.concepts or (known.column in fields.given and fields.given[known.column].path):
        words = guesses.unknown_words(known.column, one.cells.texts, lexicon)
        one.words = {word: count for word, count in words.items() if _is_short(word)}
        if len(one.words) < len(words):
            one.comments.append(f"{len(words) - len(one.words)} words are too long to be listed")


def _describe_dates(one: _Placed, column: str) -> None:
    wants_day = column in load_fields().days
    forms = [form for form in guesses.formats_of(one.cells) if not wants_day or "d" in form]
    distinct = _distinct(forms, one.cells)
    if len(distinct) == 1 and distinct[0] not in ("yyyy-MM-dd", "yyyy"):
        one.keys["format"] = _quoted(distinct[0])
    elif len(distinct) > 1:
        one.comments.append(f"every date fits {' and '.join(distinct)}; choose one as format")
    elif not distinct and (seen := guesses.formats_seen(one.cells)):
        counts = ", ".join(f"{form} ({count})" for form, count in seen.items())
        one.comments.append(f"forms of dates seen: {counts}")


def _describe_amounts(one: _Placed, known: Heading) -> None:
    cells, seen = one.cells, guesses.currencies_seen(one.cells)
    stated = known.currency or split_heading(cells.heading)[1] or ("USD" if known.column == "budgetUSD" else None)
    codes = {stated, *seen} - {None}
    is_certain = stated is not None or sum(seen.values()) == len(cells.values)
    if len(codes) == 1 and is_certain and len(code := next(iter(codes)) or "") == 3 and code.isalpha():  # noqa: PLR2004
        one.keys["currency"] = _quoted(code)
    elif codes:
        counts = ", ".join(f"{name} ({count})" for name, count in seen.items())
        one.comments.append(f"currencies seen beside numbers: {counts or 'none'}; in the heading: {stated or 'none'}")
    characters = guesses.number_characters(cells)
    if characters:
        one.keys |= dict(zip(("decimalChar", "groupChar"), map(_quoted, characters), strict=True))


def _table_lines(one: _Placed, lexicon: Lexicon, most_words: int) -> Iterator[str]:
    name = _quoted(one.cells.heading)
    yield ""
    yield f"[columns.{name}]{_remark(one.comments)}"
    yield f"column = {_quoted(one.column)}"
    yield from (f"{key} = {value}" for key, value in one.keys.items())
    if one.words:
        yield ""
        yield f"[columns.{name}.values]  # an empty text leaves a word as it is, - leaves it out"
        for word, count in islice(one.words.items(), most_words):
            near = ", ".join(guesses.closest_words(one.column, word, lexicon))
            rows = f"{count} row" if count == 1 else f"{count} rows"
            yield f'{_quoted(word)} = ""{_remark([rows, *([f"closest: {near}"] if near else [])])}'
        if len(one.words) > most_words:
            yield f"# and {len(one.words) - most_words} more words"


def _quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _is_short(text: str) -> bool:
    """Whether a text can be a key; a line of a mapping has not many points."""
    return len(text) <= _LONGEST and text.count(".") <= _MOST_POINTS


def _comment(text: str) -> str:
    return _POINTS.sub("…", text.translate(_CONTROL))


def _remark(comments: Iterable[str]) -> str:
    remarks = _comment("; ".join(comments))[:_LONGEST]
    return f"  # {remarks}" if remarks else ""
