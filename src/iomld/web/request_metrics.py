"""Middleware that counts each request and, where that is set, writes it to the access log."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iomld.web.metrics import AnsweredRequest, Metrics
from iomld.web.sparql.graph_store import PATH, is_graph_store

_LONGEST_PATH = 500
_NOTHING_SENT = 500


class RequestLog:
    """Counts each request that is answered and writes it to the access log."""

    def __init__(self, metrics: Metrics, write: Callable[[str], object] | None) -> None:
        """Set up.

        Args:
            metrics: Where requests are counted.
            write: Takes each line of the access log; None for no log.
        """
        self._metrics, self._write = metrics, write

    def add(  # by place: it is on the way of every request
        self, scope: Scope, route: str, status: int, size: int, seconds: float, path: str = ""
    ) -> None:
        """Count a request; its path is the one of the scope where none is given."""
        request = AnsweredRequest(scope["method"], route, status, size, seconds)
        self._metrics.add(request)
        if self._write:
            client = scope.get("client")
            line = access_line(request, path or scope["path"], client[0] if client else None, datetime.now(UTC))
            self._write(line)

    def refused(self, status: int, size: int, client: str) -> None:
        """Count an answer of the server itself: to something that is no request, or to a connection too many.

        Args:
            status: HTTP status of the answer.
            size: Its bytes, head included.
            client: Who got it.
        """
        self.add({"method": "-", "path": "", "client": (client, 0)}, "none", status, size, 0.0)


class RequestMetricsMiddleware:
    """ASGI middleware that counts each request when its answer is sent."""

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        """Wrap an application."""
        self._app, self.log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        sent = SentResponse(send)
        began = time.perf_counter()
        try:
            await self._app(scope, receive, sent.send)
        finally:
            self.log.add(scope, route_of(scope), sent.status, sent.size, time.perf_counter() - began, path)


class SentResponse:
    """The status and the size of a response as it is sent."""

    __slots__ = ("_send", "size", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status, self.size = _NOTHING_SENT, 0

    async def send(self, event: Message) -> None:
        """Pass an event on."""
        if event["type"] == "http.response.start":
            self.status = event["status"]
        else:
            self.size += len(event.get("body", b""))
        await self._send(event)


def route_of(scope: Scope) -> str:
    """The template of the route that answered: never an address that a client made up.

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
        return str(root)  # a folder that is mounted
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", "none"))


def access_line(request: AnsweredRequest, path: str, client: str | None, moment: datetime) -> str:
    """One line of the access log: a JSON object; the query string, which may hold what people typed, is not in it."""
    members = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "method": request.method,
        "route": request.route,
        "path": path[:_LONGEST_PATH],
        "status": request.status,
        "bytes": request.bytes_sent,
        "seconds": round(request.seconds, 6),
        "client": client,
    }
    return json.dumps(members) + "\n"
