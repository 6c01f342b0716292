"""The publication of accepted submissions: in batches, each accepted one once, and none whose preview has changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from iomld import release
from iomld.errors import SourceError
from iomld.inbox.inbox import Inbox
from iomld.inbox.submissions import Submission, SubmissionState
from iomld.iris import Iris
from iomld.pipeline.stages import Pipeline
from iomld.progress import NO_PROGRESS, Progress
from iomld.publish.mentions import ReviewRequest, review_mentions_in_folder
from iomld.publish.report import PublishReport
from iomld.publish.run import PublishRequest, publish_in_folder
from iomld.publish.runs import LockedFolder, PublishingSettings, locked_folder
from iomld.publish.submissions.preview import (
    SOURCE_NAME,
    PublishedGraphs,
    mapping_of_body,
    preview_of,
    preview_tag,
    published_graphs,
    source_bytes,
    takes_sources,
)
from iomld.release.folder import read_manifest
from iomld.release.history import PublishedSubmission
from iomld.release.pruning import pruned_names, pruned_release
from iomld.release.served import release_folder
from iomld.review.tables import Decision


@dataclass(slots=True)
class WorkReport:
    """What became of accepted submissions, by name.

    Attributes:
        published: Those that were published, each with its release; empty if its values were published already.
        returned: Those whose preview is another one now, so that somebody must accept them again.
        refused: Those that turned out to be invalid.
        decisions: Number of decisions about mentions that were recorded.
    """

    published: dict[str, str] = field(default_factory=dict)
    returned: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    decisions: int = 0


@dataclass(frozen=True, slots=True)
class _Work:
    """What publishing needs: the inbox, the stages, and the request without sources."""

    inbox: Inbox
    pipeline: Pipeline
    request: PublishRequest
    report: WorkReport

    @property
    def iris(self) -> Iris:
        return self.pipeline.publication.iris


def publish_accepted(
    inbox: Inbox, request: PublishRequest, pipeline: Pipeline, progress: Progress = NO_PROGRESS
) -> WorkReport:
    """Publish all accepted submissions and all decisions about mentions; let submissions expire that nobody decides.

    A submission whose name is in the manifest of a release was published before a crash; it is only marked.

    Args:
        inbox: The inbox of the folder.
        request: Where to publish, and for whom; its sources do not count.
        pipeline: The loaded stages.
        progress: Called as the work goes on.

    Raises:
        StoreError: The folder cannot be written, is in use, or belongs to another base IRI.
    """
    work = _Work(inbox, pipeline, request, WorkReport())
    inbox.sweep(request.clock())
    while inbox.accepted():
        with locked_folder(request.datadir, request.clock) as folder:
            _publish_batch(work, folder, progress)
    _publish_decisions(work)
    return work.report


def _publish_decisions(work: _Work) -> None:
    """Record the decisions about mentions, and make a release in which they hold.

    A decision about a mention that is no longer published is dropped: its text has changed, and the list of mentions
    asks again. After a crash, what is recorded already is not recorded twice.
    """
    if not work.inbox.decisions.waiting():
        return
    request = work.request
    settings = PublishingSettings(
        request.datadir,
        work.pipeline.publication.license,
        request.publisher,
        request.contact,
        work.pipeline.versions["iomld"],
        request.clock,
    )
    with locked_folder(request.datadir, request.clock) as folder:  # first: what is taken cannot be undone
        taken = work.inbox.decisions.take()
        decisions = [Decision(mention, decision) for mention, decision in taken.items()]
        review_mentions_in_folder(ReviewRequest(decisions, settings, leaves_out_unknown=True), folder)
        work.inbox.decisions.remove(taken.items())
    work.report.decisions = len(taken)


def _publish_batch(work: _Work, folder: LockedFolder, progress: Progress) -> None:
    """Publish the accepted submissions that do not touch the same projects; the others come with the next batch."""
    _mark_published(work, folder)
    published = published_graphs(work.request.datadir, release.whole_release(work.request.datadir), work.iris)
    batch: list[Submission] = []
    for one in work.inbox.accepted():
        touched = {key: published.digest(key) for key in _keys(one)}
        if preview_tag(one.digest, touched, work.pipeline.versions) != one.tag:
            _renew(work, one, published)
        elif _fits(work.inbox, one, batch):
            batch.append(one)
    sources = dict(
        zip((one.id for one in batch), _written_sources(work.inbox, batch, published, folder.scratch), strict=True)
    )
    kept, refused = _conforming(work, batch, sources)
    if kept:
        report = publish_in_folder(_request(work, kept, sources), work.pipeline, folder, progress)
        for one in kept:
            _mark(work, folder, one, report.release if report.is_new else None)
    for one, names in refused:
        _refuse(work, one, names)


def _conforming(
    work: _Work, batch: Sequence[Submission], sources: Mapping[str, Path]
) -> tuple[list[Submission], list[tuple[Submission, list[str]]]]:
    """The submissions of which everything can be published now; and the others, each with what would be refused.

    A reviewer accepted a submission whole. So nothing of it is published if a project in it is refused, such as one
    whose identifier another project has got meanwhile.
    """
    kept, refused = [*batch], list[tuple[Submission, list[str]]]()
    while kept:
        report = publish_in_folder(replace(_request(work, kept, sources), dry_run=True), work.pipeline, None)
        if len(kept) > 1 and any(one.name == SOURCE_NAME for one in report.refused):
            kept = kept[:1]  # all have this name, so that each is looked at by itself; the others come next
            continue
        faults = {one.id: names for one in kept if (names := _refused(report, one))}
        if not faults:
            break
        refused += [(one, faults[one.id]) for one in kept if one.id in faults]
        kept = [one for one in kept if one.id not in faults]
    return kept, refused


def _request(work: _Work, batch: Sequence[Submission], sources: Mapping[str, Path]) -> PublishRequest:
    """The request to publish submissions that are read alike."""
    return replace(
        work.request,
        sources=[sources[one.id] for one in batch],
        mapping=mapping_of_body(work.inbox.body(batch[0].id)),
        takes_sources=takes_sources(batch[0].mode),
        submissions=tuple(_as_published(work.inbox, one) for one in batch),
    )


def _keys(submission: Submission) -> tuple[str, ...]:
    """The keys of the projects that a submission describes."""
    return tuple(json.loads(submission.preview)["touched"])


def _fits(inbox: Inbox, submission: Submission, batch: Sequence[Submission]) -> bool:
    """Whether a submission can be published with others: no project of it is in them, and all are read alike."""
    if batch and submission.mode is not batch[0].mode:
        return False
    if any(not set(_keys(submission)).isdisjoint(_keys(other)) for other in batch):
        return False
    return not batch or inbox.body(submission.id).mapping == inbox.body(batch[0].id).mapping


def _written_sources(
    inbox: Inbox, batch: Sequence[Submission], published: PublishedGraphs, scratch: Path
) -> Iterator[Path]:
    """The records of submissions, each as a file of the same name in a folder of its own."""
    for number, one in enumerate(batch):
        path = scratch / str(number) / SOURCE_NAME
        path.parent.mkdir()
        path.write_bytes(source_bytes(inbox.body(one.id), published))
        yield path


def _as_published(inbox: Inbox, submission: Submission) -> PublishedSubmission:
    newest = inbox.receipt(submission.id)[-1]
    return PublishedSubmission(
        submission.id, _keys(submission), submission.received, newest.values()["at"], newest.sha256
    )


def _refused(report: PublishReport, submission: Submission) -> list[str]:
    """What was refused of a submission, although its preview had no fault; a file that cannot be read is anybody's."""
    return [one.name for one in report.refused if one.name in {*_keys(submission), SOURCE_NAME}]


