"""Turns validation results into findings: one for each cause, and the same for both engines."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pyoxigraph import Quad

from iomld.assets import load_fields
from iomld.formats.rdf import parse_term
from iomld.iris import DCTERMS, IOMLD, OA, SCHEMA, SH, local_name
from iomld.messages import Message, message
from iomld.model import Finding, Severity, ValidationResult
from iomld.validate.engine import plain, simple_path
from iomld.validate.shapes import Rule

# The field of a record that each property is made from, where it is not the property's own, so that people find what
# to correct.
_MADE_FROM: Mapping[str, str] = {
    f"{DCTERMS}source": "source",
    f"{IOMLD}retrievedAt": "source",
    f"{IOMLD}candidateIatiIdentifier": "projectCode",
    f"{IOMLD}managingOfficeCountry": "primaId",
    f"{IOMLD}periodStart": "startYear",
    f"{IOMLD}periodEnd": "endYear",
    f"{SCHEMA}value": "budget",
    f"{IOMLD}benefitingCountry": "benefitingMemberStates",
    f"{IOMLD}mentionsFramework": "mentions",
    f"{OA}hasBody": "mentions",
    f"{OA}exact": "mentions",
    f"{OA}hasSource": "mentions",
    f"{OA}hasTarget": "mentions",
    f"{OA}start": "mentions",
    f"{IOMLD}confidence": "mentions",
    f"{IOMLD}matchMethod": "mentions",
    f"{IOMLD}reviewStatus": "mentions",
}

_MIN_COUNT = f"{SH}MinCountConstraintComponent"
_RANK = {Severity.VIOLATION: "0", Severity.WARNING: "1", Severity.INFO: "2"}


def findings_from(
    results: Iterable[ValidationResult], rules: Mapping[str, Rule], quads: Sequence[Quad], base: str
) -> tuple[Finding, ...]:
    """The findings of one record, the worst first.

    Several constraints of one rule may fail on one value (a title that is too short and has no language): that is one
    finding with several results. Where a result has no value (too many values, a rule on the project as a whole), the
    finding has all values of the property, unless another result of the same rule and node has the value at fault: the
    result then belongs to that finding.

    Args:
        results: The results on the record's nodes.
        rules: The rules by id.
        quads: The record's graph.
        base: The data base; concepts and countries under it are written as codes.
    """
    found: dict[tuple[str, ...], Finding] = {}
    by_node: dict[tuple[str | None, str], tuple[str, ...]] = {}
    for result in sorted(results, key=_result_key):
        node = (result.source_shape, result.focus_node)
        finding = _finding(result, rules, quads, base)
        key = _sort_key(finding)
        if _has_value(result):
            by_node.setdefault(node, key)
        else:
            key = by_node.get(node, key)
        known = found.setdefault(key, finding)
        if result not in known.results:
            found[key] = replace(known, results=(*known.results, result))
    return tuple(_named_if_missing(found[key], rules) for key in sorted(found))


def _named_if_missing(finding: Finding, rules: Mapping[str, Rule]) -> Finding:
    """A finding about a missing value says so first, before what its rule asks for."""
    is_missing = finding.value is None and any(result.component == _MIN_COUNT for result in finding.results)
    name = rules[finding.rule].name
    if not is_missing or not name:
        return finding
    text = message("“{name}” is missing. {rest}", name=Message(name), rest=finding.message)
    return replace(finding, message=text)


def _result_key(result: ValidationResult) -> tuple[object, ...]:
    """Results with a value come first."""
    return (not _has_value(result), result._replace(path=result.path or "", value=result.value or ""))


def _has_value(result: ValidationResult) -> bool:
    """Whether a value is at fault; results on the node as a whole have the focus node as their value."""
    return result.value is not None and result.value != result.focus_node


def _finding(result: ValidationResult, rules: Mapping[str, Rule], quads: Sequence[Quad], base: str) -> Finding:
    rule = rules[local_name(plain(parse_term(result.source_shape or "")))]
    focus_node = plain(parse_term(result.focus_node))
    path = simple_path(result.path) or next(iter(rule.subjects), None)
    if result.value is not None and _has_value(result):
        value: str | None = _as_code(plain(parse_term(result.value)), base)
    else:
        value = _values({path, *rule.subjects}, focus_node, quads, base)
    return Finding(
        rule=rule.id,
        severity=Severity(local_name(result.severity)),
        message=rule.recognized(next(iter(result.messages), "")),
        field=_field_of(path or ""),
        value=value,
        focus_node=focus_node,
        path=path,
        results=(result,),
    )


def _field_of(path: str) -> str | None:
    """The field of a record to correct, by the IRI of a property; None if there is none."""
    field = load_fields().by_property.get(path)
    return _MADE_FROM.get(path) or (field.key if field and field.given else None)


def _values(properties: Collection[str | None], node: str, quads: Sequence[Quad], base: str) -> str | None:
    values = {
        plain(quad.object) for quad in quads if quad.predicate.value in properties and plain(quad.subject) == node
    }
    return ", ".join(sorted(_as_code(value, base) for value in values)) or None


def _as_code(value: str, base: str) -> str:
    """The code of a concept or country, as in the source; other values unchanged."""
    is_code = value.startswith((f"{base}scheme/", f"{base}id/country/"))
    return local_name(value) if is_code else value


def _sort_key(finding: Finding) -> tuple[str, ...]:
    return (
        _RANK[finding.severity],
        finding.rule,
        finding.value or "",
        finding.focus_node or "",
        finding.path or "",
        str(finding.message),
    )
