"""The workbook that was checked, given back with each finding as a comment at its cell."""

import io

from iomld.check.messages import colon, severity_word
from iomld.check.report import CheckReport
from iomld.model import Finding, Place
from iomld.read.table.workbook_comments import Remark, write_commented

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
