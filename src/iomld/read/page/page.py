"""A page as lines of text with their places, and the record that is made of what a layout finds on it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from iomld.errors import SourceError
from iomld.lexicon.words import Lexicon
from iomld.messages import message
from iomld.model import STATE_FIELDS, Finding, Origin, Place, Record, Severity, Value
from iomld.read.record.locate import excerpt
from iomld.read.text import has_forbidden_character, lines_of, normalised

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]*(?:\s|$)|[:;]$")
# "(Bolivarian Republic of)." ends a name, "St. Lucia" holds one: an abbreviation ends no sentence.
_ABBREVIATION = re.compile(r"\b(?:St|Ste|Sta|Sto|Rep|Dem|Fed|[A-Z])\.(?=\s|$)")
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST_WORDS = 4  # of a stretch of small words that is taken for prose
_SMALL_SHARE = 0.5
LONGEST_VALUE = 4000  # characters; all countries of the world in a row need less
_CHECKED = 1000  # characters of a line that show whether it is prose
_LONG_LINE = 400  # characters; of a longer line the excerpt begins at the value


@dataclass(frozen=True, slots=True)
class PageLine:
    """A stretch of text with its place.

    Attributes:
        text: The text, trimmed; empty for a blank line.
        number: The line it begins on, from 1.
        column: The column it begins at, from 1.
        pieces: The text of each element inside, where the source sets several items into one line.
    """

    text: str
    number: int
    column: int = 1
    pieces: tuple[str, ...] = ()


def text_lines(text: str) -> list[PageLine]:
    """The lines of a text, trimmed, with their places."""
    lines = []
    for number, raw in enumerate(lines_of(text), start=1):
        stripped = raw.strip()
        lines.append(PageLine(stripped, number, raw.find(stripped) + 1 if stripped else 1))
    return lines


def filled(lines: Sequence[PageLine], start: int, end: int) -> Iterator[int]:
    """The indexes of the lines with text from `start` up to `end`."""
    return (index for index in range(start, min(end, len(lines))) if lines[index].text)


def is_prose(text: str) -> bool:
    """Say whether a line reads like a sentence: it ends like one, or most of its words are small.

    >>> is_prose("The ministry asked for help."), is_prose("Bosnia and Herzegovina St. Lucia")
    (True, False)
    """
    if len(text) > LONGEST_VALUE:
        return True
    text = text[:_CHECKED]
    if _SENTENCE_END.search(_ABBREVIATION.sub("", text)):
        return True
    words = _WORD.findall(text)
    small = sum(word.islower() for word in words)
    return len(words) >= _FEWEST_WORDS and small > _SMALL_SHARE * len(words)


def are_countries(text: str, lexicon: Lexicon) -> bool:
    """Whether a line is wholly a list of countries; a very long one is not looked at."""
    return len(text) <= LONGEST_VALUE and lexicon.are_countries(text)


@dataclass(frozen=True, slots=True)
class PrintedField:
    """A field with what the page prints for it.

    Attributes:
        field: Name of the field.
        values: One line a value; none where the page prints none.
        label: The label, where there is one.
    """

    field: str
    values: tuple[PageLine, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class PageDraft:
    """What a layout finds on a page.

    Attributes:
        title: The heading.
        fields: The fields in the order of the page; a field may stand twice.
        body: The lines of the narrative.
        first: The line that the record begins on, where it has no title.
        language: Language of title and narrative (BCP 47).
    """

    title: PageLine | None
    fields: tuple[PrintedField, ...]
    body: tuple[PageLine, ...]
    first: int
    language: str


@dataclass(frozen=True, slots=True)
class PageSource:
    """A page as it came.

    Attributes:
        file: The file's name for places.
        text: Its text.
        lines: The text's lines.
        origin: The bytes it came from.
    """

    file: str
    text: str
    lines: Sequence[str]
    origin: Origin

    def place(self, line: PageLine) -> Place:
        """Where a line stands."""
        shown = self.lines[line.number - 1] if line.number <= len(self.lines) else line.text
        if len(shown) > _LONG_LINE:
            shown = shown[line.column - 1 : line.column - 1 + _LONG_LINE]
        return Place(self.file, line=line.number, column=line.column, excerpt=excerpt(shown))


def record_of(draft: PageDraft, page: PageSource) -> Record:
    """Make the record of a page.

    Returns:
        The record; a field without a value is absent. A field that stands twice with two values is a Violation
        `repeatedField`, and the first stands.

    Raises:
        SourceError: A value holds a control character.
    """
    values: dict[str, tuple[Value, ...]] = {}
    findings: list[Finding] = []
    for printed in draft.fields:
        found = tuple(_value(line, page) for line in printed.values)
        if found and printed.field in values:
            findings += _repeated(printed, found, values)
        elif found:
            values[printed.field] = found
    if draft.title:
        values["title"] = (_value(draft.title, page, draft.language),)
    body = normalised(line.text for line in draft.body)
    if body:
        first = next(line for line in draft.body if line.text.strip())
        values["narrative"] = (_value(PageLine(body, first.number, first.column), page, draft.language),)
    start = page.place(draft.title or PageLine("", draft.first))
    return Record(values, page.origin, start, raw=page.text, findings=tuple(findings))


def _value(line: PageLine, page: PageSource, language: str | None = None) -> Value:
    if has_forbidden_character(line.text):
        raise SourceError(
            message("{file}, line {line}: holds a control character. Remove it.", file=page.file, line=line.number)
        )
    text = unicodedata.normalize("NFC", line.text) if language else line.text
    return Value(text, page.place(line), language)


def _repeated(
    printed: PrintedField, found: tuple[Value, ...], values: Mapping[str, tuple[Value, ...]]
) -> Iterable[Finding]:
    first = values[printed.field]
    if [value.text for value in found] == [value.text for value in first]:
        return
    one, other = (", ".join(value.text for value in several) for several in (first, found))
    yield Finding(
        "repeatedField",
        Severity.VIOLATION,
        message(
            "'{label}' stands twice, with '{one}' and '{other}'.",
            label=printed.label or printed.field,
            one=one,
            other=other,
        ),
        message("Keep the right one."),
        field=printed.field,
        value=other if printed.field in STATE_FIELDS else found[0].text,
        place=found[0].place,
    )
