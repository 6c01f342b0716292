"""The route `/projects.jsonld`: projects as a paged Hydra collection of framed JSON-LD documents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import WithJsonSchema
from starlette.responses import Response

from iomld.assets import jsonld_context
from iomld.browse.filters import Filters, page_number
from iomld.browse.framed_documents import framed_documents
from iomld.browse.search import Selection, filter_projects
from iomld.browse.view import ReleaseView, license_of
from iomld.formats import rdf
from iomld.formats.jsonld import framed_bytes
from iomld.messages import message
from iomld.release.project_index import ProjectEntry
from iomld.web.data.documents import not_found
from iomld.web.links import WebLink, link_header
from iomld.web.openapi import no_texts, responses
from iomld.web.pages.projects import ChosenFilters, checked_filters
from iomld.web.problems import ProblemError
from iomld.web.responses import answer, get_route

_PATH = "projects.jsonld"
_HYDRA = "http://www.w3.org/ns/hydra/core#"
_JSONLD = rdf.JSONLD.media_type
_PAGE_SIZE = 100  # projects
_CollectionPage = Annotated[
    list[str],
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}$", "default": "1"}),
    Query(default_factory=no_texts, description="The number of the page."),
]


@dataclass(frozen=True, slots=True)
class _CollectionPart:
    """One page of the projects that match filters.

    Attributes:
        filters: The filters.
        entries: The projects of the page.
        total: Number of projects on all pages.
        page: Number of the page, from 1.
        pages: Number of pages.
    """

    filters: Filters
    entries: Sequence[ProjectEntry]
    total: int
    page: int
    pages: int


def collection_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """Add `/projects.jsonld`."""

    @get_route(
        router,
        "/projects.jsonld",
        "lists",
        "Get the records that match filters as JSON-LD, 100 a page",
        responses({200: (_JSONLD,), 304: ()}, 400, 404, 503),
    )
    def projects(request: Request, chosen: ChosenFilters, page: _CollectionPage) -> Response:
        """The answer is a Hydra collection of framed documents; its header `Link` has the addresses of other pages."""
        number = _page_number(page)
        opened = view()
        pairs = (*chosen.pairs(), *(("page", text) for text in page))
        filters = checked_filters(request, opened, pairs, "page")
        part = _paged(filters, filter_projects(opened, filters))
        if part.page != number:
            raise not_found(request)
        body = _body(opened, part)
        return answer(request, body, _JSONLD, headers={"Link": link_header(_links(opened, part))})


def _page_number(values: Sequence[str]) -> int:
    """The number in the last parameter `page`; 1 without one. Raises 400 if it is not a number."""
    number = page_number(values[-1]) if values else 1
    if number is None:
        raise ProblemError(400, "page", message("The parameter page must be a number from 1."))
    return number


def _paged(filters: Filters, found: Selection) -> _CollectionPart:
    pages = max(1, -(-len(found) // _PAGE_SIZE))
    page = min(filters.page, pages)
    return _CollectionPart(filters, found.part((page - 1) * _PAGE_SIZE, page * _PAGE_SIZE), len(found), page, pages)


def _linked_pages(part: _CollectionPart) -> dict[str, int]:
    """Numbers of the first, last, previous and next page, by link relation."""
    adjacent = {"prev": part.page - 1, "next": part.page + 1}
    existing = {rel: page for rel, page in adjacent.items() if 1 <= page <= part.pages}
    return {"first": 1, "last": part.pages} | existing


def _address(part: _CollectionPart, page: int | None = None) -> str:
    """The address of a page, or of the whole collection, relative to the base."""
    pairs = (*part.filters.pairs(), *((("page", str(page)),) if page else ()))
    return f"{_PATH}?{urlencode(pairs)}" if pairs else _PATH


def _links(view: ReleaseView, part: _CollectionPart) -> list[WebLink]:
    links = [WebLink(rel, f"/{_address(part, page)}", _JSONLD) for rel, page in _linked_pages(part).items()]
    license_ = license_of(view)
    return [*links, WebLink("collection", "/dataset/projects"), *([WebLink("license", license_)] if license_ else [])]


def _body(view: ReleaseView, part: _CollectionPart) -> bytes:
    """The document: the collection with an indent, so that people find the next page, and each member on a line."""
    context = f'{jsonld_context(view.iris.base)[:-1]},{{"hydra":"{_HYDRA}"}}]'
    head = framed_bytes(_collection(view, part), context, indent=2).removesuffix(b"\n}\n")
    documents = framed_documents(view, [entry.key for entry in part.entries])
    members = b"[\n    %b\n  ]" % b",\n    ".join(documents) if documents else b"[]"
    return b'%b,\n  "hydra:member": %b\n}\n' % (head, members)


def _collection(view: ReleaseView, part: _CollectionPart) -> dict[str, object]:
    """The collection without its members."""
    base = view.iris.base
    names = {"first": "first", "last": "last", "prev": "previous", "next": "next"}
    return {
        "id": base + _address(part),
        "type": "hydra:Collection",
        "hydra:totalItems": part.total,
        "hydra:view": {
            "id": base + _address(part, part.page),
            "type": "hydra:PartialCollectionView",
            **{f"hydra:{names[rel]}": {"id": base + _address(part, page)} for rel, page in _linked_pages(part).items()},
        },
    }
