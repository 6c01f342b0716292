"""Guess from its cells what a column of a foreign table contains: words of a list, countries, dates, amounts."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from iomld.assets import load_fields
from iomld.fields.declared import FieldKind
from iomld.folding import fold
from iomld.lexicon.currencies import currencies_of, split_currency
from iomld.lexicon.words import Lexicon
from iomld.read.table.columns import heading_key, project_columns
from iomld.read.table.date_formats import date_format
from iomld.read.table.mapped_cells import SEPARATORS
from iomld.read.table.rows import CellValue, Number, cell_text

# The forms of dates that are tried, those of CSV on the Web and some with names of months.
FORMATS = (
    "yyyy-MM-dd", "dd/MM/yyyy", "MM/dd/yyyy", "d/M/yyyy", "M/d/yyyy", "dd.MM.yyyy", "d.M.yyyy", "dd-MM-yyyy",
    "MM-dd-yyyy", "d-M-yyyy", "yyyy/MM/dd", "yyyyMMdd", "d MMM yyyy", "d MMMM yyyy", "MMM d, yyyy", "MMMM d, yyyy",
    "d-MMM-yyyy", "yyyy",
)  # fmt: skip
_LISTED = 0.3  # share of the rows whose words a list has, from which a column may be of that list
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"(?=\S*[0-9])(?=\S*[A-Za-z])[A-Za-z0-9./_-]{2,30}")
_ADDRESS = re.compile(r"https?://\S+")
_POINTED = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_COMMAED = re.compile(r"-?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?")
_MOST_COMPARED = 80  # characters of a heading
_CLOSE = 0.8  # likeness of two headings, to which a word in common adds a part


@dataclass(frozen=True, slots=True)
class ColumnCells:
    """The cells of a column that are not empty.

    Attributes:
        heading: The heading as written.
        values: Their values, in the order of the rows.
    """

    heading: str
    values: tuple[CellValue, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Their texts; of dates of a workbook the day."""
        return tuple(cell_text(value, "").strip() for value in self.values)

    @property
    def written(self) -> tuple[str, ...]:
        """The texts of cells that are text."""
        return tuple(value.strip() for value in self.values if isinstance(value, str))


def formats_of(cells: ColumnCells) -> tuple[str, ...]:
    """The forms that every date in text of a column has; none where one has another, or none is text."""
    written = cells.written
    return tuple(form for form in FORMATS if written and all(map(date_format(form).read, written)))


def formats_seen(cells: ColumnCells) -> Mapping[str, int]:
    """The number of cells with each form, for a column that has several; a cell counts for its first form."""
    first = (next((form for form in FORMATS if date_format(form).read(text)), "") for text in cells.written)
    return Counter(filter(None, first))


def day_of(value: CellValue, form: str) -> str:
    """The day of a cell, year first; empty if it is none of the form."""
    if isinstance(value, str):
        return (date_format(form).read(value) or "") if form else ""
    text = cell_text(value, "startDate")
    return text if _DAY.fullmatch(text) else ""


def number_characters(cells: ColumnCells) -> tuple[str, str] | None:
    """The characters before decimals and between groups that all amounts in text fit, if only one pair does."""
    numbers = [split_currency(text)[0] for text in cells.written]
    pointed, commaed = (all(map(form.fullmatch, numbers)) for form in (_POINTED, _COMMAED))
    if not numbers or pointed == commaed:
        return None
    return (".", ",") if pointed else (",", ".")


def currencies_seen(cells: ColumnCells) -> Mapping[str, int]:
    """The number of cells that name each currency, by its code, or by its sign if that may be several."""
    found: Counter[str] = Counter()
    for value in cells.values:
        words = (value.currency,) if isinstance(value, Number) else split_currency(cell_text(value, ""))[1]
        for word in filter(None, words):
            codes = currencies_of(word)
            if codes:
                found[next(iter(codes)) if len(codes) == 1 else word] += 1
    return found


def are_amounts(cells: ColumnCells) -> bool:
    """Whether all cells are numbers with a currency next to them."""
    parts = [split_currency(text) for text in cells.written]
    return bool(parts) and all(words and all(map(currencies_of, words)) for _, words in parts)


def are_addresses(cells: ColumnCells) -> bool:
    """Whether all cells are addresses on the web."""
    return bool(cells.values) and all(map(_ADDRESS.fullmatch, cells.texts))


def is_code(cells: ColumnCells) -> bool:
    """Whether each row has a short code of its own."""
    texts = cells.texts
    are_short = all(map(_CODE.fullmatch, texts))
    return len(texts) > 1 and are_short and len(set(texts)) == len(texts)


def listed_field(cells: ColumnCells, lexicon: Lexicon, taken: Iterable[str]) -> str:
    """The field of codes whose list has most words of a column; empty if no list has enough of them."""
    best, share = "", _LISTED
    counts = Counter(cells.texts)
    for key, field in load_fields().given.items():
        if key in taken or field.kind not in (FieldKind.CONCEPT, FieldKind.COUNTRY):
            continue
        known = sum(
            count for text, count in counts.items() if not unknown_words(key, (text,), lexicon) and not text.isdigit()
        )
        if known / max(len(cells.values), 1) > share:
            best, share = key, known / len(cells.values)
    return best


def unknown_words(key: str, texts: Iterable[str], lexicon: Lexicon) -> Mapping[str, int]:
    """The number of cells with each distinct word that the list of a field does not have; case does not count."""
    field = load_fields().given[key]
    found: Counter[str] = Counter()
    first: dict[str, str] = {}
    for text, count in Counter(texts).items():
        items = [part.strip() for part in SEPARATORS.split(text)] if field.many else [text]
        for item in filter(None, items):
            for word in _unknown(item, field.kind, field.scheme, lexicon):
                found[first.setdefault(fold(word), word)] += count
    return found


def _unknown(item: str, kind: FieldKind, scheme: str, lexicon: Lexicon) -> Sequence[str]:
    if kind is FieldKind.COUNTRY:
        return lexicon.gazetteer.states(item).leftovers
    table = lexicon.concepts.get(scheme)
    return (item,) if kind is FieldKind.CONCEPT and (table is None or table.code(item) is None) else ()


def closest_words(key: str, word: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Words of a field's list that are like a word."""
    field = load_fields().given[key]
    if field.kind is FieldKind.COUNTRY:
        return tuple(map(str, lexicon.gazetteer.closest(word)))
    table = lexicon.concepts.get(field.scheme)
    return tuple(map(str, table.closest(word) if table else ()))


def closest_names(heading: str) -> tuple[str, ...]:
    """Up to three columns of ours with the headings most like a heading; none that is like it in a few letters only."""
    key = heading_key(heading)[:_MOST_COMPARED]
    matcher = SequenceMatcher()
    matcher.set_seq2(key)
    words = set(key.split())
    scores: dict[str, float] = {}
    for column in project_columns():
        for known in map(heading_key, column.headings):
            matcher.set_seq1(known)
            score = matcher.ratio() + len(words & set(known.split())) / max(len(words), 1)
            scores[column.name] = max(score, scores.get(column.name, 0))
    close = sorted((name for name, score in scores.items() if score >= _CLOSE), key=lambda name: -scores[name])
    return tuple(close[:3])
