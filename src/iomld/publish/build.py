"""Builds a release from the previous one and the changes."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

from pyoxigraph import Literal, Quad

from iomld import assets, release
from iomld.convert import Publication
from iomld.errors import StoreError
from iomld.formats import rdf
from iomld.fund_folder import FundFolder, folder_in_use, read_fund_folder
from iomld.iris import DCTERMS, IOMLD, Iris
from iomld.ledger.entries import prepare_entry, remove_unfinished
from iomld.ledger.index import commit_entry
from iomld.progress import NO_PROGRESS, Progress
from iomld.publish.files import DownloadSet, write_files
from iomld.publish.gather import FINISHING, STORING, Changes
from iomld.publish.index_building import write_projects
from iomld.publish.processes import ShardRunner, here
from iomld.publish.report import PublishReport, write_report
from iomld.publish.runs import LockedFolder, entry_draft
from iomld.publish.shard_plan import ReleaseGraphs, dataset_statistics, make_shards
from iomld.publish.store_building import MOST_COUNTED, begin_store, build_query_store, example_counts
from iomld.release import FILES, Manifest, Release
from iomld.release.description import Description, description_quads, read_description
from iomld.release.history import Revision, Run, history_quads, tombstone_quads, write_tombstones, xsd_moment
from iomld.release.nquads import GraphState, join_gzip, read_gzip, write_graphs, write_gzip
from iomld.release.shards import fingerprint
from iomld.release.statistics import Statistics

utc_now: Callable[[], datetime] = partial(datetime.now, UTC)


@dataclass(frozen=True, slots=True)
class ReleaseContext:
    """What a release is built from, besides the changes.

    Attributes:
        datadir: Folder of the releases.
        previous: The current release, or None.
        publication: The publisher's decisions.
        publisher: Name of the publisher.
        contact: Address for questions; can be empty.
        versions: Version of iomld, and hashes of its shapes and vocabularies.
        folder: The locked folder of releases.
        started: Start of the run.
        ended: Its end: the time of the release, its revisions and its withdrawals.
        processes: How many files to write at the same time.
    """

    datadir: Path
    previous: Release | None
    publication: Publication
    publisher: str
    contact: str
    versions: Mapping[str, str]
    folder: LockedFolder
    started: datetime
    ended: datetime
    processes: int = 1


def reference_lines(base: str) -> Iterator[tuple[str, list[bytes]]]:
    """The shared graphs (ontology, schemes, countries, queries): each graph IRI with its sorted N-Quads lines."""
    for name, files in sorted(assets.reference_graphs().items()):
        graph = f"{base}graph/{name}"
        quads: list[Quad] = []
        for file in files:
            quads += rdf.in_graph(rdf.parse(assets.asset_text(file, base=base), rdf.TURTLE), graph)
        yield graph, sorted(set(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)))


def make_release(
    changes: Changes,
    graphs: ReleaseGraphs,
    context: ReleaseContext,
    report: PublishReport,
    run_shards: ShardRunner = here,
    progress: Progress = NO_PROGRESS,
) -> Release:
    """Build the new release; if that fails, its files are removed."""
    building = release.begin_release(context.datadir)
    try:
        write_report(report, building / FILES.report)
        return build_release(building, changes, context, graphs, run_shards, progress)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        remove_unfinished(context.datadir)


def build_release(
    building: Path,
    changes: Changes,
    context: ReleaseContext,
    graphs: ReleaseGraphs,
    run_shards: ShardRunner,
    progress: Progress = NO_PROGRESS,
) -> Release:
    """Write every file of a release, the store and the database of projects beside the others, and make it current.

    Args:
        building: The folder to build in.
        changes: The changes.
        context: The previous release and the publisher.
        graphs: The graphs of the new release.
        run_shards: Runs the jobs that make shards.
        progress: Called as the work goes on.
    """
    iris = context.publication.iris
    content = fingerprint(sorted(graphs.states), graphs.states)
    name = release.release_name(context.ended, content)
    history, run = _write_history(building, name, changes, context)
    draft = entry_draft(name, xsd_moment(context.ended), changes, graphs.known, run)
    with (
        begin_store(building, changes, history, context.previous, iris) as made_store,
        ThreadPoolExecutor(2, thread_name_prefix="beside") as threads,
    ):
        prepared = threads.submit(prepare_entry, context.datadir, draft, context.folder.ledger.head)
        made = make_shards(graphs, context.folder.scratch, run_shards, progress)
        projects = threads.submit(write_projects, building / FILES.projects, made, context.previous, iris)
        statistics = dataset_statistics(made, iris.base)
        files = write_files(building, made, context.previous, statistics.classes, processes=context.processes)
        entry, _ = prepared.result(), projects.result()
        description = _description(name, files, statistics, changes, context)
        progress.begin(STORING)
        made_store.finish(description)
    repeated = build_query_store(building, made.quads - statistics.triples, graphs.states, iris)
    progress.begin(FINISHING)
    _write_records(building, graphs.states, changes, description, iris)
    manifest = replace(
        _manifest(name, content, changes, context, files),
        projects=statistics.classes.get(f"{IOMLD}Project", 0),
        quads=made.quads,
        examples=_counted_examples(building, made.quads, repeated, iris),
        repeated_triples=repeated,
        ledger=entry.sha256,
    )
    commit = partial(commit_entry, context.datadir, entry)
    return release.finish_release(context.datadir, building, manifest, written=files.stored, commit_entry=commit)


def _counted_examples(building: Path, quads: int, repeated: int, iris: Iris) -> Mapping[str, int]:
    """The numbers of solutions of the example queries; none for a large dataset."""
    queried = building / (FILES.query_store if repeated else FILES.store)
    return example_counts(queried, iris.base) if quads <= MOST_COUNTED else {}


def _manifest(name: str, content: str, changes: Changes, context: ReleaseContext, files: DownloadSet) -> Manifest:
    """The manifest without what is counted."""
    uncompressed = files.uncompressed
    return Manifest(
        name=name,
        base=context.publication.iris.base,
        created=xsd_moment(context.ended),
        previous=context.previous.manifest.name if context.previous else None,
        projects=0,
        quads=0,
        withdrawn=len(changes.tombstones),
        content_sha256=content,
        files={},
        versions=context.versions,
        fund=folder_in_use().digest,
        uncompressed_files={file: facts.sha256 for file, facts in uncompressed.items() if facts.sha256},
        uncompressed_sizes={file: facts.size_bytes for file, facts in uncompressed.items()},
    )


def _write_history(building: Path, name: str, changes: Changes, context: ReleaseContext) -> tuple[Path, Path]:
    """Write the history with this run added, after runs whose releases are no longer served.

    Returns:
        A file with the new statements, and a gzip file with those of this run alone.
    """
    iris = context.publication.iris
    new, run_file = context.folder.scratch / "history.nq", context.folder.scratch / "run.nq.gz"
    revisions = (
        Revision(key, changes.revisions[key], sources, changes.supplied[key], changes.restored.get(key))
        for key, sources in sorted(changes.sources.items())
    )
    run = Run(name, context.started, context.ended, context.versions["iomld"])
    seen_again = [changes.seen_again[key] for key in sorted(changes.seen_again)]
    quads = chain(
        history_quads(run, revisions, iris, seen_again), tombstone_quads(changes.withdrawn.values(), name, iris)
    )
    with new.open("wb") as output:
        rdf.write(quads, rdf.NQUADS, output)
    with new.open("rb") as lines:
        write_gzip(lines, run_file)
    previous = context.previous
    missing = tuple(context.folder.ledger.runs_after(previous.manifest.name if previous else ""))
    before = (previous.file(FILES.history),) if previous else ()
    join_gzip((*before, *missing, run_file), building / FILES.history)
    with new.open("ab") as output:
        for file in missing:
            output.writelines(read_gzip(file))
    return new, run_file


def _write_records(
    building: Path, graphs: Mapping[str, GraphState], changes: Changes, description: Iterable[Quad], iris: Iris
) -> None:
    """Write what the next publish reads: the description, states, tombstones and the fund folder."""
    turtle = rdf.serialize(description, rdf.TURTLE, prefixes=iris.prefixes())
    (building / FILES.description).write_bytes(turtle)
    write_graphs(graphs, building / FILES.graphs)
    write_tombstones(changes.tombstones.values(), building / FILES.tombstones)
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


def _description(
    name: str, files: DownloadSet, statistics: Statistics, changes: Changes, context: ReleaseContext
) -> tuple[Quad, ...]:
    modified = xsd_moment(context.ended)
    description = Description(
        version=name,
        first_issued=_first_issued(context) or modified,
        modified=modified,
        run=name,
        license=context.publication.license,
        publisher=context.publisher,
        contact=context.contact,
        statistics=statistics,
        files=files.facts,
        subsets=files.subsets,
        example=min(changes.sources, default=None),
    )
    return description_quads(description, context.publication.iris)


def _first_issued(context: ReleaseContext) -> str | None:
    """The date of the first release, as the previous release states it."""
    if context.previous is None:
        return None
    description = read_description(context.previous.file(FILES.description))
    issued = (quad.object for quad in description if quad.predicate.value == f"{DCTERMS}issued")
    return min((moment.value for moment in issued if isinstance(moment, Literal)), default=None)
