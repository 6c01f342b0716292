"""Checks of the shapes of users: shapes that check no node, terms that SHACL does not have, and ill-formed shapes.

What is found are warnings about the shapes, not results: the data may conform all the same. Without them, a report
would say that data conform where a misspelt constraint or a target that nothing meets left them unchecked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, Quad

from iomld.formats.rdf import NTRIPLES, TURTLE, Term, parse, parse_term, serialize
from iomld.iris import RDF, SH, local_name
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity, ValidationResult
from iomld.validate.engine import EngineError, simple_path
from iomld.validate.engines import load_engine
from iomld.validate.shape_restrictions import ONLY_IN_SHACL, line_of_term, shacl_terms
from iomld.validate.targets import TARGETS

ILL_FORMED, NO_FOCUS_NODE = "illFormedShape", "noFocusNode"
_TYPE = f"{RDF}type"


@dataclass(frozen=True, slots=True)
class ShapeWarning:
    """A warning about shapes.

    Attributes:
        finding: The warning; without a line if `statement` says where it stands.
        statement: Subject and property of the statement that it stands at, and the number of the value, from 0.
    """

    finding: Finding
    statement: tuple[str, str, int] | None = None


def target_warnings(counts: Mapping[str, int | None], shapes: Sequence[Quad], file: str) -> Iterator[ShapeWarning]:
    """The shapes that check nothing.

    Args:
        counts: The focus nodes of each shape that is not deactivated, in all the data; None if they are not counted.
        shapes: The shapes graph.
        file: The file of the shapes.
    """
    if not counts:
        text = message("No active shape has a target, so nothing was checked.")
        fix = message("Add a target, such as sh:targetClass, to the shapes that should check the data.")
        yield ShapeWarning(_warning("noTarget", text, fix, file))
    stated = {(quad.subject, quad.predicate.value) for quad in shapes}
    for shape in (shape for shape, count in counts.items() if count == 0):
        node = parse_term(shape)
        target = next((name for name in TARGETS if (node, name) in stated), _TYPE)
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
