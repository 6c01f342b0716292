"""The report as CSV (RFC 4180), and as the checked workbook with findings as comments."""

import csv
import io
from collections.abc import Iterator

from iomld.check.report import CheckReport
from iomld.check.reports.text import cap_sentence
from iomld.check.translation import colon, severity_word
from iomld.model import Finding, Place

WORKBOOK = "xlsx"  # name of the format; not in `REPORT_FORMATS`, since it also needs the checked file
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
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_report(report: CheckReport) -> Iterator[str]:
    """The report as CSV, one row for each finding and warning; if findings are omitted, a last row says so."""
    yield _line(COLUMNS)
    for finding in (*report.findings, *report.warnings):
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
    csv.writer(line).writerow(_neutralized(cell) for cell in cells)
    return line.getvalue()


def _neutralized(cell: str | int | None) -> str | int | None:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def workbook_report(report: CheckReport, data: bytes, file: str) -> bytes:
    """The checked workbook with the findings as comments, in the language of the report.

    Args:
        report: The report.
        data: The workbook that was checked.
        file: Its name, as in the places of the report.

    Raises:
        SourceError: The file is no workbook, holds macros, or is too large.
    """
    from iomld.read.table.workbook_comments import Remark, write_commented  # noqa: PLC0415  # takes 0.2 s

    remarks = [Remark(*_remark(finding, report.language)) for finding in report.findings]
    output = io.BytesIO()
    write_commented(data, remarks, output, file=file)
    return output.getvalue()


def _remark(finding: Finding, language: str) -> tuple[str, str, int, str]:
    """Sheet, cell, row and text of a remark."""
    place = finding.place or Place("")
    severity = severity_word(finding.severity, language).capitalize()
    sentences = "\n".join(str(text) for text in (finding.fix, finding.message) if text)
    text = f"{severity}{colon(language)} {sentences}\n[{finding.rule}]"
    return place.sheet or "", place.cell or "", place.line or 0 if place.sheet else 0, text
