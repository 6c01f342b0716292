"""The routes of the feed of revisions: `/feed`, and `/feed/RUN` for the pages (Linked Data Event Streams).

Addresses of pages are those of the server that was asked, since a client follows them. Contents are in named graphs, so
only formats with graphs are offered.
"""

from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.browse.feed.pages import feed_pages
from iomld.browse.feed.stream import MEMBERS, page_quads, root_quads
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
_Run = Annotated[str, Path(description="The name of the run, which is that of its release.")]
_Page = Annotated[str, Path(description="The number of the page among those of the run.")]


def feed_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """The routes.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()

    @get_route(router, "/feed", "dataset", "Get the feed of revisions: its pages, for clients of LDES", _ANSWERS)
    def feed(request: Request) -> Response:
        """A client that has read all pages needs only those that were added since."""
        opened = view()
        address = server_address(request, opened.iris.base)
        return _response(request, root_quads(opened, address), f"{address}/feed")

    @get_route(router, "/feed/{run}", "dataset", "Get a page of the feed: what a run published and removed", _ANSWERS)
    def first_page(request: Request, run: _Run) -> Response:
        """Each member is a revision: when it was made, what was done, and its content in a graph with its IRI."""
        return _page_response(request, view(), run, 1)

    @get_route(router, "/feed/{run}/{page}", "dataset", "Get another page of the feed of a large run", _ANSWERS)
    def page(request: Request, run: _Run, page: _Page) -> Response:
        return _page_response(request, view(), run, page_number(page) or 0)

    return router


def _page_response(request: Request, view: ReleaseView, run: str, number: int) -> Response:
    found = next((page for page in feed_pages(view, MEMBERS) if (page.run, page.number) == (run, number)), None)
    if found is None:
        raise not_found(request)
    address = server_address(request, view.iris.base)
    return _response(request, page_quads(view, found, address), f"{address}{found.path('/feed')}")


def _response(request: Request, quads: Iterable[Quad], address: str) -> Response:
    chosen = choose(request.headers.get("accept"), _OFFERS)
    format_ = rdf.by_media_type(chosen) if chosen else None
    if format_ is None:
        detail = message("The feed is available as {types}.", types=", ".join(_OFFERS))
        raise ProblemError(406, "not-acceptable", detail)
    body = rdf.serialize(quads, format_)
    if format_ is rdf.TRIG:  # some clients resolve against it, though all addresses are absolute
        body = f"@base <{address}> .\n".encode() + body
    return answer(request, body, format_.media_type, headers={"Vary": "Accept"})