def _renew(work: _Work, submission: Submission, published: PublishedGraphs) -> None:
    """Make the preview of a submission again, which then waits to be accepted again."""
    body, now = work.inbox.body(submission.id), work.request.clock()
    try:
        preview = preview_of(body, work.pipeline, published, mapping_of_body(body))
    except SourceError:  # an earlier version could read it; the others must not wait for it
        work.inbox.move(submission.id, SubmissionState.INVALID, now, facts={"refused": [SOURCE_NAME]})
        work.report.refused.append(submission.id)
        return
    renewed = work.inbox.renew(submission.id, preview, now)
    is_open = renewed.state is SubmissionState.PREVIEWED
    (work.report.returned if is_open else work.report.refused).append(submission.id)


def _mark_published(work: _Work, folder: LockedFolder) -> None:
    """Mark the accepted submissions that are in a release already."""
    waiting = work.inbox.accepted()
    known = _published_names(work.request.datadir) if waiting else {}
    for one in waiting:
        if one.id in known:
            _mark(work, folder, one, known[one.id])


def _published_names(datadir: Path) -> Mapping[str, str]:
    """The release that published each submission, by the name of the submission."""
    manifests = [read_manifest(release_folder(datadir, name))[0] for name in release.release_names(datadir)]
    manifests += [pruned_release(datadir, name).manifest for name in pruned_names(datadir)]
    # The current release is whole, and an earlier one that is damaged is most likely not about what is waiting now.
    return {id_: manifest.name for manifest in manifests if manifest for id_ in manifest.submissions}


def _mark(work: _Work, folder: LockedFolder, one: Submission, made: str | None) -> None:
    """Mark a submission as published; the receipt says which revisions it led to, as the ledger has them."""
    graphs = {work.iris.record(key): key for key in _keys(one)}
    found = folder.ledger.revisions_of_run(made, work.iris.record("")) if made else ()
    revisions = [
        work.iris.revision(graphs[each.revision.graph], each.revision.revision)
        for each in found
        if each.revision.graph in graphs
    ]
    facts = {"release": made, "revisions": revisions}
    work.inbox.move(one.id, SubmissionState.PUBLISHED, work.request.clock(), facts=facts)
    work.report.published[one.id] = made or ""


def _refuse(work: _Work, one: Submission, names: Sequence[str]) -> None:
    """Mark a submission as invalid that would be refused although its preview had no fault.

    It gets the preview of now with the reasons, such as an identifier that another submission has just published.
    """
    work.report.refused.append(one.id)
    facts = {"refused": [*names]}
    now, body = work.request.clock(), work.inbox.body(one.id)
    published = published_graphs(work.request.datadir, release.whole_release(work.request.datadir), work.iris)
    with suppress(SourceError):  # it can no longer be read: there are no reasons by project
        preview = preview_of(body, work.pipeline, published, mapping_of_body(body))
        if not preview.conforms:
            work.inbox.renew(one.id, preview, now, facts=facts)
            return
    work.inbox.move(one.id, SubmissionState.INVALID, now, facts=facts)
