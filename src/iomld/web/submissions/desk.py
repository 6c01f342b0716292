"""What the routes of submissions do: preview and keep what is sent, and accept it if its preview still holds."""

import asyncio
import json
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from iomld.config import Settings
from iomld.fund_folder import FundFolder
from iomld.inbox.inbox import Inbox, InboxLimits, NewSubmission
from iomld.inbox.submissions import (
    InboxRefusal,
    RefusalKind,
    Submission,
    SubmissionPreview,
    SubmissionState,
    SubmittedBody,
    require_confirmed,
)
from iomld.inbox.tokens import AccessToken
from iomld.iris import Iris
from iomld.messages import message
from iomld.release import current_name, release_names
from iomld.web.client_budget import ClientQuotas, client_of
from iomld.web.problems import ProblemError
from iomld.web.sessions.access import InboxAccess
from iomld.web.submissions.previewer import Previewer
from iomld.web.submissions.requests import visible_submission

_ACCEPTED = frozenset({SubmissionState.ACCEPTED, SubmissionState.PUBLISHED})
_MOST_DECIDERS = 1000


class PreviewChangedError(ProblemError):
    """A submission is accepted with another preview than it has now.

    Attributes:
        submission: The submission with its preview.
    """

    def __init__(self, submission: Submission) -> None:
        """Create it for a submission."""
        detail = message(
            "What this submission would change is no longer what you saw, since something was published meanwhile or "
            "somebody else looked at it again. Nothing was accepted. Look at the new preview, and accept that."
        )
        super().__init__(412, "preview-changed", detail)
        self.submission = submission


