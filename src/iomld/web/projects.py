"""The list of projects as a page with filters, and as a table."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from iomld.browse.filters import FACETS, Filters, read_filters
from iomld.browse.search import filter_projects, find_projects
from iomld.browse.view import ReleaseView
from iomld.read.table.rows import neutralised
from iomld.release.project_index import ProjectEntry
from iomld.web.answers import answer, get_route
from iomld.web.facets import (
    list_address,
    page_address,
    query_address,
    shown_chips,
    shown_facets,
    shown_rows,
    shown_sorts,
)
from iomld.web.rendering import page_html

# Routes that filters work on, with their parameters; all but the table also have `page`.
FILTERED = ("/projects", "/projects.csv", "/projects.jsonld")
PARAMETERS = ("q", *FACETS, "year_from", "year_to", "sort")
TABLE_HEADER = (
    "iri",
    "code",
    "title",
    "language",
    "status",
    "type",
    "coverage",
    "regions",
    "countries",
    "frameworks",
    "start_year",
    "end_year",
    "budget_usd",
)
_CHUNK = 200
_TABLE_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "Content-Disposition": 'attachment; filename="projects.csv"',
}


def project_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """Add `/projects` and `/projects.csv`."""

    @get_route(router, "/projects", tag="pages")
    def projects(request: Request) -> Response:
        """List projects, all or those that filters leave."""
        page = _list_html(view(), read_filters(request.query_params.multi_items()))
        return answer(request, page, "text/html; charset=utf-8")

    @get_route(router, "/projects.csv", tag="data")
    def table(request: Request) -> Response:
        """Give the projects that filters leave as a table."""
        opened = view()
        entries = filter_projects(opened, read_filters(request.query_params.multi_items()))
        media_type = "text/csv; charset=utf-8; header=present"
        if request.method == "HEAD":
            return Response(headers=_TABLE_HEADERS, media_type=media_type)
        return StreamingResponse(table_chunks(entries), headers=_TABLE_HEADERS, media_type=media_type)


def table_chunks(entries: Iterable[ProjectEntry]) -> Iterator[bytes]:
    """A table of projects, a piece at a time, in the form of our other tables: a byte order mark, CR LF (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(TABLE_HEADER)
    yield b"\xef\xbb\xbf"
    for number, entry in enumerate(entries):
        writer.writerow(map(neutralised, _cells(entry)))
        if number % _CHUNK == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _cells(entry: ProjectEntry) -> tuple[str, ...]:
    title = entry.title()
    facets = ("status", "type", "coverage", "region", "country", "framework")
    return (
        entry.iri,
        entry.key,
        title.text,
        title.language,
        *("; ".join(entry.codes[facet]) for facet in facets),
        str(entry.start_year or ""),
        str(entry.end_year or ""),
        "" if entry.budget is None else f"{entry.budget:f}",
    )


def _list_html(view: ReleaseView, filters: Filters) -> bytes:
    found = find_projects(view, filters)
    return page_html(
        view,
        "projects.html",
        "/projects",
        filters=filters,
        found=found,
        rows=shown_rows(view, found),
        facets=shown_facets(view, filters, found),
        chips=shown_chips(view, filters),
        sorts=shown_sorts(filters),
        previous=page_address(filters, found.page - 1) if found.page > 1 else "",
        following=page_address(filters, found.page + 1) if found.page < found.pages else "",
        forms=(
            ("CSV", list_address(filters, "/projects.csv")),
            ("JSON-LD", list_address(filters, "/projects.jsonld")),
            ("SPARQL", query_address(view, filters)),
        ),
    )
