"""Saved queries over HTTP: answers with parameters, versions that do not change, descriptions, pages and refusals."""

import csv
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from pyoxigraph import RdfFormat, parse
from tests.conftest import Command
from tests.serving import serve
from tests.sharing import made_once
from tests.web.release_site import ReleaseSite

from iomld.release.served import release_names

TITLES = """#+ title: Titles <b>&
#+ summary: Titles that contain a word.
#+ tags:
#+   - project
#+ defaults:
#+   - word: title
#+   - since: 1990
#+   - most: 5
PREFIX iomld: <https://w3id.org/iomld/ns#>
SELECT ?project ?title WHERE {
  ?project a iomld:Project ; iomld:startYear ?year ; <http://purl.org/dc/terms/title> ?title
  FILTER(CONTAINS(LCASE(?title), ?_word) && ?year >= ?_since_gYear)
} LIMIT ?_most_integer
"""
GRAPH = """#+ title: A graph
CONSTRUCT { ?project a <http://x/P> } WHERE { ?project a <https://w3id.org/iomld/ns#Project> }"""
IS_THERE = """#+ title: Is it there?
#+ defaults:
#+   - country: https://w3id.org/iomld/id/country/CN
#+   - is: true
#+   - day: 2020-02-29
#+ enumerate:
#+   - day:
#+     - 2020-02-29
#+     - 2021-01-01
ASK { BIND(?_is_boolean AS ?is) BIND(?_day_date AS ?day) ?p ?q ?_country_iri FILTER(?is) }"""


def publish_titles(iomld: Command, records: Path, folder: Path, title: str) -> str:
    """Publish the records with other titles; the name of the release."""
    source = folder.parent / f"{folder.name}.json"
    source.write_text(
        json.dumps(
            [one | {"title": {"en": f"{title} {one['projectCode']}"}} for one in json.loads(records.read_text())]
        )
    )
    done = iomld("publish", source, "--to", folder)
    assert done.returncode == 0, done.stderr
    return release_names(folder)[-1]


@pytest.fixture(scope="module")
def saved_data(tmp_path_factory: pytest.TempPathFactory, few_records: Path, iomld: Command) -> Path:
    """The releases: the query for a graph is saved between the two."""

    def publish(folder: Path) -> None:
        queries = folder / "queries"
        queries.mkdir()
        (queries / "titles.rq").write_text(TITLES)
        publish_titles(iomld, few_records, folder, "Old title")
        (queries / "graph.rq").write_text(GRAPH)
        publish_titles(iomld, few_records, folder, "New title")

    return made_once(tmp_path_factory, "saved-queries", publish)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, saved_data: Path) -> Iterator[ReleaseSite]:
    """The server; one query was saved since the last release, and one file is broken."""
    datadir = Path(shutil.copytree(saved_data, tmp_path_factory.mktemp("saved") / "to", symlinks=True))
    (datadir / "queries" / "is-there.rq").write_text(IS_THERE)
    (datadir / "queries" / "broken.rq").write_text("#+ title: Broken\nSELECT {")
    with serve(datadir, IOMLD_CLIENT_SECONDS="100000") as server, httpx.Client(base_url=server.address) as client:
        yield ReleaseSite(client, datadir, release_names(datadir), "/saved")


def rows(answer: httpx.Response) -> list[str]:
    """The titles in an answer as CSV."""
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in csv.DictReader(io.StringIO(answer.text))]


def links(answer: httpx.Response) -> Mapping[str, str]:
    """The links of an answer by relation."""
    return {one["rel"]: one["url"] for one in answer.links.values() if "rel" in one}


def test_answers_with_parameters(site: ReleaseSite) -> None:
    """Defaults, given values, every format of the endpoint, by Accept and by name, and as a file to be saved."""
    both = ["New title CE.0134", "New title PO.0105"]
    assert rows(site.get("/titles", "text/csv")) == both
    assert rows(site.get("/titles", "text/csv", word="po.0105")) == both[1:]
    assert rows(site.get("/titles", format="csv", most="1")) == both[:1]
    assert rows(site.get("/titles", format="csv", since="2100")) == []
    assert site.get("/titles").headers["content-type"] == "application/sparql-results+json"
    assert site.get("/titles", "application/sparql-results+xml").text.startswith("<?xml")
    assert "<http://x/P>" in site.get("/graph", "text/turtle").text
    assert site.get("/is-there", format="json").json()["boolean"] in {True, False}
    saved = site.get("/titles", format="csv", download="1")
    assert saved.headers["content-disposition"].startswith('attachment; filename="Titles-b')
    head = site.client.head("/saved/titles", headers={"Accept": "text/csv"})
    assert (head.status_code, head.content) == (200, b"")
    again = site.client.get("/saved/titles", headers={"Accept": "text/csv", "If-None-Match": head.headers["etag"]})
    assert again.status_code == 304


