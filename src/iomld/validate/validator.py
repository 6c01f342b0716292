"""The validator: records in, findings out, in the order of the records."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from pyoxigraph import Quad

from iomld.errors import SettingsError
from iomld.iris import DCTERMS, DEFAULT_BASE, SHAPES, XSD
from iomld.model import Finding, Severity
from iomld.validate.chunks import chunk_of, has_blank_nodes
from iomld.validate.findings import findings
from iomld.validate.mentions import CHECKED_HERE, mention_results
from iomld.validate.port import Engine, EngineError, Result
from iomld.validate.reference_data import ReferenceData, load_reference_data
from iomld.validate.rust import load_rust
from iomld.validate.shapes import ShapesGraph, load_shapes


def _load_reference(shapes: bytes) -> Engine:
    from iomld.validate.reference import load_reference  # noqa: PLC0415  # half a second, for who asks for it only

    return load_reference(shapes)


ENGINES: Mapping[str, Callable[[bytes], Engine]] = {"shacl": load_rust, "pyshacl": _load_reference}

# Records in one call of an engine. Measured with shacl 0.3.4 on records of 142 triples: a record costs about the same
# from 5 to 200 in a call (1.1 to 1.3 ms), a quarter more alone, and twice as much at 1000.
CHUNK_SIZE = 20


@dataclass(frozen=True, slots=True)
class Validator:
    """Shapes of a profile, loaded in an engine.

    Attributes:
        engine: The engine with the shapes compiled.
        shapes: The shapes, their version and their rules.
        reference: Concepts and countries that records point to.
        base: The data base.
        as_of: The day that rules on time judge against where the time of retrieval is not known; None: they are silent.
        fallback_reason: Why the engine that was asked for is not used; empty where it is.
    """

    engine: Engine
    shapes: ShapesGraph
    reference: ReferenceData
    base: str = DEFAULT_BASE
    as_of: date | None = None
    fallback_reason: str = ""

    @property
    def engine_name(self) -> str:
        """The engine that gives the verdicts."""
        return self.engine.name

    def check(self, quads: Sequence[Quad]) -> tuple[Finding, ...]:
        """Check one project's graph.

        Args:
            quads: The graph; it need not be in a named graph.

        Returns:
            All findings, the worst first.
        """
        return next(self.check_many((quads,)))

    def check_many(self, graphs: Iterable[Sequence[Quad]]) -> Iterator[tuple[Finding, ...]]:
        """Check the graphs of many projects, each as if it were alone.

        Args:
            graphs: One graph a project.

        Yields:
            The findings of each graph, in the order of the graphs.
        """
        remaining = iter(graphs)
        while chunk := tuple(islice(remaining, CHUNK_SIZE)):
            yield from self._check_chunk(chunk)

    def _check_chunk(self, graphs: Sequence[Sequence[Quad]]) -> Iterator[tuple[Finding, ...]]:
        if len(graphs) > 1 and any(map(has_blank_nodes, graphs)):
            return self._check_singly(graphs)
        try:
            piles = self._results(graphs)
        except EngineError as error:
            return self._check_singly(graphs) if len(graphs) > 1 else iter([(_unreadable(error),)])
        return (self._findings(quads, pile) for quads, pile in zip(graphs, piles, strict=True))

    def _check_singly(self, graphs: Iterable[Sequence[Quad]]) -> Iterator[tuple[Finding, ...]]:
        for quads in graphs:
            yield from self._check_chunk((quads,))

    def _results(self, graphs: Sequence[Sequence[Quad]]) -> tuple[tuple[Result, ...], ...]:
        chunk = chunk_of(graphs, self.reference)
        return chunk.sorted_out(self.engine.results(chunk.data + self._as_of_line()), len(graphs))

    def _findings(self, quads: Sequence[Quad], results: tuple[Result, ...]) -> tuple[Finding, ...]:
        rules = self.shapes.rules
        on_mentions = mention_results(quads, self.reference, rules, self.base)
        return findings((*results, *on_mentions), rules, quads, self.base)

    def _as_of_line(self) -> bytes:
        if self.as_of is None:
            return b""
        return f'<{SHAPES}asOf> <{DCTERMS}date> "{self.as_of.isoformat()}"^^<{XSD}date> .\n'.encode()


def load_validator(
    profile: str, *, base: str = DEFAULT_BASE, engine: str = "shacl", as_of: date | None = None
) -> Validator:
    """Load the shapes of a profile in an engine.

    Args:
        profile: One of `iomld.validate.PROFILES`.
        base: The data base, ending in a slash.
        engine: `shacl`, or `pyshacl`, the reference; the second stands in where the first cannot be loaded.
        as_of: The day that rules on time judge against where a record does not say when it was retrieved.

    Raises:
        SettingsError: There is no such profile or engine.
    """
    if engine not in ENGINES:
        raise SettingsError(f"there is no SHACL engine {engine!r}; choose one of {', '.join(ENGINES)}")
    shapes = load_shapes(profile, base=base, without=CHECKED_HERE)
    try:
        loaded, reason = ENGINES[engine](shapes.data), ""
    except EngineError as error:
        loaded, reason = _load_reference(shapes.data), str(error)
    return Validator(loaded, shapes, load_reference_data(base), base, as_of, reason)


def _unreadable(error: EngineError) -> Finding:
    return Finding(
        rule="unreadable",
        severity=Severity.VIOLATION,
        message=f"The record could not be checked: {error}.",
        fix="Correct the RDF of the record; if it is right, try --engine pyshacl and report the fault.",
    )
