"""`POST /validate`: check an upload against the shapes; nothing is stored."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.types import Message, Receive

from iomld.check.reports import REPORT_FORMATS, ReportFormat, report_format
from iomld.check.worker import TOO_LARGE, CheckOrder, fault_of
from iomld.formats.negotiate import choose
from iomld.web.language import answer_language, language_headers
from iomld.web.problems import ProblemError
from iomld.workers.errors import JobTimeoutError, PoolOverloadedError, WorkerCrashedError
from iomld.workers.wire import Reply

# The kinds of report by media type, the preferred first: what a client gets that takes anything.
_FIRST = {"json": 0, "html": 1}
_OFFERS = {
    media_type: format_
    for format_ in sorted(REPORT_FORMATS, key=lambda format_: _FIRST.get(format_.name, len(_FIRST)))
    for media_type in format_.media_types
}
_PAGE = "html"
_HEADERS = {"Cache-Control": "no-store"}
_FORM_MARKS_BYTES = 4096
_RAW_TYPES = (
    "application/json",
    "application/ld+json",
    "application/x-ndjson",
    "application/n-quads",
    "application/n-triples",
    "application/rdf+xml",
    "application/trig",
    "application/xml",
    "application/zip",
    "application/gzip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
    "text/csv",
    "text/html",
    "text/plain",
    "text/tab-separated-values",
    "text/turtle",
)


class CheckPool(Protocol):
    """What validation needs of a pool of workers."""

    async def run(self, payload: bytes, *, timeout_s: float | None = None) -> Reply:
        """Check an upload; see `iomld.workers.pool.Pool.run`."""
        ...


@dataclass(frozen=True, slots=True)
class _Upload:
    name: str
    data: bytes

    @property
    def text(self) -> str:
        """What a page can show of it: nothing, where it is no text."""
        return "" if b"\0" in self.data else self.data.decode("utf-8", "replace")


def validation_routes(
    pool: CheckPool, *, max_bytes: int, page: Callable[[dict[str, object], str, str], str]
) -> APIRouter:
    """`POST /validate`.

    Args:
        pool: Workers opened with `iomld.check.worker.HANDLER`.
        max_bytes: Largest upload.
        page: Makes the page of a report document and the text that was checked, in a language.
    """
    router = APIRouter()

    @router.post("/validate", tags=["validation"])
    async def validate(request: Request) -> Response:
        """Check records: raw body, `file` of a multipart upload, or `text` of a form."""
        media_type, format_ = _wanted(request)
        language = answer_language(request)
        upload = await _upload(request, max_bytes)
        if format_.name == _PAGE:
            report: dict[str, object] = json.loads(await _report(pool, upload, "json", language))
            body: bytes | str = page(report, upload.text, language)
        else:
            body = await _report(pool, upload, format_.name, language)
        return Response(body, media_type=media_type, headers=_HEADERS | language_headers(language))

    return router


def _wanted(request: Request) -> tuple[str, ReportFormat]:
    """The media type and the form of the report: by `?format=`, else by Accept."""
    name = request.query_params.get("format")
    if name is not None:
        asked = report_format(name)
        if asked is None:
            names = ", ".join(format_.name for format_ in REPORT_FORMATS)
            raise ProblemError(406, "not-acceptable", f"There is no report format '{name}'. Ask for one of {names}.")
        return asked.media_types[0], asked
    chosen = choose(request.headers.get("accept"), tuple(_OFFERS))
    if chosen is None:
        raise ProblemError(406, "not-acceptable", f"Ask for one of {', '.join(_OFFERS)}.")
    return chosen, _OFFERS[chosen]


async def _upload(request: Request, max_bytes: int) -> _Upload:
    """The bytes to check, counted while they are read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    counted = Request(request.scope, _counted(request, max_bytes))
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return await _from_form(counted, max_bytes)
    if kind and kind not in _RAW_TYPES:
        raise ProblemError(415, "media-type", f"'{kind}' is not read here. Send one of {', '.join(_RAW_TYPES)}.")
    return _Upload("upload", await counted.body())


def _counted(request: Request, max_bytes: int) -> Receive:
    """Receive the body and stop where it grows too large; a form's own marks do not count."""
    allowance = max_bytes + _FORM_MARKS_BYTES
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > allowance:
            raise _too_large(max_bytes)
        return message

    return receive


async def _from_form(request: Request, max_bytes: int) -> _Upload:
    async with request.form(max_files=1, max_fields=5, max_part_size=max_bytes) as form:
        file, text = form.get("file"), form.get("text")
        if isinstance(file, UploadFile) and file.filename:
            return _Upload(file.filename, await file.read())
        if isinstance(text, str) and text.strip():
            return _Upload("pasted text", text.encode())
    raise ProblemError(400, "nothing-sent", "Nothing was sent. Choose a file, or paste records into the field.")


async def _report(pool: CheckPool, upload: _Upload, format_name: str, language: str) -> bytes:
    """The bytes of the report as the worker made them."""
    try:
        reply = await pool.run(CheckOrder(upload.name, format_name, language).payload(upload.data))
    except JobTimeoutError as error:
        detail = f"The check was stopped after {error.limit_s:g} seconds. Send fewer records at a time."
        raise ProblemError(503, "validation-timeout", detail) from error
    except PoolOverloadedError as error:
        detail = "Other uploads are being checked. Try again in a moment."
        raise ProblemError(429, "busy", detail, headers={"Retry-After": "5"}) from error
    except WorkerCrashedError as error:
        raise ProblemError(503, "validation-failed", f"{error} Send fewer records at a time.") from error
    if reply.fault:
        fault = fault_of(reply.head)
        raise ProblemError(422 if fault.kind == TOO_LARGE else 400, fault.kind, fault.detail)
    return reply.read()


def _too_large(max_bytes: int) -> ProblemError:
    return ProblemError(413, "upload-too-large", f"The upload is larger than {max_bytes} bytes. Send fewer records.")
