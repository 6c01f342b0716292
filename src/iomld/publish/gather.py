"""Gathers the changes of a publish: reads sources, runs the pipeline, and compares graphs with the current release."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

from iomld import merge
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.iris import Iris
from iomld.model import Finding, Severity
from iomld.pipeline.stages import Outcome, Pipeline, outcomes
from iomld.progress import Progress, phases_of
from iomld.publish.differences import FieldDifference, field_differences, source_iris, value_statements
from iomld.publish.report import Refusal, warning_counts
from iomld.read import ReadOptions, RecordSpool, expand_sources, read_source
from iomld.release.history import SeenAgain, Tombstone
from iomld.release.nquads import GraphState, SortedLines, graph_digest

READING, CHECKING, WRITING, STORING, FINISHING = phases_of(
    ("reading", "records"),
    ("checking", "projects"),
    ("writing the dataset", ""),
    ("writing the store", ""),
    ("computing counts and checksums", ""),
)
_INCLUDE_FORMATS = (rdf.NQUADS, rdf.TRIG, rdf.TURTLE)
_Term = NamedNode | BlankNode | Literal | Triple


@dataclass(slots=True)
class Changes:
    """The changes of one publish or withdrawal; filled while sources are read, and not changed afterwards.

    Attributes:
        new_lines: N-Quads lines of new and changed graphs, sorted by bytes.
        changed_file: The same lines, graph by graph, for the store.
        changed: States of new and changed graphs.
        sources: Hashes of the sources of each changed project, by key.
        supplied: The fields from each source of each changed project, by key.
        revisions: Number of the new revision of each changed project, by key.
        differences: The fields of each changed project that differ from the current release, by key.
        seen_again: Projects whose published values came again, from a file with another name or other bytes.
        owners: Key of the project that has each PRIMA identifier.
        withdrawn: Projects that this run withdraws, by key.
        returned: Keys of withdrawn projects that are published again.
        tombstones: All withdrawn projects after this run, by key.
        included: Names of the included graphs.
        refused: Projects and files that are not published.
        warnings: Number of findings that do not refuse, by rule.
        read: Number of records read.
        projects: Number of projects that they describe.
        published: Number of accepted projects.
    """

    new_lines: SortedLines
    changed_file: Path
    changed: dict[str, GraphState] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    supplied: dict[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    differences: dict[str, tuple[FieldDifference, ...]] = field(default_factory=dict)
    seen_again: list[SeenAgain] = field(default_factory=list)
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


@dataclass(frozen=True, slots=True)
class CurrentGraphs:
    """The graphs of the current release.

    Attributes:
        states: The state of each graph, by its IRI; the digest of a withdrawn one is empty.
        quads: Gives the quads of a graph.
    """

    states: Mapping[str, GraphState]
    quads: Callable[[str], Iterable[Quad]]

    def has(self, graph: str) -> bool:
        """Say whether a graph is published now."""
        return graph in self.states and bool(self.states[graph].digest)


def fill_spool(
    spool: RecordSpool, sources: Sequence[Path], options: ReadOptions, progress: Progress
) -> Iterator[Refusal]:
    """Read every source into the spool.

    Args:
        spool: The records.
        sources: Files and folders.
        options: Options of the readers.
        progress: Counts the records.

    Yields:
        A refusal for each file that cannot be read; the others are read.
    """
    progress.begin(READING)
    for part in expand_sources(sources):
        try:
            for record in progress.counted(read_source(part, options)):
                spool.add(record, merge.record_key(record))
        except SourceError as error:
            yield Refusal(part.name, (Finding("unreadableFile", Severity.VIOLATION, error.message),))


def gather(
    spool: RecordSpool,
    pipeline: Pipeline,
    current: CurrentGraphs,
    changes: Changes,
    progress: Progress,
) -> None:
    """Run the pipeline for each project of the spool, and add the results to `changes`.

    Args:
        spool: The records.
        pipeline: The loaded stages.
        current: The graphs of the current release.
        changes: The changes to add to.
        progress: Counts the projects.
    """
    changes.read += len(spool)
    progress.begin(CHECKING, spool.projects())
    for outcome in outcomes(spool.groups(), pipeline, changes.owners):
        changes.projects += 1
        graph = pipeline.publication.iris.record(outcome.merged.key)
        reasons = [finding for finding in outcome.findings if finding.severity is Severity.VIOLATION]
        for rule, count in warning_counts(outcome.findings).items():
            changes.warnings[rule] = changes.warnings.get(rule, 0) + count
        if reasons:
            name = outcome.merged.key or str(outcome.merged.records[0].place.file)
            changes.refused.append(Refusal(name, tuple(reasons), kept=current.has(graph)))
        else:
            _accept(outcome, pipeline.publication.iris, current, changes)
        progress.advance()


def _accept(outcome: Outcome, iris: Iris, current: CurrentGraphs, changes: Changes) -> None:
    """Add the graph of an accepted project to the changes, if its values differ from the published ones."""
    changes.published += 1
    project, graph = outcome.project, iris.record(outcome.project.key)
    lines = sorted(set(rdf.serialize(outcome.quads, rdf.NQUADS).splitlines(keepends=True)))
    if current.has(graph) and current.states[graph].digest != graph_digest(lines):
        before = tuple(current.quads(graph))
        if value_statements(before, iris) == value_statements(outcome.quads, iris):
            published = source_iris(before)
            changes.seen_again.append(SeenAgain(project.key, published, source_iris(outcome.quads) - published))
            return
        changes.differences[project.key] = field_differences(before, outcome.quads, project.key, iris)
    if add_graph(graph, lines, current.states, changes):
        changes.sources[project.key] = tuple(origin.sha256 for origin in project.origins)
        changes.supplied[project.key] = outcome.merged.supplied
        changes.revisions[project.key] = changes.changed[graph].revision


def add_graph(name: str, lines: Sequence[bytes], known: Mapping[str, GraphState], changes: Changes) -> bool:
    """Add a graph to the changes if it is new or differs from the current release; return whether it was added."""
    digest = graph_digest(lines)
    before = known.get(name)
    if before is not None and before.digest == digest:
        return False
    changes.changed[name] = GraphState(digest, before.revision + 1 if before else 1)
    changes.new_lines.add(lines)
    with changes.changed_file.open("ab") as file:
        file.writelines(lines)
    return True


def include_files(files: Sequence[Path], iris: Iris, known: Mapping[str, GraphState], changes: Changes) -> None:
    """Add the graphs of RDF files to `changes`; each replaces the published graph of the same name.

    Triples of the default graph go to `{base}graph/include/FILE`. Blank nodes are replaced by Skolem IRIs (RDF 1.1
    Concepts section 3.5) of the file name and a number, so that the same file gives the same bytes.

    Args:
        files: `.nq`, `.trig` and `.ttl` files.
        iris: IRIs under the base of the release.
        known: States of the graphs of the current release.
        changes: The changes to add to.

    Raises:
        SourceError: A file cannot be read, has no triples, or has a graph with a reserved name.
    """
    graphs: defaultdict[str, list[Quad]] = defaultdict(list)
    for file in files:
        for quad in _quads(file, iris):
            graphs[_graph_name(quad.graph_name)].append(quad)
    for graph, quads in sorted(graphs.items()):
        add_graph(graph, sorted(set(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True))), known, changes)
    changes.included = tuple(sorted(graphs))


def _quads(file: Path, iris: Iris) -> Iterator[Quad]:
    """The quads of a file, all in named graphs and without blank nodes."""
    format_ = rdf.by_suffix(file.suffix.lower().removeprefix("."))
    if format_ not in _INCLUDE_FORMATS:
        raise SourceError(f"{file}: --include takes files that end in .nq, .trig or .ttl.")
    graph = NamedNode(iris.graph(f"include/{quote(file.name)}"))
    skolem = _SkolemIris(file.name, iris)
    is_empty = True
    try:
        with file.open("rb") as opened:
            for quad in rdf.parse(opened, format_, base_iri=None if format_ is rdf.NQUADS else graph.value):
                is_empty = False
                named = skolem.replace_in(quad, graph)
                _check_graph_name(file, named, iris)
                yield named
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror or error}).") from error
    except SourceError as error:
        start = "" if str(error).startswith(f"{file}:") else f"{file}: "
        raise SourceError(f"{start}{error}") from error
    if is_empty:
        raise SourceError(f"{file}: holds no triple.")


def _check_graph_name(file: Path, quad: Quad, iris: Iris) -> None:
    """Refuse graphs with the name of a graph that iomld makes."""
    name = _graph_name(quad.graph_name)
    if name.startswith(iris.graph("include/")) or not name.startswith((iris.graph(""), iris.record(""))):
        return
    raise SourceError(f"{file}: the graph <{name}> is made by iomld. Give the graph in the file another name.")


def _graph_name(graph: NamedNode | BlankNode | DefaultGraph) -> str:
    return graph.value if isinstance(graph, NamedNode) else ""


class _SkolemIris:
    """Skolem IRIs for the blank nodes of one file, numbered in order of appearance."""

    def __init__(self, file: str, iris: Iris) -> None:
        self._file = file
        self._iris = iris
        self._nodes: dict[str, NamedNode] = {}

    def replace_in(self, quad: Quad, graph: NamedNode) -> Quad:
        subject, object_ = self._term(quad.subject), self._term(quad.object)
        name = graph if isinstance(quad.graph_name, DefaultGraph) else self._term(quad.graph_name)
        return Quad(subject, quad.predicate, object_, name)  # type: ignore[arg-type]  # each term keeps its kind

    def _term(self, term: _Term) -> _Term:
        if isinstance(term, Triple):
            return Triple(self._term(term.subject), term.predicate, self._term(term.object))  # type: ignore[arg-type]
        if not isinstance(term, BlankNode):
            return term
        if term.value not in self._nodes:
            iri = self._iris.skolem(f"{self._file}-{len(self._nodes) + 1}")
            self._nodes[term.value] = NamedNode(iri)
        return self._nodes[term.value]
