"""Where field labels stand in a text: after a lone dash, behind a bullet, or, where nothing marks them, alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from iomld.read.page.labels import field_of
from iomld.read.page.lines import Line, filled

SEPARATOR = "-"
_BULLET = re.compile(r"[-*•·‣▪◦●–][ \t\u00a0]+")
_LONGEST_LABEL = 150  # characters before a colon
_FEWEST_UNMARKED = 2  # different fields; a single word such as "Year" may stand alone anywhere


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on a page.

    Attributes:
        label: The label as printed.
        field: The field it stands for.
        start: Index of the first line that belongs to it: its dash, else its own.
        line: The label's own line.
        after: Index of the first line that may be a value.
        until: Index of the line that no value reaches.
        closed: Whether layout shows where the values end, so that every line before `until` is one.
        inline: The value behind a colon on the label's line.
    """

    label: str
    field: str
    start: int
    line: Line
    after: int
    until: int
    closed: bool = False
    inline: Line | None = None


def text_marks(lines: Sequence[Line]) -> list[Mark]:
    """The labels of a text page, in order."""
    marks = list(_marked(lines))
    if not marks:
        marks = list(_unmarked(lines))
        if len({mark.field for mark in marks}) < _FEWEST_UNMARKED:
            return []
    ends = [*(mark.start for mark in marks[1:]), len(lines)]
    return [replace(mark, until=min(mark.until, end)) for mark, end in zip(marks, ends, strict=True)]


def label_in(line: Line) -> tuple[str, str, Line | None] | None:
    """The label that a line is, or begins with before a colon: label, field and the value behind the colon."""
    field = field_of(line.text)
    if field:
        return line.text, field, None
    label, colon, rest = line.text[:_LONGEST_LABEL].partition(":")
    field = field_of(label.rstrip()) if colon else None
    if field is None:
        return None
    rest = line.text[len(label) + 1 :].strip()
    inline = Line(rest, line.number, line.column + line.text.index(rest, len(label) + 1)) if rest else None
    return label.rstrip(), field, inline


def _marked(lines: Sequence[Line]) -> Iterator[Mark]:
    for index in filled(lines, 0, len(lines)):
        line = lines[index]
        bullet = _BULLET.match(line.text)
        if bullet:
            bare = Line(line.text[bullet.end() :], line.number, line.column + bullet.end())
            found = label_in(bare)
            if found:
                until, closed = _bullet_end(lines, index)
                yield Mark(found[0], found[1], index, line, index + 1, until, closed, found[2])
            continue
        before = index - 1
        while before >= 0 and not lines[before].text:
            before -= 1
        if before >= 0 and lines[before].text == SEPARATOR:
            found = label_in(line)
            if found:
                yield Mark(found[0], found[1], before, line, index + 1, len(lines), inline=found[2])


def _bullet_end(lines: Sequence[Line], index: int) -> tuple[int, bool]:
    """Where the values of a bullet end: at a blank line, or at a line that is not set in as far as the bullet."""
    column = lines[index].column
    end = first = next(filled(lines, index + 1, len(lines)), len(lines))
    if first > index + 1 and (column == 1 or first == len(lines) or lines[first].column <= column):
        return index + 1, column > 1
    while end < len(lines) and lines[end].text and _is_under(lines[end], column):
        end += 1
    return end, column > 1


def _is_under(line: Line, column: int) -> bool:
    """Whether a line can belong to a bullet at a column; where nothing is set in, up to the next bullet."""
    return line.column > column if column > 1 else _BULLET.match(line.text) is None


def _unmarked(lines: Sequence[Line]) -> Iterator[Mark]:
    for index in filled(lines, 0, len(lines)):
        found = label_in(lines[index])
        if found:
            label, field, inline = found
            yield Mark(label, field, index, lines[index], index + 1, len(lines), inline=inline)
