"""Read pages without labels: bare values under the title, in any order, any of them missing.

Each line is recognized by its form (codes, amounts, years) or by its words (status, type, coverage, region, countries),
not by its position. Only a line with neither gets its field from its neighbours, so that a mistyped word is reported
and not lost.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from iomld.lexicon.words import Lexicon
from iomld.read.page.labelled import once
from iomld.read.page.labels import Mark, first_language, guessed_language
from iomld.read.page.page import LONGEST_VALUE, PageDraft, PageLine, PrintedField, are_countries, filled, is_prose

_FORMS = (
    ("projectCode", re.compile(r"[A-Z]{2}\.[0-9]{4}|[A-Z][A-Z0-9][0-9]-[0-9]{3}")),
    ("primaId", re.compile(r"[A-Z]{2}[0-9]{2}P[0-9]{4}")),
    ("allocationYear", re.compile(r"(?:19|20)[0-9]{2}")),
    (
        "budgetUSD",
        re.compile(
            r"(?:(?:USD|US\$|\$) ?)?(?:[0-9]{1,3}(?:[,\u00a0\u202f ][0-9]{3})+|[0-9]{4,9})(?:\.[0-9]{1,2})?(?: ?USD)?"
        ),
    ),
)
_STATES = "benefitingMemberStates"
# The order of fields on the old site, for a line that is not recognized.
_ORDER = ("region", "projectCode", "primaId", "budgetUSD", _STATES, "projectType", "coverage", "status")
_CODES = frozenset({"projectCode", "primaId"})
_YEARS = {1: ("allocationYear",), 2: ("startYear", "endYear"), 3: ("startYear", "endYear", "allocationYear")}
_LONGEST_RUN = 400  # lines; more than all countries of the world
_SEARCHED = 2000  # lines at the beginning of a page in which the values begin
_FEWEST = 3  # different fields that make a page without a code
_MENU = ("- ", "• ")


@dataclass(frozen=True, slots=True)
class _BareLine:
    """A line without a label, and the fields that it can be a value of."""

    line: PageLine
    fields: tuple[str, ...]


def unlabelled_draft(
    lines: Sequence[PageLine], marks: Sequence[Mark], lexicon: Lexicon, language: str | None = None
) -> PageDraft | None:
    """Read a page of bare values, or a page of title, list of countries and narrative.

    Args:
        lines: The lines of the page.
        marks: Its labels; a single one may be a menu item that looks like a label.
        lexicon: The words of our lists.
        language: The language that the page declares, for texts that do not show theirs.

    Returns:
        The parts of the page, or None if it is not such a page.
    """
    full = [lines[index] for index in filled(lines, 0, len(lines))]
    labels = {mark.field for mark in marks}
    if len(labels) > 1:
        return None
    found = _header(full, lexicon) or _country_page(lines, full, lexicon)
    if found is None or (labels and len(found[1]) < _FEWEST):
        return None
    title, fields, body = found
    text = "\n".join(line.text for line in (*((title,) if title else ()), *body))
    first = min(line.number for printed in fields for line in printed.values)
    spoken = first_language((guessed_language(text), language))
    return PageDraft(title and once(title), fields, body, first, spoken)


_PageParts = tuple[PageLine | None, tuple[PrintedField, ...], tuple[PageLine, ...]]


def _header(full: Sequence[PageLine], lexicon: Lexicon) -> _PageParts | None:
    """The first run of bare values that describes a project."""
    start = 0
    while start < min(len(full), _SEARCHED):
        run = _value_run(full, start, lexicon)
        if _is_project(run):
            body = tuple(full[start + len(run) :])
            if _is_below_double(full, start):
                start, run = start - 1, [_BareLine(full[start - 1], ()), *run]
            title = full[start - 1] if start and not full[start - 1].text.startswith(_MENU) else None
            return title, tuple(_assigned_fields(run)), body
        start += max(len(run), 1)
    return None


def _is_below_double(full: Sequence[PageLine], start: int) -> bool:
    """Whether an unknown line is between the title, printed twice, and the first value."""
    above = [line.text for line in full[max(0, start - 3) : start]]
    return len(above) == 3 and above[0] == above[1] != above[2] and not is_prose(above[2])  # noqa: PLR2004  # as cut


def _value_run(full: Sequence[PageLine], start: int, lexicon: Lexicon) -> list[_BareLine]:
    """The values from `start` on, up to a line that is not a value or that repeats a field."""
    run: list[_BareLine] = []
    single: Counter[str] = Counter()
    for index in range(start, min(start + _LONGEST_RUN, len(full))):
        fields = _fields(full[index].text, lexicon)
        if not fields and not _is_unknown_value(full, index, run, lexicon):
            break
        taken = fields[0] if len(fields) == 1 else ""
        if taken and taken not in {_STATES, "allocationYear"} and single[taken]:
            break
        single[taken] += 1
        run.append(_BareLine(full[index], fields))
    return run


def _fields(text: str, lexicon: Lexicon) -> tuple[str, ...]:
    if text[0] in "-•" or len(text) > LONGEST_VALUE:
        return ()
    by_form = tuple(field for field, form in _FORMS if form.fullmatch(text))[:1]
    return by_form or lexicon.fields_of(text) or ((_STATES,) if are_countries(text, lexicon) else ())


def _is_unknown_value(full: Sequence[PageLine], index: int, run: Sequence[_BareLine], lexicon: Lexicon) -> bool:
    """Whether a line that is not recognized is in the place and form of a value."""
    if not run or not run[-1].fields or is_prose(full[index].text) or full[index].text.startswith("-"):
        return False
    return index + 1 < len(full) and bool(_fields(full[index + 1].text, lexicon))


def _is_project(run: Sequence[_BareLine]) -> bool:
    """Whether bare values describe a project: a code and more, or several fields with a word of our lists."""
    kinds = {bare.fields[0] for bare in run if bare.fields}
    if kinds <= {field for field, _ in _FORMS}:
        return False
    return len(kinds) >= _FEWEST or (len(kinds) > 1 and not kinds.isdisjoint(_CODES))


def _assigned_fields(run: Sequence[_BareLine]) -> Iterator[PrintedField]:
    """The fields of a run: first of lines that fit one field, then of lines that fit several."""
    fields = [bare.fields[0] if len(bare.fields) == 1 else "" for bare in run]
    for number, bare in enumerate(run):
        if len(bare.fields) > 1:
            fields[number] = _open_field(bare.fields, fields, number)
    for number, bare in enumerate(run):
        if not bare.fields:
            fields[number] = _field_between(bare.line.text, fields, number)
    years = [number for number, field in enumerate(fields) if field == "allocationYear"]
    for number, field in zip(years, _YEARS.get(len(years), ()), strict=False):
        fields[number] = field
    for field in dict.fromkeys(fields):
        yield PrintedField(field, tuple(bare.line for bare, name in zip(run, fields, strict=True) if name == field))


def _open_field(choices: Sequence[str], fields: Sequence[str], number: int) -> str:
    """The field of a line such as 'Global', a region and a coverage: the missing one, else by the order."""
    missing = [field for field in choices if field not in fields]
    if len(missing) <= 1:
        return (*missing, *choices)[0]
    before = set(fields[:number])
    ordered = sorted(missing, key=_ORDER.index)
    return ordered[-1] if before & {"projectCode", "primaId", "budgetUSD", _STATES, "projectType"} else ordered[0]


def _field_between(text: str, fields: Sequence[str], number: int) -> str:
    """The field that is missing between the neighbours, else countries next to countries, else any missing field."""
    neighbours = [field for field in fields[max(0, number - 1) : number + 2] if field in _ORDER]
    places = [_ORDER.index(field) for field in neighbours] + ([0] if number == 0 else [])
    is_code = " " not in text and any(map(str.isdigit, text))
    missing = [field for field in _ORDER if field not in fields and (is_code or field not in _CODES)]
    inside = [field for field in missing if places and min(places) <= _ORDER.index(field) <= max(places)]
    beside = [_STATES] if _STATES in neighbours else []
    return (*inside, *beside, *missing, _STATES)[0]


def _country_page(lines: Sequence[PageLine], full: Sequence[PageLine], lexicon: Lexicon) -> _PageParts | None:
    """Read a page that has only a title, a list of countries and text, separated by blank lines."""
    for title, run in pairwise(index for index in filled(lines, 0, len(lines))):
        if lines[title].text.startswith("-"):
            continue
        is_apart = run > title + 1 or lines[run].column > lines[title].column
        is_alone = run + 1 < len(lines) and not lines[run + 1].text
        if not (is_apart and is_alone and are_countries(lines[run].text, lexicon)):
            return None
        body = tuple(line for line in full if line.number > lines[run].number)
        if not any(is_prose(line.text) for line in body):
            return None
        return lines[title], (PrintedField(_STATES, (lines[run],)),), body
    return None
