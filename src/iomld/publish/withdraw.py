"""Withdraws records: makes a release without them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iomld import release
from iomld.errors import NotFoundError
from iomld.fund_folder import using
from iomld.iris import Iris
from iomld.ledger.entries import RunKind
from iomld.publish.build import make_release
from iomld.publish.gather import Changes
from iomld.publish.report import PublishReport
from iomld.publish.runs import PublishingSettings, ReleaseContext, context_without_sources, locked_folder
from iomld.publish.shard_plan import graphs_after
from iomld.release import FILES, Release
from iomld.release.history import Tombstone, read_tombstones, xsd_moment
from iomld.release.nquads import GraphState
from iomld.release.project_index import no_such_project
from iomld.release.shards.graphs import ReleaseGraphTable, graph_table
from iomld.review.journal import read_reviews


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What to withdraw, and why.

    Attributes:
        keys: Keys of the projects: codes, or `prima-…` where there is none.
        reason: Why, a sentence for people.
        replaced_by: Key of the project that replaces them, or None.
        settings: The publisher's settings.
        dry_run: Check the request, without changing anything.
    """

    keys: Sequence[str]
    reason: str
    replaced_by: str | None
    settings: PublishingSettings
    dry_run: bool = False


def withdraw_projects(withdrawal: Withdrawal) -> Release:
    """Make a release without the records of projects.

    Returns:
        The new release; the current one for a dry run.

    Raises:
        NotFoundError: There is no release, or one of the projects is not published; then none is withdrawn.
        StoreError: The folder cannot be written or is in use.
    """
    previous = release.current_release(withdrawal.settings.datadir)
    if previous is None:
        raise NotFoundError(f"{withdrawal.settings.datadir}: nothing is published here, so nothing can be withdrawn.")
    if withdrawal.dry_run:
        previous = release.whole_release(withdrawal.settings.datadir) or previous
        _check(withdrawal, previous)
        return previous
    with locked_folder(withdrawal.settings.datadir, withdrawal.settings.clock) as folder:
        previous = release.whole_release(withdrawal.settings.datadir) or previous
        graphs, earlier = _check(withdrawal, previous)
        with using(previous.fund_folder):
            context = context_without_sources(withdrawal.settings, previous, previous, folder, folder.now())
            changes = _changes(withdrawal, graphs, earlier, context)
            kept = graphs_after(changes, previous, graphs, previous.manifest.base, context.versions)
            report = PublishReport(0, 0, 0, (), (), (), withdrawn=tuple(sorted(changes.withdrawn)))
            return make_release(changes, kept, context, report)


def _changes(
    withdrawal: Withdrawal, graphs: Mapping[str, GraphState], earlier: Mapping[str, Tombstone], context: ReleaseContext
) -> Changes:
    folder, iris = context.folder, context.publication.iris
    changes = Changes(
        folder.scratch / "changed.nq",
        reviews=read_reviews(withdrawal.settings.datadir),
        run=RunKind.WITHDRAW,
        last_revision=folder.ledger.latest,
    )
    changes.changed_file.touch()
    for key in withdrawal.keys:
        graph = iris.record(key)
        number = changes.removed[graph] = changes.next_revision(graph, graphs[graph])
        changes.withdrawn[key] = Tombstone(
            key, number, xsd_moment(context.ended), withdrawal.reason, withdrawal.replaced_by
        )
    changes.tombstones = {**earlier, **changes.withdrawn}
    return changes


def _check(withdrawal: Withdrawal, previous: Release) -> tuple[ReleaseGraphTable, dict[str, Tombstone]]:
    """The graphs of the release and its tombstones, if the projects can be withdrawn."""
    graphs = graph_table(previous)
    earlier = read_tombstones(previous.file(FILES.tombstones))
    _check_keys(withdrawal, graphs, earlier, Iris(previous.manifest.base))
    return graphs, earlier


def _check_keys(
    withdrawal: Withdrawal, graphs: Mapping[str, GraphState], earlier: Mapping[str, Tombstone], iris: Iris
) -> None:
    """Check that every project is published, and that the one that replaces them is not withdrawn."""
    wanted = [*withdrawal.keys, *([withdrawal.replaced_by] if withdrawal.replaced_by is not None else [])]
    missing = [key for key in wanted if iris.record(key) not in graphs]
    published = {key for graph in graphs if (key := iris.record_key(graph))} if missing else set[str]()
    faults = [_fault(key, published, earlier) for key in missing]
    if withdrawal.replaced_by in withdrawal.keys:
        faults.append(f"{withdrawal.replaced_by} cannot be replaced by itself.")
    if faults:
        raise NotFoundError(f"nothing was withdrawn. {' '.join(faults)}")


def _fault(key: str, published: set[str], earlier: Mapping[str, Tombstone]) -> str:
    if key in earlier:
        return f"{key} was withdrawn already, on {earlier[key].withdrawn}."
    return no_such_project(key, published)
