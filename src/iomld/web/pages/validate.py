"""The form of `/validate` with its examples, and the report page, next to the checked source."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from iomld import i18n
from iomld.assets import load_vocabulary
from iomld.browse.view import ReleaseView
from iomld.check.checker import UploadReport
from iomld.check.reports.text import focus_node_sentence
from iomld.check.translation import worded_report
from iomld.check.worker import CheckRequest
from iomld.fields.declared import FieldKind
from iomld.fields.form import Choice, FormInput, filled_inputs, form_inputs
from iomld.folding import name_order
from iomld.i18n import ENGLISH, LANGUAGES, language_names
from iomld.messages import Message, gettext_noop, message
from iomld.model import TEXT_LANGUAGES, Finding, Place, Severity
from iomld.validate import all_rules
from iomld.validate.reading_rules import READING_RULES
from iomld.vocab import Label, Vocabulary
from iomld.web.data.upload import (
    PASTED,
    PROFILES,
    FilledForm,
    MappingUpload,
    Rules,
    Upload,
    UploadChoices,
    filled_form,
)
from iomld.web.i18n import PageRequest, current_page, gettext, making
from iomld.web.pages.frame import page_html
from iomld.web.pages.report_rows import CellRow, SourceLine, page_order, place_of, source_lines, source_rows
from iomld.web.problems import ProblemError

# What a page shows at most. Five times as many bytes are possible, since `"` becomes `&#34;`.
_MOST_IN_ORDER = 8  # choices that stay in the order of their list
_MOST_FINDINGS = 500
_MOST_IN_FINDINGS = 300_000  # characters
_MOST_IN_LINES = 400_000  # characters of lines and cells
_LONGEST_TEXT = 500_000  # characters in a field of the form
_PROFILES = (
    (PROFILES[0], gettext_noop("for submitted records")),
    (PROFILES[1], gettext_noop("for publishing, with the rules for what the publisher adds")),
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
    "languages": tuple(language_names().items()),
    "profiles": _PROFILES,
    "reports": _REPORTS,
    "workbook": _WORKBOOK,
}

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
  "benefitingMemberStates": ["Kennya"]
}
"""

_CSV = """projectCode,title_en,status,projectType,coverage,region,startYear,endYear,allocationYear,budgetUSD,\
benefitingMemberStates
PO.9001,An example with mistakes,finished,PO,national,africa,2019,2017,2019,100 000 USD,Kennya
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
Kennya
-
The text of the page says what the project does.
"""

# The same record with mistakes in several formats, by the value of `?example=`.
EXAMPLES: Mapping[str, str] = {"json": _JSON, "csv": _CSV, "text": _PAGE}
FORMS = (("text", gettext_noop("text of a page")), ("csv", "CSV"), ("json", "JSON"))


def example_record(name: str) -> str:
    """The example in a format; empty for an empty name, JSON for an unknown one.

    Args:
        name: Value of `?example=`.

    >>> example_record("csv").partition(",")[0]
    'projectCode'
    """
    return EXAMPLES.get(name, _JSON) if name else ""


def form_page(view: ReleaseView, example: str, profile: str, format_name: str) -> bytes:
    """The page with the form.

    Args:
        view: The release.
        example: Name of the example in the form; empty for none.
        profile: The selected profile.
        format_name: The selected format of the report.
    """
    form = FilledForm(text=example_record(example), profile=profile, choices=UploadChoices(format_name))
    return _page_of_form(view, form)


def fault_page(problem: ProblemError, form: FilledForm, *, line: int | None = None, column: int | None = None) -> bytes:
    """The page with the form as it was filled in, the reason why it was not checked, and the place of the fault.

    Args:
        problem: The reason.
        form: What was filled in.
        line: The line of the fault in the records, if it is known.
        column: The column in that line, if it is known.
    """
    language = form.choices.language
    with making(replace(current_page(), language=language if language in LANGUAGES else current_page().language)):
        if form.name == PASTED and "file" in problem.message.values:
            named = Message(problem.message.id, {**problem.message.values, "file": message("Pasted text")})
            problem = ProblemError(problem.status, problem.kind, named)
        place = Place(form.name, line, column)
        fault = Finding(problem.kind, Severity.VIOLATION, problem.message, place=place)
        lines = tuple(source_lines(form.text, [fault]))
        heading = gettext(PASTED) if form.name == PASTED else form.name
        return _page_of_form(None, form, problem=problem, lines=lines, heading=heading)


