"""The page on which people send records: a form, what the records would change, and why something was not sent."""

import secrets
from collections.abc import Callable

from fastapi import Request
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.inbox.submissions import InboxRefusal, Submission, SubmissionPreview
from iomld.inbox.tokens import TokenScope
from iomld.messages import Message, message
from iomld.model import Finding, Place, Severity
from iomld.validate import all_rules
from iomld.validate.reading_rules import READING_RULES
from iomld.web.data.upload import PASTED, FilledForm, Upload, UploadError, filled_form, read_upload
from iomld.web.data.upload_workers import CheckError
from iomld.web.i18n import current_page, gettext
from iomld.web.pages.frame import SUBMIT_PAGE
from iomld.web.pages.report_rows import SourceLine, source_lines
from iomld.web.pages.validate import form_texts, record_inputs
from iomld.web.problems import ProblemError
from iomld.web.sessions.access import SignedInUser
from iomld.web.sessions.forms import FORM_FIELD, require_form_token, require_same_origin
from iomld.web.sessions.pages import page_of_user, see_other
from iomld.web.submissions.answers import refusal_problem
from iomld.web.submissions.desk import SubmissionDesk
from iomld.web.submissions.previews import preview_view
from iomld.web.submissions.requests import is_dry_run, merge_mode, submitted_body


class SubmitPage:
    """The page to send records with."""

    def __init__(self, desk: SubmissionDesk, view: Callable[[], ReleaseView], *, max_bytes: int) -> None:
        """Set up.

        Args:
            desk: What is done with records.
            view: Gives the release that is served now, in the language of the page.
            max_bytes: Largest submission.
        """
        self._desk, self._view, self._max_bytes = desk, view, max_bytes

    async def form(self, request: Request) -> Response:
        """The empty page. Raises 404 if the server has no inbox."""
        await self._desk.access.require_inbox()
        return await self._page(await self._desk.access.user(request), FilledForm())

    async def sent(self, request: Request) -> Response:
        """The answer to the form: what would change, the submission that was kept, or why it was not.

        Raises:
            ProblemError: Another site sent the form (403), or it cannot be read as a form (400, 413).
        """
        require_same_origin(request)
        await self._desk.access.require_inbox()
        user = await self._desk.access.user(request)
        try:
            upload = await read_upload(request, self._max_bytes, shapes="", engine="")
        except UploadError as error:
            return await self._page(user, error.form, problem=error)
        try:
            if is_dry_run(_option(request, upload, "dry_run")):
                body = submitted_body(upload, merge_mode(_option(request, upload, "mode")))
                preview = await self._desk.preview(request, body)
                return await self._page(user, filled_form(upload), preview=preview)
            submission = await self._keep(request, upload)
        except InboxRefusal as error:
            return await self._page(user, filled_form(upload), problem=refusal_problem(error))
        except ProblemError as error:
            return await self._page(user, filled_form(upload), problem=error)
        return see_other(f"/submissions/{submission.id}")

    async def _keep(self, request: Request, upload: Upload) -> Submission:
        """The submission with what was sent: a new one, or the one that an equal form of the same page made."""
        user = await self._desk.access.signed_in(request, TokenScope.SUBMIT)
        require_form_token(user, upload.fields.get(FORM_FIELD))
        body = submitted_body(upload, merge_mode(_option(request, upload, "mode")))
        key = f"page {upload.fields.get('key', '')[:80]} {body.digest}"
        submission, _ = await self._desk.keep(request, body, user.inbox, user.token, key, waits=True)
        return submission

    async def _page(
        self,
        user: SignedInUser | None,
        form: FilledForm,
        *,
        problem: ProblemError | None = None,
        preview: SubmissionPreview | None = None,
    ) -> Response:
        view = self._view()
        text = form.text
        values: dict[str, object] = submit_values(form)
        values |= {
            "problem": _of_pasted(problem, form.name) if problem else None,
            "lines": _fault_lines(problem, form),
            "preview": preview_view(preview.content, view, text) if preview else None,
        }
        status, headers = (problem.status, problem.headers) if problem else (200, {})
        return await page_of_user(view, user, "submit.html", SUBMIT_PAGE[0], status=status, headers=headers, **values)


def submit_values(form: FilledForm) -> dict[str, object]:
    """What the template of the form gets, besides who is signed in.

    Args:
        form: What the form is filled in with.
    """
    return {
        **form_texts(form),
        "inputs": record_inputs(current_page().language, form.record),
        "is_record": bool(form.record),
        "mode": form.fields.get("mode", ""),
        "key": form.fields.get("key") or secrets.token_hex(16),
        "heading": gettext(PASTED) if form.name == PASTED else form.name,
        "rules": known_rules(),
    }


def known_rules() -> frozenset[str]:
    """The names of the rules that the page of rules explains."""
    return frozenset({rule.id for rule in all_rules()} | {rule.id for rule in READING_RULES})


def _option(request: Request, upload: Upload, name: str) -> str | None:
    """A choice in a field of the form, or in the address; None if it is in neither."""
    return upload.fields.get(name, request.query_params.get(name))


def _of_pasted(problem: ProblemError, name: str) -> ProblemError:
    """A problem that names pasted text as such."""
    if name != PASTED or "file" not in problem.message.values:
        return problem
    values = {**problem.message.values, "file": message("Pasted text")}
    return ProblemError(problem.status, problem.kind, Message(problem.message.id, values))


def _fault_lines(problem: ProblemError | None, form: FilledForm) -> tuple[SourceLine, ...]:
    """The line because of which the records cannot be read, with those around it."""
    if not isinstance(problem, CheckError) or problem.line is None:
        return ()
    place = Place(form.name, problem.line, problem.column)
    return tuple(source_lines(form.text, [Finding(problem.kind, Severity.VIOLATION, problem.message, place=place)]))
