"""The language of a response: by `?lang=`, which a cookie remembers for pages, otherwise by Accept-Language.

Accept-Language is read as RFC 9110 section 12.5.4 says. Only pages use the cookie; data has no language.
"""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iomld.i18n import ENGLISH, LANGUAGES
from iomld.messages import message
from iomld.web.i18n import LANGUAGE_PARAMETER, PageRequest, making
from iomld.web.problems import ProblemError
from iomld.web.sessions.cookies import cookie_values

_RANGE = re.compile(r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[qQ]\s*=\s*([01](?:[.][0-9]{0,3})?)\s*)?")
_COOKIE_ATTRIBUTES = "Path=/; Max-Age=31536000; SameSite=Lax"


def answer_language(request: Request, name: str | None) -> str:
    """The language that a client requests.

    Args:
        request: The request.
        name: The language that a form or `?lang=` names; None if neither does.

    Raises:
        ProblemError: The name is not one of our languages. An unknown language in the header gives English.
    """
    if name is None:
        return preferred_language(request.headers.get("accept-language"))
    if name.lower() not in LANGUAGES:
        names = ", ".join(LANGUAGES)
        detail = message("The language '{name}' is not available. Choose one of {names}.", name=name[:40], names=names)
        raise ProblemError(400, "language", detail)
    return name.lower()


def language_headers(language: str) -> dict[str, str]:
    """The headers of a response whose language depends on Accept-Language."""
    return {"Content-Language": language, "Vary": "Accept, Accept-Language"}


def preferred_language(header: str | None) -> str:
    """The one of our languages that a header prefers; English if several are equal, or if it accepts none.

    A range counts for its primary language (`fr-CH` gives French, RFC 4647 section 3.4), and `*` for all others.

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
    """Sets the language for pages, and remembers a choice in a cookie; other responses stay unchanged."""

    def __init__(self, app: ASGIApp, takes_submissions: Callable[[], bool] = bool) -> None:
        """Wrap an application.

        Args:
            app: The application.
            takes_submissions: Whether the server has an inbox now; pages say so in their menu.
        """
        self._app, self._takes_submissions = app, takes_submissions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chosen = _chosen(scope["query_string"])
        request = Headers(scope=scope)
        remembered = chosen or _known(cookie_values(request, LANGUAGE_PARAMETER))
        language = remembered or preferred_language(request.get("accept-language"))

        async def send_with_language(event: Message) -> None:
            if event["type"] == "http.response.start":
                _mark_page(event, language, chosen)
            await send(event)

        path = scope.get("raw_path", b"/").decode("latin-1")
        query = scope["query_string"].decode("latin-1") if scope["method"] in {"GET", "HEAD"} else ""
        with making(PageRequest(language, path, query, self._takes_submissions())):
            await self._app(scope, receive, send_with_language)


def _mark_page(start: Message, language: str, chosen: str | None) -> None:
    """Add the headers Content-Language and Vary to a page, and the cookie if a language was chosen."""
    headers = MutableHeaders(scope=start)
    if not (headers.get("content-type", "").startswith("text/html") or _is_page_not_modified(start, headers)):
        return
    headers.setdefault("Content-Language", language)
    present = headers.get("vary", "").split(", ")
    for name in ("Accept-Language", "Cookie"):
        if name not in present:
            headers.add_vary_header(name)
    if chosen:
        headers.append("Set-Cookie", f"{LANGUAGE_PARAMETER}={chosen}; {_COOKIE_ATTRIBUTES}")


def _is_page_not_modified(start: Message, headers: Headers) -> bool:
    """Whether a response is the 304 of a page: it has no Content-Type, but a language."""
    return start["status"] == HTTPStatus.NOT_MODIFIED and "content-language" in headers


def _chosen(query: bytes) -> str | None:
    """The language that `?lang=` names; None if it is not one of ours."""
    return _known(parse_qs(query.decode("latin-1")).get(LANGUAGE_PARAMETER, ()))


def _known(names: Iterable[str]) -> str | None:
    return next((name.lower() for name in names if name.lower() in LANGUAGES), None)
