"""The report on an upload as JSON, from the validation worker to the web process.

It is not translated yet: findings keep the identifiers and values of their messages. The JSON report for users is
written by `iomld.check.reports.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from iomld.check.report import Basis, CheckReport, FileReport, FindingGroup
from iomld.model import Severity, finding_from_json, finding_to_json
from iomld.read.table.rows import ShownRow


@dataclass(frozen=True, slots=True)
class UploadReport:
    """The report on an upload, with the rows of its table that findings are about; for our own page.

    Attributes:
        report: The report.
        rows: The rows.
    """

    report: CheckReport
    rows: tuple[ShownRow, ...] = ()


def upload_report_to_json(upload: UploadReport) -> bytes:
    """The report of an upload as JSON."""
    document = {"report": _report_to_json(upload.report), "rows": [asdict(row) for row in upload.rows]}
    return json.dumps(document).encode()


def upload_report_from_json(body: bytes) -> UploadReport:
    """The report that `upload_report_to_json` wrote."""
    document = json.loads(body)
    return UploadReport(_report_from_json(document["report"]), tuple(map(_row, document["rows"])))


def _report_to_json(report: CheckReport) -> dict[str, object]:
    return {
        "basis": asdict(report.basis) | {"versions": dict(report.basis.versions)},
        "records": report.records,
        "projects": report.projects,
        "counts": report.counts,
        "groups": [
            [group.rule, group.severity, group.count, finding_to_json(group.example), group.values]
            for group in report.groups
        ],
        "files": [
            [file.name, file.records, [[*cause, count] for cause, count in file.counts.items()]]
            for file in report.files
        ],
        "findings": [finding_to_json(finding) for finding in report.findings],
        "cap": report.cap,
        "language": report.language,
        "warnings": [finding_to_json(warning) for warning in report.warnings],
        "focus_nodes": dict(report.focus_nodes),
    }


def _report_from_json(written: Mapping[str, Any]) -> CheckReport:
    return CheckReport(
        basis=Basis(**written["basis"]),
        records=written["records"],
        projects=written["projects"],
        counts={Severity(severity): count for severity, count in written["counts"].items()},
        groups=tuple(
            FindingGroup(rule, Severity(severity), count, finding_from_json(example), tuple(map(tuple, values)))
            for rule, severity, count, example, values in written["groups"]
        ),
        files=tuple(
            FileReport(name, records, {(rule, Severity(severity)): count for rule, severity, count in counts})
            for name, records, counts in written["files"]
        ),
        findings=tuple(map(finding_from_json, written["findings"])),
        cap=written["cap"],
        language=written["language"],
        warnings=tuple(map(finding_from_json, written["warnings"])),
        focus_nodes=written["focus_nodes"],
    )


def _row(written: Mapping[str, Any]) -> ShownRow:
    return ShownRow(
        written["sheet"], written["number"], written["line"], tuple(written["headings"]), tuple(written["cells"])
    )
