"""An HTTP exchange of the SPARQL endpoint and the graph store, which are ASGI applications without a framework."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from iomld.errors import StoreError
from iomld.messages import Quantity, message
from iomld.web.client_budget import client_of
from iomld.web.problems import ProblemError, problem_of

# Scripts of any site may read the answers, which are the same for all users, so credentials are not allowed.
COMMON_HEADERS = {"Access-Control-Allow-Origin": "*", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
_WATCH_AFTER_S = 0.05  # most answers are complete by then, and watching costs a task


class HttpRequest:
    """An HTTP request, read from ASGI events."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        """Take a request as an ASGI application gets it."""
        self.scope, self.receive = scope, receive
        self.method: str = scope["method"]

    @property
    def accept(self) -> str | None:
        """The Accept header."""
        return self.header("accept")

    @property
    def client(self) -> str:
        """Address of the client; behind a trusted proxy, of the proxy's client."""
        return client_of(self.scope)

    def header(self, name: str) -> str | None:
        """The value of a header; several of one name are joined with commas (RFC 9110 section 5.3)."""
        key = name.encode("ascii")
        values = [value for other, value in self.scope["headers"] if other == key]
        return b", ".join(values).decode("latin-1") if values else None

    async def body(self, limit_bytes: int) -> bytes:
        """Read the body; its bytes are counted as they arrive, since Content-Length need not be true.

        Raises:
            ProblemError: It is too large.
        """
        chunks: list[bytes] = []
        size = 0
        while True:
            event = await self.receive()
            if event["type"] == "http.disconnect":
                raise client_disconnected()
            chunk = event.get("body", b"")
            size += len(chunk)
            if size > limit_bytes:
                detail = message(
                    "The request is larger than {limit} bytes, the limit. Send a shorter query.",
                    limit=Quantity(limit_bytes),
                )
                raise ProblemError(413, "request-too-large", detail, limit=limit_bytes)
            chunks.append(chunk)
            if not event.get("more_body", False):
                return b"".join(chunks)


async def answer_request(
    request: HttpRequest, respond: Callable[[HttpRequest], Awaitable[ASGIApp]], send: Send
) -> None:
    """Send the response to a request, or the problem if there is none.

    Args:
        request: The request.
        respond: Makes the response; may raise `ProblemError`, as may the response itself before it sends anything.
        send: Takes the events of the response.
    """
    try:
        response = await respond(request)
        if isinstance(response, Response):
            _omit_body_of_head(request, response)
        await response(request.scope, request.receive, send)
    except (ProblemError, StoreError) as error:
        cause = error if isinstance(error, ProblemError) else ProblemError(503, "error", error.message)
        problem = problem_of(cause, accept=request.accept)
        _omit_body_of_head(request, problem)
        await problem(request.scope, request.receive, send)


def _omit_body_of_head(request: HttpRequest, response: Response) -> None:
    """Leave out the body of a response to HEAD; its Content-Length stays."""
    if request.method == "HEAD":
        response.body = b""


def preflight_headers(methods: str, request_headers: str) -> dict[str, str]:
    """The headers of a response to OPTIONS, for CORS preflight requests and all others.

    Args:
        methods: The methods that are allowed, separated by commas.
        request_headers: The headers that scripts of other sites may send.
    """
    return {
        "Allow": methods,
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": request_headers,
        "Access-Control-Max-Age": "86400",
    }


def client_disconnected() -> ProblemError:
    """The error that ends the handling of a request whose client is gone: its response is never read."""
    return ProblemError(400, "gone", message("The client closed the connection."))


class DisconnectWatch:
    """Cancels the task that created it when the client disconnects; starts late, since most answers are quick."""

    def __init__(self, receive: Receive) -> None:
        """Watch from a little later on."""
        self._receive = receive
        self._owner = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._disconnected = False
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, self._start)

    def stop(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def caused_cancellation(self) -> bool:
        """Whether the task was cancelled because the client disconnected; the cancellation is then withdrawn."""
        if self._disconnected and self._owner is not None:
            self._owner.uncancel()
        return self._disconnected

    def _start(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._disconnected = True
        if self._owner is not None:
            self._owner.cancel()
