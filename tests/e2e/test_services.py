"""SERVICE: off, and on for the endpoints that the one who serves has named."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from tests.serving import serve

pytestmark = pytest.mark.server

ANSWER = {"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "literal", "value": "from afar"}}]}}


@contextmanager
def endpoint() -> Iterator[tuple[str, list[str]]]:
    """Another endpoint on this machine: its address, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer every query alike."""
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.dumps(ANSWER).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/sparql-results+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815  # the name that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()


def ask(client: httpx.Client, service: str) -> httpx.Response:
    """Ask for what another endpoint says."""
    return client.get(
        "/sparql", params={"query": f"SELECT ?x {{ SERVICE <{service}> {{ ?s ?p ?x }} }}", "format": "csv"}
    )


def test_only_named_endpoints_are_asked(datadir: Path) -> None:
    """One that begins as allowed is asked each time anew; any other is refused and hears nothing."""
    with endpoint() as (address, asked), serve(datadir, IOMLD_SERVICES=f"{address}/open/") as server:
        with httpx.Client(base_url=server.address, timeout=60) as client:
            for _ in range(2):
                answer = ask(client, f"{address}/open/sparql")
                assert (answer.status_code, answer.text.split()) == (200, ["x", "from", "afar"])
            for refused in (f"{address}/sparql", f"{address}/openly", "http://127.0.0.1:1/open/"):
                assert ask(client, refused).status_code == 403
        assert asked == ["/open/sparql", "/open/sparql"]


def test_no_endpoint_is_asked_unless_named(datadir: Path) -> None:
    """Without the setting SERVICE is refused before the query runs."""
    with endpoint() as (address, asked), serve(datadir) as server:
        answer = httpx.get(
            f"{server.address}/sparql",
            params={"query": f"SELECT * {{ SERVICE <{address}/> {{ ?s ?p ?x }} }}"},
            timeout=60,
        )
        assert answer.status_code == 403
        assert asked == []
