"""The two engines by name, and any data graph against any shapes graph."""

from collections.abc import Callable, Mapping

from iomld.errors import SettingsError
from iomld.validate.port import Engine, GraphResult
from iomld.validate.rust import load_rust


def load_reference(shapes: bytes) -> Engine:
    """Read shapes for pyshacl; see `iomld.validate.reference.load_reference`."""
    from iomld.validate import reference  # noqa: PLC0415  # half a second, for who asks for it only

    return reference.load_reference(shapes)


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
