"""Reviews of mentions in published records: new ones are recorded and published by a run of their own.

A publish applies all reviews too, to the records that it publishes and to all others. So a review that was recorded
when the machine stopped, or that came with the file of another folder, is published by the next run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from iomld import release
from iomld.errors import NotFoundError
from iomld.formats import rdf
from iomld.fund_folder import using
from iomld.iris import Iris
from iomld.ledger.entries import RunKind
from iomld.pipeline.conversion import Choices, load_converter
from iomld.pipeline.differences import field_differences
from iomld.pipeline.published import project_of
from iomld.publish.build import make_release
from iomld.publish.gather import Changes
from iomld.publish.report import PublishReport
from iomld.publish.rollback import note_origin
from iomld.publish.runs import LockedFolder, PublishingSettings, context_without_sources, locked_folder
from iomld.publish.shard_plan import graphs_after
from iomld.release import FILES, Release
from iomld.release.history import read_tombstones, xsd_moment
from iomld.release.nquads import GraphState
from iomld.release.shards.graphs import graph_table
from iomld.release.shards.planning import ReleaseGraphs
from iomld.review.graphs import GraphReviewer
from iomld.review.journal import read_reviews, write_reviews
from iomld.review.reviews import MentionKey, Review, Reviews
from iomld.review.tables import Decision
from iomld.store.oxigraph import StoreReader
from iomld.temporary import temporary_folder

_MOST_NAMED = 10  # faults


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """What was decided about which mentions.

    Attributes:
        decisions: The decisions.
        settings: The publisher's settings.
        dry_run: Report what would change, without changing anything.
        leaves_out_unknown: Leave decisions about mentions that are not published out, instead of refusing all.
    """

    decisions: Sequence[Decision]
    settings: PublishingSettings
    dry_run: bool = False
    leaves_out_unknown: bool = False


def review_mentions(request: ReviewRequest) -> PublishReport:
    """Record decisions about published mentions, and make a release in which they hold.

    Returns:
        The report. If no graph changes, no release is made.

    Raises:
        NotFoundError: There is no release, or one of the mentions is not in it; then nothing is recorded.
        StoreError: The folder cannot be written or is in use, or its file of reviews is damaged.
    """
    datadir = request.settings.datadir
    previous = release.current_release(datadir)
    if previous is None:
        raise _nothing_published(datadir)
    if request.dry_run:
        return _dry_run(request, release.whole_release(datadir) or previous)
    with locked_folder(datadir, request.settings.clock) as folder:
        return review_mentions_in_folder(request, folder)


def review_mentions_in_folder(request: ReviewRequest, folder: LockedFolder) -> PublishReport:
    """The same, not as a dry run, for a folder that is locked already."""
    datadir = request.settings.datadir
    previous = release.whole_release(datadir) or release.current_release(datadir)
    if previous is None:
        raise _nothing_published(datadir)
    started = folder.now()
    reviews = _reviews(request, previous, started)
    with using(previous.fund_folder):
        changes = Changes(
            folder.scratch / "changed.nq", reviews=reviews, run=RunKind.REVIEW, last_revision=folder.ledger.latest
        )
        graphs = _gather(request, previous, changes)
        write_reviews(reviews, datadir)
        if not changes.changed:
            return _report(changes, previous, is_new=False)
        context = context_without_sources(request.settings, previous, previous, folder, started)
        made = make_release(changes, graphs, context, _report(changes, previous, is_new=True))
        return _report(changes, made, is_new=True)


def _nothing_published(datadir: Path) -> NotFoundError:
    return NotFoundError(f"{datadir}: nothing is published here, so there are no mentions to review.")


def _dry_run(request: ReviewRequest, previous: Release) -> PublishReport:
    with temporary_folder("review") as scratch, using(previous.fund_folder):
        changes = Changes(scratch / "changed.nq", reviews=_reviews(request, previous, request.settings.clock()))
        _gather(request, previous, changes)
        return _report(changes, previous, is_new=False)


def review_published(
    previous: Release, known: Mapping[str, GraphState], reviewer: GraphReviewer, changes: Changes
) -> None:
    """Apply the reviews to the published graphs of the projects that have some, and that the run did not publish.

    Args:
        previous: The current release.
        known: The states of its graphs.
        reviewer: The reviews.
        changes: The changes to add to.
    """
    iris = reviewer.iris
    keys = [key for key in sorted(reviewer.reviews.by_project) if key not in changes.reviewed]
    published = [key for key in keys if iris.record(key) in known]
    if not published:
        return
    reader = StoreReader(previous.file(FILES.store))
    for key in published:
        graph = iris.record(key)
        before = reader.graph(graph)
        reviewed = reviewer.reviewed(key, before)
        changes.reviewed[key] = reviewed.outcome
        if changes.add_graph(graph, reviewed.lines, reviewed.digest, known.get(graph)):
            changes.rewritten.add(key)
            note_origin(key, reviewed.lines, known[graph].revision, reader, iris, changes)
            after = tuple(rdf.parse(reviewed.lines, rdf.NQUADS))
            changes.differences[key] = field_differences(before, after, key, iris)


def _reviews(request: ReviewRequest, previous: Release, now: datetime) -> Reviews:
    """All reviews with the new ones; a decision that holds already is not recorded again."""
    reviews = read_reviews(request.settings.datadir)
    faults: list[str] = []
    moment, found = xsd_moment(now), {}
    mentions = _PublishedMentions(previous)
    for decision in request.decisions:
        mention = mentions.of(decision.mention)
        if mention is None and not request.leaves_out_unknown:
            faults.append(decision.unknown)
        elif mention:
            found[mention] = Review(mention, decision.decision, moment)
    if faults:
        more = f" And {len(faults) - _MOST_NAMED:,} more." if len(faults) > _MOST_NAMED else ""
        raise NotFoundError(
            f"Nothing was recorded. {' '.join(faults[:_MOST_NAMED])}{more} "
            f"'iomld mentions list --from {request.settings.datadir}' has the mentions of today."
        )
    return reviews.followed_by(reviews.without_repeats(found.values()))


class _PublishedMentions:
    """The mentions of a release by their names; the graph of a project is read once."""

    def __init__(self, opened: Release) -> None:
        self._iris = Iris(opened.manifest.base)
        self._reader = StoreReader(opened.file(FILES.store))
        self._known: dict[str, dict[str, MentionKey]] = {}

    def of(self, name: str) -> MentionKey | None:
        project = name.rpartition(":")[0]
        if project not in self._known:
            quads = self._reader.graph(self._iris.record(project))
            mentions = project_of(quads, project, self._iris).mentions
            keys = (MentionKey.of(project, mention) for mention in mentions)
            self._known[project] = {key.name: key for key in keys}
        return self._known[project].get(name)


def _gather(request: ReviewRequest, previous: Release, changes: Changes) -> ReleaseGraphs:
    """Fill the changes; return the graphs of the new release."""
    base = previous.manifest.base
    iris, known = Iris(base), graph_table(previous)
    changes.changed_file.touch()
    changes.tombstones = read_tombstones(previous.file(FILES.tombstones))
    wholes = load_converter(Choices(base)).linker.matcher.wholes
    review_published(previous, known, GraphReviewer(changes.reviews, iris, wholes), changes)
    versions = {**previous.manifest.versions, "iomld": request.settings.version}
    return graphs_after(changes, previous, known, base, versions)


def _report(changes: Changes, served: Release, *, is_new: bool) -> PublishReport:
    return PublishReport(
        read=0,
        projects=0,
        published=0,
        added=(),
        changed=tuple(sorted(changes.rewritten)),
        refused=(),
        quads=served.manifest.quads,
        release=served.manifest.name,
        is_new=is_new,
        differences=changes.differences,
        reviewed=changes.reviewed,
    )
