"""The layer around the application that counts each request and, if wanted, writes a line about it."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iomld.web.alike import Alike
from iomld.web.graph_store import PATH, is_graph_store
from iomld.web.metrics import Request, RequestMetrics
from iomld.web.repeats import Repeat, Repeats, asked_of

_LONGEST_PATH = 500
_NOTHING_SENT = 500


class Observed:
    """An ASGI application that answers as the one inside does."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: RequestMetrics,
        write: Callable[[str], object] | None,
        repeats: Repeats | None = None,
        alike: Alike | None = None,
    ) -> None:
        """Set up.

        Args:
            app: The application inside.
            metrics: Where requests are counted.
            write: Takes each line of the access log; None for no log.
            repeats: Where answers are that may be given again; None for none.
            alike: What is known of requests that differ in their query alone; None for nothing.
        """
        self._app = app
        self._metrics = metrics
        self._write = write
        self._repeats, self._alike = repeats, alike

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        seen = _Seen(send)
        began = time.perf_counter()
        try:
            await self._app(scope, receive, seen.send)
        finally:
            seconds = time.perf_counter() - began
            request = Request(scope["method"], route_of(scope), seen.status, seen.size, seconds)
            self._count(request, path, _client(scope))
        if seen.whole is not None and (asked := asked_of(scope)):
            if self._repeats:
                self._repeats.keep(asked, scope, seen.start, seen.whole)
            if self._alike:
                self._alike.learn(asked, scope, seen.start)

    def again(self, request: bytes, client: str) -> Repeat | None:
        """The answer to a request that came before, or that is like one but for its query; counted here.

        None where it is not known to be such a request, or its answer is not.

        Args:
            request: The bytes, as in `Asked`.
            client: Who sent them.
        """
        began = time.perf_counter()
        repeat = self._repeats.find(request) if self._repeats else None
        if repeat is None and self._alike:
            repeat = self._alike.find(request, client, self._repeats)
        if repeat is not None:
            seconds = time.perf_counter() - began
            counted = Request(repeat.method, route_of({"path": repeat.path}), repeat.status, repeat.size, seconds)
            self._count(counted, repeat.path, repeat.client or client)
        return repeat

    def refused(self, status: int, size: int, client: str) -> None:
        """Count an answer to what was no request, or came when there were too many connections.

        Args:
            status: HTTP status of the answer.
            size: Its bytes, head included.
            client: Who got it.
        """
        self._count(Request("-", "none", status, size, 0.0), "", client)

    def _count(self, request: Request, path: str, client: str | None) -> None:
        self._metrics.add(request)
        if self._write:
            self._write(access_line(request, path, client, datetime.now(UTC)))


class _Seen:
    """What was sent of an answer."""

    __slots__ = ("_send", "size", "start", "status", "whole")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.start: Message = {}
        self.status, self.size = _NOTHING_SENT, 0
        self.whole: bytes | None = None  # the body, where it came in one piece

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start, self.status = message, message["status"]
        else:
            body = message.get("body", b"")
            self.whole = body if not self.size and not message.get("more_body", False) else None
            self.size += len(body)
        await self._send(message)


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
