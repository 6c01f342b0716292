"""The list of projects: its page with filters, its table, and its ways to the same results elsewhere."""

import csv
import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from tests.browse import released
from tests.browse.asking import Asker
from tests.browse.released import BASE, HOSTILE, make_release
from tests.web.one_worker import endpoint_of

from iomld.browse import search
from iomld.browse.view import ReleaseView, open_view
from iomld.web.data.resources import resource_routes
from iomld.web.pages.overview import page_routes
from iomld.web.pages.projects import TABLE_HEADER
from iomld.web.pages.query import query_routes
from iomld.web.problems import ProblemError, problem_of


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """The small release with a title from right to left."""
    arabic = 'a iomld:Project ; dcterms:title "مشروع الهجرة"@ar ; iomld:projectCode "AR.1" .'
    formula = 'a iomld:Project ; dcterms:title "=1+1"@en .'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(released, "AWKWARD", released.AWKWARD | {"AR.1": arabic, "EQ.1": formula})
        return open_view(make_release(tmp_path_factory.mktemp("release")))


@pytest.fixture(scope="module")
def client(opened: ReleaseView) -> Asker:
    """A client of the pages and documents."""
    app = FastAPI()
    app.include_router(page_routes(lambda: opened))
    app.include_router(query_routes(lambda: opened, endpoint_of(opened)))
    app.include_router(resource_routes(lambda: opened))
    return Asker(app, {"Accept": "text/html"})


def _status(text: str) -> str:
    found = re.search(r'role="status">(.*?)</p>', text)
    assert found
    return found[1]


def _address(text: str, name: str) -> str:
    """Where the form of the results with a name is."""
    found = re.search(rf'<li><a href="([^"]*)">{name}</a></li>', text)
    assert found
    return found[1].replace("&amp;", "&")


def test_the_page_shows_what_is_chosen(client: Asker) -> None:
    """Ticks stay, counts stand beside names, chips take filters away."""
    text = client.get("/projects?country=CI&status=completed&year_from=2010&sort=title").text
    assert _status(text) == "1 project."
    assert re.search(r'name="country" value="CI" id="country-1" checked', text)
    assert "<bdi>Côte d’Ivoire</bdi>" in text
    assert 'href="/projects?status=completed&amp;year_from=2010&amp;sort=title"' in text
    assert 'name="year_from" form="filters"' in text
    assert 'value="2010"' in text
    assert '<option value="title" selected>Title</option>' in text


def test_an_unknown_value_can_be_removed(client: Asker) -> None:
    """A value that nothing has gives no row, a chip to take it away, and a sentence that says what to do."""
    answer = client.get("/projects?country=ZZ&framework=%3Cb%3E")
    assert answer.status_code == 200
    assert _status(answer.text) == "0 projects."
    assert 'href="/projects?framework=%3Cb%3E"' in answer.text
    assert "<bdi>Framework: &lt;b&gt;</bdi>" in answer.text
    assert "Remove a filter above" in answer.text
    assert 'There is no country with the code ZZ. <a href="/projects?framework=' in answer.text
    assert "There is no framework with the code &lt;b&gt;." in answer.text
    assert 'value="ZZ"' not in answer.text
    assert "does not exist" not in client.get("/projects?country=KE&year=2018&budget=0-50").text


