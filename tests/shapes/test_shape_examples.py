"""Each rule of the shapes has examples that break it and examples that do not; both engines say the same of each."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import chain

import pytest
from pyoxigraph import Quad

from iomld.formats.rdf import NTRIPLES, serialize
from iomld.model import Finding
from iomld.validate import Validator, all_rules, load_validator
from iomld.validate.engines import load_rust
from iomld.validate.facts import load_reference_data
from iomld.validate.shapes import failing_examples, load_examples, load_shapes
from iomld.validate.validator import IN_CODE

EXAMPLES = load_examples()
# Of a value that does not fit its datatype, each engine checks other constraints of the same rule.
ILL_TYPED = frozenset({"hash of 63 digits"})
Found = tuple[tuple[Finding, ...], ...]


@cache
def _graphs() -> tuple[tuple[Quad, ...], ...]:
    return tuple(example.graph(f"PO.{1000 + number}") for number, example in enumerate(EXAMPLES))


def _found(engine: str) -> Found:
    validators: Mapping[str, Validator] = {
        name: load_validator(name, engine=engine) for name in ("published", "dataset", "reference")
    }
    found: dict[int, tuple[Finding, ...]] = {}
    for profile, validator in validators.items():
        assert validator.engine_name == engine
        numbers = [number for number, example in enumerate(EXAMPLES) if example.profile == profile]
        alone = profile == "dataset"  # its rules compare projects
        graphs = (_graphs()[number] for number in numbers)
        results = map(validator.check, graphs) if alone else validator.check_many(graphs)
        found |= dict(zip(numbers, results, strict=True))
    return tuple(found[number] for number in range(len(EXAMPLES)))


@pytest.fixture(scope="module")
def rust() -> Found:
    """What the first engine finds in each example."""
    return _found("shacl")


@pytest.fixture(scope="module")
def reference() -> Found:
    """What the reference engine finds in each example."""
    return _found("pyshacl")


def test_exactly_the_named_rules_speak(rust: Found) -> None:
    """One cause gives one message, and a graph without a fault gives none."""
    for example, found in zip(EXAMPLES, rust, strict=True):
        assert [finding.rule for finding in found] == list(example.finds), example.name


def test_both_engines_agree(rust: Found, reference: Found) -> None:
    """The reference engine gives the same findings, to the last character, and the same results behind them."""
    for example, first, second in zip(EXAMPLES, rust, reference, strict=True):
        if example.name in ILL_TYPED:
            for found in (first, second):
                assert all(finding.results for finding in found), example.name
            assert [*map(_without_results, first)] == [*map(_without_results, second)], example.name
        else:
            assert first == second, example.name


def _without_results(finding: Finding) -> Finding:
    return replace(finding, results=())


def test_findings_are_whole(rust: Found) -> None:
    """A finding has its rule's severity and says in a sentence what was found; no variable is left open."""
    rules = {rule.id: rule for rule in all_rules()}
    for finding in chain.from_iterable(rust):
        assert finding.severity is rules[finding.rule].severity
        assert str(finding.message).endswith("."), finding
        assert not {"{", "}", "?", "~"} & set(str(finding.message)), finding


def test_every_rule_has_a_failing_and_a_passing_example() -> None:
    """No rule goes untried: it speaks in an example of its own, and is silent in one of the same profile."""
    failing = failing_examples()
    for rule in all_rules():
        of_profile = [example for example in EXAMPLES if example.profile in rule.profiles]
        assert rule.id in failing
        assert any(rule.id in example.finds for example in of_profile), rule.id
        assert any(rule.id not in example.finds for example in of_profile), rule.id


def test_alone_and_in_a_chunk_are_the_same(rust: Found) -> None:
    """A record's findings do not depend on its neighbours, though all examples share their source snapshot."""
    validator = load_validator("published")
    alone = [
        validator.check(graph)
        for example, graph in zip(EXAMPLES, _graphs(), strict=True)
        if example.profile == "published"
    ]
    assert alone == [found for example, found in zip(EXAMPLES, rust, strict=True) if example.profile == "published"]


def test_shapes_and_code_agree(rust: Found) -> None:
    """The rules checked in code give what their published shapes give in an engine."""
    engine = load_rust(load_shapes("published").data)
    known = load_reference_data().whole()
    for example, graph, found in zip(EXAMPLES, _graphs(), rust, strict=True):
        if example.profile == "published":
            results = engine.results(known + serialize(graph, NTRIPLES))
            by_shapes = {(_local_name(result.source_shape), result.focus_node.strip("<>")) for result in results}
            by_shapes = {(rule, node) for rule, node in by_shapes if rule in IN_CODE}
            by_code = {(finding.rule, finding.focus_node) for finding in found if finding.rule in IN_CODE}
            assert by_code == by_shapes


def _local_name(shape: str | None) -> str:
    return (shape or "").strip("<>").rpartition("#")[2]
