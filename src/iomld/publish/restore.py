"""Restores a release that was pruned: makes its files again, with the same graphs and the same name."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from iomld import release
from iomld.assets import load_fields
from iomld.convert import Publication
from iomld.errors import NotFoundError, StoreError
from iomld.fund_folder import using
from iomld.iris import Iris
from iomld.ledger.index import IndexedRevision
from iomld.ledger.reconstruction import released_graphs, write_history_until
from iomld.progress import NO_PROGRESS
from iomld.publish.build import ReleaseDraft, write_content
from iomld.publish.gather import Changes
from iomld.publish.processes import here
from iomld.publish.report import PublishReport, write_report
from iomld.publish.runs import LockedFolder, ReleaseContext, locked_folder, utc_now
from iomld.publish.shard_plan import graphs_after
from iomld.release import FILES, Release
from iomld.release.description import stated_publication
from iomld.release.history import read_tombstones
from iomld.release.nquads import GraphState, read_gzip
from iomld.release.pruning import pruned_release
from iomld.release.shards.cutting import fingerprint
from iomld.release.shards.graphs import graph_table
from iomld.review.journal import read_reviews


def restore_release(datadir: Path, name: str, version: str, clock: Callable[[], datetime] = utc_now) -> Release:
    """Make the files of a pruned release again; the current release stays the current one.

    Graphs, history, name and time are what they were. The report is empty, since it is not kept.

    Args:
        datadir: Folder of the releases.
        name: Name of the release.
        version: Version of the software.
        clock: Gives the time now.

    Raises:
        NotFoundError: No release of this name was pruned, or nothing of it was kept.
        StoreError: The ledger does not have all of it, a content was erased, or the folder cannot be written.
    """
    if name in release.release_names(datadir):
        raise NotFoundError(f"{datadir}: the release '{name}' was not pruned; it is there.")
    with locked_folder(datadir, clock) as folder:
        kept = pruned_release(datadir, name)
        revisions = released_graphs(datadir, folder.ledger, name)
        _check(kept, revisions)
        with using(kept.fund_folder):
            return _restored(datadir, kept, revisions, folder, version)


def _check(kept: Release, revisions: dict[str, IndexedRevision]) -> None:
    """Refuse a release that the ledger does not have wholly; nothing is guessed."""
    name = kept.manifest.name
    states = {graph: GraphState(one.revision.digest, one.revision.revision) for graph, one in revisions.items()}
    if fingerprint(sorted(states), states) != kept.manifest.content_sha256:
        raise StoreError(
            f"{kept.path}: the release {name} cannot be restored, because the ledger does not have all of its graphs. "
            "Copy the release back from a backup."
        )
    for one in revisions.values():
        if one.place is None:
            raise StoreError(
                f"{kept.path}: the release {name} cannot be restored, because the content of revision "
                f"{one.revision.revision} of <{one.revision.graph}> was erased."
            )


def _restored(
    datadir: Path, kept: Release, revisions: dict[str, IndexedRevision], folder: LockedFolder, version: str
) -> Release:
    changes = _changes(kept, revisions, folder)
    manifest = kept.manifest
    moment = datetime.fromisoformat(manifest.created)
    stated = stated_publication(kept.file(FILES.description), Iris(manifest.base))
    context = ReleaseContext(
        datadir=datadir,
        previous=None,
        publication=Publication(Iris(manifest.base), stated.license, version, load_fields()),
        publisher=stated.publisher,
        contact=stated.contact,
        versions={**manifest.versions, "iomld": version},
        folder=folder,
        started=moment,
        ended=moment,
        first_issued=stated.first_issued,
    )
    graphs = graphs_after(changes, None, graph_table(None), manifest.base, context.versions)
    building = release.begin_release(datadir)
    try:
        draft = ReleaseDraft.of(building, changes, graphs, context)
        write_history_until(datadir, folder.ledger, manifest.name, building / FILES.history)
        with draft.new_history.open("wb") as lines:
            lines.writelines(read_gzip(building / FILES.history))
        if FILES.saved_queries in manifest.files:
            shutil.copyfile(kept.file(FILES.saved_queries), building / FILES.saved_queries)
        write_report(PublishReport(0, 0, 0, (), (), ()), building / FILES.report)
        made, written = write_content(draft, here, NO_PROGRESS)
        made = replace(made, previous=manifest.previous, ledger=manifest.ledger, submissions=manifest.submissions)
        return release.place_release(datadir, building, made, written=written)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _changes(kept: Release, revisions: dict[str, IndexedRevision], folder: LockedFolder) -> Changes:
    """All graphs of the release, as if each were new."""
    changes = Changes(
        folder.scratch / "changed.nq",
        tombstones=read_tombstones(kept.file(FILES.tombstones)),
        reviews=read_reviews(kept.path),
    )
    changes.changed_file.touch()
    for graph, one in sorted(revisions.items()):
        changes.changed[graph] = GraphState(one.revision.digest, one.revision.revision)
        changes.place(graph, folder.ledger.content(one))
    return changes
