"""The jobs of a publish that can be done in any process: read sources, settle projects, and make pieces of a shard.

A job is a value, and its result depends on it alone, so that the number of processes does not change a release.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from iomld import merge
from iomld.errors import SourceError
from iomld.export.contributions import GraphContents, joined_contents, split_contents
from iomld.export.shard_files import GraphLines, common_contents, graph_contents, published_texts, with_columns
from iomld.export.tables import TableForm
from iomld.formats import rdf
from iomld.messages import Message
from iomld.model import Finding, Severity
from iomld.pipeline.conversion import Outcome
from iomld.pipeline.stages import Pipeline, outcomes
from iomld.publish.report import warning_counts
from iomld.read import PackedRecord, SourceUnit, packed, read_unit, unpacked
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.release import FILES
from iomld.release.nquads import graph_digest, graph_of
from iomld.release.pieces import Piece, compressed, content_of
from iomld.release.shards import PieceSource, PlacedShard, Shard

# Bytes of a source about one record, on average; only an estimate of the work.
_RECORD_BYTES = 4000


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The records of a unit.

    Attributes:
        source: The number of its source.
        records: The records.
        fault: Why the rest of the source cannot be read; None if nothing is wrong.
    """

    source: int
    records: tuple[PackedRecord, ...]
    fault: Message | None = None


