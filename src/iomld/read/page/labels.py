"""The field labels of project pages in three languages, their positions in a text, and the language that they show.

A label follows a dash on a line of its own or a bullet, or is alone on its line. The labels are those of public project
pages (`skos:altLabel` in the shapes); several are English on French and Spanish pages too.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from iomld.assets import load_fields
from iomld.folding import fold
from iomld.fund_folder import cached
from iomld.model import TEXT_LANGUAGES
from iomld.read.page.page import PageLine, filled, is_prose

# Spanish pages print "Tipo de proyecto" over the status and again over the type: the value or the order decides.
STATUS_OR_TYPE = "tipo de proyecto"

_MISSPELT = 0.85  # similarity of a misspelt label (difflib)
_WORD = re.compile(r"[^\W\d_]+")
# Small words that occur in only one of the three languages.
_SMALL: Mapping[str, frozenset[str]] = {
    "en": frozenset({"the", "of", "and", "to", "in", "for", "with", "on", "by", "is", "was", "its", "from", "at"}),
    "fr": frozenset({"le", "les", "des", "du", "et", "aux", "au", "une", "dans", "pour", "par", "sur", "avec", "qui"}),
    "es": frozenset({"el", "los", "las", "del", "y", "una", "para", "por", "con", "al", "su", "sus", "lo", "como"}),
}
_READ = 20_000  # characters that decide the language of a text
_MARGIN = 2  # times as many small words as in any other language
SEPARATOR = "-"
_BULLET = re.compile(r"[-*•·‣▪◦●–][ \t\u00a0]+")
_LONGEST_LABEL = 150  # characters before a colon
_LONGEST_UNKNOWN = 80  # characters of a label that is not known; a longer line after a dash is an item of a text
UNKNOWN = ""  # the field of a label that is not known
_FEWEST_UNMARKED = 2  # different fields; a single word such as "Year" can be on a line of its own anywhere


@cached
def _fields() -> Mapping[str, str]:
    """The field of each folded label: case, accents, dashes and spaces make no difference."""
    return {fold(label): field.key for field in load_fields() for label, _ in field.labels}


@cached
def _printed() -> Mapping[str, str]:
    """Each label as pages print it, by its folded form."""
    return {fold(label): label for field in load_fields() for label, _ in field.labels}


@cached
def _labels_by_language() -> Mapping[str, frozenset[str]]:
    """The folded labels of each language; those without a language show none."""
    labels = [(language, fold(label)) for field in load_fields() for label, language in field.labels]
    return {language: frozenset(label for tag, label in labels if tag == language) for language in TEXT_LANGUAGES}


@cached
def _longest() -> int:
    """Characters of the longest text that need be folded; a longer one is no label."""
    return 2 * max(map(len, _fields()))


def field_of(label: str) -> str | None:
    """The record field of a printed label, or None.

    >>> field_of("Projects ID"), field_of("Who we are")
    ('projectCode', None)
    """
    return _fields().get(fold(label)) if len(label) <= _longest() else None


def is_status_or_type(label: str) -> bool:
    """Whether the label is used for the status on some pages and for the type on others."""
    return fold(label) == STATUS_OR_TYPE


def language_of(labels: Sequence[str]) -> str | None:
    """The language of most of the printed labels; None if they do not show it.

    >>> language_of(["Année", "Prima ID"]), language_of(["Prima ID"])
    ('fr', None)
    """
    folded = [fold(label) for label in labels]
    votes = {language: sum(label in known for label in folded) for language, known in _labels_by_language().items()}
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] else None


def guessed_language(text: str) -> str | None:
    """The language of most small words of a text; None without a clear lead.

    >>> guessed_language("Appui à la gestion des frontières et du retour"), guessed_language("Kenya 2017")
    ('fr', None)
    """
    words = Counter(word.lower() for word in _WORD.findall(text[:_READ]))
    votes = sorted(((sum(words[word] for word in small), language) for language, small in _SMALL.items()), reverse=True)
    (most, language), (second, _), *_ = votes
    return language if most and most >= _MARGIN * second else None


def first_language(choices: Sequence[str | None]) -> str:
    """The first known language; English if none is known."""
    return next((language for language in choices if language), "en")


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on a page.

    Attributes:
        label: The label as printed.
        field: The field that it names; `UNKNOWN` for a label that is not known.
        start: Index of its first line: that of its dash, else its own.
        line: The label's own line.
        after: Index of the first line that may be a value.
        until: Index after the last line that may be a value.
        closed: Whether the layout shows the end of the values, so that every line before `until` is a value.
        inline: The value after a colon on the label's line.
    """

    label: str
    field: str
    start: int
    line: PageLine
    after: int
    until: int
    closed: bool = False
    inline: PageLine | None = None


