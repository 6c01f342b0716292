"""Read the text of a project page: blocks of a dash, a label and a value, then the narrative.

The site's menu stands before the title and is never read as part of the record. Fields are found by their
labels, not by position; the title is the line before the first of them.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from iomld.errors import SourceError
from iomld.model import STATE_FIELDS, Finding, Origin, Place, Record, Severity, Value
from iomld.read.labels import STATUS_OR_TYPE, field_of, language_of
from iomld.read.locate import excerpt
from iomld.read.plain_text import lines_of

_SEPARATOR = "-"


@dataclass(frozen=True, slots=True)
class _Block:
    """A label with the line number of its value; the value is empty where the page prints none."""

    label: str
    field: str
    value: str
    line: int


def is_page(text: str) -> bool:
    """Say whether the text holds at least one known field block."""
    return next(_blocks(lines_of(text)), None) is not None


def read_page(text: str, origin: Origin, *, file: str) -> Record:
    """Read the one record of a page.

    Args:
        text: The page's text.
        origin: The bytes it came from.
        file: The file's name for places.

    Returns:
        The record; a field without a value is absent, as on the page.

    Raises:
        SourceError: No field label is found, so this is no project page.
    """
    lines = lines_of(text)
    blocks = list(_blocks(lines))
    if not blocks:
        raise SourceError(
            f"{file}: no project record found. Expected field labels such as 'Project Status' and 'Projects ID', "
            "each after a line with a dash, or records in JSON."
        )
    language = language_of([block.label for block in blocks])
    values: dict[str, tuple[Value, ...]] = {}
    findings: list[Finding] = []
    for block in _settled(blocks):
        place = Place(file, line=block.line, column=1, excerpt=excerpt(lines[block.line - 1]))
        if block.field in values:
            findings.extend(_repeated(block, values[block.field][0], place))
        elif block.value:
            values[block.field] = (Value(block.value, place),)
    first = blocks[0].line - 3
    for name, found in (("title", _title(lines, first)), ("narrative", _narrative(lines, blocks[-1]))):
        if found:
            line, content = found
            place = Place(file, line=line, column=1, excerpt=excerpt(lines[line - 1]))
            values[name] = (Value(content, place, language),)
    start = values["title"][0].place if "title" in values else Place(file, line=blocks[0].line - 1, column=1)
    return Record(values, origin, start, raw=text, findings=tuple(findings))


def normalised(paragraphs: list[str]) -> str:
    """The narrative on which positions count: NFC, paragraphs stripped and joined with one line feed."""
    kept = (paragraph.strip() for paragraph in paragraphs)
    return unicodedata.normalize("NFC", "\n".join(paragraph for paragraph in kept if paragraph))


def _blocks(lines: list[str]) -> Iterator[_Block]:
    """Field blocks in order; `line` is the line of the value, or of the label where there is none."""
    index = 0
    while index + 1 < len(lines):
        label = lines[index + 1].strip()
        field = field_of(label) if lines[index].strip() == _SEPARATOR else None
        if field is None:
            index += 1
            continue
        value = lines[index + 2].strip() if index + 2 < len(lines) else ""
        if value == _SEPARATOR:
            value = ""
        yield _Block(label, field, value, index + 3 if index + 2 < len(lines) else index + 2)
        index += 3 if value else 2


def _settled(blocks: list[_Block]) -> Iterator[_Block]:
    """The blocks, with the second of two Spanish 'Tipo de proyecto' read as the type."""
    seen_status = False
    for block in blocks:
        if block.label.casefold() == STATUS_OR_TYPE and seen_status:
            yield _Block(block.label, "projectType", block.value, block.line)
            continue
        seen_status = seen_status or block.field == "status"
        yield block


def _repeated(block: _Block, first: Value, place: Place) -> Iterator[Finding]:
    if block.value and block.value != first.text:
        yield Finding(
            "repeatedField",
            Severity.VIOLATION,
            f"'{block.label}' stands twice, with '{first.text}' and '{block.value}'.",
            "Keep the right one.",
            field=block.field,
            value=block.value,
            place=place,
        )


def _title(lines: list[str], before: int) -> tuple[int, str] | None:
    """The nearest line with text above the first block, unless a dash shows that it is a menu item."""
    for index in range(before - 1, -1, -1):
        text = lines[index].strip()
        if text:
            is_menu = text.startswith(_SEPARATOR) or (index > 0 and lines[index - 1].strip() == _SEPARATOR)
            return None if is_menu else (index + 1, unicodedata.normalize("NFC", text))
    return None


def _narrative(lines: list[str], last: _Block) -> tuple[int, str] | None:
    """All text below the last value, and the line it begins on."""
    start = last.line if last.value or last.field not in STATE_FIELDS else last.line - 1
    body = lines[start:]
    text = normalised(body)
    if not text:
        return None
    offset = next(number for number, line in enumerate(body) if line.strip())
    return start + offset + 1, text
