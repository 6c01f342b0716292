"""Metrics of one application, in the text format of Prometheus (version 0.0.4)."""

from dataclasses import dataclass

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_BUCKETS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """One request that was answered.

    Attributes:
        method: HTTP method.
        route: Template of the route, or a word for requests without one: their number stays small.
        status: HTTP status.
        bytes_sent: Length of the body as it was sent.
        seconds: From the request to the last byte.
    """

    method: str
    route: str
    status: int
    bytes_sent: int
    seconds: float


class Metrics:
    """The metrics of an application: requests, and what collectors report when they are asked for.

    Each application has a registry of its own, so that two in one process count apart.
    """

    def __init__(self) -> None:
        """Start at zero."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # process-wide; `_created` samples tell nothing new
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "iomld_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._sizes = Counter("iomld_http_response_bytes", "Bytes of bodies sent.", ("route",), registry=self._registry)
        self._seconds = Histogram(
            "iomld_http_request_duration_seconds",
            "Seconds from a request to the last byte of its answer.",
            ("route",),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Counter, Histogram]] = {}

    def add(self, request: AnsweredRequest) -> None:
        """Count a request."""
        method = request.method if request.method in _METHODS else "other"
        requests, sizes, seconds = self._with_labels(method, request.route, request.status)
        requests.inc()
        sizes.inc(request.bytes_sent)
        seconds.observe(request.seconds)

    def _with_labels(self, method: str, route: str, status: int) -> tuple[Counter, Counter, Histogram]:
        """The metrics with their labels, kept: the library takes twice as long to find them as to count."""
        key = method, route, status
        if key not in self._children:
            requests = self._requests.labels(method, route, status)
            self._children[key] = requests, self._sizes.labels(route), self._seconds.labels(route)
        return self._children[key]

    def register(self, collector: Collector) -> None:
        """Add a collector, which is asked for its figures each time the metrics are."""
        self._registry.register(collector)

    def exposition(self) -> bytes:
        """All metrics in the text format."""
        return generate_latest(self._registry)
