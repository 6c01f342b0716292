"""The home page: every figure leads to the list, the file or the query that gives the same figure."""

import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.web.one_worker import endpoint_of

from iomld.browse.overview import BudgetFigures, Overview, budget_figures, release_overview
from iomld.browse.queries import budgets_by_region_query, budgets_by_year_query, countries_query
from iomld.browse.resources import countries_page
from iomld.browse.search import all_projects
from iomld.browse.view import ReleaseView, open_view
from iomld.model import Money
from iomld.release import current_release
from iomld.release.project_database import fill_with
from iomld.release.project_index import IndexedProject, ProjectEntry, SearchedWords
from iomld.release.project_reader import ProjectReader
from iomld.web.data.resources import resource_routes
from iomld.web.pages.charts import has_place
from iomld.web.pages.home import prepare_home_page
from iomld.web.pages.overview import page_routes
from iomld.web.pages.query import query_routes
from iomld.web.templating import answer_address

_LINK = re.compile(r'<a [^>]*?href="([^"]+)"[^>]*>(?:<[^>]*>)*([\d,]+)(?: projects?)?</a>')
_BAR = re.compile(r'<a href="([^"]+)" tabindex="-1" aria-label="(\d+): (\d+)">')
# What a page that a figure leads to says: so many projects, rows, or triples.
_SAID = {
    "/projects": r'role="status">([\d,]+) projects?',
    "/query": r"([\d,]+)\s+rows?\b",
    "/downloads": r"projects, ([\d,]+) triples",
}


@pytest.fixture(scope="module")
def opened(datadir: Path) -> ReleaseView:
    """The bundled records."""
    current = current_release(datadir)
    assert current is not None
    return open_view(current)


@pytest.fixture(scope="module")
def client(opened: ReleaseView) -> Asker:
    """A browser of its pages."""
    app = FastAPI()
    app.include_router(page_routes(lambda: opened))
    app.include_router(query_routes(lambda: opened, endpoint_of(opened)))
    app.include_router(resource_routes(lambda: opened))
    return Asker(app, {"Accept": "text/html"})


@pytest.fixture(scope="module")
def home(client: Asker) -> str:
    """The page."""
    return client.get("/").text


@pytest.fixture(scope="module")
def overview(opened: ReleaseView) -> Overview:
    """The figures that it shows."""
    return release_overview(opened)


@pytest.fixture(scope="module")
def figure_at(client: Asker) -> Callable[[str], int]:
    """Gives the figure that a page says; each page is asked for once."""
    known: dict[str, int] = {}

    def figure(address: str) -> int:
        if address not in known:
            answer = client.get(address)
            assert answer.status_code == 200, address
            said = re.search(_SAID[address.partition("?")[0]], answer.text)
            assert said, address
            known[address] = int(said[1].replace(",", ""))
        return known[address]

    return figure


def test_a_figure_is_the_one_behind_it(home: str, figure_at: Callable[[str], int], overview: Overview) -> None:
    """Counts, ranked countries and types, years in the table, projects without a year: targets say the same."""
    links = [(unescape(address), int(figure.replace(",", ""))) for address, figure in _LINK.findall(home)]
    begun = sum(count > 0 for _, count in overview.years)
    shown = 5 + len(overview.countries[:7]) + len(overview.types[:6]) + begun + (overview.undated > 0)
    assert len(links) == shown > 30
    for address, figure in links:
        assert figure_at(address) == figure, address


def test_a_bar_leads_to_its_projects(home: str, figure_at: Callable[[str], int], overview: Overview) -> None:
    """Each year's bar has the query that its figure in the table has."""
    bars = _BAR.findall(home)
    assert [(int(year), int(count)) for _, year, count in bars] == [one for one in overview.years if one[1]]
    for address, _, count in bars:
        assert figure_at(unescape(address)) == int(count)


def test_a_name_leads_to_a_page_with_the_same_figure(client: Asker, home: str, overview: Overview) -> None:
    """The pages of ranked countries and types count as many projects."""
    for one in (*overview.countries[:7], *overview.types[:6]):
        family = "doc/country" if one.link.kind == "state" else "scheme/type"
        path = f"/{family}/{one.link.code}"
        assert f'<a href="{path}">' in home
        assert f'<dt>Projects</dt><dd class="num">{one.projects}</dd>' in client.get(path).text


