"""What those see who run the server: readiness, counts, and the access log."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tests.browse.asking import Asker
from tests.conftest import PROJECT_COUNT

from iomld.config import Settings, read_settings
from iomld.errors import SettingsError, StoreError
from iomld.iris import DEFAULT_BASE
from iomld.web.app import create_app
from iomld.web.request_metrics import AnsweredRequest, Metrics, RequestLog, RequestMetricsMiddleware, access_line
from iomld.web.serving import Serving

_SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')


def samples(text: str) -> dict[tuple[str, str], float]:
    """Each sample of a text in the format of Prometheus; a line that is none fails."""
    found: dict[tuple[str, str], float] = {}
    for line in text.splitlines():
        if not line.startswith(("# HELP ", "# TYPE ")):
            match = _SAMPLE.fullmatch(line)
            assert match, line
            found[match[1], match[2] or ""] = float(match[3])
    return found


async def _ask(datadir: Path, *addresses: str, then: Callable[[], object] = bool) -> list[httpx.Response]:
    """Answers of a started application with two workers, for which something is done once it has started."""
    app = create_app(datadir, Settings(), DEFAULT_BASE)
    started, ended = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, str]:
        if started.is_set():
            await ended.wait()
            return {"type": "lifespan.shutdown"}
        return {"type": "lifespan.startup"}

    async def send(_: object) -> None:
        started.set()

    life = asyncio.create_task(app({"type": "lifespan", "state": {}}, receive, send))  # type: ignore[arg-type]  # ASGI
    await started.wait()
    then()
    try:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [await client.get(address) for address in addresses]
    finally:
        ended.set()
        await life


def test_a_started_server_is_ready_and_counts(datadir: Path) -> None:
    """A worker answers; requests are counted by route and status, cached answers as hits."""
    query = "/sparql?query=ASK%7B%7D"
    ready, *_, metrics = asyncio.run(
        _ask(
            datadir,
            "/ready",
            "/doc/project/PO.0105",
            "/doc/project/X",
            "/static/site.js",
            query,
            query,
            "/nowhere",
            "/metrics",
        )
    )
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "release": (datadir / "current").readlink().name, "unread": 0}
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(metrics.text)
    requests = "iomld_http_requests_total"
    assert found[requests, 'method="GET",route="/doc/project/{name}",status="200"'] == 1
    assert found[requests, 'method="GET",route="/doc/project/{name}",status="404"'] == 1
    assert found[requests, 'method="GET",route="/static",status="200"'] == 1
    assert found[requests, 'method="GET",route="/sparql",status="200"'] == 2
    assert found[requests, 'method="GET",route="none",status="404"'] == 1
    assert found["iomld_http_request_duration_seconds_bucket", 'le="+Inf",route="/sparql"'] == 2
    assert found["iomld_http_request_duration_seconds_count", 'route="/sparql"'] == 2
    assert found["iomld_query_cache_hits_total", ""] == 1
    assert found["iomld_query_cache_misses_total", ""] == 1
    assert found["iomld_query_cache_bytes", ""] > 0
    assert found["iomld_queries_total", 'outcome="answered"'] == 2
    assert found["iomld_query_workers", ""] == 2
    assert found["iomld_release_projects", ""] == PROJECT_COUNT


@pytest.mark.parametrize(
    ("file", "kept_bytes", "downloads", "fault"),
    [
        ("dataset.nq.gz", 5000, ("dataset.nq.gz", "dataset.nq"), "has 5,000 bytes instead of"),
        ("manifest.json", 5000, (), "does not have the SHA-256 in manifest.sha256"),
    ],
)
def test_a_release_that_is_damaged_while_it_is_served(
    datadir: Path, tmp_path: Path, file: str, kept_bytes: int, downloads: tuple[str, ...], fault: str
) -> None:
    """`/ready` and the download are 503 and name the file, nothing cut is sent, and `/health` goes on."""
    shutil.copytree(datadir, folder := tmp_path / "data", symlinks=True, copy_function=os.link)

    def cut() -> None:
        path = folder / "current" / file
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[:kept_bytes])

    paths = [f"/downloads/{name}" for name in downloads]
    ready, health, whole, *damaged = asyncio.run(
        _ask(folder, "/ready", "/health", "/downloads/by-class/Project.nt.gz", *paths, then=cut)
    )
    assert (health.status_code, whole.status_code) == (200, 200)
    for answer in (ready, *damaged):
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["file"] == file
        assert fault in answer.json()["detail"]


def test_a_damaged_release_is_not_opened(datadir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that runs goes on with the release it has, and `/ready` says why; none starts with a damaged one."""
    monkeypatch.setattr("iomld.web.serving._POLL_INTERVAL_S", 0.01)
    shutil.copytree(datadir, folder := tmp_path / "data", symlinks=True, copy_function=os.link)
    name = (folder / "current").readlink().name

    async def replaced() -> Serving:
        serving = Serving(folder, Settings(), lambda _: None)
        await serving.start()
        try:
            shutil.copytree(folder / "current", folder / "releases" / "29990101T000000Z-0")
            (folder / "releases" / "29990101T000000Z-0" / "manifest.json").write_text("{}")
            (folder / "current").unlink()
            (folder / "current").symlink_to("releases/29990101T000000Z-0")
            while not serving.refused:  # noqa: ASYNC110  # a server tells nobody that it has looked
                await asyncio.sleep(0)
            assert serving.name() == name
        finally:
            await serving.stop()
        return serving

    refused = asyncio.run(replaced()).refused
    assert "29990101T000000Z-0: the release is damaged. manifest.json" in refused
    with pytest.raises(StoreError, match="the release is damaged"):
        asyncio.run(Serving(folder, Settings(), lambda _: None).start())


