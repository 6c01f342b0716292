"""Pages of submissions: their list, one of them with its difference and what can be done with it, and its receipt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.check.translation import version_words
from iomld.errors import IomldError
from iomld.inbox.receipts import ReceiptEntry
from iomld.inbox.submissions import InboxRefusal, Submission, SubmissionState, SubmittedBody
from iomld.inbox.tokens import TokenScope
from iomld.web.data.upload import FORM_RECORD, FilledForm, MappingUpload, Rules, Upload, filled_form, form_record
from iomld.web.openapi import HTML
from iomld.web.pages.frame import SUBMIT_PAGE, page_html
from iomld.web.problems import ProblemError
from iomld.web.responses import answer
from iomld.web.sessions.access import SignedInUser
from iomld.web.sessions.forms import signed_form
from iomld.web.sessions.pages import page_of_user, see_other
from iomld.web.submissions.answers import refusal_problem
from iomld.web.submissions.desk import PreviewChangedError, SubmissionDesk
from iomld.web.submissions.previews import PreviewView, preview_view
from iomld.web.submissions.requests import rejection_reason, visible_submission
from iomld.web.submissions.submit_page import known_rules, submit_values

_PAGE_SIZE = 25
_SHOWN_KEYS = 4
_MOST_PAGES = 1000
LIST_PATH = "/submissions"


@dataclass(frozen=True, slots=True)
class ListedSubmission:
    """A row of the list.

    Attributes:
        submission: The submission.
        keys: The first projects that it is about.
        has_more: Whether it is about more.
        is_own: Whether the person who looks has sent it.
    """

    submission: Submission
    keys: tuple[str, ...]
    has_more: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class SubmissionList:
    """A page of the list, as `parts.html` pages through lists.

    Attributes:
        rows: The submissions.
        total: Number of all.
        page: Number of the page, from 1.
        state: The state that is chosen; None for all.
    """

    rows: tuple[ListedSubmission, ...]
    total: int
    page: int
    state: SubmissionState | None

    @property
    def pages(self) -> int:
        """Number of pages."""
        return max(1, -(-self.total // _PAGE_SIZE))


class SubmissionPages:
    """The pages for senders and reviewers who are signed in."""

    def __init__(self, desk: SubmissionDesk, view: Callable[[], ReleaseView]) -> None:
        """Set up.

        Args:
            desk: What is done with submissions.
            view: Gives the release that is served now, in the language of the page.
        """
        self._desk, self._view = desk, view

    async def listed(self, request: Request, state: SubmissionState | None, page: str) -> Response:
        """The list: of all submissions for reviewers, of their own for senders."""
        user = await self._desk.access.signed_in(request, *TokenScope)
        number = int(page) if page.isascii() and page.isdigit() and 0 < int(page[:9]) <= _MOST_PAGES else 1
        await run_in_threadpool(user.inbox.sweep, self._desk.access.now())
        found = await run_in_threadpool(_list, user, state, number)
        waiting = await run_in_threadpool(user.inbox.count, SubmissionState.PREVIEWED) if user.may_review else 0
        current = f"{LIST_PATH}?state={state}" if state else LIST_PATH
        return await page_of_user(
            self._view(),
            user,
            "submissions.html",
            SUBMIT_PAGE[0],
            listing=found,
            states=[one for one in SubmissionState if one is not SubmissionState.RECEIVED],
            waiting=waiting,
            current=current,
        )

    async def shown(self, request: Request, id_: str) -> Response:
        """A submission: its state, its difference, and what the person can do with it."""
        user = await self._desk.access.signed_in(request, *TokenScope)
        found = await run_in_threadpool(visible_submission, user.inbox, id_, user.token)
        return await self._page(user, found)

    async def accepted(self, request: Request, id_: str) -> Response:
        """The answer to the form that accepts the preview that it names."""
        user, form = await signed_form(request, self._desk.access, TokenScope.REVIEW)
        ticked = frozenset(text for text in form.getlist("removes") if isinstance(text, str))
        tag = form.get("preview")
        try:
            await self._desk.accept(request, user.inbox, id_, user.token, tags={str(tag)}, confirmed=ticked)
        except PreviewChangedError as error:
            return await self._page(user, error.submission, problem=error)
        except InboxRefusal as error:
            return await self._refused(user, id_, refusal_problem(error), ticked)
        except ProblemError as error:
            return await self._refused(user, id_, error, ticked)
        return see_other(f"{LIST_PATH}/{id_}")

    async def rejected(self, request: Request, id_: str) -> Response:
        """The answer to the form that rejects a submission with a reason."""
        user, form = await signed_form(request, self._desk.access, TokenScope.REVIEW)
        try:
            await self._desk.reject(user.inbox, id_, user.token, rejection_reason(form.get("reason")))
        except InboxRefusal as error:
            return await self._refused(user, id_, refusal_problem(error))
        except IomldError as error:  # of a reason with control characters
            return await self._refused(user, id_, ProblemError(400, "reason", error.message))
        except ProblemError as error:
            return await self._refused(user, id_, error)
        return see_other(f"{LIST_PATH}/{id_}")

    async def cancelled(self, request: Request, id_: str) -> Response:
        """The answer to the form with which the sender takes a submission back."""
        user, _ = await signed_form(request, self._desk.access, TokenScope.SUBMIT)
        try:
            await self._desk.cancel(user.inbox, id_, user.token)
        except InboxRefusal as error:
            return await self._refused(user, id_, refusal_problem(error))
        return see_other(f"{LIST_PATH}/{id_}")

    async def _refused(
        self, user: SignedInUser, id_: str, problem: ProblemError, ticked: frozenset[str] = frozenset()
    ) -> Response:
        """The page of a submission with the reason why nothing was decided. Raises 404 if there is no submission."""
        found = await run_in_threadpool(visible_submission, user.inbox, id_, user.token)
        return await self._page(user, found, problem=problem, ticked=ticked)

    async def _page(
        self,
        user: SignedInUser,
        found: Submission,
        *,
        problem: ProblemError | None = None,
        ticked: frozenset[str] = frozenset(),
    ) -> Response:
        view = self._view()
        is_open = found.state is SubmissionState.PREVIEWED
        is_own = found.token == user.token.id
        values: dict[str, Any] = {}
        if found.state is SubmissionState.INVALID:
            sent = await run_in_threadpool(user.inbox.body, found.id)
            form = _form_of(sent)
            values = submit_values(form) | {"text_shown": form.text}
        entries = await run_in_threadpool(user.inbox.receipt, found.id)
        waiting = await run_in_threadpool(user.inbox.count, SubmissionState.PREVIEWED) if user.may_review else 0
        preview = await run_in_threadpool(_preview, found, view, str(values.get("text_shown", "")))
        return await page_of_user(
            view,
            user,
            "submission.html",
            SUBMIT_PAGE[0],
            status=problem.status if problem else 200,
            headers=problem.headers if problem else {},
            **{"inputs": (), "is_record": False, "rules": known_rules(), "heading": "", "left_out": (), **values},
            submission=found,
            preview=preview,
            problem=problem,
            ticked=ticked,
            is_own=is_own,
            may_decide=is_open and user.may_review and (not is_own or user.token.allows_self),
            may_reject=is_open and user.may_review,
            may_cancel=is_open and is_own and user.may_submit,
            revisions=_revisions(entries),
            waiting=waiting,
        )


def receipt_page(
    request: Request, view: ReleaseView, submission: Submission, entries: Sequence[ReceiptEntry]
) -> Response:
    """The response with the page of a receipt, which anybody may read.

    Args:
        request: The request.
        view: The release.
        submission: The submission.
        entries: The entries of the receipt, oldest first.
    """
    page = page_html(
        view,
        "receipt.html",
        submission=submission,
        entries=[entry.values() | {"entrySha256": entry.sha256} for entry in entries],
        revisions=_revisions(entries),
        iri=view.iris.receipt(submission.id),
        version_words=version_words,
    )
    return answer(request, page, f"{HTML}; charset=utf-8", headers={"Vary": "Accept"})


def _list(user: SignedInUser, state: SubmissionState | None, page: int) -> SubmissionList:
    owner = None if user.may_review else user.token.id
    total = user.inbox.count(state, token=owner)
    found = user.inbox.submissions(state, token=owner, most=_PAGE_SIZE, skip=(page - 1) * _PAGE_SIZE)
    keys = user.inbox.projects([one.id for one in found], most=_SHOWN_KEYS + 1)
    rows = [
        ListedSubmission(one, keys[one.id][:_SHOWN_KEYS], len(keys[one.id]) > _SHOWN_KEYS, one.token == user.token.id)
        for one in found
    ]
    return SubmissionList(tuple(rows), total, page, state)


def _preview(found: Submission, view: ReleaseView, text: str) -> PreviewView | None:
    return preview_view(found.preview, view, text) if found.preview else None


def _form_of(sent: SubmittedBody) -> FilledForm:
    """The form with what was sent, to be mended; a record of the form of one record is in it again."""
    mapping = MappingUpload(sent.mapping_name, sent.mapping)
    filled = filled_form(Upload(FORM_RECORD, sent.data, Rules(), mapping=mapping, fields={"mode": sent.mode}))
    return filled if form_record(filled.record) == sent.data else replace(filled, record={})


def _revisions(entries: Sequence[ReceiptEntry]) -> tuple[str, ...]:
    """The IRIs of the revisions that a submission led to."""
    return tuple(entries[-1].values().get("revisions", ())) if entries else ()