def _page_of_form(view: ReleaseView | None, form: FilledForm, **values: object) -> bytes:
    inputs = record_inputs(current_page().language, form.record)
    shown: dict[str, object] = {**_CHOICES, **form_texts(form), "problem": None, **values}
    shown |= {"examples": FORMS, "inputs": inputs, "is_record": bool(form.record)}
    return page_html(view, "validate.html", "/validate", **shown)


def form_texts(form: FilledForm) -> dict[str, object]:
    """The texts and choices of the form; texts that are too long for a page are named in `left_out`."""
    texts = {"text": form.text, "shapes": form.shapes, "mapping": form.mapping}
    shown = {name: shown_text(text) for name, text in texts.items()}
    left_out = [name for name, text in texts.items() if text and not shown[name]]
    return {**shown, "left_out": left_out, "profile": form.profile, "format": form.choices.format_name}


def record_inputs(language: str, record: Mapping[str, object]) -> tuple[FormInput, ...]:
    """The inputs of the form of one record, with the values of a record and their texts in a language."""
    lists = load_vocabulary()
    inputs = form_inputs(lists.fields, _options(lists, language), TEXT_LANGUAGES, language)
    return tuple(filled_inputs(inputs, record))


def _options(lists: Vocabulary, language: str) -> dict[str, tuple[Choice, ...]]:
    """The codes of each field that has a list; countries and the concepts of long lists by name."""
    options: dict[str, tuple[Choice, ...]] = {}
    for key, field in lists.fields.given.items():
        if field.kind is FieldKind.CONCEPT:
            concepts = lists.concepts.get(field.scheme, {})
            named = [_choice(code, concept.label(language)) for code, concept in concepts.items()]
            in_order = len(named) <= _MOST_IN_ORDER
            options[key] = tuple(named if in_order else sorted(named, key=lambda one: name_order(one.name)))
        elif field.kind is FieldKind.COUNTRY:
            members = [one for one in lists.countries.items() if one[1].is_member or not field.members]
            named = [_choice(code, country.label(language)) for code, country in members]
            options[key] = tuple(sorted(named, key=lambda one: name_order(one.name)))
    return options


