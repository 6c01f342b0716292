"""Connections that clients cannot hold or fill: their heads are bounded, and what they send must come along.

uvicorn's protocol on httptools takes heads of any size and waits for ever for the rest of a request.
"""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_MOST_HEAD_BYTES = 131_072  # twice the longest address that the parser takes
_MOST_HEADERS = 200
_LEAST_BYTES = 10_000  # of a body in each span of patience
_MOST_DISCARDED = 64 * 1024 * 1024  # of a body that is answered already; closing at once would lose the answer
_PHRASES = {408: "The request did not come to its end in time.", 431: "The head of the request is too large."}


class _HeadTooLargeError(Exception):
    """The parser passes it on as an error of its own."""


class BoundedConnection(HttpToolsProtocol):
    """A connection of a client."""

    patience_s: float = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own arguments, passed on
        """Set up."""
        super().__init__(*args, **kwargs)
        self._timer: TimerHandle | None = None
        self._refusal = 0
        self._head_bytes = self._body_bytes = self._discarded = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self.stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_bytes = self._discarded = 0
        self._wait()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        super().on_url(url)
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        super().on_header(name, value)
        self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """The head is whole; a body may follow."""
        super().on_headers_complete()
        self._wait()

    def on_body(self, body: bytes) -> None:
        """A piece of the body; one that nobody wants is thrown away, so that the client reads its answer."""
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > _MOST_DISCARDED:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.stop_waiting()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request of HTTP, or what is too large for one."""
        if self._refusal:
            self._refuse(self._refusal)
        elif not self.transport.is_closing():
            super().send_400_response(msg)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > _MOST_HEAD_BYTES or len(self.headers) > _MOST_HEADERS:
            self._refusal = 431
            raise _HeadTooLargeError

    def _wait(self) -> None:
        self.stop_waiting()
        self._body_bytes = 0
        self._timer = self.loop.call_later(self.patience_s, self._lose_patience)

    def stop_waiting(self) -> None:
        """Nothing is owed by the client."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self) -> None:
        """Go on where enough came or where we ourselves do not read; else end it."""
        if self._body_bytes >= _LEAST_BYTES or self.flow.read_paused:
            self._wait()
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or not cycle.response_started or cycle.response_complete:
            body = _PHRASES[status].encode("ascii")
            fields = ("content-type: text/plain", f"content-length: {len(body)}", "connection: close", "", "")
            self.transport.write("\r\n".join((f"HTTP/1.1 {status} ", *fields)).encode("ascii") + body)
        self.transport.close()
