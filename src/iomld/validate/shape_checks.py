"""Checks of the shapes of users: which nodes they check, terms that SHACL does not have, and ill-formed shapes.

What is found are warnings about the shapes, not results: the data may conform all the same. Without them, a report
would say that data conform where a misspelt constraint or a target that nothing meets left them unchecked.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, Quad

from iomld.formats.rdf import NTRIPLES, TURTLE, Term, parse, parse_term, serialize
from iomld.iris import OWL, RDF, RDFS, SH, local_name
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity, ValidationResult
from iomld.validate.engine import EngineError, plain, simple_path
from iomld.validate.engines import load_engine
from iomld.validate.shape_restrictions import ONLY_IN_SHACL, line_of_term, shacl_terms

ILL_FORMED, NO_FOCUS_NODE = "illFormedShape", "noFocusNode"
_TARGETS = ("targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf")
_QUERIED_TARGETS = ("target", "targetWhere")  # the engine finds their nodes
_SHAPE_CLASSES = {NamedNode(f"{SH}NodeShape"), NamedNode(f"{SH}PropertyShape")}
_CLASSES = {NamedNode(f"{RDFS}Class"), NamedNode(f"{OWL}Class")}
_TYPE, _SUBCLASS, _REST = f"{RDF}type", f"{RDFS}subClassOf", f"{RDF}rest"


@dataclass(frozen=True, slots=True)
class ShapeWarning:
    """A warning about shapes.

    Attributes:
        finding: The warning; without a line if `statement` says where it stands.
        statement: Subject and property of the statement that it stands at, and the number of the value, from 0.
    """

    finding: Finding
    statement: tuple[str, str, int] | None = None


@dataclass(frozen=True, slots=True)
class _Index:
    """The statements of a graph in both directions."""

    objects: Mapping[tuple[Term, str], list[Term]]
    subjects: Mapping[Term, list[tuple[NamedNode | BlankNode, str]]]

    def all(self, subject: Term, predicate: str) -> list[Term]:
        return self.objects.get((subject, predicate), [])

    def having(self, predicate: str) -> Iterator[Term]:
        return (subject for subject, name in self.objects if name == predicate)


def _indexed(quads: Iterable[Quad]) -> _Index:
    objects: defaultdict[tuple[Term, str], list[Term]] = defaultdict(list)
    subjects: defaultdict[Term, list[tuple[NamedNode | BlankNode, str]]] = defaultdict(list)
    for quad in quads:
        if not isinstance(quad.subject, NamedNode | BlankNode):
            continue
        objects[quad.subject, quad.predicate.value].append(quad.object)
        subjects[quad.object].append((quad.subject, quad.predicate.value))
    return _Index(objects, subjects)


def focus_node_counts(data: Iterable[Quad], shapes: Sequence[Quad]) -> dict[str, int]:
    """The number of focus nodes of each shape with a target (SHACL section 2.1.3), by shape in N-Triples syntax.

    Shapes whose targets are queries are missing.

    Args:
        data: The data graph.
        shapes: The shapes graph.
    """
    rules, facts = _indexed(shapes), _indexed(data)
    targeted = {shape: None for term in _TARGETS for shape in rules.having(SH + term)}
    implicit = {shape: None for shape in rules.having(_TYPE) if _is_class_and_shape(shape, rules)}
    queried = {shape for term in _QUERIED_TARGETS for shape in rules.having(SH + term)}
    return {
        str(shape): len(set(_focus_nodes(shape, rules, facts))) for shape in targeted | implicit if shape not in queried
    }


def _is_class_and_shape(shape: Term, rules: _Index) -> bool:
    types = set(rules.all(shape, _TYPE))
    return bool(types & _SHAPE_CLASSES and types & _CLASSES)


def _focus_nodes(shape: Term, rules: _Index, facts: _Index) -> Iterator[Term]:
    yield from rules.all(shape, f"{SH}targetNode")
    classes = [*rules.all(shape, f"{SH}targetClass"), *([shape] if _is_class_and_shape(shape, rules) else ())]
    for class_ in classes:
        yield from _instances(class_, facts)
    for property_ in rules.all(shape, f"{SH}targetSubjectsOf"):
        yield from facts.having(plain(property_))
    for property_ in rules.all(shape, f"{SH}targetObjectsOf"):
        for subject in facts.having(plain(property_)):
            yield from facts.all(subject, plain(property_))


def _instances(class_: Term, facts: _Index) -> Iterator[Term]:
    pending, seen = [class_], {class_}
    while pending:
        for subject, predicate in facts.subjects.get(pending.pop(), ()):
            if predicate == _TYPE:
                yield subject
            elif predicate == _SUBCLASS and subject not in seen:
                seen.add(subject)
                pending.append(subject)


def target_warnings(counts: Mapping[str, int], shapes: Sequence[Quad], file: str) -> Iterator[ShapeWarning]:
    """The shapes that check nothing.

    Args:
        counts: The focus nodes of each shape, in all the data.
        shapes: The shapes graph.
        file: The file of the shapes.
    """
    rules = _indexed(shapes)
    if not counts and not any(True for term in _QUERIED_TARGETS for _ in rules.having(SH + term)):
        text = message("No shape has a target, so nothing was checked.")
        fix = message("Add a target, such as sh:targetClass, to the shapes that should check the data.")
        yield ShapeWarning(_warning("noTarget", text, fix, file))
    for shape in (shape for shape, count in counts.items() if count == 0):
        node = parse_term(shape)
        target = next((SH + term for term in _TARGETS if rules.all(node, SH + term)), _TYPE)
        text = message("The shape {shape} checked nothing: no node in the data matches its target.", shape=shape)
        fix = message("Compare the target with the classes and properties in the data.")
        finding = replace(_warning(NO_FOCUS_NODE, text, fix, file), value=shape)
        yield ShapeWarning(finding, (node.value, target, 0) if isinstance(node, NamedNode) else None)


def form_warnings(shapes: Sequence[Quad], text: str, file: str, faults: Mapping[str, Message]) -> list[ShapeWarning]:
    """The terms that SHACL does not have, and the ill-formed shapes.

    Args:
        shapes: The shapes graph, its blank nodes labelled by `iomld.formats.rdf.numbered`.
        text: The text that it was parsed from.
        file: Its file.
        faults: What a failed constraint means, by local name of its component without `ConstraintComponent`.
    """
    return [*_unknown_terms(shapes, text, file), *_ill_formed(shapes, file, faults)]


def _unknown_terms(shapes: Sequence[Quad], text: str, file: str) -> Iterator[ShapeWarning]:
    known = {name.lower(): name for name in sorted(_vocabulary(), reverse=True)}
    for name in shacl_terms(shapes):
        if name and name not in _vocabulary():
            close = get_close_matches(name.lower(), known, 1, 0.8)
            fix = (
                message("Write {term}.", term=f"sh:{known[close[0]]}")
                if close
                else message("Remove it, or correct its name.")
            )
            finding = _warning(
                "unknownTerm", message("{term} is not a SHACL term and has no effect.", term=f"sh:{name}"), fix, file
            )
            yield ShapeWarning(replace(finding, place=Place(file, line=line_of_term(name, text))))


def _ill_formed(shapes: Sequence[Quad], file: str, faults: Mapping[str, Message]) -> Iterator[ShapeWarning]:
    """The results of the W3C's shapes for shapes (SHACL appendix C); of one node only the most exact."""
    results = _shapes_of_shapes_results(serialize(shapes, NTRIPLES))
    exact = {result.focus_node for result in results if result.path}
    positions = _positions(shapes)
    for result in sorted(results, key=lambda one: (one.focus_node, one.path or "", one.component)):
        if not result.path and result.focus_node in exact:
            continue
        path = simple_path(result.path)
        fault = faults.get(local_name(result.component).removesuffix("ConstraintComponent"), Message(""))
        text = (
            message("The shape is ill-formed at {property}. {fault}", property=_prefixed(path), fault=fault)
            if path
            else message("The shape is ill-formed. {fault}", fault=fault)
        )
        finding = _warning(
            ILL_FORMED, text, message("Correct it: engines may ignore it or interpret it differently."), file
        )
        node = parse_term(result.focus_node)
        own = (node.value, path or _TYPE, 0) if isinstance(node, NamedNode) else None
        yield ShapeWarning(finding, own or positions.get(node))


