"""Clients that do not read, go away, or send nonsense behind a good request: each is cut off, and others are answered.

What a server holds for a client is seen from outside: its open files, its memory, its workers, its metrics.
"""

import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.amount import amount
from tests.conftest import PROJECT_COUNT
from tests.serving import Server, serve
from tests.web.test_hostile_http import DIRECT, HOST, LOOKUP, connect, status_of

pytestmark = pytest.mark.server

LOOK = b"GET /sparql?query=" + quote(LOOKUP).encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n"
UPGRADING = LOOK.replace(
    b"\r\n\r\n", b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n"
)
LARGE = (
    "GET /sparql?format=csv&query="
    + quote(f'SELECT ?s ("{"x" * 1000}" AS ?filler) {{ ?s ?p ?o }} LIMIT 8000')  # 8 MB: more than sockets hold
    + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
).encode()
ENDLESS = (
    "GET /sparql?query="
    + quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
).encode()
BLANK_LINES = (
    DIRECT + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (len(LOOKUP) + 4000) + LOOKUP.encode() + b"\r\n" * 2000
) + b"\r\n0\r\n\r\n"
LISTENS = "0A"  # the state of a socket that listens, in /proc/net/tcp
ANSWERS = ("/memfd:iomld-answer", "/memfd:iomld-job")  # on their way to a worker or a client
MOST_GROWTH_KB = 100_000


@pytest.fixture(scope="module")
def server(datadir: Path) -> Iterator[Server]:
    """A server that soon loses patience with clients, keeps no large answer, and lets queries take their time."""
    variables = {"IOMLD_CLIENT_PATIENCE": "1", "IOMLD_CACHE_BYTES": "1000000", "IOMLD_CLIENT_SECONDS": "100000"}
    with serve(datadir, IOMLD_QUERY_TIMEOUT="300", **variables) as running:
        assert httpx.get(f"{running.address}/projects", timeout=30).status_code == 200
        yield running


@pytest.fixture(autouse=True)
def _all_is_as_before(server: Server) -> Iterator[None]:
    """After each attack a lookup is answered right, and the server holds nothing more than before."""
    assert eventually(lambda: is_at_rest(server))
    memory = memory_kb(server)
    yield
    answer = httpx.get(f"{server.address}/sparql", params={"query": LOOKUP, "format": "csv"}, timeout=30)
    assert (answer.status_code, answer.text.split()) == (200, ["n", str(PROJECT_COUNT)])
    assert eventually(lambda: is_at_rest(server)), held(server)
    assert memory_kb(server) < memory + MOST_GROWTH_KB


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within five minutes, which are for a busy machine."""
    end = time.monotonic() + 300
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)  # so that the one who is waited for has the processor
    return True


def metrics(server: Server) -> str:
    """What `/metrics` says, on a connection that is gone after."""
    return httpx.get(f"{server.address}/metrics", timeout=30).text


def is_at_rest(server: Server) -> bool:
    """Whether no query waits or runs, and no connection and no large answer is held."""
    told = metrics(server)
    idle = "iomld_query_workers_busy 0.0\n" in told and "iomld_query_queue_length 0.0\n" in told
    return idle and not held(server)


def held(server: Server) -> list[str]:
    """Connections and large answers that the server's own process has open; the connection that asked is gone."""
    rows = Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()[1:]
    connections = {f"socket:[{row.split()[9]}]" for row in rows if row.split()[3] != LISTENS}
    links = []
    for file in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed while we looked
            links.append(str(file.readlink()))
    return [link for link in links if link in connections or link.startswith(ANSWERS)]


def memory_kb(server: Server) -> int:
    """The memory that the server's own process uses, in KiB."""
    match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.process.pid}/status").read_text())
    assert match
    return int(match[1])


def small_window(server: Server) -> socket.socket:
    """A connection that holds little of what it has not read."""
    host, port = server.address.removeprefix("http://").split(":")
    client = socket.socket()
    client.settimeout(60)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((host, int(port)))
    return client


def all_of(client: socket.socket) -> bytes:
    """What comes until the connection ends."""
    received = b""
    try:
        while piece := client.recv(1 << 20):
            received += piece
    except ConnectionError:
        pass
    return received


