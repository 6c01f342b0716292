"""The routes of the event stream (LDES): `/feed` and `/feed/latest`, and their pages `/feed/RUN`, `/feed/latest/RUN`.

Addresses of pages are those of the server that was asked, since a client follows them. Contents are in named graphs, so
only formats with graphs are offered.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.browse.feed.stream import ALL, LATEST, StreamView, page_quads, root_quads
from iomld.browse.filters import page_number
from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.formats.negotiate import choose
from iomld.messages import message
from iomld.web.data.documents import not_found
from iomld.web.links import server_address
from iomld.web.openapi import responses
from iomld.web.problems import ProblemError
from iomld.web.responses import answer, get_route

_FORMATS = (rdf.TRIG, rdf.NQUADS, rdf.JSONLD)
_OFFERS = tuple(format_.media_type for format_ in _FORMATS)
_ANSWERS = responses({200: _OFFERS, 304: ()}, 404, 406, 503)
_LATEST_ANSWERS = responses({200: _OFFERS, 304: ()}, 404, 406, 410, 503)
# Clients of LDES ask for a page again and again unless it is immutable. For a day, so that caches do not keep what was
# erased for longer.
_IMMUTABLE = {"Cache-Control": "public, max-age=86400, immutable"}
_Run = Annotated[str, Path(description="The name of the run, which is that of its release.")]
_Page = Annotated[str, Path(description="The number of the page among those of the run.")]


def feed_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """The routes.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    _root_route(router, view, LATEST, "Get the feed of the newest revisions: its pages, for clients of LDES")
    _page_routes(router, view, LATEST, "Get a page of the feed of the newest revisions")
    _root_route(router, view, ALL, "Get the feed of revisions: its pages, for clients of LDES")
    _page_routes(router, view, ALL, "Get a page of the feed: what a run published and removed")
    return router


def _root_route(router: APIRouter, view: Callable[[], ReleaseView], shown: StreamView, summary: str) -> None:
    @get_route(router, shown.path, "dataset", summary, _ANSWERS)
    def feed(request: Request) -> Response:
        """A client that has read all pages needs only those that were added since."""
        opened = view()
        address = server_address(request, opened.iris.base)
        return _response(request, root_quads(opened, shown, address), f"{address}{shown.path}")


def _page_routes(router: APIRouter, view: Callable[[], ReleaseView], shown: StreamView, summary: str) -> None:
    answers = _LATEST_ANSWERS if shown.is_latest else _ANSWERS

    @get_route(router, f"{shown.path}/{{run}}", "dataset", summary, answers)
    def first_page(request: Request, run: _Run) -> Response:
        """Each member is a revision: when it was made, what was done, and its content in a graph with its IRI."""
        return _page_response(request, view(), shown, run, 1)

    @get_route(router, f"{shown.path}/{{run}}/{{page}}", "dataset", f"{summary}, of a large run", answers)
    def page(request: Request, run: _Run, page: _Page) -> Response:
        return _page_response(request, view(), shown, run, page_number(page) or 0)


def _page_response(request: Request, view: ReleaseView, shown: StreamView, run: str, number: int) -> Response:
    place = (run, number)
    found = next((page for page in shown.pages(view) if (page.run, page.number) == place), None)
    if found is None and any((page.run, page.number) == place for page in ALL.pages(view)):
        detail = message(
            "All revisions on this page have newer ones. The pages with the newest are listed at {feed}, and this "
            "page with all its revisions is at {page}.",
            feed=LATEST.path,
            page=request.url.path.replace(LATEST.path, ALL.path, 1),
        )
        raise ProblemError(410, "feed-page", detail)
    if found is None:
        raise not_found(request)
    address = server_address(request, view.iris.base)
    quads = page_quads(view, shown, found, address)
    return _response(request, quads, f"{address}{found.path(shown.path)}", _IMMUTABLE)


def _response(
    request: Request, quads: Iterable[Quad], address: str, caching: Mapping[str, str] | None = None
) -> Response:
    chosen = choose(request.headers.get("accept"), _OFFERS)
    format_ = rdf.by_media_type(chosen) if chosen else None
    if format_ is None:
        detail = message(
            "This is the event stream (LDES) of the records, for programs. It is available as {types}.",
            types=", ".join(_OFFERS),
        )
        raise ProblemError(406, "not-acceptable", detail, onward=(message("See the changes"), "/changes"))
    body = rdf.serialize(quads, format_)
    if format_ is rdf.TRIG:  # some clients resolve against it, though all addresses are absolute
        body = f"@base <{address}> .\n".encode() + body
    return answer(request, body, format_.media_type, headers={"Vary": "Accept", **(caching or {})})
