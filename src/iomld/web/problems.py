"""Errors as answers: `application/problem+json` (RFC 9457), or a page for browsers."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from iomld.formats.negotiate import choose
from iomld.iris import DEFAULT_BASE
from iomld.web.templating import render
from iomld.web.told import told
from iomld.web.words import said

PROBLEM_JSON = "application/problem+json"
# Anybody's script may read our errors as well as our data; nothing here depends on who asks.
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-store",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}


class ProblemError(Exception):
    """A request has no answer; a face turns this into `problem`."""

    def __init__(
        self, status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: str | float
    ) -> None:
        """Say why.

        Args:
            status: HTTP status.
            kind: A short name of the sort of problem, `query-timeout`; part of its type IRI.
            detail: A sentence that says what is wrong and what to do.
            headers: More headers for the answer.
            **extra: More members of the problem object.
        """
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.headers, self.extra = dict(headers or {}), extra


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    kind: str = "",
    accept: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: str | float,
) -> Response:
    """An answer that says what went wrong.

    Args:
        status: HTTP status.
        title: The sort of problem in a few words, the same each time it occurs.
        detail: This occurrence, in a sentence that says what to do.
        kind: Name of the sort of problem, last part of its type IRI; empty for `about:blank`.
        accept: The request's Accept header; a page is given where it prefers `text/html`.
        headers: More headers.
        **extra: More members of the problem object.
    """
    all_headers = _HEADERS | dict(headers or {})
    if choose(accept, (PROBLEM_JSON, "text/html")) == "text/html":
        page = render("problem.html", status=status, title=said(title), told=told(detail))
        return Response(page, status, all_headers, "text/html")
    type_ = f"{DEFAULT_BASE}problem/{kind}" if kind else "about:blank"
    members = {"type": type_, "title": title, "status": status, "detail": detail} | extra
    return Response(json.dumps(members, ensure_ascii=False).encode(), status, all_headers, PROBLEM_JSON)


def problem_of(error: ProblemError, *, accept: str | None = None) -> Response:
    """The answer for a `ProblemError`; its title is the status in words."""
    title = HTTPStatus(error.status).phrase
    headers, extra = error.headers, error.extra
    return problem(error.status, title, error.detail, kind=error.kind, accept=accept, headers=headers, **extra)
