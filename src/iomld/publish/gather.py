"""Read all sources, take each project through the stages, and sort out what is accepted and what changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iomld import merge, read
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.model import Finding, Severity
from iomld.pipeline.outcomes import Outcome, Pipeline, outcomes
from iomld.publish.report import Refusal, counted
from iomld.release.lines import GraphState, SortedLines, graph_digest
from iomld.release.tombstones import Tombstone


@dataclass(slots=True)
class Gathered:
    """What came out of the sources. It grows while sources are read, and is only read afterwards.

    Attributes:
        new_lines: N-Quads lines of graphs that are new or changed, by bytes.
        changed_file: The same lines, a graph after the other, for the store.
        changed: For each graph that is new or changed, its state.
        sources: For each changed project key the hashes of its sources.
        supplied: For each changed project key the fields that each source gave.
        revisions: For each changed project key the number of its new revision.
        owners: For each PRIMA identifier the key of the project that holds it.
        withdrawn: What this run withdraws, by key.
        returned: Keys that had been withdrawn and are back.
        tombstones: All that is withdrawn after this run, by key.
        included: Names of the reference graphs that were given.
    """

    new_lines: SortedLines
    changed_file: Path
    changed: dict[str, GraphState] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    supplied: dict[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    withdrawn: dict[str, Tombstone] = field(default_factory=dict)
    returned: tuple[str, ...] = ()
    tombstones: dict[str, Tombstone] = field(default_factory=dict)
    included: tuple[str, ...] = ()
    refused: list[Refusal] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    read: int = 0
    projects: int = 0
    published: int = 0


def fill_spool(spool: read.RecordSpool, sources: Sequence[Path], options: read.ReadOptions) -> Iterator[Refusal]:
    """Read every source into the spool.

    Yields:
        A refusal for each file that cannot be read; the others are read all the same.
    """
    for part in read.expand_sources(sources):
        try:
            for record in read.read_part(part, options):
                spool.add(record, merge.record_key(record))
        except SourceError as error:
            yield Refusal(part.name, (Finding("unreadableFile", Severity.VIOLATION, error.message),))


def gather(
    spool: read.RecordSpool,
    pipeline: Pipeline,
    known: Mapping[str, GraphState],
    gathered: Gathered,
    progress: Callable[[int], None],
) -> None:
    """Take each project of the spool through the stages into `gathered`.

    Args:
        spool: The records.
        pipeline: The stages.
        known: The graphs of the release that is served.
        gathered: Where the results go.
        progress: Called with 1 after each project.
    """
    gathered.read += len(spool)
    for outcome in outcomes(spool.groups(), pipeline, gathered.owners):
        gathered.projects += 1
        graph = pipeline.publication.iris.record(outcome.dossier.key)
        reasons = [finding for finding in outcome.findings if finding.severity is Severity.VIOLATION]
        for rule, count in counted(outcome.findings).items():
            gathered.warnings[rule] = gathered.warnings.get(rule, 0) + count
        if reasons:
            name = outcome.dossier.key or str(outcome.dossier.records[0].place.file)
            gathered.refused.append(Refusal(name, tuple(reasons), kept=graph in known and bool(known[graph].digest)))
        else:
            _accept(outcome, graph, known, gathered)
        progress(1)


def _accept(outcome: Outcome, graph: str, known: Mapping[str, GraphState], gathered: Gathered) -> None:
    gathered.published += 1
    project = outcome.project
    lines = sorted(set(rdf.serialize(outcome.quads, rdf.NQUADS).splitlines(keepends=True)))
    if add_graph(graph, lines, known, gathered):
        gathered.sources[project.key] = tuple(origin.sha256 for origin in project.origins)
        gathered.supplied[project.key] = outcome.dossier.supplied
        gathered.revisions[project.key] = gathered.changed[graph].revision


def add_graph(name: str, lines: Sequence[bytes], known: Mapping[str, GraphState], gathered: Gathered) -> bool:
    """Take a graph into the release if it is new or differs from the one that is served; say whether it was."""
    digest = graph_digest(lines)
    before = known.get(name)
    if before is not None and before.digest == digest:
        return False
    gathered.changed[name] = GraphState(digest, before.revision + 1 if before else 1)
    gathered.new_lines.add(lines)
    with gathered.changed_file.open("ab") as file:
        file.writelines(lines)
    return True
