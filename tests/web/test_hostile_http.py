"""What hostile clients send over the wire, by sockets to a real server: the right answer, and nobody else notices."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest
from tests.conftest import PROJECT_COUNT
from tests.e2e.test_services import endpoint
from tests.serving import Server, serve

pytestmark = pytest.mark.server

LOOKUP = "SELECT (COUNT(*) AS ?n) { ?project a <https://w3id.org/iomld/ns#Project> }"
HOST = b"Host: localhost\r\n"
POST = b"POST /sparql HTTP/1.1\r\n" + HOST
DIRECT = POST + b"Content-Type: application/sparql-query\r\n"
LARGE = 10_000_000


@pytest.fixture(scope="module")
def server(datadir: Path) -> Iterator[Server]:
    """A server of the bundled records that soon loses patience."""
    with serve(datadir, IOMLD_CLIENT_PATIENCE="1") as server:
        yield server


@pytest.fixture(autouse=True)
def _others_notice_nothing(server: Server) -> Iterator[None]:
    """After each attack the next client's lookup is answered right."""
    yield
    answer = httpx.get(f"{server.address}/sparql", params={"query": LOOKUP, "format": "csv"}, timeout=30)
    assert (answer.status_code, answer.text.split()) == (200, ["n", str(PROJECT_COUNT)])


def connect(server: Server) -> socket.socket:
    """A connection that gives up after half a minute."""
    host, port = server.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def status_of(client: socket.socket) -> int:
    """The status of the answer; 0 where the connection was closed without one."""
    received = b""
    while b"\r\n" not in received:
        piece = client.recv(65_536)
        if not piece:
            return 0
        received += piece
    return int(received.split()[1])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"GET /sparql?query=%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="not UTF-8"),
        pytest.param(b"GET /sparql?query=\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="bytes in the address"),
        pytest.param(DIRECT + b"Content-Length: 6\r\n\r\nASK{\xff}", 400, id="body not UTF-8"),
        pytest.param(
            b"GET /sparql?query=ASK%7B%7D&query=ASK%7B%7D HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="two queries"
        ),
        pytest.param(POST + b"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nASK{}", 415, id="media type"),
        pytest.param(POST + b"Content-Length: 5\r\n\r\nASK{}", 415, id="no media type"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 200_000 + b"\r\n\r\n", 431, id="long header"),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X%d: a\r\n" % number for number in range(5000)) + b"\r\n",
            431,
            id="many headers",
        ),
        pytest.param(b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, id="endless address"),
        pytest.param(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, id="long address"),
        pytest.param(b"GET /health HTTP/1.1\r\n\r\n", 400, id="no host"),
        pytest.param(b"GET /health HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400, id="two hosts"),
        pytest.param(b"GET /health HTTP/1.0\r\n\r\n", 200, id="HTTP/1.0 without a host"),
        pytest.param(b"CONNECT example.org:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="CONNECT"),
        pytest.param(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404, id="OPTIONS of all"),
        pytest.param(b"GET /health HTTP/2.0\r\n" + HOST + b"\r\n", 505, id="version 2"),
        pytest.param(b"GET /health HTTP/3.0\r\n" + HOST + b"\r\n", 505, id="version 3"),
        pytest.param(b"GET /health HTTP/1.2\r\n" + HOST + b"\r\n", 400, id="version 1.2"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, id="HTTP/2"),
        pytest.param(b"GET http://example.org/health HTTP/1.1\r\n" + HOST + b"\r\n", 200, id="absolute"),
        pytest.param(b"\x16\x03\x01\x00\xa5 hello\r\n\r\n", 400, id="no HTTP"),
        pytest.param(DIRECT + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nASK{}\r\n0\r\n\r\n", 400, id="chunks"),
        pytest.param(
            DIRECT + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nASK{}\r\n0\r\n\r\n",
            400,
            id="two lengths",
        ),
        pytest.param(DIRECT + b"Content-Length: -1\r\n\r\nASK{}", 400, id="negative length"),
        pytest.param(b"GET /static/%2e%2e/%2e%2e/app.py HTTP/1.1\r\n" + HOST + b"\r\n", 404, id="out of the folder"),
        pytest.param(b"GET /doc/project/%00 HTTP/1.1\r\n" + HOST + b"\r\n", 404, id="NUL"),
        pytest.param(b"GET / HTTP/1.1\r\nX: a", 408, id="head that does not end"),
        pytest.param(DIRECT + b"Content-Length: 50\r\n\r\nASK{", 408, id="body that does not end"),
        pytest.param(
            b"POST /validate HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
            408,
            id="upload that does not end",
        ),
    ],
)
def test_what_is_sent_has_its_status(server: Server, sent: bytes, status: int) -> None:
    """Each by itself on a connection."""
    with closing(connect(server)) as client:
        client.sendall(sent)
        assert status_of(client) == status


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/sparql-query", b"ASK{}".ljust(LARGE)),
        ("application/x-www-form-urlencoded", b"query=".ljust(LARGE, b"+")),
    ],
)
def test_ten_megabytes_are_read_to_the_end_of_the_refusal(server: Server, kind: str, body: bytes) -> None:
    """A client that sends all before it reads gets its 413, and no broken connection."""
    head = POST + f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode("ascii")
    with closing(connect(server)) as client:
        client.sendall(head + body)
        assert status_of(client) == 413


