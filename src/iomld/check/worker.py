"""The validation worker: checks one upload at a time in a process that can be ended.

`open_checker` is what `iomld.workers` is given by name.
"""

import json
from dataclasses import asdict, dataclass

from iomld.check.render import report_document
from iomld.check.run import check_bytes
from iomld.errors import SourceError
from iomld.pipeline.load import Choices, load_pipeline
from iomld.pipeline.outcomes import Pipeline
from iomld.workers.answer import Answer, AnswerTooLargeError, AnswerWriter, Handler

HANDLER = "iomld.check.worker:open_checker"


@dataclass(frozen=True, slots=True)
class CheckWorker:
    """What a validation worker is opened with: the base of the IRIs and the profile of the shapes."""

    base: str
    profile: str = "submission"

    def to_json(self) -> str:
        """As a worker's argument."""
        return json.dumps(asdict(self))


def open_checker(argument: str) -> Handler:
    """Load the stages once; each payload is then a file name, a line feed and the file's bytes."""
    worker = CheckWorker(**json.loads(argument))
    return _Checker(load_pipeline(Choices(base=worker.base, profile=worker.profile)))


def payload(name: str, data: bytes) -> bytes:
    """An upload as a payload."""
    return name.replace("\n", " ").encode() + b"\n" + data


class _Checker:
    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Write the report as JSON, or answer a fault with the reason why nothing can be read."""
        name, _, data = payload.partition(b"\n")
        try:
            report = check_bytes(data, name.decode(), self._pipeline)
            writer.write(json.dumps(report_document(report, self._pipeline.versions), ensure_ascii=False).encode())
        except SourceError as error:
            return Answer(str(error).encode(), fault=True)
        except AnswerTooLargeError as error:
            limit = f"The report is larger than {error.limit_bytes} bytes. Send fewer records."
            return Answer(limit.encode(), fault=True)
        return Answer(b"")
