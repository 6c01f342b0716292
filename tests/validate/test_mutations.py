"""Both engines, and the code that stands in for the SPARQL rules, say the same of damaged records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pytest
from pyoxigraph import Literal, NamedNode, Quad
from tests.amount import amount, telling
from tests.validate.mutator import damaged_records

from iomld.iris import IOMLD, XSD
from iomld.model import Finding
from iomld.validate import Validator, load_validator
from iomld.validate.engines import load_rust
from iomld.validate.shapes import load_examples, load_shapes

COUNT = amount(800)

# What the engines say differently of a record, and why; everything else must be the same to the last character.
KNOWN: Mapping[str, str] = {
    "braces": "pyshacl fills in variables also where they stand in a value, such as the text {?value}.",
    "ill-typed": "Of a value that does not fit its datatype, each engine checks other constraints of the same rule.",
    "unreadable": "shacl gives up on dates with years of twenty digits; the record is refused with that as the reason.",
}


def difference(first: Sequence[Finding], second: Sequence[Finding]) -> set[str]:
    """Names of what two lists of findings differ in: names in `KNOWN`, else ids of rules."""
    findings = [finding for finding in (*first, *second) if finding not in first or finding not in second]
    if any(finding.rule == "unreadable" for finding in findings):
        return {"unreadable"}
    if {replace(one, results=()) for one in first} == {replace(one, results=()) for one in second}:
        return {"ill-typed" if _is_ill_typed(finding) else finding.rule for finding in findings if finding in first}
    return {"braces" if _has_braces(finding.rule, findings) else finding.rule for finding in findings}


def _is_ill_typed(finding: Finding) -> bool:
    """Whether a typed value is at fault, other than a string."""
    return any(result.value and "^^" in result.value for result in finding.results)


def _has_braces(rule: str, findings: Iterable[Finding]) -> bool:
    return any("{?" in str(finding.message) for finding in findings if finding.rule == rule)


@pytest.fixture(scope="module")
def records() -> tuple[tuple[Quad, ...], ...]:
    """Damaged records, always the same."""
    return tuple(damaged_records(COUNT))


@pytest.fixture(scope="module")
def found(records: tuple[tuple[Quad, ...], ...]) -> list[tuple[Finding, ...]]:
    """What we find in them."""
    return list(load_validator("published").check_many(records))


def test_the_damage_is_wide(found: list[tuple[Finding, ...]]) -> None:
    """Most records have something wrong, and nearly all rules for records speak."""
    assert sum(map(bool, found)) > COUNT * 3 / 4
    assert len({finding.rule for findings in found for finding in findings}) > 60


def test_code_and_queries_agree(records: tuple[tuple[Quad, ...], ...], found: list[tuple[Finding, ...]]) -> None:
    """The rules in code find what their published queries find in the same engine."""
    shapes = load_shapes("published")
    engine = load_rust(shapes.data)
    by_queries = Validator(engine, shapes, load_validator("published").reference).check_many(records)
    assert [number for number, pair in enumerate(zip(found, by_queries, strict=True)) if pair[0] != pair[1]] == []


def test_the_reference_engine_agrees(records: tuple[tuple[Quad, ...], ...], found: list[tuple[Finding, ...]]) -> None:
    """The reference engine, which runs all rules as published, says the same but for what is known.

    It takes a tenth of a second for each record, so it gets as few as have all the faults that were found.
    `benchmarks/validate.py --mutations 2000` compares more.
    """
    numbers = telling({number: {one.rule for one in findings} for number, findings in enumerate(found)})
    reference = load_validator("published", engine="pyshacl").check_many(records[number] for number in numbers)
    differences = [difference(found[number], others) for number, others in zip(numbers, reference, strict=True)]
    assert set().union(*differences) <= set(KNOWN)


def test_a_date_that_the_engine_cannot_take_refuses_its_record_alone() -> None:
    """A panic of the engine is a finding of one record; its neighbours are judged."""
    sound, other = (tuple(load_examples()[0].graph(key)) for key in ("PO.0001", "PO.0002"))
    far = [_with_far_end(quad) for quad in other]
    first, second = load_validator("published").check_many([sound, far])
    assert first == ()
    assert [finding.rule for finding in second] == ["unreadable"]


def _with_far_end(quad: Quad) -> Quad:
    if quad.predicate.value != f"{IOMLD}periodEnd":
        return quad
    return Quad(quad.subject, quad.predicate, Literal("99999999999999999999", datatype=NamedNode(f"{XSD}date")))
