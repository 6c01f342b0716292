"""Recognise the headings of a table, and read mappings for foreign tables (`--mapping FILE`).

Headings are folded (`iomld.folding`): case, accents, underscores and dashes do not count. The labels of project pages
are headings too. A mapping gives our column for each heading of a foreign table.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from json import JSONDecodeError
from pathlib import Path

from iomld.assets import load_fields
from iomld.errors import SourceError
from iomld.folding import fold
from iomld.messages import ForeignText, message
from iomld.model import BUDGET_FIELDS
from iomld.read.table.columns import MENTION_COLUMNS, Column, headings_of, project_columns
from iomld.read.table.csv_rows import decoded, delimiters_of, read_rows
from iomld.read.table.money import AMOUNT_WORDS, split_heading

IGNORED = "-"  # the value in a mapping for a column to ignore

# Pages print a heading such as "Start date" over a year; the value decides whether it is a year or a day.
YEAR_OR_DAY: Mapping[str, tuple[str, str]] = {"start": ("startYear", "startDate"), "end": ("endYear", "endDate")}
_DATED = {"startYear": "start", "endYear": "end"}
_YEAR_WORDS = re.compile(r"year|annee|ano\b")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TAGGED = re.compile(
    r"(?P<base>.+?)\s*(?:[_@]\s*|[(\[]\s*|\s(?=(?i:en|fr|es|pt|ar|ru|zh)$))"
    r"(?P<tag>[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\s*[)\]]?"
)
_PIECE = re.compile(r"(?P<heading>[a-z]+_[a-z0-9-]+) \((?P<number>[2-9]|[1-9][0-9])\)")
_NUMBERED = re.compile(
    r"\(?(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[A-Za-z])[.)] ?(?=\S)|[0-9]{1,2} (?=[A-Za-z])|(?:No|N°|#) ?[0-9]{1,2}[.:] ?"
)
_FIX = 'Write {"Their heading": "projectCode"}, or two columns: their heading, ours.'
_COLUMNS_OF_A_MAPPING = 2
_MONEY_CUTOFF = 0.82  # the least similarity of a heading to one of a budget: "bugdet" is as similar as that
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Heading:
    """The column that a heading names.

    Attributes:
        column: Name of the column; a key of `YEAR_OR_DAY` if the value decides.
        language: Language of a text.
        piece: Number, from 1, of the part of a text too long for one cell: 2 for `narrative_en (2)`.
        currency: The code or sign of a currency in the heading of a budget.
    """

    column: str
    language: str | None = None
    piece: int = 1
    currency: str | None = None


def heading_of(text: str, mapping: Mapping[str, str]) -> Heading | None:
    """The column of a heading in a table of projects, or None.

    Args:
        text: The heading as written.
        mapping: Our column for each foreign heading; headings are compared folded.

    >>> heading_of("Código del proyecto", {}), heading_of("Titre (FR)", {})
    (Heading(column='projectCode', language=None, piece=1, currency=None), \
Heading(column='title', language='fr', piece=1, currency=None))
    """
    mapped = _mapped_column(text, mapping)
    if mapped is not None:
        heading = None if mapped == IGNORED else _known_heading(mapped)
        if heading and heading.column in BUDGET_FIELDS:
            return replace(heading, currency=heading.currency or split_heading(text)[1])
        return heading
    piece = _PIECE.fullmatch(text.strip())
    if piece:
        whole = _known_heading(piece["heading"])
        return Heading(whole.column, whole.language, int(piece["number"])) if whole and whole.language else None
    return _known_heading(text)


def mention_heading_of(text: str, mapping: Mapping[str, str]) -> Heading | None:
    """The column of a heading in a table of mentions, or None."""
    name = _MENTION_NAMES.get(_key(_mapped_column(text, mapping) or text))
    return Heading(name) if name else None


def is_ignored(text: str, mapping: Mapping[str, str]) -> bool:
    """Whether the mapping tells to ignore a column."""
    return _mapped_column(text, mapping) == IGNORED


def closest_columns(text: str, columns: Iterable[Column]) -> tuple[str, ...]:
    """The column whose name or heading is most similar to a text, with the text's currency; empty if none is."""
    base, currency = split_heading(text)
    names = {_key(heading): column.name for column in columns for heading in column.headings}
    key = _key(base)[:100]
    for near in get_close_matches(key, names, n=1, cutoff=0.7):
        if names[near] not in BUDGET_FIELDS:
            return (names[near],)
        # What stands beside the word may be a currency that is not known; nothing but dollars is called dollars.
        if len(key.split()) <= len(near.split()) and get_close_matches(key, (near,), cutoff=_MONEY_CUTOFF):
            return (f"budget ({currency})" if currency else "budget",)
    return ()


def _known_heading(text: str) -> Heading | None:
    key = _key(text)
    known = _project_headings()
    if heading := known.get(key):
        return heading
    tagged = _TAGGED.fullmatch(_bare(text))
    base = known.get(_key(tagged["base"])) if tagged else None
    if tagged and base and base.language:
        return Heading(base.column, tagged["tag"].lower().replace("_", "-"))
    amount, currency = split_heading(text)
    whole = known.get(_key(amount))
    if currency and ((whole and whole.column == "budget") or _key(amount) in AMOUNT_WORDS):
        return Heading("budget", currency=currency)
    return None


