"""HEAD answers wherever GET does."""

from pathlib import Path

import httpx
import pytest
from tests.serving import serve

pytestmark = pytest.mark.server

SAMPLES = {"{code}": "PO.0105", "{kind}": "project", "{name}": "projects", "{path}": "graph/schemes", "{suffix}": "ttl"}


def test_head_is_get_without_a_body(datadir: Path) -> None:
    """Each route of the description that answers GET answers HEAD with the same status and type, and no body."""
    with serve(datadir) as running, httpx.Client(base_url=running.address, timeout=30) as client:
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
            good += got.status_code in {200, 303}
        assert good > 25
