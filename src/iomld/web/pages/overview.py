"""Pages for people: home, lists, validation, downloads, terms, about."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from iomld.browse import queries
from iomld.browse.dataset import class_subsets, dataset_facts, region_subsets
from iomld.browse.lists import Overview, release_overview
from iomld.browse.resources import countries_page, scheme_page
from iomld.browse.view import ReleaseView
from iomld.check.reports import REPORT_FORMATS
from iomld.i18n import LANGUAGES
from iomld.web.data.downloads import Download
from iomld.web.data.upload import PROFILES
from iomld.web.openapi import HTML, responses
from iomld.web.pages.charts import spokes, world_map, year_bars
from iomld.web.pages.projects import project_routes
from iomld.web.pages.render import ontology_html, page_html
from iomld.web.pages.structured_data import dataset_markup
from iomld.web.pages.validate import FORMS, form_page
from iomld.web.responses import answer, page_route
from iomld.web.templating import answer_address

_HTML = "text/html; charset=utf-8"
_RANKED = 9
_FORM_PAGE = responses({200: (HTML,), 304: ()}, 400, 503)
_Example = Annotated[
    str,
    Query(default_factory=str, description="An example that fills the form.", examples=[name for name, _ in FORMS]),
]
_Profile = Annotated[
    str,
    Query(
        default_factory=str,
        description="The profile that the form selects.",
        examples=[*PROFILES],
        json_schema_extra={"default": PROFILES[0]},
    ),
]
_ReportFormat = Annotated[
    str,
    Query(
        default_factory=str,
        alias="format",
        description="The form of report that the form selects.",
        examples=[format_.name for format_ in REPORT_FORMATS],
        json_schema_extra={"default": "html"},
    ),
]
# What stands behind figures of the home page: the list, the file, or the query that gives them.
_BEHIND = {
    "projects": "/projects",
    "states": answer_address(queries.states_query()),
    "regions": answer_address(queries.regions_query()),
    "frameworks": answer_address(queries.frameworks_query()),
    "triples": "/downloads",
    "undated": answer_address(queries.undated_query()),
}


def page_routes(view: Callable[[], ReleaseView], downloads: Callable[[], Sequence[Download]]) -> APIRouter:
    """All pages that are neither the page of a thing nor the query page.

    Args:
        view: Gives the release that is served now.
        downloads: Gives its files for downloading.
    """
    router = APIRouter()
    _browse_routes(router, view)
    project_routes(router, view)
    _tool_routes(router, view, downloads)
    return router


def _browse_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    overview_of = lru_cache(maxsize=len(LANGUAGES))(release_overview)

    @page_route(router, "/", "pages", "See what the release holds")
    def home(request: Request) -> Response:
        opened = view()
        return answer(request, _home_html(opened, overview_of(opened)), _HTML)

    @page_route(router, "/countries", "lists", "List the countries that benefit from projects")
    def countries(request: Request) -> Response:
        opened = view()
        rows = countries_page(opened)
        return answer(request, page_html(opened, "countries.html", "/countries", rows=rows), _HTML)

    declared = page_route(router, "/frameworks", "lists", "List the policy frameworks that projects name")
    declared(_scheme_route(view, "/frameworks", "framework"))
    page_route(router, "/regions", "lists", "List the regions of the fund")(_scheme_route(view, "/regions", "region"))


def _scheme_route(view: Callable[[], ReleaseView], path: str, name: str) -> Callable[[Request], Response]:
    def scheme(request: Request) -> Response:
        opened = view()
        found = scheme_page(opened, name)
        values = {"title": found.title, "iri": found.iri, "rows": found.concepts} if found else {}
        return answer(request, page_html(opened, "scheme.html", path, path=f"/scheme/{name}", **values), _HTML)

    return scheme


def _tool_routes(
    router: APIRouter, view: Callable[[], ReleaseView], downloads: Callable[[], Sequence[Download]]
) -> None:
    @page_route(router, "/validate", "validation", "Open a form to check records", _FORM_PAGE)
    def validate(request: Request, example: _Example, profile: _Profile, format_: _ReportFormat) -> Response:
        return answer(request, form_page(view(), example, profile, format_), _HTML)

    @page_route(router, "/downloads", "dataset", "List the files of the release")
    def files(request: Request) -> Response:
        opened = view()
        manifest, facts = opened.release.manifest, dataset_facts(opened)
        values = {"files": downloads(), "classes": class_subsets(opened), "regions": region_subsets(opened)}
        values["markup"] = dataset_markup(facts) if facts else ""
        return answer(request, page_html(opened, "downloads.html", "/downloads", manifest=manifest, **values), _HTML)

    @page_route(router, "/ontology", "vocabulary", "See the terms of the ontology")
    def ontology(request: Request) -> Response:
        return answer(request, ontology_html(view()), _HTML)

    @page_route(router, "/about", "pages", "Read what this site is and how it is made")
    def about(request: Request) -> Response:
        opened = view()
        return answer(request, page_html(opened, "about.html", "", manifest=opened.release.manifest), _HTML)


def _started_in(year: int) -> str:
    """The address of the answer to who began in a year."""
    return answer_address(queries.start_query(year))


def _home_html(view: ReleaseView, overview: Overview) -> bytes:
    example = overview.example
    return page_html(
        view,
        "home.html",
        overview=overview,
        ranked=overview.states[:_RANKED],
        most=max((state.projects for state in overview.states), default=1),
        named=overview.frameworks[:_RANKED],
        most_named=max((framework.projects for framework in overview.frameworks), default=1),
        world=world_map(overview.states),
        bars=year_bars(overview.years),
        spokes=spokes(example) if example else (),
        behind=_BEHIND,
        started_in=_started_in,
    )
