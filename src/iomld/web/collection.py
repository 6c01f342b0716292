"""All projects as JSON-LD, a page at a time: a Hydra collection of framed documents."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from iomld.browse.listing import Listing, list_projects
from iomld.browse.view import ReleaseView, license_of, project_document
from iomld.formats.framed import context_iri, framed_bytes, framed_project
from iomld.web.answers import answer, get_route
from iomld.web.documents import unknown
from iomld.web.problems import ProblemError
from iomld.web.signposts import Signpost, link_header

_PATH = "projects.jsonld"
_HYDRA = "http://www.w3.org/ns/hydra/core#"
_JSONLD = "application/ld+json"
_INDENT = 2


def collection_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """Add `/projects.jsonld`."""

    @get_route(router, "/projects.jsonld", tag="data")
    def projects(request: Request, page: str = "1") -> Response:
        """Give the records of all projects, a page at a time."""
        unread = sorted(set(request.query_params) - {"page"})
        if unread:
            raise ProblemError(400, "unknown-parameter", f"Only page is read here, not {', '.join(unread)}.")
        if not (page.isascii() and page.isdigit() and len(page) < len("1000000")):
            raise ProblemError(400, "page", "The page is a number, from 1.")
        opened = view()
        listing = list_projects(opened, page=int(page))
        if listing.page != int(page):
            raise unknown(request)
        body = framed_bytes(_document(opened, listing), indent=_INDENT)
        return answer(request, body, _JSONLD, headers={"Link": link_header(_signposts(opened, listing))})


def _pages(listing: Listing) -> dict[str, int]:
    """The pages that a page leads to, by relation."""
    around = {"prev": listing.page - 1, "next": listing.page + 1}
    inside = {rel: page for rel, page in around.items() if 1 <= page <= listing.pages}
    return {"first": 1, "last": listing.pages} | inside


def _signposts(view: ReleaseView, listing: Listing) -> list[Signpost]:
    found = [Signpost(rel, f"/{_PATH}?page={page}", _JSONLD) for rel, page in _pages(listing).items()]
    license_ = license_of(view)
    return [*found, Signpost("collection", "/dataset/projects"), *([Signpost("license", license_)] if license_ else [])]


def _document(view: ReleaseView, listing: Listing) -> dict[str, object]:
    base = view.iris.base
    names = {"first": "first", "last": "last", "prev": "previous", "next": "next"}

    def address(page: int) -> str:
        return f"{base}{_PATH}?page={page}"

    return {
        "@context": [context_iri(base), {"hydra": _HYDRA}],
        "id": f"{base}{_PATH}",
        "type": "hydra:Collection",
        "hydra:totalItems": listing.total,
        "hydra:view": {
            "id": address(listing.page),
            "type": "hydra:PartialCollectionView",
            **{f"hydra:{names[rel]}": {"id": address(page)} for rel, page in _pages(listing).items()},
        },
        "hydra:member": [_member(view, row.key) for row in listing.rows],
    }


def _member(view: ReleaseView, key: str) -> dict[str, object]:
    """The framed document of a project, without the context that the whole has."""
    document = framed_project(project_document(view, key) or (), base=view.iris.base)
    return {name: value for name, value in document.items() if name != "@context"}
