"""The route `POST /validate`: a worker checks an upload against shapes and writes the report; nothing is stored."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.check.reports import REPORT_FORMATS, report_format
from iomld.check.reports.tables import WORKBOOK
from iomld.check.worker import PAGE, CheckRequest
from iomld.formats.negotiate import choose
from iomld.i18n import LANGUAGES
from iomld.messages import message
from iomld.model import WORKBOOK_MEDIA_TYPE
from iomld.validate import ENGINES
from iomld.web.client_budget import ClientQuotas, client_of
from iomld.web.data.upload import (
    FORM_TYPES,
    PROFILES,
    RAW_TYPES,
    FilledForm,
    Upload,
    UploadError,
    filled_form,
    read_upload,
)
from iomld.web.data.upload_workers import CheckError, CheckPool, upload_answer
from iomld.web.i18n import current_page, page_language
from iomld.web.language import answer_language, language_headers
from iomld.web.openapi import Text, no_text, operation_id, responses
from iomld.web.pages.validate import fault_page
from iomld.web.problems import ProblemError, prefers_page

_SUFFIXES = {"text": "txt", "turtle": "ttl", "junit": "xml"}
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_MOST_NAME_CHARACTERS = 60
# Formats of the report by media type; the first is for clients that accept anything.
_FIRST = {"json": 0, "html": 1}
_OFFERS = {
    media_type: format_.name
    for format_ in sorted(REPORT_FORMATS, key=lambda format_: _FIRST.get(format_.name, len(_FIRST)))
    for media_type in format_.media_types
}
_FORMAT_NAMES = (*(format_.name for format_ in REPORT_FORMATS), WORKBOOK)
_HTML = "html"
_NO_STORE = {"Cache-Control": "no-store"}
_REPORTS = sorted({WORKBOOK_MEDIA_TYPE, *(type_ for format_ in REPORT_FORMATS for type_ in format_.media_types)})
_RESPONSES = responses({200: _REPORTS}, 400, 406, 413, 414, 415, 422, 429, 503)
_ReportFormat = Annotated[
    Text,
    Query(
        alias="format",
        description="The format of the report. By default, `Accept` decides.",
        json_schema_extra={"enum": [*_FORMAT_NAMES]},
    ),
]
FindingLanguage = Annotated[
    Text,
    Query(
        alias="lang",
        description="The language of the findings. By default, `Accept-Language` decides.",
        json_schema_extra={"enum": [*LANGUAGES]},
    ),
]
_Shapes = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="A profile, `submission` or `published`, or shapes as Turtle; never an address.",
        json_schema_extra={"default": PROFILES[0]},
    ),
]
_Engine = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="The engine that validates.",
        json_schema_extra={"enum": [*ENGINES], "default": "shacl"},
    ),
]

_UPLOAD_FIELDS = {
    "file": "A file of records.",
    "text": "Records as text, in place of `file`.",
    "mapping": "For a table with other column headings, a mapping to our columns, as a file or as text.",
    "data": "The bytes of a file in base64, in place of `file`.",
    "name": "The name of the file in `data`.",
}
_CHECK_FIELDS = {
    "shapes": "A profile, or shapes as a file or as text.",
    "profile": "The profile to check the records against.",
    "format": "The format of the report, which the answer then offers as a file.",
    "lang": "The language of the findings.",
}
_EXAMPLE = (
    '{"projectCode": "PO.9001", "title": {"en": "An example"}, "status": "completed", "projectType": "PO",'
    ' "coverage": "national", "region": "africa", "startYear": "2018", "endYear": "2020", "allocationYear": "2017",'
    ' "budgetUSD": 100000, "benefitingMemberStates": ["KE"]}'
)


@dataclass(frozen=True, slots=True)
class _ReportRequest:
    """Media type and format of the requested report; `attached` if it is sent as a file."""

    media_type: str
    format_name: str
    attached: bool = False


def validation_routes(pool: Callable[[], CheckPool], quotas: ClientQuotas, *, max_bytes: int) -> APIRouter:
    """The route `POST /validate`.

    Args:
        pool: Gives workers opened with `iomld.check.worker.HANDLER`, with a renderer of pages.
        quotas: The seconds of work left to each client.
        max_bytes: Largest upload.
    """
    router = APIRouter()

    @router.post(
        "/validate",
        tags=["validation"],
        summary="Check records and get the report",
        response_class=Response,
        responses=_RESPONSES,
        openapi_extra={"requestBody": upload_body(_CHECK_FIELDS)},
        generate_unique_id_function=operation_id,
    )
    async def validate(
        request: Request,
        shapes: _Shapes,
        engine: _Engine,
        format_: _ReportFormat = None,
        lang: FindingLanguage = None,
    ) -> Response:
        """Send records in any supported format. The status is 200 whether or not they conform: read `conforms`."""
        wanted = _requested_report(request, format_)
        quotas.require(client_of(request.scope))
        try:
            upload = await read_upload(request, max_bytes, shapes=shapes, engine=engine)
        except UploadError as error:
            return await run_in_threadpool(_refusal, request, error, error.form)
        wanted = _named_report(upload.choices.format_name, attached=True) if upload.choices.format_name else wanted
        is_page = wanted.format_name == _HTML and not wanted.attached
        chosen = upload.choices.language or (page_language() if is_page else "")
        language = answer_language(request, chosen or lang)
        headers = _NO_STORE | language_headers(language)
        if wanted.attached:
            headers |= attachment(upload.name, wanted.format_name)
        order = _order(upload, PAGE if is_page else wanted.format_name, language, current_page().path)
        payload = order.payload(upload.data, upload.rules.data, upload.mapping.data)
        try:
            _, body = await upload_answer(pool(), payload, quotas, client_of(request.scope))
        except CheckError as error:
            return await run_in_threadpool(_refusal, request, error, upload, error.line, error.column)
        return Response(body, media_type=wanted.media_type, headers=headers)

    return router


def _refusal(
    request: Request, error: ProblemError, sent: FilledForm | Upload, line: int | None = None, column: int | None = None
) -> Response:
    """The answer to an upload that is not checked: a page has the form as it was filled in, and the place."""
    if not prefers_page(request.headers.get("accept")):
        raise error
    form = filled_form(sent) if isinstance(sent, Upload) else sent
    page = fault_page(error, form, line=line, column=column)
    return Response(page, error.status, _NO_STORE | error.headers | {"Vary": "Accept"}, "text/html")


def attachment(name: str, format_name: str) -> dict[str, str]:
    """The Content-Disposition header of a report, with a file name derived from that of the upload (RFC 6266).

    Args:
        name: Name of the upload, as the client gave it.
        format_name: Format of the report.

    >>> attachment("../my records.csv", "turtle")
    {'Content-Disposition': 'attachment; filename="my-records-report.ttl"'}
    """
    last = re.split(r"[/\\!]", name)[-1]
    stem = last.rpartition(".")[0] or last
    safe = _UNSAFE.sub("-", stem)[:_MOST_NAME_CHARACTERS].strip("-") or "records"
    return {"Content-Disposition": f'attachment; filename="{safe}-report.{_SUFFIXES.get(format_name, format_name)}"'}


def upload_body(more: Mapping[str, str]) -> dict[str, object]:
    """OpenAPI request body of a route that takes records: the bytes of a file, or a form.

    Args:
        more: Descriptions of the fields of the form besides the records and their mapping, by name.
    """
    fields: dict[str, dict[str, str]] = {
        name: {"type": "string", "description": text} for name, text in (_UPLOAD_FIELDS | dict(more)).items()
    }
    fields["file"]["contentMediaType"] = "application/octet-stream"
    form = {"schema": {"type": "object", "properties": fields}}
    content: dict[str, dict[str, object]] = {type_: {"schema": {"type": "string"}} for type_ in RAW_TYPES}
    content["application/json"]["example"] = _EXAMPLE
    return {"required": True, "content": content | dict.fromkeys(FORM_TYPES, form)}


def _requested_report(request: Request, name: str | None) -> _ReportRequest:
    """The report that `?format=` names, else the one that the Accept header prefers."""
    if name is not None:
        return _named_report(name)
    chosen = choose(request.headers.get("accept"), tuple(_OFFERS))
    if chosen is None:
        raise ProblemError(406, "not-acceptable", message("Ask for one of {names}.", names=", ".join(_OFFERS)))
    return _ReportRequest(chosen, _OFFERS[chosen])


def _named_report(name: str, *, attached: bool = False) -> _ReportRequest:
    """The report in a format by its name. Raises 406 if there is no such format."""
    if name == WORKBOOK:
        return _ReportRequest(WORKBOOK_MEDIA_TYPE, name, attached=True)
    format_ = report_format(name)
    if format_ is None:
        names = ", ".join(_FORMAT_NAMES)
        detail = message("There is no report format '{name}'. Ask for one of {names}.", name=name[:40], names=names)
        raise ProblemError(406, "not-acceptable", detail)
    return _ReportRequest(format_.media_types[0], format_.name, attached)


def _order(upload: Upload, format_name: str, language: str, path: str) -> CheckRequest:
    """The request to the worker."""
    rules = upload.rules
    return CheckRequest(
        upload.name,
        format_name,
        language,
        profile=rules.profile,
        engine=rules.engine,
        shapes_name=rules.name,
        mapping_name=upload.mapping.name,
        path=path,
        max_bytes=upload.max_bytes,
        takes_submissions=current_page().takes_submissions,
    )
