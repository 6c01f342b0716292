"""Find the line and column of a JSON pointer, for values with findings.

The reader records only the pointer of a value, which is fast; its line and column are looked up when a finding needs
them.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from json import JSONDecoder
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves out this public name

from iomld.model import Finding, Record

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder(parse_float=str, parse_int=str)  # as records are read: a number has any length
EXCERPT_LENGTH = 160
_SHOWN_AT_LEAST = 40  # characters from the column on
CUT = "…"
LEAD = 60  # characters before the column in an excerpt without the beginning of its line


def excerpt(line: str, column: int = 1) -> str:
    """A source line, trimmed and shortened for display.

    Args:
        line: The line.
        column: The column, from 1, that must be visible; if it is too far right, the beginning is cut.

    >>> excerpt("x" * 300 + "here" + "y" * 300, 301)[LEAD:][1:8]
    'hereyyy'
    """
    text = line.strip()
    if len(text) <= EXCERPT_LENGTH:
        return text
    if column + _SHOWN_AT_LEAST <= EXCERPT_LENGTH:
        return text[: EXCERPT_LENGTH - 1] + CUT
    start = column - 1 - LEAD
    end = start + EXCERPT_LENGTH - 2
    return CUT + line[start:end] + (CUT if end < len(line) else "")


def located(finding: Finding, record: Record) -> Finding:
    """The finding with its line, column and excerpt; a finding without a place gets that of the record."""
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


def pointer_step(key: str) -> str:
    """A key as a step of a JSON pointer (RFC 6901 section 3).

    >>> pointer_step("a/b")
    'a~1b'
    """
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _offset(record: Record, pointer: str) -> int:
    """Offset in the record's text of the value at a pointer, or of its nearest ancestor that exists."""
    inner = pointer.removeprefix(record.place.pointer or "")
    offsets: dict[str, int] = {}
    with suppress(RecursionError):  # a value that is nested too deeply has the place of an ancestor
        offsets.update(_walk(record.raw, 0, "", f"{inner}/"))
    while inner and inner not in offsets:
        inner = inner.rpartition("/")[0]
    return offsets.get(inner, 0)


def _walk(text: str, start: int, pointer: str, wanted: str) -> Iterator[tuple[str, int]]:
    """Yield (pointer, offset) of the value at `start` and of those inside it, if they contain or are the wanted one.

    Args:
        text: The JSON text.
        start: Where the value starts.
        pointer: Its pointer.
        wanted: The pointer of the wanted value, with a slash behind it.
    """
    if not wanted.startswith(f"{pointer}/"):
        return
    yield pointer, start
    if text[start] == "{":
        yield from _members(text, start, pointer, wanted)
    elif text[start] == "[":
        yield from _items(text, start, pointer, wanted)


def _members(text: str, start: int, pointer: str, wanted: str) -> Iterator[tuple[str, int]]:
    at = _skip(text, start + 1)
    while text[at] == '"':
        key, at = scanstring(text, at + 1)
        at = _skip(text, _skip(text, at) + 1)
        yield from _walk(text, at, f"{pointer}/{pointer_step(key)}", wanted)
        at = _skip(text, _end(text, at))
        at = _skip(text, at + 1) if text[at] == "," else at


def _items(text: str, start: int, pointer: str, wanted: str) -> Iterator[tuple[str, int]]:
    at, number = _skip(text, start + 1), 0
    while text[at] != "]":
        yield from _walk(text, at, f"{pointer}/{number}", wanted)
        at = _skip(text, _end(text, at))
        at = _skip(text, at + 1) if text[at] == "," else at
        number += 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _end(text: str, start: int) -> int:
    return _DECODER.raw_decode(text, start)[1]
