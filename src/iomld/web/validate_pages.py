"""The page with the form for records to check, and the page of a report."""

from collections.abc import Mapping
from dataclasses import replace

from iomld.browse.view import ReleaseView
from iomld.check.codec import UploadReport
from iomld.i18n import ENGLISH, LANGUAGE_NAMES, gettext, gettext_noop
from iomld.validate import all_rules
from iomld.web.examples import FORMS, example_record
from iomld.web.finding_view import place_of
from iomld.web.i18n import current_page, making
from iomld.web.rendering import page_html
from iomld.web.report import report_view
from iomld.web.upload import PASTED, PROFILES, Upload

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
