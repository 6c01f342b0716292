"""All projects as JSON-LD, a page at a time: a Hydra collection of framed documents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import WithJsonSchema
from starlette.responses import Response

from iomld.browse.filters import Filters, page_number, read_filters
from iomld.browse.search import filter_projects
from iomld.browse.view import ReleaseView, license_of, project_document
from iomld.formats.jsonld import context_iri, framed_bytes, framed_project
from iomld.messages import message
from iomld.release.project_index import ProjectEntry
from iomld.web.data.documents import unknown
from iomld.web.links import WebLink, link_header
from iomld.web.openapi import responses
from iomld.web.pages.projects import ChosenFilters
from iomld.web.problems import ProblemError
from iomld.web.responses import answer, get_route

_PATH = "projects.jsonld"
_HYDRA = "http://www.w3.org/ns/hydra/core#"
_JSONLD = "application/ld+json"
_INDENT = 2
_PAGE = 100
_CollectionPage = Annotated[
    list[str],
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}$", "default": "1"}),
    Query(default_factory=list, description="The number of the page."),
]


@dataclass(frozen=True, slots=True)
class _Part:
    """One page of the projects that filters leave; `total` counts all pages."""

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
        unread = sorted(set(request.query_params) - {"page", *(one.name for one in fields(chosen))})
        if unread:
            detail = message("Only page and filters are read here, not {names}.", names=", ".join(unread))
            raise ProblemError(400, "unknown-parameter", detail)
        number = page_number(page[-1]) if page else 1
        if number is None:
            raise ProblemError(400, "page", message("The page is a number, from 1."))
        opened = view()
        filters = read_filters((*chosen.pairs(), *(("page", text) for text in page)))
        part = _part(filters, filter_projects(opened, filters))
        if part.page != number:
            raise unknown(request)
        body = framed_bytes(_document(opened, part), indent=_INDENT)
        return answer(request, body, _JSONLD, headers={"Link": link_header(_signposts(opened, part))})


def _part(filters: Filters, found: Sequence[ProjectEntry]) -> _Part:
    pages = max(1, -(-len(found) // _PAGE))
    page = min(filters.page, pages)
    return _Part(filters, found[(page - 1) * _PAGE : page * _PAGE], len(found), page, pages)


def _pages(part: _Part) -> dict[str, int]:
    """The pages that a page leads to, by relation."""
    around = {"prev": part.page - 1, "next": part.page + 1}
    inside = {rel: page for rel, page in around.items() if 1 <= page <= part.pages}
    return {"first": 1, "last": part.pages} | inside


def _address(part: _Part, page: int | None = None) -> str:
    """The path of a page, or of the whole list, with its filters."""
    pairs = (*part.filters.pairs(), *((("page", str(page)),) if page else ()))
    return f"{_PATH}?{urlencode(pairs)}" if pairs else _PATH


def _signposts(view: ReleaseView, part: _Part) -> list[WebLink]:
    found = [WebLink(rel, f"/{_address(part, page)}", _JSONLD) for rel, page in _pages(part).items()]
    license_ = license_of(view)
    return [*found, WebLink("collection", "/dataset/projects"), *([WebLink("license", license_)] if license_ else [])]


def _document(view: ReleaseView, part: _Part) -> dict[str, object]:
    base = view.iris.base
    names = {"first": "first", "last": "last", "prev": "previous", "next": "next"}
    return {
        "@context": [context_iri(base), {"hydra": _HYDRA}],
        "id": base + _address(part),
        "type": "hydra:Collection",
        "hydra:totalItems": part.total,
        "hydra:view": {
            "id": base + _address(part, part.page),
            "type": "hydra:PartialCollectionView",
            **{f"hydra:{names[rel]}": {"id": base + _address(part, page)} for rel, page in _pages(part).items()},
        },
        "hydra:member": [_member(view, entry.key) for entry in part.entries],
    }


def _member(view: ReleaseView, key: str) -> dict[str, object]:
    """The framed document of a project, without the context that the whole has."""
    document = framed_project(project_document(view, key) or (), base=view.iris.base)
    return {name: value for name, value in document.items() if name != "@context"}
