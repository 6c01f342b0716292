"""What programs look for at fixed addresses: robots.txt, the sitemap, security.txt and the icon."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from iomld.browse.search import all_projects, projects_of
from iomld.browse.view import ReleaseView
from iomld.messages import message
from iomld.web.data.documents import not_found
from iomld.web.guide import guide_paths
from iomld.web.links import server_address
from iomld.web.openapi import responses, sample
from iomld.web.pages.frame import MENU
from iomld.web.problems import ProblemError
from iomld.web.responses import answer, get_route
from iomld.web.templating import local_path, static_directory

_MOST_ADDRESSES = 50_000  # in a sitemap, by https://www.sitemaps.org/protocol.html
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_PAGES = ("/", *(path for path, _ in MENU), "/ontology", "/shapes", "/changes", "/docs")
_LISTED = ("country", "region", "framework", "type")  # facets whose values have pages
# Answers without end, forms, and what is nothing for readers. Every page is in the sitemap. The star changes nothing by
# RFC 9309, but keeps parsers that drop an empty query (Python's) from refusing the page itself.
_NOT_FOR_CRAWLERS = (
    "/sparql",
    "/rdf-graph-store",
    "/query?*",
    "/projects?*",
    "/changes?*",
    "/validate?*",
    "/submissions",
    "/sign-in",
    "/metrics",
    "/ready",
)
_NO_CONTACT = message(
    "Whoever runs this server has given no address for reports of vulnerabilities, so there is no security.txt."
)
_TEXT, _XML, _ICON = "text/plain; charset=utf-8", "application/xml", "image/x-icon"
_VALID_FOR = timedelta(days=90)  # a server that nobody looks after should not say for long whom to ask
_SitemapNumber = Annotated[
    str, Path(description="The number of the part, from 1.", pattern="^[1-9][0-9]{0,4}$", openapi_examples=sample("1"))
]


def discovery_routes(view: Callable[[], ReleaseView], security_contact: str) -> APIRouter:
    """The routes.

    Args:
        view: Gives the release that is served now.
        security_contact: Address for reports of vulnerabilities; without one there is no security.txt.
    """
    router = APIRouter()
    _sitemap_routes(router, view)

    @get_route(
        router,
        "/robots.txt",
        "operations",
        "Tell crawlers what to leave out",
        responses({200: ("text/plain",), 304: ()}),
    )
    def robots(request: Request) -> Response:
        return answer(request, _robots(server_address(request, view().iris.base)), _TEXT)

    @get_route(router, "/favicon.ico", "operations", "Get the icon", responses({200: (_ICON,), 304: ()}))
    def icon(request: Request) -> Response:
        return answer(request, (static_directory() / "favicon.ico").read_bytes(), _ICON)

    @get_route(
        router,
        "/.well-known/security.txt",
        "operations",
        "See where to report a vulnerability (RFC 9116)",
        responses({200: ("text/plain",), 304: ()}, 404),
    )
    def security(request: Request) -> Response:
        """Only where the operator has set `IOMLD_SECURITY_CONTACT`; otherwise 404."""
        if not security_contact:
            raise ProblemError(404, "unknown", _NO_CONTACT)
        return answer(request, _security(security_contact, datetime.now(UTC)), _TEXT)

    return router


def _sitemap_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    described = responses({200: (_XML,), 304: ()})

    @get_route(router, "/sitemap.xml", "operations", "List the pages for crawlers", described)
    def sitemap(request: Request) -> Response:
        """With more than 50,000 pages, an index of its parts."""
        opened = view()
        server = server_address(request, opened.iris.base)
        paths = tuple(_paths(opened))
        parts = -(-len(paths) // _MOST_ADDRESSES)
        return answer(request, _url_set(server, paths) if parts == 1 else _sitemap_index(server, parts), _XML)

    described = responses({200: (_XML,), 304: ()}, 400, 404)

    @get_route(router, "/sitemap-{number}.xml", "operations", "List a part of the pages for crawlers", described)
    def part(request: Request, number: _SitemapNumber) -> Response:
        opened = view()
        start = (int(number) - 1) * _MOST_ADDRESSES
        paths = tuple(islice(_paths(opened), start, start + _MOST_ADDRESSES))
        if not paths:
            raise not_found(request)
        return answer(request, _url_set(server_address(request, opened.iris.base), paths), _XML)


def _paths(view: ReleaseView) -> Iterator[str]:
    """The paths of all pages: those of every server, of resources that projects refer to, and of projects."""
    reader = projects_of(view)
    yield from dict.fromkeys((*_PAGES, *guide_paths()))  # the menu has the guide too
    for facet in _LISTED:
        for code in sorted(reader.sets.get(facet, ())):
            iri = view.iris.country(code) if facet == "country" else view.iris.concept(facet, code)
            yield local_path(iri, view.iris.base) or "/"
    for entry in all_projects(view):
        yield local_path(entry.iri, view.iris.base) or "/"


def _url_set(server: str, paths: Sequence[str]) -> bytes:
    lines = (f"<url><loc>{escape(server + path)}</loc></url>\n" for path in paths)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {_NAMESPACE}>\n{"".join(lines)}</urlset>\n'.encode()


def _sitemap_index(server: str, parts: int) -> bytes:
    lines = (f"<sitemap><loc>{escape(server)}/sitemap-{number}.xml</loc></sitemap>\n" for number in range(1, parts + 1))
    body = "".join(lines)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex {_NAMESPACE}>\n{body}</sitemapindex>\n'.encode()


def _robots(server: str) -> bytes:
    refused = "".join(f"Disallow: {path}\n" for path in _NOT_FOR_CRAWLERS)
    return f"User-agent: *\n{refused}\nSitemap: {server}/sitemap.xml\n".encode()


def _security(contact: str, now: datetime) -> bytes:
    """The file; its end changes once a day, so that it can be cached until then."""
    expires = (now + _VALID_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    return f"Contact: {contact}\nExpires: {expires:%Y-%m-%dT%H:%M:%SZ}\n".encode()
