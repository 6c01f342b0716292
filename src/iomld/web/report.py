"""A validation report beside the lines and cells that it speaks of, as values for its page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iomld.web.report_cells import CellRow, rows_of
from iomld.web.report_found import SEVERITIES, Found, found_of
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
        anchors: Where on the page a finding stands, by its number; none for those that have no place.
    """

    conforms: bool
    records: int
    counts: Mapping[str, int]
    findings: tuple[Found, ...]
    hidden: int
    lines: tuple[Line, ...]
    rows: tuple[CellRow, ...]
    rows_by_line: Mapping[int, CellRow]
    anchors: Mapping[int, str]


def report_view(report: Mapping[str, object], text: str) -> ReportView:
    """Put a report beside its source.

    Args:
        report: As `iomld.check.reports.document.report_document` makes it; `rows` of tables may stand beside.
        text: What was checked; empty where it is no text.
    """
    results = report.get("results")
    listed = [result for result in results if isinstance(result, Mapping)] if isinstance(results, list) else []
    found = [found_of(result, number) for number, result in enumerate(listed)]
    found.sort(key=_order)
    shown = tuple(found[:_MOST_FINDINGS])
    rows = tuple(rows_of(report.get("rows"), shown))
    lines = tuple(lines_of(text, shown))
    records = report.get("records")
    counts = _counts(report, found)
    return ReportView(
        conforms=report.get("conforms") is True,
        records=records if isinstance(records, int) else 0,
        counts=counts,
        findings=shown,
        hidden=sum(counts.values()) - len(shown),
        lines=lines,
        rows=() if lines else rows,
        rows_by_line={row.line: row for row in rows} if lines else {},
        anchors=_anchors(lines, rows),
    )


def _anchors(lines: Sequence[Line], rows: Sequence[CellRow]) -> dict[int, str]:
    placed = [(row.findings, row.anchor) for row in rows] + [(line.findings, line.anchor) for line in lines]
    return {one.number: anchor for findings, anchor in placed for one in findings}


def _order(found: Found) -> tuple[int, int, int, int, str]:
    """Violations first, then as they stand in the source."""
    severity = SEVERITIES.get(found.severity, len(SEVERITIES))
    return severity, found.line or 0, found.column or 0, len(found.cell), found.cell


def _counts(report: Mapping[str, object], found: Sequence[Found]) -> dict[str, int]:
    """The whole counts, where the report has them: it may list fewer findings than were made."""
    given = report.get("counts")
    whole = given if isinstance(given, Mapping) else Counter(one.severity for one in found)
    return {severity: int(whole.get(severity, 0)) for severity in SEVERITIES}
