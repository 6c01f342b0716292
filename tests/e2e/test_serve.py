"""The server as clients meet it: documents, queries, validation, runaways, crowds, and a clean end."""

import asyncio
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pyld.jsonld
import pyoxigraph
import pytest
from rdflib import Graph
from rdflib.compare import isomorphic
from tests.amount import telling
from tests.conftest import PROJECT_COUNT, Command
from tests.e2e.test_seed import EXPECTED, questions, seed_release  # noqa: F401  # a fixture
from tests.serving import Server, serve

pytestmark = pytest.mark.server

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LOOKUP = "SELECT ?t WHERE {{ ?p <https://w3id.org/iomld/ns#projectCode> '{}' ; <http://purl.org/dc/terms/title> ?t }}"
JSON = "application/sparql-results+json"


@pytest.fixture(scope="module")
def server(datadir: Path) -> Iterator[Server]:
    """A server of the bundled records with a short time limit."""
    with serve(datadir, IOMLD_QUERY_TIMEOUT="2") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=server.address, timeout=60) as client:
        yield client


def project_names(client: httpx.Client) -> list[str]:
    """The last part of the IRI of each project."""
    query = "SELECT ?p WHERE { ?p a <https://w3id.org/iomld/ns#Project> } ORDER BY ?p"
    rows = client.get("/sparql", params={"query": query}, headers={"Accept": JSON}).json()["results"]["bindings"]
    return [row["p"]["value"].rpartition("/")[2] for row in rows]


def test_every_project_says_the_same_in_every_format(client: httpx.Client) -> None:
    """Turtle and JSON-LD of each project have the same triples; the JSON-LD expands by itself.

    N-Triples and RDF/XML, and other programs, have the few projects that together have every property with every kind
    of value.
    """

    def refuse(url: str, _: object) -> dict[str, object]:
        raise AssertionError(f"asked for {url}")

    found = project_names(client)
    assert len(found) == PROJECT_COUNT
    answers, traits = {}, {}
    for name in found:
        answers[name] = {form: client.get(f"/doc/project/{name}.{form}") for form in ("ttl", "jsonld")}
        triples = triples_of(answers[name]["ttl"], pyoxigraph.RdfFormat.TURTLE)
        assert len(triples) > 20
        assert triples_of(answers[name]["jsonld"], pyoxigraph.RdfFormat.JSON_LD) == triples
        traits[name] = {
            (one.predicate.value, getattr(one.object, "datatype", None), getattr(one.object, "language", None))
            for one in triples
        }
    for name in telling(traits):
        turtle, document = answers[name].values()
        ntriples, rdfxml = (client.get(f"/doc/project/{name}.{form}") for form in ("nt", "rdf"))
        graph = Graph().parse(data=turtle.text, format="turtle")
        assert isomorphic(graph, Graph().parse(data=ntriples.text, format="nt"))
        assert isomorphic(graph, Graph().parse(data=rdfxml.text, format="xml"))
        nquads = pyld.jsonld.to_rdf(document.json(), {"format": "application/n-quads", "documentLoader": refuse})
        assert isomorphic(graph, Graph().parse(data=nquads, format="nt"))


def triples_of(answer: httpx.Response, format_: pyoxigraph.RdfFormat) -> set[pyoxigraph.Triple]:
    """The triples of a document; no blank node is published."""
    return {quad.triple for quad in pyoxigraph.parse(answer.content, format_)}


def test_the_thing_leads_to_its_document(client: httpx.Client) -> None:
    """An IRI of a project is answered 303 with a path; the document has its type; unknown things are 404."""
    asked = client.get("/id/project/PO.0105", headers={"Accept": "text/turtle"})
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/doc/project/PO.0105")
    document = client.get("/id/project/PO.0105", headers={"Accept": "text/turtle"}, follow_redirects=True)
    assert document.headers["content-type"].startswith("text/turtle")
    missing = client.get("/id/project/XX.0000")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/", "/doc/project/PO.0105", "/projects", "/validate", "/query", "/downloads", "/about", "/ontology"]
)
def test_pages_are_html_for_browsers(path: str, client: httpx.Client) -> None:
    """A browser gets a page with a strict policy against foreign scripts."""
    page = client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "<h1" in page.text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/ns", "FrameworkMention"),
        ("/shapes", "NodeShape"),
        ("/scheme/framework", "gcm"),
        ("/doc/country/CN", "China"),
        ("/scheme/framework/gcm-objective-23", "gcm"),
    ],
)
def test_what_the_records_stand_on_is_served(path: str, words: str, client: httpx.Client) -> None:
    """Terms, shapes, schemes, concepts and countries answer as Turtle that parses."""
    answer = client.get(path, headers={"Accept": "text/turtle"}, follow_redirects=True)
    assert answer.status_code == 200
    assert words in answer.text
    assert len(Graph().parse(data=answer.text, format="turtle")) > 3


