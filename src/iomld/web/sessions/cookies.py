"""Cookies of requests, and the cookie of a session: who has it, and who keeps it."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

_SESSION = "__Host-iomld-session"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"


def cookie_values(headers: Headers, name: str) -> tuple[str, ...]:
    """The values of the cookies with a name, in the order of the request.

    Browsers send whatever other servers of the host have set, so all between two semicolons is a cookie, of any
    characters (RFC 6265 sections 4.2.1 and 5.2).

    >>> cookie_values(Headers({"Cookie": 'prefs={"a b": 1}; lang=fr; lang'}), "lang")
    ('fr',)
    """
    pairs = (pair.partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
    return tuple(value.strip(" \t") for key, equals, value in pairs if equals and key.strip(" \t") == name)


def session_secret(headers: Headers) -> str:
    """The secret in the cookie of the session; empty if there is none, or several."""
    found = cookie_values(headers, _SESSION)
    return found[0] if len(found) == 1 else ""


def session_cookie(secret: str) -> dict[str, str]:
    """The header that gives a browser its session; without a secret, the one that takes it away.

    It has no end, so that the browser forgets it when it is closed.
    """
    return {"Set-Cookie": f"{_SESSION}={secret}; {_ATTRIBUTES}{'' if secret else '; Max-Age=0'}"}


def keeps_cookies(request: Request) -> bool:
    """Whether browsers keep the cookie that the answer to a request sets: over https, or from this very machine.

    Browsers trust the machine that they run on, also over http (https://w3c.github.io/webappsec-secure-contexts/).
    """
    return request.url.scheme == "https" or _is_loopback(request.headers.get("host", ""))


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False
