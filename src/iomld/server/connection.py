"""An HTTP/1.1 connection with limits on header size, discarded bodies, slow senders and the number of connections.

uvicorn's protocol class for httptools accepts heads of any size, waits for ever for the rest of a request, and refuses
a malformed request at once, before the complete requests ahead of it are answered. Here the parser gets one request at
a time, and the next one when that is answered: responses keep their order, and later requests wait as bytes.

The kernel ends the connections of clients that do not read their responses: see TCP_USER_TIMEOUT in `iomld.server.run`.
"""

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_MAX_HEAD_BYTES = 131_072  # twice the longest address that the parser takes
_MAX_URL_BYTES = 65_535  # what the parser of URLs takes
_MAX_HEADERS = 200
_MAX_DISCARDED_BYTES = 64 * 1024 * 1024  # of the body of an answered request; closing at once would lose the response
_DISCARD_PATIENCES = 10  # within which all of that must come
_CHUNK_BYTES = 65_536
_MAX_CHUNKS = 500  # parsed in a row; then other connections have their turn
_END = b"\n\r\n"  # of a head, and of a chunked body; the parser accepts no other line ends
_MIN_BODY_BYTES = 10_000  # received within the patience
_LINGER_S = 2.0  # for a client beyond the limit to read the refusal
_NEVER = float("inf")
_MAX_LINGERING = 100  # further clients are disconnected without a refusal

