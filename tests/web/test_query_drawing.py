"""The rows of an answer as bars and on a map, by the address alone."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.browse.released import BASE, make_release
from tests.web.one_worker import endpoint_of

from iomld.browse.view import open_view
from iomld.web.pages.query import query_routes

Show = Callable[[str, str], str]
NUMBERS = 'SELECT ?n ?v { VALUES (?n ?v) { ("a & b" 5) ("c" 10) ("d" 0) } }'


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Asker:
    """A browser of the query page of the small release."""
    view = open_view(make_release(tmp_path_factory.mktemp("release")))
    app = FastAPI()
    app.include_router(query_routes(lambda: view, endpoint_of(view)))
    return Asker(app, {"Accept": "text/html"})


@pytest.fixture
def show(client: Asker) -> Show:
    """Run a query and show its rows in one way; gives the page."""

    def ask(query: str, look: str) -> str:
        answer = client.get("/query", params={"query": query, "run": "1", "view": look})
        assert answer.status_code == 200, answer.text
        return answer.text

    return ask


def looks_of(page: str) -> list[str]:
    """The ways that the page offers, as the values of `view`."""
    links = re.findall(r'<a href="(/query\?[^"]+view=\w+[^"]*)"', page)
    return [parse_qs(urlsplit(unescape(link)).query)["view"][0] for link in links]


def bars_of(page: str) -> list[tuple[str, float, float, str]]:
    """Name, start, length and number of each bar."""
    found = re.findall(
        r'<li><span class="name">(.*?)</span><svg.*?<rect x="(.*?)" width="(.*?)".*?"num">(.*?)</span>', page, re.DOTALL
    )
    return [
        (unescape(re.sub("<[^>]+>", "", name)).strip(), float(x), float(width), text) for name, x, width, text in found
    ]


def dots_of(page: str) -> dict[str, float]:
    """What each circle says, and its radius."""
    return {unescape(title): float(radius) for radius, title in re.findall(r'r="([\d.]+)"><title>(.*?)</title>', page)}


def test_numbers_with_names_are_bars(show: Show) -> None:
    """The longest bar is the largest number; the figures stand beside, and the table stays."""
    page = show(NUMBERS, "chart")
    assert bars_of(page) == [("a & b", 0, 50, "5"), ("c", 0, 100, "10"), ("d", 0, 0, "0")]
    assert page.count("<tr><td") == 3
    assert looks_of(page) == ["table", "chart"]


def test_the_table_is_shown_unless_asked(show: Show) -> None:
    """Any other word is a table, which links to the chart."""
    for look in ("", "table", "pie", "<script>"):
        page = show(NUMBERS, look)
        assert bars_of(page) == []
        assert page.count("<tr><td") == 3
        assert "chart" in looks_of(page)
        assert "<script>" not in page.split("<main")[1]


def test_numbers_below_zero_grow_to_the_left(show: Show) -> None:
    """Bars share one line of zero."""
    page = show('SELECT * { VALUES (?n ?v) { ("a" -2.5) ("b" 7.5) } }', "chart")
    assert bars_of(page) == [("a", 0, 25, "-2.5"), ("b", 25, 75, "7.5")]


def test_several_numbers_are_several_charts(show: Show) -> None:
    """Up to three; a number that is missing has no bar and no figure."""
    page = show('SELECT * { VALUES (?n ?a ?b ?c ?d) { ("x" 1 2 3 4) ("y" UNDEF 1 1 1) } }', "chart")
    assert page.count("<figcaption") == 3
    assert bars_of(page)[:2] == [("x", 0, 100, "1"), ("y", 0, 0, "")]


def test_years_name_rows(show: Show) -> None:
    """Both as xsd:gYear and as a whole number beside another number."""
    years = '"2017"^^<http://www.w3.org/2001/XMLSchema#gYear> 3) ("2018"^^<http://www.w3.org/2001/XMLSchema#gYear> 6'
    for values in (years, "2017 3) (2018 6"):
        page = show(f"SELECT * {{ VALUES (?y ?v) {{ ({values}) }} }}", "chart")
        assert bars_of(page) == [("2017", 0, 50, "3"), ("2018", 0, 100, "6")]


def test_two_columns_name_rows_together(show: Show) -> None:
    """Where neither differs in each row."""
    rows = '("x" "y" 1) ("x" "z" 2) ("w" "z" 1)'
    names = [name for name, *_ in bars_of(show(f"SELECT * {{ VALUES (?a ?b ?v) {{ {rows} }} }}", "chart"))]
    assert names == ["x · y", "x · z", "w · z"]


@pytest.mark.parametrize(
    "values", ['("a" 1)', '("a" 1) ("a" 2)', '("a" "b") ("c" "d")', "(1 2) (3 4)", '("a" 1) ("b" "x")']
)
def test_a_chart_that_does_not_suit_is_a_table(show: Show, values: str) -> None:
    """One row, names that repeat, no numbers, no names, numbers mixed with texts: the page says what is needed."""
    page = show(f"SELECT * {{ VALUES (?n ?v) {{ {values} }} }}", "chart")
    assert bars_of(page) == []
    assert "A chart needs two rows or more" in page
    assert "<tr><td" in page
    assert "chart" not in looks_of(page)


def test_numbers_that_cannot_be_drawn_do_no_harm(show: Show) -> None:
    """Infinity, no number, and numbers beyond what a screen can show."""
    doubles = " ".join(f'("{n}" "{n}"^^<http://www.w3.org/2001/XMLSchema#double>)' for n in ("INF", "NaN", "1e300"))
    assert "A chart needs" in show(f"SELECT * {{ VALUES (?n ?v) {{ {doubles} }} }}", "chart")


def test_countries_are_circles(show: Show) -> None:
    """By IRI; the area is the number, and the largest lies below the others."""
    iris = f"(<{BASE}id/country/CN> 4) (<{BASE}id/country/CI> 16)"
    page = show(f"SELECT * {{ VALUES (?c ?v) {{ {iris} }} }}", "map")
    dots = dots_of(page)
    assert [*dots] == ["Côte d’Ivoire: 16", "China: 4"]
    assert [*dots.values()] == [15.0, 7.5]
    assert "/static/land.svg#land" in page
    assert looks_of(page) == ["table", "chart", "map"]


def test_codes_are_countries_and_rows_add_up(show: Show) -> None:
    """ISO codes will do; without numbers rows count, with numbers they are added, and none is lost below zero."""
    page = show('SELECT * { VALUES ?iso { "CN" "CN" "NA" UNDEF } }', "map")
    assert dots_of(page) == {"China: 2": 15.0, "Namibia: 1": 10.6}
    assert "the number of rows" in page
    page = show('SELECT * { VALUES (?iso ?v) { ("CN" 1) ("CN" 2.5) ("NA" -1) } }', "map")
    assert dots_of(page) == {"China: 3.5": 15.0, "Namibia: -1": 2.0}


@pytest.mark.parametrize("values", ['"cn"', '"CN" "XX"', "UNDEF", "1"])
def test_a_map_that_does_not_suit_is_a_table(show: Show, values: str) -> None:
    """A value that is not a country is not on the map; the page says what a map needs."""
    page = show(f"SELECT ?iso ?b {{ VALUES ?iso {{ {values} }} }}", "map")
    assert "A map needs a column of countries" in page
    assert looks_of(page) == []


def test_the_form_keeps_how_rows_are_shown(client: Asker, show: Show) -> None:
    """The next query is drawn too; after a mistake as well."""
    kept = '<input type="hidden" name="view" value="chart">'
    assert kept in show(NUMBERS, "chart")
    assert kept in client.get("/query", params={"query": "SELECT {", "run": "1", "view": "chart"}).text
    assert 'name="view"' not in show(NUMBERS, "table")


@pytest.mark.parametrize("query", ["ASK {}", "CONSTRUCT { <urn:a> <urn:b> 1 } {}", "SELECT * { ?s <urn:none> ?o }"])
def test_what_has_no_rows_is_not_drawn(show: Show, query: str) -> None:
    """A yes, a graph, an empty answer: as without `view`."""
    page = show(query, "map")
    assert looks_of(page) == []
    assert "A map needs" not in page
