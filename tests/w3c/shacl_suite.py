"""The tests of the W3C SHACL test suite, read from its manifests, and validation reports as comparable rows.

The suite is looked for at IOMLD_SHARED, or in a folder `shared` beside the repository.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from iomld.formats.rdf import NTRIPLES, TURTLE, parse, serialize
from iomld.iris import RDF, SH
from iomld.model import ValidationResult

SHARED = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared"))
TESTS = SHARED / "w3c" / "data-shapes-test-suite" / "tests"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"

Term = NamedNode | BlankNode | Literal
Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Case:
    """A test of the suite; `expected` is None where the engine must fail."""

    name: str
    data_file: Path
    shapes_file: Path
    expected: Counter[Row] | None
    conforms: bool

    @property
    def data(self) -> bytes:
        """The data graph as N-Triples."""
        return _ntriples(self.data_file)

    @property
    def shapes(self) -> bytes:
        """The shapes graph as N-Triples."""
        return _ntriples(self.shapes_file)


class SubjectIndex:
    """A graph, its terms by subject and predicate."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self.quads = list(quads)
        self._values: defaultdict[tuple[object, str], list[Term]] = defaultdict(list)
        for quad in self.quads:
            if not isinstance(quad.object, NamedNode | BlankNode | Literal):
                raise TypeError("a quoted triple")
            self._values[quad.subject, quad.predicate.value].append(quad.object)

    @classmethod
    def of_file(cls, path: Path) -> "SubjectIndex":
        """The graph of a file of the suite."""
        return cls(parse(path.read_bytes(), TURTLE, base_iri=path.as_uri()))

    def all(self, node: object, predicate: str) -> list[Term]:
        """The values of a property."""
        return self._values[node, predicate]

    def one(self, node: object, predicate: str) -> Term | None:
        """The first value of a property."""
        return next(iter(self.all(node, predicate)), None)

    def members(self, node: Term | None) -> Iterator[Term]:
        """The members of a list."""
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


def suite_cases(manifest: Path) -> Iterator[Case]:
    """The tests of a manifest and of those that it includes."""
    file = SubjectIndex.of_file(manifest)
    for included in _objects(file, f"{MF}include"):
        yield from suite_cases(Path(included.value.removeprefix("file://")))
    for entries in _objects(file, f"{MF}entries"):
        for entry in file.members(entries):
            yield _case(manifest, file, entry)


def _objects(file: SubjectIndex, predicate: str) -> list[Term]:
    found = [quad.object for quad in file.quads if quad.predicate.value == predicate]
    return [term for term in found if isinstance(term, NamedNode | BlankNode)]


def _case(manifest: Path, file: SubjectIndex, entry: Term) -> Case:
    action, result = file.one(entry, f"{MF}action"), file.one(entry, f"{MF}result")
    data, shapes = (_path(file.one(action, SHT + term)) for term in ("dataGraph", "shapesGraph"))
    fails = isinstance(result, NamedNode) and result.value == f"{SHT}Failure"
    name = f"{manifest.parent.relative_to(TESTS).as_posix()}/{entry.value.rsplit('/', 1)[-1]}"
    conforms = str(file.one(result, f"{SH}conforms")).startswith('"true"')
    return Case(name, data, shapes, None if fails else report_rows(file, result), conforms)


def _path(graph: Term | None) -> Path:
    if graph is None:
        raise ValueError("a test of the suite names no graph")
    return Path(graph.value.removeprefix("file://"))


def _ntriples(path: Path) -> bytes:
    return serialize(SubjectIndex.of_file(path).quads, NTRIPLES)


def report_rows(graph: SubjectIndex, report: Term | None) -> Counter[Row]:
    """The results of a report in RDF, each as focus node, path, value, shape, severity and component."""
    return Counter(_row(graph, node) for node in graph.all(report, f"{SH}result"))


def _row(file: SubjectIndex, node: Term) -> Row:
    terms = ("focusNode", "value", "sourceShape", "resultSeverity", "sourceConstraintComponent")
    for term in (*terms, "resultPath"):
        if len(file.all(node, SH + term)) > 1:
            raise ValueError(f"a result has several values of sh:{term}")
    focus, value, shape, severity, component = (file.one(node, SH + term) for term in terms)
    return (
        any_blank(focus),
        file.path(file.one(node, f"{SH}resultPath")),
        any_blank(value),
        any_blank(shape),
        severity.value if severity else None,
        component.value if component else None,
    )


def any_blank(term: object) -> str | None:
    """A term in N-Triples syntax, in which a blank node stands for any blank node."""
    if term is None:
        return None
    return "_:" if isinstance(term, BlankNode) or str(term).startswith("_:") else str(term)


def result_row(result: ValidationResult) -> Row:
    """A result of an engine, in the same form."""
    return (
        any_blank(result.focus_node),
        result.path,
        any_blank(result.value),
        any_blank(result.source_shape),
        result.severity,
        result.component,
    )