def test_downloads_are_whole_with_ranges(client: httpx.Client, datadir: Path) -> None:
    """The packed dataset is the release's file; every other form holds the same triples; a range is a part."""
    whole = client.get("/downloads/dataset.nq.gz")
    assert whole.content == (datadir / "current" / "dataset.nq.gz").read_bytes()
    assert int(whole.headers["content-length"]) == len(whole.content)
    part = client.get("/downloads/dataset.nq.gz", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert client.get("/downloads/dataset.nq.gz", headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    counts = set()
    for name, format_ in (
        ("nt", pyoxigraph.RdfFormat.N_TRIPLES),
        ("ttl", pyoxigraph.RdfFormat.TURTLE),
        ("jsonld", pyoxigraph.RdfFormat.JSON_LD),
    ):
        text = client.get(f"/downloads/dataset.{name}").content
        counts.add(len({quad.triple for quad in pyoxigraph.parse(text, format_)}))
    assert len(counts) == 1
    assert client.get("/downloads/secrets").status_code == 404


def test_health_names_the_release(client: httpx.Client, datadir: Path) -> None:
    """The health route names the release that is served."""
    assert client.get("/health").json()["release"] == (datadir / "current").readlink().name


def test_an_upload_is_checked_line_by_line_and_nothing_is_stored(client: httpx.Client, datadir: Path) -> None:
    """A record with a fault gets a report with line and fix, as raw body, file and form; nothing is kept."""
    before = sorted(path.name for path in (datadir / "releases").iterdir())
    text = '{\n "projectCode": "PO.9999",\n "budgetUSD": "100 000 USD"\n}'
    answers = (
        client.post("/validate", content=text, headers={"Content-Type": "application/json"}),
        client.post("/validate", files={"file": ("r.json", text)}, headers={"Accept": "application/json"}),
        client.post("/validate", data={"text": text}, headers={"Accept": "application/json"}),
    )
    for answer in answers:
        assert answer.status_code == 200
        report = answer.json()
        assert report["conforms"] is False
        (budget,) = [result for result in report["results"] if result.get("field") == "budgetUSD"]
        assert budget["source"]["line"] == 3
        assert budget["value"] == "100 000 USD"
    page = client.post("/validate", data={"text": text + "<script>"}, headers={"Accept": "text/html"})
    assert "<script>" not in page.text.replace('<script src="', "")
    assert sorted(path.name for path in (datadir / "releases").iterdir()) == before


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"\x00\x01", "text/plain", 400),
        (b"{", "application/json", 400),
        (b"x", "image/png", 415),
    ],
)
def test_an_upload_that_cannot_be_read_is_told_so(content: bytes, kind: str, status: int, client: httpx.Client) -> None:
    """Unreadable uploads get problem+json with a sentence."""
    answer = client.post("/validate", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_an_upload_over_the_limit_is_refused(datadir: Path) -> None:
    """The body is counted while it is read, whatever its length header says."""
    with serve(datadir, IOMLD_UPLOAD_BYTES="1000") as small, httpx.Client(base_url=small.address, timeout=60) as client:
        assert client.post("/validate", content=b" " * 9000).status_code == 413
        assert client.post("/validate", content=(b" " * 900 for _ in range(9))).status_code == 413
        assert client.post("/validate", data={"text": "x" * 9000}).status_code == 413


def test_a_runaway_query_ends_and_others_go_on(server: Server) -> None:
    """The runaway, which would take hours, is answered 503 at its limit; lookups are answered all the while."""

    async def scene() -> tuple[httpx.Response, int]:
        async with httpx.AsyncClient(base_url=server.address, timeout=60) as client:
            runaway = asyncio.create_task(client.get("/sparql", params={"query": RUNAWAY}))
            answered = 0
            while not runaway.done():
                code = f"PO.{answered:04}"  # each query another, so that none is answered from memory
                answer = await client.get("/sparql", params={"query": LOOKUP.format(code)}, headers={"Accept": JSON})
                assert answer.status_code == 200
                answered += 1
            return await runaway, answered

    answer, answered = asyncio.run(scene())
    assert answer.status_code == 503
    assert "after 2 s" in answer.json()["detail"]
    assert answered > 0


def test_fifty_clients_from_a_cold_start(datadir: Path) -> None:
    """Fifty clients with mixed queries at once, on a server that has answered nothing: no error, right answers."""
    queries = {
        LOOKUP.format("PO.0105"): 1,
        "SELECT ?p { ?p a <https://w3id.org/iomld/ns#Project> }": PROJECT_COUNT,
        "SELECT DISTINCT ?m { ?p <https://w3id.org/iomld/ns#benefitingMemberState> ?m } LIMIT 10": 10,
        "SELECT ?s (COUNT(?p) AS ?n) { ?p <https://w3id.org/iomld/ns#status> ?s } GROUP BY ?s": 2,
        "SELECT ?p { ?p <https://w3id.org/iomld/ns#projectCode> 'none' }": 0,
    }

    async def ask(client: httpx.AsyncClient, number: int) -> tuple[int, int, int]:
        query = list(queries)[number % len(queries)]
        text = f"{query} # {number}" if number % 2 else query
        answer = await client.post("/sparql", data={"query": text}, headers={"Accept": JSON})
        return answer.status_code, len(answer.json()["results"]["bindings"]), queries[query]

    async def crowd(address: str) -> list[tuple[int, int, int]]:
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(200)))

    with serve(datadir, IOMLD_QUERY_TIMEOUT="60", IOMLD_CLIENT_SECONDS="100000") as cold:
        answers = asyncio.run(crowd(cold.address))
    assert all(status == 200 and found == expected for status, found, expected in answers)