@dataclass(frozen=True, slots=True)
class ReadJob:
    """Read the records of a unit.

    Attributes:
        source: The number of its source.
        unit: The unit.
        url: Address of the page that the one source was saved from.
        mapping: For a foreign table, how it says what our columns say.
    """

    source: int
    unit: SourceUnit
    url: str | None = None
    mapping: TableMapping = NO_MAPPING

    @property
    def records(self) -> int:
        """How many records it is about, estimated."""
        return max(1, self.unit.size_bytes // _RECORD_BYTES)

    def run(self, pipeline: Pipeline) -> ReadResult:
        """Read the records up to the first fault that ends the reading."""
        options = pipeline.read_options(url=self.url, mapping=self.mapping)
        records: list[PackedRecord] = []
        try:
            for record in read_unit(self.unit, options):
                records.append(packed(record, merge.record_key(record)))  # noqa: PERF401  # kept when reading ends
        except SourceError as error:
            return ReadResult(self.source, tuple(records), error.message)
        return ReadResult(self.source, tuple(records))


@dataclass(frozen=True, slots=True)
class SettledProject:
    """The outcome of the stages for one project, as far as a publish needs it.

    Attributes:
        key: Its key; empty if it has none.
        name: What a report calls it: its key, or the file of its first record.
        reasons: Its Violations; it is published if there are none.
        warnings: Number of findings that do not refuse, by rule.
        prima_id: Its PRIMA identifier.
        lines: Its graph as sorted N-Quads lines.
        digest: The hash of its graph.
        sources: The SHA-256 of each of its sources.
        supplied: The fields that each source supplied.
        texts: The fields and languages of its published texts.
    """

    key: str
    name: str
    reasons: tuple[Finding, ...]
    warnings: Mapping[str, int]
    prima_id: str | None = None
    lines: bytes = b""
    digest: str = ""
    sources: tuple[str, ...] = ()
    supplied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class SettleJob:
    """Run the stages for some projects.

    Attributes:
        groups: The packed records of each project.
        owners: The keys of the projects that have PRIMA identifiers; others with these identifiers are refused.
    """

    groups: Sequence[tuple[bytes, ...]]
    owners: Mapping[str, str]

    @property
    def records(self) -> int:
        """How many records it is about."""
        return sum(map(len, self.groups))

    def run(self, pipeline: Pipeline) -> tuple[SettledProject, ...]:
        """Run the stages."""
        groups = (tuple(map(unpacked, group)) for group in self.groups)
        known = dict(self.owners)
        return tuple(map(_settled, outcomes(groups, pipeline, known, is_claiming=False)))


def _settled(outcome: Outcome) -> SettledProject:
    key = outcome.merged.key
    name = key or str(outcome.merged.records[0].place.file)
    reasons = tuple(finding for finding in outcome.findings if finding.severity is Severity.VIOLATION)
    warnings = dict(warning_counts(outcome.findings))
    if reasons:
        return SettledProject(key, name, reasons, warnings)
    lines = sorted(set(rdf.serialize(outcome.quads, rdf.NQUADS).splitlines(keepends=True)))
    return SettledProject(
        key,
        name,
        reasons,
        warnings,
        prima_id=outcome.project.prima_id,
        lines=b"".join(lines),
        digest=graph_digest(lines),
        sources=tuple(origin.sha256 for origin in outcome.project.origins),
        supplied=outcome.merged.supplied,
        texts=frozenset(published_texts(outcome.quads)),
    )


@dataclass(frozen=True, slots=True)
class LinesPlace:
    """Where the lines of a graph are: in a file of lines, at an offset."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class GraphSources:
    """Where the lines and contributions of the graphs of a shard are.

    Attributes:
        graphs: The graphs, sorted.
        new_file: The file with the lines of new and changed graphs.
        new: Their places in it.
        old: The pieces of the shards that have the other graphs, and perhaps more, by file.
        is_copied: Whether these contributions would be made alike today, but for the columns of tables.
        has_columns: Whether the table of projects has its columns.
    """

    graphs: tuple[str, ...]
    new_file: Path
    new: Mapping[str, LinesPlace]
    old: tuple[Mapping[str, PieceSource], ...] = ()
    is_copied: bool = False
    has_columns: bool = False

    def lines(self) -> Iterator[GraphLines]:
        """The graphs with their lines, in their order."""
        wanted = {graph.encode(): graph for graph in self.graphs if graph not in self.new}
        kept: dict[str, list[bytes]] = {graph: [] for graph in wanted.values()}
        for pieces in self.old if wanted else ():
            for name, lines in groupby(_content(pieces[FILES.dataset]).splitlines(keepends=True), key=graph_of):
                if name in wanted:
                    kept[wanted[name]].extend(lines)
        with self.new_file.open("rb") as file:
            for graph in self.graphs:
                if graph in kept:
                    yield graph, sorted(kept[graph])
                else:
                    place = self.new[graph]
                    file.seek(place.offset)
                    yield graph, file.read(place.length).splitlines(keepends=True)

    def contributions(self, base: str, form: TableForm) -> Iterator[GraphContents]:
        """What the graphs, which are of records, contribute.

        Args:
            base: The data base of the IRIs.
            form: The columns of the table of projects.
        """
        if not self.is_copied:
            yield from (graph_contents(graph, lines, base, form) for graph, lines in self.lines())
            return
        contents = ({name: _content(source) for name, source in pieces.items()} for pieces in self.old)
        copied = {one.graph: one for files in contents for one in split_contents(files)}
        made = replace(self, graphs=tuple(graph for graph in self.graphs if graph in self.new), old=()).lines()
        for graph in self.graphs:
            if graph in self.new:
                yield graph_contents(*next(made), base, form)
            else:
                yield copied[graph] if self.has_columns else with_columns(copied[graph], base, form)


def _content(source: PieceSource) -> bytes:
    return content_of(source.path, source.offset, source.piece)


@dataclass(frozen=True, slots=True)
class ShardJob:
    """Make the pieces of a shard.

    Attributes:
        fingerprint: The hash of its graphs.
        sources: Its graphs.
        base: The data base of the IRIs.
        form: The columns of the table of projects.
        output: The file to write the pieces to.
        included: Of a shard with graphs that are not of records: those among them that are not our own; else None.
    """

    fingerprint: str
    sources: GraphSources
    base: str
    form: TableForm
    output: Path
    included: tuple[str, ...] | None = None

    @property
    def records(self) -> int:
        """How many records it is about."""
        return len(self.sources.graphs)

    def run(self, pipeline: Pipeline | None = None) -> PlacedShard:
        """Make the pieces; they are in the file one after the other."""
        del pipeline
        if self.included is None:
            contents = joined_contents(self.sources.contributions(self.base, self.form), self.base)
        else:
            contents = common_contents(self.sources.lines(), self.base, self.included)
        pieces: dict[str, Piece] = {}
        sources: dict[str, PieceSource] = {}
        with self.output.open("wb") as file:
            for name, content in sorted(contents.files.items()):
                data, pieces[name] = compressed(content)
                sources[name] = PieceSource(self.output, file.tell(), pieces[name])
                file.write(data)
        shard = Shard(self.fingerprint, pieces, contents.statistics, contents.texts, contents.shared)
        return PlacedShard(shard, sources)


Job: TypeAlias = ReadJob | SettleJob | ShardJob


def settle_jobs(groups: Iterable[tuple[bytes, ...]], size: int) -> Iterator[SettleJob]:
    """Jobs for groups of packed records, with so many groups each."""
    batch: list[tuple[bytes, ...]] = []
    for group in groups:
        batch.append(group)
        if len(batch) == size:
            yield SettleJob(tuple(batch), {})
            batch = []
    if batch:
        yield SettleJob(tuple(batch), {})