def test_a_server_that_is_not_started_is_not_ready(datadir: Path) -> None:
    """Without workers `/ready` is a 503 that says what to do."""
    answer = Asker(create_app(datadir, Settings(), DEFAULT_BASE)).get("/ready")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
    assert "starting or stopping" in answer.json()["detail"]


def test_a_histogram_adds_up() -> None:
    """Buckets hold all requests up to their bound, labels are escaped, unknown methods are one."""
    metrics = Metrics()
    for seconds in (0.001, 0.3, 0.4, 99.0):
        metrics.add(AnsweredRequest("BREW", 'a"b\\', 200, 10, seconds))
    found = samples(metrics.exposition().decode())
    route = 'route="a\\"b\\\\"'
    name = "iomld_http_request_duration_seconds"
    bounds = {"0.001": 1, "0.1": 1, "0.5": 3, "30.0": 3, "+Inf": 4}
    assert {bound: found[f"{name}_bucket", f'le="{bound}",{route}'] for bound in bounds} == bounds
    assert found[f"{name}_sum", route] == pytest.approx(99.701)
    assert found["iomld_http_requests_total", f'method="other",{route},status="200"'] == 4
    assert found["iomld_http_response_bytes_total", route] == 40


def test_two_applications_count_apart() -> None:
    """Each has a registry of its own in one process."""
    first, second = Metrics(), Metrics()
    first.add(AnsweredRequest("GET", "/", 200, 10, 0.1))
    sample = "iomld_http_requests_total", 'method="GET",route="/",status="200"'
    assert samples(first.exposition().decode())[sample] == 1
    assert sample not in samples(second.exposition().decode())


