"""Metrics of requests in the text format of Prometheus (version 0.0.4), and the access log, as ASGI middleware."""

import json
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iomld.web.sparql.graph_store import PATH, is_graph_store

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_BUCKETS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
_BOUNDS = (*map(str, _BUCKETS_S), "+Inf")
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_MAX_PATH_LENGTH = 500
_STATUS_WITHOUT_RESPONSE = 500


class AnsweredRequest(NamedTuple):  # quicker to make than a dataclass, and one is made for every request
    """A request that was answered.

    Attributes:
        method: HTTP method.
        route: Template of the route, or `none`, so that there are few different values.
        status: HTTP status.
        bytes_sent: Length of the body as it was sent.
        seconds: From the request to the last byte of the response.
    """

    method: str
    route: str
    status: int
    bytes_sent: int
    seconds: float


@dataclass(slots=True)
class _RouteTotals:
    """What the answers of a route add up to; `buckets` has the number of those up to each bound, and of longer ones."""

    sent_bytes: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS_S) + 1))


class Metrics(Collector):
    """The metrics of an application: its requests, and what other collectors report.

    Each application has its own registry, so that two in one process count separately. Requests are counted here, in
    the event loop: the library's own counters, which have locks, took a fifth of the time of a cached answer.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self._requests: Counter[tuple[str, str, int]] = Counter()  # by method, route and status
        self._routes: dict[str, _RouteTotals] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def add(self, request: AnsweredRequest) -> None:
        """Count a request."""
        method = request.method if request.method in _METHODS else "other"
        self._requests[method, request.route, request.status] += 1
        totals = self._routes.get(request.route) or self._routes.setdefault(request.route, _RouteTotals())
        totals.sent_bytes += request.bytes_sent
        totals.seconds += request.seconds
        totals.buckets[bisect_left(_BUCKETS_S, request.seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        """The requests that were counted, as metrics of the library."""
        requests = CounterMetricFamily(
            "iomld_http_requests", "Requests answered.", labels=("method", "route", "status")
        )
        for (method, route, status), count in self._requests.items():
            requests.add_metric((method, route, str(status)), count)
        sizes = CounterMetricFamily("iomld_http_response_bytes", "Bytes of bodies sent.", labels=("route",))
        seconds = HistogramMetricFamily(
            "iomld_http_request_duration_seconds",
            "Seconds from a request to the last byte of its answer.",
            labels=("route",),
        )
        for route, totals in self._routes.items():
            sizes.add_metric((route,), totals.sent_bytes)
            buckets = [*zip(_BOUNDS, accumulate(totals.buckets), strict=True)]
            seconds.add_metric((route,), buckets, totals.seconds)
        yield from (requests, sizes, seconds)

    def register(self, collector: Collector) -> None:
        """Add a collector, which reports its figures each time the metrics are requested."""
        self._registry.register(collector)

    def exposition(self) -> bytes:
        """All metrics in the text format."""
        return generate_latest(self._registry)


class RequestLog:
    """Counts each answered request in the metrics, and writes it to the access log."""

    def __init__(self, metrics: Metrics, write: Callable[[str], object] | None) -> None:
        """Set up.

        Args:
            metrics: Where requests are counted.
            write: Takes each line of the access log; None for no log.
        """
        self._metrics, self._write = metrics, write

    def add(  # positional arguments: this is called for every request
        self, scope: Scope, route: str, status: int, size: int, seconds: float, path: str = ""
    ) -> None:
        """Count a request; its path is that of the scope unless one is given."""
        request = AnsweredRequest(scope["method"], route, status, size, seconds)
        self._metrics.add(request)
        if self._write:
            client = scope.get("client")
            line = access_line(request, path or scope["path"], client[0] if client else None, datetime.now(UTC))
            self._write(line)

    def refused(self, status: int, size: int, client: str) -> None:
        """Count a response of the server itself: to malformed HTTP, or to one connection too many.

        Args:
            status: HTTP status of the response.
            size: Its bytes, head included.
            client: Address of the client.
        """
        self.add({"method": "-", "path": "", "client": (client, 0)}, "none", status, size, 0.0)


class RequestMetricsMiddleware:
    """Counts each request once its response is sent."""

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        """Wrap an application."""
        self._app, self.log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, then count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]  # mounted applications change it
        sent = SentResponse(send)
        started = time.perf_counter()
        try:
            await self._app(scope, receive, sent.send)
        finally:
            self.log.add(scope, route_of(scope), sent.status, sent.size, time.perf_counter() - started, path)


class SentResponse:
    """The status and the size of a response as it is sent."""

    __slots__ = ("_send", "size", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status, self.size = _STATUS_WITHOUT_RESPONSE, 0

    def send(self, event: Message) -> Awaitable[None]:
        """Send an event of the response."""
        if event["type"] == "http.response.start":
            self.status = event["status"]
        else:
            self.size += len(event.get("body", b""))
        return self._send(event)


def route_of(scope: Scope) -> str:
    """The template of the route that answered, never a path that a client invented.

    >>> route_of({"path": "/sparql"})
    '/sparql'
    >>> route_of({"path": "/wp-login.php"})
    'none'
    """
    if scope["path"] == "/sparql":
        return "/sparql"
    if is_graph_store(scope["path"]):
        return PATH
    if (root := scope.get("root_path", "")) and root != scope.get("app_root_path", ""):
        return str(root)  # a mounted folder
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", "none"))


def access_line(request: AnsweredRequest, path: str, client: str | None, moment: datetime) -> str:
    """A line of the access log: a JSON object, without the query string, which may contain what people typed."""
    members = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "method": request.method,
        "route": request.route,
        "path": path[:_MAX_PATH_LENGTH],
        "status": request.status,
        "bytes": request.bytes_sent,
        "seconds": round(request.seconds, 6),
        "client": client,
    }
    return json.dumps(members) + "\n"
