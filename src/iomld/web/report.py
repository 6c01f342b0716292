"""A validation report beside the lines and cells that it speaks of, as values for its page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from iomld.check.codec import UploadReport
from iomld.check.messages import worded_report
from iomld.model import Finding, Severity
from iomld.web.finding_view import page_order
from iomld.web.report_cells import CellRow, rows_of
from iomld.web.report_lines import Line, lines_of

_MOST_FINDINGS = 500


@dataclass(frozen=True, slots=True)
class ReportView:
    """What the page of a report shows.

    Attributes:
        conforms: Whether there is no Violation.
        records: Records that were read.
        counts: Number of findings by severity.
        findings: The findings, Violations first.
        hidden: Number of findings that are counted and not shown, since there are too many.
        lines: Lines of the source near findings.
        rows: Rows of a workbook with findings at their cells.
        rows_by_line: Rows of a table in text, by the line that they begin on.
        anchors: For each finding its place on the page; empty for one without a place.
    """

    conforms: bool
    records: int
    counts: Mapping[Severity, int]
    findings: tuple[Finding, ...]
    hidden: int
    lines: tuple[Line, ...]
    rows: tuple[CellRow, ...]
    rows_by_line: Mapping[int, CellRow]
    anchors: tuple[str, ...]


def report_view(found: UploadReport, text: str, language: str) -> ReportView:
    """Put a report beside its source.

    Args:
        found: The report, and rows of tables.
        text: What was checked; empty where it is no text.
        language: The language to word findings in; one of `iomld.i18n.LANGUAGES`.
    """
    report = worded_report(found.report, language)
    shown = tuple(sorted(report.findings, key=page_order)[:_MOST_FINDINGS])
    rows = tuple(rows_of(found.rows, shown))
    lines = tuple(lines_of(text, shown))
    return ReportView(
        conforms=report.conforms,
        records=report.records,
        counts=report.counts,
        findings=shown,
        hidden=report.total - len(shown),
        lines=lines,
        rows=() if lines else rows,
        rows_by_line={row.line: row for row in rows} if lines else {},
        anchors=tuple(_anchors(shown, lines, rows)),
    )


def _anchors(findings: Sequence[Finding], lines: Sequence[Line], rows: Sequence[CellRow]) -> Iterator[str]:
    placed = [(row.findings, row.anchor) for row in rows] + [(line.findings, line.anchor) for line in lines]
    anchors = {id(one): anchor for here, anchor in placed for one in here}  # two findings may be equal
    return (anchors.get(id(finding), "") for finding in findings)
