"""Excerpts of a checked source for the page of a report: its lines and table rows with their findings."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from iomld.model import Finding, Place, Severity
from iomld.read.table.rows import ShownRow, column_letters

_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_NOWHERE = Place("")
_CONTEXT_LINES = 3  # shown before and after a line with findings
_LONGEST_LINE = 400
_BEFORE_MARK = 120  # characters shown before a fault in a line that is cut
_MOST_IN_GAP = 200  # lines that a page can unfold
_MOST_IN_GAPS = 200_000  # characters, on a page
_SEARCHED = 4000  # characters after the column in which a value is searched; values are shorter
_LINE_END = re.compile(r"\r\n|\n|\r")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.){0,300}"|<[^<>\s]{0,300}>|[^\s,;"\[\]{}()]{1,300}')
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def place_of(finding: Finding) -> Place:
    """The place of a finding; an empty place if it has none."""
    return finding.place or _NOWHERE


def _severity_rank(finding: Finding) -> int:
    """0 for a Violation, more for a lower severity."""
    return _RANK[finding.severity]


def page_order(finding: Finding) -> tuple[int, int, int, int, str]:
    """A sort key: by severity, then by the place in the source."""
    place = place_of(finding)
    cell = place.cell or ""
    return _severity_rank(finding), place.line or 0, place.column or 0, len(cell), cell


def _highest_severity(findings: Iterable[Finding]) -> str:
    """The highest severity; empty without findings."""
    return min((finding.severity for finding in findings), key=_RANK.__getitem__, default="")


@dataclass(frozen=True, slots=True)
class LinePiece:
    """A part of the text of a line; `is_fault` if it is what a finding is about."""

    text: str
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the source, or an excerpt of a long line, with its findings.

    Attributes:
        number: Its number, from 1.
        anchor: Its fragment identifier on the page.
        pieces: Its text, split where a fault begins and ends.
        findings: Its findings.
        severity: The highest severity of these.
        after_gap: Whether lines before it are left out.
        gap: The lines left out, with their numbers; empty if they are too many.
        gap_lines: Number of lines left out.
    """

    number: int
    anchor: str
    pieces: tuple[LinePiece, ...]
    findings: tuple[Finding, ...]
    severity: str
    after_gap: bool
    gap: str = ""
    gap_lines: int = 0


def source_lines(text: str, findings: Sequence[Finding]) -> Iterator[SourceLine]:
    """The lines with findings and those around them.

    Args:
        text: The source.
        findings: Its findings.
    """
    by_line: dict[int, list[Finding]] = {}
    for finding in findings:
        line = place_of(finding).line
        if line is not None:
            by_line.setdefault(line, []).append(finding)
    near = {number for line in by_line for number in range(line - _CONTEXT_LINES, line + _CONTEXT_LINES + 1)}
    source = _lines(text, near)
    previous, remaining = 0, _MOST_IN_GAPS
    for number in sorted(number for number in near if number in source):
        missing = number - previous - 1
        gap = _numbered(source, previous + 1, number) if missing <= _MOST_IN_GAP else ""
        gap = gap if len(gap) <= remaining else ""
        remaining -= len(gap)
        for part, (pieces, found) in enumerate(_excerpts(source[number], by_line.get(number, []))):
            yield SourceLine(
                number,
                f"L{number}" if part == 0 else f"L{number}-{part + 1}",
                pieces,
                tuple(sorted(found, key=_severity_rank)),
                _highest_severity(found),
                after_gap=missing > 0 and part == 0,
                gap=gap if part == 0 else "",
                gap_lines=missing if part == 0 else 0,
            )
        previous = number


def _lines(text: str, near: Iterable[int]) -> dict[int, str]:
    """Lines by their numbers, and those of the gap before each that a page can unfold.

    One line is taken after the other, since `re.split` of 10 MB of line ends stops all threads for a second.
    """
    wanted: set[int] = set()
    last = 0
    for number in sorted(number for number in near if number > 0):
        wanted.update(range(last + 1 if number - last <= _MOST_IN_GAP + 1 else number, number + 1))
        last = number
    lines: dict[int, str] = {}
    for number, (start, end) in enumerate(islice(_line_bounds(text), last), 1):
        if number in wanted:
            lines[number] = text[start:end]
    return lines


