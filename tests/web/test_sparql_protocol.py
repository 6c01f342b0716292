"""The SPARQL endpoint over real workers: the protocol as a table, formats, caching, limits."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import cast
from urllib.parse import quote

import httpx
import pytest
from pyoxigraph import Literal, NamedNode, Quad

from iomld import store
from iomld.iris import IOMLD, Iris
from iomld.store.query_request import QueryRequest, QueryWorker
from iomld.store.query_worker import HANDLER
from iomld.web.sparql.endpoint import SparqlApp, SparqlLimits
from iomld.workers.pool import Pool
from iomld.workers.protocol import WorkerSpec
from iomld.workers.scheduling import PoolLimits

pytestmark = pytest.mark.server

IRIS = Iris()
ASK = "ASK {}"
FORM = {"content-type": "application/x-www-form-urlencoded"}
DIRECT = {"content-type": "application/sparql-query"}
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
CODES = ("A/B", "50%", "x+y", "naïve", "C#")
Use = Callable[[httpx.AsyncClient, Pool], Coroutine[object, object, None]]
Ask = Callable[[Use], None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with awkward identifiers, and enough quads for a long query."""
    path = tmp_path_factory.mktemp("sparql") / "store"
    codes = (*CODES, *(str(number) for number in range(400)))
    store.build_store(
        path,
        [
            Quad(
                NamedNode(IRIS.project(code)),
                NamedNode(f"{IOMLD}projectCode"),
                Literal(code),
                NamedNode(IRIS.record(code)),
            )
            for code in codes
        ],
    )
    return path


def endpoint(folder: Path, use: Use, limits: SparqlLimits, pool_limits: PoolLimits, max_rows: int = 100_000) -> None:
    """Run a coroutine with a client of an endpoint over real workers."""

    async def main() -> None:
        worker = QueryWorker(str(folder), IRIS.base, release="r1", max_rows=max_rows)
        pool = Pool(WorkerSpec(HANDLER, worker.to_json(), max_answer_bytes=4 << 20), pool_limits)
        await pool.start()
        app = SparqlApp(pool, iris=IRIS, release_name=lambda: "r1", limits=limits)
        transport = httpx.ASGITransport(app)
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                await use(client, pool)
        finally:
            await pool.stop()

    asyncio.run(main())


@pytest.fixture
def ask(folder: Path) -> Ask:
    """An endpoint with the usual limits."""
    return lambda use: endpoint(folder, use, SparqlLimits(timeout_s=20), PoolLimits(workers=2, timeout_s=20))


