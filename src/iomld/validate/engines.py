"""The SHACL engines by name, and the `shacl` wheel, whose verdicts count.

The two engines by name, and any data graph against any shapes graph.

The engine of our verdicts: the `shacl` wheel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iomld.errors import SettingsError
from iomld.iris import local_name
from iomld.messages import Message
from iomld.model import Severity
from iomld.validate.engine import Engine, EngineError, GraphResult, Result

if TYPE_CHECKING:
    import shacl


@dataclass(frozen=True, slots=True)
class RustEngine:
    """Shapes compiled by the `shacl` wheel."""

    shapes: shacl.Shapes
    name: str = "shacl"

    def results(self, data: bytes) -> tuple[Result, ...]:
        """See `Engine.results`."""
        return tuple(map(_result, self._report(data).results))

    def graph_results(self, data: bytes) -> tuple[GraphResult, ...]:
        """See `Engine.graph_results`."""
        return tuple(map(_graph_result, self._report(data).results))

    def _report(self, data: bytes) -> shacl.Report:
        try:
            return self.shapes.validate_text(data.decode(), "ntriples")
        except ValueError as error:
            raise EngineError(f"shacl cannot read the data: {error}") from error
        except BaseException as error:
            # A panic in Rust, as of a date with a year of twenty digits, is an exception of no importable class.
            if type(error).__name__ != "PanicException":
                raise
            raise EngineError(f"shacl gave up on the data: {error}") from error


def load_rust(shapes: bytes) -> Engine:
    """Compile shapes.

    Args:
        shapes: The shapes graph as N-Triples.

    Raises:
        EngineError: The wheel is not there, or it cannot compile the shapes.
    """
    try:
        import shacl  # noqa: PLC0415  # importing our module must not load an engine, and this one may be absent
    except ImportError as error:
        raise EngineError(f"the package shacl cannot be loaded: {error}") from error
    try:
        return RustEngine(shacl.Shapes.from_text(shapes.decode(), "ntriples"))
    except ValueError as error:
        raise EngineError(f"shacl cannot compile the shapes: {error}") from error


def _result(outcome: shacl.Result) -> Result:
    return Result(
        focus_node=_plain(outcome.focus_node),
        path=_predicate(outcome.path),
        value=outcome.value_plain,
        rule=local_name(_plain(outcome.source_shape or "")),
        severity=Severity(outcome.severity),
        message=Message(outcome.message or ""),
        component=outcome.component,
    )


def _graph_result(outcome: shacl.Result) -> GraphResult:
    return GraphResult(
        focus_node=outcome.focus_node,
        path=outcome.path,
        value=outcome.value,
        source_shape=outcome.source_shape,
        severity=outcome.severity_iri,
        component=outcome.component_iri,
        messages=tuple(outcome.messages),
    )


def _plain(node: str) -> str:
    """An IRI without its brackets; a blank node's label as it is."""
    return node[1:-1] if node.startswith("<") else node


def _predicate(path: str | None) -> str | None:
    """The IRI of a path of one property, written `<iri>`; None for all others."""
    simple = path is not None and path.startswith("<") and path.find(">") == len(path) - 1
    return path[1:-1] if simple and path else None


def load_reference(shapes: bytes) -> Engine:
    """Read shapes for pyshacl; see `iomld.validate.pyshacl_engine.load_reference`."""
    from iomld.validate import pyshacl_engine  # noqa: PLC0415  # half a second, for who asks for it only

    return pyshacl_engine.load_reference(shapes)


ENGINES: Mapping[str, Callable[[bytes], Engine]] = {"shacl": load_rust, "pyshacl": load_reference}


def load_engine(name: str, shapes: bytes) -> Engine:
    """Compile shapes.

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


def validate_graphs(data: bytes, shapes: bytes, engine: str = "shacl") -> tuple[GraphResult, ...]:
    """Validate any data graph against any shapes graph; nothing is fetched and nothing is inferred.

    Args:
        data: The data graph as N-Triples, lexical forms as they are in the source.
        shapes: The shapes graph as N-Triples.
        engine: `shacl` or `pyshacl`.

    Returns:
        The top-level results, in no particular order.

    Raises:
        SettingsError: There is no such engine.
        EngineError: The engine cannot run the shapes or cannot read the data.
    """
    return load_engine(engine, shapes).graph_results(data)