def test_pages_are_linked(client: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page leads to the next and the one before with the filters kept; nonsense gives a sensible page."""
    monkeypatch.setattr(search, "_PAGE", 2)
    first = client.get("/projects?sort=title").text
    assert 'href="/projects?sort=title&amp;page=2" rel="next"' in first
    assert 'rel="prev"' not in first
    second = client.get("/projects?sort=title&page=2").text
    assert 'href="/projects?sort=title&amp;page=1" rel="prev"' in second
    assert '<ol class="results" start="3">' in second
    assert "page 1 of 4" in _status(client.get("/projects?page=-1").text)
    assert "page 1 of 4" in _status(client.get("/projects?page=abc").text)


def test_a_page_beyond_the_last_does_not_exist(client: Asker) -> None:
    """It is a 404 that names the last page and leads to it."""
    with pytest.raises(ProblemError, match=r"There is no page 99\. The last page is 1\.") as error:
        client.get("/projects?page=99")
    assert error.value.status == 404
    assert (
        '<a class="btn primary" href="/projects?page=1">Go to page 1</a>'
        in problem_of(error.value, accept="text/html").body.decode()
    )


def test_a_title_says_what_the_list_is(client: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the names of filters, not by their codes, and with the number of a later page."""
    monkeypatch.setattr(search, "_PAGE", 2)
    for query, title in (
        ("sort=title", "Projects"),
        ("country=CI", "Projects in Côte d’Ivoire"),
        ("region=africa", "Projects in Africa"),
        ("q=slash", "Projects with “slash”"),
        (
            "q=title&status=completed&year_from=2010&country=CI",
            "Projects: title, Completed, Côte d’Ivoire, From: 2010",
        ),
        ("page=2", "Projects, page 2"),
    ):
        assert f"<title>{title} · iomld</title>" in client.get(f"/projects?{query}").text, query


@pytest.mark.parametrize("parameter", ["sort=size", "colour=red", "year_to=soon", "page=0"])
def test_a_parameter_without_effect_is_named(client: Asker, parameter: str) -> None:
    """The page shows the projects of the others, and a link without it; programs get an error."""
    text = client.get(f"/projects?country=CI&{parameter}&lang=en&year_from=").text
    assert _status(text) == "1 project."
    assert f'Part of the address has no effect: {parameter}. <a href="/projects?country=CI">Remove it</a>' in text
    for path in ("/projects.csv", "/projects.jsonld"):
        if not (path == "/projects.jsonld" and parameter == "page=0"):  # which is a page that does not exist
            with pytest.raises(ProblemError, match=f"No such filter: {parameter}") as error:
                client.get(f"{path}?country=CI&{parameter}")
            assert error.value.status == 400


@pytest.mark.parametrize("path", ["/projects.csv", "/projects.jsonld"])
def test_programs_get_an_error_for_an_unknown_code(client: Asker, path: str) -> None:
    """A code without projects is an empty list, and a code that is none cannot be taken for one."""
    assert client.get(f"{path}?country=KE").status_code == 200
    with pytest.raises(
        ProblemError, match=r"There is no country with the code ZZ\. much is not a budget range"
    ) as error:
        client.get(f"{path}?country=KE&country=ZZ&budget=much")
    assert error.value.status == 400


def test_a_search_shows_what_it_names(client: Asker) -> None:
    """A country in any of our languages, a region, the beginning of a framework's name, each with its projects."""
    for words, path, count in (
        ("cote d'ivoire", "/doc/country/CI", 1),
        ("Elfenbeinküste", "", 0),
        ("Kenia", "/doc/country/KE", 0),
        ("AFRICA", "/scheme/region/africa", 1),
        ("global compact for safe", "/scheme/framework/gcm", 1),
        ("KE", "/doc/country/KE", 0),
    ):
        text = client.get("/projects", params={"q": words}).text
        cards = re.findall(r'<li class="card">.*?href="([^"]+)".*?>(\d+) projects?</a>', text)
        assert ([(path, str(count))] if path else []) == cards, words


def test_a_code_is_found_however_it_is_written(client: Asker) -> None:
    """Without its dot, with a dash, in small letters; the table has the same project."""
    for words in ("po0001", "PO-0001", "po.0001"):
        assert _status(client.get(f"/projects?q={words}").text).startswith("1 project"), words
        assert "PO.0001" in client.get(f"/projects.csv?q={words}").text


def test_a_misspelt_word_is_corrected(client: Asker) -> None:
    """If that finds something: other filters stay; a word that is far from all others gets no suggestion."""
    text = client.get("/projects?q=percet+slahs&sort=title").text
    assert 'Did you mean <a href="/projects?q=percent+slash&amp;sort=title">percent slash</a>?' in text
    for words in ("xyzzyx", "qqq", "slahs zzzzzz"):
        assert "Did you mean" not in client.get("/projects", params={"q": words}).text


def test_a_long_search_is_cut(client: Asker) -> None:
    """Ten thousand characters are answered, and only the first 200 come back."""
    answer = client.get("/projects", params={"q": "é" * 10_000})
    assert answer.status_code == 200
    assert "é" * 200 in answer.text
    assert "é" * 201 not in answer.text


def test_titles_go_in_their_direction(client: Asker) -> None:
    """A title says its language and finds its direction; a record of which nothing else is known has no empty parts."""
    text = client.get("/projects?q=ar.1").text
    row = text[text.index("<article>") : text.index("</article>")]
    assert '<h3 dir="auto" lang="ar">' in row
    assert "US$" not in row
    assert 'class="points"' not in row
    assert 'class="pill' not in row


def test_the_table_holds_the_results(client: Asker) -> None:
    """All rows on one page under the columns of the documentation; texts are texts, and no cell is a formula."""
    answer = client.get("/projects.csv?sort=title")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="projects-list.csv"'  # not the other table
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == TABLE_HEADER
    by_code = {row["code"]: row for row in rows}
    assert len(rows) == 7
    assert by_code["XS.0001"]["title"] == HOSTILE
    assert by_code["EQ.1"]["title"] == "'=1+1"
    assert by_code["PO.0001"] == {
        "iri": f"{BASE}id/project/PO.0001",
        "code": "PO.0001",
        "title": "A title",
        "language": "en",
        "status": "completed",
        "type": "",
        "coverage": "",
        "regions": "africa",
        "countries": "CI",
        "frameworks": "gcm",
        "start_year": "2017",
        "end_year": "",
        "budget_usd": "100000",
        "budget": "100000",
        "budget_currency": "USD",
    }
    assert client.head("/projects.csv").content == b""


def test_the_same_results_elsewhere(client: Asker, opened: ReleaseView) -> None:
    """The table, the collection and the query that the page leads to give the projects of the page."""
    text = client.get("/projects?status=completed&q=titre").text
    query = "?q=titre&status=completed"
    assert _address(text, "XLSX") == f"/selection/projects.xlsx{query}"
    table = client.get(f"/projects.csv{query}").content.decode("utf-8-sig")
    assert [row["code"] for row in csv.DictReader(io.StringIO(table))] == ["PO.0001"]
    collection = json.loads(client.get(f"/projects.jsonld{query}").content)
    assert collection["hydra:totalItems"] == len(collection["hydra:member"]) == 1
    sparql = parse_qs(urlsplit(_address(text, "SPARQL")).query)["query"][0]
    assert [row["project"].value for row in opened.reader.select(sparql)] == [f"{BASE}id/project/PO.0001"]
    assert client.get(_address(text, "SPARQL")).status_code == 200