_REFUSALS = {
    400: "This is no request of HTTP.",
    408: "The request did not come to its end in time.",
    414: "The address of the request is too long. Send a long query in the body of a POST.",
    431: "The head of the request is too large.",
    503: "All connections of the server are in use. Try again in a few seconds.",
    505: "This server speaks HTTP/1.1. Send the request in this version, or through a proxy.",
}


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits that all connections of a server share.

    Attributes:
        patience_s: Seconds for a request to arrive completely, or for each next 10 kB of its body.
        connections: Connections at the same time.
        refused: Counts status, size and client of a refusal, which the application does not see.
        lingering: Connections beyond the limit, which will be closed soon.
    """

    patience_s: float
    connections: int
    refused: Callable[[int, int, str], None]
    lingering: set["LimitedConnection"] = field(default_factory=set)


class _HeadError(Exception):
    """The head cannot be accepted; the parser wraps this in its own error."""


class _UnparsedFlow(FlowControl):
    """Flow control that does not resume reading while received bytes wait for the parser."""

    def __init__(self, transport: Transport, unparsed: bytearray) -> None:
        super().__init__(transport)
        self._unparsed = unparsed

    def resume_reading(self) -> None:
        if not self._unparsed:
            super().resume_reading()


class _ResponseTransport:
    """The transport of a response: sends its head together with the beginning of its body, in one system call."""

    def __init__(self, transport: Transport, cycle: RequestResponseCycle) -> None:
        self._transport, self._cycle = transport, cycle
        self._head = b""  # that is not sent yet
        self._has_begun = False

    def write(self, data: bytes) -> None:
        if self._head:
            self._transport.writelines((self._head, data))
            self._head = b""
        elif self._has_begun or not self._cycle.response_started:  # a later part, or `100 Continue`
            self._transport.write(data)
        else:
            self._head, self._has_begun = data, True

    def flush(self) -> None:
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class LimitedConnection(HttpToolsProtocol):
    """A client's connection, for `uvicorn.Config(http=partial(LimitedConnection, limits=...))`."""

    def __init__(self, *args: Any, limits: ConnectionLimits, **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own
        """Set up with the limits of the server."""
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._deadline_s = _NEVER  # by the clock of the loop: when the client must have sent the rest of a request
        self._timer: TimerHandle | None = None  # not set anew for each request, which would take longer than parsing it
        self.url = b""  # uvicorn sets it when a request begins
        self._is_idle = False
        self._response: _ResponseTransport  # of the request that was begun last
        self._unparsed = bytearray()
        self._tail = b""  # the last two bytes that were parsed
        self._bodiless_bytes = 0  # parsed since the last byte of a body, or since the request began
        self._owed_bytes = 0  # of a body whose length is known
        self._received_bytes = 0  # of a body, since the timer was started
        self._discarded_bytes = 0
        self._discard_until_s = _NEVER  # by the clock of the loop: when an answered request must be at its end

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request, or refuse the connection if there are too many."""
        super().connection_made(transport)
        self.flow = _UnparsedFlow(transport, self._unparsed)
        if len(self.connections) - len(self._limits.lingering) > self._limits.connections:
            self._refuse_connection()
        else:
            self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Discard the bytes that were not parsed."""
        self._limits.lingering.discard(self)
        self._deadline_s = _NEVER
        if self._timer:
            self._timer.cancel()
        self._unparsed.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes of the current request; the rest waits until that is answered."""
        if self in self._limits.lingering:
            return
        if self._is_next_head(data):
            self._feed(data)
            return
        self._unparsed += data
        self._parse()
        if self._unparsed and not self.transport.is_closing():
            self.flow.pause_reading()

    def _is_next_head(self, data: bytes) -> bool:
        """Whether these bytes are one whole head, as from most clients, which need not wait nor be divided."""
        if self._unparsed or self._owed_bytes or self._is_answering() or self.transport.is_closing():
            return False
        return data[:1].isalpha() and data.find(_END) == len(data) - len(_END) and len(data) <= _CHUNK_BYTES

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._discarded_bytes = 0
        self._expect_request()

    def on_headers_complete(self) -> None:
        """Start the request, unless it offers another protocol: `_parse` then removes the offer and starts again."""
        if self.parser.get_method() == b"CONNECT":
            raise _HeadError
        if self.parser.should_upgrade():
            return
        hosts = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"content-length":
                self._owed_bytes = int(value)
        if self._is_url_too_long() or not self._is_known_version():
            raise _HeadError
        if len(self.headers) > _MAX_HEADERS or (hosts != 1 and (hosts or self.parser.get_http_version() == "1.1")):
            raise _HeadError  # RFC 9112 section 3.2
        self._bodiless_bytes = 0
        super().on_headers_complete()
        self._response = _ResponseTransport(self.transport, self.cycle)
        self.cycle.transport = self._response  # type: ignore[assignment]  # has what the cycle needs of a transport

    def on_body(self, body: bytes) -> None:
        """Receive a part of the body; discard it if the request is answered, so that the client reads the response."""
        self._bodiless_bytes = 0
        self._owed_bytes -= min(len(body), self._owed_bytes)
        self._received_bytes += len(body)
        if self.cycle.response_complete:
            self._discarded_bytes += len(body)
            if self._discarded_bytes > _MAX_DISCARDED_BYTES:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; if it was answered before, wait for the next."""
        if self.parser.should_upgrade():
            return
        self._bodiless_bytes = 0
        self._deadline_s = _NEVER
        if self.cycle.response_complete:
            self._expect_request()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Continue with the next request. uvicorn's own method would set a second timer for each."""
        self.server_state.total_requests += 1
        self._response.flush()  # the head of a response without a body
        self.cycle.transport = self.transport  # frees the cycle at once: nothing that it refers to refers to it
        if self.transport.is_closing():
            return
        if self.cycle.more_body:
            self.cycle.body = bytearray()  # that nobody will read, and because of which nothing more would be read
            self._discard_until_s = self.loop.time() + _DISCARD_PATIENCES * self._limits.patience_s
            self._expect_request()
        else:
            self._await_next_request()
        self._resume()

    def _resume(self) -> None:
        """Parse the bytes that wait, then read more, unless much of a body waits for the application."""
        self._parse()
        cycle: RequestResponseCycle | None = self.cycle
        is_waiting = cycle is not None and not cycle.response_complete and len(cycle.body) > HIGH_WATER_LIMIT
        if not self.transport.is_closing() and not is_waiting:
            self.flow.resume_reading()

    def _parse(self) -> None:
        """Give the parser the current request, and the beginning of the next one once that is answered."""
        for _ in range(_MAX_CHUNKS):
            if not self._unparsed or self._is_answering() or self.transport.is_closing():
                return
            chunk = bytes(self._unparsed[: self._chunk_size()])
            del self._unparsed[: len(chunk)]
            self._feed(chunk)
        self.loop.call_soon(self._resume)

    def _feed(self, chunk: bytes) -> None:
        """Give the parser bytes of the current request; refuse the request if they cannot be accepted."""
        self._tail = (self._tail + chunk[-2:])[-2:]
        self._bodiless_bytes += len(chunk)
        if self._bodiless_bytes > _MAX_HEAD_BYTES:
            self._refuse(414 if self._is_url_too_long() else 431)
            return
        try:
            self.parser.feed_data(chunk)
        except HttpParserUpgrade:
            self._unparsed[:0] = self._head_without_upgrade()
            self._bodiless_bytes = 0
            # For the old one the request is over; if that says `Connection: close`, it ignores all that follows.
            self.parser = HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
            self._parse()
        except HttpParserError:
            self._refuse(self._fault_status())

    def _fault_status(self) -> int:
        """The status of the refusal of a head that the parser, or `on_headers_complete`, does not accept."""
        if len(self.headers or ()) > _MAX_HEADERS:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if self._is_url_too_long():
            return HTTPStatus.REQUEST_URI_TOO_LONG
        return HTTPStatus.BAD_REQUEST if self._is_known_version() else HTTPStatus.HTTP_VERSION_NOT_SUPPORTED

    def _is_known_version(self) -> bool:
        """Whether the request has a major version that is spoken here (RFC 9110 section 15.6.6); it may have none."""
        return str(self.parser.get_http_version()) < "2"

    def _is_url_too_long(self) -> bool:
        return len(self.url) > _MAX_URL_BYTES

    def _is_answering(self) -> bool:
        """Whether a complete request is not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def _is_answered_early(self) -> bool:
        """Whether the rest of an answered request is still being sent, and discarded."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and cycle.more_body and cycle.response_complete

    def _chunk_size(self) -> int:
        """How many bytes at most belong to the current request: up to the next end of a head or of a chunked body."""
        if self._owed_bytes:
            return min(self._owed_bytes, _CHUNK_BYTES)
        split_end = (self._tail + self._unparsed[:2]).find(_END)  # whose beginning is parsed already
        if split_end >= 0:
            return split_end + len(_END) - len(self._tail)
        end = self._unparsed.find(_END, 0, _CHUNK_BYTES)
        return end + len(_END) if end >= 0 else _CHUNK_BYTES

    def _head_without_upgrade(self) -> bytes:
        """The head as received, but without the offer to change to another protocol (RFC 9110 section 7.8).

        curl and Java's HTTP client, which Apache Jena uses, offer HTTP/2 in this way. The parser treats all bytes after
        such a head as the other protocol, even the body.
        """
        head = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return head + b"".join(b"%b: %b\r\n" % pair for pair in self.headers if pair[0] != b"upgrade") + b"\r\n"

    def _expect_request(self) -> None:
        """Give the client the server's patience for a request, or for the next part of its body."""
        self._is_idle = False
        self._received_bytes = 0
        self._set_deadline(self._limits.patience_s)

    def _await_next_request(self) -> None:
        """Keep the connection open for the client's next request, for a while."""
        self._is_idle = True
        self._set_deadline(self.timeout_keep_alive)

    def _set_deadline(self, seconds: float) -> None:
        """Set when `_on_timeout` is called; a timer that runs already and ends before is left as it is."""
        self._deadline_s = self.loop.time() + seconds
        if self._timer and self._timer.when() > self._deadline_s:
            self._timer.cancel()
            self._timer = None
        if not self._timer:
            self._timer = self.loop.call_at(self._deadline_s, self._on_timer)

    def _on_timer(self) -> None:
        """Call `_on_timeout` if the deadline is over; otherwise wait for it, if there is one."""
        self._timer = None
        if self._deadline_s <= self.loop.time():
            self._on_timeout()
        elif self._deadline_s != _NEVER:
            self._timer = self.loop.call_at(self._deadline_s, self._on_timer)

    def _on_timeout(self) -> None:
        """Refuse a request that is too slow, unless we ourselves have stopped reading it; close an idle connection."""
        is_moving = self._received_bytes >= _MIN_BODY_BYTES or self.flow.read_paused
        is_answered = self._is_answered_early()
        if self._is_idle or (is_answered and not (is_moving and self.loop.time() < self._discard_until_s)):
            self.transport.close()
        elif is_moving:
            self._expect_request()
        else:
            self._refuse(408)

    def _refuse_connection(self) -> None:
        """Refuse a connection beyond the limit; if it were closed at once, a client that sends could not read why."""
        if len(self._limits.lingering) >= _MAX_LINGERING:
            self.transport.abort()
            return
        self._limits.lingering.add(self)
        self._write_refusal(503)
        self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_S, self.transport.abort)

    def _refuse(self, status: int) -> None:
        """Close the connection, with a refusal unless a response is being sent."""
        self._deadline_s = _NEVER
        self._unparsed.clear()
        cycle: RequestResponseCycle | None = self.cycle
        is_responding = cycle is not None and cycle.response_started and not cycle.response_complete
        if not (is_responding or self.transport.is_closing()):
            self._write_refusal(status)
        self.transport.close()

    def _write_refusal(self, status: int) -> None:
        response = _refusal(status)
        self.transport.write(response)
        self._limits.refused(status, len(response), self.client[0] if self.client else "")


def _refusal(status: int) -> bytes:
    """A complete response, after which the connection is closed."""
    body = _REFUSALS[status].encode("ascii")
    retry = ("retry-after: 5",) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()
    fields = ("content-type: text/plain", f"content-length: {len(body)}", *retry, "connection: close", "", "")
    return "\r\n".join((f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *fields)).encode("ascii") + body
