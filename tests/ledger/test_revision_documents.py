"""What a revision said: its document in all forms, the statements about it, its page, and the history of a project."""

import json
import re

import pytest
from tests.browse.asking import Asker
from tests.browse.documents import documents_of
from tests.conftest import Command

from iomld.formats import rdf
from iomld.iris import DCTERMS

CODE = "PO.9002"
PATH = f"/doc/project/{CODE}"
BASE = "https://w3id.org/iomld"
RECORD = {
    "projectCode": CODE,
    "title": {"en": "A good record"},
    "status": "completed",
    "projectType": "PO",
    "coverage": "regional",
    "region": "africa",
    "startYear": "2018",
    "budgetUSD": "100000",
    "benefitingMemberStates": ["NA", "ZA"],
    "source": {"url": "https://example.org/project"},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Asker:
    """The documents after two publishes, a withdrawal, and a third publish, of which an old release was pruned."""
    folder = tmp_path_factory.mktemp("revisions")
    source, to = folder / "r.json", folder / "to"

    def done(*arguments: object) -> None:
        result = iomld(*arguments)
        assert result.returncode == 0, result.stderr

    for budget in ("100000", "120000"):
        source.write_text(json.dumps(RECORD | {"budgetUSD": budget}), encoding="utf-8")
        done("publish", source, "--to", to)
    done("withdraw", CODE, "--reason", "By mistake.", "--to", to)
    source.write_text(json.dumps(RECORD | {"title": {"en": "A better record"}}), encoding="utf-8")
    done("publish", source, "--to", to)
    done("releases", "prune", "--keep", "1", "--from", to)
    return documents_of(to)


def test_a_revision_has_its_content_in_all_forms(client: Asker) -> None:
    """It is the record as it was, in a graph with the name of the revision, though its release is gone."""
    quads = tuple(rdf.parse(client.get(f"{PATH}/rev/2.nq").content, rdf.NQUADS))
    assert {quad.graph_name.value for quad in quads} == {f"{BASE}{PATH}/rev/2"}  # type: ignore[union-attr]  # all named
    triples = {quad.triple for quad in quads}
    for suffix in ("ttl", "nt", "trig", "rdf"):
        answer = client.get(f"{PATH}/rev/2.{suffix}")
        assert {quad.triple for quad in rdf.parse(answer.content, rdf.by_suffix(suffix) or rdf.TURTLE)} == triples
    assert client.get(f"{PATH}/rev/2.jsonld").json()["budgetUSD"] == "120000"
    assert client.get(f"{PATH}/rev/1.jsonld").json()["budgetUSD"] == "100000"
    assert client.get(f"{PATH}/rev/4.jsonld").json()["title"] == {"en": "A better record"}


def test_the_data_of_a_revision_never_changes(client: Asker) -> None:
    """It may be kept for ever, and has the date on which it was published."""
    answer = client.get(f"{PATH}/rev/1.ttl")
    created = next(
        quad.object.value  # type: ignore[union-attr]  # a literal
        for quad in rdf.parse(client.get(f"{PATH}/rev/1.nt?about=1").content, rdf.NTRIPLES)
        if quad.predicate.value == f"{DCTERMS}created"
    )
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert created[11:19] in answer.headers["last-modified"]


@pytest.mark.parametrize(("number", "status"), [(1, 200), (2, 200), (3, 410), (4, 200), (5, 404)])
def test_each_revision_is_there_gone_or_never_was(client: Asker, number: int, status: int) -> None:
    """A withdrawal is a revision without content."""
    answer = client.get(f"{PATH}/rev/{number}")
    assert answer.status_code == status
    if status == 410:
        assert re.search(r"is its withdrawal on \d{4}-\d\d-\d\d \d\d:\d\d UTC, so", answer.json()["detail"])


def test_the_page_of_a_revision_says_what_it_changed(client: Asker) -> None:
    """Old and new values stand side by side, in the language of the page, and other revisions are linked."""

    def page(path: str) -> str:
        return client.get(path, headers={"Accept": "text/html"}).text

    second = page(f"{PATH}/rev/2")
    assert all(text in second for text in ("100000 USD", "120000 USD", f'href="{PATH}/rev/1"', f'href="{PATH}/rev/3"'))
    assert "There are newer revisions." in second
    assert "This is the newest revision." in page(f"{PATH}/rev/4")
    assert "This is the first revision." in page(f"{PATH}/rev/1")


def test_the_page_of_a_revision_has_names(client: Asker) -> None:
    """Of the classes, properties and values, as on the page of the project; so has the page about a source."""
    page = client.get(f"{PATH}/rev/1", headers={"Accept": "text/html"}).text
    assert "<caption>Project <code>prj:" in page
    assert "<b>Status</b> <code>" in page
    assert re.search(r">Completed</a> <code[^>]*>status:completed</code>", page)
    newest = client.get(f"{PATH}/rev/4", headers={"Accept": "text/html"}).text
    source = next(iter(re.findall(r"/prov/source/[0-9a-f]{12}", newest)))
    about = client.get(source, headers={"Accept": "text/html"}).text
    assert f"<h1>Source snapshot {source.rpartition('/')[2]}</h1>" in about
    assert "<b>Media type</b>" in about


def test_statements_about_a_revision_have_a_title_and_names(client: Asker) -> None:
    """The title says what they are about, and properties of other vocabularies have names too."""
    page = client.get(f"{PATH}/rev/1?about=1&lang=en", headers={"Accept": "text/html"}).text
    assert f"<h1>About revision 1 of {CODE}</h1>" in page
    for name in ("Made", "Revision of", "Source in detail", "General form", "Made by run"):
        assert f"<b>{name}</b>" in page, name


def test_a_wider_property_is_not_named_after_its_field(client: Asker) -> None:
    """Records give in it the countries that are no member states; in what is published it has all of them."""
    page = client.get(f"{PATH}/rev/1?lang=en", headers={"Accept": "text/html"}).text
    assert "<b>Benefiting country</b>" in page
    assert "Other benefiting countries" not in page


def test_the_page_of_a_project_has_its_history(client: Asker) -> None:
    """Each revision with the fields that it changed; the one after a withdrawal has nothing to be compared with."""
    page = client.get(PATH, headers={"Accept": "text/html"}).text
    assert "Changed: Budget" in page
    assert page.count("120000 USD") == 1
