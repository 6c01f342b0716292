"""`POST /validate`: check an upload against the shapes; nothing is stored."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.types import Message, Receive

from iomld.check.worker import payload
from iomld.formats.negotiate import choose
from iomld.web.problems import ProblemError
from iomld.workers.errors import JobTimeoutError, PoolOverloadedError, WorkerCrashedError
from iomld.workers.wire import Reply

_OFFERS = ("application/json", "text/html")
_FORM_MARKS_BYTES = 4096
_RAW_TYPES = (
    "application/json",
    "application/ld+json",
    "application/x-ndjson",
    "text/plain",
    "application/octet-stream",
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


def validation_routes(pool: CheckPool, *, max_bytes: int, page: Callable[[dict[str, object], str], str]) -> APIRouter:
    """`POST /validate`.

    Args:
        pool: Workers opened with `iomld.check.worker.HANDLER`.
        max_bytes: Largest upload.
        page: Makes the page of a report document and the text that was checked.
    """
    router = APIRouter()

    @router.post("/validate", tags=["validation"])
    async def validate(request: Request) -> Response:
        """Check records: raw body, `file` of a multipart upload, or `text` of a form."""
        accept = request.headers.get("accept")
        chosen = choose(accept, _OFFERS)
        if chosen is None:
            raise ProblemError(406, "not-acceptable", f"Ask for one of {', '.join(_OFFERS)}.")
        upload = await _upload(request, max_bytes)
        report = await _report(pool, upload)
        if chosen == "text/html":
            return Response(page(report, upload.data.decode("utf-8", "replace")), media_type="text/html")
        return Response(json.dumps(report, ensure_ascii=False).encode(), media_type="application/json")

    return router


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


async def _report(pool: CheckPool, upload: _Upload) -> dict[str, object]:
    try:
        reply = await pool.run(payload(upload.name, upload.data))
    except JobTimeoutError as error:
        detail = f"The check was stopped after {error.limit_s:g} seconds. Send fewer records at a time."
        raise ProblemError(503, "validation-timeout", detail) from error
    except PoolOverloadedError as error:
        detail = "Other uploads are being checked. Try again in a moment."
        raise ProblemError(429, "busy", detail, headers={"Retry-After": "5"}) from error
    except WorkerCrashedError as error:
        raise ProblemError(503, "validation-failed", f"{error} Send fewer records at a time.") from error
    if reply.fault:
        raise ProblemError(400, "unreadable", reply.head.decode())
    report: dict[str, object] = json.loads(reply.read())
    return report


def _too_large(max_bytes: int) -> ProblemError:
    return ProblemError(413, "upload-too-large", f"The upload is larger than {max_bytes} bytes. Send fewer records.")