TABLE = [
    # method, url, headers, body, status, media type of the answer
    ("GET", "/sparql?query=ASK%7B%7D", {}, b"", 200, "application/sparql-results+json"),
    ("GET", "/sparql?query=ASK+%7B%7D", {}, b"", 200, "application/sparql-results+json"),
    ("HEAD", "/sparql?query=ASK%7B%7D", {}, b"", 200, "application/sparql-results+json"),
    ("POST", "/sparql", FORM, b"query=ASK%7B%7D", 200, "application/sparql-results+json"),
    ("POST", "/sparql", DIRECT, b"ASK {}", 200, "application/sparql-results+json"),
    ("POST", "/sparql", {"content-type": "application/sparql-query; charset=UTF-8"}, b"ASK {}", 200, None),
    ("POST", "/sparql?format=xml", DIRECT, b"ASK {}", 200, "application/sparql-results+xml"),
    ("POST", "/sparql?default-graph-uri=http%3A%2F%2Fx%2F", DIRECT, b"ASK {}", 200, None),
    ("GET", "/sparql?query=ASK%7B%7D&named-graph-uri=http://x/&named-graph-uri=http://y/", {}, b"", 200, None),
    ("GET", "/sparql?query=ASK%7B%7D&unknown=1", {}, b"", 200, None),
    (
        "GET",
        "/sparql?query=ASK%7B%7D&format=&timeout=&default-graph-uri=&named-graph-uri=&explain=",
        {},
        b"",
        200,
        None,
    ),
    ("POST", "/sparql?format=", FORM, b"query=ASK%7B%7D&timeout=", 200, "application/sparql-results+json"),
    ("GET", "/sparql?query=ASK%7B%7D&asOf=2020-01-01", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&release=", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&limit=5", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&$p=%3Chttp://x/%3E", {}, b"", 400, None),
    ("POST", "/sparql", FORM, b"query=ASK%7B%7D&using-graph-uri=http://x/", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", {}, b"", 400, "application/problem+json"),
    ("POST", "/sparql?query=ASK%7B%7D", DIRECT, b"ASK {}", 400, None),
    ("POST", "/sparql", FORM, b"query=ASK%7B%7D&query=ASK%7B%7D", 400, None),
    ("POST", "/sparql", FORM, b"", 400, None),
    ("GET", "/sparql?qurey=ASK%7B%7D", {}, b"", 400, None),
    ("GET", "/sparql?query=", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D%FF", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D%", {}, b"", 400, None),
    ("POST", "/sparql", DIRECT, b"ASK {} # \xff", 400, None),
    ("POST", "/sparql", {"content-type": "application/sparql-query; charset=UTF-16"}, b"ASK {}", 400, None),
    ("GET", "/sparql?query=SELECT", {}, b"", 400, None),
    ("GET", "/sparql?query=CLEAR+ALL", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&default-graph-uri=x", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&format=pdf", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&format=&format=pdf", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&format=text/csv", {}, b"", 406, None),
    ("GET", "/sparql?query=ASK%7B%7D&timeout=-1", {}, b"", 400, None),
    ("GET", "/sparql?query=ASK%7B%7D&timeout=nan", {}, b"", 400, None),
    ("GET", "/sparql?update=CLEAR+ALL", {}, b"", 403, None),
    ("POST", "/sparql", FORM, b"update=CLEAR+ALL", 403, None),
    ("POST", "/sparql", {"content-type": "application/sparql-update"}, b"CLEAR ALL", 403, None),
    ("GET", "/sparql?query=SELECT*%7BSERVICE+%3Chttp://x/%3E%7B%7D%7D", {}, b"", 403, None),
    ("PUT", "/sparql?query=ASK%7B%7D", {}, b"", 405, None),
    ("QUERY", "/sparql", DIRECT, b"ASK {}", 200, "application/sparql-results+json"),
    ("QUERY", "/sparql?format=xml&named-graph-uri=http://x/", DIRECT, b"ASK {}", 200, "application/sparql-results+xml"),
    ("QUERY", "/sparql?query=ASK%7B%7D", DIRECT, b"ASK {}", 400, None),
    ("QUERY", "/sparql", DIRECT, b"", 400, None),
    ("QUERY", "/sparql", DIRECT, b"CLEAR ALL", 400, None),
    ("QUERY", "/sparql", DIRECT, b"ASK {} # \xff", 400, None),
    ("QUERY", "/sparql", {"content-type": "application/sparql-update"}, b"CLEAR ALL", 403, None),
    ("QUERY", "/sparql", FORM, b"query=ASK%7B%7D", 415, None),
    ("QUERY", "/sparql?query=ASK%7B%7D", {}, b"", 415, None),
    ("GET", "/sparql?query=ASK%7B%7D", {"accept": "image/png"}, b"", 406, None),
    ("GET", "/sparql?query=ASK%7B%7D", {"accept": "text/turtle"}, b"", 406, None),
    ("GET", "/sparql?query=ASK%7B%7D&format=csv", {}, b"", 406, None),
    ("POST", "/sparql", DIRECT, b"ASK {}" + b" " * (1 << 20), 413, None),
    ("POST", "/sparql", {"content-type": "text/plain"}, b"ASK {}", 415, None),
    ("POST", "/sparql", {}, b"ASK {}", 415, None),
]


@pytest.mark.parametrize("chunk", [TABLE[start::4] for start in range(4)])
def test_the_protocol(ask: Ask, chunk: list[tuple[str, str, dict[str, str], bytes, int, str | None]]) -> None:
    """Each request of the table has its status; whatever is not 2xx is a problem with a sentence."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        for method, url, headers, body, status, media_type in chunk:
            response = await client.request(method, url, headers=headers, content=body)
            assert (method, url, body[:40], response.status_code) == (method, url, body[:40], status)
            if media_type:
                assert response.headers["content-type"] == media_type
            if status >= 400:
                problem = response.json()
                assert problem["status"] == status
                assert problem["detail"].endswith(".")
            assert response.headers["access-control-allow-origin"] == "*"
            assert response.headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-credentials" not in response.headers

    ask(use)


def test_a_download_is_named_by_query_and_release(ask: Ask) -> None:
    """By the comment on the first line or the variables; no character means something in a header or a path."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        for query, name in (
            ('# ../a"b; é\r\nSELECT ?x { VALUES ?x { 1 } }', "a-b_r1"),
            ("SELECT ?code (COUNT(?p) AS ?n) { ?p ?q ?code } GROUP BY ?code", "code-n_r1"),
            ("SELECT * {}", "answer_r1"),
            ("#\nASK {}", "answer_r1"),
        ):
            asked = {"query": query, "format": "json"}
            answer = await client.get("/sparql", params=asked | {"download": "1"})
            assert answer.headers["content-disposition"] == f'attachment; filename="{name}.json"'
            assert "content-disposition" not in (await client.get("/sparql", params=asked)).headers
        assert (await client.get("/sparql", params={"query": ASK, "download": "yes"})).status_code == 400

    ask(use)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_percent_signs_are_decoded_exactly_once(ask: Ask, code: str, way: str) -> None:
    """An IRI that holds %2F or %25 is looked up as it is written, and so is a text with + or =."""
    query = f'SELECT ?c {{ <{IRIS.project(code)}> ?p ?c FILTER(?c = "{code}" && "=&%41" != "A") }}'

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        if way == "get":
            response = await client.get(f"/sparql?query={quote(query, safe='')}")
        elif way == "form":
            response = await client.post("/sparql", data={"query": query})
        else:
            response = await client.post("/sparql", content=query.encode(), headers=DIRECT)
        assert [one["c"]["value"] for one in response.json()["results"]["bindings"]] == [code]

    ask(use)


ACCEPTS = [
    ("SELECT * {}", None, "application/sparql-results+json"),
    ("SELECT * {}", "*/*", "application/sparql-results+json"),
    ("SELECT * {}", "application/json", "application/json"),
    ("SELECT * {}", "application/sparql-results+xml, */*;q=0.1", "application/sparql-results+xml"),
    ("SELECT * {}", "text/csv;q=0.9, text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
    ("SELECT * {}", "text/csv", "text/csv; charset=utf-8"),
    ("CONSTRUCT {} {}", None, "text/turtle; charset=utf-8"),
    ("CONSTRUCT {} {}", "application/sparql-results+json, application/ld+json", "application/ld+json"),
    ("CONSTRUCT {} {}", "application/n-triples", "application/n-triples"),
    ("DESCRIBE <http://x/>", "application/rdf+xml", "application/rdf+xml"),
    ("CONSTRUCT {} {}", "text/n3", "text/n3; charset=utf-8"),
    ("CONSTRUCT {} {}", "application/x-turtle", "application/x-turtle"),
    ("CONSTRUCT {} {}", "application/n-quads", "application/n-quads"),
]
FORMATS = [
    ("SELECT * {}", "csv", "text/csv; charset=utf-8"),
    ("SELECT * {}", "tsv", "text/tab-separated-values; charset=utf-8"),
    ("SELECT * {}", "xml", "application/sparql-results+xml"),
    ("CONSTRUCT {} {}", "json", "application/ld+json"),
    ("CONSTRUCT {} {}", "turtle", "text/turtle; charset=utf-8"),
    ("CONSTRUCT {} {}", "ntriples", "application/n-triples"),
    ("CONSTRUCT {} {}", "rdfxml", "application/rdf+xml"),
    ("CONSTRUCT {} {}", "jsonld", "application/ld+json"),
    ("SELECT * {}", "text/csv", "text/csv; charset=utf-8"),
    ("ASK {}", "application/sparql-results+xml", "application/sparql-results+xml"),
    ("CONSTRUCT {} {}", "application/rdf+xml", "application/rdf+xml"),
    # As SPARQLWrapper sends them.
    ("SELECT * {}", ["tsv", "text/tab-separated-values"], "text/tab-separated-values; charset=utf-8"),
    ("SELECT * {}", ["rdf+xml", ""], "application/sparql-results+xml"),
    ("CONSTRUCT {} {}", ["rdf+xml", "application/rdf+xml"], "application/rdf+xml"),
    ("CONSTRUCT {} {}", ["json-ld", "application/ld+json,application/x-json+ld"], "application/ld+json"),
    ("CONSTRUCT {} {}", "n3", "text/turtle; charset=utf-8"),
    ("CONSTRUCT {} {}", "nquads", "application/n-quads"),
    ("CONSTRUCT {} {}", "trig", "application/trig"),
    ("CONSTRUCT {} {}", ["unheard-of", "nt"], "application/n-triples"),
]


def test_the_accept_header_and_the_format_parameter_choose(ask: Ask) -> None:
    """Each kind of result comes in the media type that was asked for."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        del client.headers["accept"]
        for query, accept, media_type in ACCEPTS:
            headers = {"accept": accept} if accept else {}
            response = await client.get("/sparql", params={"query": query}, headers=headers)
            assert (query, accept, response.headers["content-type"]) == (query, accept, media_type)
            assert response.headers["vary"] == "Accept"
        for query, name, media_type in FORMATS:
            response = await client.get("/sparql", params={"query": query, "format": name})
            assert (query, name, response.headers["content-type"]) == (query, name, media_type)

    ask(use)


def test_without_a_query_the_endpoint_describes_itself(ask: Ask) -> None:
    """Machines get a service description for the host they asked; browsers are sent to the query page."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        turtle = await client.get("/sparql")
        assert turtle.headers["content-type"].startswith("text/turtle")
        assert "<http://here/sparql> a sd:Service" in turtle.text
        assert "sd:UnionDefaultGraph" in turtle.text
        triples = await client.get("/sparql?format=ntriples")
        assert triples.headers["content-type"].startswith("application/n-triples")
        browser = await client.get("/sparql", headers={"accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
        assert (browser.status_code, browser.headers["location"]) == (303, "/query")
        assert (await client.get("/sparql", headers={"accept": "image/png"})).status_code == 406
        head = await client.head("/sparql")
        assert (head.status_code, head.content) == (200, b"")

    ask(use)


def test_preflight_is_answered(ask: Ask) -> None:
    """Scripts of any origin may ask, without credentials."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        response = await client.options(
            "/sparql", headers={"origin": "http://there", "access-control-request-method": "POST"}
        )
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == "*"
        for header in ("allow", "access-control-allow-methods"):
            assert response.headers[header] == "GET, HEAD, POST, QUERY, OPTIONS"
        assert response.headers["accept-query"] == "application/sparql-query"
        assert (await client.put("/sparql")).headers["allow"] == response.headers["allow"]
        assert "Content-Type" in response.headers["access-control-allow-headers"]

    ask(use)


def test_answers_are_kept_and_revalidated(ask: Ask) -> None:
    """A second request costs no worker, and 304 says that nothing has changed; the clock is never kept."""

    async def use(client: httpx.AsyncClient, pool: Pool) -> None:
        query = {"query": "SELECT ?s { ?s ?p '7' }"}
        first = await client.get("/sparql", params=query)
        again = await client.get("/sparql", params=query)
        assert (again.content, again.headers) == (first.content, first.headers)
        assert pool.stats().answered == 1
        etag = first.headers["etag"]
        for held in (etag, f'"other", W/{etag}', "*"):
            same = await client.get("/sparql", params=query, headers={"if-none-match": held})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        other = await client.get("/sparql", params=query, headers={"if-none-match": '"other"'})
        assert other.status_code == 200
        xml = await client.get("/sparql", params=query, headers={"accept": "application/sparql-results+xml"})
        assert xml.headers["etag"] != etag
        head = await client.head("/sparql", params=query)
        assert (head.content, head.headers["content-length"]) == (b"", str(len(first.content)))
        now = {"query": "SELECT (NOW() AS ?t) (RAND() AS ?r) {}"}
        assert (await client.get("/sparql", params=now)).text != (await client.get("/sparql", params=now)).text

    ask(use)


def test_the_place_of_a_mistake_is_told_as_numbers(ask: Ask) -> None:
    """The problem of a query that does not parse has `line` and `column`, which its sentence names too."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        answer = (await client.get("/sparql", params={"query": "SELECT ?a {\n  ?a ??b ?c }"})).json()
        assert answer["line"] == 2
        assert answer["detail"].startswith(f"line 2, column {answer['column']}: ")
        other = (await client.get("/sparql", params={"query": "CLEAR ALL"})).json()
        assert "line" not in other

    ask(use)


def test_a_safe_query_is_revalidated_like_a_get(ask: Ask) -> None:
    """The same query has one entity tag by GET and by QUERY, and QUERY too answers 304 to who has it."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        got = await client.get("/sparql", params={"query": ASK})
        asked = await client.request("QUERY", "/sparql", content=ASK, headers=DIRECT)
        assert asked.headers["etag"] == got.headers["etag"]
        again = await client.request(
            "QUERY", "/sparql", content=ASK, headers=DIRECT | {"if-none-match": asked.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")

    ask(use)


def test_large_answers_are_streamed_whole(folder: Path) -> None:
    """An answer too large for the cache comes from its file, with its length."""

    async def use(client: httpx.AsyncClient, pool: Pool) -> None:
        query = {"query": "SELECT ?a ?b { ?s ?p ?a . ?t ?p ?b } LIMIT 20000", "format": "csv"}
        for _ in range(2):
            response = await client.get("/sparql", params=query)
            assert response.status_code == 200
            assert int(response.headers["content-length"]) == len(response.content) > 65_536
            assert response.text.count("\r\n") == 20_001
        assert pool.stats().answered == 2
        head = await client.head("/sparql", params=query)
        assert (head.content, head.headers["content-length"]) == (b"", response.headers["content-length"])
        same = await client.get("/sparql", params=query, headers={"if-none-match": response.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")

    endpoint(folder, use, SparqlLimits(cache_bytes=1000), PoolLimits(workers=1))


def test_slow_readers_cannot_fill_the_memory(folder: Path) -> None:
    """When too much is waiting to be sent, a large answer is refused for now."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        response = await client.get("/sparql", params={"query": "SELECT * { ?s ?p ?o }"})
        assert (response.status_code, response.headers["retry-after"]) == (429, "60")

    endpoint(folder, use, SparqlLimits(cache_bytes=0, spooled_bytes=1000), PoolLimits(workers=1))


def test_size_limits_are_told_and_never_cut_an_answer(folder: Path) -> None:
    """Too many rows or bytes is 422 with the limit, and nothing of the answer."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        rows = await client.get("/sparql", params={"query": "SELECT * { ?s ?p ?o . ?a ?b ?c }"})
        assert (rows.status_code, rows.json()["type"].rpartition("/")[2]) == (422, "query-too-large")
        assert "more than 1,000 solutions" in rows.json()["detail"]
        size = await client.get(
            "/sparql", params={"query": "CONSTRUCT { ?s ?p ?c . ?a ?q ?o } { ?s ?p ?o . ?a ?q ?c }"}
        )
        assert (size.status_code, "4 MiB" in size.json()["detail"]) == (422, True)

    endpoint(folder, use, SparqlLimits(timeout_s=60), PoolLimits(workers=2), max_rows=1000)


def test_the_time_limit_is_told_while_lookups_go_on(folder: Path) -> None:
    """Too much time is 503 with the limit, which a client may lower and not raise."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        slow = asyncio.create_task(client.get("/sparql", params={"query": RUNAWAY}))
        while not slow.done():
            quick = await client.get("/sparql", params={"query": "SELECT (RAND() AS ?r) {}"})
            assert quick.status_code == 200
        response = await slow
        assert (response.status_code, response.json()["limit"]) == (503, 1.5)
        assert "after 1.5 s" in response.json()["detail"]
        lower = await client.get("/sparql", params={"query": RUNAWAY, "timeout": "0.3"})
        assert (lower.status_code, lower.json()["limit"]) == (503, 0.3)
        higher = await client.get("/sparql", params={"query": RUNAWAY, "timeout": "60"})
        assert (higher.status_code, higher.json()["limit"]) == (503, 1.5)

    endpoint(folder, use, SparqlLimits(timeout_s=1.5), PoolLimits(workers=2))


def test_a_full_queue_says_when_to_come_back(folder: Path) -> None:
    """Requests over the queue get 429 with Retry-After; no request is left without an answer."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        requests = [client.get("/sparql", params={"query": RUNAWAY, "timeout": "0.5"}) for _ in range(30)]
        responses = await asyncio.gather(*requests)
        busy = [response for response in responses if response.status_code == 429]
        assert {response.status_code for response in responses} <= {429, 503}
        assert len(busy) >= 20
        assert all(int(response.headers["retry-after"]) > 0 for response in busy)

    endpoint(folder, use, SparqlLimits(), PoolLimits(workers=1, max_workers=1, queue=2))


def test_fifty_mixed_requests_from_a_cold_start(ask: Ask) -> None:
    """A burst right after the start gets fifty right answers."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        async def one(number: int) -> None:
            query = f"SELECT ?s {{ ?s ?p '{number}' }}" if number % 3 else "CONSTRUCT WHERE { ?s ?p ?o }"
            response = await client.get("/sparql", params={"query": query})
            assert response.status_code == 200
            assert (IRIS.project(str(number)) in response.text) or not number % 3

        await asyncio.gather(*(one(number) for number in range(50)))

    ask(use)


def test_browsers_get_a_page_for_an_error(ask: Ask) -> None:
    """A client that asks for HTML gets a page in which the query is escaped."""

    async def use(client: httpx.AsyncClient, _: Pool) -> None:
        bad = {"query": "SELECT * {} <script>", "format": "json"}
        response = await client.get("/sparql", params=bad, headers={"accept": "text/html,*/*;q=0.8"})
        assert (response.status_code, response.headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert "<h1>Bad Request</h1>" in response.text
        assert "<script>" not in response.text

    ask(use)


def test_a_client_that_goes_away_frees_its_worker(folder: Path) -> None:
    """A disconnect ends the query; the next one does not wait for its limit."""

    async def main() -> None:
        worker = QueryWorker(str(folder), IRIS.base)
        pool = Pool(WorkerSpec(HANDLER, worker.to_json()), PoolLimits(workers=1, max_workers=1, timeout_s=60))
        await pool.start()
        app = SparqlApp(pool, iris=IRIS, release_name=str, limits=SparqlLimits(timeout_s=60))
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/sparql",
            "query_string": f"query={quote(RUNAWAY)}".encode(),
            "headers": [],
        }
        messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"", "more_body": False}]
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return cast("dict[str, object]", messages.pop())

        async def send(message: object) -> None:
            sent.append(cast("dict[str, object]", message))

        try:
            await asyncio.wait_for(app(scope, receive, send), 50)
            assert sent[0]["status"] != 200
            payload = QueryRequest(ASK, None, "application/json", None).to_json()
            reply = await asyncio.wait_for(pool.run(payload), 50)
            assert b"true" in reply.read()
        finally:
            await pool.stop()

    asyncio.run(main())
