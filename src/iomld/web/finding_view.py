"""How pages order findings, and where a finding stands."""

from collections.abc import Iterable

from iomld.model import Finding, Place, Severity

_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_NOWHERE = Place("")


def place_of(finding: Finding) -> Place:
    """The place of a finding; one without any part where it has none."""
    return finding.place or _NOWHERE


def severity_rank(finding: Finding) -> int:
    """0 for a Violation, more for what is less bad."""
    return _RANK[finding.severity]


def page_order(finding: Finding) -> tuple[int, int, int, int, str]:
    """Violations first, then as they stand in the source."""
    place = place_of(finding)
    cell = place.cell or ""
    return severity_rank(finding), place.line or 0, place.column or 0, len(cell), cell


def worst(findings: Iterable[Finding]) -> str:
    """The worst severity; empty where there is no finding."""
    return min((finding.severity for finding in findings), key=_RANK.__getitem__, default="")
