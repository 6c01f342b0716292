"""Requests that differ in their query alone: answered as if each were the first of its kind."""

import json
import re
import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.conftest import PROJECT_COUNT, Command
from tests.serving import Server, serve
from tests.web.test_operations import samples
from tests.web.test_quick_answers import Line, request

pytestmark = pytest.mark.server

JSON = "application/sparql-results+json"
LOOKUPS = ("iomld_query_lookups_total", "")


@pytest.fixture(scope="module")
def server(bundled_server: Server) -> Server:
    """A server of the bundled records."""
    return bundled_server


def title_of(code: str, note: str = "") -> str:
    """A lookup."""
    ns, dcterms = "https://w3id.org/iomld/ns#", "http://purl.org/dc/terms/"
    return f'SELECT * {{ ?p <{ns}projectCode> "{code}" ; <{dcterms}title> ?t }}#{note}'


def path_of(query: str, more: str = "") -> str:
    """The path that asks it."""
    return f"/sparql?query={quote(query)}{more}"


def bindings(answer: bytes) -> list[dict[str, dict[str, str]]]:
    """The solutions of an answer."""
    found: list[dict[str, dict[str, str]]] = json.loads(answer.partition(b"\r\n\r\n")[2])["results"]["bindings"]
    return found


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ("", ()),
        ("&format=json", ()),
        ("&timeout=3", ("Accept-Encoding: gzip, br", "User-Agent: a program")),
        ("", ("Origin: http://elsewhere.example", "Cookie: language=fr")),
    ],
)
def test_the_answer_is_that_of_a_request_of_its_own(server: Server, more: str, headers: tuple[str, ...]) -> None:
    """Another query in the same request gives the bytes that the query gives where nothing is known."""
    codes = ["PO.0105", "CE.0134", "No.Such", 'quo"ted', "PO.0105"]
    own = []
    with httpx.Client(base_url=server.address, timeout=60) as client:
        for code in codes:
            with Line(server) as line:  # a header of its own, so that nothing is known of it
                line.send(request(path_of(title_of(code), more), *headers, f"X-Own: {more}{headers}{len(own)}"))
                own.append(line.answer())
        before = samples(client.get("/metrics").text)
        with Line(server) as line:
            for code, expected in zip(codes, own, strict=True):
                line.send(request(path_of(title_of(code), more), *headers))
                assert line.answer() == expected
        after = samples(client.get("/metrics").text)
    sparql = ("iomld_http_request_duration_seconds_count", 'route="/sparql"')
    assert after[sparql] - before[sparql] == len(codes)


def test_no_process_is_asked(server: Server) -> None:
    """New lookups are counted as such, and the workers see none of them."""
    answered = ("iomld_queries_total", 'outcome="answered"')
    with httpx.Client(base_url=server.address, timeout=60) as client, Line(server) as line:
        before = samples(client.get("/metrics").text)
        for number in range(5):
            line.send(request(path_of(title_of("PO.0105", f"{number}"))))
            assert len(bindings(line.answer())) == 1
        after = samples(client.get("/metrics").text)
    assert after[LOOKUPS] - before[LOOKUPS] == 5
    assert after[answered] == before[answered]


def test_what_is_no_lookup_takes_the_usual_way(server: Server) -> None:
    """After a lookup in the same request: a count, a broken query, a broken escape, two queries, an update."""
    with Line(server) as line:
        for number in range(2):
            line.send(request(path_of(title_of("PO.0105", f"usual {number}"))))
            line.answer()
        line.send(request(path_of("SELECT (COUNT(*) AS ?n) { ?s a <https://w3id.org/iomld/ns#Project> }")))
        assert bindings(line.answer())[0]["n"]["value"] == str(PROJECT_COUNT)
        for path, status in (
            (path_of("SELECT * { ?s ?p }"), b"400"),
            ("/sparql?query=ASK%7B%7", b"400"),
            ("/sparql?query=ASK%7B%7D%FF", b"400"),
            (path_of("ASK {}", "&query=ASK%7B%7D"), b"400"),
            (path_of("DELETE WHERE { ?s ?p ?o }"), b"400"),
            ("/sparql?query=", b"400"),
        ):
            line.send(request(path))
            assert line.answer().split()[1] == status, path
        line.send(request(path_of(title_of("PO.0105", "after"))))
        assert len(bindings(line.answer())) == 1