def test_each_circle_leads_to_its_country(home: str, overview: Overview) -> None:
    """The map has a link for each country with a place, named with its figure, and none of them takes a Tab."""
    drawn = home.partition('<div class="map">')[2].partition("</svg>")[0]
    links = set(re.findall(r'<a href="/doc/country/(\w+)" tabindex="-1" aria-label="([^"]+): (\d+)">', drawn))
    assert {(code, unescape(name), int(figure)) for code, name, figure in links} == {
        (one.link.code, one.link.name, one.projects) for one in overview.countries if has_place(one.link.code)
    }
    assert len(links) > 100


def test_countries_are_counted_as_their_query_counts(opened: ReleaseView, overview: Overview) -> None:
    """Also for those that some projects name among the other countries, as the list of countries counts them."""
    asked = {row["thing"].value: int(row["projects"].value) for row in opened.reader.select(countries_query())}
    assert {one.link.iri: one.projects for one in overview.countries} == asked
    assert {link.iri: count for link, count in countries_page(opened)} == asked
    assert {iri: count for iri, count in asked.items() if iri.endswith("/CL")} == {opened.iris.country("CL"): 4}


def test_money_is_what_a_query_adds_up(opened: ReleaseView, overview: Overview, home: str) -> None:
    """Sums by year and by region are those of the queries that the page links to."""
    (dollars,) = overview.budgets
    years = {int(year): total for year, total in dollars.years if total} | {None: dollars.undated}
    rows = opened.reader.select(budgets_by_year_query())
    assert {int(row["year"].value[:4]) if "year" in row else None: Decimal(row["total"].value) for row in rows} == years
    rows = opened.reader.select(budgets_by_region_query())
    asked = {row["region"].value: Decimal(row["total"].value) for row in rows if "region" in row}
    assert {link.iri: total for link, total in dollars.regions} == asked
    for query in (budgets_by_year_query(), budgets_by_region_query()):
        assert f'href="{answer_address(query).replace("&", "&amp;")}"' in home


def test_currencies_are_told_apart(opened: ReleaseView) -> None:
    """Amounts in different currencies are never added; the one of most projects comes first."""
    budgets = [
        Money(Decimal(amount), currency) for amount, currency in ((1, "EUR"), (2, "EUR"), (3, "EUR"), (5, "CHF"))
    ]
    entries = [replace(entry, budget=one) for entry, one in zip(all_projects(opened), budgets, strict=False)]
    first, second = budgets_of(opened, entries)
    assert (first.currency, first.projects, second.currency, second.projects) == ("EUR", 3, "CHF", 1)
    assert sum(total for _, total in first.years) + first.undated == 6
    assert budgets_of(opened, ()) == ()


def budgets_of(view: ReleaseView, entries: Iterable[ProjectEntry]) -> tuple[BudgetFigures, ...]:
    """The budgets in a database with some projects alone."""
    with closing(sqlite3.connect(":memory:")) as database:
        fill_with(database, (IndexedProject(entry, SearchedWords((), (), ())) for entry in entries))
        return budget_figures(view, ProjectReader(database, view.iris))


def test_no_figure_stands_without_a_link(home: str) -> None:
    """Outside the pictures and the footer no number of projects is plain text."""
    main = home.partition("<main")[2].partition("</main>")[0]
    assert not re.search(r'<dd>[\d,]+</dd>|<span class="num">[\d,]+</span>', main)
    assert not re.search(r"<td>\d+</td><td>\d+</td>", main)


def test_a_prepared_page_is_not_computed_again(
    opened: ReleaseView, monkeypatch: pytest.MonkeyPatch, client: Asker, home: str
) -> None:
    """A server prepares the page before it answers; then it only sends it, in each language."""
    french = replace(opened, language="fr")
    prepare_home_page(opened)
    prepare_home_page(french)
    monkeypatch.setattr("iomld.web.pages.home.release_overview", lambda _: pytest.fail("computed again"))
    assert client.get("/").text == home
    prepare_home_page(french)
