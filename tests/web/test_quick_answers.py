"""Repeated requests over one connection: each gets the answer of the first, in whatever form it is sent, and counts."""

import gzip
import json
import re
import socket
import time
from pathlib import Path
from typing import Self

import httpx
import pytest
from tests.conftest import Command
from tests.serving import Server, serve
from tests.web.test_operations import samples

pytestmark = pytest.mark.server

TITLES = "/sparql?query=SELECT+*+%7B+%3Fp+%3Chttp%3A%2F%2Fpurl.org%2Fdc%2Fterms%2Ftitle%3E+%3Ft+%7D+LIMIT+{}"
DATE = re.compile(rb"date: [^\r]*\r\n")


@pytest.fixture(scope="module")
def server(bundled_server: Server) -> Server:
    """A server of the bundled records."""
    return bundled_server


class Line:
    """A connection that says exactly what it is given."""

    def __init__(self, server: Server) -> None:
        url = httpx.URL(server.address)
        self._socket = socket.create_connection((url.host, url.port or 80), timeout=30)
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._socket.close()

    def send(self, text: bytes) -> None:
        """Send in one piece."""
        self._socket.sendall(text)

    def answer(self, *, bodiless: bool = False) -> bytes:
        """The next answer, without its date."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._reader.readline()
            assert line, head
            head += line
        length = re.search(rb"content-length: (\d+)", head)
        body = b"" if bodiless or length is None else self._reader.read(int(length[1]))
        assert head.startswith(b"HTTP/1.1 100") or DATE.search(head)
        return DATE.sub(b"", head) + body

    def is_over(self) -> bool:
        """Whether the server has closed the connection."""
        return self._reader.read(1) == b""


def request(path: str, *headers: str, method: str = "GET") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/sparql-results+json", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_the_third_answer_is_the_first(server: Server) -> None:
    """Whole, packed, not changed, or without a body: each answer is the same each time, and all are counted."""
    with Line(server) as line:
        asked = request(TITLES.format(3))
        line.send(asked)
        first = line.answer()
        assert len(json.loads(first.partition(b"\r\n\r\n")[2])["results"]["bindings"]) == 3
        etag = re.search(rb"etag: ([^\r]*)", first)
        assert etag
        forms = {
            asked: (b"200", False),
            request(TITLES.format(3), "Accept-Encoding: gzip"): (b"200", False),
            request(TITLES.format(3), f"If-None-Match: {etag[1].decode()}"): (b"304", True),
            request(TITLES.format(3), method="HEAD"): (b"200", True),
            request(TITLES.format(0), "Origin: http://elsewhere"): (b"200", False),
        }
        with httpx.Client(base_url=server.address, timeout=60) as client:
            before = samples(client.get("/metrics").text)
            for text, (status, bodiless) in forms.items():
                answers = set()
                for _ in range(4):
                    line.send(text)
                    answers.add(line.answer(bodiless=bodiless))
                (answer,) = answers
                assert answer.split()[1] == status
                assert b"content-security-policy" in answer
            after = samples(client.get("/metrics").text)
    counts = {
        'method="GET",route="/sparql",status="200"': 12,
        'method="GET",route="/sparql",status="304"': 4,
        'method="HEAD",route="/sparql",status="200"': 4,
    }
    name = "iomld_http_requests_total"
    assert {key: after[name, key] - before.get((name, key), 0) for key in counts} == counts
    hits = ("iomld_query_cache_hits_total", "")
    assert after[hits] - before[hits] == 19  # all but the one query that is new
    assert (
        after["iomld_http_response_bytes_total", 'route="/sparql"']
        > before["iomld_http_response_bytes_total", 'route="/sparql"']
    )


def test_a_large_answer_comes_packed_each_time(server: Server) -> None:
    """An answer of many rows, asked with gzip, is the same bytes each time and unpacks to the rows."""
    with Line(server) as line:
        answers = set()
        for _ in range(4):
            line.send(request(TITLES.format(80), "Accept-Encoding: gzip"))
            answers.add(line.answer())
    (answer,) = answers
    body = gzip.decompress(answer.partition(b"\r\n\r\n")[2])
    assert len(json.loads(body)["results"]["bindings"]) == 80


def test_a_body_that_looks_like_a_request_is_a_body(server: Server) -> None:
    """The bytes of a request that is known, sent as the body of another, are never answered as a request."""
    known = request(TITLES.format(4))
    with Line(server) as line:
        for _ in range(3):
            line.send(known)
            line.answer()
        post = request(
            "/sparql",
            "Content-Type: application/sparql-query",
            f"Content-Length: {len(known)}",
            "Expect: 100-continue",
            method="POST",
        )
        line.send(post)
        assert line.answer().startswith(b"HTTP/1.1 100 ")
        line.send(known)  # it is no query
        assert line.answer().startswith(b"HTTP/1.1 400 ")
        line.send(known)
        assert line.answer().startswith(b"HTTP/1.1 200 ")


def test_requests_in_a_row_are_answered_in_their_order(server: Server) -> None:
    """Several known requests in one piece, and one behind another that a worker must answer, keep their order."""
    known = request(TITLES.format(5))
    with Line(server) as line:
        for _ in range(3):
            line.send(known)
            expected = line.answer()
        line.send(known + known + known)
        assert [line.answer() for _ in range(3)] == [expected] * 3
        line.send(request(TITLES.format("6%20%23new")))
        line.send(known)
        assert len(json.loads(line.answer().partition(b"\r\n\r\n")[2])["results"]["bindings"]) == 6
        assert line.answer() == expected


def test_a_connection_that_shall_end_ends(server: Server) -> None:
    """`Connection: close` is heeded however often the same request comes."""
    for _ in range(4):
        with Line(server) as line:
            line.send(request(TITLES.format(7), "Connection: close"))
            assert b"connection: close" in line.answer()
            assert line.is_over()


def test_a_clock_is_asked_each_time(server: Server) -> None:
    """An answer that differs each time is never given again."""
    with Line(server) as line:
        answers = set()
        for _ in range(4):
            line.send(request("/sparql?query=SELECT%20%28NOW%28%29%20AS%20%3Fu%29%20%7B%7D"))
            answers.add(line.answer())
    assert len(answers) == 4


def test_a_new_release_is_answered_anew(page_data: Path, few_records: Path, iomld: Command) -> None:
    """A request that was answered from before gets the answer of the new release once that is served."""
    asked = request("/sparql?query=SELECT%20%28COUNT%28%2A%29%20AS%20%3Fn%29%20%7B%20%3Fp%20a%20%3Ft%20%7D")
    with (
        serve(page_data) as running,
        httpx.Client(base_url=running.address, timeout=30) as client,
        Line(running) as line,
    ):
        answers = set()
        for _ in range(4):
            line.send(asked)
            answers.add(line.answer())
        (old,) = answers
        assert iomld("publish", few_records, "--to", page_data).returncode == 0
        expected = (page_data / "current").readlink().name
        while client.get("/health").json()["release"] != expected:
            time.sleep(0.02)  # so that the server has the processor
        with Line(running) as later:  # the first was idle, and may have been closed
            later.send(asked)
            assert later.answer() != old


def test_a_post_is_answered_like_the_first(server: Server) -> None:
    """A query in a body, as a form or as itself, is the same each time; and other bodies have other answers."""
    with Line(server) as line:
        answers = set()
        for number in (3, 3, 3, 2):
            body = f"SELECT * {{ ?p <http://purl.org/dc/terms/title> ?t }} LIMIT {number}".encode()
            kind = ("Content-Type: application/sparql-query", f"Content-Length: {len(body)}")
            line.send(request("/sparql", *kind, method="POST") + body)
            answers.add(line.answer())
    assert len(answers) == 2
