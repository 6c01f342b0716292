"""Find the exact line and column of a value in a JSON record, when a finding needs it.

Reading stays fast: a JSON value's place is its pointer, and only a value with a finding is looked up here.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from json import JSONDecoder
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves out this public name

from iomld.model import Finding, Record

_SPACE = re.compile(r"[ \t\r\n]*")
_EXCERPT_LENGTH = 160
_SHOWN_AT_LEAST = 40  # characters of what stands at the column
CUT = "…"
LEAD = 60  # characters kept before the column where the beginning of a line is cut


def excerpt(line: str, column: int = 1) -> str:
    """A source line, trimmed and shortened for people.

    Args:
        line: The line.
        column: What must be seen of it, from 1; where that stands far behind, the beginning is cut.

    >>> excerpt("x" * 300 + "here" + "y" * 300, 301)[LEAD:][1:8]
    'hereyyy'
    """
    text = line.strip()
    if len(text) <= _EXCERPT_LENGTH:
        return text
    if column + _SHOWN_AT_LEAST <= _EXCERPT_LENGTH:
        return text[: _EXCERPT_LENGTH - 1] + CUT
    start = column - 1 - LEAD
    end = start + _EXCERPT_LENGTH - 2
    return CUT + line[start:end] + (CUT if end < len(line) else "")


def located(finding: Finding, record: Record) -> Finding:
    """The finding with its line, column and excerpt filled in; findings without a place get the record's first line."""
    place = finding.place or record.place
    if place.pointer is None or place.column is not None:
        return replace(finding, place=place)
    offset = _offset(record, place.pointer)
    before = record.raw[:offset]
    line = (record.place.line or 1) + before.count("\n")
    start_of_line = before.rfind("\n") + 1
    text = record.raw[start_of_line:].split("\n", 1)[0]
    indent = (record.place.column or 1) - 1 if start_of_line == 0 else 0
    column = offset - start_of_line + 1
    exact = place._replace(line=line, column=column + indent, excerpt=excerpt(text, column))
    return replace(finding, place=exact)


def _offset(record: Record, pointer: str) -> int:
    """Offset in the record's text of the value at a pointer; of its nearest ancestor where it has none."""
    inner = pointer.removeprefix(record.place.pointer or "")
    offsets: dict[str, int] = {}
    with suppress(RecursionError):  # what is nested more deeply than we look has the place of what it is in
        offsets.update(_walk(record.raw, 0, ""))
    while inner and inner not in offsets:
        inner = inner.rpartition("/")[0]
    return offsets.get(inner, 0)


def _walk(text: str, start: int, pointer: str) -> Iterator[tuple[str, int]]:
    """Yield (pointer, offset) of the value at `start` and of every value inside it."""
    yield pointer, start
    if text[start] == "{":
        yield from _members(text, start, pointer)
    elif text[start] == "[":
        yield from _items(text, start, pointer)


def _members(text: str, start: int, pointer: str) -> Iterator[tuple[str, int]]:
    at = _skip(text, start + 1)
    while text[at] == '"':
        key, at = scanstring(text, at + 1)
        at = _skip(text, _skip(text, at) + 1)
        yield from _walk(text, at, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
        at = _skip(text, _end(text, at))
        at = _skip(text, at + 1) if text[at] == "," else at


def _items(text: str, start: int, pointer: str) -> Iterator[tuple[str, int]]:
    at, number = _skip(text, start + 1), 0
    while text[at] != "]":
        yield from _walk(text, at, f"{pointer}/{number}")
        at = _skip(text, _end(text, at))
        at = _skip(text, at + 1) if text[at] == "," else at
        number += 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _end(text: str, start: int) -> int:
    return JSONDecoder().raw_decode(text, start)[1]
