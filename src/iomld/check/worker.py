"""The validation worker: checks one upload at a time in a process that can be ended.

`open_checker` is what `iomld.workers` is given by name.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from iomld.check.checker import Checker, check_bytes_against, rows_beside
from iomld.check.report import MAX_FINDINGS, CheckReport, writable_message
from iomld.check.reports import report_format, report_pieces
from iomld.check.reports.tables import WORKBOOK, workbook_report
from iomld.check.translation import worded_report
from iomld.check.upload_report import UploadReport, upload_report_to_json
from iomld.errors import SourceError
from iomld.i18n import ENGLISH
from iomld.messages import Message, message, message_from_json, message_to_json
from iomld.pipeline.stages import Choices, load_pipeline
from iomld.validate.user_shapes import ShapesError
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler

HANDLER = "iomld.check.worker:open_checker"
UNREADABLE, TOO_LARGE, BROKEN_SHAPES = "unreadable", "report-too-large", "shapes-unusable"
PAGE = "page"  # a form for our own page: what `iomld.check.upload_report` writes, not worded yet
_LONGEST_VALUE = 200  # characters; a head holds 16 KB, and JSON may write a character with 12 bytes


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
        format_name: Form of the report, one of `iomld.check.reports.REPORT_FORMATS`, or `WORKBOOK` or `PAGE`.
        language: Its language, one of `iomld.i18n.LANGUAGES`.
        profile: Profile of our shapes; empty for the worker's own.
        engine: The engine that runs shapes of the sender's own.
        shapes_name: Name of shapes of the sender's own, for places; empty where ours are asked for.
        shapes_bytes: Their length; they stand before the data.
    """

    name: str
    format_name: str = "json"
    language: str = ENGLISH
    profile: str = ""
    engine: str = "shacl"
    shapes_name: str = ""
    shapes_bytes: int = 0

    def payload(self, data: bytes, shapes: bytes = b"") -> bytes:
        """The order and the upload's bytes, for the worker."""
        order = replace(self, shapes_bytes=len(shapes))
        return b"".join((json.dumps(asdict(order)).encode(), b"\n", shapes, data))


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no report: `UNREADABLE`, `BROKEN_SHAPES` or `TOO_LARGE`, and a sentence."""

    kind: str
    message: Message

    def to_json(self) -> bytes:
        """As the head of an answer."""
        return json.dumps({"kind": self.kind, "message": message_to_json(self.message)}).encode()


def fault_of(head: bytes) -> Fault:
    """The fault in the head of an answer."""
    values = json.loads(head)
    return Fault(values["kind"], message_from_json(values["message"]))


def open_checker(argument: str) -> Handler:
    """Load the stages once; each payload is then the one of a `CheckOrder`."""
    return _Checker(CheckWorker(**json.loads(argument)))


class _Checker:
    def __init__(self, worker: CheckWorker) -> None:
        self._worker = worker
        self._checkers: dict[str, Checker] = {}
        self._checker(worker.profile)  # the usual one, before the first upload comes

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Write the report, or answer a fault with the reason why there is none."""
        head, _, data = payload.partition(b"\n")
        order = CheckOrder(**json.loads(head))
        try:
            report = self._report(order, data)
            for piece in _pieces(report, order, data[order.shapes_bytes :]):
                writer.write(piece)
        except ShapesError as error:
            return _fault(BROKEN_SHAPES, message("The shapes cannot be used. {rest}", rest=error.message))
        except SourceError as error:
            return _fault(UNREADABLE, error.message)
        except AnswerTooLargeError as error:
            too_large = message("The report is larger than {limit} bytes. Send fewer records.", limit=error.limit_bytes)
            return _fault(TOO_LARGE, too_large)
        return Answer(b"")

    def _report(self, order: CheckOrder, data: bytes) -> CheckReport:
        if not order.shapes_name:
            return self._checker(order.profile or self._worker.profile).check_bytes(data, order.name)
        shapes, rest = data[: order.shapes_bytes], data[order.shapes_bytes :]
        return check_bytes_against(
            (order.name, rest),
            (order.shapes_name, shapes),
            engine=order.engine,
            cap=MAX_FINDINGS,
            language=order.language,
        )

    def _checker(self, profile: str) -> Checker:
        """The stages for a profile, loaded once."""
        if profile not in self._checkers:
            pipeline = load_pipeline(Choices(base=self._worker.base, profile=profile))
            self._checkers[profile] = Checker(pipeline, profile)
        return self._checkers[profile]


def _pieces(report: CheckReport, order: CheckOrder, data: bytes) -> Iterator[bytes]:
    if order.format_name == PAGE:
        return iter((upload_report_to_json(UploadReport(report, rows_beside(report, data, order.name))),))
    report = worded_report(report, order.language)
    if order.format_name == WORKBOOK:
        return iter((workbook_report(report, data, order.name),))
    format_ = report_format(order.format_name)
    assert format_ is not None  # noqa: S101  # whoever made the order chose it from the list
    return report_pieces(report, format_)


def _fault(kind: str, fault: Message) -> Answer:
    return Answer(Fault(kind, writable_message(fault, _LONGEST_VALUE)).to_json(), fault=True)