def test_a_version_does_not_change(site: ReleaseSite) -> None:
    """It has the data and the text of its release, says so, and may be cached for ever."""
    first, second = site.names
    old = site.get(f"/titles@{first}", "text/csv", most="1")
    assert rows(old) == ["Old title CE.0134"]
    assert old.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "memento-datetime" in old.headers
    found = links(old)
    assert found["cite-as"] == f"https://w3id.org/iomld/saved/titles@{first}?most=1"
    assert found["latest-version"] == "/saved/titles?most=1"
    assert site.client.get(found["describedby"]).status_code == 200
    today = site.get("/titles", "text/csv")
    assert links(today)["cite-as"] == f"https://w3id.org/iomld/saved/titles@{second}"
    assert today.headers["cache-control"] == "public, no-cache"
    (site.datadir / "queries" / "titles.rq").write_text(TITLES.replace("SELECT ?project ?title", "SELECT ?title"))
    try:
        changed = site.get("/titles", "text/csv")
        assert changed.text.startswith("title\r\n")
        assert "cite-as" not in links(changed)
        assert site.get(f"/titles@{first}", "text/csv", most="1").content == old.content
        assert site.get(f"/titles@{second}.rq").text == TITLES
    finally:
        (site.datadir / "queries" / "titles.rq").write_text(TITLES)


def test_the_list_for_programs(site: ReleaseSite) -> None:
    """Queries with their parameters in JSON and RDF; a broken file is named with its line, and the others go on."""
    listed = site.get("", "application/json").json()
    assert [one["name"] for one in listed["queries"]] == ["graph", "is-there", "titles"]
    graph, is_there, titles = listed["queries"]
    assert (titles["rows"], titles["keywords"]) == (2, ["project"])
    assert titles["version"] == f"https://w3id.org/iomld/saved/titles@{site.names[1]}"
    assert titles["parameters"][1] == {
        "name": "since",
        "type": "gYear",
        "language": None,
        "default": "1990",
        "choices": [],
    }
    assert is_there["version"] is None
    assert graph["form"] == "CONSTRUCT"
    assert listed["faults"] == [{"file": "broken.rq", "line": 2, "fault": listed["faults"][0]["fault"]}]
    assert "“}” is missing" in listed["faults"][0]["fault"]
    turtle = site.get("", format="turtle")
    named = {str(quad.subject) for quad in parse(turtle.content, RdfFormat.TURTLE)}
    assert {f"<https://w3id.org/iomld/saved/{name}>" for name in ("graph", "is-there", "titles")} <= named
    assert site.get("", format="nonsense").status_code == 406


@pytest.mark.parametrize(
    ("suffix", "format_"),
    [("ttl", RdfFormat.TURTLE), ("nt", RdfFormat.N_TRIPLES), ("jsonld", RdfFormat.JSON_LD), ("rdf", RdfFormat.RDF_XML)],
)
def test_a_description_in_rdf(site: ReleaseSite, suffix: str, format_: RdfFormat) -> None:
    """The class, the runnable text, the hash, the parameters; of a version also what it is one of, and its answer."""
    first = site.names[0]
    sh, iri = "http://www.w3.org/ns/shacl#", f"https://w3id.org/iomld/saved/titles@{first}"
    found = {
        (str(quad.subject)[1:-1], quad.predicate.value.rpartition("#")[2].rpartition("/")[2]): quad.object.value
        for quad in parse(site.get(f"/titles@{first}.{suffix}").content, format_)
        if not (quad.predicate.value.endswith("type") and quad.object.value == f"{sh}SPARQLExecutable")
    }
    assert found[iri, "22-rdf-syntax-ns#type".rpartition("#")[2]] == f"{sh}SPARQLSelectExecutable"
    assert found[iri, "isVersionOf"] == "https://w3id.org/iomld/saved/titles"
    assert found[iri, "target"] == "https://w3id.org/iomld/sparql"
    assert found[f"{iri}#since", "defaultValue"] == "1990"
    assert found[f"{iri}#answer", "extent"] == "2 rows"
    text = found[iri, "select"]
    assert "?_" not in text
    assert site.client.get(
        "/sparql", params={"query": text, "release": first}, headers={"Accept": "text/csv"}
    ).text == (site.get(f"/titles@{first}", "text/csv").text)


