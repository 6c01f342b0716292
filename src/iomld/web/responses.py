"""Responses that clients may cache (entity tags, 304, HEAD: RFC 9110), and routes for GET and HEAD."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any, TypedDict, Unpack

from fastapi import APIRouter, Request
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.responses import Response

from iomld.web.client_budget import metered
from iomld.web.conditional import http_date, is_not_modified, weak_etag
from iomld.web.i18n import page_language
from iomld.web.openapi import PAGE, Responses, operation_id, page_language_parameter, responses
from iomld.web.problems import require_present

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",  # cache it, but validate it before each use
    "X-Content-Type-Options": "nosniff",
}

# What a client without budget may still do: take the whole dataset, and ask whether the server is well.
_NO_BUDGET = responses({}, 429)
_REFUSED = responses({}, 400)
_FREE_TAGS = frozenset({"dataset", "operations"})


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    headers: Mapping[str, str] | None = None,
    modified: datetime | None = None,
) -> Response:
    """The response with a representation, or 304 if the client has it already.

    Args:
        request: The request, for its method and conditions.
        body: The representation; its hash becomes the entity tag.
        media_type: Its media type, with a charset if it has one.
        headers: More headers.
        modified: When the content last changed, if known.
    """
    etag = weak_etag(media_type.encode() + b" " + body)
    all_headers = _HEADERS | {"ETag": etag} | dict(headers or {})
    if media_type.startswith("text/html"):
        all_headers.setdefault("Content-Language", page_language())
    if modified:
        all_headers["Last-Modified"] = http_date(modified)
    if is_not_modified(request.headers, etag, modified):
        return Response(status_code=304, headers=all_headers)
    all_headers |= {"Content-Type": media_type, "Content-Length": str(len(body))}
    return Response(b"" if request.method == "HEAD" else body, headers=all_headers)


class RouteOptions(TypedDict, total=False):
    """More options of a route, with FastAPI's names."""

    status_code: int
    dependencies: Sequence[Depends]
    openapi_extra: dict[str, Any]


def get_route(
    router: APIRouter, path: str, tag: str, summary: str, answers: Responses, **more: Unpack[RouteOptions]
) -> Callable[[Callable[..., Response | Awaitable[Response]]], None]:
    """Register a function for GET, and for HEAD, which the API description leaves out.

    What is no coroutine runs in a thread and is charged to the client, except for files and operations.

    Args:
        router: The router to add it to.
        path: The template of its path.
        tag: The name of one of `iomld.web.openapi.TAGS`.
        summary: What it does, without a full stop; the docstring of the function is the longer description.
        answers: Its statuses and media types.
        **more: More options.
    """

    def register(function: Callable[..., Response | Awaitable[Response]]) -> None:
        is_free = tag in _FREE_TAGS or iscoroutinefunction(function)
        router.add_api_route(
            path,
            function if is_free else metered(function),
            methods=["GET"],
            tags=[tag],
            summary=summary,
            responses=answers if is_free else answers | _NO_BUDGET,
            response_class=Response,
            generate_unique_id_function=operation_id,
            **more,
        )
        # Most of the time in which a server starts goes into analysing parameters, so HEAD takes those of GET.
        route = router.routes[-1]
        assert isinstance(route, APIRoute)  # noqa: S101  # it was added just now
        head = copy(route)
        head.methods, head.include_in_schema = {"HEAD"}, False
        router.routes.append(head)

    return register


def page_route(
    router: APIRouter, path: str, tag: str, summary: str, answers: Responses = PAGE
) -> Callable[[Callable[..., Response | Awaitable[Response]]], None]:
    """Register the function of a page, which has the parameter `lang`, and no other time than now."""
    dependencies = [Depends(page_language_parameter), Depends(require_present)]
    return get_route(router, path, tag, summary, answers | _REFUSED, dependencies=dependencies)
