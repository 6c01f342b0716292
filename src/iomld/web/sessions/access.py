"""The inbox of a server, and who uses it: programs by a token, people by the cookie of a session.

A program sends its token with each request. A browser sends cookies by itself, even if another site told it to ask; so
the cookie counts for pages alone, and what a form changes needs more (`iomld.web.sessions.forms`).
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from iomld.inbox.database import has_inbox
from iomld.inbox.inbox import Inbox
from iomld.inbox.tokens import AccessToken, TokenScope
from iomld.messages import message
from iomld.web.problems import ProblemError, prefers_page
from iomld.web.sessions.cookies import session_secret

_BEARER = "bearer"
SIGN_IN_PATH = "/sign-in"


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """A person who is signed in.

    Attributes:
        inbox: The inbox.
        token: The token that the person signed in with.
        secret: The secret of the session, as the cookie has it.
    """

    inbox: Inbox
    token: AccessToken
    secret: str

    @property
    def name(self) -> str:
        """What the operator calls the token."""
        return self.token.name

    @property
    def form_token(self) -> str:
        """What forms of this session hold, and other sites cannot know (a token against CSRF)."""
        return hmac.new(self.secret.encode(), b"form", hashlib.sha256).hexdigest()

    @property
    def may_submit(self) -> bool:
        """Whether the person may send records."""
        return TokenScope.SUBMIT in self.token.scopes

    @property
    def may_review(self) -> bool:
        """Whether the person may accept and reject what others send."""
        return TokenScope.REVIEW in self.token.scopes


class InboxAccess:
    """The inbox of a folder, opened with the first valid request; no request makes one, so a server without has none.

    Attributes:
        now: Gives the time now.
    """

    def __init__(self, datadir: Path, now: Callable[[], datetime] = utc_now) -> None:
        """Begin with the inbox closed."""
        self._datadir, self.now = datadir, now
        self._inbox: Inbox | None = None
        self._lock = Lock()

    def opened(self) -> Inbox | None:
        """The inbox; None if the folder has none.

        Raises:
            StoreError: It cannot be opened.
        """
        with self._lock:
            if self._inbox is None and has_inbox(self._datadir):
                self._inbox = Inbox(self._datadir)
            return self._inbox

    def close(self) -> None:
        """Close the inbox."""
        with self._lock:
            inbox, self._inbox = self._inbox, None
            if inbox:
                inbox.close()

    async def authorized(self, request: Request, *scopes: TokenScope) -> tuple[Inbox, AccessToken]:
        """The inbox and the token of a request; cookies do not count.

        Args:
            request: The request, with `Authorization: Bearer TOKEN` (RFC 6750).
            scopes: Scopes of which the token must have one.

        Raises:
            ProblemError: There is no valid token (401), or it is for something else (403).
        """
        given = request.headers.getlist("authorization")
        scheme, _, text = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != _BEARER:
            raise _unauthorized('Bearer realm="iomld"')
        inbox = await run_in_threadpool(self.opened)
        token = await run_in_threadpool(inbox.tokens.find, text.strip(), self.now()) if inbox else None
        if inbox is None or token is None:
            raise _unauthorized('Bearer realm="iomld", error="invalid_token"')
        _require_scope(token, scopes)
        return inbox, token

    async def user(self, request: Request) -> SignedInUser | None:
        """The person who is signed in by the cookie of a request; None if nobody is."""
        secret = session_secret(request.headers)
        inbox = await run_in_threadpool(self.opened) if secret else None
        token = await run_in_threadpool(inbox.sessions.find, secret, self.now()) if inbox else None
        return SignedInUser(inbox, token, secret) if inbox and token else None

    async def signed_in(self, request: Request, *scopes: TokenScope) -> SignedInUser:
        """The person who is signed in.

        Args:
            request: The request.
            scopes: Scopes of which the person's token must have one.

        Raises:
            ProblemError: Nobody is signed in (401), or with a token for something else (403).
        """
        user = await self.user(request)
        if user is None:
            raise _signed_out(request)
        _require_scope(user.token, scopes)
        return user

    async def reader(self, request: Request, *scopes: TokenScope) -> tuple[Inbox, AccessToken]:
        """The inbox and the token of a request that changes nothing: of a program, or of a browser (by its cookie).

        Raises:
            ProblemError: There is no valid token or session (401), or it is for something else (403).
        """
        if is_for_people(request):
            user = await self.signed_in(request, *scopes)
            return user.inbox, user.token
        return await self.authorized(request, *scopes)

    async def require_inbox(self) -> Inbox:
        """The inbox.

        Raises:
            ProblemError: The server has none (404).
        """
        inbox = await run_in_threadpool(self.opened)
        if inbox is None:
            detail = message(
                "This server takes no submissions. Whoever runs it can make an inbox with 'iomld token create'."
            )
            raise ProblemError(404, "no-inbox", detail)
        return inbox


def is_for_people(request: Request) -> bool:
    """Whether the answer is a page: a browser asks, and there is no token, beside which no cookie would count."""
    return "authorization" not in request.headers and prefers_page(request.headers.get("accept"))


def _require_scope(token: AccessToken, scopes: tuple[TokenScope, ...]) -> None:
    if token.scopes.isdisjoint(scopes):
        detail = message("This token is not for that. It needs the scope {scopes}.", scopes=" or ".join(sorted(scopes)))
        challenge = {"WWW-Authenticate": 'Bearer realm="iomld", error="insufficient_scope"'}
        raise ProblemError(403, "token-scope", detail, headers=challenge)


def _unauthorized(challenge: str) -> ProblemError:
    detail = message(
        "Send a valid token in the header Authorization: Bearer TOKEN. Whoever runs this server makes tokens with "
        "'iomld token create'."
    )
    return ProblemError(401, "token", detail, headers={"WWW-Authenticate": challenge})


def _signed_out(request: Request) -> ProblemError:
    """The problem with a page that only people who are signed in may see.

    A link in a mail is followed without the cookie (SameSite=Strict); the page to sign in then leads on by itself.
    """
    path = request.url.path if request.method in {"GET", "HEAD"} else "/submissions"
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    return ProblemError(
        401,
        "signed-out",
        message("You are not signed in, or no longer. Sign in, then send again what you were about to send."),
        headers={"WWW-Authenticate": 'Bearer realm="iomld"'},
        onward=(message("Sign in"), f"{SIGN_IN_PATH}?next={quote(path + query, safe='')}"),
    )
