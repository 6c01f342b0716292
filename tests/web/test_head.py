"""HEAD answers wherever GET does, and each address says what it answers."""

import httpx
import pytest
from tests.serving import Server

pytestmark = pytest.mark.server

SAMPLES = {
    "{code}": "PO.0105",
    "{kind}": "project",
    "{name}": "projects",
    "{number}": "1",
    "{path}": "graph/schemes",
    "{suffix}": "ttl",
}


def test_head_is_get_without_a_body(bundled_server: Server) -> None:
    """Each route that answers GET answers HEAD with the same status, type and length (RFC 9110), and no body."""
    uncompressed = {"Accept-Encoding": "identity"}  # the length of a compressed answer is not known before its end
    with httpx.Client(base_url=bundled_server.address, timeout=60, headers=uncompressed) as client:
        paths = [path for path, methods in client.get("/openapi.json").json()["paths"].items() if "get" in methods]
        assert {"/sparql", "/rdf-graph-store", "/projects", "/void", "/metrics"} <= set(paths)
        good = 0
        for path in [
            *paths,
            "/openapi.json",
            "/static/site.css",
            "/sparql?query=ASK%7B%7D",
            "/rdf-graph-store?default",
        ]:
            filled = path
            for name, value in SAMPLES.items():
                filled = filled.replace(name, value)
            got, head = client.get(filled), client.head(filled)
            assert (path, head.status_code, head.content) == (path, got.status_code, b"")
            assert head.headers.get("content-type") == got.headers.get("content-type"), path
            if path != "/metrics":  # which has changed between the two
                assert head.headers.get("content-length") == got.headers.get("content-length"), path
            good += got.status_code in {200, 303}
        assert good > 25


def test_a_method_that_is_not_answered_is_told_those_that_are(bundled_server: Server) -> None:
    """`Allow` holds all methods of an address, though each has a route of its own (RFC 9110 section 10.2.1)."""
    expected = {
        "/validate": "GET, HEAD, POST",
        "/doc/project/PO.0105": "GET, HEAD",
        "/downloads/dataset.nq": "GET, HEAD",
        "/openapi.json": "GET, HEAD",
        "/static/site.css": "GET, HEAD",
        "/rdf-graph-store": "GET, HEAD, OPTIONS",
        "/sparql": "GET, HEAD, POST, QUERY, OPTIONS",
    }
    with httpx.Client(base_url=bundled_server.address, timeout=60) as client:
        answers = {path: client.delete(path) for path in expected}
    assert {path: answer.headers["allow"] for path, answer in answers.items()} == expected
    assert {answer.status_code for answer in answers.values()} == {405}


def test_a_slash_too_many_leads_to_the_address_without(bundled_server: Server) -> None:
    """By a path, whatever host the client names; what is nowhere stays nowhere."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as client:
        moved = client.get("/projects/?page=2&q=%C3%A9", headers={"Host": "example.org"})
        assert (moved.status_code, moved.headers["location"]) == (308, "/projects?page=2&q=%C3%A9")
        asked = client.get("/sparql/?query=ASK%7B%7D")
        assert (asked.status_code, asked.headers["location"]) == (308, "/sparql?query=ASK%7B%7D")
        for path in ("/nowhere/", "//nowhere.example/", "/projects%2F", "/dataset.ttl%2F"):
            assert client.get(bundled_server.address + path).status_code == 404, path
