"""Publishes records as a new release, or withdraws them."""

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from pyoxigraph import Quad

from iomld import release, store
from iomld.assets import load_fields
from iomld.convert import Publication
from iomld.errors import NotFoundError, StoreError
from iomld.fund_folder import folder_in_use, using
from iomld.iris import IOMLD, Iris
from iomld.pipeline.stages import Pipeline
from iomld.progress import NO_PROGRESS, Progress
from iomld.publish.build import ReleaseContext, build_release, reference_lines
from iomld.publish.gather import Changes, CurrentGraphs, add_graph, fill_spool, gather, include_files
from iomld.publish.report import PublishReport, write_report
from iomld.read import RecordSpool
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.release import FILES, Release
from iomld.release.history import Tombstone, known_revisions, read_tombstones, xsd_moment
from iomld.release.nquads import GraphState, SortedLines, read_graphs
from iomld.release.project_index import no_such_project
from iomld.temporary import temporary_folder

_UTC_NOW: Callable[[], datetime] = partial(datetime.now, UTC)


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """What to publish, and where.

    Attributes:
        sources: Files and folders.
        datadir: Folder of the releases.
        publisher: Name of the publisher.
        contact: Address for questions; can be empty.
        url: Address of the page that the one source was saved from.
        mapping: For foreign tables, how they say what our columns say.
        dry_run: Report what would change, without changing anything.
        include: RDF files whose graphs are published as they are.
        clock: Gives the time now; times of releases never go back, whatever it gives.
    """

    sources: Sequence[Path]
    datadir: Path
    publisher: str
    contact: str = ""
    url: str | None = None
    mapping: TableMapping = NO_MAPPING
    dry_run: bool = False
    include: Sequence[Path] = ()
    clock: Callable[[], datetime] = _UTC_NOW


def publish_sources(request: PublishRequest, pipeline: Pipeline, progress: Progress = NO_PROGRESS) -> PublishReport:
    """Publish records; other published records stay.

    Args:
        request: What to publish, and where.
        pipeline: The loaded stages.
        progress: Called as the work goes on.

    Returns:
        The report. If nothing was accepted or nothing changed, no release is made.

    Raises:
        SourceError: A source does not exist, or a file to include cannot be used.
        StoreError: The folder cannot be written, is in use, or belongs to another base IRI.
    """
    begun = time.monotonic()
    with ExitStack() as stack:
        if not request.dry_run:
            stack.enter_context(release.publisher_lock(request.datadir))
        now = release.rising_clock(request.datadir, request.clock)
        started = now()
        previous = release.whole_release(request.datadir)
        _check_base(previous, pipeline)
        scratch = stack.enter_context(temporary_folder("publish"))
        changes, graphs = _gathered_changes(request, pipeline, previous, scratch, progress)
        made = None
        if (changes.published or changes.included) and _is_changed(changes, previous) and not request.dry_run:
            context = ReleaseContext(
                datadir=request.datadir,
                previous=previous,
                publication=pipeline.publication,
                publisher=request.publisher,
                contact=request.contact,
                versions=pipeline.versions,
                started=started,
                ended=now(),
            )
            made = make_release(changes, graphs, context, _report(changes, None), progress)
        return _report(changes, made or previous, is_new=made is not None, seconds=time.monotonic() - begun)


def _is_changed(changes: Changes, previous: Release | None) -> bool:
    """Whether the release would differ from the previous one: in a graph, or in its fund folder."""
    return bool(changes.changed) or (previous is not None and previous.manifest.fund != folder_in_use().digest)


def _gathered_changes(
    request: PublishRequest,
    pipeline: Pipeline,
    previous: Release | None,
    scratch: Path,
    progress: Progress,
) -> tuple[Changes, dict[str, GraphState]]:
    """Read all sources; return the changes and the states of all graphs of the new release."""
    known = read_graphs(previous.file(FILES.graphs)) if previous else {}
    changes = Changes(SortedLines(scratch), scratch / "changed.nq")
    changes.changed_file.touch()
    tombstones = read_tombstones(previous.file(FILES.tombstones)) if previous else {}
    # A withdrawn graph has no digest, so any record differs from it; its revisions go on from the last number.
    withdrawn = known_revisions(tombstones, pipeline.publication.iris)
    before = known | {graph: GraphState("", revision) for graph, revision in withdrawn.items()}
    changes.owners.update(_owners(previous))
    include_files(request.include, pipeline.publication.iris, known, changes)
    with RecordSpool() as spool:
        options = pipeline.read_options(url=request.url, mapping=request.mapping)
        changes.refused.extend(fill_spool(spool, request.sources, options, progress))
        gather(spool, pipeline, CurrentGraphs(before, _reader(previous)), changes, progress)
    changes.tombstones = {key: one for key, one in tombstones.items() if key not in changes.sources}
    changes.returned = tuple(sorted(tombstones.keys() & changes.sources.keys()))
    if changes.published or changes.included:
        for graph, lines in reference_lines(pipeline.publication.iris.base):
            add_graph(graph, lines, known, changes)
    return changes, known | changes.changed


def _reader(previous: Release | None) -> Callable[[str], Iterable[Quad]]:
    """Gives the quads of a graph of the current release."""
    if previous is None:
        return lambda _: ()
    return partial(store.graph_quads, store.open_read_only(previous.file(FILES.store)))


