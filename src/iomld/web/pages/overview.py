"""Routes of the pages countries, regions, frameworks, ontology, validate, downloads and about."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from iomld.browse.dataset import dataset_facts, triple_count
from iomld.browse.overview import matcher_precision
from iomld.browse.resources import SchemePage, countries_page, scheme_page
from iomld.browse.view import ReleaseView
from iomld.check.reports import REPORT_FORMATS
from iomld.web.data.upload import PROFILES
from iomld.web.links import server_address
from iomld.web.openapi import HTML, no_text, responses
from iomld.web.pages.downloads import downloads_html
from iomld.web.pages.frame import page_html
from iomld.web.pages.home import home_route
from iomld.web.pages.projects import project_routes
from iomld.web.pages.render import fund_name, ontology_html, page_response
from iomld.web.pages.validate import FORMS, form_page
from iomld.web.responses import page_route
from iomld.web.templating import answer_address

_FORM_PAGE = responses({200: (HTML,), 304: ()}, 400, 503)
_Example = Annotated[
    str,
    Query(default_factory=no_text, description="An example that fills the form.", examples=[name for name, _ in FORMS]),
]
_Profile = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="The profile that the form selects.",
        examples=[*PROFILES],
        json_schema_extra={"default": PROFILES[0]},
    ),
]
_ReportFormat = Annotated[
    str,
    Query(
        default_factory=no_text,
        alias="format",
        description="The format of the report that the form selects.",
        examples=[format_.name for format_ in REPORT_FORMATS],
        json_schema_extra={"default": "html"},
    ),
]


def page_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """Routes of all pages but those of documents and the query page.

    Args:
        view: Gives the release that is served now.
    """
    router = APIRouter()
    home_route(router, view)
    _browse_routes(router, view)
    project_routes(router, view)
    _tool_routes(router, view)
    return router


def _browse_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @page_route(router, "/countries", "lists", "List the countries that benefit from projects")
    def countries(request: Request) -> Response:
        opened = view()
        return page_response(request, page_html(opened, "countries.html", "/countries", rows=countries_page(opened)))

    register = page_route(router, "/frameworks", "lists", "List the policy frameworks that projects name")
    register(_scheme_handler(view, "/frameworks", "framework"))
    register = page_route(router, "/regions", "lists", "List the regions of the fund")
    register(_scheme_handler(view, "/regions", "region"))


def _scheme_handler(view: Callable[[], ReleaseView], path: str, name: str) -> Callable[[Request], Response]:
    def scheme(request: Request) -> Response:
        opened = view()
        found = scheme_page(opened, name) or SchemePage(f"{opened.iris.base}scheme/{name}", name, (), ())
        return page_response(
            request,
            page_html(opened, "scheme.html", path, path=f"/scheme/{name}", scheme=found, fund=fund_name(opened)),
        )

    return scheme


def _tool_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    @page_route(router, "/validate", "validation", "Open a form to check records", _FORM_PAGE)
    def validate(request: Request, example: _Example, profile: _Profile, format_: _ReportFormat) -> Response:
        return page_response(request, form_page(view(), example, profile, format_))

    @page_route(router, "/downloads", "dataset", "List the files of the release")
    def files(request: Request) -> Response:
        opened = view()
        return page_response(request, downloads_html(opened, server_address(request, opened.iris.base)))

    @page_route(router, "/ontology", "vocabulary", "See the terms of the ontology")
    def ontology(request: Request) -> Response:
        return page_response(request, ontology_html(view()))

    @page_route(router, "/about", "pages", "Read what this site is and how it is made")
    def about(request: Request) -> Response:
        return page_response(request, _about_html(request, view()))


def _about_html(request: Request, view: ReleaseView) -> bytes:
    """The page about the site; a publisher or a contact that nobody has set is not named."""
    facts = dataset_facts(view)
    here = server_address(request, view.iris.base)
    return page_html(
        view,
        "about.html",
        "/about",
        manifest=view.release.manifest,
        triples=triple_count(view),
        precision=(precision := matcher_precision(view)),
        reviewed_query=answer_address(precision.query),
        fund=fund_name(view),
        publisher=facts.publisher if facts else None,
        contact=facts.contact if facts else None,
        here=here,
        is_base=view.iris.base == f"{here}/",
    )