def test_a_body_without_end_is_cut_off(server: Server) -> None:
    """It is refused, then thrown away for a while, then the connection ends."""
    pieces = (b"100000\r\n" + b" " * 0x100000 + b"\r\n") * 500
    with closing(connect(server)) as client:
        client.sendall(DIRECT + b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(ConnectionError):
            client.sendall(pieces)


def test_groups_a_hundred_deep_are_answered(server: Server) -> None:
    """A hundred are fine; what could overflow a stack is refused with a sentence."""
    for depth, status in ((100, 200), (1000, 400), (100_000, 400)):
        query = f"ASK {'{' * depth}{'}' * depth}"
        answer = httpx.post(f"{server.address}/sparql", data={"query": query}, timeout=30)
        assert answer.status_code == status, answer.text
    assert "nests brackets deeper" in answer.json()["detail"]


def test_chains_of_thousands_are_refused(server: Server) -> None:
    """A path, a disjunction or a union that would overflow the stack of its worker is refused with a sentence."""
    for step, start, end in (("/", "?s <x:p>", " ?o"), ("||", "FILTER(1", ")"), (" UNION ", "{}", "")):
        part = "<x:p>" if step == "/" else "1" if step == "||" else "{}"
        query = f"ASK {{ {start}{(step + part) * 50_000}{end} }}"
        answer = httpx.post(f"{server.address}/sparql", data={"query": query}, timeout=30)
        assert answer.status_code == 400, answer.text
        assert "more than 2,000 operators" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("ASK { ?s <x:p> (" + "1 " * 6000 + ") }", id="collection"),
        pytest.param("ASK { ?s <x:p> " + ",".join(map(str, range(6000))) + " }", id="objects"),
        pytest.param("ASK { " + "?s <x:p> ?o ." * 6000 + " }", id="patterns"),
        pytest.param("ASK { " + "{ ?s <x:p> ?o }" * 6000 + " }", id="groups"),
        pytest.param("SELECT " + " ".join(f"({n} AS ?n{n})" for n in range(6000)) + " {}", id="expressions"),
        pytest.param("SELECT ?c { ?s a ?c } GROUP BY ?c HAVING " + "(?c > 1)" * 6000, id="conditions"),
    ],
)
def test_thousands_of_patterns_are_refused(server: Server, query: str) -> None:
    """What the engine plans by recursion is refused with a sentence that says how to list values."""
    answer = httpx.post(f"{server.address}/sparql", data={"query": query}, timeout=30)
    assert answer.status_code == 400, answer.text
    assert "more than 2,000 triple patterns" in answer.json()["detail"]


