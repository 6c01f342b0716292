"""The worker that previews submissions: one at a time, in a process that can be stopped.

`iomld.workers` gets the handler by the name of `open_previewer`.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from iomld import release
from iomld.errors import SourceError
from iomld.fund_folder import read_fund_folder, use_folder
from iomld.inbox.submissions import MergeMode, SubmissionPreview, SubmittedBody
from iomld.messages import message
from iomld.pipeline.conversion import Choices
from iomld.pipeline.faults import BROKEN_MAPPING, TOO_LARGE, UNREADABLE, fault_answer
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.publish.submissions.preview import PublishedGraphs, mapping_of_body, preview_of, published_graphs
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler

HANDLER = "iomld.publish.submissions.worker:open_previewer"


@dataclass(frozen=True, slots=True)
class PreviewWorker:
    """The configuration of a worker.

    Attributes:
        datadir: Folder of the releases.
        choices: What the stages are loaded with, as `Choices.to_json` has it.
        fund: Path of the fund folder; empty for the project's own.
    """

    datadir: str
    choices: dict[str, Any]
    fund: str = ""

    def to_json(self) -> str:
        """As a worker's argument."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """The request for the preview of a submission.

    Attributes:
        release: Name of the release to compare with.
        body: What was sent.
    """

    release: str
    body: SubmittedBody

    def payload(self) -> bytes:
        """The payload for the worker."""
        body = self.body
        head = [self.release, body.mode, body.mapping_name, len(body.mapping)]
        return b"".join((json.dumps(head).encode(), b"\n", body.mapping, body.data))


def preview_in_answer(head: bytes, body: bytes) -> SubmissionPreview:
    """The preview in an answer of a worker."""
    conforms, tag = json.loads(head)
    return SubmissionPreview(conforms, tag, body)


def open_previewer(argument: str) -> Handler:
    """The handler of a worker, with its stages loaded; it takes payloads of `PreviewRequest`."""
    worker = PreviewWorker(**json.loads(argument))
    if worker.fund:
        use_folder(read_fund_folder(Path(worker.fund)))
    return _Previewer(Path(worker.datadir), load_pipeline(Choices.from_json(worker.choices)))


class _Previewer:
    def __init__(self, datadir: Path, pipeline: Pipeline) -> None:
        self._datadir, self._pipeline = datadir, pipeline
        self._published: PublishedGraphs | None = None

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Write the preview, or answer with a fault that says why there is none."""
        head, _, rest = payload.partition(b"\n")
        name, mode, mapping_name, size = json.loads(head)
        body = SubmittedBody(rest[size:], MergeMode(mode), mapping_name, rest[:size])
        try:
            mapping = mapping_of_body(body)
        except SourceError as error:
            return fault_answer(BROKEN_MAPPING, error.message)
        try:
            preview = preview_of(body, self._pipeline, self._graphs(name), mapping)
            writer.write(preview.content)
        except SourceError as error:
            return fault_answer(UNREADABLE, error.message, error.place)
        except AnswerTooLargeError as error:
            too_large = message(
                "The preview is larger than {limit} bytes. Send fewer records.", limit=error.limit_bytes
            )
            return fault_answer(TOO_LARGE, too_large)
        return Answer(json.dumps([preview.conforms, preview.tag]).encode())

    def _graphs(self, name: str) -> PublishedGraphs:
        """The graphs of a release; the last one stays open."""
        if self._published is None or self._published.name != name:
            opened = release.open_release(self._datadir, name)
            self._published = published_graphs(self._datadir, opened, self._pipeline.publication.iris)
        return self._published
