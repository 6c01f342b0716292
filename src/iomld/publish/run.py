"""Publishes records as a new release."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from iomld import release
from iomld.errors import StoreError
from iomld.fund_folder import folder_in_use
from iomld.pipeline.stages import Pipeline
from iomld.progress import NO_PROGRESS, Progress
from iomld.publish.build import make_release, reference_lines
from iomld.publish.gather import Changes, current_graphs, fill_spool, gather, include_files, no_revision
from iomld.publish.mentions import review_published
from iomld.publish.processes import JobRunner, available_processors, job_runner
from iomld.publish.report import PublishReport
from iomld.publish.runs import LockedFolder, ReleaseContext, locked_folder, utc_now
from iomld.publish.shard_plan import graphs_after
from iomld.read import RecordSpool
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.release import FILES, Release
from iomld.release.history import PublishedSubmission, known_revisions, read_tombstones
from iomld.release.nquads import graph_digest
from iomld.release.shards.graphs import graph_table
from iomld.release.shards.planning import ReleaseGraphs
from iomld.release.shards.table import has_table
from iomld.review.graphs import GraphReviewer
from iomld.review.journal import read_reviews
from iomld.temporary import temporary_folder


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
        processes: How many processes work on many records at the same time.
        open_runner: Opens what runs the jobs, if not these processes.
        clock: Gives the time now; times of releases never go back, whatever it gives.
        submissions: The accepted submissions that the sources come from.
        takes_sources: Whether sources that a record states itself replace the file that is read.
    """

    sources: Sequence[Path]
    datadir: Path
    publisher: str
    contact: str = ""
    url: str | None = None
    mapping: TableMapping = NO_MAPPING
    dry_run: bool = False
    include: Sequence[Path] = ()
    processes: int = field(default_factory=available_processors)
    open_runner: Callable[[Pipeline], AbstractContextManager[JobRunner]] | None = None
    clock: Callable[[], datetime] = utc_now
    submissions: tuple[PublishedSubmission, ...] = ()
    takes_sources: bool = True


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
    with ExitStack() as stack:
        folder = None if request.dry_run else stack.enter_context(locked_folder(request.datadir, request.clock))
        return publish_in_folder(request, pipeline, folder, progress)


def publish_in_folder(
    request: PublishRequest, pipeline: Pipeline, folder: LockedFolder | None, progress: Progress = NO_PROGRESS
) -> PublishReport:
    """The same in a folder that is locked already; without one, nothing is changed."""
    begun = time.monotonic()
    with ExitStack() as stack:
        started = folder.now() if folder else request.clock()
        previous = release.whole_release(request.datadir)
        _check_base(previous, pipeline)
        scratch = folder.scratch if folder else stack.enter_context(temporary_folder("publish"))
        last_revision = folder.ledger.latest if folder else no_revision
        changes = Changes(scratch / "changed.nq", reviews=read_reviews(request.datadir), last_revision=last_revision)
        changes.submissions = request.submissions
        with RecordSpool() as spool:
            runner = stack.enter_context(
                request.open_runner(pipeline) if request.open_runner else job_runner(pipeline, request.processes)
            )
            options = pipeline.read_options(
                url=request.url, mapping=request.mapping, takes_sources=request.takes_sources
            )
            unreadable = fill_spool(spool, request.sources, options, runner, progress)
            graphs = _gather_changes(request, runner, previous, spool, changes, progress)
            changes.refused[:0] = unreadable
        made = None
        if folder and (changes.published or changes.included or changes.rewritten) and _is_changed(changes, previous):
            context = ReleaseContext(
                datadir=request.datadir,
                previous=previous,
                publication=pipeline.publication,
                publisher=request.publisher,
                contact=request.contact,
                versions=pipeline.versions,
                folder=folder,
                started=started,
                ended=folder.now(),
                processes=request.processes,
            )
            made = make_release(changes, graphs, context, _report(changes, None), runner.shards, progress)
        return _report(changes, made or previous, is_new=made is not None, seconds=time.monotonic() - begun)


def _is_changed(changes: Changes, previous: Release | None) -> bool:
    """Whether the release would differ from the previous one: in a graph, in its fund folder, or in its files."""
    if previous is None or changes.changed:
        return bool(changes.changed)
    return previous.manifest.fund != folder_in_use().digest or not has_table(previous.file(FILES.shards))


def _gather_changes(
    request: PublishRequest,
    runner: JobRunner,
    previous: Release | None,
    spool: RecordSpool,
    changes: Changes,
    progress: Progress,
) -> ReleaseGraphs:
    """Settle all projects and fill the changes; return the graphs of the new release."""
    iris = runner.pipeline.publication.iris
    known = graph_table(previous)
    changes.changed_file.touch()
    tombstones = read_tombstones(previous.file(FILES.tombstones)) if previous else {}
    # A withdrawn graph has no digest, so any record differs from it; its revisions go on from the last number.
    withdrawn = known_revisions(tombstones, iris)
    include_files(request.include, iris, known, changes)
    gather(spool, runner, current_graphs(previous, known, withdrawn, iris), changes, progress)
    if previous:
        wholes = runner.pipeline.linker.matcher.wholes
        review_published(previous, known, GraphReviewer(changes.reviews, iris, wholes), changes)
    changes.tombstones = {key: one for key, one in tombstones.items() if key not in changes.sources}
    changes.returned = tuple(sorted(tombstones.keys() & changes.sources.keys()))
    if changes.published or changes.included:
        for graph, lines in reference_lines(iris.base):
            changes.add_graph(graph, b"".join(lines), graph_digest(lines), known.get(graph))
    return graphs_after(changes, previous, known, iris.base, runner.pipeline.versions)


def _check_base(previous: Release | None, pipeline: Pipeline) -> None:
    base = pipeline.publication.iris.base
    if previous and previous.manifest.base != base:
        raise StoreError(
            f"{previous.path.parent.parent}: published under the base {previous.manifest.base}, not {base}. "
            "Set IOMLD_BASE_IRI back, or name its fund folder with --fund, or publish to another folder with --to."
        )


def _report(changes: Changes, served: Release | None, *, is_new: bool = False, seconds: float = 0.0) -> PublishReport:
    return PublishReport(
        read=changes.read,
        projects=changes.projects,
        published=changes.published,
        added=tuple(sorted(changes.added)),
        changed=tuple(sorted(set(changes.sources) - changes.added - set(changes.returned))),
        refused=tuple(changes.refused),
        warnings=changes.warnings,
        quads=served.manifest.quads if served else 0,
        seconds=seconds,
        release=served.manifest.name if served else None,
        is_new=is_new,
        returned=changes.returned,
        included=changes.included,
        repeated_triples=served.manifest.repeated_triples if served else 0,
        unchanged=changes.published - len(changes.sources.keys() - changes.rewritten),
        seen_again=tuple(sorted(changes.seen_again)),
        differences=changes.differences,
        reviewed=changes.reviewed,
        revisions=dict(changes.revisions),
    )
