"""The home page: the release in figures, each with a link to the list, the file or the query with the same figure.

It is rendered once for a release and language, before anybody asks for it.
"""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from iomld.browse import queries
from iomld.browse.dataset import triple_count
from iomld.browse.overview import release_overview
from iomld.browse.view import ReleaseView
from iomld.inbox.database import has_inbox
from iomld.web.i18n import PageRequest, making
from iomld.web.pages.charts import spokes, world_map, year_bars
from iomld.web.pages.frame import page_html
from iomld.web.pages.render import page_response
from iomld.web.responses import page_route
from iomld.web.templating import PageCache, answer_address

_RANKED = 7  # countries
_TYPES = 6  # of projects
_MOST_CURRENCIES = 2  # with charts of their own
# Targets of the figures: a list, the files, or the query that computes the figure.
_FIGURE_LINKS = {
    "projects": "/projects",
    "countries": answer_address(queries.countries_query()),
    "regions": answer_address(queries.regions_query()),
    "frameworks": answer_address(queries.frameworks_query()),
    "triples": "/downloads",
    "undated": answer_address(queries.undated_query()),
    "money_by_year": answer_address(queries.budgets_by_year_query()),
    "money_by_region": answer_address(queries.budgets_by_region_query()),
}
_pages = PageCache()


def home_route(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """Add the home page.

    Args:
        router: The router.
        view: Gives the release that is served now.
    """

    @page_route(router, "/", "pages", "See what the release holds")
    def home(request: Request) -> Response:
        return page_response(request, _page(view()))


def prepare_home_page(view: ReleaseView) -> None:
    """Render the home page in the language of a view, so that the first visitor does not wait for it."""
    takes_submissions = has_inbox(view.release.path.parent.parent)
    with making(PageRequest(language=view.language, takes_submissions=takes_submissions)):
        _page(view)


def _page(view: ReleaseView) -> bytes:
    return _pages.page(view, lambda: _home_html(view))


def _home_html(view: ReleaseView) -> bytes:
    overview = release_overview(view)
    example = overview.example
    return page_html(
        view,
        "home.html",
        overview=overview,
        triples=triple_count(view),
        ranked=overview.countries[:_RANKED],
        most=max((one.projects for one in overview.countries), default=1),
        types=overview.types[:_TYPES],
        most_typed=max((one.projects for one in overview.types), default=1),
        world=world_map(overview.countries),
        bars=year_bars(overview.years),
        money=overview.budgets[:_MOST_CURRENCIES],
        more_currencies=[one.currency for one in overview.budgets[_MOST_CURRENCIES:]],
        year_bars=year_bars,
        spokes=spokes(example) if example else (),
        behind=_FIGURE_LINKS,
        started_in=_start_query_address,
    )


def _start_query_address(year: int) -> str:
    """The address of the query for projects that start in a year."""
    return answer_address(queries.start_query(year))
