"""The routes `/sign-in` and `/sign-out`: a token is exchanged for a session, which a cookie holds."""

import re
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.inbox.inbox import Inbox
from iomld.inbox.tokens import TokenScope
from iomld.messages import Message, message
from iomld.web.client_budget import ClientQuotas, client_of
from iomld.web.openapi import HTML, no_text, operation_id, page_language_parameter, responses
from iomld.web.pages.frame import SUBMIT_PAGE
from iomld.web.problems import ProblemError
from iomld.web.responses import get_route
from iomld.web.sessions.access import SIGN_IN_PATH, InboxAccess, SignedInUser
from iomld.web.sessions.cookies import keeps_cookies, session_cookie
from iomld.web.sessions.forms import FORM_TOKEN, form_body, read_form, require_same_origin, signed_form
from iomld.web.sessions.pages import page_of_user, see_other

SUBMIT_PATH = SUBMIT_PAGE[0]  # where people begin
_REVIEW_PATH = "/submissions?state=previewed"  # where people begin who only review
_TAG = "submissions"
_WRONG_TOKEN_S = 2.0  # what a wrong token costs of the seconds that each client has
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1000}")  # of this server: no other host, nothing that ends a header
_SIGN_IN_FIELDS = {
    "token": ("The token.", "iomld_…"),
    "next": ("The path of the page to go on to.", "/submissions"),
}
_Next = Annotated[
    str, Query(default_factory=no_text, alias="next", description="The path of the page to go on to.", examples=["/"])
]
_Kept = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="With `1`, the page says why nobody is signed in yet.",
        json_schema_extra={"enum": ["0", "1"], "default": "0"},
    ),
]
_NO_TOKEN = message(
    "This is no valid token, or it has ended or was revoked. Paste the whole token, or ask for a new one."
)
_NO_COOKIE = message(
    "Your browser has not kept the cookie that says who you are. Allow cookies for this site. Over http, some browsers "
    "keep none even from their own machine: then use https, or another browser."
)
_PLAIN_HTTP = message(
    "This page came over http, so others could read your token and act for you. Sign in over https. Whoever runs this "
    "server: behind a proxy with https, name its address in IOMLD_TRUSTED_PROXIES."
)


def session_routes(access: InboxAccess, quotas: ClientQuotas) -> APIRouter:
    """The routes.

    Args:
        access: The inbox.
        quotas: The seconds of work left to each client.
    """
    router = APIRouter()
    _add_signing_in(router, access, quotas)
    _add_signing_out(router, access)
    return router


def _add_signing_in(router: APIRouter, access: InboxAccess, quotas: ClientQuotas) -> None:
    @get_route(
        router,
        SIGN_IN_PATH,
        _TAG,
        "Open a page to sign in with a token",
        responses({200: (HTML,), 303: ()}, 404, 503),
        dependencies=[Depends(page_language_parameter)],
    )
    async def form(request: Request, next_: _Next, kept: _Kept) -> Response:
        await access.require_inbox()
        if user := await access.user(request):
            return see_other(_begin(user, _local(next_)))
        return await _sign_in_page(request, next_, fault=_NO_COOKIE if kept == "1" else None)

    @router.post(
        SIGN_IN_PATH,
        tags=[_TAG],
        summary="Sign in with a token",
        status_code=HTTPStatus.SEE_OTHER,
        response_class=Response,
        responses=responses({303: ()}, 400, 401, 403, 404, 413, 415, 429, 503),
        openapi_extra={"requestBody": form_body(_SIGN_IN_FIELDS)},
        generate_unique_id_function=operation_id,
    )
    async def sign_in(request: Request) -> Response:
        """Exchange a token for a session, whose cookie ends with the browser, after 12 hours, or with the token."""
        quotas.require(client_of(request.scope))
        require_same_origin(request)
        inbox = await access.require_inbox()
        if not keeps_cookies(request):
            raise ProblemError(403, "plain-http", _PLAIN_HTTP)
        sent = await read_form(request)
        next_, text = str(sent.get("next", "")), str(sent.get("token", "")).strip()
        secret = await run_in_threadpool(_session, access, inbox, text)
        if not secret:
            quotas.charge(client_of(request.scope), _WRONG_TOKEN_S)
            return await _sign_in_page(request, next_, fault=_NO_TOKEN, status=HTTPStatus.UNAUTHORIZED)
        before = await access.user(request)
        if before:
            await run_in_threadpool(inbox.sessions.end, before.secret)
        onward = f"{SIGN_IN_PATH}?kept=1&next={quote(_local(next_), safe='')}"
        return see_other(onward, session_cookie(secret))


def _add_signing_out(router: APIRouter, access: InboxAccess) -> None:
    @router.post(
        "/sign-out",
        tags=[_TAG],
        summary="Sign out",
        status_code=HTTPStatus.SEE_OTHER,
        response_class=Response,
        responses=responses({303: ()}, 400, 401, 403, 413, 415, 503),
        openapi_extra={"requestBody": form_body(FORM_TOKEN)},
        generate_unique_id_function=operation_id,
    )
    async def sign_out(request: Request) -> Response:
        """End the session; the token stays valid."""
        user, _ = await signed_form(request, access, *TokenScope)
        await run_in_threadpool(user.inbox.sessions.end, user.secret)
        return see_other(SIGN_IN_PATH, session_cookie(""))


def _session(access: InboxAccess, inbox: Inbox, text: str) -> str:
    """The secret of a new session with a token; empty if the token is not valid."""
    token = inbox.tokens.find(text, access.now())
    return inbox.sessions.open(token, access.now()) if token else ""


async def _sign_in_page(request: Request, next_: str, *, fault: Message | None, status: int = 200) -> Response:
    is_safe = keeps_cookies(request)
    challenge = {"WWW-Authenticate": 'Bearer realm="iomld"'} if status == HTTPStatus.UNAUTHORIZED else {}
    return await page_of_user(
        None,
        None,
        "sign_in.html",
        SUBMIT_PATH,
        status=status,
        headers=challenge,
        fault=fault if is_safe else _PLAIN_HTTP,
        is_safe=is_safe,
        next=_local(next_),
    )


def _begin(user: SignedInUser, path: str) -> str:
    """The path of the page to go on to; people who only review begin with what waits for them."""
    return path if user.may_submit or path != SUBMIT_PATH else _REVIEW_PATH


def _local(path: str) -> str:
    """A path of this server; the page where people begin in place of anything else."""
    return path if _PATH.fullmatch(path) and not path.startswith(SIGN_IN_PATH) else SUBMIT_PATH
