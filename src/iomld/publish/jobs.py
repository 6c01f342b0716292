"""The jobs of a publish that read and settle: they can be done in any process, as those of `shard_jobs` can.

A job is a value, and its result depends on it alone, so that the number of processes does not change a release.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from iomld import merge
from iomld.errors import SourceError
from iomld.export.shard_files import published_texts
from iomld.formats import rdf
from iomld.messages import Message
from iomld.model import Finding, Severity
from iomld.pipeline.conversion import Outcome
from iomld.pipeline.stages import Pipeline, outcomes
from iomld.publish.report import warning_counts
from iomld.read import PackedRecord, SourceUnit, packed, read_unit, unpacked
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.release.nquads import graph_digest

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
        takes_sources: Whether sources that a record states itself replace the file that is read.
    """

    source: int
    unit: SourceUnit
    url: str | None = None
    mapping: TableMapping = NO_MAPPING
    takes_sources: bool = True

    @property
    def records(self) -> int:
        """How many records it is about, estimated."""
        return max(1, self.unit.size_bytes // _RECORD_BYTES)

    def run(self, pipeline: Pipeline) -> ReadResult:
        """Read the records up to the first fault that ends the reading."""
        options = pipeline.read_options(url=self.url, mapping=self.mapping, takes_sources=self.takes_sources)
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
