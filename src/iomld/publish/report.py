"""What a publish did: how much was read and published, and each refusal with its reasons."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from iomld.model import Finding, Severity


@dataclass(frozen=True, slots=True)
class Refusal:
    """A project or a file that was not published.

    Attributes:
        name: Key of the project, or the file's name.
        reasons: Its Violations; for a file that cannot be read, one sentence.
        kept: Whether an earlier release holds it and keeps it.
    """

    name: str
    reasons: tuple[Finding, ...]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class PublishReport:
    """The outcome of one publish.

    Attributes:
        read: Records read.
        projects: Projects they describe, merged.
        published: Projects accepted.
        added: Keys that are new.
        changed: Keys whose graph changed.
        refused: What was refused.
        warnings: Findings that do not refuse, by rule.
        quads: Quads in the release's dataset.
        seconds: Time it took.
        release: Name of the release that is now served, or None if there is none.
        is_new: Whether that release was made by this publish.
        returned: Keys that had been withdrawn and are back.
        withdrawn: Keys that were withdrawn.
        included: Names of the reference graphs that were given.
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


def counted(findings: Iterable[Finding]) -> Counter[str]:
    """How often each rule warned or informed."""
    return Counter(finding.rule for finding in findings if finding.severity is not Severity.VIOLATION)


def write_report(report: PublishReport, path: Path) -> None:
    """Write the report as JSON; times stay out, so that equal publishes give equal reports."""
    content = {
        "read": report.read,
        "projects": report.projects,
        "published": report.published,
        "added": report.added,
        "changed": report.changed,
        "returned": report.returned,
        "withdrawn": report.withdrawn,
        "included": report.included,
        "refused": [_refusal(refusal) for refusal in report.refused],
        "warnings": dict(sorted(report.warnings.items())),
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _refusal(refusal: Refusal) -> dict[str, object]:
    reasons = [
        {
            "rule": finding.rule,
            "message": str(finding.message),
            "fix": str(finding.fix or ""),
            "field": finding.field,
            "value": finding.value,
            "file": finding.place.file if finding.place else None,
            "line": finding.place.line if finding.place else None,
        }
        for finding in refusal.reasons
    ]
    return {"name": refusal.name, "kept": refusal.kept, "reasons": reasons}
