"""The validator: checks the graphs of records against the shapes of a profile and returns their findings in order.

Engines are faster on some dozens of records in one data graph than on one, so the validator joins records into chunks.
A node may occur in several records, such as the file that they were read from, and each record may describe it in its
own way. SHACL knows no named graphs, so such a node gets a name of its own in each record of the chunk.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from pyoxigraph import Quad

from iomld.errors import SettingsError
from iomld.formats.rdf import NTRIPLES, serialize
from iomld.fund_folder import cached
from iomld.iris import DCTERMS, DEFAULT_BASE, SHAPES, XSD
from iomld.messages import ForeignText, message
from iomld.model import Finding, Severity, ValidationResult
from iomld.validate.engine import Engine, EngineError
from iomld.validate.engines import ENGINES, load_engine, load_reference
from iomld.validate.facts import Facts, ReferenceData, facts_of, load_reference_data
from iomld.validate.findings import findings_from
from iomld.validate.rules_in_code import MENTION_RULES, PROJECT_CHECKS, RulesInCode, rules_in_code
from iomld.validate.shapes import ShapesGraph, load_shapes
from iomld.validate.targets import FocusNodeCounter

# Records in one call of an engine. Measured with shacl 0.3.4 on records of 142 triples: a record takes about the same
# time in chunks of 5 to 200 (1.1 to 1.3 ms), a quarter more alone, and twice as much in chunks of 1000.
CHUNK_SIZE = 20

# Rules that Python code checks in place of the engine `shacl`; the reference engine runs all rules of the shapes.
IN_CODE = frozenset({*PROJECT_CHECKS, *MENTION_RULES})


@dataclass(frozen=True, slots=True)
class Chunk:
    """Several records in one data graph.

    Attributes:
        data: N-Triples of the records and of the concepts and countries that they point to.
        owners: The index of its record in the chunk, for each node by its name in the data.
        original_names: The IRI of each node that has another name in the data, by that name.
    """

    data: bytes
    owners: Mapping[str, int]
    original_names: Mapping[str, str]

    def results_by_record(
        self, results: Iterable[ValidationResult], count: int
    ) -> tuple[tuple[ValidationResult, ...], ...]:
        """The results of each record; those on reference data are dropped."""
        by_record: tuple[list[ValidationResult], ...] = tuple([] for _ in range(count))
        for result in results:
            owner = self.owners.get(_name(result.focus_node))
            if owner is not None:
                by_record[owner].append(self._restored(result))
        return tuple(map(tuple, by_record))

    def _restored(self, result: ValidationResult) -> ValidationResult:
        """The result with the original names of nodes."""
        messages = result.messages
        terms = {}
        for term in filter(None, (result.focus_node, result.value)):
            name = _name(term)
            iri = self.original_names.get(name)
            if iri is not None:
                terms[term] = f"<{iri}>"
                messages = tuple(message.replace(name, iri) for message in messages)
        if not terms:
            return result
        focus_node, value = terms.get(result.focus_node, result.focus_node), result.value
        return result._replace(focus_node=focus_node, value=value and terms.get(value, value), messages=messages)


def _name(term: str) -> str:
    """The IRI of a named node, the label of a blank node; a literal stays as it is."""
    return term[1:-1] if term.startswith("<") else term.removeprefix("_:")


def chunk_of(records: Sequence[Facts], reference: ReferenceData) -> Chunk:
    """Join records into a chunk.

    Args:
        records: The records.
        reference: Descriptions of the concepts and countries that they may point to.
    """
    counts = Counter(node for record in records for node in record.subjects)
    shared = {node for node, count in counts.items() if count > 1 and node not in reference.descriptions}
    owners: dict[str, int] = {}
    original_names: dict[str, str] = {}
    lines = [reference.axioms]
    for number, record in enumerate(records):
        new_names = {node: f"{node}~{number}" for node in record.subjects & shared}
        owners |= {new_names.get(node, node): number for node in record.subjects}
        original_names |= {name: node for node, name in new_names.items()}
        lines.append(_renamed_lines(record.quads, new_names))
    targets = set().union(*(record.objects for record in records)) & reference.descriptions.keys()
    lines.extend(reference.descriptions[iri] for iri in sorted(targets))
    return Chunk(b"".join(lines), owners, original_names)


def _renamed_lines(quads: Sequence[Quad], names: Mapping[str, str]) -> bytes:
    """N-Triples with renamed nodes. Subjects start a line and objects end it, so that no literal is changed."""
    lines = b"\n" + serialize(quads, NTRIPLES)
    for node, name in names.items():
        lines = lines.replace(b"\n<%s> " % node.encode(), b"\n<%s> " % name.encode())
        lines = lines.replace(b" <%s> .\n" % node.encode(), b" <%s> .\n" % name.encode())
    return lines


@dataclass(frozen=True, slots=True)
class Validator:
    """The shapes of a profile, loaded in an engine.

    Attributes:
        engine: The engine with the shapes compiled.
        shapes: The shapes, their version and their rules.
        reference: Concepts and countries that records point to.
        base: The data base.
        as_of: The day for rules on time where the time of retrieval is unknown; None: they are not checked there.
        in_code: The rules that are checked in code; the engine has shapes without them. None: there are none.
        fallback_reason: Why the validator uses another engine than it was loaded with; empty if it does not.
    """

    engine: Engine
    shapes: ShapesGraph
    reference: ReferenceData
    base: str = DEFAULT_BASE
    as_of: date | None = None
    in_code: RulesInCode | None = None
    fallback_reason: str = ""

    @property
    def engine_name(self) -> str:
        """Name of the engine."""
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
        """Check the graphs of many projects, each independently of the others.

        Args:
            graphs: One graph for each project.

        Yields:
            The findings of each graph, in the order of the graphs.
        """
        remaining = iter(graphs)
        while chunk := tuple(islice(remaining, CHUNK_SIZE)):
            yield from self._check_chunk(tuple(map(facts_of, chunk)))

    def focus_node_counter(self) -> FocusNodeCounter:
        """A counter of the nodes that each shape checks in the graphs of projects."""
        return FocusNodeCounter(self.shapes.targets, subclasses=self.reference.subclasses, described_only=True)

    def _check_chunk(self, records: Sequence[Facts]) -> Iterator[tuple[Finding, ...]]:
        if len(records) > 1 and any(record.has_blank_nodes for record in records):
            return self._check_singly(records)
        try:
            results = self._results(records)
        except EngineError as error:
            return self._check_singly(records) if len(records) > 1 else iter([(_unreadable(error),)])
        return (self._findings(record, own) for record, own in zip(records, results, strict=True))

    def _check_singly(self, records: Iterable[Facts]) -> Iterator[tuple[Finding, ...]]:
        for record in records:
            yield from self._check_chunk((record,))

    def _results(self, records: Sequence[Facts]) -> tuple[tuple[ValidationResult, ...], ...]:
        chunk = chunk_of(records, self.reference)
        return chunk.results_by_record(self.engine.results(chunk.data + self._as_of_line()), len(records))

    def _findings(self, record: Facts, results: tuple[ValidationResult, ...]) -> tuple[Finding, ...]:
        in_code = self.in_code.results(record) if self.in_code else ()
        return findings_from((*results, *in_code), self.shapes.rules, record.quads, self.base)

    def _as_of_line(self) -> bytes:
        if self.as_of is None:
            return b""
        return f'<{SHAPES}asOf> <{DCTERMS}date> "{self.as_of.isoformat()}"^^<{XSD}date> .\n'.encode()


@cached
def load_validator(
    profile: str, *, base: str = DEFAULT_BASE, engine: str = "shacl", as_of: date | None = None
) -> Validator:
    """Load the shapes of a profile in an engine, which takes a seventh of a second; cached.

    Args:
        profile: One of `iomld.validate.PROFILES`.
        base: The data base, ending in a slash.
        engine: `shacl`, or the reference engine `pyshacl`, which also replaces an engine that cannot be loaded.
        as_of: The day for rules on time where a record does not say when it was retrieved.

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
        shapes = load_shapes(profile, base=base)
        return Validator(
            load_reference(shapes.data), shapes, reference, base, as_of, fallback_reason=ForeignText(error)
        )
    in_code = rules_in_code(shapes.rules, reference, base, as_of) if engine == "shacl" else None
    return Validator(loaded, shapes, reference, base, as_of, in_code)


def _unreadable(error: EngineError) -> Finding:
    return Finding(
        rule="unreadable",
        severity=Severity.VIOLATION,
        message=message("The record could not be checked: {reason}.", reason=ForeignText(error)),
        fix=message("Correct the RDF of the record; if it is right, try --engine pyshacl and report the fault."),
    )
