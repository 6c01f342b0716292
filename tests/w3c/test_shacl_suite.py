"""The W3C SHACL test suite through our port, with each engine's known exceptions by name.

A test of the suite passes if the results are the same set of (focus node, path, value, shape, severity, component), in
which a blank node stands for any blank node, or if it expects a failure and the engine gives one. The suite is looked
for at IOMLD_SHARED, or in a folder `shared` beside the repository; without it nothing is tested here.
"""

import re
from collections import Counter
from collections.abc import Mapping

import pytest
from tests.w3c.shacl_suite import TESTS, Case, result_row, suite_cases

from iomld.validate.engine import EngineError
from iomld.validate.engines import ENGINES, validate_graphs

# Tests of the suite that an engine does not pass, and why. A test that changes in either direction fails here.
KNOWN: Mapping[str, Mapping[str, str]] = {
    "shacl": {
        "sparql/pre-binding/unsupported-sparql-004": "It runs a subquery that does not select $this and should fail.",
    },
    "pyshacl": {
        "sparql/node/prefixes-001": "It does not follow owl:imports from the node that sh:prefixes names.",
        "sparql/pre-binding/shapesGraph-001": "It refuses $shapesGraph, which processors need not support.",
    },
}

pytestmark = pytest.mark.skipif(not TESTS.is_dir(), reason="the W3C SHACL test suite is not at hand (IOMLD_SHARED)")


def _passes(case: Case, engine: str) -> bool:
    try:
        found = validate_graphs(case.data, case.shapes, engine)
    except EngineError:
        return case.expected is None
    return case.expected == Counter(map(result_row, found))


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    """All tests of the suite."""
    return tuple(suite_cases(TESTS / "manifest.ttl"))


def test_the_suite_is_whole(cases: tuple[Case, ...]) -> None:
    """98 tests of SHACL Core and 22 of SHACL-SPARQL, seven of which expect a failure."""
    parts = Counter(case.name.split("/")[0] for case in cases)
    assert parts == {"core": 98, "sparql": 22}
    assert sum(case.expected is None for case in cases) == 7


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_fails_exactly_where_it_is_known_to(engine: str, cases: tuple[Case, ...]) -> None:
    """No test of the suite has been lost, and none has been won without being taken off the list."""
    failed = {case.name for case in cases if not _passes(case, engine)}
    assert failed == set(KNOWN[engine])


def test_every_exception_has_a_reason() -> None:
    """An exception says in a sentence what the engine does otherwise."""
    reasons = [reason for known in KNOWN.values() for reason in known.values()]
    assert all(re.fullmatch(r"[A-Z].*[.]", reason) for reason in reasons)
