"""The language of pages: chosen by `?lang=` and kept in a cookie, else by the cookie, else by Accept-Language."""

from collections.abc import Iterable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iomld.i18n import LANGUAGES
from iomld.web.language import preferred_language
from iomld.web.words import LANGUAGE_PARAMETER, Asked, asked

_KEPT = "Path=/; Max-Age=31536000; SameSite=Lax"


class LanguageChoice:
    """Makes each page in the language of who asks, and keeps a choice; answers that are no pages stay as they are."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application that makes the pages."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chosen = _chosen(scope["query_string"])

        async def send_with_choice(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html") or _is_known_page(message, headers):
                    headers.setdefault("Content-Language", language)
                    known = headers.get("vary", "").split(", ")
                    for name in ("Accept-Language", "Cookie"):
                        if name not in known:
                            headers.add_vary_header(name)
                    if chosen:
                        headers.append("Set-Cookie", f"{LANGUAGE_PARAMETER}={chosen}; {_KEPT}")
            await send(message)

        sent = Headers(scope=scope)
        language = chosen or _kept(sent.getlist("cookie")) or preferred_language(sent.get("accept-language"))
        path = scope.get("raw_path", b"/").decode("latin-1")
        query = scope["query_string"].decode("latin-1") if scope["method"] in {"GET", "HEAD"} else ""
        with asked(Asked(language, path, query)):
            await self._app(scope, receive, send_with_choice)


def _is_known_page(message: Message, headers: Headers) -> bool:
    """Whether a 304 stands for a page: what has no body tells its language, but not its type."""
    return message["status"] == HTTPStatus.NOT_MODIFIED and "content-language" in headers


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
