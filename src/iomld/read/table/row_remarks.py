"""Findings about rows: rows that are not records, and cells that are in no column or that differ."""

import re

from iomld.folding import fold
from iomld.messages import message
from iomld.model import Finding, Place, Severity
from iomld.read.table.rows import Layout, TableRow, cell_text

_IDENTIFIERS = frozenset({"projectCode", "primaId"})
_FEWEST_REPEATED = 2  # headings in a row below the header that make it a repeated header
_TOTAL = re.compile(
    r"(?:grand[ -]?|sub[ -]?|sous[ -]?)?(?:total|totaux|sum|somme|suma|summe|gesamt|average|moyenne|promedio)\b[^a-z]*$"
    r"|(?:(?:grand |sub-?|sous-?)?total|suma|summe) ",
    re.IGNORECASE,
)
_SHOWN = 80  # characters of a value that a finding quotes


def is_no_record(row: TableRow, layout: Layout) -> bool:
    """Whether a row is no record: it repeats the headings, or it has no identifier and a total or a single note."""
    cells = {index: heading.column for index, heading in layout.columns if not _is_blank(row.cell(index) or "")}
    texts = {index: cell_text(row.cell(index), "").strip() for index in cells}
    if sum(fold(text) == fold(layout.headings[index]) for index, text in texts.items()) >= _FEWEST_REPEATED:
        return True
    is_total = any(map(_TOTAL.match, texts.values()))
    codes = [texts[index] for index, name in cells.items() if name in _IDENTIFIERS]
    has_identifier = any(" " not in code and not _TOTAL.match(code) for code in codes)
    filled = sum(not _is_blank(cell) for cell in row.cells if cell is not None)
    return not has_identifier and (is_total or filled == 1)


def no_record(row: TableRow, layout: Layout) -> Finding:
    """A Warning about a row that is no record."""
    at = next((index for index, cell in enumerate(row.cells) if cell is not None and not _is_blank(cell)), 0)
    problem = message(
        "Row {number} looks like a total, a note or a repeated header, so it was not read.", number=row.number
    )
    fix = message("Delete it. If it is a project, give it a project code.")
    return Finding("noRecordRow", Severity.WARNING, problem, fix, place=layout.place(row, at))


def differing_cells(name: str, one: tuple[str, Place], other: tuple[str, Place]) -> Finding:
    """A Violation for two columns of one field that differ in a row."""
    return Finding(
        "duplicateColumn",
        Severity.VIOLATION,
        message(
            "Two columns give {name}: '{one}' in {cell} and '{other}' in {other_cell}.",
            name=name,
            cell=one[1].cell,
            one=one[0][:_SHOWN],
            other_cell=other[1].cell,
            other=other[0][:_SHOWN],
        ),
        message("Keep the right one."),
        field=name,
        value=other[0][:_SHOWN],
        place=other[1],
    )


def stray_cells(row: TableRow, layout: Layout, *, report_unnamed: bool) -> list[Finding]:
    """A Violation for cells to the right of the header; a Warning, once, for cells under an empty heading."""
    width = len(layout.headings)
    if len(row.cells) <= width and "" not in layout.headings:
        return []
    filled = [index for index, cell in enumerate(row.cells) if cell is not None and not _is_blank(cell)]
    beyond = next((index for index in filled if index >= width), None)
    findings: list[Finding] = []
    if beyond is not None:
        problem = message("The row has more cells than the header, which has {width} columns.", width=width)
        fix = message("Put quotation marks around text that contains the delimiter, or give the column a heading.")
        findings.append(
            Finding("tooManyCells", Severity.VIOLATION, problem, fix, place=layout.place(row, beyond)),
        )
    unnamed = next((index for index in filled if index < width and not layout.headings[index]), None)
    if unnamed is not None and report_unnamed:
        problem = message("The column has no heading and was not read.")
        findings.append(
            Finding(
                "unknownColumn",
                Severity.WARNING,
                problem,
                message("Give it a heading."),
                place=layout.place(row, unnamed),
            )
        )
    return findings


def _is_blank(cell: object) -> bool:
    return isinstance(cell, str) and not cell.strip()
