"""Turns validation results into findings: one for each cause, and the same for both engines."""

from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import Quad

from iomld.assets import load_fields
from iomld.iris import DCTERMS, IOMLD, OA, SCHEMA, local_name
from iomld.model import Finding, Severity
from iomld.validate.engine import Result, plain
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
    f"{IOMLD}budget": "budgetUSD",
    f"{SCHEMA}value": "budgetUSD",
    f"{SCHEMA}currency": "budgetUSD",
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

_RANK = {Severity.VIOLATION: 0, Severity.WARNING: 1, Severity.INFO: 2}


def findings_from(
    results: Iterable[Result], rules: Mapping[str, Rule], quads: Sequence[Quad], base: str
) -> tuple[Finding, ...]:
    """The findings of one record, the worst first.

    Several constraints of one rule may fail on one value (a title that is too short and has no language): that is one
    finding. Where a result has no value (too many values, a rule on the project as a whole), the finding has all values
    of the property, unless another result of the same rule and node has the value at fault.

    Args:
        results: The results on the record's nodes.
        rules: The rules by id.
        quads: The record's graph.
        base: The data base; concepts and countries under it are written as codes.
    """
    results = tuple(results)
    with_value = {(result.rule, result.focus_node) for result in results if _has_value(result)}
    candidates = (
        _finding(result, rules[result.rule], quads, base)
        for result in results
        if _has_value(result) or (result.rule, result.focus_node) not in with_value
    )
    unique = {_sort_key(finding): finding for finding in candidates}
    return tuple(unique[key] for key in sorted(unique))


def _has_value(result: Result) -> bool:
    """Whether a value is at fault; results on the node as a whole have the focus node as their value."""
    return result.value is not None and result.value != result.focus_node


def _finding(result: Result, rule: Rule, quads: Sequence[Quad], base: str) -> Finding:
    path = result.path or next(iter(rule.subjects), None)
    return Finding(
        rule=rule.id,
        severity=result.severity,
        message=result.message if result.message.values else rule.recognised(result.message.id),
        field=_field_of(path or ""),
        value=_as_code(result.value or "", base) if _has_value(result) else _values(result, rule, quads, base),
        focus_node=result.focus_node,
        path=path,
    )


def _field_of(path: str) -> str | None:
    """The field of a record to correct, by the IRI of a property; None if there is none."""
    field = load_fields().by_property.get(path)
    return _MADE_FROM.get(path) or (field.key if field and field.given else None)


def _values(result: Result, rule: Rule, quads: Sequence[Quad], base: str) -> str | None:
    properties = {result.path, *rule.subjects}
    values = {
        plain(quad.object)
        for quad in quads
        if quad.predicate.value in properties and plain(quad.subject) == result.focus_node
    }
    return ", ".join(sorted(_as_code(value, base) for value in values)) or None


def _as_code(value: str, base: str) -> str:
    """The code of a concept or country, as in the source; other values unchanged."""
    is_code = value.startswith((f"{base}scheme/", f"{base}id/country/"))
    return local_name(value) if is_code else value


def _sort_key(finding: Finding) -> tuple[int, str, str, str, str, str]:
    return (
        _RANK[finding.severity],
        finding.rule,
        finding.value or "",
        finding.focus_node or "",
        finding.path or "",
        str(finding.message),
    )