def make_release(
    changes: Changes,
    graphs: dict[str, GraphState],
    context: ReleaseContext,
    report: PublishReport,
    progress: Progress = NO_PROGRESS,
) -> Release:
    """Build the new release; if that fails, its files are removed."""
    building = release.begin_release(context.datadir)
    try:
        write_report(report, building / FILES.report)
        return build_release(building, changes, context, graphs, progress)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _check_base(previous: Release | None, pipeline: Pipeline) -> None:
    base = pipeline.publication.iris.base
    if previous and previous.manifest.base != base:
        raise StoreError(
            f"{previous.path.parent.parent}: published under the base {previous.manifest.base}, not {base}. "
            "Set IOMLD_BASE_IRI back, or name its fund folder with --fund, or publish to another folder with --to."
        )


def _owners(previous: Release | None) -> dict[str, str]:
    """The key of the project that has each published PRIMA identifier."""
    if previous is None:
        return {}
    pairs = store.literals_of(previous.file(FILES.store), f"{IOMLD}primaId")
    return {prima: unquote(subject.rpartition("/")[2]) for subject, prima in pairs}


def _report(changes: Changes, served: Release | None, *, is_new: bool = False, seconds: float = 0.0) -> PublishReport:
    added = [key for key in changes.sources if changes.revisions[key] == 1]
    return PublishReport(
        read=changes.read,
        projects=changes.projects,
        published=changes.published,
        added=tuple(sorted(added)),
        changed=tuple(sorted(set(changes.sources) - set(added) - set(changes.returned))),
        refused=tuple(changes.refused),
        warnings=changes.warnings,
        quads=served.manifest.quads if served else 0,
        seconds=seconds,
        release=served.manifest.name if served else None,
        is_new=is_new,
        returned=changes.returned,
        included=changes.included,
        repeated_triples=served.manifest.repeated_triples if served else 0,
        unchanged=changes.published - len(changes.sources),
        seen_again=tuple(sorted(one.key for one in changes.seen_again)),
        differences=changes.differences,
    )


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What to withdraw, and why.

    Attributes:
        keys: Keys of the projects: codes, or `prima-…` where there is none.
        reason: Why, a sentence for people.
        replaced_by: Key of the project that replaces them, or None.
        datadir: Folder of the releases.
        license: IRI of the licence of the records.
        publisher: Name of the publisher.
        contact: Address for questions; can be empty.
        version: Version of the software.
        dry_run: Check the request, without changing anything.
        clock: Gives the time now; times of releases never go back, whatever it gives.
    """

    keys: Sequence[str]
    reason: str
    replaced_by: str | None
    datadir: Path
    license: str
    publisher: str
    contact: str
    version: str
    dry_run: bool = False
    clock: Callable[[], datetime] = _UTC_NOW


def withdraw_projects(withdrawal: Withdrawal) -> Release:
    """Make a release without the records of projects.

    Returns:
        The new release; the current one for a dry run.

    Raises:
        NotFoundError: There is no release, or one of the projects is not published; then none is withdrawn.
        StoreError: The folder cannot be written or is in use.
    """
    with ExitStack() as stack:
        previous = release.current_release(withdrawal.datadir)
        if previous is None:
            raise NotFoundError(f"{withdrawal.datadir}: nothing is published here, so nothing can be withdrawn.")
        if not withdrawal.dry_run:
            stack.enter_context(release.publisher_lock(withdrawal.datadir))
        previous = release.whole_release(withdrawal.datadir) or previous
        iris = Iris(previous.manifest.base)
        graphs = read_graphs(previous.file(FILES.graphs))
        earlier = read_tombstones(previous.file(FILES.tombstones))
        _check_keys(withdrawal, graphs, earlier, iris)
        if withdrawal.dry_run:
            return previous
        now = release.rising_clock(withdrawal.datadir, withdrawal.clock)
        stack.enter_context(using(previous.fund_folder))
        context = ReleaseContext(
            datadir=withdrawal.datadir,
            previous=previous,
            publication=Publication(iris, withdrawal.license, withdrawal.version, load_fields()),
            publisher=withdrawal.publisher,
            contact=withdrawal.contact,
            versions={**previous.manifest.versions, "iomld": withdrawal.version},
            started=now(),
            ended=now(),
        )
        new = {key: _tombstone(key, withdrawal, graphs[iris.record(key)], context) for key in withdrawal.keys}
        scratch = stack.enter_context(temporary_folder("withdraw"))
        changes = Changes(SortedLines(scratch), scratch / "changed.nq", withdrawn=new, tombstones=earlier | new)
        changes.changed_file.touch()
        removed = {iris.record(key) for key in new}
        kept = {graph: state for graph, state in graphs.items() if graph not in removed}
        return make_release(changes, kept, context, PublishReport(0, 0, 0, (), (), (), withdrawn=tuple(sorted(new))))


def _tombstone(key: str, withdrawal: Withdrawal, state: GraphState, context: ReleaseContext) -> Tombstone:
    return Tombstone(key, state.revision, xsd_moment(context.ended), withdrawal.reason, withdrawal.replaced_by)


def _check_keys(
    withdrawal: Withdrawal, graphs: dict[str, GraphState], earlier: dict[str, Tombstone], iris: Iris
) -> None:
    """Check that every project is published, and that the one that replaces them is not withdrawn."""
    start = iris.record("")
    published = {unquote(graph.removeprefix(start)) for graph in graphs if graph.startswith(start)}
    wanted = [*withdrawal.keys, *([withdrawal.replaced_by] if withdrawal.replaced_by is not None else [])]
    faults = [_fault(key, published, earlier) for key in wanted if key not in published]
    if withdrawal.replaced_by in withdrawal.keys:
        faults.append(f"{withdrawal.replaced_by} cannot be replaced by itself.")
    if faults:
        raise NotFoundError(f"nothing was withdrawn. {' '.join(faults)}")


def _fault(key: str, published: set[str], earlier: dict[str, Tombstone]) -> str:
    if key in earlier:
        return f"{key} was withdrawn already, on {earlier[key].withdrawn}."
    return no_such_project(key, published)
