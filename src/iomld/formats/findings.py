"""Findings as JSON, for other processes; their messages stay unworded."""

from collections.abc import Mapping
from typing import Any

from iomld.messages import message_from_json, message_to_json
from iomld.model import Finding, Place, Severity


def finding_to_json(finding: Finding) -> dict[str, object]:
    """A finding as a JSON object."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": message_to_json(finding.message),
        "fix": message_to_json(finding.fix) if finding.fix else None,
        "field": finding.field,
        "value": finding.value,
        "focus_node": finding.focus_node,
        "path": finding.path,
        "place": finding.place,
        "language": finding.language,
    }


def finding_from_json(written: Mapping[str, Any]) -> Finding:
    """The finding that `finding_to_json` wrote."""
    fix, place = written["fix"], written["place"]
    return Finding(
        rule=written["rule"],
        severity=Severity(written["severity"]),
        message=message_from_json(written["message"]),
        fix=message_from_json(fix) if fix else None,
        field=written["field"],
        value=written["value"],
        focus_node=written["focus_node"],
        path=written["path"],
        place=Place(*place) if place else None,
        language=written["language"],
    )