def test_citations(site: ReleaseSite) -> None:
    """A CITATION.cff and a BibTeX entry name the version with its parameters; what is not recorded has none."""
    first = site.names[0]
    iri = f"https://w3id.org/iomld/saved/titles@{first}?word=po"
    cff = site.get(f"/titles@{first}.cff", word="po")
    assert cff.headers["content-type"] == "application/yaml"
    lines = dict(line.split(": ", 1) for line in cff.text.splitlines())
    assert {name: json.loads(value) for name, value in lines.items()} == {
        "cff-version": "1.2.0",
        "message": "If you use this answer, please cite it as below.",
        "type": "dataset",
        "title": "Titles <b>& (word: po)",
        "authors": json.loads(lines["authors"]),
        "version": first,
        "date-released": f"{first[:4]}-{first[4:6]}-{first[6:8]}",
        "url": iri,
        "abstract": "Titles that contain a word.",
        "keywords": ["project"],
        "license-url": json.loads(lines["license-url"]),
    }
    bibtex = site.get(f"/titles@{first}.bib", word="po").text
    assert "title = {{Titles <b>\\& (word: po)}}" in bibtex
    assert f"url = {{{iri}}}" in bibtex
    assert "It can be cited once there is a new release" in site.detail(404, "/is-there.cff")


def test_what_cannot_be_answered_has_a_sentence(site: ReleaseSite) -> None:
    """Wrong types, unknown parameters, names, releases and formats; hostile names are only compared."""
    first = site.names[0]
    assert "must be a year of four digits" in site.detail(400, "/titles", since="abc")
    assert "must be a whole number of at most 18 digits, from 0 upwards" in site.detail(
        400, f"/titles@{first}", most="-1"
    )
    assert "has no parameter “words”. Write word, or" in site.detail(400, "/titles", words="x")
    assert "must be one of 2020-02-29, 2021-01-01" in site.detail(400, "/is-there", day="2020-01-01")
    assert "The closest codes are: " in site.detail(400, "/is-there", country="XX")
    assert "must be true or false" in site.detail(400, "/is-there", **{"is": "yes"})
    assert "write its name into the path" in site.detail(400, "/titles", release=first)
    assert "occurs 2 times" in site.client.get("/saved/titles?most=1&most=2").json()["detail"]
    assert "followed by two hexadecimal digits" in site.client.get("/saved/titles?word=%zz").json()["detail"]
    assert "is not valid UTF-8" in site.client.get("/saved/titles?word=%ff").json()["detail"]
    assert "Did you mean “titles”?" in site.detail(404, "/title")
    assert "All of them are listed at /saved" in site.detail(404, "/zzzzz")
    assert "broken.rq, line 2: " in site.detail(503, "/broken")
    assert f"closest names are: {first}" in site.detail(404, f"/titles@{first[:-1]}")
    assert "may have been saved later" in site.detail(404, f"/graph@{first}")
    assert "unknown" in site.detail(400, "/titles", format="nonsense")
    assert "must be a number of seconds" in site.detail(400, "/titles", timeout="x")
    assert site.get("/titles", "image/png").status_code == 406
    assert site.get("/titles", format="turtle").status_code == 406  # an answer of SELECT is no graph
    assert site.client.post("/saved/titles").status_code == 405
    for hostile in ("%2e%2e%2f", "..%2ftitles", "titles@..", f"titles@{first}%2fstore", "pins", "%00", "x" * 5000):
        assert site.client.get(f"/saved/{hostile}").status_code in {307, 308, 404}, hostile
    assert site.client.get("/saved/pins%2Ftitles").status_code == 404
    assert site.client.get("/saved/titles@").status_code == 404


