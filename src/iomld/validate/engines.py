"""The SHACL engines by name, and the default one, the `shacl` wheel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode

from iomld.errors import SettingsError
from iomld.formats.rdf import NTRIPLES, parse
from iomld.model import ValidationResult
from iomld.validate.engine import Engine, EngineError

if TYPE_CHECKING:
    import shacl


# The label that the engine gives a blank node: the number of the node, first those of the shapes, then of the data.
_LABEL = re.compile(r"_:[0-9]+_b([0-9]+)")


@dataclass(frozen=True, slots=True)
class RustEngine:
    """The engine `shacl`, a wheel written in Rust, with compiled shapes.

    Attributes:
        shapes: The compiled shapes.
        version: Version of the wheel.
        labels: Labels of the blank nodes of the shapes graph, in the order of the graph.
        name: Name of the engine.
    """

    shapes: shacl.Shapes
    version: str
    labels: tuple[str, ...] = ()
    name: str = "shacl"

    def results(self, data: bytes) -> tuple[ValidationResult, ...]:
        """See `Engine.results`."""
        results = tuple(map(_result, self._report(data).results))
        if not any(_LABEL.fullmatch(term) for result in results for term in _nodes(result)):
            return results
        labels = (*self.labels, *_blank_node_labels(data))
        return tuple(_labelled(result, labels) for result in results)

    def _report(self, data: bytes) -> shacl.Report:
        try:
            return self.shapes.validate_text(data.decode(), "ntriples")
        except ValueError as error:
            raise EngineError(f"shacl cannot read the data: {error}") from error
        except BaseException as error:
            # A panic in Rust (a year of twenty digits causes one) is an exception whose class cannot be imported.
            if type(error).__name__ != "PanicException":
                raise
            raise EngineError(f"shacl gave up on the data: {error}") from error


def load_rust(shapes: bytes) -> Engine:
    """Compile shapes with the engine `shacl`.

    Args:
        shapes: The shapes graph as N-Triples.

    Raises:
        EngineError: The wheel is not installed, or it cannot compile the shapes.
    """
    try:
        import shacl  # noqa: PLC0415  # importing our module must not load an engine, and the wheel may be missing
    except ImportError as error:
        raise EngineError(f"the package shacl cannot be loaded: {error}") from error
    try:
        compiled = shacl.Shapes.from_text(shapes.decode(), "ntriples")
        return RustEngine(compiled, shacl.__version__, _blank_node_labels(shapes))
    except ValueError as error:
        raise EngineError(f"shacl cannot compile the shapes: {error}") from error


def load_reference(shapes: bytes) -> Engine:
    """Load shapes for the engine `pyshacl`; see `iomld.validate.pyshacl_engine.load_reference`."""
    from iomld.validate import pyshacl_engine  # noqa: PLC0415  # takes half a second, and few use it

    return pyshacl_engine.load_reference(shapes)


ENGINES: Mapping[str, Callable[[bytes], Engine]] = {"shacl": load_rust, "pyshacl": load_reference}


def load_engine(name: str, shapes: bytes) -> Engine:
    """Compile shapes with the engine of this name.

    Args:
        name: `shacl` or `pyshacl`.
        shapes: The shapes graph as N-Triples.

    Raises:
        SettingsError: There is no such engine.
        EngineError: The engine cannot be loaded, or cannot compile the shapes.
    """
    if name not in ENGINES:
        raise SettingsError(f"there is no SHACL engine {name!r}; choose one of {', '.join(ENGINES)}")
    return ENGINES[name](shapes)


def validate_graphs(data: bytes, shapes: bytes, engine: str = "shacl") -> tuple[ValidationResult, ...]:
    """Validate a data graph against a shapes graph, without fetching or inferring anything.

    Args:
        data: The data graph as N-Triples, with the lexical forms of the source.
        shapes: The shapes graph as N-Triples.
        engine: `shacl` or `pyshacl`.

    Returns:
        The top-level results in no particular order.

    Raises:
        SettingsError: There is no such engine.
        EngineError: The engine cannot run the shapes or cannot read the data.
    """
    return load_engine(engine, shapes).results(data)


def _result(result: shacl.Result) -> ValidationResult:
    return ValidationResult(
        focus_node=result.focus_node,
        severity=result.severity_iri,
        component=result.component_iri,
        path=result.path,
        value=result.value,
        source_shape=result.source_shape,
        messages=tuple(result.messages),
    )


def _nodes(result: ValidationResult) -> Iterator[str]:
    return (term for term in (result.focus_node, result.value, result.source_shape) if term)


def _labelled(result: ValidationResult, labels: Sequence[str]) -> ValidationResult:
    """The result with the labels that blank nodes have in the data and the shapes."""

    def term(name: str) -> str:
        match = _LABEL.fullmatch(name)
        return labels[int(match[1])] if match else name

    return result._replace(
        focus_node=term(result.focus_node),
        value=result.value and term(result.value),
        source_shape=result.source_shape and term(result.source_shape),
    )


def _blank_node_labels(data: bytes) -> tuple[str, ...]:
    """The blank nodes of a graph in N-Triples syntax, in the order of the graph."""
    nodes = (node for quad in parse(data, NTRIPLES) for node in (quad.subject, quad.object))
    return tuple(dict.fromkeys(str(node) for node in nodes if isinstance(node, BlankNode)))