def text_marks(lines: Sequence[PageLine]) -> list[Mark]:
    """The labels of a text page in order, with what stands where labels stand; empty if no label is known."""
    marks = list(_marked(lines))
    styles = {_style(mark) for mark in marks if mark.field}
    marks = [mark for mark in marks if _style(mark) in styles]
    if not marks:
        marks = list(_unmarked(lines))
        if len({mark.field for mark in marks}) < _FEWEST_UNMARKED:
            return []
    ends = [*(mark.start for mark in marks[1:]), len(lines)]
    return [replace(mark, until=min(mark.until, end)) for mark, end in zip(marks, ends, strict=True)]


def label_in(line: PageLine) -> tuple[str, str, PageLine | None] | None:
    """The label of a line, alone or before a colon: label, field and the value after the colon."""
    field = field_of(line.text)
    if field:
        return line.text, field, None
    label, colon, rest = line.text[:_LONGEST_LABEL].partition(":")
    field = field_of(label.rstrip()) if colon else None
    if field is None:
        return None
    rest = line.text[len(label) + 1 :].strip()
    inline = PageLine(rest, line.number, line.column + line.text.index(rest, len(label) + 1)) if rest else None
    return label.rstrip(), field, inline


def _marked(lines: Sequence[PageLine]) -> Iterator[Mark]:
    for index in filled(lines, 0, len(lines)):
        line = lines[index]
        bullet = _BULLET.match(line.text)
        if bullet:
            bare = PageLine(line.text[bullet.end() :], line.number, line.column + bullet.end())
            until, closed = _bullet_end(lines, index)
            found = label_in(bare) or unknown_label(bare, has_value=closed or any(filled(lines, index + 1, until)))
            if found:
                yield Mark(found[0], found[1], index, line, index + 1, until, closed, found[2])
            continue
        before = index - 1
        while before >= 0 and not lines[before].text:
            before -= 1
        if before >= 0 and lines[before].text == SEPARATOR:
            found = label_in(line) or unknown_label(line, has_value=True)
            if found:
                yield Mark(found[0], found[1], before, line, index + 1, len(lines), inline=found[2])


def _style(mark: Mark) -> tuple[str, int]:
    """How a label is marked: its bullet and column; the labels of a page are all marked alike."""
    bullet = _BULLET.match(mark.line.text)
    return (bullet[0].strip(), mark.line.column) if bullet else ("", 0)


def unknown_label(line: PageLine, *, has_value: bool) -> tuple[str, str, PageLine | None] | None:
    """A short line in the place of a label, like the result of `label_in`; None if it is prose or has no value."""
    label, colon, rest = line.text.partition(":")
    label, rest = label.rstrip(), rest.strip()
    if len(label) > _LONGEST_UNKNOWN or not label[:1].isalpha() or is_prose(label) or not (has_value or rest):
        return None
    inline = PageLine(rest, line.number, line.column + len(line.text) - len(rest)) if colon and rest else None
    return label, UNKNOWN, inline


def closest_label(label: str) -> str | None:
    """The known label that an unknown one is a misspelling of, or None.

    >>> closest_label("Project Statuss"), closest_label("Implementing Partner")
    ('Project Status', None)
    """
    printed = _printed()
    near = get_close_matches(fold(label), printed, n=1, cutoff=_MISSPELT)
    return printed[near[0]] if near else None


def _bullet_end(lines: Sequence[PageLine], index: int) -> tuple[int, bool]:
    """The end of a bullet's values, at a blank line or a line with less indent, and whether the layout shows it."""
    column = lines[index].column
    end = first = next(filled(lines, index + 1, len(lines)), len(lines))
    if first > index + 1 and (column == 1 or first == len(lines) or lines[first].column <= column):
        return index + 1, column > 1
    while end < len(lines) and lines[end].text and _is_under(lines[end], column):
        end += 1
    return end, column > 1


def _is_under(line: PageLine, column: int) -> bool:
    """Whether a line can belong to a bullet at a column; without indents, any line up to the next bullet can."""
    return line.column > column if column > 1 else _BULLET.match(line.text) is None


def _unmarked(lines: Sequence[PageLine]) -> Iterator[Mark]:
    for index in filled(lines, 0, len(lines)):
        found = label_in(lines[index])
        if found:
            label, field, inline = found
            yield Mark(label, field, index, lines[index], index + 1, len(lines), inline=inline)