def statuses(answers: bytes) -> list[int]:
    """The statuses of answers, one after the other."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(LOOK + b"\x16\x03\x01 hello\r\n\r\n", [200, 400], id="garbage"),
        pytest.param(LOOK + b"GET / HTTP/9.9\r\n\r\n", [200, 505], id="another version"),
        pytest.param(b"\r\n" * 2000 + LOOK + b"garbage\r\n\r\n", [200, 400], id="empty lines"),
        pytest.param(BLANK_LINES + LOOK + b"garbage\r\n\r\n", [200, 200, 400], id="blank lines in a chunk"),
        pytest.param(LOOK + UPGRADING + LOOK + b"\x16\x03\x01\r\n\r\n", [200, 200, 200, 400], id="another protocol"),
        pytest.param(LOOK + LOOK + b"\r\nGARBAGE\r\n\r\n", [200, 200, 400], id="two, then garbage"),
        pytest.param(LOOK + b"GET / HTTP/1.1\r\nX: " + b"a" * 140_000, [200, 431], id="a head without end"),
        pytest.param(LOOK + b"GET / HTTP/1.1\r\nX: a", [200, 408], id="half a head"),
        pytest.param(LOOK + DIRECT + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", [200, 400], id="broken chunks"),
        pytest.param(LOOK + DIRECT + b"Content-Length: 50\r\n\r\nASK{", [200, 408], id="half a body"),
        pytest.param(LOOK + LOOK + DIRECT + b"Content-Length: x\r\n\r\nASK{}", [200, 200, 400], id="no length"),
        pytest.param(LOOK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + b"garbage", [200], id="closed"),
    ],
)
def test_what_came_whole_is_answered_before_the_rest_is_refused(
    server: Server, sent: bytes, expected: list[int]
) -> None:
    """Good requests with nonsense behind them, in one piece: their answers come first, whole, then the refusal."""
    with closing(connect(server)) as client:
        client.sendall(sent)
        received = all_of(client)
    assert statuses(received) == expected
    assert received.count(b'"value":"%d"' % PROJECT_COUNT) == expected.count(200)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n-1\r\nASK{}\r\n0\r\n\r\n", id="negative"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nASK{}\r\n0\r\n\r\n", id="prefix"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\nASK{}", id="overflow"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n3\r\nASK{}\r\n0\r\n\r\n", id="too short"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n\r\n\r\n", id="no size"),
        pytest.param(b"Transfer-Encoding: chunked, identity\r\n\r\n5\r\nASK{}\r\n0\r\n\r\n", id="not last"),
        pytest.param(b"Transfer-Encoding : chunked\r\n\r\n5\r\nASK{}\r\n0\r\n\r\n", id="space before the colon"),
        pytest.param(b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nASK{}", id="two lengths"),
        pytest.param(b"Content-Length: 5, 5\r\n\r\nASK{}", id="a list of lengths"),
        pytest.param(b"Content-Length: +5\r\n\r\nASK{}", id="a sign"),
        pytest.param(b"Content-Length: " + b"9" * 30 + b"\r\n\r\nASK{}", id="a length that overflows"),
        pytest.param(b"X: a\x00b\r\nContent-Length: 5\r\n\r\nASK{}", id="NUL in a header"),
        pytest.param(b"X: a\rb\r\nContent-Length: 5\r\n\r\nASK{}", id="a lone CR"),
        pytest.param(b": a\r\nContent-Length: 5\r\n\r\nASK{}", id="no name"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\nASK{}\r\n0\r\n" + b"T: a\r\n" * 300, id="trailers"),
    ],
)
def test_nonsense_about_lengths_is_refused_and_ends_the_connection(server: Server, body: bytes) -> None:
    """Nobody is left in doubt where a request ends, so that none can be hidden in another."""
    with closing(connect(server)) as client:
        client.sendall(DIRECT + body + LOOK)
        (status,) = statuses(all_of(client))
    assert status in {400, 431}


def test_chunks_may_come_byte_by_byte_with_extensions_and_trailers(server: Server) -> None:
    """What is odd but right is answered."""
    query = b"ASK{}"
    chunks = b"".join(b"1;note=%d\r\n%c\r\n" % (number, byte) for number, byte in enumerate(query))
    with closing(connect(server)) as client:
        for byte in DIRECT + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nT: a\r\n\r\n":
            client.sendall(bytes([byte]))
        client.sendall(LOOK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert statuses(all_of(client)) == [200, 200]


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nX: ", b"a", id="header"),
        pytest.param(b"GET /", b"a", id="address"),
        pytest.param(DIRECT + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a", id="extension of a chunk"),
        pytest.param(DIRECT + b"Transfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\nX: ", b"a", id="trailer"),
        pytest.param(DIRECT + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 100, b"0", id="size of a chunk"),
    ],
)
def test_what_has_no_end_is_not_kept(server: Server, begun: bytes, piece: bytes) -> None:
    """Two hundred megabytes of one thing: the connection ends long before, and nothing of it stays in memory."""
    with closing(connect(server)) as client, pytest.raises(ConnectionError):
        client.sendall(begun + piece * 200_000_000)


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        pytest.param(b"", b"", id="says nothing"),
        pytest.param(b"GET / HTTP/1.1\r\nX: ", b"a", id="head byte by byte"),
        pytest.param(DIRECT + b"Content-Length: 100000\r\n\r\n", b"a", id="body byte by byte"),
        pytest.param(b"GET /downloads/dataset.nt HTTP/1.1\r\n" + HOST + b"\r\n", b"", id="does not read"),
        pytest.param(b"GET / HTTP/1.1\r\nX: ", b"a" * 65_536, id="head without end"),
    ],
)
def test_sixty_slow_clients_end_while_others_are_answered(server: Server, begun: bytes, piece: bytes) -> None:
    """They go on as they began until the server holds none of them; a request in each round is answered."""
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(small_window(server))) for _ in range(60)]
        for client in clients:
            client.sendall(begun)
            client.settimeout(0)

        def have_ended() -> bool:
            for client in clients:
                with suppress(OSError):  # ended, or its window is full
                    client.send(piece)
            assert httpx.get(f"{server.address}/health", timeout=30).status_code == 200
            return not held(server)

        assert eventually(have_ended)


def test_a_connection_ends_when_no_request_follows(server: Server) -> None:
    """An empty line behind a request, or the body of one that is answered already, keeps no connection open."""
    with closing(connect(server)) as client:
        client.sendall(LOOK + b"\r\n")
        assert statuses(all_of(client)) == [200]
    with closing(connect(server)) as client:
        client.sendall(b"DELETE /doc/project/PO.0105 HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\n")
        assert status_of(client) == 405
        client.sendall(b"abc")
        assert all_of(client) == b""


def test_who_does_not_read_is_cut_off(server: Server) -> None:
    """Four clients ask for a large answer and read none of it: others are answered meanwhile, then they are cut."""
    whole = len(httpx.get(f"{server.address}{LARGE.split()[1].decode()}", timeout=60).content)
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(small_window(server))) for _ in range(4)]
        for client in clients:
            client.sendall(LARGE)
        assert httpx.get(f"{server.address}/health", timeout=30).status_code == 200
        assert eventually(lambda: is_at_rest(server))
        assert all(len(all_of(client)) < whole for client in clients)


def test_who_reads_slowly_but_goes_on_gets_all(datadir: Path) -> None:
    """A reader with a small window that pauses for less than the patience of the server has the whole answer."""
    with serve(datadir) as patient:
        whole = len(httpx.get(f"{patient.address}{LARGE.split()[1].decode()}", timeout=60).content)
        with closing(small_window(patient)) as client:
            client.sendall(LARGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            received = 0
            while piece := client.recv(16_384):
                received += len(piece)
    assert received > whole


def test_who_goes_half_way_leaves_nothing(server: Server) -> None:
    """Six clients read the beginning of a large answer and are gone: half of them with a reset."""
    for number in range(6):
        with closing(small_window(server)) as client:
            client.sendall(LARGE)
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            if number % 2:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_who_goes_before_the_answer_frees_the_worker(server: Server) -> None:
    """Queries without end, from clients that are gone: no worker is left at them."""
    clients = [connect(server) for _ in range(6)]
    for client in clients:
        client.sendall(ENDLESS)
    assert eventually(lambda: "iomld_query_workers_busy 0.0\n" not in metrics(server))
    for client in clients:
        client.close()


def test_a_pipeline_that_is_not_read_ends(server: Server) -> None:
    """A client that asks again and again and never reads is not read either, then cut off."""
    page = b"GET /projects HTTP/1.1\r\n" + HOST + b"\r\n"
    for requests in (page * 2_000_000, LOOK * 500_000):
        with closing(small_window(server)) as client, pytest.raises(ConnectionError):
            client.sendall(requests)


def test_half_of_a_connection_closed_in_an_answer_ends_it(server: Server) -> None:
    """A client that closes its sending side during a large answer is treated as gone."""
    with closing(small_window(server)) as client:
        client.sendall(LARGE)
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        client.shutdown(socket.SHUT_WR)
        all_of(client)
    assert eventually(lambda: not held(server))


def test_paths_and_methods_that_are_made_up_do_not_swell_the_metrics(server: Server) -> None:
    """Hundreds of unknown addresses and methods are counted together."""

    def ask(name: str) -> None:
        for address in (
            f"/{name}",
            f"/doc/project/{name}",
            f"/static/{name}",
            f"/rdf-graph-store/{name}",
            f"/id/{name}/x",
        ):
            client.get(address)
        client.request("TRACE", f"/{name}")
        client.request("PROPFIND", f"/{name}")

    with httpx.Client(base_url=server.address, timeout=30) as client:
        ask("first")
        before = metrics(server).count("\n")
        for number in range(50):
            ask(f"made-up-{number}")
        assert metrics(server).count("\n") == before


LAST = LOOK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
PARTS = st.sampled_from(
    [
        (LOOK, 200),
        (UPGRADING, 200),
        (b"\r\n" + LOOK, 200),
        (LOOK.replace(b"?query=", b"?nothing="), 400),
        (DIRECT + b"Content-Length: 5\r\n\r\nASK{}", 200),
        (DIRECT + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nASK{}", 200),
        (DIRECT + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nASK\r\n2\r\n{}\r\n0\r\nT: a\r\n\r\n", 200),
        (b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n", 200),
        (b"GET /doc/project/PO.0105 HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 9000 + b"\r\n\r\n", 200),
        (b"DELETE /doc/project/PO.0105 HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc", 405),
        (b"GET /nowhere HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    ]
)


def said(server: Server, sent: bytes, cuts: list[int]) -> list[int]:
    """The statuses of what is answered to bytes that come in pieces."""
    places = sorted({0, len(sent), *(cut % len(sent) for cut in cuts)})
    with closing(connect(server)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):
            for start, end in pairwise(places):
                client.sendall(sent[start:end])
        return statuses(all_of(client))


@pytest.mark.parametrize(
    "start", [UPGRADING, DIRECT + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nASK{}"]
)
def test_a_last_request_that_offers_http_2_is_answered(server: Server, start: bytes) -> None:
    """The offer and the end of the connection may come in one head."""
    assert said(server, start.replace(b"Connection: Upgrade", b"Connection: close, Upgrade"), [7, 90]) == [200]


SEEDED = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))


@settings(SEEDED, max_examples=amount(40))
@given(st.lists(PARTS, max_size=8), st.lists(st.integers(0, 1 << 20), max_size=12))
def test_answers_do_not_depend_on_how_the_bytes_are_cut(
    server: Server, parts: list[tuple[bytes, int]], cuts: list[int]
) -> None:
    """Requests of all kinds on one connection, in any order, in pieces of any size: each is answered in its turn."""
    sent = b"".join(part for part, _ in parts) + LAST
    assert said(server, sent, cuts) == [*(status for _, status in parts), 200]


@settings(SEEDED, max_examples=amount(25))
@given(
    st.lists(PARTS, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(max_size=4), st.integers(0, 4)), min_size=1, max_size=3),
)
def test_damaged_requests_are_answered_or_refused(
    server: Server, parts: list[tuple[bytes, int]], damages: list[tuple[int, bytes, int]]
) -> None:
    """Bytes are lost, changed and put in: no answer is a fault of the server, and the connection ends."""
    sent = b"".join(part for part, _ in parts) + LAST
    for place, put_in, lost in damages:
        at = place % len(sent)
        sent = sent[:at] + put_in + sent[at + lost :]
    told = said(server, sent, [])
    assert told
    assert all(status < 500 for status in told), (sent, told)


def test_refusals_are_counted(server: Server) -> None:
    """Bytes that never became a request are counted in the metrics, so that the operator sees them."""
    sample = r'iomld_http_requests_total\{method="other",route="none",status="431"\} (\d+)\.0'
    counts = []
    for _ in range(2):
        with closing(connect(server)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 140_000)
            assert statuses(all_of(client)) == [431]
        match = re.search(sample, metrics(server))
        assert match
        counts.append(int(match[1]))
    assert counts[1] == counts[0] + 1
