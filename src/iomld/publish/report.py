"""The report of a publish: how much was read and published, and each refusal with its reasons."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from iomld.model import Finding, Severity
from iomld.pipeline.differences import Change, FieldDifference, ProjectDifference
from iomld.review.matching import ReviewedMentions
from iomld.review.reviews import Review, review_json

_FIRST_PLACES = 3  # of a group


@dataclass(frozen=True, slots=True)
class Refusal:
    """A project or a file that was not published.

    Attributes:
        name: Key of the project, or the file's name.
        reasons: Its Violations; for a file that cannot be read, one finding.
        kept: Whether an earlier version stays published.
    """

    name: str
    reasons: tuple[Finding, ...]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class RefusalGroup:
    """The refusals for one rule.

    Attributes:
        rule: Name of the rule.
        count: How many projects and files it refused.
        example: The first reason.
        places: The first places, each with the name of its project or file.
    """

    rule: str
    count: int
    example: Finding
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishReport:
    """The outcome of one publish.

    Attributes:
        read: Records read.
        projects: Projects that they describe.
        published: Accepted projects.
        added: Keys of new projects.
        changed: Keys of projects whose graph changed.
        refused: Projects and files that were refused.
        warnings: Number of findings that do not refuse, by rule.
        quads: Quads in the dataset of the current release.
        seconds: Duration.
        release: Name of the current release, or None if there is none.
        is_new: Whether this publish made that release.
        returned: Keys of withdrawn projects that are published again.
        withdrawn: Keys of projects that were withdrawn.
        included: Names of the included graphs.
        repeated_triples: Triples of the current release that stand in another graph too.
        unchanged: Number of accepted projects whose values are published already.
        seen_again: Keys of those among them whose file has another name or other bytes than the published source.
        differences: The fields with old and new values of each changed project, by key.
        reviewed: What became of the reviews of each published project that has some, by key.
        revisions: Number of the new revision of each changed project, by key.
    """

    read: int
    projects: int
    published: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    refused: tuple[Refusal, ...]
    warnings: dict[str, int] = field(default_factory=dict)
    quads: int = 0
    seconds: float = 0.0
    release: str | None = None
    is_new: bool = False
    returned: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    repeated_triples: int = 0
    unchanged: int = 0
    seen_again: tuple[str, ...] = ()
    differences: Mapping[str, tuple[FieldDifference, ...]] = field(default_factory=dict)
    revisions: Mapping[str, int] = field(default_factory=dict)
    reviewed: Mapping[str, ReviewedMentions] = field(default_factory=dict)

    @property
    def applied(self) -> int:
        """How many reviews of mentions hold."""
        return sum(len(one.applied) for one in self.reviewed.values())

    @property
    def moved(self) -> tuple[Review, ...]:
        """The reviews whose words are in another context now, by project."""
        return tuple(review for _, one in sorted(self.reviewed.items()) for review in one.moved)

    @property
    def orphaned(self) -> tuple[Review, ...]:
        """The reviews whose words are in no text of their project any more, by project."""
        return tuple(review for _, one in sorted(self.reviewed.items()) for review in one.orphaned)

    @property
    def lost(self) -> Mapping[str, tuple[str, ...]]:
        """The fields of which each changed project loses all values, by key; projects that lose none are left out."""
        found = {key: tuple(one.field for one in many if one.is_lost) for key, many in self.differences.items()}
        return {key: names for key, names in sorted(found.items()) if names}

    @property
    def changed_projects(self) -> tuple[ProjectDifference, ...]:
        """The changed projects with their differences, by key."""
        return tuple(ProjectDifference(key, Change.CHANGED, many) for key, many in sorted(self.differences.items()))


def refusal_groups(refused: Iterable[Refusal]) -> tuple[RefusalGroup, ...]:
    """The refusals by rule, the most frequent first; a project that breaks several rules is in several groups."""
    found: dict[str, list[tuple[Refusal, Finding]]] = {}
    for refusal in refused:
        for rule, reason in {one.rule: one for one in reversed(refusal.reasons)}.items():
            found.setdefault(rule, []).append((refusal, reason))
    groups = (
        RefusalGroup(rule, len(many), many[0][1], tuple(_named_place(*one) for one in many[:_FIRST_PLACES]))
        for rule, many in found.items()
    )
    return tuple(sorted(groups, key=lambda group: (-group.count, group.rule)))


def _named_place(refusal: Refusal, reason: Finding) -> str:
    place = reason.place
    return f"{refusal.name} ({place.file}:{place.line})" if place and place.line else refusal.name


def warning_counts(findings: Iterable[Finding]) -> Counter[str]:
    """The number of Warnings and Infos of each rule."""
    return Counter(finding.rule for finding in findings if finding.severity is not Severity.VIOLATION)


def write_report(report: PublishReport, path: Path) -> None:
    """Write the report as JSON."""
    path.write_text(json.dumps(report_json(report), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def report_json(report: PublishReport) -> dict[str, object]:
    """The report as a JSON object; without times, so that equal publishes have equal reports."""
    return {
        "read": report.read,
        "projects": report.projects,
        "published": report.published,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "seenAgain": report.seen_again,
        "differences": [one.to_json() for one in report.changed_projects],
        "returned": report.returned,
        "withdrawn": report.withdrawn,
        "included": report.included,
        "refused": [_refusal(refusal) for refusal in report.refused],
        "warnings": dict(sorted(report.warnings.items())),
        "reviews": {
            "applied": report.applied,
            "moved": [review_json(one) for one in report.moved],
            "orphaned": [review_json(one) for one in report.orphaned],
        },
    }


def _refusal(refusal: Refusal) -> dict[str, object]:
    reasons = [finding_json(finding) for finding in refusal.reasons]
    return {"name": refusal.name, "kept": refusal.kept, "reasons": reasons}


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding as a JSON object; in a table, also with its cell, and in a line, with its column."""
    place = finding.place
    within: dict[str, object] = {"column": place.column, "sheet": place.sheet, "cell": place.cell} if place else {}
    return {
        "rule": finding.rule,
        "message": str(finding.message),
        "fix": str(finding.fix or ""),
        "field": finding.field,
        "value": finding.value,
        "file": finding.place.file if finding.place else None,
        "line": finding.place.line if finding.place else None,
    } | {name: value for name, value in within.items() if value}
