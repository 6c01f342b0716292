"""Gathers the changes of a publish: reads sources, runs the pipeline, and compares graphs with the current release."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote, unquote

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

from iomld import store
from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.iris import IOMLD, Iris
from iomld.ledger.entries import RunKind
from iomld.messages import Message
from iomld.model import Finding, Severity
from iomld.pipeline.differences import FieldDifference, field_differences, source_iris, value_statements
from iomld.progress import Progress, phases_of
from iomld.publish.identifiers import Claim, losing_claims
from iomld.publish.jobs import ReadJob, SettledProject, SettleJob, settle_jobs
from iomld.publish.processes import JobRunner
from iomld.publish.report import Refusal
from iomld.read import ReadOptions, RecordSpool, expand_sources, source_units
from iomld.release import FILES, Release
from iomld.release.history import PublishedSubmission, SeenAgain, Tombstone
from iomld.release.nquads import GraphState, graph_digest
from iomld.release.shards.planning import LinesPlace
from iomld.review.graphs import GraphReviewer
from iomld.review.matching import ReviewedMentions
from iomld.review.reviews import NO_REVIEWS, Reviews

READING, CHECKING, WRITING, STORING, FINISHING = phases_of(
    ("reading", "records"),
    ("checking", "projects"),
    ("writing the files", "parts"),
    ("writing the store", ""),
    ("computing counts and checksums", ""),
)
_PROJECTS_IN_JOB = 50
_INCLUDE_FORMATS = (rdf.NQUADS, rdf.TRIG, rdf.TURTLE)
_Term = NamedNode | BlankNode | Literal | Triple


def no_revision(_graph: str) -> int:
    """The highest number of a revision of a graph where there is no ledger."""
    return 0


@dataclass(slots=True)
class Changes:
    """The changes of one publish or withdrawal; filled while sources are read, and not changed afterwards.

    Attributes:
        changed_file: The N-Quads lines of new and changed graphs, graph by graph.
        places: The places of these graphs in it.
        changed: States of new and changed graphs.
        sources: Hashes of the sources of each changed project, by key.
        added: Keys of the projects that were never published before.
        supplied: The fields from each source of each changed project, by key.
        revisions: Number of the new revision of each changed project, by key.
        differences: The fields of each changed project that differ from the current release, by key; long texts are
            shortened.
        texts: The fields and languages of the texts of changed projects.
        seen_again: Projects whose published values came again, from a file with another name or other bytes, by key.
        removed: Numbers of the revisions that remove graphs, by graph.
        restored: Numbers of the earlier revisions that restored records repeat, by key.
        withdrawn: Projects that this run withdraws, by key.
        returned: Keys of withdrawn projects that are published again.
        tombstones: All withdrawn projects after this run, by key.
        reviews: All reviews of mentions.
        reviewed: What became of the reviews of each published project that has some, by key.
        rewritten: Keys of the projects of which only reviews changed the published graph.
        included: Names of the included graphs.
        refused: Projects and files that are not published.
        warnings: Number of findings that do not refuse, by rule.
        read: Number of records read.
        projects: Number of projects that they describe.
        published: Number of accepted projects.
        run: What this run does.
        submissions: The submissions that the sources come from.
        last_revision: Gives the highest number of a revision of a graph in the ledger; 0 if there is none.
    """

    changed_file: Path
    places: dict[str, LinesPlace] = field(default_factory=dict)
    changed: dict[str, GraphState] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    supplied: dict[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    differences: dict[str, tuple[FieldDifference, ...]] = field(default_factory=dict)
    texts: set[tuple[str, str]] = field(default_factory=set)
    seen_again: dict[str, SeenAgain] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    withdrawn: dict[str, Tombstone] = field(default_factory=dict)
    returned: tuple[str, ...] = ()
    tombstones: dict[str, Tombstone] = field(default_factory=dict)
    reviews: Reviews = NO_REVIEWS
    reviewed: dict[str, ReviewedMentions] = field(default_factory=dict)
    rewritten: set[str] = field(default_factory=set)
    included: tuple[str, ...] = ()
    refused: list[Refusal] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    read: int = 0
    projects: int = 0
    published: int = 0
    run: RunKind = RunKind.PUBLISH
    submissions: tuple[PublishedSubmission, ...] = ()
    last_revision: Callable[[str], int] = no_revision

    def next_revision(self, graph: str, before: GraphState | None) -> int:
        """The number of the next revision of a graph.

        Args:
            graph: Its IRI.
            before: Its state in the current release, or None.
        """
        return max(before.revision if before else 0, self.last_revision(graph)) + 1

    def add_graph(self, name: str, lines: bytes, digest: str, before: GraphState | None) -> bool:
        """Add a graph if it is new or differs from the current release; return whether it was added.

        Args:
            name: Its IRI.
            lines: Its sorted N-Quads lines.
            digest: Their hash.
            before: Its state in the current release, or None.
        """
        if before is not None and before.digest == digest:
            return False
        self.changed[name] = GraphState(digest, self.next_revision(name, before))
        self.place(name, lines)
        return True

    def place(self, name: str, lines: bytes) -> None:
        """Write the lines of a graph to the file."""
        with self.changed_file.open("ab") as file:
            self.places[name] = LinesPlace(file.tell(), len(lines))
            file.write(lines)


@dataclass(frozen=True, slots=True)
class CurrentGraphs:
    """The graphs of the current release.

    Attributes:
        state: Gives the state of a graph, None if it was never published; the digest of a withdrawn one is empty.
        quads: Gives the quads of a graph.
        owner: Gives the key of the project that has a PRIMA identifier; None if none has it.
    """

    state: Callable[[str], GraphState | None]
    quads: Callable[[str], Iterable[Quad]]
    owner: Callable[[str], str | None]

    def has(self, graph: str) -> bool:
        """Say whether a graph is published now."""
        state = self.state(graph)
        return state is not None and bool(state.digest)


def current_graphs(
    previous: Release | None, known: Mapping[str, GraphState], withdrawn: Mapping[str, int], iris: Iris
) -> CurrentGraphs:
    """The graphs of the current release, with its store opened once.

    Args:
        previous: The release; None for no graphs.
        known: The state of each published graph.
        withdrawn: The number of the last revision of each withdrawn graph.
        iris: The IRIs under its base.
    """

    def state(graph: str) -> GraphState | None:
        return GraphState("", withdrawn[graph]) if graph in withdrawn else known.get(graph)

    if previous is None:
        return CurrentGraphs(state, lambda _: (), lambda _: None)
    opened = store.open_read_only(previous.file(FILES.store))
    start = len(iris.project(""))

    def owner(prima_id: str) -> str | None:
        subjects = sorted(store.subjects_of(opened, f"{IOMLD}primaId", prima_id))
        return next((unquote(subject[start:]) for subject in subjects if subject.startswith(iris.project(""))), None)

    return CurrentGraphs(state, partial(store.graph_quads, opened), cache(owner))


def fill_spool(
    spool: RecordSpool, sources: Sequence[Path], options: ReadOptions, runner: JobRunner, progress: Progress
) -> tuple[Refusal, ...]:
    """Read every source into the spool.

    Args:
        spool: The records.
        sources: Files and folders.
        options: Options of the readers.
        runner: Reads their units.
        progress: Counts the records.

    Returns:
        A refusal for each file that cannot be read, or not to its end; the others are read.
    """
    progress.begin(READING)
    names: dict[int, str] = {}
    unopened: dict[int, Message] = {}
    faults: dict[int, Message] = {}

    def jobs() -> Iterator[ReadJob]:
        for number, source in enumerate(expand_sources(sources)):
            names[number] = source.name
            try:
                for unit in source_units(source):
                    yield ReadJob(number, unit, options.url, options.mapping, options.takes_sources)
            except SourceError as error:
                unopened[number] = error.message

    for result in runner.read(jobs()):
        if result.source in faults:  # what comes after a fault that ends the reading is not read
            continue
        for record in progress.counted(result.records):
            spool.add(record)
        if result.fault:
            faults[result.source] = result.fault
    return tuple(
        Refusal(names[number], (Finding("unreadableFile", Severity.VIOLATION, fault),))
        for number, fault in sorted((unopened | faults).items())
    )


def gather(
    spool: RecordSpool,
    runner: JobRunner,
    current: CurrentGraphs,
    changes: Changes,
    progress: Progress,
) -> None:
    """Run the pipeline for each project of the spool, and add the results to `changes`.

    Args:
        spool: The records.
        runner: Runs the stages.
        current: The graphs of the current release.
        changes: The changes to add to.
        progress: Counts the projects.
    """
    changes.read += len(spool)
    progress.begin(CHECKING, spool.projects())
    iris = runner.pipeline.publication.iris
    reviewer = GraphReviewer(changes.reviews, iris, runner.pipeline.linker.matcher.wholes)
    refused: dict[int, Refusal] = {}  # by the number of the project, since some are refused only at the end
    claims: dict[str, Claim] = {}
    for number, project in enumerate(runner.settled(settle_jobs(spool.groups(), _PROJECTS_IN_JOB))):
        changes.projects += 1
        graph = iris.record(project.key)
        for rule, count in project.warnings.items():
            changes.warnings[rule] = changes.warnings.get(rule, 0) + count
        if project.reasons:
            refused[number] = Refusal(project.name, project.reasons, kept=current.has(graph))
        else:
            claims[project.key] = Claim(project.key, project.prima_id, number)
            _accept(_with_reviews(project, reviewer, changes), iris, current, changes)
        progress.advance()
    for key, owners in losing_claims(claims, current.owner).items():
        _withdraw_change(key, iris, changes)
        (settled,) = SettleJob((spool.group(key),), owners).run(runner.pipeline)
        refused[claims[key].number] = Refusal(settled.name, settled.reasons, kept=current.has(iris.record(key)))
    changes.refused.extend(refused[number] for number in sorted(refused))


def _with_reviews(project: SettledProject, reviewer: GraphReviewer, changes: Changes) -> SettledProject:
    """A project with the reviews of its mentions."""
    if project.key not in reviewer.reviews.by_project:
        return project
    graph = reviewer.reviewed(project.key, tuple(rdf.parse(project.lines, rdf.NQUADS)))
    changes.reviewed[project.key] = graph.outcome
    return replace(project, lines=graph.lines, digest=graph.digest)


def _accept(project: SettledProject, iris: Iris, current: CurrentGraphs, changes: Changes) -> None:
    """Add the graph of an accepted project to the changes, if its values differ from the published ones."""
    changes.published += 1
    graph = iris.record(project.key)
    state = current.state(graph)
    if state and state.digest and state.digest != project.digest:
        before = tuple(current.quads(graph))
        quads = tuple(rdf.parse(project.lines, rdf.NQUADS))
        if value_statements(before, iris) == value_statements(quads, iris):
            published = source_iris(before)
            changes.seen_again[project.key] = SeenAgain(project.key, published, source_iris(quads) - published)
            return
        differences = field_differences(before, quads, project.key, iris)
        changes.differences[project.key] = tuple(one.shortened() for one in differences)
    if changes.add_graph(graph, project.lines, project.digest, state):
        changes.sources[project.key] = project.sources
        if state is None:
            changes.added.add(project.key)
        changes.supplied[project.key] = project.supplied
        changes.texts |= project.texts
        changes.revisions[project.key] = changes.changed[graph].revision


def _withdraw_change(key: str, iris: Iris, changes: Changes) -> None:
    """Take back the acceptance of a project."""
    changes.published -= 1
    changes.changed.pop(iris.record(key), None)
    changes.places.pop(iris.record(key), None)
    for by_key in (
        changes.sources,
        changes.supplied,
        changes.revisions,
        changes.differences,
        changes.seen_again,
        changes.reviewed,
    ):
        by_key.pop(key, None)
    changes.added.discard(key)


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
        lines = sorted(set(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)))
        changes.add_graph(graph, b"".join(lines), graph_digest(lines), known.get(graph))
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
