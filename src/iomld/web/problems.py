"""Error responses: `application/problem+json` (RFC 9457), or a page for browsers."""

import json
from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from iomld.formats.negotiate import choose
from iomld.iris import DEFAULT_BASE
from iomld.messages import Message, gettext_noop, message
from iomld.release import Release
from iomld.release.integrity import Damage
from iomld.web.i18n import gettext
from iomld.web.pages.frame import page_html

PROBLEM_JSON = "application/problem+json"
# Scripts of any site may read errors, which are the same for all users.
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-store",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}
# Titles by status; those of the standard library change with the version of Python.
_TITLES = {
    400: gettext_noop("Bad Request"),
    401: gettext_noop("Unauthorized"),
    403: gettext_noop("Forbidden"),
    404: gettext_noop("Not Found"),
    405: gettext_noop("Method Not Allowed"),
    406: gettext_noop("Not Acceptable"),
    409: gettext_noop("Conflict"),
    410: gettext_noop("Gone"),
    412: gettext_noop("Precondition Failed"),
    413: gettext_noop("Content Too Large"),
    414: gettext_noop("URI Too Long"),
    415: gettext_noop("Unsupported Media Type"),
    416: gettext_noop("Range Not Satisfiable"),
    422: gettext_noop("Unprocessable Content"),
    428: gettext_noop("Precondition Required"),
    429: gettext_noop("Too Many Requests"),
    500: gettext_noop("Internal Server Error"),
    503: gettext_noop("Service Unavailable"),
    507: gettext_noop("Insufficient Storage"),
}

_LONGEST_TYPE = 100  # characters that are repeated

# Parameters in lower case by which other services give the data of another time.
OF_OTHER_TIMES = frozenset({"asof", "release", "revision"})


class ProblemError(Exception):
    """A request that cannot be answered as asked; becomes the response `problem_of`.

    Attributes:
        status: HTTP status.
        kind: A short name of the type of problem.
        message: What is wrong and what to do; on pages in their language, for programs in English.
        headers: More headers of the response.
        onward: The words and the address of a link that the page shows; None for no link.
        extra: More members of the problem object.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: Message,
        *,
        headers: Mapping[str, str] | None = None,
        onward: tuple[Message, str] | None = None,
        **extra: object,
    ) -> None:
        """Set up.

        Args:
            status: HTTP status.
            kind: A short name of the type of problem, such as `query-timeout`; the end of its type IRI.
            message: A sentence that says what is wrong and what to do.
            headers: More headers of the response.
            onward: The words and the address of a link for the page.
            **extra: More members of the problem object.
        """
        super().__init__(str(message))
        self.status, self.kind, self.message = status, kind, message
        self.headers, self.extra = dict(headers or {}), extra
        self.onward = onward


def media_type_of(request: Request) -> str:
    """The media type of the body of a request, in lower case and without parameters; empty if it is not stated."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def unread_type(media_type: str, types: Iterable[str]) -> ProblemError:
    """The problem with a body of a type that a route does not read (415).

    Args:
        media_type: The type.
        types: Those that it reads.
    """
    detail = message(
        "'{type}' is not read here. Send one of {types}.", type=media_type[:_LONGEST_TYPE], types=", ".join(types)
    )
    return ProblemError(415, "media-type", detail)


def damaged_release(damage: Damage, release: Release) -> ProblemError:
    """The problem with a file of the release that is not as it was published."""
    name = release.manifest.name
    detail = message(
        "The release {release} is damaged. {fault} Whoever runs this server can copy the file back from a backup, "
        "or serve another release with iomld releases rollback.",
        release=name,
        fault=damage.message,
    )
    return ProblemError(503, "release-damaged", detail, file=damage.file, release=name)


def prefers_page(accept: str | None) -> bool:
    """Whether the client with this Accept header gets an error as a page."""
    return choose(accept, (PROBLEM_JSON, "text/html")) == "text/html"


def problem(
    status: int,
    title: str,
    detail: Message,
    *,
    kind: str = "",
    accept: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: object,
) -> Response:
    """An error response.

    Args:
        status: HTTP status.
        title: The type of problem in a few words, the same for all occurrences.
        detail: This occurrence, in a sentence that says what to do.
        kind: Name of the type of problem, the end of its type IRI; empty for `about:blank`.
        accept: The request's Accept header; if it prefers `text/html`, the response is a page.
        headers: More headers.
        **extra: More members of the problem object.
    """
    all_headers = _HEADERS | dict(headers or {})
    if prefers_page(accept):
        return _problem_page(status, title, detail, all_headers)
    type_ = f"{DEFAULT_BASE}problem/{kind}" if kind else "about:blank"
    members = {"type": type_, "title": title, "status": status, "detail": str(detail)} | extra
    return Response(json.dumps(members, ensure_ascii=False).encode(), status, all_headers, PROBLEM_JSON)


def problem_of(error: ProblemError, *, accept: str | None = None) -> Response:
    """The response for a `ProblemError`; its title is the status in words."""
    title = _TITLES.get(error.status) or HTTPStatus(error.status).phrase
    headers, extra = error.headers, error.extra
    if prefers_page(accept):
        return _problem_page(error.status, title, error.message, _HEADERS | headers, error.onward)
    return problem(error.status, title, error.message, kind=error.kind, accept=accept, headers=headers, **extra)


def _problem_page(
    status: int, title: str, detail: Message, headers: Mapping[str, str], onward: tuple[Message, str] | None = None
) -> Response:
    page = page_html(None, "problem.html", status=status, title=gettext(title), detail=detail, onward=onward)
    return Response(page, status, headers, "text/html")


def require_present(request: Request) -> None:
    """Check that no parameter asks for the data of another time where only those of today are served.

    Raises:
        ProblemError: One does.
    """
    require_supported(request.query_params)


def require_supported(names: Iterable[str], *, but: Collection[str] = ()) -> None:
    """Check that no parameter asks for the data of another time in a way that is not supported.

    Args:
        names: The names of the parameters.
        but: Those that are supported.

    Raises:
        ProblemError: One does.
    """
    for name in names:
        if name.lower() in OF_OTHER_TIMES and name not in but:
            detail = message(
                "The parameter “{name}” is not supported, and ignoring it would give the data of today. Remove it.",
                name=name,
            )
            raise ProblemError(400, "unknown-parameter", detail)
