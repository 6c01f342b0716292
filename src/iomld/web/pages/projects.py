"""Routes of the list of projects: a page with filters, and a CSV table."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import WithJsonSchema
from starlette.responses import Response, StreamingResponse

from iomld.browse.filters import SORTS, Filters, ignored_parameters, read_filters
from iomld.browse.search import filter_projects, find_projects, spelled_codes
from iomld.browse.search_names import corrected_words, named_resources
from iomld.browse.view import ReleaseView
from iomld.messages import Quantity, message
from iomld.model import DOLLARS
from iomld.read.table.rows import neutralized
from iomld.release.downloads import PROJECTS_FILE
from iomld.release.project_index import ProjectEntry
from iomld.web.i18n import LANGUAGE_PARAMETER
from iomld.web.openapi import HTML, FirstText, no_texts, responses, sample
from iomld.web.pages.facets import (
    list_address,
    list_title,
    page_address,
    query_address,
    shown_chips,
    shown_facets,
    shown_rows,
    shown_sorts,
    unknown_values,
)
from iomld.web.pages.frame import page_html
from iomld.web.pages.render import page_response
from iomld.web.problems import ProblemError
from iomld.web.responses import get_route, page_route

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
    "budget",
    "budget_currency",
)
# The files of a selection that the page links to.
_FILES = (
    ("XLSX", "projects.xlsx"),
    ("CSV", PROJECTS_FILE),
    ("JSON-LD", "projects.jsonld"),
    ("Turtle", "projects.ttl"),
    ("N-Quads", "projects.nq"),
)
_LIST = responses({200: (HTML,), 304: ()}, 404, 503)
_ROWS_IN_CHUNK = 200
_TABLE_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "Content-Disposition": 'attachment; filename="projects-list.csv"',
}


@dataclass(frozen=True, slots=True)
class FilterParameters:
    """Parameters that filter projects, unchecked; `iomld.browse.filters.read_filters` reads them."""

    q: Annotated[
        FirstText,
        Query(
            default_factory=no_texts,
            description="Words that must all occur in the codes, titles, texts or names of a project.",
        ),
    ]
    status: Annotated[
        list[str],
        Query(default_factory=no_texts, description="The code of a status.", openapi_examples=sample(["completed"])),
    ]
    type: Annotated[list[str], Query(default_factory=no_texts, description="The code of a type.", examples=[["PO"]])]
    coverage: Annotated[
        list[str], Query(default_factory=no_texts, description="The code of a coverage.", examples=[["national"]])
    ]
    region: Annotated[
        list[str],
        Query(default_factory=no_texts, description="The code of a region.", openapi_examples=sample(["africa"])),
    ]
    country: Annotated[
        list[str],
        Query(default_factory=no_texts, description="The code of a country that benefits.", examples=[["CN"]]),
    ]
    framework: Annotated[
        list[str],
        Query(
            default_factory=no_texts,
            description="The code of a framework that is named, or of a part of one.",
            examples=[["gcm"]],
        ),
    ]
    year: Annotated[
        list[str],
        Query(default_factory=no_texts, description="A year in which the project is active.", examples=[["2018"]]),
    ]
    budget: Annotated[
        list[str],
        Query(
            default_factory=no_texts,
            description="A range of budgets in US dollars; without an upper end, that amount and more.",
            examples=[["50000-100000"]],
        ),
    ]
    year_from: Annotated[
        FirstText,
        Query(default_factory=no_texts, description="A year; only projects that are active in it or later are listed."),
    ]
    year_to: Annotated[
        FirstText,
        Query(
            default_factory=no_texts, description="A year; only projects that are active in it or earlier are listed."
        ),
    ]
    sort: Annotated[
        list[str],
        WithJsonSchema({"type": "string", "examples": [*SORTS]}),
        Query(
            default_factory=no_texts,
            description="The order. By default, `relevance` if there are words, otherwise `code`.",
        ),
    ]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Names and values, as in the address."""
        return tuple((field.name, value) for field in fields(self) for value in getattr(self, field.name))


ChosenFilters = Annotated[FilterParameters, Depends()]
ListPage = Annotated[
    list[str],
    WithJsonSchema({"type": "string", "default": "1"}),
    Query(default_factory=no_texts, description="The number of the page."),
]


def project_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """Add `/projects` and `/projects.csv`."""

    @page_route(router, "/projects", "lists", "List projects, all or those that match filters, 25 a page", _LIST)
    def projects(request: Request, chosen: ChosenFilters, page: ListPage) -> Response:
        opened = view()
        filters = list_filters(opened, (*chosen.pairs(), *(("page", text) for text in page)))
        pairs = request.query_params.multi_items()
        ignored = ignored_parameters(pair for pair in pairs if pair[0] != LANGUAGE_PARAMETER)
        return page_response(request, _list_html(opened, filters, ignored))

    @get_route(
        router,
        "/projects.csv",
        "lists",
        "Get the projects that match filters as a table",
        responses({200: ("text/csv",)}, 400, 503),
    )
    def table(request: Request, chosen: ChosenFilters) -> Response:
        opened = view()
        entries = filter_projects(opened, checked_filters(request, opened, chosen.pairs()))
        media_type = "text/csv; charset=utf-8; header=present"
        chunks = iter(()) if request.method == "HEAD" else _table_chunks(entries)  # of unknown length for both methods
        return StreamingResponse(chunks, headers=_TABLE_HEADERS, media_type=media_type)


