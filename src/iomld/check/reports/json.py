"""The report as JSON, and the rules of the shapes that reports describe.

`ontology/report.schema.json` is the schema of the report.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache

from iomld.assets import asset_names, asset_text
from iomld.check.report import CheckReport, FindingGroup
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import SH, SHAPES
from iomld.model import Finding, Place, Severity
from iomld.validate import Rule, all_rules

_FIELDS = ("rule", "severity", "message", "fix", "field", "value", "focusNode", "path")
_PLACE = ("file", "line", "column", "pointer", "sheet", "cell", "excerpt")
# Parameters of the constraint components that our shapes use (SHACL sections 4 and 5.1).
_PARAMETERS = (
    "class",
    "datatype",
    "hasValue",
    "maxCount",
    "maxInclusive",
    "maxLength",
    "minCount",
    "minExclusive",
    "minInclusive",
    "minLength",
    "node",
    "nodeKind",
    "or",
    "pattern",
    "sparql",
    "uniqueLang",
)


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
        "profile": basis.profile,
        "engine": {"name": basis.engine, "version": basis.engine_version},
        "versions": dict(basis.versions),
    }


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
    return result | ({"source": source_of(finding.place)} if finding.place else {})


@cache
def shape_rules() -> tuple[Rule, ...]:
    """All rules of the shapes; cached, since reading them takes longer than checking a record."""
    return all_rules()


@cache
def sole_components() -> Mapping[str, str]:
    """The local name of the constraint component of each rule that has only one."""
    components = {f"<{SH}{name}>": _component(name) for name in _PARAMETERS}
    found: dict[str, set[str]] = {}
    for name in asset_names("shapes"):
        for quad in parse(asset_text(name), TURTLE):
            component = components.get(str(quad.predicate))
            if component:
                found.setdefault(str(quad.subject), set()).add(component)
    ours = f"<{SHAPES}"
    return {
        shape.removeprefix(ours).removesuffix(">"): next(iter(names))
        for shape, names in found.items()
        if shape.startswith(ours) and len(names) == 1
    }


def _component(parameter: str) -> str:
    name = "SPARQL" if parameter == "sparql" else f"{parameter[0].upper()}{parameter[1:]}"
    return f"{name}ConstraintComponent"
