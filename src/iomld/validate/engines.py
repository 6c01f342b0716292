"""The SHACL engines by name, and the default one, the `shacl` wheel."""

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
    """The engine `shacl`, a wheel written in Rust, with compiled shapes."""

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
        return RustEngine(shacl.Shapes.from_text(shapes.decode(), "ntriples"))
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


def validate_graphs(data: bytes, shapes: bytes, engine: str = "shacl") -> tuple[GraphResult, ...]:
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
    return load_engine(engine, shapes).graph_results(data)


def _result(result: shacl.Result) -> Result:
    return Result(
        focus_node=_without_brackets(result.focus_node),
        path=_predicate(result.path),
        value=result.value_plain,
        rule=local_name(_without_brackets(result.source_shape or "")),
        severity=Severity(result.severity),
        message=Message(result.message or ""),
        component=result.component,
    )


def _graph_result(result: shacl.Result) -> GraphResult:
    return GraphResult(
        focus_node=result.focus_node,
        path=result.path,
        value=result.value,
        source_shape=result.source_shape,
        severity=result.severity_iri,
        component=result.component_iri,
        messages=tuple(result.messages),
    )


def _without_brackets(node: str) -> str:
    """An IRI without its brackets; the label of a blank node unchanged."""
    return node[1:-1] if node.startswith("<") else node


def _predicate(path: str | None) -> str | None:
    """The IRI of a path that is a single property, written `<iri>`; None for other paths."""
    simple = path is not None and path.startswith("<") and path.find(">") == len(path) - 1
    return path[1:-1] if simple and path else None
