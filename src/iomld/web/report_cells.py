"""Rows of tables with what was found in their cells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iomld.model import Finding
from iomld.read.table.rows import ShownRow, column_letters
from iomld.web.finding_view import place_of, worst

_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass(frozen=True, slots=True)
class Cell:
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
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]
    severity: str


def rows_of(rows: Sequence[ShownRow], findings: Sequence[Finding]) -> Iterator[CellRow]:
    """The rows that findings speak of.

    Args:
        rows: As `iomld.check.beside.rows_beside` gives them.
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


def _cells(row: ShownRow, findings: Sequence[Finding]) -> Iterator[Cell]:
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
        yield Cell(
            letters,
            headings[index] if index < len(headings) else "",
            texts[index] if index < len(texts) else "",
            worst(by_column.get(letters, ())),
            after_gap=index != previous + 1,
        )
        previous = index