def list_filters(view: ReleaseView, parameters: Iterable[tuple[str, str]]) -> Filters:
    """The filters that parameters name, with project codes spelt as records have them."""
    filters = read_filters(parameters)
    return replace(filters, words=spelled_codes(view, filters.words)) if filters.words else filters


def checked_filters(
    request: Request, view: ReleaseView, parameters: Iterable[tuple[str, str]], *others: str
) -> Filters:
    """The filters of a list for programs, which should not take a misspelt filter for an empty result.

    Args:
        request: The request.
        view: The release.
        parameters: The filters in the address.
        *others: Names of other parameters of the route.

    Raises:
        ProblemError: A parameter is unknown, or no project can ever have its value (400).
    """
    filters = list_filters(view, parameters)
    given = request.query_params.multi_items()
    accepted = {LANGUAGE_PARAMETER, *others}
    wrong = ignored_parameters(pair for pair in given if pair[0] not in accepted)
    if wrong:
        detail = message(
            "No such filter: {parameters}. /docs lists the filters, and /projects their values.",
            parameters=", ".join(wrong),
        )
        raise ProblemError(400, "unknown-parameter", detail)
    if unknown := unknown_values(view, filters):
        reason = reduce(
            lambda one, other: message("{one} {other}", one=one, other=other), (one.reason for one in unknown)
        )
        detail = message("{reason} /projects lists the values of each filter.", reason=reason)
        raise ProblemError(400, "unknown-parameter", detail)
    return filters


def _table_chunks(entries: Iterable[ProjectEntry]) -> Iterator[bytes]:
    """A CSV table of projects in chunks, with a byte order mark and CR LF (RFC 4180) like our other tables."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(TABLE_HEADER)
    yield b"\xef\xbb\xbf"
    for number, entry in enumerate(entries):
        writer.writerow(map(neutralized, _row(entry)))
        if number % _ROWS_IN_CHUNK == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _row(entry: ProjectEntry) -> tuple[str, ...]:
    title = entry.title()
    amount = f"{entry.budget.amount:f}" if entry.budget else ""
    facets = ("status", "type", "coverage", "region", "country", "framework")
    return (
        entry.iri,
        entry.key,
        title.text,
        title.language,
        *("; ".join(entry.codes[facet]) for facet in facets),
        str(entry.start_year or ""),
        str(entry.end_year or ""),
        amount if entry.budget and entry.budget.currency == DOLLARS else "",
        amount,
        entry.budget.currency if entry.budget else "",
    )


def _list_html(view: ReleaseView, filters: Filters, ignored: Sequence[str]) -> bytes:
    found = find_projects(view, filters)
    if found.page != filters.page:
        detail = message(
            "There is no page {page}. The last page is {last}.", page=Quantity(filters.page), last=Quantity(found.pages)
        )
        onward = (message("Go to page {last}", last=Quantity(found.pages)), page_address(filters, found.pages))
        raise ProblemError(404, "page", detail, onward=onward)
    unknown = unknown_values(view, filters)
    corrected = corrected_words(view, filters) if filters.words and not found.total() else ""
    return page_html(
        view,
        "projects.html",
        "/projects",
        filters=filters,
        found=found,
        rows=shown_rows(view, found),
        facets=shown_facets(view, filters, found),
        chips=shown_chips(view, filters),
        unknown=unknown,
        ignored=ignored,
        unfiltered=list_address(filters),
        title=list_title(view, filters),
        cards=named_resources(view, filters.words) if filters.words and found.page == 1 else (),
        cards_address=lambda card: list_address(Filters(values={card.facet: (card.link.code,)})),
        corrected=corrected,
        corrected_address=list_address(replace(filters, words=corrected)),
        sorts=shown_sorts(filters),
        previous=page_address(filters, found.page - 1) if found.page > 1 else "",
        following=page_address(filters, found.page + 1) if found.page < found.pages else "",
        forms=() if unknown else _forms(view, filters),  # programs get no list for a filter that does not exist
    )


def _forms(view: ReleaseView, filters: Filters) -> tuple[tuple[str, str], ...]:
    """The other forms of a list: their names and addresses."""
    return (
        *((name, list_address(filters, f"/selection/{file}")) for name, file in _FILES),
        ("SPARQL", query_address(view, filters)),
    )
