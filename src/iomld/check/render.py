"""Reports for people and for programs, from the same findings."""

from collections.abc import Iterable, Iterator, Mapping

from iomld.check.run import CheckReport
from iomld.model import Finding, Severity

_FIELDS = ("rule", "severity", "message", "fix", "field", "value", "focusNode", "path")


def report_document(report: CheckReport, versions: Mapping[str, str]) -> dict[str, object]:
    """The report as a JSON document; its form is described in `docs/VALIDATION.md`."""
    return {
        "conforms": report.conforms,
        "records": report.records,
        "projects": report.projects,
        "counts": {severity.value: report.count(severity) for severity in Severity},
        "results": [_result(finding) for finding in report.findings],
        "versions": dict(versions),
    }


def report_lines(report: CheckReport) -> Iterator[str]:
    """The report as lines of text: each finding with its place, the source line, and what to do."""
    for finding in report.findings:
        yield from finding_lines(finding)
    violations, warnings, infos = (report.count(severity) for severity in Severity)
    verdict = "Conforms" if report.conforms else "Does not conform"
    projects = _counted(report.projects, "project")
    yield (
        f"{verdict}: {_counted(report.records, 'record')}, {projects}, {_counted(violations, 'violation')}, "
        f"{_counted(warnings, 'warning')}, {_counted(infos, 'info')}."
    )


def finding_lines(finding: Finding) -> Iterator[str]:
    """One finding: where and how bad, the source line, what to do."""
    yield f"{_where(finding)}{finding.severity.value.lower()}: {finding.message} [{finding.rule}]"
    if finding.place and finding.place.excerpt:
        yield f"    {finding.place.excerpt}"
    if finding.fix:
        yield f"    {finding.fix}"


def all_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Several findings."""
    for finding in findings:
        yield from finding_lines(finding)


def _where(finding: Finding) -> str:
    place = finding.place
    if place is None:
        return ""
    # A message about a whole file names it already.
    if place.line is None:
        return ""
    column = f":{place.column}" if place.column else ""
    return f"{place.file}:{place.line}{column}: "


def _result(finding: Finding) -> dict[str, object]:
    place = finding.place
    values = (
        finding.rule,
        finding.severity.value,
        finding.message,
        finding.fix,
        finding.field,
        finding.value,
        finding.focus_node,
        finding.path,
    )
    result: dict[str, object] = {name: value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
    if place:
        source = {
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "pointer": place.pointer,
            "excerpt": place.excerpt,
        }
        result["source"] = {name: value for name, value in source.items() if value is not None}
    return result


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