HOSTILE = ['"', "\\", '") } #', "'''", "\\u0022) || true || CONTAINS(\\u0022", "\u202e", "?_since_gYear", "} UNION {"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_is_a_value(site: ReleaseSite, text: str) -> None:
    """It is looked for as it is, and found nowhere."""
    assert rows(site.get("/titles", "text/csv", word=text)) == []


class _Page(HTMLParser):
    """The names of form fields with their values, and the elements, of a page."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.tags: set[str] = set()
        self._select = ""
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        if tag == "input" and found.get("name"):
            self.fields[str(found["name"])] = str(found.get("value"))
        if tag == "select":
            self._select = str(found["name"])
        if tag == "option" and "selected" in found:
            self.fields[self._select] = str(found["value"])


def test_the_page_has_a_form_and_the_answer(site: ReleaseSite) -> None:
    """Fields have what was sent; files and programs have the address of the query; titles are escaped."""
    page = site.get("/titles", "text/html", word="po")
    assert _Page(page).fields == {"word": "po", "since": "1990", "most": "5"}
    assert "b" not in _Page(page).tags - {"b"} or "<b>&amp;" not in page.text
    assert "Titles &lt;b&gt;&amp;" in page.text
    assert "New title PO.0105" in page.text
    assert "New title CE.0134" not in page.text
    assert "/saved/titles?word=po&amp;format=csv&amp;download=1" in page.text
    assert f"/saved/titles@{site.names[1]}.bib?word=po" in page.text
    assert "curl &#39;" in page.text
    assert page.headers["cache-control"] == "no-cache"
    lists = _Page(site.get("/is-there", "text/html")).fields
    assert lists == {"country": "CN", "is": "true", "day": "2020-02-29"}


def test_the_page_of_a_version(site: ReleaseSite) -> None:
    """It says which release it is of, and its files and form stay there."""
    first = site.names[0]
    page = site.get(f"/titles@{first}", "text/html", word="po")
    assert f"This page shows the answer in the release {first}" in page.text
    assert 'href="/saved/titles?word=po"' in page.text
    assert f'action="/saved/titles@{first}"' in page.text
    assert f"/saved/titles@{first}?word=po&amp;format=csv" in page.text
    assert "Old title PO.0105" in page.text
    assert "immutable" not in page.headers["cache-control"]
    headers = {"Accept": "text/html", "Accept-Language": "fr"}
    french = site.client.get(f"/saved/titles@{first}", headers=headers)
    assert french.headers["content-language"] == "fr"
    assert "Citer cette réponse" in french.text


def test_a_page_says_what_is_wrong(site: ReleaseSite) -> None:
    """A wrong value stays in the form, beside the sentence; other problems are pages too."""
    wrong = site.get("/titles", "text/html", since="abc")
    assert (wrong.status_code, wrong.headers["cache-control"]) == (400, "no-store")
    assert _Page(wrong).fields["since"] == "abc"
    assert "must be a year of four digits" in wrong.text
    country = site.get("/is-there", "text/html", country="XX")
    assert (country.status_code, _Page(country).fields["country"]) == (400, "XX")
    assert site.get("/zzzzz", "text/html").status_code == 404
    assert "saved later" in site.get(f"/graph@{site.names[0]}", "text/html").text


def test_the_list_as_a_page(site: ReleaseSite) -> None:
    """Titles, parameters, and the broken file; the query page leads to it."""
    page = site.get("", "text/html")
    assert 'href="/saved/titles"' in page.text
    assert "broken.rq, line 2: " in page.text
    assert 'href="/saved"' in site.client.get("/query", headers={"Accept": "text/html"}).text


def test_time_of_clients_and_limits_are_those_of_the_endpoint(saved_data: Path) -> None:
    """A query that takes too long is a 503, an answer that is too large a 422, and a client has a budget."""
    limits = {"IOMLD_QUERY_ROWS": "1", "IOMLD_CLIENT_SECONDS": "100000"}
    with serve(saved_data, **limits) as server, httpx.Client(base_url=server.address) as client:
        assert client.get("/saved/titles").status_code == 422
        assert client.get("/saved/titles", params={"most": "1"}).status_code == 200
    few = {"IOMLD_CLIENT_SECONDS": "0.001", "IOMLD_CLIENT_REFILL": "0.001"}
    with serve(saved_data, **few) as server, httpx.Client(base_url=server.address) as client:
        statuses = [client.get("/saved/titles", params={"since": str(1900 + n)}).status_code for n in range(5)]
        assert statuses[-1] == 429


def test_ten_publishes_and_a_prune_later(tmp_path: Path, few_records: Path, iomld: Command) -> None:
    """What is pinned has the same bytes, in each server; the rest is gone and says so, and the same once restored."""
    folder = tmp_path / "to"
    (folder / "queries").mkdir(parents=True)
    (folder / "queries" / "titles.rq").write_text(TITLES)
    first = publish_titles(iomld, few_records, folder, "Title 0")
    second = publish_titles(iomld, few_records, folder, "Title 1")
    assert iomld("queries", "pin", "titles", first, "--from", folder).returncode == 0
    asked = [
        (f"/saved/titles@{first}", {"format": "csv"}),
        (f"/saved/titles@{first}", {"format": "json", "word": "po"}),
        (f"/saved/titles@{first}.cff", {}),
        (f"/saved/titles@{first}.ttl", {}),
    ]

    def answers(client: httpx.Client) -> list[bytes]:
        found = [client.get(path, params=parameters) for path, parameters in asked]
        assert {one.status_code for one in found} == {200}
        return [one.content for one in found]

    with serve(folder, IOMLD_CLIENT_SECONDS="100000") as server, httpx.Client(base_url=server.address) as client:
        before = answers(client)
        assert b"Title 0 CE.0134" in before[0]
        others = [client.get(f"/saved/titles@{second}{suffix}").content for suffix in ("", ".ttl", ".rq")]
        (folder / "queries" / "titles.rq").write_text(TITLES.replace("Titles <b>&", "Other titles"))
        for number in range(2, 12):
            publish_titles(iomld, few_records, folder, f"Title {number}")
        assert answers(client) == before
        pruned = iomld("releases", "prune", "--keep", "1", "--from", folder)
        assert f"pinned   {first}  stays" in pruned.stdout
        assert answers(client) == before
    iomld("releases", "prune", "--keep", "1", "--from", folder)  # the server had some open
    assert first in release_names(folder)
    assert second not in release_names(folder)
    with serve(folder, IOMLD_CLIENT_SECONDS="100000") as server, httpx.Client(base_url=server.address) as client:
        assert answers(client) == before
        gone = client.get(f"/saved/titles@{second}")
        assert gone.status_code == 410
        assert f"The release {second} was removed" in gone.json()["detail"]
        assert f"iomld releases restore {second}" in gone.json()["detail"]
        assert "/saved/titles" in gone.json()["detail"]
        page = client.get(f"/saved/titles@{second}", headers={"Accept": "text/html"})
        assert (page.status_code, 'href="/saved/titles"' in page.text) == (410, True)
        assert iomld("releases", "restore", second, "--from", folder).returncode == 0
        assert [client.get(f"/saved/titles@{second}{suffix}").content for suffix in ("", ".ttl", ".rq")] == others
        assert "Title 11 CE.0134" in client.get("/saved/titles", params={"format": "csv"}).text
    assert json.loads(iomld("queries", "check", "--format", "json", "--from", folder).stdout)["queries"][0][
        "drift"
    ] == ("values")


def test_a_pin_makes_a_version_of_an_earlier_release(saved_data: Path, tmp_path: Path, iomld: Command) -> None:
    """A query that was saved after a release can be cited from it once it is pinned, with the text of then."""
    folder = Path(shutil.copytree(saved_data, tmp_path / "to", symlinks=True))
    first = release_names(folder)[0]
    with serve(folder, IOMLD_CLIENT_SECONDS="100000") as server, httpx.Client(base_url=server.address) as client:
        assert client.get(f"/saved/graph@{first}").status_code == 404
        assert not (folder / "queries" / "pins").exists()  # a request never pins
        assert iomld("queries", "pin", "graph", first, "--from", folder).returncode == 0
        (folder / "queries" / "graph.rq").unlink()
        answer = client.get(f"/saved/graph@{first}", params={"format": "turtle"})
        assert (answer.status_code, answer.headers["cache-control"].endswith("immutable")) == (200, True)
        assert client.get(f"/saved/graph@{first}.rq").text == GRAPH
        page = client.get(f"/saved/graph@{first}", headers={"Accept": "text/html"})
        assert "The release is kept for it." in page.text


def test_the_examples_answer(datadir: Path, iomld: Command) -> None:
    """The queries in `examples/` find something in the bundled records."""
    checked = json.loads(iomld("queries", "check", "--from", datadir, "--format", "json").stdout)
    assert [one["is"]["rows"] for one in checked["queries"]] == [10, 15]
