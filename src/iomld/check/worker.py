"""The validation worker: checks one upload at a time in a process that can be stopped.

`iomld.workers` gets the handler by the name of `open_checker`.
"""

import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeAlias

from iomld.check.annotation import AnnotationRequest, Annotator
from iomld.check.checker import Checker, UploadReport, finding_rows
from iomld.check.foreign_shapes import check_bytes_against
from iomld.check.report import MAX_FINDINGS, CheckReport
from iomld.check.reports import report_chunks, report_format
from iomld.check.reports.tables import WORKBOOK, workbook_report
from iomld.check.translation import worded_report
from iomld.errors import SourceError
from iomld.fund_folder import read_fund_folder, use_folder
from iomld.i18n import ENGLISH
from iomld.messages import message
from iomld.pipeline.conversion import Choices
from iomld.pipeline.faults import BROKEN_MAPPING, TOO_LARGE, UNREADABLE, fault_answer
from iomld.pipeline.stages import load_pipeline
from iomld.read.mapping.files import mapping_of
from iomld.read.table.mapping import NO_MAPPING, TableMapping
from iomld.validate.user_shapes import ShapesError
from iomld.workers.handler import Answer, AnswerTooLargeError, AnswerWriter, Handler

_DEFAULT_ENGINE = "shacl"
HANDLER = "iomld.check.worker:open_checker"
BROKEN_SHAPES = "shapes-unusable"
PAGE = "page"  # report format for a page, which a function of the caller renders


