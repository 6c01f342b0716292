"""The lines and cells of a checked source, with the findings beside them.

Lines of a source with what was found in them: those near findings, and of long ones what is near the fault.

Rows of tables with what was found in their cells.

How pages order findings, and where a finding stands.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from iomld.model import Finding, Place, Severity
from iomld.read.table.rows import ShownRow, column_letters

_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_NOWHERE = Place("")


def place_of(finding: Finding) -> Place:
    """The place of a finding; one without any part where it has none."""
    return finding.place or _NOWHERE


def severity_rank(finding: Finding) -> int:
    """0 for a Violation, more for what is less bad."""
    return _RANK[finding.severity]


def page_order(finding: Finding) -> tuple[int, int, int, int, str]:
    """Violations first, then as they stand in the source."""
    place = place_of(finding)
    cell = place.cell or ""
    return severity_rank(finding), place.line or 0, place.column or 0, len(cell), cell


def worst(findings: Iterable[Finding]) -> str:
    """The worst severity; empty where there is no finding."""
    return min((finding.severity for finding in findings), key=_RANK.__getitem__, default="")


_CONTEXT = 3  # lines shown before and after a line with findings
_LONGEST_LINE = 400
_BEFORE_MARK = 120  # characters kept before the fault where a line is cut
_MOST_IN_GAP = 200  # lines
_MOST_IN_GAPS = 200_000  # characters of a page
_SEARCHED = 4000  # characters after the column in which a value is looked for; a value is shorter
_LINE_END = re.compile(r"\r\n|\n|\r")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.){0,300}"|<[^<>\s]{0,300}>|[^\s,;"\[\]{}()]{1,300}')


@dataclass(frozen=True, slots=True)
class LinePiece:
    """A piece of a line; `is_fault` where it is what is wrong."""

    text: str
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the source, or the part of a long one, with its findings.

    Attributes:
        number: Its number, from 1.
        anchor: Its name on the page.
        pieces: What is shown of its text, cut where a fault begins and ends.
        findings: What was found in it.
        severity: The worst severity.
        after_gap: Whether lines before it are not shown.
        gap: Those lines with their numbers, where they are not too many.
        gap_lines: Number of them.
    """

    number: int
    anchor: str
    pieces: tuple[LinePiece, ...]
    findings: tuple[Finding, ...]
    severity: str
    after_gap: bool
    gap: str = ""
    gap_lines: int = 0


def lines_of(text: str, findings: Sequence[Finding]) -> Iterator[SourceLine]:
    """The lines near findings.

    Args:
        text: The source.
        findings: What was found.
    """
    source = _LINE_END.split(text)
    if not source[-1]:  # what a last line end leaves
        source.pop()
    by_line: dict[int, list[Finding]] = {}
    for one in findings:
        line = place_of(one).line
        if line is not None:
            by_line.setdefault(line, []).append(one)
    near = {number for line in by_line for number in range(line - _CONTEXT, line + _CONTEXT + 1)}
    previous, room = 0, _MOST_IN_GAPS
    for number in sorted(number for number in near if 1 <= number <= len(source)):
        missing = number - previous - 1
        gap = _numbered(source, previous, number - 1) if missing <= _MOST_IN_GAP else ""
        gap = gap if len(gap) <= room else ""
        room -= len(gap)
        for part, (pieces, here) in enumerate(_parts(source[number - 1], by_line.get(number, []))):
            yield SourceLine(
                number,
                f"L{number}" if part == 0 else f"L{number}-{part + 1}",
                pieces,
                tuple(sorted(here, key=severity_rank)),
                worst(here),
                after_gap=missing > 0 and part == 0,
                gap=gap if part == 0 else "",
                gap_lines=missing if part == 0 else 0,
            )
        previous = number


def _numbered(source: Sequence[str], start: int, stop: int) -> str:
    """Lines with their numbers before them, each cut to what a page can hold."""
    return "\n".join(f"{number + 1:>4}  {_cut_end(source[number])}" for number in range(start, stop))


