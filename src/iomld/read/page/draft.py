"""From what a layout finds on a page to a record: the one way all layouts share."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from iomld.errors import SourceError
from iomld.model import STATE_FIELDS, Finding, Origin, Place, Record, Severity, Value, message
from iomld.read.page.lines import Line
from iomld.read.plain_text import has_forbidden_character
from iomld.read.record.locate import excerpt

_LONG_LINE = 400  # characters; of a longer line the excerpt begins at the value


@dataclass(frozen=True, slots=True)
class Printed:
    """A field with what the page prints for it.

    Attributes:
        field: Name of the field.
        values: One line a value; none where the page prints none.
        label: The label, where there is one.
    """

    field: str
    values: tuple[Line, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a layout finds on a page.

    Attributes:
        title: The heading.
        fields: The fields in the order of the page; a field may stand twice.
        body: The lines of the narrative.
        first: The line that the record begins on, where it has no title.
        language: Language of title and narrative (BCP 47).
    """

    title: Line | None
    fields: tuple[Printed, ...]
    body: tuple[Line, ...]
    first: int
    language: str


@dataclass(frozen=True, slots=True)
class Page:
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

    def place(self, line: Line) -> Place:
        """Where a line stands."""
        shown = self.lines[line.number - 1] if line.number <= len(self.lines) else line.text
        if len(shown) > _LONG_LINE:
            shown = shown[line.column - 1 : line.column - 1 + _LONG_LINE]
        return Place(self.file, line=line.number, column=line.column, excerpt=excerpt(shown))


def record_of(draft: Draft, page: Page) -> Record:
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
        values["narrative"] = (_value(Line(body, first.number, first.column), page, draft.language),)
    start = page.place(draft.title or Line("", draft.first))
    return Record(values, page.origin, start, raw=page.text, findings=tuple(findings))


def normalised(paragraphs: Iterable[str]) -> str:
    """The narrative on which positions count: NFC, paragraphs stripped and joined with one line feed."""
    kept = (paragraph.strip() for paragraph in paragraphs)
    return unicodedata.normalize("NFC", "\n".join(paragraph for paragraph in kept if paragraph))


def _value(line: Line, page: Page, language: str | None = None) -> Value:
    if has_forbidden_character(line.text):
        raise SourceError(
            message("{file}, line {line}: holds a control character. Remove it.", file=page.file, line=line.number)
        )
    text = unicodedata.normalize("NFC", line.text) if language else line.text
    return Value(text, page.place(line), language)


def _repeated(printed: Printed, found: tuple[Value, ...], values: Mapping[str, tuple[Value, ...]]) -> Iterable[Finding]:
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