class SubmissionDesk:
    """What the routes do; to be used from the event loop's thread."""

    def __init__(self, access: InboxAccess, previewer: Previewer, limits: InboxLimits, iris: Iris) -> None:
        """Set up.

        Args:
            access: The inbox.
            previewer: Previews submissions.
            limits: How much the inbox takes.
            iris: The IRIs under the base.
        """
        self.access, self.iris = access, iris
        self._previewer, self._limits = previewer, limits
        self._running: dict[tuple[str, str], asyncio.Event] = {}  # by token and key of requests that are under way
        self._deciding = asyncio.Lock()
        self._deciders: dict[str, str] = {}  # by submission the token that decided; receipts and the inbox name nobody

    async def stop(self) -> None:
        """End the workers and close the inbox."""
        await self._previewer.stop()
        self.access.close()

    async def preview(self, request: Request, body: SubmittedBody) -> SubmissionPreview:
        """The preview of what a request submits; the client is charged for it."""
        return await self._previewer.preview(body, client_of(request.scope))

    async def keep(
        self,
        request: Request,
        body: SubmittedBody,
        inbox: Inbox,
        token: AccessToken,
        key: str,
        *,
        waits: bool = False,
    ) -> tuple[Submission, bool]:
        """Preview and keep a submission; gives it, and whether it is new.

        Args:
            request: The request; its client is charged.
            body: What was sent.
            inbox: The inbox.
            token: The token that it was sent with.
            key: The idempotency key; empty if there is none.
            waits: Whether an equal request that is under way is waited for, as for somebody who has clicked twice.

        Raises:
            ProblemError: It cannot be read, or an equal request is under way.
            InboxRefusal: The inbox refuses it.
        """
        while key:
            if known := await run_in_threadpool(inbox.repeated, token.id, key, body.digest):
                return known, False
            under_way = self._running.get((token.id, key))
            if under_way is None:
                break
            if not waits:
                detail = message("A request with the same Idempotency-Key is under way. Wait for its answer.")
                raise ProblemError(409, "request-under-way", detail)
            await under_way.wait()
        done = asyncio.Event()
        if key:
            self._running[token.id, key] = done
        try:
            preview = await self.preview(request, body)
            stated = await run_in_threadpool(json.loads, preview.content)  # it can have megabytes
            facts = {"profile": stated["profile"], "versions": stated["versions"]}
            new = NewSubmission(token.id, body, preview, key, facts)
            return await run_in_threadpool(inbox.add, new, self.access.now(), self._limits)
        finally:
            self._running.pop((token.id, key), None)
            done.set()

    async def accept(
        self,
        request: Request,
        inbox: Inbox,
        id_: str,
        token: AccessToken,
        *,
        tags: Collection[str],
        confirmed: Collection[str],
    ) -> Submission:
        """Accept a submission, if its preview is one that the reviewer has seen.

        Args:
            request: The request; its client is charged.
            inbox: The inbox.
            id_: Name of the submission.
            token: The token of the reviewer.
            tags: The tags of the previews that the reviewer accepts.
            confirmed: The names of the values that are to vanish.

        Returns:
            The submission; the same if the owner of the token has accepted this preview before, as by a double click.

        Raises:
            PreviewChangedError: Its preview is another one now.
            ProblemError: The owner of the token has sent the submission (403).
            InboxRefusal: There is no such submission, it is decided, or values would vanish that are not named.
        """
        now = self.access.now()
        await run_in_threadpool(inbox.sweep, now)
        found = await self._current(request, inbox, await run_in_threadpool(inbox.submission, id_))
        if found.token == token.id and not token.allows_self:
            detail = message("Somebody else must accept what was sent with this token.")
            raise ProblemError(403, "own-submission", detail)
        if found.state is SubmissionState.PREVIEWED and found.tag not in tags:
            raise PreviewChangedError(found)
        if found.state is SubmissionState.PREVIEWED:
            require_confirmed(found, confirmed)
        try:
            accept = partial(inbox.accept, id_, found.tag, now)
            return await self._decide(inbox, id_, token, accept, lambda one: one.state in _ACCEPTED and one.tag in tags)
        except InboxRefusal as error:
            if error.kind is not RefusalKind.CHANGED:
                raise
            raise PreviewChangedError(await run_in_threadpool(inbox.submission, id_)) from error

    async def reject(self, inbox: Inbox, id_: str, token: AccessToken, reason: str) -> Submission:
        """Reject a submission with a reason; doing that twice with the same reason is doing it once.

        Raises:
            InboxRefusal: There is no such submission, or it is decided.
            IomldError: The reason has control characters.
        """
        now = self.access.now()
        reject = partial(inbox.move, id_, SubmissionState.REJECTED, now, reason=reason)
        return await self._decide(
            inbox, id_, token, reject, lambda one: one.state is SubmissionState.REJECTED and one.reason == reason
        )

    async def cancel(self, inbox: Inbox, id_: str, token: AccessToken) -> Submission:
        """Take back a submission that was sent with a token; doing that twice is doing it once.

        Raises:
            ProblemError: It was sent with another token (403).
            InboxRefusal: There is no such submission, or it is decided.
        """
        found = await run_in_threadpool(visible_submission, inbox, id_, token)
        if found.token != token.id:
            detail = message("Only the sender can cancel a submission. A reviewer rejects it.")
            raise ProblemError(403, "other-submission", detail)
        now = self.access.now()
        cancel = partial(inbox.move, id_, SubmissionState.CANCELLED, now)
        return await self._decide(inbox, id_, token, cancel, lambda one: one.state is SubmissionState.CANCELLED)

    async def _decide(
        self,
        inbox: Inbox,
        id_: str,
        token: AccessToken,
        decide: Callable[[], Submission],
        is_done: Callable[[Submission], bool],
    ) -> Submission:
        """Decide about a submission; a repetition by the same token, which the inbox refuses, gives what was decided.

        Args:
            inbox: The inbox.
            id_: Name of the submission.
            token: The token.
            decide: Changes the state.
            is_done: Whether a submission is as this decision leaves it.
        """
        async with self._deciding:
            try:
                done = await run_in_threadpool(decide)
            except InboxRefusal as error:
                if error.kind is not RefusalKind.STATE or self._deciders.get(id_) != token.id:
                    raise
                found = await run_in_threadpool(inbox.submission, id_)
                if not is_done(found):
                    raise
                return found
            if len(self._deciders) >= _MOST_DECIDERS:
                del self._deciders[next(iter(self._deciders))]
            self._deciders[id_] = token.id
            return done

    async def _current(self, request: Request, inbox: Inbox, found: Submission) -> Submission:
        """A submission with a preview against the release that is served now."""
        if found.state is not SubmissionState.PREVIEWED:
            return found
        if (await run_in_threadpool(json.loads, found.preview))["release"] == self._previewer.release:
            return found
        body = await run_in_threadpool(inbox.body, found.id)
        preview = await self.preview(request, body)
        return await run_in_threadpool(inbox.renew, found.id, preview, self.access.now())


def open_desk(
    datadir: Path, settings: Settings, release: Callable[[], tuple[str, FundFolder]], quotas: ClientQuotas
) -> SubmissionDesk:
    """What the routes do for a folder of releases.

    Args:
        datadir: The folder.
        settings: All settings.
        release: Gives the name of the release that is served, and its fund folder.
        quotas: The seconds of work left to each client.
    """

    def newest() -> tuple[str, FundFolder]:
        """The release that was published last, even if the server has not taken it up yet."""
        name, fund = release()
        current = current_name(datadir)
        return (current if current and current in release_names(datadir) else name), fund

    limits = InboxLimits(total_bytes=settings.inbox_bytes, daily=settings.daily_submissions)
    previewer = Previewer(datadir, settings, newest, quotas)
    return SubmissionDesk(InboxAccess(datadir), previewer, limits, Iris(settings.base_iri))
