"""The report as CSV, and as the checked workbook with comments.

The report as CSV (RFC 4180): one row a finding.

The workbook that was checked, given back with each finding as a comment at its cell.
"""

import csv
import io
from collections.abc import Iterator

from iomld.check.report import CheckReport
from iomld.check.reports.text import cap_sentence
from iomld.check.translation import colon, severity_word
from iomld.model import Finding, Place
from iomld.read.table.workbook_comments import Remark, write_commented

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


WORKBOOK = "xlsx"  # its name among the forms of the report; it needs what was checked


def workbook_report(report: CheckReport, data: bytes, file: str) -> bytes:
    """The workbook with the findings as comments, in the language of the report.

    Args:
        report: What was found.
        data: The workbook that was checked.
        file: Its name, as in the places of the report.

    Raises:
        SourceError: It is no workbook, holds macros, or is too large to be given back.
    """
    remarks = [_remark(finding, report.language) for finding in report.findings]
    output = io.BytesIO()
    write_commented(data, remarks, output, file=file)
    return output.getvalue()


def _remark(finding: Finding, language: str) -> Remark:
    place = finding.place or Place("")
    severity = severity_word(finding.severity, language).capitalize()
    said = "\n".join(str(text) for text in (finding.fix, finding.message) if text)
    text = f"{severity}{colon(language)} {said}\n[{finding.rule}]"
    return Remark(place.sheet or "", place.cell or "", place.line or 0 if place.sheet else 0, text)