def _choice(code: str, label: Label) -> Choice:
    return Choice(code, label.text, label.language)


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as its page shows it.

    Attributes:
        conforms: Whether there is no Violation.
        records: Number of records in the upload.
        counts: Number of findings by severity.
        findings: The findings to show, Violations first.
        hidden: Number of findings beyond the most that a page shows.
        listed: Number of findings that a report in a file lists.
        lines: Lines of the source with findings and those around them.
        rows: Rows of a workbook with findings.
        rows_by_line: Rows of a table in text, by the line on which they begin.
        anchors: For each finding the fragment identifier of its place; empty if it has none.
        warnings: Warnings about the shapes.
        checked_nothing: Whether nothing was checked.
        focus_nodes: The sentence that says how many nodes each shape checked.
        cut: Whether lines or rows with findings are left out.
    """

    conforms: bool
    records: int
    counts: Mapping[Severity, int]
    findings: tuple[Finding, ...]
    hidden: int
    listed: int
    lines: tuple[SourceLine, ...]
    rows: tuple[CellRow, ...]
    rows_by_line: Mapping[int, CellRow]
    anchors: tuple[str, ...]
    warnings: tuple[Finding, ...]
    checked_nothing: bool
    focus_nodes: str
    cut: bool


def report_page(report: UploadReport, request: CheckRequest, data: bytes, shapes: bytes, mapping: bytes) -> bytes:
    """The page of a report, rendered in the worker that checked the upload (`iomld.check.worker.PageRenderer`)."""
    rules = Rules(request.profile, request.shapes_name, shapes, request.engine)
    mapped = MappingUpload(request.mapping_name, mapping)
    upload = Upload(request.name, data, rules, mapping=mapped, max_bytes=request.max_bytes)
    with making(PageRequest(request.language, request.path, takes_submissions=request.takes_submissions)):
        return validation_page(report, upload, request.language).encode()


def validation_page(report: UploadReport, upload: Upload, language: str = ENGLISH) -> str:
    """The report page: findings next to the source, and the form to check again.

    Args:
        report: The report, not yet translated, with rows of tables.
        upload: The upload that was checked.
        language: Language of the page; one of `iomld.i18n.LANGUAGES`.
    """
    rules, form = upload.rules, filled_form(upload)
    shown = _report_view(report, upload, language)
    values: dict[str, object] = {
        **form_texts(form),
        "report": shown,
        "place_of": place_of,
        "with_comments": any(place_of(finding).sheet for finding in shown.findings),
        "name": upload.name,
        "heading": i18n.gettext(PASTED, language) if upload.name == PASTED else upload.name,
        "encoded": upload.encoded,
        "mapping_name": upload.mapping.name,
        "shapes_name": rules.name,
        "foreign": bool(rules.name),
        "engine": rules.engine,
        "format": "",
        "rules": {rule.id for rule in all_rules()} | {rule.id for rule in READING_RULES},
        "inputs": record_inputs(language, form.record) if form.record else (),
        "is_record": bool(form.record),
    }
    # The form may request a language other than that of the address.
    with making(replace(current_page(), language=language)):
        return page_html(None, "validation.html", "/validate", **_CHOICES, **values).decode()


def shown_text(text: str) -> str:
    """A text for a field of the form; empty if it is too long for a page."""
    return text if len(text) <= _LONGEST_TEXT else ""


_T = TypeVar("_T")


def _first(items: Iterable[_T], size: Callable[[_T], int], most: int) -> Iterator[_T]:
    """The first items, as long as they have no more characters together."""
    for item in items:
        most -= size(item)
        if most < 0:
            return
        yield item


def _finding_size(finding: Finding) -> int:
    return len(str(finding.message)) + len(str(finding.fix or ""))


def _line_size(line: SourceLine) -> int:
    notes = sum(_finding_size(finding) for finding in line.findings)
    return len(line.gap) + notes + sum(len(piece.text) for piece in line.pieces)


def _row_size(row: CellRow) -> int:
    notes = sum(_finding_size(finding) for finding in row.findings)
    return notes + sum(len(cell.heading) + len(cell.text) for cell in row.cells)


def _report_view(upload_report: UploadReport, upload: Upload, language: str) -> ReportView:
    """A report with excerpts of its source.

    Args:
        upload_report: The report, with rows of tables.
        upload: The source, with its mapping.
        language: The language of the findings; one of `iomld.i18n.LANGUAGES`.
    """
    report = worded_report(upload_report.report, language)
    worst = sorted(report.findings, key=page_order)[:_MOST_FINDINGS]
    shown = tuple(_first(worst, _finding_size, _MOST_IN_FINDINGS))
    all_rows = tuple(source_rows(upload_report.rows, shown))
    # What the mapping itself says of every record has a line of the mapping.
    in_source = [one for one in shown if place_of(one).file != upload.mapping.name]
    all_lines = tuple(source_lines(upload.text, in_source))
    rows = tuple(_first(all_rows, _row_size, _MOST_IN_LINES))
    lines = tuple(_first(all_lines, _line_size, _MOST_IN_LINES))
    return ReportView(
        conforms=report.conforms,
        records=report.records,
        counts=report.counts,
        findings=shown,
        hidden=report.total - len(shown),
        listed=min(report.total, report.cap),
        lines=lines,
        rows=() if lines else rows,
        rows_by_line={row.line: row for row in rows} if lines else {},
        anchors=tuple(_anchors(shown, lines, rows)),
        warnings=report.warnings,
        checked_nothing=report.checked_nothing,
        focus_nodes=focus_node_sentence(report) if report.focus_nodes else "",
        cut=len(lines) < len(all_lines) or len(rows) < len(all_rows),
    )


def _anchors(findings: Sequence[Finding], lines: Sequence[SourceLine], rows: Sequence[CellRow]) -> Iterator[str]:
    placed = [(row.findings, row.anchor) for row in rows] + [(line.findings, line.anchor) for line in lines]
    anchors = {id(one): anchor for here, anchor in placed for one in here}  # two findings may be equal
    return (anchors.get(id(finding), "") for finding in findings)