@dataclass(frozen=True, slots=True)
class CheckWorker:
    """The configuration of a validation worker.

    Attributes:
        base: The base of the IRIs.
        profile: The profile of the shapes.
        fund: Path of the fund folder; empty for the project's own.
        page: Module and name of the `PageRenderer` that writes reports as pages, `module:name`; empty if no pages are
            asked for.
    """

    base: str
    profile: str = "submission"
    fund: str = ""
    page: str = ""

    def to_json(self) -> str:
        """As a worker's argument."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """The request to check one upload.

    Attributes:
        name: The file's name, for places.
        format_name: Format of the report, one of `iomld.check.reports.REPORT_FORMATS`, or `WORKBOOK` or `PAGE`.
        language: Language of the report, one of `iomld.i18n.LANGUAGES`.
        profile: Profile of our shapes; empty for the worker's own.
        engine: The SHACL engine.
        shapes_name: Name of the client's shapes, for places; empty to check against ours.
        shapes_bytes: Length of the client's shapes, which come first in the payload.
        mapping_name: Name of the client's mapping for foreign tables, for messages; empty if there is none.
        mapping_bytes: Length of that mapping, which precedes the data in the payload.
        path: Path of the page, for its links to other languages.
        max_bytes: Largest upload, which a form in the page must not exceed.
        takes_submissions: Whether the menu of the page leads to the inbox.
    """

    name: str
    format_name: str = "json"
    language: str = ENGLISH
    profile: str = ""
    engine: str = _DEFAULT_ENGINE
    shapes_name: str = ""
    shapes_bytes: int = 0
    mapping_name: str = ""
    mapping_bytes: int = 0
    path: str = ""
    max_bytes: int = 0
    takes_submissions: bool = False

    def payload(self, data: bytes, shapes: bytes = b"", mapping: bytes = b"") -> bytes:
        """The payload for the worker: this request, the shapes, the mapping and the data."""
        request = replace(self, shapes_bytes=len(shapes), mapping_bytes=len(mapping))
        return b"".join((json.dumps(asdict(request)).encode(), b"\n", shapes, mapping, data))


# Renders a report as a page, from the report, the request, the data, the client's shapes and the client's mapping.
PageRenderer: TypeAlias = Callable[[UploadReport, CheckRequest, bytes, bytes, bytes], bytes]


def open_checker(argument: str) -> Handler:
    """The handler of a validation worker, with its stages loaded.

    It takes payloads of `CheckRequest` and of `AnnotationRequest`.
    """
    worker = CheckWorker(**json.loads(argument))
    if worker.fund:
        use_folder(read_fund_folder(Path(worker.fund)))
    return _Checker(worker)


class _Checker:
    def __init__(self, worker: CheckWorker) -> None:
        self._worker = worker
        self._render: PageRenderer | None = pkgutil.resolve_name(worker.page) if worker.page else None
        self._checkers: dict[tuple[str, str], Checker] = {}
        self._checker(worker.profile, _DEFAULT_ENGINE)  # loaded before the first upload

    def __call__(self, payload: bytes, writer: AnswerWriter) -> Answer:
        """Write the report or the frameworks of a text, or answer with a fault that says why there is nothing."""
        head, _, rest = payload.partition(b"\n")
        values = json.loads(head)
        if "annotate" in values:
            return self._annotate(AnnotationRequest(**values["annotate"]), rest, writer)
        return self._check(CheckRequest(**values), rest, writer)

    def _check(self, request: CheckRequest, rest: bytes, writer: AnswerWriter) -> Answer:
        shapes, rest = rest[: request.shapes_bytes], rest[request.shapes_bytes :]
        mapping_text, data = rest[: request.mapping_bytes], rest[request.mapping_bytes :]
        try:
            mapping = mapping_of(mapping_text, request.mapping_name) if request.mapping_name else NO_MAPPING
        except SourceError as error:
            return fault_answer(BROKEN_MAPPING, error.message)
        try:
            report = self._report(request, shapes, data, mapping)
            if request.format_name == PAGE and self._render:
                shown = UploadReport(report, finding_rows(report, data, request.name, mapping))
                writer.write(self._render(shown, request, data, shapes, mapping_text))
                return Answer(b"")
            for chunk in _report_chunks(report, request, data):
                writer.write(chunk)
        except ShapesError as error:
            return fault_answer(BROKEN_SHAPES, message("These shapes cannot be used: {rest}", rest=error.message))
        except SourceError as error:
            return fault_answer(UNREADABLE, error.message, error.place)
        except AnswerTooLargeError as error:
            too_large = message("The report is larger than {limit} bytes. Send fewer records.", limit=error.limit_bytes)
            return fault_answer(TOO_LARGE, too_large)
        return Answer(b"")

    def _annotate(self, request: AnnotationRequest, data: bytes, writer: AnswerWriter) -> Answer:
        """Find the frameworks in a text, with the names that records are linked by."""
        pipeline = self._checker(self._worker.profile, _DEFAULT_ENGINE).pipeline
        linker = pipeline.linker
        names = linker.lexicon.concepts["framework"].names
        try:
            Annotator(linker.matcher, names, pipeline.publication.iris).write(request, data, writer)
        except SourceError as error:
            return fault_answer(UNREADABLE, error.message)
        except AnswerTooLargeError as error:
            too_large = message(
                "The answer is larger than {limit} bytes. Send a shorter text.", limit=error.limit_bytes
            )
            return fault_answer(TOO_LARGE, too_large)
        return Answer(b"")

    def _report(self, request: CheckRequest, shapes: bytes, data: bytes, mapping: TableMapping) -> CheckReport:
        if not request.shapes_name:
            checker = self._checker(request.profile or self._worker.profile, request.engine)
            return checker.check_bytes(data, request.name, mapping=mapping)
        return check_bytes_against(
            (request.name, data),
            (request.shapes_name, shapes),
            engine=request.engine,
            cap=MAX_FINDINGS,
            language=request.language,
        )

    def _checker(self, profile: str, engine: str) -> Checker:
        """The stages for a profile and an engine, loaded once."""
        key = (profile, engine)
        if key not in self._checkers:
            pipeline = load_pipeline(Choices(base=self._worker.base, profile=profile, engine=engine))
            self._checkers[key] = Checker(pipeline, profile)
        return self._checkers[key]


def _report_chunks(report: CheckReport, request: CheckRequest, data: bytes) -> Iterator[bytes]:
    report = worded_report(report, request.language)
    if request.format_name == WORKBOOK:
        return iter((workbook_report(report, data, request.name),))
    format_ = report_format(request.format_name)
    assert format_ is not None  # noqa: S101  # the web process takes the name from the list
    return report_chunks(report, format_)
