"""The page of the ontology: every term has its place, and each of its links tells the same."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.serving import Server

pytestmark = pytest.mark.server

_ARTICLE = re.compile(r'<article class="card vocable" id="(\w+)".*?</article>', re.DOTALL)
_COUNT = re.compile(r'href="(/query\?[^"]*)">([\d,]+) \w+</a>')


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A browser of a server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as client:
        client.headers["Accept"] = "text/html"
        yield client


@pytest.fixture(scope="module")
def articles(client: httpx.Client) -> dict[str, str]:
    """The part of the page for each term, by its anchor."""
    return {match[1]: match[0] for match in _ARTICLE.finditer(client.get("/ontology").text)}


def test_an_iri_of_a_term_leads_to_its_place(client: httpx.Client, articles: dict[str, str]) -> None:
    """The name of each term is its anchor, on `/ontology` and on `/ns`, where its IRI leads a browser."""
    turtle = client.get("/ns.ttl").text
    names = set(re.findall(r"^(?:iomld:|<https://w3id.org/iomld/ns#)(\w+)", turtle, re.MULTILINE))
    assert {"benefitingMemberState", "Project"} <= names
    assert set(articles) == names
    assert {match[1] for match in _ARTICLE.finditer(client.get("/ns").text)} == names
    contents = re.search(r'<nav class="contents".*?</nav>', client.get("/ontology").text, re.DOTALL)
    assert contents
    assert names < set(re.findall(r'href="#(\w+)"', contents[0]))


def test_a_count_leads_to_the_query_that_gives_it(client: httpx.Client, articles: dict[str, str]) -> None:
    """Each figure is the answer of the query that it links to; the query page shows the same."""
    for name, article in articles.items():
        link = _COUNT.search(article)
        assert link, name
        query = parse_qs(urlsplit(unescape(link[1])).query)["query"][0]
        answer = client.get("/sparql", params={"query": query}, headers={"Accept": "text/csv"}).text
        assert (name, answer.split()[1:]) == (name, [link[2].replace(",", "")])
    link = _COUNT.search(articles["Project"])
    assert link
    assert f">{link[2]}<" in client.get(unescape(link[1])).text


def test_rules_and_examples_lead_somewhere(client: httpx.Client, articles: dict[str, str]) -> None:
    """Each rule is a place on the page of the shapes; each example is of documents that are served."""
    shapes = set(re.findall(r'<article class="card rule" id="(\w+)"', client.get("/shapes").text))
    rules = {rule for article in articles.values() for rule in re.findall(r'href="/shapes#(\w+)"', article)}
    assert "title" in rules
    assert rules <= shapes
    paths = {
        path for article in articles.values() for path in re.findall(r'href="(/(?:doc|scheme|prov)/[^"#]*)', article)
    }
    assert "/doc/project/PO.0105" in paths
    assert {client.get(path).status_code for path in paths} == {200}


def test_labels_are_there_in_every_language(client: httpx.Client, articles: dict[str, str]) -> None:
    """The heading is in the language of the page, the other two stand below, each with its language."""
    assert '<span lang="fr"><i>Français</i> État membre bénéficiaire</span>' in articles["benefitingMemberState"]
    text = client.get("/ontology?lang=es").text
    client.cookies.clear()
    assert "<b>Estado miembro beneficiario</b>" in text
    assert '<span lang="en"><i>English</i> benefiting member state</span>' in text
