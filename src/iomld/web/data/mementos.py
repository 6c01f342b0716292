"""The routes of Memento (RFC 7089, pattern 2.1) for the records of projects: `/timegate/…` and `/timemap/…`.

The states of a document are the revisions of the record. The TimeGate has an address of its own, so that answers at the
document do not vary by Accept-Datetime.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from operator import attrgetter
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from iomld.browse.project.revisions import RevisionTime, newest_revision, revision_times
from iomld.browse.view import ReleaseView
from iomld.messages import message
from iomld.web.conditional import http_date
from iomld.web.data.documents import encoded_path, split_suffix
from iomld.web.data.parameters import CODED
from iomld.web.links import LINK_FORMAT, WebLink, history_links, link_format_bytes, link_header, server_address
from iomld.web.openapi import operation_id, responses, sample
from iomld.web.problems import ProblemError, require_present
from iomld.web.responses import answer, get_route
from iomld.web.sparql.exchange import preflight_headers

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The one form that RFC 7089 allows; the parser of the standard library reads others too, and 0000 as 2000.
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) "
    rf"({'|'.join(_MONTHS)}) ([0-9]{{4}}) ([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}}) GMT"
)
_SHOWN = 60  # characters of a date in a message
_VARY = {"Vary": "accept-datetime"}
_REFUSED_VARY = {"Vary": "Accept, accept-datetime"}
_CREATED = attrgetter("created")
_TIMEGATE = "/timegate/doc/project/{name:path}"
_Project = Annotated[str, Path(description=CODED, openapi_examples=sample("PO.0105"))]


def memento_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """The routes.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    _timegate_route(router, view)
    _preflight_route(router)
    _timemap_route(router, view)
    return router


def _timegate_route(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        _TIMEGATE,
        "records",
        "Redirect to the revision of a project that was current at a time",
        responses({302: ()}, 400, 404, 503),
        status_code=302,
        dependencies=[Depends(require_present)],
    )
    def timegate(request: Request, name: _Project) -> Response:
        """The header `Accept-Datetime` has the time; without it, the newest revision is meant.

        A time before the first revision leads to the first.
        """
        moment = _accepted_moment(request)
        history = _history(request, view(), name)
        place = len(history.times) if moment is None else bisect_right(history.times, moment, key=_CREATED)
        chosen = max(place - 1, 0)
        links = (history.original, history.timemap, *history.neighbours(chosen))
        headers = _VARY | {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": "no-cache",
            "Link": link_header(links),
            "Location": history.address(history.times[chosen]),
        }
        return Response(status_code=302, headers=headers)


def _preflight_route(router: APIRouter) -> None:
    """Let scripts of other sites send Accept-Datetime, for which browsers ask first."""

    async def preflight(name: _Project) -> Response:  # noqa: ARG001  # declared for the description
        return Response(status_code=204, headers=preflight_headers("GET, HEAD, OPTIONS", "Accept-Datetime"))

    router.add_api_route(
        _TIMEGATE,
        preflight,
        methods=["OPTIONS"],
        tags=["records"],
        summary="Answer a CORS preflight request",
        responses=responses({204: ()}),
        response_class=Response,
        status_code=204,
        generate_unique_id_function=operation_id,
    )


def _timemap_route(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @get_route(
        router,
        "/timemap/doc/project/{name:path}",
        "records",
        "List the revisions of a project with their times",
        responses({200: (LINK_FORMAT,), 304: ()}, 400, 404, 503),
        dependencies=[Depends(require_present)],
    )
    def timemap(request: Request, name: _Project) -> Response:
        """The list is in link-format (RFC 6690); a withdrawal is among the revisions."""
        history = _history(request, view(), name)
        return answer(request, link_format_bytes(history.all()), LINK_FORMAT, modified=history.times[-1].created)


class _History:
    """The states of a document, as links on the server that was asked."""

    def __init__(self, server: str, path: str, suffix: str, times: Sequence[RevisionTime]) -> None:
        self.times = times
        self._record, self._suffix = f"{server}{path}", suffix
        self.original, self.timegate, self.timemap = history_links(server, f"{path}{suffix}", is_state=True)

    def address(self, one: RevisionTime) -> str:
        """Address of a revision, in the format that the suffix names."""
        return f"{self._record}/rev/{one.number}{self._suffix}"

    def neighbours(self, chosen: int) -> list[WebLink]:
        """The first and the last revision, the chosen one, and those before and after it."""
        last = len(self.times) - 1
        beside = {chosen - 1: ("prev",), chosen + 1: ("next",)}
        shown = sorted({0, last, chosen, *beside} & {*range(len(self.times))})
        return [self._memento(place, *self._ends(place), *beside.get(place, ())) for place in shown]

    def all(self) -> list[WebLink]:
        """The contents of the TimeMap."""
        first, last = (http_date(self.times[place].created) for place in (0, -1))
        span = (("from", first), ("until", last))
        mementos = (self._memento(place, *self._ends(place)) for place in range(len(self.times)))
        return [self.original, WebLink("self", self.timemap.href, LINK_FORMAT, span), self.timegate, *mementos]

    def _ends(self, place: int) -> list[str]:
        """The relations of the first and of the last revision."""
        return [name for name, end in (("first", 0), ("last", len(self.times) - 1)) if place == end]

    def _memento(self, place: int, *relations: str) -> WebLink:
        one = self.times[place]
        date = (("datetime", http_date(one.created)),)
        return WebLink(" ".join((*relations, "memento")), self.address(one), attributes=date)


def _history(request: Request, view: ReleaseView, name: str) -> _History:
    """The states of the record that a path names. Raises 404 if the ledger has no revision of it."""
    key, suffix = split_suffix(name, lambda key: newest_revision(view, key) > 0)
    times = revision_times(view, key)
    path = encoded_path("doc", "project", key)
    if not times:
        detail = message(
            "No revision of {path} is known. The list of projects is at {onward}.", path=path, onward="/projects"
        )
        onward = (message("See the list of projects"), "/projects")
        raise ProblemError(404, "unknown", detail, headers=_REFUSED_VARY, onward=onward)
    return _History(server_address(request, view.iris.base), path, f".{suffix}" if suffix else "", times)


def _accepted_moment(request: Request) -> datetime | None:
    """The time in Accept-Datetime; None if there is none. Raises 400 if it is no HTTP date (RFC 7089, section 2.1.1).

    The day of the week is not checked against the date, since some clients guess it.
    """
    values = request.headers.getlist("accept-datetime")
    if not values:
        return None
    value = ", ".join(values).strip()
    if parts := _DATE.fullmatch(value):
        numbers = (int(part) if part.isdigit() else _MONTHS.index(part) + 1 for part in parts.groups())
        day, month, year, hour, minute, second = numbers
        with suppress(ValueError):  # there is no such day or hour
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    detail = message(
        "“{text}” in the header Accept-Datetime is not a time. Write it like Mon, 30 Nov 2026 12:00:00 GMT, in GMT.",
        text=value[:_SHOWN],
    )
    raise ProblemError(400, "time", detail, headers=_REFUSED_VARY)
