"""What those ask who run the server: whether it lives, whether it can answer, what it did."""

from collections.abc import Iterator
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from iomld import __version__
from iomld.errors import IomldError
from iomld.store.request import QueryRequest
from iomld.web.answers import get_route
from iomld.web.metrics import MEDIA_TYPE, Family, RequestMetrics, family_lines
from iomld.web.openapi import responses
from iomld.web.problems import ProblemError
from iomld.web.serving import Serving
from iomld.web.sparql_cache import AnswerCache, CachedAnswer
from iomld.workers.errors import WorkerError

_NOT_KEPT = {"Cache-Control": "no-store"}
_READY_S = 2.0
_JSON = responses({200: ("application/json",)}, 503)
_PROBE = QueryRequest("ASK {}", None, "application/sparql-results+json", None)


def operation_routes(serving: Serving, requests: RequestMetrics, cache: AnswerCache[CachedAnswer]) -> APIRouter:
    """`/health`, `/ready` and `/metrics`.

    Args:
        serving: What is served.
        requests: Counts of requests.
        cache: Answers that the endpoint keeps.
    """
    router = APIRouter()

    @get_route(router, "/health", "operations", "Check that the server answers, and see which release it serves", _JSON)
    def health() -> Response:
        stats = serving.stats()
        return JSONResponse(
            {"status": "ok", "release": serving.name(), "workers": stats.workers, "version": __version__},
            headers=_NOT_KEPT,
        )

    @get_route(router, "/ready", "operations", "Check that a release is open and a query gets an answer", _JSON)
    async def ready() -> Response:
        try:
            (await serving.run(_PROBE.to_json(), timeout_s=_READY_S)).close()
            return JSONResponse({"status": "ready", "release": serving.name()}, headers=_NOT_KEPT)
        except (IomldError, WorkerError) as error:
            detail = f"No query can be answered now: {error}"
            raise ProblemError(503, "not-ready", detail, headers={"Retry-After": "2"}) from error

    @get_route(
        router,
        "/metrics",
        "operations",
        "Get metrics in the text format of Prometheus",
        responses({200: ("text/plain",)}, 503),
    )
    async def metrics() -> Response:
        lines = [*requests.lines()]
        for family in (*_worker_families(serving), *_cache_families(cache), *_release_families(serving)):
            lines += family_lines(family)
        return Response("".join(lines), headers=_NOT_KEPT | {"Content-Type": MEDIA_TYPE})

    return router


def _worker_families(serving: Serving) -> Iterator[Family]:
    stats = serving.stats()
    yield _gauge("iomld_query_workers", "Processes that answer queries.", stats.workers)
    yield _gauge("iomld_query_workers_busy", "Processes that hold a query.", stats.busy)
    yield _gauge("iomld_query_queue_length", "Queries that wait.", stats.waiting)
    outcomes = {
        "answered": stats.answered,
        "killed": stats.timed_out,
        "overloaded": stats.overloaded,
        "crashed": stats.crashed,
    }
    samples = tuple(({"outcome": outcome}, float(count)) for outcome, count in outcomes.items())
    yield Family("iomld_queries_total", "counter", "Queries by outcome, since the release was opened.", samples)
    yield _counter("iomld_query_lookups_total", "Queries that needed no process.", serving.lookups)


def _cache_families(cache: AnswerCache[CachedAnswer]) -> Iterator[Family]:
    yield _counter("iomld_query_cache_hits_total", "Answers that were kept.", cache.hits)
    yield _counter("iomld_query_cache_misses_total", "Answers that had to be made.", cache.misses)
    yield _gauge("iomld_query_cache_bytes", "Memory of answers that are kept.", cache.size_bytes)


def _release_families(serving: Serving) -> Iterator[Family]:
    manifest = serving.release.manifest
    labels = {"release": manifest.name, "version": __version__}
    yield Family("iomld_release_info", "gauge", "The release that is served.", ((labels, 1.0),))
    created = datetime.fromisoformat(manifest.created).timestamp()
    yield _gauge("iomld_release_created_timestamp_seconds", "When it was made.", created)
    yield _gauge("iomld_release_projects", "Its projects.", manifest.projects)
    yield _gauge("iomld_release_quads", "Its quads.", manifest.quads)


def _gauge(name: str, text: str, value: float) -> Family:
    return Family(name, "gauge", text, (({}, float(value)),))


def _counter(name: str, text: str, value: float) -> Family:
    return Family(name, "counter", text, (({}, float(value)),))
