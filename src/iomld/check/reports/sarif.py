"""The report as SARIF 2.1.0 (OASIS), which code scanning services and editors read."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from urllib.parse import quote

from iomld.check.render import cap_sentence
from iomld.check.report import CheckReport
from iomld.check.reports.rules import shape_rules
from iomld.iris import DEFAULT_BASE, SHAPES
from iomld.model import Finding, Place, Severity
from iomld.validate import Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif_report(report: CheckReport) -> Iterator[str]:
    """The report as a SARIF log, in pieces."""
    rules = _rules(report)
    numbers = {str(rule["id"]): number for number, rule in enumerate(rules)}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(report, rules)},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(report)],
                "artifacts": [{"location": {"uri": _uri(file.name)}} for file in report.files if file.name],
                "results": [_result(finding, numbers) for finding in report.findings],
                "properties": {
                    "profile": report.basis.profile,
                    "engine": f"{report.basis.engine} {report.basis.engine_version}",
                    "versions": dict(report.basis.versions),
                    "records": report.records,
                    "omitted": report.omitted,
                },
            }
        ],
    }
    yield from json.JSONEncoder(indent=1, ensure_ascii=False).iterencode(log)
    yield "\n"


def _driver(report: CheckReport, rules: list[dict[str, object]]) -> dict[str, object]:
    return {
        "name": "iomld",
        "version": report.basis.versions["iomld"],
        "informationUri": DEFAULT_BASE,
        "rules": rules,
    }


def _rules(report: CheckReport) -> list[dict[str, object]]:
    """The rules of the shapes, and those of reading and linking that were broken."""
    shapes = {rule.id: _shape_rule(rule) for rule in shape_rules()}
    others: dict[str, dict[str, object]] = {
        group.rule: {"id": group.rule, "defaultConfiguration": {"level": _LEVELS[group.severity]}}
        for group in reversed(report.groups)  # of two severities the worse counts, which stands first
        if group.rule not in shapes
    }
    return [*shapes.values(), *(others[id_] for id_ in sorted(others))]


def _shape_rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.name or rule.id},
        "fullDescription": {"text": rule.description or rule.name or rule.id},
        "helpUri": f"{SHAPES}{rule.id}",
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _invocation(report: CheckReport) -> dict[str, object]:
    """How the run went; SARIF section 3.58 has a place for what the run itself has to say."""
    note = {"level": "warning", "message": {"text": cap_sentence(report)}}
    return {"executionSuccessful": True} | ({"toolExecutionNotifications": [note]} if report.omitted else {})


def _result(finding: Finding, numbers: Mapping[str, int]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message} {finding.fix or ''}".strip()},
    }
    if finding.place and finding.place.file:
        result["locations"] = [_location(finding.place)]
    more = {
        "field": finding.field,
        "value": finding.value,
        "focusNode": finding.focus_node,
        "path": finding.path,
    }
    properties = {name: value for name, value in more.items() if value is not None}
    return result | ({"properties": properties} if properties else {})


def _location(place: Place) -> dict[str, object]:
    physical: dict[str, object] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line is not None:
        region: dict[str, object] = {"startLine": place.line}
        region |= {"startColumn": place.column} if place.column else {}
        region |= {"snippet": {"text": place.excerpt}} if place.excerpt else {}
        physical["region"] = region
    location: dict[str, object] = {"physicalLocation": physical}
    cell = f"{place.sheet}!{place.cell}" if place.sheet and place.cell else place.cell
    name = cell or place.pointer
    return location | ({"logicalLocations": [{"fullyQualifiedName": name}]} if name else {})


def _uri(file: str) -> str:
    """A file name as a URI reference: relative names stay relative."""
    path = PurePath(file)
    return ("file://" if path.is_absolute() else "") + quote(path.as_posix())