def _mapped_column(text: str, mapping: Mapping[str, str]) -> str | None:
    """Our column for a heading that the mapping names."""
    if not mapping:
        return None
    key = _key(text)
    return next((ours for theirs, ours in mapping.items() if _key(theirs) == key), None)


def _key(text: str) -> str:
    """The folded heading, without the marks of forms."""
    return fold(_bare(text).replace("_", " "))


def _bare(text: str) -> str:
    """A heading without the number that forms put before it and the marks that they put after it.

    >>> _bare("3. Title (en) *"), _bare("(b) Coverage:")
    ('Title (en)', 'Coverage')
    """
    return _NUMBERED.sub("", text.strip().strip("*").strip()).rstrip("*: ").strip()


@cache
def _project_headings() -> Mapping[str, Heading]:
    """The heading of each folded text; the name of a field counts before a label or heading of another one."""
    fields = load_fields()
    found: dict[str, Heading] = {}
    for column in project_columns():
        found[_key(column.name)] = Heading(column.name, "en" if column.name in fields.texts else None)
    texts = [(field, text, language) for field in fields.given.values() for text, language in headings_of(field)]
    # The names first; of one text in two languages, such as "Description", the English one.
    texts.sort(key=lambda one: (one[1] not in one[0].names.values(), one[2] != "en"))
    for field, text, language in texts:
        tag = (language or "en") if field.key in fields.texts else None
        key = _key(text)
        if key not in found or (found[key].column == field.key and language == "en"):
            found[key] = Heading(field.key, tag)
    for column in project_columns():
        for text in (*column.headings, _CAPITAL.sub(" ", column.name)):
            found.setdefault(_key(text), Heading(column.name))
    return {key: _dated(key, heading) for key, heading in found.items()}


def _dated(key: str, heading: Heading) -> Heading:
    """A heading such as "Start date" is printed over years and over days."""
    is_open = heading.column in _DATED and not _YEAR_WORDS.search(key)
    return Heading(_DATED[heading.column]) if is_open else heading


_MENTION_NAMES: Mapping[str, str] = {_key(heading): one.name for one in MENTION_COLUMNS for heading in one.headings}


def read_mapping(path: Path) -> Mapping[str, str]:
    """Read a mapping.

    Args:
        path: A JSON object, or a table of two columns with or without a header; `-` as our column ignores theirs.

    Raises:
        SourceError: The file cannot be read, is not a mapping, or names an unknown column.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(
            message("{file}: cannot be read ({detail}).", file=path, detail=ForeignText(error.strerror))
        ) from error
    if len(data) > _MOST_BYTES:
        raise SourceError(f"{path}: too large for a mapping. {_FIX}")
    text, _ = decoded(data, str(path))
    pairs = _pairs_of_json(text, path) if text.lstrip().startswith(("{", "[")) else _pairs_of_table(text, path)
    return _checked_mapping(pairs, path)


def _pairs_of_json(text: str, path: Path) -> Iterable[tuple[str, str]]:
    try:
        content = json.loads(text)
    except JSONDecodeError as error:
        raise SourceError(
            f"{path}, line {error.lineno}, column {error.colno}: not valid JSON ({error.msg})."
        ) from error
    except RecursionError as error:
        raise SourceError(f"{path}: the JSON is nested too deeply. {_FIX}") from error
    if not (isinstance(content, dict) and all(isinstance(column, str) for column in content.values())):
        raise SourceError(f"{path}: no mapping. {_FIX}")
    return content.items()


def _pairs_of_table(text: str, path: Path) -> Iterable[tuple[str, str]]:
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    delimiter = next((mark for mark in delimiters_of(first) if len(first.split(mark)) == _COLUMNS_OF_A_MAPPING), ",")
    for number, row in enumerate(read_rows(text, delimiter, file=str(path))):
        if not any(row.cells):
            continue
        if len(row.cells) != _COLUMNS_OF_A_MAPPING:
            raise SourceError(f"{path}, line {row.line}: two columns are needed. {_FIX}")
        theirs, ours = (cell.strip() for cell in row.cells)
        if number > 0 or _is_column(ours):
            yield theirs, ours


def _checked_mapping(pairs: Iterable[tuple[str, str]], path: Path) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for theirs, ours in pairs:
        if not _is_column(ours):
            near = closest_columns(ours, project_columns())
            hint = f"Did you mean '{near[0]}'?" if near else "See the list of columns in the documentation."
            raise SourceError(f"{path}: '{ours}' is none of our columns. {hint}")
        if mapping.setdefault(theirs, ours) != ours:
            raise SourceError(f"{path}: '{theirs}' stands twice, for '{mapping[theirs]}' and '{ours}'. Keep one.")
    if not mapping:
        raise SourceError(f"{path}: the mapping is empty. {_FIX}")
    return mapping


def _is_column(name: str) -> bool:
    return name == IGNORED or heading_of(name, {}) is not None or mention_heading_of(name, {}) is not None
