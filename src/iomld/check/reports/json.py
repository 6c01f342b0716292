"""The report as JSON, and the rules of the shapes that reports describe.

`ontology/report.schema.json` is the schema of the report.
"""

import json
from collections.abc import Iterator

from iomld.check.report import CheckReport, FindingGroup
from iomld.formats.rdf import term_to_json
from iomld.fund_folder import cached
from iomld.model import Finding, Place, Severity, ValidationResult
from iomld.validate import Rule, all_rules

_FIELDS = ("rule", "severity", "message", "fix", "field", "value", "focusNode", "path")
_PLACE = ("file", "line", "column", "pointer", "sheet", "cell", "excerpt")


def json_report(report: CheckReport) -> Iterator[str]:
    """The report as the text of a JSON document, in chunks."""
    yield from json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(report_document(report))
    yield "\n"


def report_document(report: CheckReport) -> dict[str, object]:
    """The report as a JSON document, described in `docs/VALIDATION.md`."""
    basis = report.basis
    return {
        "conforms": report.conforms,
        "records": report.records,
        "projects": report.projects,
        "counts": {severity.value: report.count(severity) for severity in Severity},
        "capped": report.omitted > 0,
        "omitted": report.omitted,
        "groups": [_group(group) for group in report.groups],
        "results": [_result(finding) for finding in report.findings],
        "warnings": [_result(warning) for warning in report.warnings],
        "shapes": [_shape(shape, count) for shape, count in report.focus_nodes.items()],
        "profile": basis.profile,
        "engine": {"name": basis.engine, "version": basis.engine_version},
        "versions": dict(basis.versions),
    }


def _shape(shape: str, focus_nodes: int | None) -> dict[str, object]:
    """A shape with the number of its focus nodes, if they are counted."""
    return {"shape": term_to_json(shape)} | ({} if focus_nodes is None else {"focusNodes": focus_nodes})


def source_of(place: Place) -> dict[str, object]:
    """A place as a JSON object, without its unknown parts."""
    values = (place.file, place.line, place.column, place.pointer, place.sheet, place.cell, place.excerpt)
    return {name: value for name, value in zip(_PLACE, values, strict=True) if value is not None}


def _group(group: FindingGroup) -> dict[str, object]:
    example = group.example
    shown: dict[str, object] = {
        "rule": group.rule,
        "severity": group.severity.value,
        "count": group.count,
        "message": str(example.message),
        "fix": str(example.fix or ""),
    }
    if group.values:
        shown["values"] = [{"value": value, "count": count} for value, count in group.values]
    return shown | ({"source": source_of(example.place)} if example.place else {})


def _result(finding: Finding) -> dict[str, object]:
    values = (
        finding.rule,
        finding.severity.value,
        str(finding.message),
        str(finding.fix or ""),
        finding.field,
        finding.value,
        finding.focus_node,
        finding.path,
    )
    result: dict[str, object] = {name: value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
    result |= {"source": source_of(finding.place)} if finding.place else {}
    return result | ({"shacl": [_shacl_result(one) for one in finding.results]} if finding.results else {})


def _shacl_result(result: ValidationResult) -> dict[str, object]:
    """A validation result by the local names of SHACL; terms as in SPARQL results in JSON, the path as in SPARQL."""
    terms = {"focusNode": result.focus_node, "value": result.value, "sourceShape": result.source_shape}
    others = {
        "resultPath": result.path,
        "sourceConstraintComponent": result.component,
        "resultSeverity": result.severity,
    }
    return {name: term_to_json(term) for name, term in terms.items() if term is not None} | {
        name: value for name, value in others.items() if value is not None
    }


@cached
def shape_rules() -> tuple[Rule, ...]:
    """All rules of the shapes; cached, since reading them takes longer than checking a record."""
    return all_rules()
