"""The validation worker: checks one upload at a time in a process that can be ended.

`open_checker` is what `iomld.workers` is given by name.
"""

import json
from dataclasses import asdict, dataclass

from iomld.check.reports import report_format, report_pieces
from iomld.check.run import Checker
from iomld.check.wording import ENGLISH, wording
from iomld.errors import SourceError
from iomld.pipeline.load import Choices, load_pipeline
from iomld.workers.answer import Answer, AnswerTooLargeError, AnswerWriter, Handler

HANDLER = "iomld.check.worker:open_checker"
UNREADABLE, TOO_LARGE = "unreadable", "report-too-large"


@dataclass(frozen=True, slots=True)
class CheckWorker:
    """What a validation worker is opened with: the base of the IRIs and the profile of the shapes."""

    base: str
    profile: str = "submission"

    def to_json(self) -> str:
        """As a worker's argument."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """One upload to check.

    Attributes:
        name: The file's name, for places.
        format_name: Form of the report, one of `iomld.check.reports.REPORT_FORMATS`.
        language: Its language, one of `iomld.check.wording.LANGUAGES`.
    """

    name: str
    format_name: str = "json"
    language: str = ENGLISH

    def payload(self, data: bytes) -> bytes:
        """The order and the upload's bytes, for the worker."""
        return json.dumps(asdict(self)).encode() + b"\n" + data


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no report: `UNREADABLE` or `TOO_LARGE`, and a sentence."""

    kind: str
    detail: str

    def to_json(self) -> bytes:
        """As the head of an answer."""
        return json.dumps(asdict(self)).encode()


def fault_of(head: bytes) -> Fault:
    """The fault in the head of an answer."""
    return Fault(**json.loads(head))


def open_checker(argument: str) -> Handler:
    """Load the stages once; each payload is then the one of a `CheckOrder`."""
    worker = CheckWorker(**json.loads(argument))
    return _Checker(Checker(load_pipeline(Choices(base=worker.base, profile=worker.profile)), worker.profile))


class _Checker:
    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Write the report, or answer a fault with the reason why there is none."""
        head, _, data = payload.partition(b"\n")
        order = CheckOrder(**json.loads(head))
        format_ = report_format(order.format_name)
        assert format_ is not None  # noqa: S101  # whoever made the order chose it from the list
        try:
            report = wording(order.language).report(self._checker.check_bytes(data, order.name))
            for piece in report_pieces(report, format_):
                writer.write(piece)
        except SourceError as error:
            return Answer(Fault(UNREADABLE, str(error)).to_json(), fault=True)
        except AnswerTooLargeError as error:
            limit = f"The report is larger than {error.limit_bytes} bytes. Send fewer records."
            return Answer(Fault(TOO_LARGE, limit).to_json(), fault=True)
        return Answer(b"")