def test_the_access_log_has_no_query_strings() -> None:
    """Each request is one JSON line with its path, and without what people typed."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("four", 201)(scope, receive, send)

    written: list[str] = []
    Asker(RequestMetricsMiddleware(app, RequestLog(Metrics(), written.append))).get("/projects?q=a+name")
    (line,) = written
    assert line.endswith("\n")
    members = json.loads(line)
    assert {name: members[name] for name in ("method", "path", "route", "status", "bytes", "client")} == {
        "method": "GET",
        "path": "/projects",
        "route": "none",
        "status": 201,
        "bytes": 4,
        "client": "127.0.0.1",
    }
    assert "name" not in line


def test_a_request_that_fails_is_counted() -> None:
    """What raises before it answers counts as 500, and still raises."""

    async def app(*_: object) -> None:
        raise RuntimeError("broken")

    metrics = Metrics()
    with pytest.raises(RuntimeError, match="broken"):
        Asker(RequestMetricsMiddleware(app, RequestLog(metrics, None))).get("/sparql")
    found = samples(metrics.exposition().decode())
    assert found["iomld_http_requests_total", 'method="GET",route="/sparql",status="500"'] == 1


def test_a_log_line_is_one_line() -> None:
    """A path with line breaks cannot forge a second line."""
    line = access_line(
        AnsweredRequest("GET", "none", 404, 0, 0.5), "/a\nb\u2028", None, datetime(2025, 1, 2, tzinfo=UTC)
    )
    assert len(line.splitlines()) == 1
    assert json.loads(line)["time"] == "2025-01-02T00:00:00.000Z"


def test_the_access_log_is_a_setting() -> None:
    """It is off unless asked for; another word is refused."""
    assert read_settings({}).access_log == "off"
    assert read_settings({"IOMLD_ACCESS_LOG": "json"}).access_log == "json"
    with pytest.raises(SettingsError, match="write json or off"):
        read_settings({"IOMLD_ACCESS_LOG": "loud"})


def test_every_route_is_described_as_it_answers(datadir: Path) -> None:
    """Statuses and media types of real answers are in `/openapi.json`; `/sparql` is there, and no status of another."""
    asked = {
        "/sparql": ("/sparql?query=ASK%7B%7D", "/sparql", "/sparql?query=x", "/sparql?query=ASK%7B%7D&format=x"),
        "/doc/project/{name}": (
            "/doc/project/PO.0105",
            "/doc/project/X",
            "/doc/project/PO.0105?format=x",
            "/doc/project/PO.0105?format=linkset",
        ),
        "/doc/{kind}/{name}": ("/doc/country/CN.ttl", "/doc/x/y"),
        "/id/{kind}/{code}": ("/id/project/PO.0105", "/id/x/y"),
        "/scheme/{name}": ("/scheme/region", "/scheme/x"),
        "/prov/{kind}/{name}": ("/prov/x/y",),
        "/query/{name}": ("/query/quotes", "/query/x"),
        "/graph/{name}": ("/graph/schemes", "/graph/x"),
        "/projects.jsonld": ("/projects.jsonld", "/projects.jsonld?page=x", "/projects.jsonld?page=99"),
        "/ns/{version}": ("/ns/x",),
        "/downloads/{name}": ("/downloads/dataset.nq.gz", "/downloads/mentions.csv", "/downloads/x"),
        "/downloads/{folder}/{name}": ("/downloads/by-class/Project.nt.gz", "/downloads/by-region/x"),
        "/dataset": ("/dataset", "/dataset?format=x"),
        "/void": ("/void",),
        "/.well-known/void": ("/.well-known/void",),
        "/ns": ("/ns",),
        "/shapes.{suffix}": ("/shapes.ttl", "/shapes.x"),
        "/schema/record.json": ("/schema/record.json",),
        "/context/v1.jsonld": ("/context/v1.jsonld",),
        "/ready": ("/ready",),
        "/metrics": ("/metrics",),
        "/projects": ("/projects?page=x",),
        "/": ("/",),
    }
    addresses = [address for addresses in asked.values() for address in addresses]
    described, *answers = asyncio.run(_ask(datadir, "/openapi.json", *addresses))
    paths = described.json()["paths"]
    routes = [path for path, addresses in asked.items() for _ in addresses]
    for path, address, answer in zip(routes, addresses, answers, strict=True):
        responses = paths[path]["get"]["responses"]
        assert str(answer.status_code) in responses, (address, answer.status_code)
        if media_type := answer.headers.get("content-type", "").partition(";")[0]:
            assert media_type in responses[str(answer.status_code)]["content"], (address, media_type)
    assert all(operation["responses"] for operations in paths.values() for operation in operations.values())
    assert "422" not in paths["/doc/project/{name}"]["get"]["responses"]
