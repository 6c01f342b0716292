"""The form for records to check, with examples, and the page of a report.

The page with the form for records to check, and the page of a report.

A validation report beside the lines and cells that it speaks of, as values for its page.

Examples on the pages: the same record with mistakes, in the forms that people send.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from iomld.browse.view import ReleaseView
from iomld.check.translation import worded_report
from iomld.check.upload_report import UploadReport
from iomld.i18n import ENGLISH, LANGUAGE_NAMES, gettext, gettext_noop
from iomld.model import Finding, Severity
from iomld.validate import all_rules
from iomld.web.data.upload import PASTED, PROFILES, Upload
from iomld.web.i18n import current_page, making
from iomld.web.pages.render import page_html
from iomld.web.pages.report_rows import CellRow, SourceLine, lines_of, page_order, place_of, rows_of

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
    lines: tuple[SourceLine, ...]
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


def _anchors(findings: Sequence[Finding], lines: Sequence[SourceLine], rows: Sequence[CellRow]) -> Iterator[str]:
    placed = [(row.findings, row.anchor) for row in rows] + [(line.findings, line.anchor) for line in lines]
    anchors = {id(one): anchor for here, anchor in placed for one in here}  # two findings may be equal
    return (anchors.get(id(finding), "") for finding in findings)


_JSON = """{
  "projectCode": "PO.9001",
  "title": {"en": "An example with mistakes"},
  "status": "finished",
  "projectType": "PO",
  "coverage": "national",
  "region": "africa",
  "startYear": "2019",
  "endYear": "2017",
  "allocationYear": "2019",
  "budgetUSD": "100 000 USD",
  "benefitingMemberStates": ["Kenia"]
}
"""

_CSV = """projectCode,title_en,status,projectType,coverage,region,startYear,endYear,allocationYear,budgetUSD,\
benefitingMemberStates
PO.9001,An example with mistakes,finished,PO,national,africa,2019,2017,2019,100 000 USD,Kenia
PO.9002,An example without mistakes,Completed,PO,national,africa,2019,2020,2019,90000,Ghana
"""

_PAGE = """An example with mistakes
-
Start Date
2019
-
End Date
2017
-
Project Status
finished
-
Project Type
Migration Policy Activities
-
Budget Amount (USD)
100 000 USD
-
Coverage
National
-
Year
2019
-
IDF Region
Africa
-
Projects ID
PO.9001
-
Benefiting Member States
Kenia
-
The text of the page says what the project does.
"""

# By the word of `?example=`; `1` is the first.
EXAMPLES: Mapping[str, str] = {"json": _JSON, "csv": _CSV, "text": _PAGE}
FORMS = (("text", gettext_noop("text of a page")), ("csv", "CSV"), ("json", "JSON"))


def example_record(name: str) -> str:
    """The example in a form; empty where none is asked for, the first where the form is not known.

    >>> example_record("csv").partition(",")[0]
    'projectCode'
    """
    return EXAMPLES.get(name, _JSON) if name else ""


_PROFILES = (
    (PROFILES[0], gettext_noop("for who sends a record")),
    (PROFILES[1], gettext_noop("for what is published")),
)
_REPORTS = (
    ("html", "HTML"),
    ("csv", "CSV"),
    ("text", "TXT"),
    ("json", "JSON"),
    ("turtle", "Turtle"),
    ("jsonld", "JSON-LD"),
    ("sarif", "SARIF"),
    ("junit", "JUnit"),
)
_WORKBOOK = ("xlsx", gettext_noop("workbook with comments"))
_CHOICES: Mapping[str, object] = {
    "languages": tuple(LANGUAGE_NAMES.items()),
    "profiles": _PROFILES,
    "reports": _REPORTS,
    "workbook": _WORKBOOK,
}


def form_page(view: ReleaseView, example: str, profile: str, format_name: str) -> bytes:
    """The form.

    Args:
        view: The release that is served.
        example: Name of the example that fills it; empty for none.
        profile: The profile that it selects.
        format_name: The form of report that it selects.
    """
    values: dict[str, object] = {
        "text": example_record(example),
        "examples": FORMS,
        "shapes": "",
        "profile": profile,
        "format": format_name,
    }
    return page_html(view, "validate.html", "/validate", **_CHOICES, **values)


def validation_page(report: UploadReport, upload: Upload, language: str = ENGLISH) -> str:
    """The page of a report: what was found beside the lines where it stands, with the form to check again.

    Args:
        report: What was found, and rows of tables; not worded yet.
        upload: What was checked.
        language: Language of the page; one of `iomld.i18n.LANGUAGES`.
    """
    rules = upload.rules
    shown = report_view(report, upload.text, language)
    values: dict[str, object] = {
        "report": shown,
        "place_of": place_of,
        "with_comments": any(place_of(finding).sheet for finding in shown.findings),
        "name": upload.name,
        "heading": gettext(PASTED, language) if upload.name == PASTED else upload.name,
        "text": upload.text,
        "held": upload.held,
        "shapes": rules.shown,
        "shapes_name": rules.name,
        "foreign": bool(rules.name),
        "engine": rules.engine,
        "profile": rules.profile,
        "format": "",
        "rules": frozenset(rule.id for rule in all_rules()),
    }
    with making(replace(current_page(), language=language)):  # the form may ask for another language than the address
        return page_html(None, "validation.html", "/validate", **_CHOICES, **values).decode()
