"""A page as lines of text with their places, and the record made from the fields that a layout finds."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from iomld.errors import SourceError
from iomld.lexicon.words import Lexicon
from iomld.messages import message
from iomld.model import STATE_FIELDS, Finding, Origin, Place, Record, Severity, Value
from iomld.read.record.locate import excerpt
from iomld.read.text import has_forbidden_character, lines_of, normalized, plain_text

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]*(?:\s|$)|[:;]$")
# The full stop of an abbreviation, as in "St. Lucia", does not end a sentence.
_ABBREVIATION = re.compile(r"\b(?:St|Ste|Sta|Sto|Rep|Dem|Fed|[A-Z])\.(?=\s|$)")
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST_WORDS = 4  # of a text that counts as prose for its small words
_SMALL_SHARE = 0.5
# On French pages without a start year; their copies in other languages end in 2011 or 2015.
_YEAR_OF_MOVE = "2024"
LONGEST_VALUE = 4000  # characters; a list of all countries of the world needs fewer
_CHECKED = 1000  # characters that decide whether a line is prose
_LONG_LINE = 400  # characters; the excerpt of a longer line begins at the value


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of text with its place.

    Attributes:
        text: The text, trimmed; empty for a blank line.
        number: Number of the line, from 1.
        column: The column at which the text begins, from 1.
        pieces: The text of each element inside, if the source has several items on one line.
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
    """Say whether a line is prose: it ends like a sentence, or most of its words are small.

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
    """Whether a line is a list of countries and nothing else; a very long line is not."""
    return len(text) <= LONGEST_VALUE and lexicon.are_countries(text)


@dataclass(frozen=True, slots=True)
class PrintedField:
    """A field as the page prints it.

    Attributes:
        field: Name of the field.
        values: A line for each value; empty if the page prints none.
        label: The label, if there is one.
    """

    field: str
    values: tuple[PageLine, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class UnknownLabel:
    """A label of a page that names no field of ours.

    Attributes:
        line: Its line.
        label: The label as printed.
        value: The text under it.
        closest: The label that it may be a misspelling of.
    """

    line: PageLine
    label: str
    value: str
    closest: str | None


@dataclass(frozen=True, slots=True)
class PageDraft:
    """The parts of a page that a layout finds.

    Attributes:
        title: The heading.
        fields: The fields in the order of the page; a field may occur twice.
        body: The lines of the narrative.
        first: The first line of a record without a title.
        language: Language of title and narrative (BCP 47).
        unknown: The labels that are not known; their values belong to no field.
    """

    title: PageLine | None
    fields: tuple[PrintedField, ...]
    body: tuple[PageLine, ...]
    first: int
    language: str
    unknown: tuple[UnknownLabel, ...] = ()


@dataclass(frozen=True, slots=True)
class PageSource:
    """The source of a page.

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
        """The place of a line."""
        shown = self.lines[line.number - 1] if line.number <= len(self.lines) else line.text
        if len(shown) > _LONG_LINE:
            shown = shown[line.column - 1 : line.column - 1 + _LONG_LINE]
        return Place(self.file, line=line.number, column=line.column, excerpt=excerpt(shown))


def record_of(draft: PageDraft, page: PageSource) -> Record:
    """Make the record of a page.

    Returns:
        The record; a field without a value is absent. If a field occurs twice with different values, the first counts
        and the second is a Violation `repeatedField`. The end year that the site invents is left out, with a Warning.

    Raises:
        SourceError: A value holds a control character.
    """
    values: dict[str, tuple[Value, ...]] = {}
    findings = [_unknown(label, page) for label in draft.unknown]
    for printed in draft.fields:
        found = tuple(_value(line, page) for line in printed.values)
        if found and printed.field in values:
            findings += _repeated(printed, found, values)
        elif found:
            values[printed.field] = found
    if _has_false_end(values, draft.language):
        findings.append(_false_end(values.pop("endYear")[0]))
    if draft.title:
        values["title"] = (_value(draft.title, page, draft.language),)
    body = normalized(line.text for line in draft.body)
    if body:
        first = next(line for line in draft.body if line.text.strip())
        values["narrative"] = (_value(PageLine(body, first.number, first.column), page, draft.language),)
    start = page.place(draft.title or PageLine("", draft.first))
    return Record(values, page.origin, start, raw=page.text, findings=tuple(findings))


def _value(line: PageLine, page: PageSource, language: str | None = None) -> Value:
    line = replace(line, text=plain_text(line.text))
    if has_forbidden_character(line.text):
        raise SourceError(
            message(
                "{file}, line {line}: the text contains a control character. Remove it.",
                file=page.file,
                line=line.number,
            )
        )
    text = unicodedata.normalize("NFC", line.text) if language else line.text
    return Value(text, page.place(line), language)


def _unknown(unknown: UnknownLabel, page: PageSource) -> Finding:
    return Finding(
        "unknownLabel",
        Severity.WARNING,
        message("The label '{label}' is unknown, so its value was not read.", label=unknown.label),
        message("If '{label}' was meant, correct the spelling.", label=unknown.closest)
        if unknown.closest
        else message("If the value belongs to a field, give it in another source; otherwise there is nothing to do."),
        value=unknown.value[:_LONG_LINE] or None,
        place=page.place(unknown.line),
    )


def _has_false_end(values: Mapping[str, tuple[Value, ...]], language: str) -> bool:
    """Whether the end is the year that the site put on French pages when it moved them and lost their years."""
    end = values.get("endYear")
    return language == "fr" and "startYear" not in values and end is not None and end[0].text == _YEAR_OF_MOVE


def _false_end(value: Value) -> Finding:
    return Finding(
        "falseEndYear",
        Severity.WARNING,
        message(
            "The end year {year} was ignored: the site prints it on French pages that have lost their real years.",
            year=value.text,
        ),
        message("Add the years from the English page."),
        field="endYear",
        value=value.text,
        place=value.place,
    )


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
            "'{label}' appears twice, as '{one}' and as '{other}'.",
            label=printed.label or printed.field,
            one=one,
            other=other,
        ),
        message("Keep the right one."),
        field=printed.field,
        value=other if printed.field in STATE_FIELDS else found[0].text,
        place=found[0].place,
    )
