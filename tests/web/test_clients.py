"""Clients that people use ask the endpoint without any special option."""

import json
import shutil
import subprocess

import httpx
import pytest
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from tests.conftest import PROJECT_COUNT
from tests.serving import Server

pytestmark = pytest.mark.server

IOMLD = "https://w3id.org/iomld/ns#"
PROJECT = URIRef("https://w3id.org/iomld/id/project/PO.0105")
RECORD = URIRef("https://w3id.org/iomld/doc/project/PO.0105")
PROJECTS = f"SELECT ?p {{ ?p a <{IOMLD}Project> }}"

needs_comunica = pytest.mark.skipif(
    shutil.which("comunica-sparql") is None, reason="comunica-sparql (npm) is not at hand"
)


@pytest.fixture(scope="module")
def address(bundled_server: Server) -> str:
    """The address of a server of the bundled records."""
    return bundled_server.address


def test_rdflib_reads_the_endpoint_as_a_graph(address: str) -> None:
    """Patterns, membership, values, counts and all four forms of query work through rdflib's SPARQLStore."""
    graph = Graph(store=SPARQLStore(f"{address}/sparql"))
    triples = set(graph.triples((PROJECT, None, None)))
    assert len(triples) > 20
    assert (PROJECT, RDF.type, URIRef(f"{IOMLD}Project")) in graph
    assert graph.value(PROJECT, URIRef(f"{IOMLD}projectCode")) == Literal("PO.0105")
    assert len(graph) > 9000
    assert len(graph.query(PROJECTS)) == PROJECT_COUNT
    assert graph.query("ASK { ?s ?p ?o }").askAnswer is True
    for query in (f"CONSTRUCT WHERE {{ <{PROJECT}> ?p ?o }}", f"DESCRIBE <{PROJECT}>"):
        built = graph.query(query).graph
        assert built is not None
        assert set(built) == triples


def test_rdflib_reads_one_named_graph(address: str) -> None:
    """A store with the name of a graph sees that graph only."""
    record = Graph(store=SPARQLStore(f"{address}/sparql", context_aware=True), identifier=RECORD)
    alone = Graph().parse(f"{address}/rdf-graph-store/doc/project/PO.0105")
    assert len(alone) > 20
    assert set(record.triples((None, None, None))) == set(alone)


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("form", ["xml", "json", "csv", "tsv"])
def test_rdflib_asks_in_every_way(method: str, form: str, address: str) -> None:
    """Each method and each format of results gives all projects."""
    store = SPARQLStore(f"{address}/sparql", method=method, returnFormat=form)
    assert len(Graph(store=store).query(PROJECTS)) == PROJECT_COUNT


def test_rdflib_federates_to_the_endpoint(address: str) -> None:
    """A query of another engine may name the endpoint as its SERVICE."""
    query = f"SELECT ?p {{ SERVICE <{address}/sparql> {{ ?p a <{IOMLD}Project> }} }}"
    assert len(Graph().query(query)) == PROJECT_COUNT


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (
            "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,text/turtle;q=0.6",
            "application/ld+json",
        ),
        (
            "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8",
            "application/n-triples",
        ),
        ("application/ld+json, text/html;q=0.9, application/json;q=0.5", "application/ld+json"),
        ("application/ld+json, text/turtle;q=0.5", "application/ld+json"),
        ("text/html, application/xhtml+xml, application/ld+json;q=0.9", "text/html"),
        ("application/n-quads, text/turtle;q=0.9, */*;q=0.1", "text/turtle"),
        ("application/n-quads, */*;q=0.1", "application/n-quads"),
        ("application/trig", "application/trig"),
    ],
)
def test_a_document_has_its_triples_where_clients_look(accept: str, media_type: str, address: str) -> None:
    """Clients that take triples get triples, even if they would rather have quads; others get quads.

    JSON-LD, which has a long context, goes to those who would rather have it than other data.
    """
    answer = httpx.get(f"{address}/doc/project/PO.0105", headers={"Accept": accept}, timeout=30)
    assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not at hand")
@pytest.mark.parametrize("arguments", [["-G"], [], ["-X", "QUERY", "-H", "Content-Type: application/sparql-query"]])
def test_curl_asks_by_get_post_and_query(arguments: list[str], address: str) -> None:
    """The plain calls of curl have CSV where that is asked for."""
    query = f"SELECT (COUNT(*) AS ?n) {{ ?p a <{IOMLD}Project> }}"
    data = ["--data-raw", query] if "QUERY" in arguments else ["--data-urlencode", f"query={query}"]
    command = ["curl", "--silent", "--fail", *arguments, *data, "--header", "Accept: text/csv", f"{address}/sparql"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["n", str(PROJECT_COUNT)]


def comunica(source: str, query: str) -> list[dict[str, str]]:
    """The solutions that Comunica finds at an address."""
    command = ["comunica-sparql", source, "--query", query, "-t", "application/json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


@pytest.mark.parametrize("form", [None, "nt", "turtle", "xml"])
def test_rdflib_reads_a_document_in_the_form_it_names(form: str | None, address: str) -> None:
    """Each format that rdflib asks for by its Accept header is what it then parses."""
    found = Graph().parse(f"{address}/doc/project/PO.0105", format=form)
    assert len(found) == len(Graph().parse(f"{address}/doc/project/PO.0105.ttl")) > 20


@pytest.mark.parametrize("size", [10, 10_000, 500_000])
def test_a_wish_for_http_2_is_passed_over(size: int, address: str) -> None:
    """Who offers to go on in HTTP/2, as the client of Java does with its first request, is answered in HTTP/1.1."""
    wish = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}
    wish |= {"Accept": "text/csv", "X-Note": "x" * min(size, 10_000)}
    query = f"SELECT (COUNT(*) AS ?n) {{ ?p a <{IOMLD}Project> }}".ljust(size)
    with httpx.Client(base_url=address, headers=wish, timeout=30) as client:
        direct = {"Content-Type": "application/sparql-query"}
        answers = [
            client.post("/sparql", content=query, headers=direct),
            client.post("/sparql", content=iter([query[:5].encode(), query[5:].encode()]), headers=direct),
            client.post("/sparql", data={"query": query}),
            client.get("/sparql", params={"query": query.strip()}),
            client.get("/sparql", params={"query": query.strip()}),
        ]
    assert [answer.text.split() for answer in answers] == [["n", str(PROJECT_COUNT)]] * 5


@needs_comunica
def test_comunica_asks_the_endpoint(address: str) -> None:
    """Comunica finds out by itself that the address is a SPARQL endpoint."""
    rows = comunica(f"{address}/sparql", f"SELECT (COUNT(*) AS ?n) {{ ?p a <{IOMLD}Project> }}")
    assert rows == [{"n": f'"{PROJECT_COUNT}"^^http://www.w3.org/2001/XMLSchema#integer'}]


@needs_comunica
@pytest.mark.parametrize("path", ["doc/project/PO.0105", "id/project/PO.0105", "ns", "scheme/status", "dataset"])
def test_comunica_reads_a_document(path: str, address: str) -> None:
    """Comunica reads a document as it negotiates it, and finds all its triples in the default graph."""
    rows = comunica(f"{address}/{path}", "SELECT * { ?s ?p ?o }")
    assert len(rows) == len(Graph().parse(f"{address}/{path}", format="nt")) > 5
