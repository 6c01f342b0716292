"""The query page without script: a form, and the answer below it."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.browse.released import BASE, make_release
from tests.web.one_worker import endpoint_of

from iomld.browse.view import ReleaseView, open_view
from iomld.release import current_release
from iomld.web.i18n import PageRequest, making
from iomld.web.pages.frame import page_html
from iomld.web.pages.query import QueryOutcome, query_routes
from iomld.web.pages.query_answer import ResultExcerpt
from iomld.web.pages.query_charts import ResultView
from iomld.web.sparql.endpoint import SparqlLimits

Run = Callable[[str], str]
PREFIXES = "PREFIX iomld: <https://w3id.org/iomld/ns#> PREFIX dcterms: <http://purl.org/dc/terms/> "


def browser_of(view: ReleaseView, *, max_rows: int = 10_000, limits: SparqlLimits | None = None) -> Asker:
    """A browser of the query page."""
    app = FastAPI()
    app.include_router(query_routes(lambda: view, endpoint_of(view, max_rows=max_rows, limits=limits)))
    return Asker(app, {"Accept": "text/html"})


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """The small release."""
    return open_view(make_release(tmp_path_factory.mktemp("release")))


@pytest.fixture(scope="module")
def client(opened: ReleaseView) -> Asker:
    """A browser of its query page."""
    return browser_of(opened)


@pytest.fixture
def run(client: Asker) -> Run:
    """Run a query that has an answer; gives the page."""

    def ask(query: str) -> str:
        answer = client.get("/query", params={"query": PREFIXES + query, "run": "1"})
        assert answer.status_code == 200, answer.text
        return answer.text

    return ask


def status_of(page: str) -> str:
    """What the page announces."""
    match = re.search(r'role="status"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert match, page
    return " ".join(unescape(re.sub("<[^>]+>", "", match[1])).split())


def cells_of(page: str) -> list[str]:
    """The cells of the table, as HTML."""
    return re.findall(r"<td[^>]*>.*?</td>", page)


def test_a_query_that_is_not_run_only_fills_the_form(client: Asker) -> None:
    """Without `run` there is no answer, and the text is in the form."""
    page = client.get("/query", params={"query": "ASK { <urn:a> ?p 1 }"}).text
    assert "ASK { &lt;urn:a&gt; ?p 1 }</textarea>" in page
    assert 'role="status"' not in page


def test_things_are_shown_by_name_and_lead_to_their_pages(run: Run) -> None:
    """A country by its name, a project by its code, a term by its prefixed name; the IRI is the title."""
    page = run("SELECT ?p ?c ?t { ?p iomld:benefitingMemberState ?c ; a ?t FILTER(?t = iomld:Project) } LIMIT 1")
    project, country, term = cells_of(page)
    assert 'href="/doc/project/' in project
    assert f'href="/doc/country/CI" title="{BASE}id/country/CI">Côte d' in country
    assert 'href="/ns#Project" title="https://w3id.org/iomld/ns#Project">iomld:Project</a>' in term


def test_literals_show_language_and_datatype(run: Run) -> None:
    """Texts have their language, numbers stand to the right, other datatypes are named; unbound is empty."""
    page = run('SELECT ("un"@fr AS ?a) (7 AS ?b) ("2020-01-01"^^<http://www.w3.org/2001/XMLSchema#date> AS ?c) ?d {}')
    assert cells_of(page) == [
        '<td><span lang="fr">un</span> <small>fr</small></td>',
        '<td class="num">7</td>',
        "<td>2020-01-01 <small>xsd:date</small></td>",
        "<td></td>",
    ]


def test_values_are_escaped(run: Run) -> None:
    """Markup in a literal is text, a script is no link, line breaks and tabs do not shift the rows."""
    page = run('SELECT ("<script>\\n\\t\\"x\\"" AS ?a) (<javascript:alert(1)> AS ?b) {}')
    first, second = re.findall(r"<td>.*?</td>", page, re.DOTALL)
    assert "&lt;script&gt;\n\t" in first
    assert second == "<td>javascript:alert(1)</td>"


def test_rows_are_counted_and_cut_for_the_eye(run: Run) -> None:
    """All rows count, 500 are shown, and a long text is cut; the page says so."""
    numbers = " ".join(map(str, range(40)))
    page = run(f"SELECT ?a ?b {{ VALUES ?a {{ {numbers} }} VALUES ?b {{ {numbers} }} }}")
    assert status_of(page).startswith("1,600 rows in ")
    assert page.count("<tr><td") == 500
    assert "The first 500 are shown" in page
    assert 'id="row-501"' not in page
    assert "… (2,000 characters)" in run(f'SELECT ("{"x" * 2000}" AS ?long) {{}}')


def test_more_rows_are_a_link_away(client: Asker) -> None:
    """Each link shows 500 more, below those before, up to 5,000; the address is that of the page with them."""
    numbers = " ".join(map(str, range(80)))
    query = f"SELECT ?a ?b {{ VALUES ?a {{ {numbers} }} VALUES ?b {{ {numbers} }} }}"

    def page(rows: str) -> tuple[int, str]:
        text = client.get("/query", params={"query": query, "run": "1", "rows": rows}).text
        link = re.search(r'href="(/query\?[^"]+)">Show ([\d,]+) more rows', text)
        return text.count("<tr><td") + text.count("<tr id="), f"{unescape(link[1])} {link[2]}" if link else ""

    count, link = page("")
    assert count == 500
    assert parse_qs(urlsplit(link).query)["rows"] == ["1000"]
    assert link.endswith("#row-501 500")
    assert page("4900")[1].endswith("#row-4901 100")
    assert page("5000") == (5000, "")
    assert page("999999999999999999999")[0] == page("-3")[0] == page("٣")[0] == 500


def test_a_large_answer_is_counted_too(opened: ReleaseView) -> None:
    """An answer that is too large to be kept is counted to its end."""
    asker = browser_of(opened, limits=SparqlLimits(timeout_s=20, cache_bytes=0))
    numbers = " ".join(map(str, range(90)))
    query = f'SELECT ?a ?b ("{"x" * 50}" AS ?c) {{ VALUES ?a {{ {numbers} }} VALUES ?b {{ {numbers} }} }}'
    page = asker.get("/query", params={"query": query, "run": "1"}).text
    assert status_of(page).startswith("8,100 rows in ")
    assert page.count("<tr><td") == 500


def test_no_rows_say_what_to_do(run: Run) -> None:
    """An empty answer has advice instead of an empty table; a query with a list is not taken apart."""
    page = run("SELECT ?s { ?s <urn:none> (1 2) }")
    assert status_of(page).startswith("0 rows")
    assert "Remove one line at a time" in page
    assert "<table" not in page


@pytest.mark.parametrize(("query", "said"), [("ASK {}", "Yes in "), ("ASK { <urn:a> ?p ?o }", "No in ")])
def test_a_boolean_is_yes_or_no(run: Run, query: str, said: str) -> None:
    """ASK is answered in a word."""
    assert status_of(run(query)).startswith(said)


def test_a_graph_is_shown_as_turtle(run: Run) -> None:
    """CONSTRUCT gives Turtle with our prefixes."""
    page = run("CONSTRUCT { ?s a iomld:Project } WHERE { ?s a iomld:Project } LIMIT 1")
    assert "lines of Turtle" in status_of(page)
    assert re.search(r"prj:\S+ a iomld:Project", unescape(page))


@pytest.mark.parametrize(
    ("query", "formats"),
    [
        ("SELECT (1 AS ?a) {}", ["csv", "tsv", "json", "xml"]),
        ("ASK {}", ["json", "xml"]),
        ("CONSTRUCT WHERE { ?s ?p ?o }", ["turtle", "ntriples", "rdfxml", "jsonld"]),
    ],
)
def test_the_whole_answer_is_a_file(run: Run, query: str, formats: list[str]) -> None:
    """Links lead to the endpoint with the same query and a format that fits."""
    links = [unescape(link) for link in re.findall(r'href="(/sparql\?[^"]+)" download', run(query))]
    asked = [parse_qs(urlsplit(link).query) for link in links]
    assert [one["format"][0] for one in asked] == formats
    assert {one["download"][0] for one in asked} == {"1"}
    assert {one["query"][0] for one in asked} == {PREFIXES + query}


def test_a_mistake_is_told_with_its_place_and_the_query_is_kept(client: Asker) -> None:
    """A query that does not parse comes back with 400, a sentence, and the place for the editor."""
    query = "SELECT ?a {\n  ?a ??b ?c }"
    answer = client.get("/query", params={"query": query, "run": "1"})
    assert answer.status_code == 400
    assert status_of(answer.text).startswith("Line 2, column ")
    assert re.search(r'id="fault" data-line="2" data-column="\d+"', answer.text)
    assert query in unescape(answer.text)
    assert answer.headers["cache-control"] == "no-store"


def test_limits_of_the_endpoint_hold(opened: ReleaseView) -> None:
    """Too many rows are a 422 with advice, SERVICE is a 403, a spent budget a 429 with the time to wait."""
    few = browser_of(opened, max_rows=2)
    answer = few.get("/query", params={"query": "SELECT * { ?s ?p ?o }", "run": "1"})
    assert (answer.status_code, "more than 2 solutions" in status_of(answer.text)) == (422, True)
    answer = few.get("/query", params={"query": "ASK { SERVICE <urn:x> {} }", "run": "1"})
    assert answer.status_code == 403
    spent = browser_of(opened, limits=SparqlLimits(timeout_s=20, client_s=0.5, client_refill_s=0.01, cache_bytes=0))
    assert spent.get("/query", params={"query": "SELECT * { ?s ?p ?o }", "run": "1"}).status_code == 200
    answer = spent.get("/query", params={"query": "SELECT * { ?s ?p ?o }", "run": "1"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_terms_for_completion_have_labels_and_counts(datadir: Path) -> None:
    """Our terms say what they mean and how often they are used; terms of others and things are there too."""
    release = current_release(datadir)
    assert release
    answer = browser_of(open_view(release)).get("/editor/terms.json")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    terms = {term["name"]: term for term in document["terms"]}
    assert terms["iomld:Project"]["kind"] == "class"
    assert terms["iomld:Project"]["count"] == release.manifest.projects
    assert terms["iomld:budgetUSD"]["label"] == "budget in US dollars"
    assert terms["iomld:budgetUSD"]["domain"] == ["iomld:Project"]
    assert terms["dcterms:title"]["kind"] == "property"
    assert terms["dcterms:title"]["count"] > 1
    assert terms["cty:CI"]["label"].startswith("Côte d")
    assert terms["framework:gcm"]["kind"] == "thing"
    assert {name.partition(":")[0] for name in terms} <= set(document["prefixes"])


def test_every_term_for_completion_is_read_by_sparql(run: Run, client: Asker) -> None:
    """With its prefixes declared, each name is an IRI in a query."""
    document = client.get("/editor/terms.json").json()
    prefixes = "".join(f"PREFIX {name}: <{iri}> " for name, iri in document["prefixes"].items())
    names = " ".join(term["name"] for term in document["terms"])
    page = run(f"{prefixes} SELECT (COUNT(*) AS ?n) {{ VALUES ?t {{ {names} }} }}")
    assert cells_of(page) == [f'<td class="num">{len(document["terms"])}</td>']


@pytest.mark.parametrize(("language", "limit"), [("en", "0.01 seconds"), ("fr", "0,01 seconde")])
def test_a_short_time_is_written_in_the_language_of_the_page(language: str, limit: str) -> None:
    """The least time has the decimal mark of the page's language, whichever language was rendered first."""
    values = {"query": "ASK {}", "examples": (), "result": ResultView(), "view_name": ""}
    with making(PageRequest(language=language)):
        page = page_html(None, "query.html", outcome=QueryOutcome(answer=ResultExcerpt(verdict=True)), **values)
    assert limit in page.decode()
