"""The Graph Store Protocol over a server: which graph, in which form, and what is refused."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from pyoxigraph import BlankNode
from tests.conftest import Command
from tests.serving import serve

from iomld.formats import rdf

pytestmark = pytest.mark.server

BASE = "https://w3id.org/iomld/"
RECORD = f"{BASE}doc/project/PO.0105"
TRIG = """
<https://w3id.org/iomld/rdf-graph-store/mine> { <http://x/a> <http://x/p> "by address" }
<https://w3id.org/iomld/mine> { <http://x/a> <http://x/p> "by base" }
<http://x/g/%C3%A9?q=1#f> { <http://x/a> <http://x/p> [ <http://x/q> "encoded" ] }
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, few_records: Path, iomld: Command) -> Iterator[httpx.Client]:
    """A client of a server with a few records and included graphs."""
    folder = tmp_path_factory.mktemp("graphs")
    (folder / "few.trig").write_text(TRIG, encoding="utf-8")
    done = iomld("publish", few_records, "--include", folder / "few.trig", "--to", folder / "to")
    assert done.returncode == 0, done.stderr
    with (
        serve(folder / "to", IOMLD_QUERY_TIMEOUT="300") as running,
        httpx.Client(base_url=running.address, timeout=300) as client,
    ):
        del client.headers["accept"]
        client.headers["accept-encoding"] = "identity"
        yield client


def triples(answer: httpx.Response) -> set[str]:
    """The triples of an answer."""
    assert answer.status_code == 200, answer.text
    format_ = rdf.by_media_type(answer.headers["content-type"].partition(";")[0])
    assert format_
    return {str(quad.triple) for quad in rdf.parse(answer.content, format_)}


def test_a_graph_is_the_same_by_every_address_and_in_every_form(client: httpx.Client) -> None:
    """By `?graph=` and by path, in each format, the triples are those of the record's document."""
    expected = triples(client.get("/doc/project/PO.0105"))
    assert len(expected) > 20
    for url in (f"/rdf-graph-store?graph={quote(RECORD, safe='')}", "/rdf-graph-store/doc/project/PO.0105"):
        assert client.get(url).headers["content-type"] == "text/turtle; charset=utf-8"
        for name in ("turtle", "ntriples", "rdfxml", "jsonld"):
            assert triples(client.get(url, params=httpx.URL(url).params.set("format", name))) == expected


def test_the_default_graph_is_the_union(client: httpx.Client) -> None:
    """It holds as many triples as the endpoint counts, included ones too."""
    query = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT * { ?s ?p ?o } }"
    counted = client.get("/sparql", params={"query": query, "format": "csv"}).text.split()[1]
    found = triples(client.get("/rdf-graph-store?default&format=ntriples"))
    assert len(found) == int(counted)
    assert '<http://x/a> <http://x/p> "by base"' in found


def test_an_address_is_first_a_name(client: httpx.Client) -> None:
    """A graph named by the address itself comes before the one that the path leads to under the base."""
    assert triples(client.get("/rdf-graph-store/mine")) == {'<http://x/a> <http://x/p> "by address"'}
    by_name = client.get("/rdf-graph-store", params={"graph": f"{BASE}mine"})
    assert triples(by_name) == {'<http://x/a> <http://x/p> "by base"'}


def test_a_name_is_decoded_once(client: httpx.Client) -> None:
    """A graph whose IRI holds a percent sign, a query and a fragment is found, and its node has an IRI that answers."""
    found = triples(client.get("/rdf-graph-store", params={"graph": "http://x/g/%C3%A9?q=1#f"}))
    node = f"<{BASE}.well-known/genid/few.trig-1>"
    assert found == {f"<http://x/a> <http://x/p> {node}", f'{node} <http://x/q> "encoded"'}
    assert not any(isinstance(term, BlankNode) for term in found)
    assert triples(client.get("/.well-known/genid/few.trig-1")) == {f'{node} <http://x/q> "encoded"'}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/rdf+xml;q=0.3, application/n-triples;q=0.8", "application/n-triples"),
        ("text/html, application/ld+json;q=0.2", "application/ld+json"),
        ("text/turtle;q=0, */*", "application/n-triples"),
        ("*/*", "text/turtle; charset=utf-8"),
    ],
)
def test_the_accept_header_chooses_by_weight(accept: str, media_type: str, client: httpx.Client) -> None:
    """The form that is liked best is given, and caches are told that it was chosen."""
    answer = client.get("/rdf-graph-store/graph/schemes", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["vary"].startswith("Accept")


def test_a_graph_that_is_held_is_not_sent_again(client: httpx.Client) -> None:
    """HEAD has the header of GET without the body; the entity tag gives 304, another form has another tag."""
    url = "/rdf-graph-store/graph/countries"
    got, head = client.get(url), client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))
    assert head.headers["etag"] == got.headers["etag"]
    again = client.get(url, headers={"if-none-match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"{url}?format=jsonld", headers={"if-none-match": got.headers["etag"]})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/rdf-graph-store", 400),
        ("/rdf-graph-store/", 400),
        ("/rdf-graph-store?default&graph=http://x/", 400),
        ("/rdf-graph-store?graph=http://x/&graph=http://y/", 400),
        ("/rdf-graph-store/graph/schemes?default", 400),
        ("/rdf-graph-store?graph=", 400),
        ("/rdf-graph-store?graph=relative", 400),
        ("/rdf-graph-store?graph=%FF", 400),
        ("/rdf-graph-store?default&format=pdf", 400),
        ("/rdf-graph-store?graph=http://x/unknown", 404),
        ("/rdf-graph-store/doc/project/PO.9999", 404),
        ("/rdf-graph-store/a%20b/%C3%A9", 404),
        ("/rdf-graph-stores", 404),
        ("/rdf-graph-store?default&format=csv", 406),
    ],
)
def test_what_is_no_graph_is_told(url: str, status: int, client: httpx.Client) -> None:
    """Each has its status and a problem with a sentence; HEAD has the same status without a body."""
    answer, head = client.get(url), client.head(url)
    assert (answer.status_code, head.status_code, head.content) == (status, status, b"")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "QUERY"])
@pytest.mark.parametrize("url", ["/rdf-graph-store?default", "/rdf-graph-store/mine"])
def test_nothing_is_written(method: str, url: str, client: httpx.Client) -> None:
    """Methods that would write are told which methods there are, and the graph stays."""
    before = client.get(url, params=httpx.URL(url).params.set("format", "ntriples")).headers["etag"]
    answer = client.request(
        method, url, content=b"<http://x/a> <http://x/b> 1 .", headers={"content-type": "text/turtle"}
    )
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    options = client.options(url)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert client.get(url, params=httpx.URL(url).params.set("format", "ntriples")).headers["etag"] == before


def test_no_acceptable_form_is_told(client: httpx.Client) -> None:
    """A client that takes images only gets 406."""
    assert client.get("/rdf-graph-store?default", headers={"accept": "image/png"}).status_code == 406