def test_what_the_client_holds_is_not_sent_again(server: Server) -> None:
    """A tag of one answer, sent with many queries, spares the one that it belongs to."""
    with Line(server) as line:
        line.send(request(path_of(title_of("PO.0105"))))
        tag = re.search(rb"etag: ([^\r]*)", line.answer())
        assert tag
        for _ in range(2):
            for code, status in (("CE.0134", b"200"), ("PO.0105", b"304"), ("PO.0107", b"200")):
                line.send(request(path_of(title_of(code)), f"If-None-Match: {tag[1].decode()}"))
                assert line.answer(bodiless=status == b"304").split()[1] == status


def test_a_query_in_another_header_is_no_query(server: Server) -> None:
    """What looks like the start of a request in a header is not taken for one."""
    body = title_of("PO.0105").encode()

    def post(code: str) -> bytes:
        referer = f"Referer: GET {path_of(title_of(code))} HTTP/1.1"
        kind = ("Content-Type: application/sparql-query", f"Content-Length: {len(body)}")
        return request("/sparql", referer, *kind, method="POST") + body

    with Line(server) as line:
        answers = set()
        for code in ("CE.0134", "CE.0134", "PO.0107"):
            line.send(post(code))
            answers.add(line.answer())
    assert len(answers) == 1


def test_a_graph_that_is_named_is_heeded(server: Server) -> None:
    """`default-graph-uri` is as good as ever, query after query."""
    more = f"&default-graph-uri={quote('http://nothing.example/')}"
    with Line(server) as line:
        for number in range(4):
            line.send(request(path_of(title_of("PO.0105", f"graph {number}"), more)))
            assert bindings(line.answer()) == []


def test_lookups_see_a_new_release(page_data: Path, few_records: Path, iomld: Command) -> None:
    """The same request finds what was published since."""
    with (
        serve(page_data) as running,
        httpx.Client(base_url=running.address, timeout=30) as client,
        Line(running) as line,
    ):
        for number in range(3):
            line.send(request(path_of(title_of("CE.0134", f"{number}"))))
            assert bindings(line.answer()) == []
        assert iomld("publish", few_records, "--to", page_data).returncode == 0
        expected = (page_data / "current").readlink().name
        while client.get("/health").json()["release"] != expected:
            time.sleep(0.02)  # so that the server has the processor
        with Line(running) as later:  # the first was idle, and may have been closed
            for number in (2, 3):
                later.send(request(path_of(title_of("CE.0134", f"{number}"))))
                assert len(bindings(later.answer())) == 1


@pytest.mark.parametrize("limit", [{"IOMLD_QUERY_ROWS": "1"}, {"IOMLD_QUERY_BYTES": "1000"}])
def test_limits_of_answers_hold(datadir: Path, limit: dict[str, str]) -> None:
    """A lookup with too many solutions or bytes is refused as any other query."""
    query = "SELECT * { <https://w3id.org/iomld/id/project/PO.0105> ?p ?o }"
    with serve(datadir, **limit) as running, httpx.Client(base_url=running.address, timeout=60) as client:
        answer = client.get("/sparql", params={"query": query}, headers={"Accept": JSON})
        assert answer.status_code == 422


def test_a_client_that_has_used_its_time_waits(datadir: Path) -> None:
    """Lookups are on the budget too: when it is used, all is 429 with the time to wait."""
    with serve(datadir, IOMLD_CLIENT_SECONDS="0.001", IOMLD_CLIENT_REFILL="0.001") as running, Line(running) as line:
        statuses = []
        for number in range(300):
            line.send(request(path_of(title_of("PO.0105", f"{number}"))))
            answer = line.answer()
            statuses.append(answer.split()[1])
        assert statuses[0] == b"200"
        assert statuses[-1] == b"429"
        assert b"retry-after: " in answer
