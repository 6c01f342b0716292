"""The report for build servers and code scanning services: SARIF 2.1.0 (OASIS) and JUnit XML."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from iomld.check.report import CheckReport, FileReport
from iomld.check.reports.json import shape_rules
from iomld.check.reports.text import cap_sentence, focus_node_sentence, place_words, said, unplaced
from iomld.check.translation import counted_findings
from iomld.i18n import worded
from iomld.iris import DEFAULT_BASE, SHAPES
from iomld.messages import message
from iomld.model import Finding, Place, Severity
from iomld.validate import Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_ROOT_MEANING = "The folder in which iomld ran: the root of the source tree."
_WORD = re.compile(r"\S+")
_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif_report(report: CheckReport) -> Iterator[str]:
    """The report as a SARIF log, in chunks."""
    rules = _rules(report)
    numbers = {str(rule["id"]): number for number, rule in enumerate(rules)}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(report, rules)},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": {"text": _ROOT_MEANING}}},
                "invocations": [_invocation(report)],
                "artifacts": [{"location": _artifact(file.name)} for file in report.files if file.name],
                "results": list(_results(report.findings, numbers)),
                "properties": {
                    "profile": report.basis.profile,
                    "engine": f"{report.basis.engine} {report.basis.engine_version}",
                    "versions": dict(report.basis.versions),
                    "records": report.records,
                    "omitted": report.omitted,
                    "focusNodes": dict(report.focus_nodes),
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
    """All rules of the shapes, and the rules of readers and the linker that have findings."""
    shapes = {rule.id: _shape_rule(rule) for rule in shape_rules()}
    others: dict[str, dict[str, object]] = {
        group.rule: {"id": group.rule, "defaultConfiguration": {"level": _LEVELS[group.severity]}}
        for group in reversed(report.groups)  # the groups of worse severity come first, and so win
        if group.rule not in shapes
    }
    return [*shapes.values(), *(others[id_] for id_ in sorted(others))]


def _shape_rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.name or rule.id},
        "fullDescription": {"text": rule.description or rule.name or rule.id},
        "helpUri": f"{SHAPES}{rule.id}",
        "help": {"text": " ".join(filter(None, (rule.description, rule.reason))) or rule.id},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _invocation(report: CheckReport) -> dict[str, object]:
    """The run (SARIF section 3.58); a notification says that findings are omitted."""
    invocation: dict[str, object] = {"executionSuccessful": True}
    if report.omitted:
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": cap_sentence(report)}}]
    if report.warnings:
        invocation["toolConfigurationNotifications"] = [_notification(warning) for warning in report.warnings]
    return invocation


def _notification(warning: Finding) -> dict[str, object]:
    """A warning about the shapes (SARIF section 3.58)."""
    notification: dict[str, object] = {
        "level": _LEVELS[warning.severity],
        "descriptor": {"id": warning.rule},
        "message": {"text": said(warning)},
    }
    return notification | ({"locations": [_location(warning.place)]} if warning.place else {})


def _results(findings: Sequence[Finding], numbers: Mapping[str, int]) -> Iterator[dict[str, object]]:
    """The results, each with a fingerprint that does not change when lines are added above (SARIF section 3.27.17)."""
    seen: Counter[str] = Counter()
    for finding in findings:
        file = finding.place.file if finding.place else ""
        parts = (finding.rule, file, finding.focus_node, finding.path, finding.value, finding.field)
        digest = hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:32]
        seen[digest] += 1
        fingerprint = {"partialFingerprints": {"iomldFinding/v1": f"{digest}:{seen[digest]}"}}
        yield _result(finding, numbers) | fingerprint


def _result(finding: Finding, numbers: Mapping[str, int]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": said(finding)},
    }
    if finding.place and finding.place.file:
        result["locations"] = [_location(finding.place, finding.value)]
    details = {
        "field": finding.field,
        "value": finding.value,
        "focusNode": finding.focus_node,
        "path": finding.path,
    }
    properties = {name: value for name, value in details.items() if value is not None}
    return result | ({"properties": properties} if properties else {})


def _location(place: Place, value: str | None = None) -> dict[str, object]:
    physical: dict[str, object] = {"artifactLocation": _artifact(place.file)}
    if place.line is not None:
        region: dict[str, object] = {"startLine": place.line}
        region |= {"startColumn": place.column} if place.column else {}
        region |= {"endColumn": place.column + _width(place, value)} if place.column else {}
        region |= {"snippet": {"text": place.excerpt}} if place.excerpt else {}
        physical["region"] = region
    location: dict[str, object] = {"physicalLocation": physical}
    cell = f"{place.sheet}!{place.cell}" if place.sheet and place.cell else place.cell
    name = cell or place.pointer
    return location | ({"logicalLocations": [{"fullyQualifiedName": name}]} if name else {})


def _width(place: Place, value: str | None) -> int:
    """Characters of the fault: of the value if the line shows it at its place, else of the word that begins there."""
    line = place.excerpt or ""
    start = line.find(value) if value and "\n" not in value else -1
    if value and start >= 0:
        return len(value)
    word = _WORD.match(line)
    return len(word[0]) if word else 1


def _artifact(file: str) -> dict[str, object]:
    """The location of a file: below the root of the source tree if its name is relative, else its whole URI."""
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": f"file://{quote(path.as_posix())}"}
    return {"uri": quote(path.as_posix()), "uriBaseId": _ROOT}


def junit_report(report: CheckReport) -> Iterator[str]:
    """The report as JUnit XML, in chunks: a suite for each file, a case for each rule with findings.

    A rule with a Violation is a failure; Warnings and Infos are output of the case.
    """
    tests = sum(max(len(file.counts), 1) for file in report.files)
    failures = sum(_failures(file) for file in report.files)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="iomld validate" tests="{tests}" failures="{failures}" errors="0">\n'
    by_file: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_file.setdefault(finding.place.file if finding.place else "", []).append(finding)
    for file in report.files:
        yield from _suite(file, by_file.get(file.name, []), report)
    yield "</testsuites>\n"


def _suite(file: FileReport, findings: Sequence[Finding], report: CheckReport) -> Iterator[str]:
    tests = max(len(file.counts), 1)
    name = file.name or "-"
    yield (
        f' <testsuite name={_attribute(name)} tests="{tests}" failures="{_failures(file)}" errors="0" skipped="0"'
        ' time="0">\n  <properties>\n'
    )
    for key, value in _properties(file, report):
        yield f"   <property name={_attribute(key)} value={_attribute(value)}/>\n"
    yield "  </properties>\n"
    for rule, severity in sorted(file.counts):
        listed = [finding for finding in findings if (finding.rule, finding.severity) == (rule, severity)]
        yield f'  <testcase classname={_attribute(name)} name={_attribute(f"{rule} {severity.value}")} time="0">\n'
        yield _case_content(severity, listed, file.counts[rule, severity], report.language)
        yield "  </testcase>\n"
    if not file.counts:
        yield f'  <testcase classname={_attribute(name)} name="no finding" time="0"/>\n'
    yield " </testsuite>\n"


def _properties(file: FileReport, report: CheckReport) -> Iterator[tuple[str, str]]:
    basis = report.basis
    yield "records", str(file.records)
    yield "profile", basis.profile
    yield "engine", f"{basis.engine} {basis.engine_version}"
    yield from basis.versions.items()
    if report.omitted:
        yield "capped", cap_sentence(report)
    if report.focus_nodes:
        yield "focusNodes", focus_node_sentence(report)
    for warning in report.warnings:
        yield "warning", f"{place_words(warning.place)}{said(warning)}"


def _case_content(severity: Severity, listed: Sequence[Finding], count: int, language: str) -> str:
    """The failure or the output of a case: the findings, one on each line, and the number of omitted ones."""
    lines = [f"{place_words(finding.place)}{unplaced(said(finding), finding.place)}" for finding in listed]
    if count > len(listed):
        lines.append(worded(message("{number} more findings are not listed.", number=count - len(listed)), language))
    text = escape("\n".join(lines))
    if severity is not Severity.VIOLATION:
        return f"   <system-out>{text}</system-out>\n"
    first = str(listed[0].message) if listed else counted_findings(count, severity, language)
    return f'   <failure message={_attribute(first)} type="{severity.value}">{text}</failure>\n'


def _failures(file: FileReport) -> int:
    return sum(severity is Severity.VIOLATION for _, severity in file.counts)


def _attribute(text: str) -> str:
    """A quoted attribute value of XML."""
    return quoteattr(text, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
