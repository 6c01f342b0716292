"""The route `/review/mentions`: mentions that wait for a review, and the form that decides about one of them."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import Response

from iomld.browse.mentions import has_mention, mention_page, recorded_decision
from iomld.browse.overview import matcher_precision
from iomld.browse.project.differences import field_label
from iomld.browse.view import ReleaseView, links_by_name
from iomld.inbox.decisions import published_decision
from iomld.inbox.submissions import InboxRefusal
from iomld.inbox.tokens import TokenScope
from iomld.messages import message
from iomld.model import ACCEPTED, REJECTED, UNREVIEWED
from iomld.review.reviews import DECISIONS
from iomld.web.client_budget import ClientQuotas, client_of
from iomld.web.openapi import HTML, no_text, operation_id, page_language_parameter, responses
from iomld.web.pages.frame import SUBMIT_PAGE
from iomld.web.problems import ProblemError
from iomld.web.responses import get_route
from iomld.web.sessions.access import InboxAccess, SignedInUser
from iomld.web.sessions.forms import FORM_TOKEN, form_body, signed_form
from iomld.web.sessions.pages import page_of_user, see_other
from iomld.web.submissions.answers import refusal_problem

PATH = "/review/mentions"
_TAG = "submissions"
_UNDO = "undo"
_STATUSES = (UNREVIEWED, ACCEPTED, REJECTED)
_LONGEST_KEY = 200
_FIELDS = FORM_TOKEN | {
    "mention": ("The key of the mention.", "W34-805:2cdb096f6158"),
    "decision": (f"One of {', '.join((*DECISIONS, _UNDO))}.", DECISIONS[0]),
}
_Review = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="The status of the mentions.",
        json_schema_extra={"enum": [*_STATUSES], "default": UNREVIEWED},
    ),
]
_After = Annotated[
    str,
    Query(default_factory=no_text, description="Key of the project after which the page begins.", examples=["PO.0105"]),
]


def mention_routes(access: InboxAccess, view: Callable[[], ReleaseView], quotas: ClientQuotas) -> APIRouter:
    """The routes.

    Args:
        access: The inbox, in which decisions wait for the next publication.
        view: Gives the release that is served now, in the language of the page.
        quotas: The seconds of work left to each client.
    """
    router = APIRouter()
    _add_list(router, access, view)
    _add_deciding(router, access, view, quotas)
    return router


def _add_list(router: APIRouter, access: InboxAccess, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        PATH,
        _TAG,
        "List mentions to review",
        responses({200: (HTML,)}, 400, 401, 403, 503),
        dependencies=[Depends(page_language_parameter)],
    )
    async def listed(request: Request, review: _Review, after: _After) -> Response:
        """Mentions that wait for a review, with their context, on a page for people who are signed in."""
        user = await access.signed_in(request, TokenScope.REVIEW)
        return await _page(user, view(), _status(review), after[:_LONGEST_KEY])


def _add_deciding(
    router: APIRouter, access: InboxAccess, view: Callable[[], ReleaseView], quotas: ClientQuotas
) -> None:
    @router.post(
        PATH,
        tags=[_TAG],
        summary="Accept or reject a mention",
        status_code=HTTPStatus.SEE_OTHER,
        response_class=Response,
        responses=responses({303: ()}, 400, 401, 403, 404, 409, 413, 415, 429, 503, 507),
        openapi_extra={"requestBody": form_body(_FIELDS)},
        generate_unique_id_function=operation_id,
    )
    async def decide(request: Request) -> Response:
        """Keep a decision about a mention until `iomld work` publishes it, or forget it before that."""
        quotas.require(client_of(request.scope))
        user, form = await signed_form(request, access, TokenScope.REVIEW)
        mention, decision = _text(form, "mention"), _text(form, "decision")
        if decision == _UNDO:
            try:
                await run_in_threadpool(_undo, user, view(), mention, _text(form, "review") or UNREVIEWED)
            except InboxRefusal as error:
                status = _status(_text(form, "review"))
                return await _page(user, view(), status, _text(form, "after"), refusal_problem(error))
        elif decision not in DECISIONS:
            names = ", ".join((*DECISIONS, _UNDO))
            detail = message("There is no decision '{name}'. Choose one of {names}.", name=decision[:40], names=names)
            raise ProblemError(400, "decision", detail)
        elif not await run_in_threadpool(has_mention, view(), mention):
            detail = message(
                "This mention is no longer published; its text has changed. Open the list again, and decide there."
            )
            raise ProblemError(404, "unknown-mention", detail)
        else:
            await run_in_threadpool(user.inbox.decisions.decide, mention, decision, access.now())
        return see_other(_address(form))


def _undo(user: SignedInUser, view: ReleaseView, mention: str, shown: str) -> None:
    """Forget a decision.

    Args:
        user: Who has decided.
        view: The release.
        mention: Name of the mention.
        shown: The status of the mention on the page that the form is of.

    Raises:
        InboxRefusal: The decision is published, or is being published.
    """
    if not user.inbox.decisions.undo(mention) and recorded_decision(view, mention) not in ("", shown):
        raise published_decision()


async def _page(
    user: SignedInUser, view: ReleaseView, status: str, after: str, problem: ProblemError | None = None
) -> Response:
    found = await run_in_threadpool(mention_page, view, status, after)
    codes = {row.mention.framework for row in found.rows}
    names = {link.code: link for link in links_by_name(view, (view.iris.concept("framework", one) for one in codes))}
    return await page_of_user(
        view,
        user,
        "mentions.html",
        SUBMIT_PAGE[0],
        status=problem.status if problem else 200,
        problem=problem,
        found=found,
        frameworks=names,
        decisions=await run_in_threadpool(user.inbox.decisions.waiting),
        precision=await run_in_threadpool(matcher_precision, view),
        chosen=status,
        fields={field: field_label(view, field) for field in {row.mention.field for row in found.rows}},
        statuses=_STATUSES,
        after=after,
        current=PATH,
    )


def _status(text: str) -> str:
    if text and text not in _STATUSES:
        names = ", ".join(_STATUSES)
        detail = message("There is no status of review '{name}'. Choose one of {names}.", name=text[:40], names=names)
        raise ProblemError(400, "review", detail)
    return text or UNREVIEWED


def _text(form: FormData, name: str) -> str:
    """A text of a form, cut to the length of a name; empty if it is missing."""
    value = form.get(name)
    return value[:_LONGEST_KEY] if isinstance(value, str) else ""


def _address(form: FormData) -> str:
    """The page that the form was on, at the mention that comes next."""
    given = {name: _text(form, name) for name in ("review", "after")}
    query = urlencode({name: text for name, text in given.items() if text})
    mention = _text(form, "next")
    fragment = f"#m-{quote(mention)}" if mention else ""
    return f"{PATH}{'?' if query else ''}{query}{fragment}"