def _line_bounds(text: str) -> Iterator[tuple[int, int]]:
    """Where each line of a text begins and ends; after the last line end no line begins."""
    start = 0
    for line_end in _LINE_END.finditer(text):
        yield start, line_end.start()
        start = line_end.end()
    if start < len(text):
        yield start, len(text)


def _numbered(source: Mapping[int, str], start: int, stop: int) -> str:
    """Lines with their numbers, each cut to the longest that a page shows."""
    return "\n".join(f"{number:>4}  {_cut_end(source[number])}" for number in range(start, stop))


def _excerpts(text: str, findings: list[Finding]) -> Iterator[tuple[tuple[LinePiece, ...], list[Finding]]]:
    """The whole line; of a long line an excerpt around each group of neighbouring faults."""
    if not findings:
        yield (LinePiece(_cut_end(text)),), []
        return
    group: list[tuple[tuple[int, int], Finding]] = []
    for span, finding in sorted(((_span(text, each), each) for each in findings), key=lambda pair: pair[0]):
        if group and len(text) > _LONGEST_LINE and span[0] > group[0][0][0] + _LONGEST_LINE - 2 * _BEFORE_MARK:
            yield _pieces(text, [place for place, _ in group]), [found for _, found in group]
            group = []
        group.append((span, finding))
    yield _pieces(text, [place for place, _ in group]), [found for _, found in group]


def _span(text: str, finding: Finding) -> tuple[int, int]:
    """Start and end of the fault in the line; an empty span if the end is unknown."""
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
    return start, match.end() if match else start + 1


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> tuple[LinePiece, ...]:
    """The text split at its faults; of a long line an excerpt.

    Args:
        text: The line.
        spans: Start and end of each fault, in order; they may overlap.
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


@dataclass(frozen=True, slots=True)
class ReportCell:
    """A cell with its heading, and the highest severity of its findings."""

    column: str
    heading: str
    text: str
    severity: str


@dataclass(frozen=True, slots=True)
class CellRow:
    """A row of a table with its findings, and the cells that identify the row or have findings.

    Attributes:
        anchor: Its fragment identifier on the page.
        sheet: Name of the sheet; empty if there is none.
        number: Its number, as spreadsheets count.
        line: The line of the source on which it begins.
        cells: The cells to show.
        findings: Its findings.
        severity: The highest severity of these.
    """

    anchor: str
    sheet: str
    number: int
    line: int
    cells: tuple[ReportCell, ...]
    findings: tuple[Finding, ...]
    severity: str


def source_rows(rows: Sequence[ShownRow], findings: Sequence[Finding]) -> Iterator[CellRow]:
    """The rows with findings.

    Args:
        rows: Rows of the source, from the report.
        findings: Findings of the source.
    """
    by_row: dict[tuple[str, int], list[Finding]] = {}
    for finding in findings:
        place = place_of(finding)
        match = _CELL.fullmatch(place.cell or "")
        if match:
            by_row.setdefault((place.sheet or "", int(match[2])), []).append(finding)
    for number, row in enumerate(rows):
        sheet = row.sheet or ""
        here = tuple(by_row.get((sheet, row.number), ()))
        if here:
            yield CellRow(
                f"R{number}", sheet, row.number, row.line, tuple(_cells(row, here)), here, _highest_severity(here)
            )


def _cells(row: ShownRow, findings: Sequence[Finding]) -> Iterator[ReportCell]:
    """The first cell, which names the row, and the cells with findings."""
    headings, texts = row.headings, row.cells
    by_column: dict[str, list[Finding]] = {}
    for finding in findings:
        by_column.setdefault((place_of(finding).cell or "").rstrip("0123456789"), []).append(finding)
    width = max(len(headings), len(texts))
    for index in range(width):
        letters = column_letters(index)
        if index and letters not in by_column:
            continue
        yield ReportCell(
            letters,
            headings[index] if index < len(headings) else "",
            texts[index] if index < len(texts) else "",
            _highest_severity(by_column.get(letters, ())),
        )
