"""The page with the form for records to check, and the page of a report."""

from collections.abc import Mapping
from dataclasses import replace

from iomld.browse.view import ReleaseView
from iomld.check.wording import ENGLISH, wording
from iomld.validate import all_rules
from iomld.web.examples import FORMS, example_record
from iomld.web.rendering import page_html
from iomld.web.report import report_view
from iomld.web.upload import PASTED, PROFILES, Upload
from iomld.web.words import LANGUAGE_NAMES, asked, page_asked, page_language

_PROFILES = ((PROFILES[0], "for who sends a record"), (PROFILES[1], "for what is published"))
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
_WORKBOOK = ("xlsx", "workbook with comments")
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
    return page_html(view, "validate.html", "/validate", words=wording(page_language()), **_CHOICES, **values)


def validation_page(report: Mapping[str, object], upload: Upload, language: str = ENGLISH) -> str:
    """The page of a report: what was found beside the lines where it stands, with the form to check again.

    Args:
        report: As `iomld.check.reports.document.report_document` makes it; `rows` of tables may stand beside.
        upload: What was checked.
        language: Language of the page; one of `iomld.check.wording.LANGUAGES`.
    """
    rules = upload.rules
    shown = report_view(report, upload.text)
    values: dict[str, object] = {
        "report": shown,
        "with_comments": any(found.sheet for found in shown.findings),
        "name": upload.name,
        "heading": wording(language).said(PASTED) if upload.name == PASTED else upload.name,
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
    with asked(replace(page_asked(), language=language)):  # the form may ask for another language than the address
        return page_html(None, "validation.html", "/validate", words=wording(language), **_CHOICES, **values).decode()
