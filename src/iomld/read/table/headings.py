"""Recognize the headings of a table.

Headings are folded (`iomld.folding`): case, accents, underscores and dashes do not count. The labels of project pages
are headings too. A mapping gives our column for each heading of a foreign table.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from iomld.assets import load_fields
from iomld.fund_folder import cached
from iomld.model import BUDGET_FIELDS
from iomld.read.table.columns import (
    Column,
    bare_heading,
    heading_key,
    headings_of,
    mention_columns,
    project_columns,
)
from iomld.read.table.mapping import IGNORED, NO_MAPPING, TableMapping
from iomld.read.table.money import AMOUNT_WORDS, split_heading

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
_MONEY_CUTOFF = 0.82  # the least similarity of a heading to one of a budget: "bugdet" is as similar as that


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


def heading_of(text: str, mapping: TableMapping = NO_MAPPING) -> Heading | None:
    """The column of a heading in a table of projects, or None.

    Args:
        text: The heading as written.
        mapping: Our column for each foreign heading; headings are compared folded.

    >>> heading_of("Código del proyecto"), heading_of("Titre (FR)")
    (Heading(column='projectCode', language=None, piece=1, currency=None), \
Heading(column='title', language='fr', piece=1, currency=None))
    """
    rule = mapping.rule_of(text)
    if rule is not None:
        heading = None if rule.column == IGNORED else _known_heading(rule.column)
        if heading and heading.column in BUDGET_FIELDS:
            return replace(heading, currency=rule.currency or heading.currency or split_heading(text)[1])
        return heading
    piece = _PIECE.fullmatch(text.strip())
    if piece:
        whole = _known_heading(piece["heading"])
        return Heading(whole.column, whole.language, int(piece["number"])) if whole and whole.language else None
    return _known_heading(text)


def mention_heading_of(text: str, mapping: TableMapping = NO_MAPPING) -> Heading | None:
    """The column of a heading in a table of mentions, or None."""
    rule = mapping.rule_of(text)
    name = _mention_headings().get(heading_key(rule.column if rule else text))
    return Heading(name) if name else None


def is_ignored(text: str, mapping: TableMapping) -> bool:
    """Whether the mapping tells to ignore a column."""
    rule = mapping.rule_of(text)
    return rule is not None and rule.column == IGNORED


def is_our_column(name: str) -> bool:
    """Whether a name in a mapping is one of our columns, or says that a column is ignored."""
    return name == IGNORED or heading_of(name) is not None or mention_heading_of(name) is not None


def closest_columns(text: str, columns: Iterable[Column]) -> tuple[str, ...]:
    """The column whose name or heading is most similar to a text, with the text's currency; empty if none is."""
    base, currency = split_heading(text)
    names = {heading_key(heading): column.name for column in columns for heading in column.headings}
    key = heading_key(base)[:100]
    for near in get_close_matches(key, names, n=1, cutoff=0.7):
        if names[near] not in BUDGET_FIELDS:
            return (names[near],)
        # What is next to the word may be an unknown currency; only dollars are called dollars.
        if len(key.split()) <= len(near.split()) and get_close_matches(key, (near,), cutoff=_MONEY_CUTOFF):
            return (f"budget ({currency})" if currency else "budget",)
    return ()


def _known_heading(text: str) -> Heading | None:
    key = heading_key(text)
    known = _project_headings()
    if heading := known.get(key):
        return heading
    tagged = _TAGGED.fullmatch(bare_heading(text))
    base = known.get(heading_key(tagged["base"])) if tagged else None
    if tagged and base and base.language:
        return Heading(base.column, tagged["tag"].lower().replace("_", "-"))
    amount, currency = split_heading(text)
    whole = known.get(heading_key(amount))
    if currency and ((whole and whole.column == "budget") or heading_key(amount) in AMOUNT_WORDS):
        return Heading("budget", currency=currency)
    return None


@cached
def _project_headings() -> Mapping[str, Heading]:
    """The heading of each folded text; the name of a field counts before a label or heading of another one."""
    fields = load_fields()
    found: dict[str, Heading] = {}
    for column in project_columns():
        found[heading_key(column.name)] = Heading(column.name, "en" if column.name in fields.texts else None)
    texts = [(field, text, language) for field in fields.given.values() for text, language in headings_of(field)]
    # The names first; of one text in two languages, such as "Description", the English one.
    texts.sort(key=lambda one: (one[1] not in one[0].names.values(), one[2] != "en"))
    for field, text, language in texts:
        tag = (language or "en") if field.key in fields.texts else None
        key = heading_key(text)
        if key not in found or (found[key].column == field.key and language == "en"):
            found[key] = Heading(field.key, tag)
    for column in project_columns():
        for text in (*column.headings, _CAPITAL.sub(" ", column.name)):
            found.setdefault(heading_key(text), Heading(column.name))
    return {key: _dated(key, heading) for key, heading in found.items()}


def _dated(key: str, heading: Heading) -> Heading:
    """A heading such as "Start date" is printed over years and over days."""
    is_open = heading.column in _DATED and not _YEAR_WORDS.search(key)
    return Heading(_DATED[heading.column]) if is_open else heading


@cached
def _mention_headings() -> Mapping[str, str]:
    """The column of each folded heading of a table of mentions; the name of a column counts before other headings."""
    found = {heading_key(one.name): one.name for one in mention_columns()}
    for one in mention_columns():
        for heading in one.headings:
            found.setdefault(heading_key(heading), one.name)
    return found
