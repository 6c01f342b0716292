"""The validator: records in, findings out, in the order of the records.

Several records in one data graph, kept apart: an engine is faster on some dozens of records than on one.

A node may stand in several records, such as the file that they were all read from, and each record may say something
else of it. SHACL knows no named graphs, so such a node gets a name of its own in each record of the chunk.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from pyoxigraph import Quad

from iomld.errors import SettingsError
from iomld.formats.rdf import NTRIPLES, serialize
from iomld.iris import DCTERMS, DEFAULT_BASE, SHAPES, XSD
from iomld.messages import ForeignText, Message, message
from iomld.model import Finding, Severity
from iomld.validate.engine import Engine, EngineError, Result
from iomld.validate.engines import ENGINES, load_engine, load_reference
from iomld.validate.facts import Facts, ReferenceData, facts_of, load_reference_data
from iomld.validate.findings import findings
from iomld.validate.rules_in_code import CHECKS, MENTION_RULES, Surroundings, mention_results, project_results
from iomld.validate.shapes import ShapesGraph, load_shapes


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records as one data graph.

    Attributes:
        data: N-Triples of the records and of what they point to.
        owners: For each node, by its name in the data, the number of its record in the chunk.
        names: Names that nodes have in the data only, and their IRIs.
    """

    data: bytes
    owners: Mapping[str, int]
    names: Mapping[str, str]

    def sorted_out(self, results: Iterable[Result], count: int) -> tuple[tuple[Result, ...], ...]:
        """The results of each record; results on reference data are nobody's."""
        piles: tuple[list[Result], ...] = tuple([] for _ in range(count))
        for result in results:
            owner = self.owners.get(result.focus_node)
            if owner is not None:
                piles[owner].append(self._renamed(result))
        return tuple(map(tuple, piles))

    def _renamed(self, result: Result) -> Result:
        focus_node = self.names.get(result.focus_node, result.focus_node)
        value = None if result.value is None else self.names.get(result.value, result.value)
        text = result.message.id  # the engine has filled the values in
        for name, iri in ((result.focus_node, focus_node), (result.value, value)):
            if name is not None and name != iri:
                text = text.replace(name, iri or "")
        return replace(result, focus_node=focus_node, value=value, message=Message(text))


def chunk_of(records: Sequence[Facts], reference: ReferenceData) -> Chunk:
    """Join records.

    Args:
        records: The graphs of the records.
        reference: Descriptions of what they may point to.
    """
    counts = Counter(node for record in records for node in record.subjects)
    shared = {node for node, count in counts.items() if count > 1 and node not in reference.descriptions}
    owners: dict[str, int] = {}
    names: dict[str, str] = {}
    parts = [reference.axioms]
    for number, record in enumerate(records):
        own_names = {node: f"{node}~{number}" for node in record.subjects & shared}
        owners |= {own_names.get(node, node): number for node in record.subjects}
        names |= {name: node for node, name in own_names.items()}
        parts.append(_lines(record.quads, own_names))
    targets = set().union(*(record.objects for record in records)) & reference.descriptions.keys()
    parts.extend(reference.descriptions[iri] for iri in sorted(targets))
    return Chunk(b"".join(parts), owners, names)


def _lines(quads: Sequence[Quad], names: Mapping[str, str]) -> bytes:
    """N-Triples with some nodes renamed: a line starts with its subject and ends with its object, so no text is hit."""
    lines = b"\n" + serialize(quads, NTRIPLES)
    for node, name in names.items():
        lines = lines.replace(b"\n<%s> " % node.encode(), b"\n<%s> " % name.encode())
        lines = lines.replace(b" <%s> .\n" % node.encode(), b" <%s> .\n" % name.encode())
    return lines


# Records in one call of an engine. Measured with shacl 0.3.4 on records of 142 triples: a record costs about the same
# from 5 to 200 in a call (1.1 to 1.3 ms), a quarter more alone, and twice as much at 1000.
CHUNK_SIZE = 20


# The first engine is not given these rules; the reference engine runs all rules as they stand in the shapes.
IN_CODE = frozenset({*CHECKS, *MENTION_RULES})


@dataclass(frozen=True, slots=True)
class Validator:
    """Shapes of a profile, loaded in an engine.

    Attributes:
        engine: The engine with the shapes compiled.
        shapes: The shapes, their version and their rules.
        reference: Concepts and countries that records point to.
        base: The data base.
        as_of: The day that rules on time judge against where the time of retrieval is not known; None: they are silent.
        in_code: Ids of the rules that are checked in code, as `IN_CODE`; the engine then has shapes without them.
        fallback_reason: Why the engine that was asked for is not used; empty where it is.
    """

    engine: Engine
    shapes: ShapesGraph
    reference: ReferenceData
    base: str = DEFAULT_BASE
    as_of: date | None = None
    in_code: frozenset[str] = frozenset()
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
            yield from self._check_chunk(tuple(map(facts_of, chunk)))

    def _check_chunk(self, records: Sequence[Facts]) -> Iterator[tuple[Finding, ...]]:
        if len(records) > 1 and any(record.has_blank_nodes for record in records):
            return self._check_singly(records)
        try:
            piles = self._results(records)
        except EngineError as error:
            return self._check_singly(records) if len(records) > 1 else iter([(_unreadable(error),)])
        return (self._findings(record, pile) for record, pile in zip(records, piles, strict=True))

    def _check_singly(self, records: Iterable[Facts]) -> Iterator[tuple[Finding, ...]]:
        for record in records:
            yield from self._check_chunk((record,))

    def _results(self, records: Sequence[Facts]) -> tuple[tuple[Result, ...], ...]:
        chunk = chunk_of(records, self.reference)
        return chunk.sorted_out(self.engine.results(chunk.data + self._as_of_line()), len(records))

    def _findings(self, record: Facts, results: tuple[Result, ...]) -> tuple[Finding, ...]:
        in_code = self._results_in_code(record)
        return findings((*results, *in_code), self.shapes.rules, record.quads, self.base)

    def _results_in_code(self, record: Facts) -> Iterator[Result]:
        rules = {id_: rule for id_, rule in self.shapes.rules.items() if id_ in self.in_code}
        around = Surroundings(self.reference, self.base, self.as_of.isoformat() if self.as_of else "")
        yield from project_results(record, around, rules)
        yield from mention_results(record, self.reference, rules, self.base)

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
    shapes = load_shapes(profile, base=base, without=IN_CODE if engine == "shacl" else ())
    reference = load_reference_data(base)
    try:
        loaded = load_engine(engine, shapes.data)
    except EngineError as error:
        whole = load_shapes(profile, base=base)
        return Validator(load_reference(whole.data), whole, reference, base, as_of, fallback_reason=ForeignText(error))
    return Validator(loaded, shapes, reference, base, as_of, IN_CODE if engine == "shacl" else frozenset())


def _unreadable(error: EngineError) -> Finding:
    return Finding(
        rule="unreadable",
        severity=Severity.VIOLATION,
        message=message("The record could not be checked: {reason}.", reason=ForeignText(error)),
        fix=message("Correct the RDF of the record; if it is right, try --engine pyshacl and report the fault."),
    )