def _positions(shapes: Sequence[Quad]) -> dict[Term, tuple[str, str, int]]:
    """The place of each blank node: the statement about a named node through which it is reached."""
    found: dict[Term, tuple[str, str, int]] = {}
    numbers: Counter[tuple[str, str]] = Counter()
    parents: dict[Term, Term] = {quad.object: quad.subject for quad in shapes if isinstance(quad.object, BlankNode)}
    for quad in shapes:
        if isinstance(quad.subject, NamedNode):
            key = (quad.subject.value, quad.predicate.value)
            if isinstance(quad.object, BlankNode):
                found[quad.object] = (*key, numbers[key])
            numbers[key] += 1
    for node in parents:
        above: Term = node
        seen = {node}
        while above not in found and above in parents and parents[above] not in seen:
            above = parents[above]
            seen.add(above)
        if above in found:
            found[node] = found[above]
    return found


def _warning(rule: str, text: Message, fix: Message, file: str) -> Finding:
    return Finding(rule, Severity.WARNING, text, fix, place=Place(file))


def _prefixed(iri: str) -> str:
    return f"sh:{iri[len(SH) :]}" if iri.startswith(SH) else f"<{iri}>"


@cache
def _vocabulary() -> frozenset[str]:
    """Local names of the terms of SHACL, as the reference engine ships them, and of those that an engine runs."""
    names = {
        quad.subject.value[len(SH) :]
        for quad in parse(_engine_asset("shacl.ttl"), TURTLE)
        if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(SH)
    }
    return frozenset(names | ONLY_IN_SHACL)


def _shapes_of_shapes_results(shapes: bytes) -> tuple[ValidationResult, ...]:
    try:
        return load_engine("shacl", _shapes_of_shapes()).results(shapes)
    except EngineError:
        return load_engine("pyshacl", _shapes_of_shapes()).results(shapes)  # takes a second; the other is missing


@cache
def _shapes_of_shapes() -> bytes:
    """The shapes for shapes (SHACL appendix C) as N-Triples."""
    return serialize(parse(_engine_asset("shacl-shacl.ttl"), TURTLE), NTRIPLES)


def _engine_asset(name: str) -> bytes:
    """A file that the package pyshacl ships; the package is not imported, which would take half a second."""
    package = find_spec("pyshacl")
    folder = next(iter(package.submodule_search_locations or ()), "") if package else ""
    return Path(folder, "assets", name).read_bytes()