def _parts(text: str, findings: list[Finding]) -> Iterator[tuple[tuple[LinePiece, ...], list[Finding]]]:
    """The line, whole; a long one as a part around each fault, faults that stand together in one."""
    if not findings:
        yield (LinePiece(_cut_end(text)),), []
        return
    group: list[tuple[tuple[int, int], Finding]] = []
    for span, one in sorted(((_span(text, one), one) for one in findings), key=lambda pair: pair[0]):
        if group and len(text) > _LONGEST_LINE and span[0] > group[0][0][0] + _LONGEST_LINE - 2 * _BEFORE_MARK:
            yield _pieces(text, [place for place, _ in group]), [found for _, found in group]
            group = []
        group.append((span, one))
    yield _pieces(text, [place for place, _ in group]), [found for _, found in group]


def _span(text: str, finding: Finding) -> tuple[int, int]:
    """Where in the line the fault stands; nothing of it where that is not known."""
    column, value = place_of(finding).column, finding.value
    start = min((column or 1) - 1, len(text))
    if value and "\n" not in value:
        at = text.find(value, start, start + _SEARCHED)
        at = at if at >= 0 else text.find(value, max(0, start - _LONGEST_LINE), start)
        if at >= 0:
            return at, at + len(value)
    if column is None or column == 1 or not text[start:].strip():
        return start, start
    match = _TOKEN.match(text, start)
    return (start, match.end()) if match else (start, start)


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> tuple[LinePiece, ...]:
    """The text cut at its faults; of a long line what is near them.

    Args:
        text: The line.
        spans: Where faults stand, in order; they may overlap.
    """
    first, last = 0, len(text)
    if last > _LONGEST_LINE:
        first = max(0, spans[0][0] - _BEFORE_MARK)
        last = min(last, first + _LONGEST_LINE)
    pieces = [LinePiece("… ")] if first else []
    at = first
    for start, end in spans:
        if at <= start < min(end, last):
            pieces += [LinePiece(text[at:start]), LinePiece(text[start : min(end, last)], is_fault=True)]
            at = min(end, last)
    pieces += [LinePiece(text[at:last]), LinePiece(" …" if last < len(text) else "")]
    return tuple(piece for piece in pieces if piece.text)


def _cut_end(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]} …"


_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass(frozen=True, slots=True)
class ReportCell:
    """A cell under its heading; `after_gap` where columns before it are not shown."""

    column: str
    heading: str
    text: str
    severity: str
    after_gap: bool


@dataclass(frozen=True, slots=True)
class CellRow:
    """A row with its findings, and of its cells those with findings and what tells the row.

    Attributes:
        anchor: Its name on the page.
        sheet: Name of the sheet; empty where there is none.
        number: Its number as spreadsheets count.
        line: The line of the source that it begins on.
        cells: The cells that are shown.
        findings: What was found in it.
        severity: The worst severity.
    """

    anchor: str
    sheet: str
    number: int
    line: int
    cells: tuple[ReportCell, ...]
    findings: tuple[Finding, ...]
    severity: str


def rows_of(rows: Sequence[ShownRow], findings: Sequence[Finding]) -> Iterator[CellRow]:
    """The rows that findings speak of.

    Args:
        rows: As `iomld.check.checker.finding_rows` gives them.
        findings: What was found.
    """
    by_row: dict[tuple[str, int], list[Finding]] = {}
    for one in findings:
        place = place_of(one)
        match = _CELL.fullmatch(place.cell or "")
        if match:
            by_row.setdefault((place.sheet or "", int(match[2])), []).append(one)
    for number, row in enumerate(rows):
        sheet = row.sheet or ""
        here = tuple(by_row.get((sheet, row.number), ()))
        if here:
            yield CellRow(f"R{number}", sheet, row.number, row.line, tuple(_cells(row, here)), here, worst(here))


def _cells(row: ShownRow, findings: Sequence[Finding]) -> Iterator[ReportCell]:
    """The first cell, and those with findings between their neighbours."""
    headings, texts = row.headings, row.cells
    by_column: dict[str, list[Finding]] = {}
    for one in findings:
        by_column.setdefault((place_of(one).cell or "").rstrip("0123456789"), []).append(one)
    width = max(len(headings), len(texts))
    marked = {index for index in range(width) if column_letters(index) in by_column}
    shown = {0} | {near for index in marked for near in (index - 1, index, index + 1) if 0 <= near < width}
    previous = -1
    for index in sorted(shown):
        letters = column_letters(index)
        yield ReportCell(
            letters,
            headings[index] if index < len(headings) else "",
            texts[index] if index < len(texts) else "",
            worst(by_column.get(letters, ())),
            after_gap=index != previous + 1,
        )
        previous = index
