"""Builds a release from the previous one and the changes."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Self

from pyoxigraph import Quad

from iomld import assets, release
from iomld.errors import StoreError
from iomld.formats import rdf
from iomld.fund_folder import FundFolder, folder_in_use, read_fund_folder
from iomld.iris import Iris
from iomld.ledger.entries import prepare_entry, remove_unfinished
from iomld.ledger.index import commit_entry
from iomld.progress import NO_PROGRESS, Progress
from iomld.publish.files import DownloadSet, write_files
from iomld.publish.gather import FINISHING, STORING, Changes
from iomld.publish.index_building import write_projects
from iomld.publish.processes import ShardRunner, here
from iomld.publish.report import PublishReport, write_report
from iomld.publish.runs import ReleaseContext, draft_of_entry
from iomld.publish.shard_plan import make_shards
from iomld.publish.store_building import MOST_COUNTED, begin_store, build_query_store, example_counts
from iomld.release import FILES, Manifest, Release
from iomld.release.description import Description, description_quads, stated_publication
from iomld.release.history import (
    Revision,
    Run,
    history_quads,
    submission_quads,
    tombstone_quads,
    write_tombstones,
    xsd_moment,
)
from iomld.release.nquads import FileFacts, join_gzip, read_gzip, write_gzip
from iomld.release.shards.counting import dataset_statistics
from iomld.release.shards.planning import ReleaseGraphs
from iomld.release.statistics import Statistics
from iomld.review.graphs import review_quads
from iomld.review.journal import write_reviews
from iomld.saved.answers import answers_to_json, recorded_answers, release_asker
from iomld.saved.folder import saved_queries


def reference_lines(base: str) -> Iterator[tuple[str, list[bytes]]]:
    """The shared graphs (ontology, schemes, countries, queries): each graph IRI with its sorted N-Quads lines."""
    for name, files in sorted(assets.reference_graphs().items()):
        graph = f"{base}graph/{name}"
        quads: list[Quad] = []
        for file in files:
            quads += rdf.in_graph(rdf.parse(assets.asset_text(file, base=base), rdf.TURTLE), graph)
        yield graph, sorted(set(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)))


@dataclass(frozen=True, slots=True)
class ReleaseDraft:
    """A release that is being built.

    Attributes:
        building: The folder to build in.
        changes: The changes.
        graphs: Its graphs.
        context: The previous release and the publisher.
        content_sha256: Hash of the names and hashes of its graphs.
        name: Its name.
    """

    building: Path
    changes: Changes
    graphs: ReleaseGraphs
    context: ReleaseContext
    content_sha256: str
    name: str

    @classmethod
    def of(cls, building: Path, changes: Changes, graphs: ReleaseGraphs, context: ReleaseContext) -> Self:
        """Name a release by its time and content."""
        content = graphs.cut.content
        return cls(building, changes, graphs, context, content, release.release_name(context.ended, content))

    @property
    def new_history(self) -> Path:
        """The file with the statements of the history that the previous release does not have, as N-Quads."""
        return self.context.folder.scratch / "history.nq"


def make_release(
    changes: Changes,
    graphs: ReleaseGraphs,
    context: ReleaseContext,
    report: PublishReport,
    run_shards: ShardRunner = here,
    progress: Progress = NO_PROGRESS,
) -> Release:
    """Build the new release and make it current; if that fails, its files are removed."""
    building = release.begin_release(context.datadir)
    try:
        write_report(report, building / FILES.report)
        return _build_release(ReleaseDraft.of(building, changes, graphs, context), run_shards, progress)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        remove_unfinished(context.datadir)


def _build_release(draft: ReleaseDraft, run_shards: ShardRunner, progress: Progress) -> Release:
    context = draft.context
    run = _write_history(draft)
    entry = draft_of_entry(draft.name, xsd_moment(context.ended), draft.changes, draft.graphs.known, run)
    with ThreadPoolExecutor(1, thread_name_prefix="ledger") as beside:
        prepared = beside.submit(prepare_entry, context.datadir, entry, context.folder.ledger.head)
        manifest, written = write_content(draft, run_shards, progress)
        _write_saved_answers(draft.building, context)
        made = prepared.result()
    manifest = replace(manifest, ledger=made.sha256)
    commit = partial(commit_entry, context.datadir, made)
    return release.finish_release(context.datadir, draft.building, manifest, written=written, commit_entry=commit)


def write_content(
    draft: ReleaseDraft, run_shards: ShardRunner, progress: Progress
) -> tuple[Manifest, Mapping[str, FileFacts]]:
    """Write the files of a release but report and history; the store is made beside the others.

    Args:
        draft: The release; its file of new history is written.
        run_shards: Runs the jobs that make shards.
        progress: Called as the work goes on.

    Returns:
        The manifest without its ledger, files and sizes; and length and hash of files computed while they were written.
    """
    building, changes, graphs, context = draft.building, draft.changes, draft.graphs, draft.context
    iris = context.publication.iris
    with (
        begin_store(building, changes, draft.new_history, context.previous, iris) as made_store,
        ThreadPoolExecutor(1, thread_name_prefix="beside") as beside,
    ):
        made = make_shards(graphs, context.folder.scratch, run_shards, progress)
        projects = beside.submit(write_projects, building / FILES.projects, made, context.previous, iris)
        statistics = dataset_statistics(made.counted, iris.base)
        files = write_files(building, made, context.previous, statistics.classes, processes=context.processes)
        projects.result()
        description = _description(draft, files, statistics)
        progress.begin(STORING)
        made_store.finish(description)
    quads = made.columns.quads
    repeated = build_query_store(building, quads - statistics.triples, graphs.others, iris)
    progress.begin(FINISHING)
    with (building / FILES.graphs).open("wb") as rows:
        rows.writelines(graphs.all_rows(graphs.cut.shards))
    _write_records(building, changes, description, iris)
    manifest = replace(
        _manifest(draft, files),
        quads=quads,
        examples=_counted_examples(building, quads, iris),
        repeated_triples=repeated,
    )
    return manifest, files.stored


def _counted_examples(building: Path, quads: int, iris: Iris) -> Mapping[str, int]:
    """The numbers of solutions of the example queries; none for a large dataset."""
    return example_counts(_queried_store(building), iris.base) if quads <= MOST_COUNTED else {}


def _write_saved_answers(building: Path, context: ReleaseContext) -> None:
    """Write what the saved queries answer in this release; nothing if there are none."""
    found = saved_queries(context.datadir).queries
    if found:
        ask = release_asker(_queried_store(building), context.publication.iris.base)
        answers = recorded_answers(found, ask, context.previous)
        (building / FILES.saved_queries).write_bytes(answers_to_json(answers))


def _queried_store(building: Path) -> Path:
    """The store that answers queries."""
    queried = building / FILES.query_store
    return queried if queried.exists() else building / FILES.store


def _manifest(draft: ReleaseDraft, files: DownloadSet) -> Manifest:
    """The manifest without what is counted."""
    context, uncompressed = draft.context, files.uncompressed
    return Manifest(
        name=draft.name,
        base=context.publication.iris.base,
        created=xsd_moment(context.ended),
        previous=context.previous.manifest.name if context.previous else None,
        projects=files.projects,
        quads=0,
        withdrawn=len(draft.changes.tombstones),
        submissions={one.id: one.entry for one in draft.changes.submissions},
        content_sha256=draft.content_sha256,
        files={},
        versions=context.versions,
        fund=folder_in_use().digest,
        uncompressed_files={file: facts.sha256 for file, facts in uncompressed.items() if facts.sha256},
        uncompressed_sizes={file: facts.size_bytes for file, facts in uncompressed.items()},
        crc32=files.crc32,
    )


def _write_history(draft: ReleaseDraft) -> Path:
    """Write the history with this run added, after runs whose releases are no longer served.

    Returns:
        A gzip file with the statements of this run.
    """
    changes, context = draft.changes, draft.context
    iris = context.publication.iris
    new, run_file = draft.new_history, context.folder.scratch / "run.nq.gz"
    revisions = {
        key: Revision(key, changes.revisions[key], sources, changes.supplied[key], changes.restored.get(key))
        for key, sources in sorted(changes.sources.items())
    }
    run = Run(draft.name, context.started, context.ended, context.versions["iomld"])
    seen_again = [changes.seen_again[key] for key in sorted(changes.seen_again)]
    quads = chain(
        history_quads(run, revisions.values(), iris, seen_again),
        submission_quads(changes.submissions, revisions, draft.name, iris),
        tombstone_quads(changes.withdrawn.values(), draft.name, iris),
        *(
            review_quads(iris.revision(key, number), changes.reviewed[key].applied, iris)
            for key, number in sorted(changes.revisions.items())
            if key in changes.reviewed
        ),
    )
    with new.open("wb") as output:
        rdf.write(quads, rdf.NQUADS, output)
    with new.open("rb") as lines:
        write_gzip(lines, run_file)
    previous = context.previous
    missing = tuple(context.folder.ledger.runs_after(previous.manifest.name if previous else ""))
    before = (previous.file(FILES.history),) if previous else ()
    join_gzip((*before, *missing, run_file), draft.building / FILES.history)
    with new.open("ab") as output:
        for file in missing:
            output.writelines(read_gzip(file))
    return run_file


def _write_records(building: Path, changes: Changes, description: Iterable[Quad], iris: Iris) -> None:
    """Write what the next publish reads: the description, tombstones, reviews and the fund folder."""
    turtle = rdf.serialize(description, rdf.TURTLE, prefixes=iris.prefixes())
    (building / FILES.description).write_bytes(turtle)
    write_tombstones(changes.tombstones.values(), building / FILES.tombstones)
    if changes.reviews.everything:
        write_reviews(changes.reviews, building)
    folder = folder_in_use()
    if not folder.is_own:
        _copy_folder(folder, building / FILES.fund)


def _copy_folder(folder: FundFolder, target: Path) -> None:
    """Copy a fund folder, so that the release is read with the names that it was published with."""
    for name in folder.files():
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((folder.path / name).read_bytes())
    if read_fund_folder(target) != folder:
        raise StoreError(f"{folder.path}: the fund folder changed during the publish. Publish again.")


def _description(draft: ReleaseDraft, files: DownloadSet, statistics: Statistics) -> tuple[Quad, ...]:
    context = draft.context
    modified = xsd_moment(context.ended)
    description = Description(
        version=draft.name,
        first_issued=_first_issued(context) or modified,
        modified=modified,
        run=draft.name,
        license=context.publication.license,
        publisher=context.publisher,
        contact=context.contact,
        statistics=statistics,
        files=files.facts,
        subsets=files.subsets,
        example=context.publication.iris.record_key(draft.graphs.cut.first),
    )
    return description_quads(description, context.publication.iris)


def _first_issued(context: ReleaseContext) -> str:
    """The time of the first release; empty if this is the first."""
    if context.first_issued or context.previous is None:
        return context.first_issued
    return stated_publication(context.previous.file(FILES.description), context.publication.iris).first_issued
