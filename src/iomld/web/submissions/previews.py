"""Previews as pages show them: findings next to the lines of what was sent, and old and new values side by side."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iomld.browse.project.differences import NamedDifference, NamedValue, field_label, named_difference, named_values
from iomld.browse.view import ReleaseView
from iomld.check.translation import worded_finding
from iomld.messages import Message, message_from_json
from iomld.model import Finding, Place, Severity
from iomld.pipeline.differences import FieldDifference
from iomld.web.i18n import page_language
from iomld.web.pages.report_rows import SourceLine, page_order, source_lines

# What a page shows at most; JSON has everything.
_MOST_PROJECTS = 300
_MOST_FINDINGS = 100
_MOST_TRIPLES = 200
_MOST_CHARACTERS = 20_000  # of a value


@dataclass(frozen=True, slots=True)
class RemovedValue:
    """A value that would vanish.

    Attributes:
        name: Its name in the preview, by which it is confirmed: `PO.0105/abstract.en`.
        label: The name of its field.
        value: The value, if only this one of several would vanish; else None.
    """

    name: str
    label: str
    value: NamedValue | None


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field with other values than published.

    Attributes:
        named: Its name, and its values, of which long ones are shortened to where they begin to differ.
        whole: The whole values, if they were shortened.
    """

    named: NamedDifference
    whole: NamedDifference | None


@dataclass(frozen=True, slots=True)
class ChangedProject:
    """A project that would change.

    Attributes:
        key: Its key.
        is_new: Whether it is not published yet.
        withdrawn: When and why it was withdrawn, if it was.
        fields: The fields that differ.
        removes: The values that would vanish.
        gained: The mentions of frameworks that it would have in addition.
        lost: Those that it would lose.
        findings: The findings that the published record does not have.
        removed: Triples that would go, as N-Quads, the first of them.
        added: Triples that would come.
        counts: How many would go and come in all.
        is_whole: Whether all values are shown to their ends.
    """

    key: str
    is_new: bool
    withdrawn: Mapping[str, str] | None
    fields: tuple[ChangedField, ...]
    removes: tuple[RemovedValue, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    findings: tuple[Finding, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    counts: tuple[int, int]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A preview as its page shows it.

    Attributes:
        conforms: Whether it can be accepted.
        projects: The projects that would change, the first of them.
        more: How many more there are.
        unchanged: How many projects would stay as they are.
        refused: Why it cannot be accepted, and what else was found in these projects, the first of them.
        more_refused: How many more there are.
        findings: New findings about projects that would stay as they are.
        lines: Lines of what was sent with those of the reasons that have one.
        anchors: For each reason the fragment identifier of its line; empty if it has none.
    """

    conforms: bool
    projects: tuple[ChangedProject, ...]
    more: int
    unchanged: int
    refused: tuple[Finding, ...]
    more_refused: int
    findings: tuple[Finding, ...]
    lines: tuple[SourceLine, ...]
    anchors: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all that would change is shown; else nobody can say by the page that it is right."""
        return not self.more and all(one.is_whole for one in self.projects)


def preview_view(content: bytes, view: ReleaseView, text: str = "") -> PreviewView:
    """A preview for a page.

    Args:
        content: The preview as JSON.
        view: The release, for the names of fields.
        text: What was sent; empty for a binary file.
    """
    preview: dict[str, Any] = json.loads(content)
    reasons = [
        _finding(one) for refused in preview["refused"] for one in (*refused["reasons"], *refused.get("findings", ()))
    ]
    shown = tuple(sorted(reasons, key=page_order)[:_MOST_FINDINGS])
    lines = tuple(source_lines(text, shown)) if text else ()
    anchors = {id(found): line.anchor for line in lines for found in line.findings}
    projects = preview["projects"]
    return PreviewView(
        conforms=preview["conforms"],
        projects=tuple(_project(one, view) for one in projects[:_MOST_PROJECTS]),
        more=max(0, len(projects) - _MOST_PROJECTS),
        unchanged=preview["unchanged"],
        refused=shown,
        more_refused=len(reasons) - len(shown),
        findings=tuple(map(_finding, preview["findings"][:_MOST_FINDINGS])),
        lines=lines,
        anchors=tuple(anchors.get(id(one), "") for one in shown),
    )


def _project(one: Mapping[str, Any], view: ReleaseView) -> ChangedProject:
    key = one["project"]
    return ChangedProject(
        key=key,
        is_new=one["change"] == "added",
        withdrawn=one["withdrawn"],
        fields=tuple(_changed_fields(one["fields"], view)),
        removes=tuple(_removed_value(name, key, view) for name in one["removes"]),
        gained=tuple(one["mentions"]["gained"]),
        lost=tuple(one["mentions"]["lost"]),
        findings=tuple(_finding(found) for found in one["findings"][:_MOST_FINDINGS] if found["isNew"]),
        removed=tuple(one["removed"][:_MOST_TRIPLES]),
        added=tuple(one["added"][:_MOST_TRIPLES]),
        counts=(len(one["removed"]), len(one["added"])),
        is_whole=all(
            len(value) <= _MOST_CHARACTERS
            for field in one["fields"]
            for side in ("before", "after")
            for value in field[side]
        ),
    )


def _changed_fields(fields: Iterable[Mapping[str, Any]], view: ReleaseView) -> Iterator[ChangedField]:
    for one in fields:
        if one["field"] == "mentions":  # shown apart
            continue
        before, after = (tuple(value[:_MOST_CHARACTERS] for value in one[side]) for side in ("before", "after"))
        whole = FieldDifference(one["field"], before, after)
        short = whole.shortened()
        is_short = short != whole
        yield ChangedField(named_difference(view, short), named_difference(view, whole) if is_short else None)


def _removed_value(name: str, key: str, view: ReleaseView) -> RemovedValue:
    field, _, value = name.removeprefix(f"{key}/").partition("/")
    named = named_values(view, field, (value,)) if value else (None,)
    return RemovedValue(name, field_label(view, field), *named)


def _finding(written: Mapping[str, Any]) -> Finding:
    """A finding of a preview, in the language of the page if that is known."""
    sentences = written.get("sentences", {})  # in parts that can be translated
    said, fix = (
        message_from_json(sentences[name]) if name in sentences else Message(written[name])
        for name in ("message", "fix")
    )
    found = Finding(
        written["rule"],
        Severity(written.get("severity", Severity.VIOLATION)),
        said,
        fix if fix.id else None,
        field=written["field"],
        value=written["value"],
        place=Place(
            written["file"] or "",
            written["line"],
            written.get("column"),
            sheet=written.get("sheet"),
            cell=written.get("cell"),
        ),
    )
    return worded_finding(found, page_language())
