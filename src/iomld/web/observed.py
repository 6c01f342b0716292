"""The layer around the application that counts each request and, if wanted, writes a line about it."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iomld.web.graph_store import PATH, is_graph_store
from iomld.web.metrics import Request, RequestMetrics

_LONGEST_PATH = 500
_NOTHING_SENT = 500


class Observed:
    """An ASGI application that answers as the one inside does."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics, write: Callable[[str], object] | None) -> None:
        """Set up.

        Args:
            app: The application inside.
            metrics: Where requests are counted.
            write: Takes each line of the access log; None for no log.
        """
        self._app = app
        self._metrics = metrics
        self._write = write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, status, size = scope["path"], _NOTHING_SENT, 0
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            seconds = time.perf_counter() - began
            request = Request(scope["method"], route_of(scope), status, size, seconds)
            self._metrics.add(request)
            if self._write:
                self._write(access_line(request, path, _client(scope), datetime.now(UTC)))


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


def access_line(request: Request, path: str, client: str | None, moment: datetime) -> str:
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


def _client(scope: Scope) -> str | None:
    client = scope.get("client")
    return client[0] if client else None
