"""The routes `/submissions` and `/receipts`."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.formats.negotiate import choose
from iomld.inbox.inbox import Inbox
from iomld.inbox.submissions import MergeMode, SubmissionState
from iomld.inbox.tokens import AccessToken, TokenScope
from iomld.messages import message
from iomld.web.client_budget import ClientQuotas, client_of, metered
from iomld.web.data.upload import read_upload
from iomld.web.data.validation import FindingLanguage, upload_body
from iomld.web.form_decoder import FORM_TYPE
from iomld.web.openapi import (
    HTML,
    SECURITY_SCHEME,
    Text,
    no_text,
    nothing,
    operation_id,
    page_language_parameter,
    responses,
)
from iomld.web.pages.frame import SUBMIT_PAGE
from iomld.web.problems import ProblemError
from iomld.web.responses import get_route
from iomld.web.sessions.access import is_for_people
from iomld.web.sessions.forms import FORM_FIELD, FORM_TOKEN
from iomld.web.submissions.answers import (
    JSON_TYPE,
    PATCH_TYPE,
    TURTLE_TYPE,
    body_response,
    changed_response,
    list_response,
    preview_response,
    receipt_response,
    submission_response,
)
from iomld.web.submissions.desk import PreviewChangedError, SubmissionDesk
from iomld.web.submissions.pages import SubmissionPages, receipt_page
from iomld.web.submissions.requests import (
    accepted_previews,
    decision,
    idempotency_key,
    language_of,
    program_body,
    rejection_reason,
    removed_names,
    sending_options,
    visible_submission,
)
from iomld.web.submissions.submit_page import SubmitPage

_TAG = "submissions"
_SECURED: dict[str, Any] = {"security": [{SECURITY_SCHEME: []}]}
_MOST_LISTED = 500
_Id = Annotated[str, Path(alias="id", description="The name of the submission.")]
_Mode = Annotated[
    str,
    Query(
        default_factory=no_text,
        alias="mode",
        description="Whether records replace the published ones whole, or are merged into them (RFC 7396).",
        json_schema_extra={"enum": [*MergeMode], "default": MergeMode.REPLACE},
    ),
]
_DryRun = Annotated[
    str,
    Query(
        default_factory=no_text,
        alias="dry_run",
        description="With `1`, the answer is the preview, and nothing is kept. This needs no token.",
        json_schema_extra={"enum": ["0", "1"], "default": "0"},
    ),
]
_Key = Annotated[
    Text,
    Header(
        default_factory=nothing,
        alias="Idempotency-Key",
        description="A text of your choice. The same request with the same key is kept once.",
    ),
]
_IfMatch = Annotated[
    Text, Header(default_factory=nothing, alias="If-Match", description="The `ETag` of the preview that is accepted.")
]
_State = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="Only submissions in this state.",
        json_schema_extra={"enum": [*SubmissionState]},
    ),
]
_Page = Annotated[
    str, Query(default_factory=no_text, description="Number of the page of the list in browsers.", examples=["1"])
]
_PAGE_FIELDS = {  # of POST /submissions, read from browsers alone
    "mode": "From a page: the parameter `mode`. Programs give it in the address.",
    "dry_run": "From a page: the parameter `dry_run`. Programs give it in the address.",
    "key": "From a page: the same form with the same key is kept once. Programs send `Idempotency-Key`.",
    FORM_FIELD: f"From a page: {FORM_TOKEN[FORM_FIELD][0]}",
}
_DECISION_FIELDS: dict[str, dict[str, Any]] = {
    "preview": {"type": "string", "description": "The `ETag` of the preview that is accepted, without quotes."},
    "removes": {
        "type": "array",
        "items": {"type": "string"},
        "description": "The names of the values that are to vanish, as in the preview.",
    },
    "reason": {"type": "string", "description": "Why it is rejected, for the sender to read."},
}
_DECIDED = responses({200: (JSON_TYPE,), 303: ()}, 400, 401, 403, 404, 409, 413, 415, 429, 503)
_ACCEPTED = responses({200: (JSON_TYPE,), 303: ()}, 400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503)
_SENT = responses(
    {200: (JSON_TYPE, HTML), 201: (JSON_TYPE,), 303: ()}, 400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 507
)
_SHOWN = responses({200: (JSON_TYPE, PATCH_TYPE, HTML)}, 400, 401, 403, 404, 406, 503)


def submission_routes(
    desk: SubmissionDesk, view: Callable[[], ReleaseView], quotas: ClientQuotas, *, max_bytes: int
) -> APIRouter:
    """The routes.

    Args:
        desk: What they do.
        view: Gives the release that is served now, in the language of the page.
        quotas: The seconds of work left to each client.
        max_bytes: Largest submission.
    """
    router = APIRouter()
    submit_page = SubmitPage(desk, view, max_bytes=max_bytes)
    _add_form(router, submit_page)
    _add_sending(router, desk, submit_page, quotas, max_bytes)
    pages = SubmissionPages(desk, view)
    _add_reading(router, desk, pages)
    _add_body(router, desk)
    _add_receipts(router, desk, view)
    _add_deciding(router, desk, pages, quotas)
    return router


def _post(
    router: APIRouter, path: str, summary: str, answers: dict[int | str, Any], **extra: object
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return router.post(
        path,
        tags=[_TAG],
        summary=summary,
        response_class=Response,
        responses=answers,
        openapi_extra=_SECURED | extra,
        generate_unique_id_function=operation_id,
    )


def _add_form(router: APIRouter, page: SubmitPage) -> None:
    @get_route(
        router,
        SUBMIT_PAGE[0],
        _TAG,
        "Open a form to submit records",
        responses({200: (HTML,)}, 404, 503),
        dependencies=[Depends(page_language_parameter)],
    )
    async def form(request: Request) -> Response:
        return await page.form(request)


def _add_sending(
    router: APIRouter, desk: SubmissionDesk, page: SubmitPage, quotas: ClientQuotas, max_bytes: int
) -> None:
    @_post(router, "/submissions", "Submit records", _SENT, requestBody=upload_body(_PAGE_FIELDS))
    async def submit(
        request: Request, _mode: _Mode, _dry_run: _DryRun, _key: _Key, _lang: FindingLanguage = None
    ) -> Response:
        """Send records in any supported format; they are checked, previewed and kept until somebody decides.

        A faulty submission is kept too, as `invalid`, with the reasons. What cannot be read at all is not kept.
        """
        quotas.require(client_of(request.scope))
        if is_for_people(request):
            return await page.sent(request)
        options, language = sending_options(request.query_params), language_of(request)
        if options.is_dry_run:
            body = program_body(await read_upload(request, max_bytes, shapes="", engine=""), options.mode)
            return await run_in_threadpool(preview_response, await desk.preview(request, body), language)
        inbox, token = await desk.access.authorized(request, TokenScope.SUBMIT)
        body = program_body(await read_upload(request, max_bytes, shapes="", engine=""), options.mode)
        submission, is_new = await desk.keep(request, body, inbox, token, idempotency_key(request))
        status = 201 if is_new else 200
        return await run_in_threadpool(
            submission_response, submission, desk.iris, language, status=status, is_sent=True
        )


def _add_reading(router: APIRouter, desk: SubmissionDesk, pages: SubmissionPages) -> None:
    @get_route(
        router,
        "/submissions",
        _TAG,
        "List submissions",
        responses({200: (JSON_TYPE, HTML)}, 400, 401, 403, 503),
        openapi_extra=_SECURED,
    )
    async def submissions(request: Request, state: _State, page: _Page) -> Response:
        """The newest 500, without previews; for reviewers. In a browser a page, on which senders see their own."""
        if is_for_people(request):
            return await pages.listed(request, _chosen_state(state), page)
        inbox, _ = await desk.access.authorized(request, TokenScope.REVIEW)
        await run_in_threadpool(inbox.sweep, desk.access.now())
        chosen = _chosen_state(state)
        return list_response(await run_in_threadpool(lambda: inbox.submissions(chosen, most=_MOST_LISTED)), desk.iris)

    @get_route(
        router,
        "/submissions/{id}",
        _TAG,
        "Get a submission with its preview",
        _SHOWN,
        openapi_extra=_SECURED,
    )
    async def submission(request: Request, id_: _Id, _lang: FindingLanguage = None) -> Response:
        """The state, the reasons if it is invalid, and what would change, as JSON, an RDF Patch or a page."""
        if is_for_people(request):
            return await pages.shown(request, id_)
        inbox, token = await desk.access.authorized(request, *TokenScope)
        language, accept = language_of(request), request.headers.get("accept")
        found = await run_in_threadpool(visible_submission, inbox, id_, token)
        return await run_in_threadpool(submission_response, found, desk.iris, language, accept=accept)


def _add_body(router: APIRouter, desk: SubmissionDesk) -> None:
    @get_route(
        router,
        "/submissions/{id}/body",
        _TAG,
        "Get what was sent",
        responses({200: ("application/octet-stream",)}, 401, 403, 404, 410, 503),
        openapi_extra=_SECURED,
    )
    async def body(request: Request, id_: _Id) -> Response:
        """The bytes as they came; for the sender and reviewers, until 180 days after the decision."""
        inbox, token = await desk.access.reader(request, *TokenScope)
        found = await run_in_threadpool(visible_submission, inbox, id_, token)
        sent = await run_in_threadpool(inbox.body, found.id)
        if not sent.data:
            raise ProblemError(410, "body-removed", message("What was sent is no longer kept; its hash is."))
        return body_response(sent.data)


def _add_receipts(router: APIRouter, desk: SubmissionDesk, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        "/receipts/{id}",
        _TAG,
        "Get the receipt of a submission",
        responses({200: (JSON_TYPE, TURTLE_TYPE, HTML)}, 404, 406, 503),
    )
    async def receipt(request: Request, id_: _Id) -> Response:
        """What happened to the submission, as a chain of hashes without names; anybody may read it."""
        inbox = await run_in_threadpool(desk.access.opened)
        if inbox is None:
            raise ProblemError(404, "http", message("There is no receipt {id}.", id=id_[:40]))
        entries = await run_in_threadpool(inbox.receipt, id_)
        found = await run_in_threadpool(inbox.submission, id_)
        if choose(request.headers.get("accept"), (JSON_TYPE, TURTLE_TYPE, HTML)) == HTML:
            return await run_in_threadpool(metered(receipt_page), request, view(), found, entries)
        return receipt_response(found, entries, desk.iris, request.headers.get("accept"))


def _add_deciding(router: APIRouter, desk: SubmissionDesk, pages: SubmissionPages, quotas: ClientQuotas) -> None:
    async def reviewer(request: Request) -> tuple[Inbox, AccessToken]:
        quotas.require(client_of(request.scope))
        return await desk.access.authorized(request, TokenScope.REVIEW)

    @_post(
        router,
        "/submissions/{id}/accept",
        "Accept a submission",
        _ACCEPTED,
        requestBody=_decision_body("preview", "removes"),
    )
    async def accept(request: Request, id_: _Id, _if_match: _IfMatch, _lang: FindingLanguage = None) -> Response:
        """Accept exactly the preview that `If-Match` names; values that would vanish are named in `removes`."""
        if is_for_people(request):
            return await pages.accepted(request, id_)
        inbox, token = await reviewer(request)
        language = language_of(request)
        tags, confirmed = accepted_previews(request), removed_names(await decision(request))
        try:
            done = await desk.accept(request, inbox, id_, token, tags=tags, confirmed=confirmed)
        except PreviewChangedError as error:
            given = request.headers.get("accept")
            return await run_in_threadpool(changed_response, error.submission, desk.iris, given, language)
        return await run_in_threadpool(submission_response, done, desk.iris, language)

    @_post(router, "/submissions/{id}/reject", "Reject a submission", _DECIDED, requestBody=_decision_body("reason"))
    async def reject(request: Request, id_: _Id, _lang: FindingLanguage = None) -> Response:
        """Reject it with a reason, which the sender can read."""
        if is_for_people(request):
            return await pages.rejected(request, id_)
        (inbox, token), language = await reviewer(request), language_of(request)
        reason = rejection_reason((await decision(request)).get("reason"))
        done = await desk.reject(inbox, id_, token, reason)
        return await run_in_threadpool(submission_response, done, desk.iris, language)

    @_post(router, "/submissions/{id}/cancel", "Cancel a submission", _DECIDED, requestBody=_decision_body())
    async def cancel(request: Request, id_: _Id, _lang: FindingLanguage = None) -> Response:
        """Take back a submission that was sent with the same token."""
        quotas.require(client_of(request.scope))
        if is_for_people(request):
            return await pages.cancelled(request, id_)
        inbox, token = await desk.access.authorized(request, TokenScope.SUBMIT)
        language = language_of(request)
        done = await desk.cancel(inbox, id_, token)
        return await run_in_threadpool(submission_response, done, desk.iris, language)


def _decision_body(*names: str) -> dict[str, Any]:
    """The OpenAPI request body of a decision: JSON from a program, or the form of a page.

    Args:
        names: Keys of `_DECISION_FIELDS`. A program names the preview in `If-Match`, so it is a field of the form only.
    """
    fields = {name: _DECISION_FIELDS[name] for name in names}
    form = {FORM_FIELD: {"type": "string", "description": FORM_TOKEN[FORM_FIELD][0]}} | fields
    members = {name: field for name, field in fields.items() if name != "preview"}
    by_type = ({JSON_TYPE: members} if members else {}) | {FORM_TYPE: form}
    content = {type_: {"schema": {"type": "object", "properties": one}} for type_, one in by_type.items()}
    return {"required": "reason" in names, "content": content}


def _chosen_state(text: str) -> SubmissionState | None:
    try:
        return SubmissionState(text) if text else None
    except ValueError as error:
        names = ", ".join(SubmissionState)
        raise ProblemError(
            400, "state", message("There is no state '{name}'. Choose one of {names}.", name=text[:40], names=names)
        ) from error
