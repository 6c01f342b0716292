"""The W3C SHACL test suite through our port, with each engine's known exceptions by name.

A test of the suite passes if the results are the same set of (focus node, path, value, shape, severity, component), in
which a blank node stands for any blank node, or if it expects a failure and the engine gives one. The suite is looked
for at IOMLD_SHARED, or in a folder `shared` beside the repository; without it nothing is tested here.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from iomld.formats.rdf import NTRIPLES, TURTLE, parse, serialize
from iomld.iris import RDF, SH
from iomld.validate.engine import EngineError, GraphResult
from iomld.validate.engines import ENGINES, validate_graphs

SHARED = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared"))
TESTS = SHARED / "w3c" / "data-shapes-test-suite" / "tests"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"

# Tests of the suite that an engine does not pass, and why. A test that changes in either direction fails here.
KNOWN: Mapping[str, Mapping[str, str]] = {
    "shacl": {
        "sparql/pre-binding/unsupported-sparql-004": "It runs a subquery that does not select $this and should fail.",
    },
    "pyshacl": {
        "core/property/uniqueLang-002": 'It takes sh:uniqueLang "1"^^xsd:boolean for true; only the form true is.',
        "sparql/node/prefixes-001": "It does not follow owl:imports from the node that sh:prefixes names.",
        "sparql/pre-binding/shapesGraph-001": "It refuses $shapesGraph, which processors need not support.",
    },
}

Term = NamedNode | BlankNode | Literal
Row = tuple[str | None, ...]

pytestmark = pytest.mark.skipif(not TESTS.is_dir(), reason="the W3C SHACL test suite is not at hand (IOMLD_SHARED)")


@dataclass(frozen=True)
class Case:
    """A test of the suite; `expected` is None where the engine must fail."""

    name: str
    data: bytes
    shapes: bytes
    expected: Counter[Row] | None


class _File:
    """A file of the suite, its quads by subject and predicate."""

    def __init__(self, path: Path) -> None:
        self.quads: list[Quad] = list(parse(path.read_bytes(), TURTLE, base_iri=path.as_uri()))
        self._values: defaultdict[tuple[object, str], list[Term]] = defaultdict(list)
        for quad in self.quads:
            if not isinstance(quad.object, NamedNode | BlankNode | Literal):
                raise TypeError(f"{path}: a quoted triple")
            self._values[quad.subject, quad.predicate.value].append(quad.object)

    def all(self, node: object, predicate: str) -> list[Term]:
        return self._values[node, predicate]

    def one(self, node: object, predicate: str) -> Term | None:
        return next(iter(self.all(node, predicate)), None)

    def members(self, node: Term | None) -> Iterator[Term]:
        while node is not None and (first := self.one(node, f"{RDF}first")) is not None:
            yield first
            node = self.one(node, f"{RDF}rest")

    def path(self, node: Term | None) -> str | None:
        """A property path as the port writes it."""
        if node is None or isinstance(node, NamedNode):
            return None if node is None else str(node)
        steps = [self.path(step) or "" for step in self.members(node)]
        if steps:
            return f"({'/'.join(steps)})"
        if either := self.one(node, f"{SH}alternativePath"):
            return f"({'|'.join(self.path(step) or '' for step in self.members(either))})"
        if inverse := self.one(node, f"{SH}inversePath"):
            return f"^{self.path(inverse)}"
        marks = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}
        repeated = ((self.one(node, SH + term), mark) for term, mark in marks.items())
        return next(f"({self.path(inner)}){mark}" for inner, mark in repeated if inner is not None)


def _cases(manifest: Path) -> Iterator[Case]:
    file = _File(manifest)
    for included in _objects(file, f"{MF}include"):
        yield from _cases(Path(included.value.removeprefix("file://")))
    for entries in _objects(file, f"{MF}entries"):
        for entry in file.members(entries):
            yield _case(manifest, file, entry)


def _objects(file: _File, predicate: str) -> list[Term]:
    found = [quad.object for quad in file.quads if quad.predicate.value == predicate]
    return [term for term in found if isinstance(term, NamedNode | BlankNode)]


def _case(manifest: Path, file: _File, entry: Term) -> Case:
    action, result = file.one(entry, f"{MF}action"), file.one(entry, f"{MF}result")
    data, shapes = (_ntriples(file.one(action, SHT + term)) for term in ("dataGraph", "shapesGraph"))
    fails = isinstance(result, NamedNode) and result.value == f"{SHT}Failure"
    rows = Counter(_expected(file, node) for node in file.all(result, f"{SH}result"))
    name = f"{manifest.parent.relative_to(TESTS).as_posix()}/{entry.value.rsplit('/', 1)[-1]}"
    return Case(name, data, shapes, None if fails else rows)


def _ntriples(graph: Term | None) -> bytes:
    if graph is None:
        raise ValueError("a test of the suite names no graph")
    return serialize(_File(Path(graph.value.removeprefix("file://"))).quads, NTRIPLES)


def _expected(file: _File, node: Term) -> Row:
    focus, value, shape = (file.one(node, SH + term) for term in ("focusNode", "value", "sourceShape"))
    severity, component = (file.one(node, SH + term) for term in ("resultSeverity", "sourceConstraintComponent"))
    return (
        _any_blank(focus),
        file.path(file.one(node, f"{SH}resultPath")),
        _any_blank(value),
        _any_blank(shape),
        severity.value if severity else None,
        component.value if component else None,
    )


def _any_blank(term: object) -> str | None:
    if term is None:
        return None
    return "_:" if isinstance(term, BlankNode) or str(term).startswith("_:") else str(term)


def _row(result: GraphResult) -> Row:
    return (
        _any_blank(result.focus_node),
        result.path,
        _any_blank(result.value),
        _any_blank(result.source_shape),
        result.severity,
        result.component,
    )


def _passes(case: Case, engine: str) -> bool:
    try:
        found = validate_graphs(case.data, case.shapes, engine)
    except EngineError:
        return case.expected is None
    return case.expected == Counter(map(_row, found))


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    """All tests of the suite."""
    return tuple(_cases(TESTS / "manifest.ttl"))


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