@pytest.mark.parametrize(
    "lists",
    [
        "VALUES ?c {" + "<x:c>" * 5000 + "}",
        "VALUES (?c ?n) {" + "(<x:c> 1.5)" * 5000 + "}",
        "FILTER(<x:d> IN (" + "<x:c>," * 5000 + "<x:d>))",
    ],
    ids=["VALUES", "rows", "IN"],
)
def test_long_lists_of_values_are_answered(server: Server, lists: str) -> None:
    """They are read in a loop."""
    answer = httpx.post(f"{server.address}/sparql", data={"query": f"ASK {{ {lists} }}"}, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.json()["boolean"]


NESTINGS = (
    "SELECT * { SERVICE <X> { ?s ?p ?o } }",
    "SELECT * { SERVICE SILENT <X> { ?s ?p ?o } }",
    "SELECT * { BIND(<X> AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "SELECT * { ?a ?b ?c OPTIONAL { SERVICE <X> { ?s ?p ?o } } } LIMIT 1",
    "SELECT * { { ?s ?p ?o } UNION { SERVICE <X> { ?s ?p ?o } } } LIMIT 1",
    "SELECT * { ?a ?b ?c MINUS { SERVICE <X> { ?a ?p ?o } } } LIMIT 1",
    "SELECT * { { SELECT * { SERVICE <X> { ?s ?p ?o } } } }",
    "SELECT * { GRAPH ?g { SERVICE <X> { ?s ?p ?o } } }",
    "SELECT * { ?a ?b ?c FILTER EXISTS { SERVICE <X> { ?a ?p ?o } } } LIMIT 1",
    "SELECT * { ?a ?b ?c FILTER(1 = 1 && NOT EXISTS { SERVICE <X> { ?a ?p ?o } }) } LIMIT 1",
    "SELECT (EXISTS { SERVICE <X> { ?a ?p ?o } } AS ?e) {}",
    "ASK { SERVICE <X> { ?s ?p ?o } }",
    "CONSTRUCT WHERE { ?a ?b ?c } # SERVICE <X>\nLIMIT 1",
    "CONSTRUCT { ?s ?p ?o } { SERVICE <X> { ?s ?p ?o } }",
    "DESCRIBE ?s { SERVICE <X> { ?s ?p ?o } }",
    "SELECT * { ?a ?b ?c } ORDER BY EXISTS { SERVICE <X> { ?s ?p ?o } } LIMIT 1",
    "SELECT * { sErViCe<X>{ ?s ?p ?o } }",
    "BASE <X> SELECT * { SERVICE <> { ?s ?p ?o } }",
    "PREFIX x: <X> SELECT * { SERVICE x: { ?s ?p ?o } }",
    "SELECT * FROM <X> { ?s ?p ?o }",
    "SELECT * FROM NAMED <X> { GRAPH ?g { ?s ?p ?o } }",
    "LOAD <X>",
    "LOAD SILENT <X> INTO GRAPH <urn:x:y>",
)


def test_no_query_makes_the_server_ask_another(server: Server) -> None:
    """SERVICE in every place, FROM, LOAD, and graphs by parameter: the other server hears nothing."""
    with endpoint() as (address, asked):
        for text in NESTINGS:
            query = text.replace("X", f"{address}/sparql")
            answer = httpx.get(f"{server.address}/sparql?query={quote(query)}", timeout=30)
            is_refused = "SERVICE" in text.upper() and "#" not in text
            assert answer.status_code == (403 if is_refused else 400 if "LOAD" in text else 200), (query, answer.text)
        for name in ("default-graph-uri", "named-graph-uri"):
            answer = httpx.get(f"{server.address}/sparql?query=ASK%7B%7D&{name}={quote_plus(address)}", timeout=30)
            assert answer.status_code in {200, 400}
        assert asked == []


def test_many_that_stand_and_wait_leave_room(server: Server) -> None:
    """Two hundred connections with half a head: others are answered meanwhile, and each is told to go."""
    with ExitStack() as stack:
        waiting = [stack.enter_context(closing(connect(server))) for _ in range(200)]
        for client in waiting:
            client.sendall(b"GET / HTTP/1.1\r\nX: a")
        assert httpx.get(f"{server.address}/health", timeout=30).status_code == 200
        assert {status_of(client) for client in waiting} == {408}


def test_who_closes_half_of_a_connection_has_gone(server: Server) -> None:
    """What was asked is not answered, and the connection is closed at once."""
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    for sent in (
        f"GET /sparql?query={quote(slow)} HTTP/1.1\r\n".encode() + HOST + b"\r\n",
        DIRECT + b"Content-Length: 50\r\n\r\nASK",
    ):
        with closing(connect(server)) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(65_536) == b""
