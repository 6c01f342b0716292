"""An HTTP/1.1 connection with limits on the size of heads, on discarded bodies, on slow senders and on their number.

uvicorn's protocol on httptools takes heads of any size and waits for ever for the rest of a request. What it cannot
read it refuses at once, before the requests that came whole are answered. Here the parser is given one request at a
time, and the next one when that is answered: answers keep their order, and what waits does so as bytes.

Clients that do not read their answers are the kernel's business: `listen` sets TCP_USER_TIMEOUT.
"""

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_MAX_HEAD_BYTES = 131_072  # twice the longest address that the parser takes
_MAX_HEADERS = 200
_MAX_DISCARDED_BYTES = 64 * 1024 * 1024  # of a body whose request is answered; closing at once would lose the answer
_PIECE_BYTES = 65_536
_MAX_PIECES = 500  # parsed at once, then it is the turn of other connections
_END = b"\n\r\n"  # of a head, and of a chunked body; the parser takes no line that ends otherwise
_MIN_BODY_BYTES = 10_000  # in each span of patience
_LINGER_S = 2.0  # that a client beyond the limit has to read why
_MAX_LINGERING = 100  # more are closed without a word

_REFUSALS = {
    400: "This is no request of HTTP.",
    408: "The request did not come to its end in time.",
    431: "The head of the request is too large.",
    503: "All connections of the server are in use. Try again in a few seconds.",
}


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits that all connections of a server share.

    Attributes:
        patience_s: Seconds for a request to come whole, or for each next 10 kB of its body.
        connections: Connections at once.
        refused: Counts status, size and client of an answer that the application does not see.
        lingering: Connections beyond the limit that are about to be closed.
    """

    patience_s: float
    connections: int
    refused: Callable[[int, int, str], None]
    lingering: set["LimitedConnection"] = field(default_factory=set)


class _HeadError(Exception):
    """The head cannot be accepted; the parser wraps this in an error of its own."""


class _UnparsedFlow(FlowControl):
    """Flow control that does not resume reading while received bytes wait for the parser."""

    def __init__(self, transport: Transport, unparsed: bytearray) -> None:
        super().__init__(transport)
        self._unparsed = unparsed

    def resume_reading(self) -> None:
        if not self._unparsed:
            super().resume_reading()


class LimitedConnection(HttpToolsProtocol):
    """A connection of a client, for `uvicorn.Config(http=partial(LimitedConnection, limits=...))`."""

    def __init__(self, *args: Any, limits: ConnectionLimits, **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own
        """Set up with the limits of the server."""
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._timer: TimerHandle | None = None  # runs while the client owes us the rest of a request
        self._unparsed = bytearray()
        self._tail = b""  # the last two bytes that were parsed
        self._barren_bytes = 0  # parsed since the last byte of a body, or since the request began
        self._owed_bytes = 0  # of a body whose length is known
        self._span_bytes = self._discarded_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request, or turn the client away where there are too many."""
        super().connection_made(transport)
        self.flow = _UnparsedFlow(transport, self._unparsed)
        if len(self.connections) - len(self._limits.lingering) > self._limits.connections:
            self._turn_away()
        else:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop what was not parsed."""
        self._limits.lingering.discard(self)
        self._stop_timer()
        self._unparsed.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what belongs to the request in hand; the rest waits until that is answered."""
        if self in self._limits.lingering:
            return
        self._unparsed += data
        self._parse()
        if self._unparsed and not self.transport.is_closing():
            self.flow.pause_reading()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._discarded_bytes = 0
        self._start_timer()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, or one behind a chunked body."""
        super().on_header(name, value)
        if len(self.headers) > _MAX_HEADERS:
            raise _HeadError

    def on_headers_complete(self) -> None:
        """Start the request, unless it offers another protocol: `_parse` takes the offer out and begins anew."""
        if self.parser.get_method() == b"CONNECT":
            raise _HeadError
        if self.parser.should_upgrade():
            return
        names = [name for name, _ in self.headers]
        if names.count(b"host") != 1 and (b"host" in names or self.parser.get_http_version() == "1.1"):
            raise _HeadError  # RFC 9112 section 3.2
        if b"content-length" in names:
            self._owed_bytes = int(self.headers[names.index(b"content-length")][1])
        self._barren_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body; discard it where the request is answered, so that the client reads its answer."""
        self._barren_bytes = 0
        self._owed_bytes -= min(len(body), self._owed_bytes)
        self._span_bytes += len(body)
        if self.cycle.response_complete:
            self._discarded_bytes += len(body)
            if self._discarded_bytes > _MAX_DISCARDED_BYTES:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; where it was answered before, the next is waited for."""
        if self.parser.should_upgrade():
            return
        self._barren_bytes = 0
        self._stop_timer()
        if self.cycle.response_complete:
            self._start_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self._timer:  # the body is still being sent
            self._unset_keepalive_if_required()
        self._resume()

    def _resume(self) -> None:
        """Parse what waits, then read on; where much of a body waits, the application reads on when it takes that."""
        self._parse()
        cycle: RequestResponseCycle | None = self.cycle
        if not self.transport.is_closing() and (cycle is None or len(cycle.body) <= HIGH_WATER_LIMIT):
            self.flow.resume_reading()

    def _parse(self) -> None:
        """Give the parser the request in hand, and the beginning of the next one once that is answered."""
        for _ in range(_MAX_PIECES):
            if not self._unparsed or self._is_answering() or self.transport.is_closing():
                return
            piece = self._unparsed[: self._piece_size()]
            del self._unparsed[: len(piece)]
            self._tail = (self._tail + piece[-2:])[-2:]
            self._barren_bytes += len(piece)
            if self._barren_bytes > _MAX_HEAD_BYTES:
                self._refuse(431)
                return
            try:
                self.parser.feed_data(piece)
            except HttpParserUpgrade:
                self._unparsed[:0] = self._head_without_upgrade()
                self._barren_bytes = 0
            except HttpParserError:
                self._refuse(431 if len(self.headers or ()) > _MAX_HEADERS else 400)
        self.loop.call_soon(self._resume)

    def _is_answering(self) -> bool:
        """Whether a request came whole that is not answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def _piece_size(self) -> int:
        """How many bytes at most belong to the request in hand: up to the next end of a head or of a chunked body."""
        if self._owed_bytes:
            return min(self._owed_bytes, _PIECE_BYTES)
        begun = (self._tail + self._unparsed[:2]).find(_END)
        if begun >= 0:
            return begun + len(_END) - len(self._tail)
        end = self._unparsed.find(_END, 0, _PIECE_BYTES)
        return end + len(_END) if end >= 0 else _PIECE_BYTES

    def _head_without_upgrade(self) -> bytes:
        """The head as it came, but without the offer to go on in another protocol (RFC 9110 section 7.8).

        curl offers HTTP/2 like that, and so does the HTTP client of Java, which Apache Jena uses. The parser takes
        all behind such a head for the other protocol, the body included.
        """
        head = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return head + b"".join(b"%b: %b\r\n" % pair for pair in self.headers if pair[0] != b"upgrade") + b"\r\n"

    def _start_timer(self) -> None:
        self._stop_timer()
        self._span_bytes = 0
        self._timer = self.loop.call_later(self._limits.patience_s, self._on_timeout)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _on_timeout(self) -> None:
        """Go on where enough came, or where we ourselves do not read."""
        if self._span_bytes >= _MIN_BODY_BYTES or self.flow.read_paused:
            self._start_timer()
        else:
            self._refuse(408)

    def _turn_away(self) -> None:
        """Say that there are too many; closed at once, the client would lose that when it sends something."""
        if len(self._limits.lingering) >= _MAX_LINGERING:
            self.transport.abort()
            return
        self._limits.lingering.add(self)
        self._write_refusal(503)
        self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_S, self.transport.abort)

    def _refuse(self, status: int) -> None:
        """End the connection; the client learns why unless it is in the middle of an answer."""
        self._stop_timer()
        self._unparsed.clear()
        cycle: RequestResponseCycle | None = self.cycle
        is_in_answer = cycle is not None and cycle.response_started and not cycle.response_complete
        if not (is_in_answer or self.transport.is_closing()):
            self._write_refusal(status)
        self.transport.close()

    def _write_refusal(self, status: int) -> None:
        answer = _refusal(status)
        self.transport.write(answer)
        self._limits.refused(status, len(answer), self.client[0] if self.client else "")


def _refusal(status: int) -> bytes:
    """A whole answer, after which the connection is closed."""
    body = _REFUSALS[status].encode("ascii")
    retry = ("retry-after: 5",) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()
    fields = ("content-type: text/plain", f"content-length: {len(body)}", *retry, "connection: close", "", "")
    return "\r\n".join((f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *fields)).encode("ascii") + body