def ended(pid: int) -> bool:
    """Whether a process is gone, or goes within a minute."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 60)[0])
    finally:
        os.close(handle)


def workers_of(running: Server) -> list[int]:
    """The workers of a server, once two are there."""
    while len(workers := running.descendants()) < 2:
        assert running.process.poll() is None
    return workers


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_worker_is_left_behind(name: signal.Signals, datadir: Path) -> None:
    """However the server ends, in the middle of a query, its workers end with it."""
    with serve(datadir, IOMLD_QUERY_TIMEOUT="600", IOMLD_CLIENT_SECONDS="100000") as running:
        assert httpx.get(f"{running.address}/health", timeout=60).status_code == 200
        with running.connected() as asking:
            asking.sendall(f"GET /sparql?query={quote(RUNAWAY)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert httpx.get(f"{running.address}/health", timeout=60).status_code == 200
            workers = workers_of(running)
            running.process.send_signal(name)
            running.process.wait(60)
        assert [pid for pid in workers if not ended(pid)] == []


def test_a_server_in_the_background_ends(datadir: Path) -> None:
    """A shell that starts it in the background has it ignore SIGINT; SIGTERM ends it and its workers."""
    with serve(datadir, hears_interrupt=False, is_forked=False) as running:
        assert httpx.get(f"{running.address}/health", timeout=60).status_code == 200
        workers = workers_of(running)
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(60)
        assert [pid for pid in workers if not ended(pid)] == []


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_ten_questions_over_http(name: str, seed_server: Server) -> None:
    """Each question of a data integrator has its answer over HTTP too."""
    answer = httpx.get(
        f"{seed_server.address}/sparql", params={"query": questions()[name]}, headers={"Accept": "text/csv"}, timeout=60
    )
    assert answer.status_code == 200
    rows = [line for line in answer.text.split("\r\n")[1:] if line]
    assert len(rows) == len(EXPECTED[name])
    for row, expected in zip(rows, EXPECTED[name], strict=True):
        for cell in expected:
            assert cell == "TIME" or cell in row


@pytest.fixture(scope="module")
def seed_server(seed_release: Path) -> Iterator[Server]:  # noqa: F811  # pytest hands the fixture over by its name
    """A server of the seed alone."""
    with serve(seed_release) as running:
        yield running


def test_a_new_release_is_taken_up_while_serving(page_data: Path, few_records: Path, iomld: Command) -> None:
    """A publish beside the running server is served soon, and no request fails meanwhile."""
    with serve(page_data) as running, httpx.Client(base_url=running.address, timeout=60) as client:
        assert client.get("/doc/project/PO.0105.ttl").status_code == 404
        done = iomld("publish", few_records, "--to", page_data)
        assert done.returncode == 0
        expected = (page_data / "current").readlink().name
        served = ""
        while served != expected:
            health = client.get("/health")
            assert health.status_code == 200
            served = health.json()["release"]
            time.sleep(0.02)  # so that the server has the processor
        assert client.get("/doc/project/PO.0105.ttl").status_code == 200
        assert len(project_names(client)) == 2 + 1
