"""The language of a request: by `?lang=`, which a cookie keeps for pages, else by Accept-Language.

RFC 9110 section 12.5.4 says how Accept-Language is read. Only pages follow the cookie; data has no language.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iomld.i18n import ENGLISH, LANGUAGES
from iomld.messages import message
from iomld.web.i18n import LANGUAGE_PARAMETER, PageRequest, making
from iomld.web.problems import ProblemError

_RANGE = re.compile(r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[qQ]\s*=\s*([01](?:[.][0-9]{0,3})?)\s*)?")
_COOKIE_ATTRIBUTES = "Path=/; Max-Age=31536000; SameSite=Lax"


def answer_language(request: Request, name: str | None) -> str:
    """The language that a client asks for.

    Args:
        request: The request.
        name: The language that a form or `?lang=` names; None if neither does.

    Raises:
        ProblemError: The name is not one of our languages. A header never fails: English is then given.
    """
    if name is None:
        return preferred_language(request.headers.get("accept-language"))
    if name.lower() not in LANGUAGES:
        names = ", ".join(LANGUAGES)
        detail = message("There is no language '{name}'. Ask for one of {names}.", name=name[:40], names=names)
        raise ProblemError(400, "language", detail)
    return name.lower()


def language_headers(language: str) -> dict[str, str]:
    """What an answer says of its language."""
    return {"Content-Language": language, "Vary": "Accept, Accept-Language"}


def preferred_language(header: str | None) -> str:
    """The language of ours that a header likes best; English at a tie, and where it likes none.

    A range names a language with all that is under it (`fr-CH` gives French, RFC 4647 section 3.4), `*` all others.

    Args:
        header: Value of Accept-Language; None if the client sent none.

    >>> preferred_language("de, fr-CH;q=0.8, en;q=0.5")
    'fr'
    """
    qualities: dict[str, float] = {}
    for element in (header or "").split(","):
        match = _RANGE.fullmatch(element)
        if match:
            name = match[1].lower().partition("-")[0]
            qualities[name] = max(min(float(match[2] or 1), 1.0), qualities.get(name, 0.0))
    others = qualities.get("*", 0.0)
    best = max(LANGUAGES, key=lambda language: qualities.get(language, others))
    return best if qualities.get(best, others) > 0 else ENGLISH


class LanguageMiddleware:
    """Makes each page in the language of its request and keeps a choice; answers that are no pages stay as they are."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application that makes the pages."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chosen = _chosen(scope["query_string"])
        sent = Headers(scope=scope)
        language = chosen or _kept(sent.getlist("cookie")) or preferred_language(sent.get("accept-language"))

        async def send_with_language(event: Message) -> None:
            if event["type"] == "http.response.start":
                _mark_page(event, language, chosen)
            await send(event)

        path = scope.get("raw_path", b"/").decode("latin-1")
        query = scope["query_string"].decode("latin-1") if scope["method"] in {"GET", "HEAD"} else ""
        with making(PageRequest(language, path, query)):
            await self._app(scope, receive, send_with_language)


def _mark_page(start: Message, language: str, chosen: str | None) -> None:
    """Add to the head of a page its language, what it varies by, and the cookie of a choice."""
    headers = MutableHeaders(scope=start)
    if not (headers.get("content-type", "").startswith("text/html") or _is_known_page(start, headers)):
        return
    headers.setdefault("Content-Language", language)
    known = headers.get("vary", "").split(", ")
    for name in ("Accept-Language", "Cookie"):
        if name not in known:
            headers.add_vary_header(name)
    if chosen:
        headers.append("Set-Cookie", f"{LANGUAGE_PARAMETER}={chosen}; {_COOKIE_ATTRIBUTES}")


def _is_known_page(start: Message, headers: Headers) -> bool:
    """Whether a 304 stands for a page: what has no body tells its language, but not its type."""
    return start["status"] == HTTPStatus.NOT_MODIFIED and "content-language" in headers


def _chosen(query: bytes) -> str | None:
    """The language that `?lang=` names; None for one that we do not have."""
    return _known(parse_qs(query.decode("latin-1")).get(LANGUAGE_PARAMETER, ()))


def _kept(cookies: Iterable[str]) -> str | None:
    """The language that was chosen before."""
    for text in cookies:
        try:
            morsel = SimpleCookie(text).get(LANGUAGE_PARAMETER)
        except CookieError:
            continue
        if morsel and (language := _known([morsel.value])):
            return language
    return None


def _known(names: Iterable[str]) -> str | None:
    return next((name.lower() for name in names if name.lower() in LANGUAGES), None)
