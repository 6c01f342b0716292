"""A folder with published records and an inbox, for tests of submissions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.inbox.made import LIMITS, NOW

from iomld import release
from iomld.inbox.inbox import Inbox, NewSubmission
from iomld.inbox.submissions import MergeMode, Submission, SubmissionPreview, SubmissionState, SubmittedBody
from iomld.pipeline.stages import Pipeline
from iomld.publish.run import PublishRequest, publish_sources
from iomld.publish.submissions.preview import mapping_of_body, preview_of, published_graphs
from iomld.publish.submissions.work import WorkReport, publish_accepted

Json = dict[str, Any]


@dataclass
class Desk:
    """A folder of releases with its inbox, and a clock that each publication moves on.

    Attributes:
        datadir: The folder.
        pipeline: The stages.
        inbox: The inbox.
        now: The time.
    """

    datadir: Path
    pipeline: Pipeline
    inbox: Inbox
    now: datetime = NOW

    @property
    def request(self) -> PublishRequest:
        """The request to publish here."""
        return PublishRequest((), self.datadir, "", processes=1, clock=self._tick)

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def publish(self, *records: Mapping[str, object]) -> None:
        """Publish records as `iomld publish` does."""
        path = self.datadir.parent / "published.json"
        path.write_text(json.dumps(records), encoding="utf-8")
        report = publish_sources(replace(self.request, sources=[path]), self.pipeline)
        assert not report.refused, report.refused

    def preview(self, body: SubmittedBody) -> SubmissionPreview:
        """The preview of a submission."""
        graphs = published_graphs(self.datadir, release.current_release(self.datadir), self.pipeline.publication.iris)
        return preview_of(body, self.pipeline, graphs, mapping_of_body(body))

    def submit(self, *records: Mapping[str, object], mode: MergeMode = MergeMode.REPLACE) -> Submission:
        """Keep a submission with its preview."""
        body = SubmittedBody(json.dumps(records).encode(), mode)
        return self.inbox.add(NewSubmission("sender", body, self.preview(body)), self.now, LIMITS)[0]

    def accept(self, submission: Submission) -> None:
        """Accept a submission."""
        self.inbox.accept(submission.id, submission.tag, self.now)

    def work(self) -> WorkReport:
        """Publish what is accepted."""
        return publish_accepted(self.inbox, self.request, self.pipeline)

    def state(self, submission: Submission) -> SubmissionState:
        """The state of a submission now."""
        return self.inbox.submission(submission.id).state


def content(preview: SubmissionPreview | Submission) -> Json:
    """A preview as its JSON object."""
    text = preview.content if isinstance(preview, SubmissionPreview) else preview.preview
    values: Json = json.loads(text)
    return values
