"""Routes for operators: health, readiness and metrics of the server."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime

from fastapi import APIRouter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, Response

from iomld import __version__
from iomld.errors import IomldError
from iomld.messages import message
from iomld.store.query_request import QueryFault, QueryRequest
from iomld.web.openapi import responses
from iomld.web.problems import ProblemError, damaged_release
from iomld.web.request_metrics import MEDIA_TYPE, Metrics
from iomld.web.responses import get_route
from iomld.web.serving import Serving
from iomld.web.sparql.cache import AnswerCache
from iomld.workers.errors import WorkerError
from iomld.workers.protocol import Reply

_NO_STORE = {"Cache-Control": "no-store"}
_READY_TIMEOUT_S = 2.0
_JSON = responses({200: ("application/json",)}, 503)
_PROBE = QueryRequest("ASK {}", None, "application/sparql-results+json", None)


def operation_routes(serving: Serving, metrics: Metrics, cache: AnswerCache) -> APIRouter:
    """The routes `/health`, `/ready` and `/metrics`.

    Args:
        serving: The release that is served, and its workers.
        metrics: The metrics of the application.
        cache: The endpoint's cache of answers.
    """
    metrics.register(_ServiceCollector(serving, cache))
    router = APIRouter()

    @get_route(router, "/health", "operations", "Check that the server answers, and see which release it serves", _JSON)
    async def health() -> Response:  # in the event loop: it answers also while all threads are busy
        stats = serving.stats()
        return JSONResponse(
            {"status": "ok", "release": serving.name(), "workers": stats.workers, "version": __version__},
            headers=_NO_STORE,
        )

    @get_route(router, "/ready", "operations", "Check that the release is whole and a query gets an answer", _JSON)
    async def ready() -> Response:
        """`unread` is the number of files of a large release whose content is still to be checked.

        `refused` says why a newer release is not served, and `queries` why the remote store answers none; both can be
        absent.
        """
        try:
            if damages := await serving.damages():
                raise damaged_release(damages[0], serving.release)
            with closing(await serving.run(_PROBE.to_json(), timeout_s=_READY_TIMEOUT_S)) as reply:
                return JSONResponse(_readiness(serving, reply), headers=_NO_STORE)
        except (IomldError, WorkerError) as error:
            detail = message("No query can be answered now: {rest}", rest=error.message)
            raise ProblemError(503, "not-ready", detail, headers={"Retry-After": "2"}) from error

    @get_route(
        router,
        "/metrics",
        "operations",
        "Get metrics in the text format of Prometheus",
        responses({200: ("text/plain",)}, 503),
    )
    async def exposition() -> Response:
        return Response(metrics.exposition(), headers=_NO_STORE | {"Content-Type": MEDIA_TYPE})

    return router


def _readiness(serving: Serving, reply: Reply) -> Mapping[str, str | int]:
    """The members of the answer that a server is ready."""
    members: dict[str, str | int] = {"status": "ready", "release": serving.name(), "unread": serving.unread_files}
    if serving.refused:
        members["refused"] = serving.refused
    if reply.fault:  # of the remote store; pages answer nevertheless
        members["queries"] = str(QueryFault.from_json(reply.head).message)
    return members


class _ServiceCollector(Collector):
    """Reports figures of the query workers, the cache of answers and the release."""

    def __init__(self, serving: Serving, cache: AnswerCache) -> None:
        self._serving, self._cache = serving, cache

    def collect(self) -> Iterator[Metric]:
        yield from _worker_metrics(self._serving)
        yield from _cache_metrics(self._cache)
        yield from _release_metrics(self._serving)


def _worker_metrics(serving: Serving) -> Iterator[Metric]:
    stats = serving.stats()
    yield GaugeMetricFamily("iomld_query_workers", "Processes that answer queries.", stats.workers)
    yield GaugeMetricFamily("iomld_query_workers_busy", "Processes that hold a query.", stats.busy)
    yield GaugeMetricFamily("iomld_query_queue_length", "Queries that wait.", stats.waiting)
    queries = CounterMetricFamily(
        "iomld_queries", "Queries by outcome, since the release was opened.", labels=("outcome",)
    )
    queries.add_metric(("answered",), stats.answered)
    queries.add_metric(("killed",), stats.timed_out)
    queries.add_metric(("overloaded",), stats.overloaded)
    queries.add_metric(("crashed",), stats.crashed)
    yield queries
    yield CounterMetricFamily("iomld_query_lookups", "Queries answered without a process.", serving.lookups)


def _cache_metrics(cache: AnswerCache) -> Iterator[Metric]:
    yield CounterMetricFamily("iomld_query_cache_hits", "Answers found in the cache.", cache.hits)
    yield CounterMetricFamily("iomld_query_cache_misses", "Answers not found in the cache.", cache.misses)
    yield GaugeMetricFamily("iomld_query_cache_bytes", "Memory of the cached answers.", cache.size_bytes)


def _release_metrics(serving: Serving) -> Iterator[Metric]:
    manifest = serving.release.manifest
    labels = {"release": manifest.name, "version": __version__}
    yield InfoMetricFamily("iomld_release", "The release that is served.", labels)
    created = datetime.fromisoformat(manifest.created).timestamp()
    yield GaugeMetricFamily("iomld_release_created_timestamp_seconds", "When the release was created.", created)
    yield GaugeMetricFamily("iomld_release_projects", "Projects in the release.", manifest.projects)
    yield GaugeMetricFamily("iomld_release_quads", "Quads in the release.", manifest.quads)
