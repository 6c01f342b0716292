"""Counts of what the server did, in the text format of Prometheus (version 0.0.4)."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Family:
    """Samples of one name.

    Attributes:
        name: Its name; counters end in `_total`.
        kind: `counter` or `gauge`.
        help: What it counts.
        samples: Labels and value of each sample.
    """

    name: str
    kind: str
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was answered.

    Attributes:
        method: HTTP method.
        route: Template of the route, or a word for what has none: their number stays small.
        status: HTTP status.
        bytes_sent: Length of the body as it was sent.
        seconds: From the request to the last byte.
    """

    method: str
    route: str
    status: int
    bytes_sent: int
    seconds: float


class RequestMetrics:
    """Counts requests; use it from one thread."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._bytes: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(_BOUNDS_S) + 1))

    def add(self, request: Request) -> None:
        """Count a request."""
        method = request.method if request.method in _METHODS else "other"
        self._counts[method, request.route, str(request.status)] += 1
        self._bytes[request.route] += request.bytes_sent
        self._seconds[request.route] += request.seconds
        self._buckets[request.route][bisect_left(_BOUNDS_S, request.seconds)] += 1

    def lines(self) -> Iterator[str]:
        """The counts in the text format."""
        counted = tuple(
            ({"method": method, "route": route, "status": status}, float(count))
            for (method, route, status), count in sorted(self._counts.items())
        )
        sizes = tuple(({"route": route}, float(size)) for route, size in sorted(self._bytes.items()))
        yield from family_lines(Family("iomld_http_requests_total", "counter", "Requests answered.", counted))
        yield from family_lines(Family("iomld_http_response_bytes_total", "counter", "Bytes of bodies sent.", sizes))
        name = "iomld_http_request_duration_seconds"
        yield f"# HELP {name} Seconds from a request to the last byte of its answer.\n# TYPE {name} histogram\n"
        for route, buckets in sorted(self._buckets.items()):
            yield from self._histogram(name, route, buckets)

    def _histogram(self, name: str, route: str, buckets: Iterable[int]) -> Iterator[str]:
        total = 0
        for bound, count in zip((*map(_number, _BOUNDS_S), "+Inf"), buckets, strict=True):
            total += count
            yield _sample(f"{name}_bucket", {"route": route, "le": bound}, total)
        yield _sample(f"{name}_sum", {"route": route}, self._seconds[route])
        yield _sample(f"{name}_count", {"route": route}, total)


def family_lines(family: Family) -> Iterator[str]:
    """One family in the text format."""
    yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.kind}\n"
    for labels, value in family.samples:
        yield _sample(family.name, labels, value)


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{pairs}}} {_number(value)}\n" if pairs else f"{name} {_number(value)}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
