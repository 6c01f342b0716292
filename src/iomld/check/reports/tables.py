"""The report as CSV (RFC 4180): one row a finding."""

import csv
import io
from collections.abc import Iterator

from iomld.check.render import cap_sentence
from iomld.check.report import CheckReport
from iomld.model import Finding, Place

COLUMNS = (
    "file",
    "line",
    "column",
    "pointer",
    "sheet",
    "cell",
    "severity",
    "rule",
    "field",
    "value",
    "message",
    "fix",
    "focusNode",
    "path",
    "excerpt",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_report(report: CheckReport) -> Iterator[str]:
    """The report as rows; where findings are left out, a last row says so in `message`."""
    yield _line(COLUMNS)
    for finding in report.findings:
        yield _line(_row(finding))
    if report.omitted:
        message = cap_sentence(report)
        yield _line(tuple(message if column == "message" else None for column in COLUMNS))


def _row(finding: Finding) -> tuple[str | int | None, ...]:
    place = finding.place or Place("")
    return (
        place.file,
        place.line,
        place.column,
        place.pointer,
        place.sheet,
        place.cell,
        finding.severity.value,
        finding.rule,
        finding.field,
        finding.value,
        str(finding.message),
        str(finding.fix or ""),
        finding.focus_node,
        finding.path,
        place.excerpt,
    )


def _line(cells: tuple[str | int | None, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(_harmless(cell) for cell in cells)
    return line.getvalue()


def _harmless(cell: str | int | None) -> str | int | None:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it, which makes it a text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
