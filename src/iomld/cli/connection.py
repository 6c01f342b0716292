"""Connections that clients cannot hold or fill: heads are bounded, and what is sent or read must come along.

uvicorn's protocol on httptools takes heads of any size, and waits for ever for the rest of a request and for a client
that does not read its answer. What it cannot read it refuses at once, before what came whole is answered.
"""

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from typing import Any, ClassVar

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import get_remote_addr

from iomld.cli.refusals import refusal
from iomld.cli.upgrades import head_without_upgrade

_MOST_HEAD_BYTES = 131_072  # twice the longest address that the parser takes
_MOST_HEADERS = 200
_HEAD_PIECE_BYTES = 4096
_BODY_PIECE_BYTES = 65_536
_LEAST_BYTES = 10_000  # of a body or of an answer in each span of patience
_MOST_DISCARDED = 64 * 1024 * 1024  # of a body that is answered already; closing at once would lose the answer
_LEAVING_S = 2.0  # that a client turned away has to read why
_MOST_LEAVING = 100  # more are cut off without a word


class _HeadError(Exception):
    """The head is too large, or no head; the parser passes this on as an error of its own."""


class _Flow(FlowControl):
    """Reads on when what came is used up; uvicorn reads on with each answer, while other requests wait for theirs."""

    def __init__(self, transport: Transport, is_full: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._is_full = is_full

    def resume_reading(self) -> None:
        if not self._is_full():
            super().resume_reading()


class BoundedConnection(HttpToolsProtocol):
    """A connection of a client.

    Attributes:
        patience_s: Seconds that a client may take for what it owes.
        most: Connections of the server at once.
        leaving: Those that are being turned away, of a server.
        refused: Count status, size and client of an answer that the application does not see.
    """

    patience_s: ClassVar[float] = 30.0
    most: ClassVar[int] = 1000
    leaving: ClassVar[set["BoundedConnection"]] = set()
    refused: ClassVar[tuple[Callable[[int, int, str], None], ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own arguments, passed on
        """Set up."""
        super().__init__(*args, **kwargs)
        self._timer: TimerHandle | None = None
        self._reader_timer: TimerHandle | None = None
        self._unread_bytes = 0
        self._refusal = 0  # the status that ends the connection, once what came whole before is answered
        self._has_head = self._is_leaving = False
        self._head_bytes = self._body_bytes = self._discarded = 0
        self._unfed = b""
        self._barren_bytes = 0  # that came since something was read out of them
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request, but not for ever; turn the client away where there are too many."""
        super().connection_made(transport)
        self.flow = _Flow(transport, lambda: bool(self.pipeline or self._unfed))
        if len(self.connections) - len(self.leaving) > self.most:
            self._turn_away()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more; who makes an answer learns it, though other requests came since."""
        self.leaving.discard(self)
        self.stop_waiting()
        self._stop_watching()
        self.pipeline.clear()
        self._unfed = b""
        if self._running:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what comes; nothing behind what could not be read."""
        if not self._refusal:
            self._unfed += data
            self._feed()

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
        self._is_leaving = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self._is_leaving:
            return
        hosts = [name for name, _ in self.headers].count(b"host")
        if hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):  # RFC 9112 section 3.2
            raise _HeadError
        super().on_headers_complete()
        self._has_head = True
        self._wait()

    def on_body(self, body: bytes) -> None:
        """A piece of the body; one that nobody wants is thrown away, so that the client reads its answer."""
        self._body_bytes += len(body)
        self._barren_bytes = 0
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > _MOST_DISCARDED:
                self._close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._is_leaving:
            return
        self._has_head = False
        self._barren_bytes = 0
        self.stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request is answered; where the next one could not be read, that is said now."""
        is_last = not self.pipeline
        super().on_response_complete()
        self._feed()
        if self._refusal and is_last:
            self._say_refusal()
        elif self.transport.is_closing():
            self._watch_reader()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The client has read nearly all; on an open connection it may leave the rest for the next answer."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_watching()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was asked for a while."""
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def _feed(self) -> None:
        """Read requests out of what came, but few that must wait for their turn: each takes more than its bytes."""
        while self._unfed and not (self.pipeline or self._refusal or self.transport.is_closing()):
            size = _BODY_PIECE_BYTES if self._has_head else _HEAD_PIECE_BYTES
            piece, self._unfed = self._unfed[:size], self._unfed[size:]
            self._barren_bytes += len(piece)
            self._unset_keepalive_if_required()
            try:
                self.parser.feed_data(piece)
            except HttpParserUpgrade as upgrade:
                self._stay(piece[upgrade.args[0] :])
            except HttpParserError:
                self._refuse(400)
            if self._barren_bytes > _MOST_HEAD_BYTES and not self._refusal:
                self._refuse(431)  # one header without end, which the parser holds back

    def _stay(self, rest: bytes) -> None:
        """Read a request anew that would rather go on in another protocol, and what came behind its head."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        self._is_leaving = False
        self._unfed = head_without_upgrade(method, self.url, version, self.headers) + rest + self._unfed

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _count_head(self, size: int) -> None:
        self._barren_bytes = 0
        self._head_bytes += size
        if self._head_bytes > _MOST_HEAD_BYTES or len(self.headers) > _MOST_HEADERS:
            self._refusal = 431
            raise _HeadError

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

    def _turn_away(self) -> None:
        """Say that there are too many; closed at once, the connection would lose that behind what the client sends."""
        self._refusal = 503
        self.leaving.add(self)
        if len(self.leaving) > _MOST_LEAVING:
            self.transport.abort()
            return
        self._write_refusal()
        self.transport.write_eof()
        self._timer = self.loop.call_later(_LEAVING_S, self.transport.abort)

    def _refuse(self, status: int) -> None:
        """End the connection: at once, or when the requests are answered that came whole before the one refused."""
        self.stop_waiting()
        self._refusal, self._unfed = self._refusal or status, b""  # it may be that a callback has said why
        cycle: RequestResponseCycle | None = self.cycle
        if self._has_head and self.pipeline:
            self.pipeline.popleft()  # the one refused: its turn would have come last
        elif self._has_head and cycle and cycle.response_started:
            self._close()
        elif self._has_head or cycle is None or cycle.response_complete:
            self._say_refusal()

    def _say_refusal(self) -> None:
        if not self.transport.is_closing():
            self._write_refusal()
        self._close()

    def _write_refusal(self) -> None:
        answer = refusal(self._refusal)
        self.transport.write(answer)
        for count in self.refused:
            count(self._refusal, len(answer), (get_remote_addr(self.transport) or ("",))[0])

    def _close(self) -> None:
        """Close when the client has read all, which it must."""
        self.transport.close()
        self._watch_reader()

    def _watch_reader(self) -> None:
        """See that the client goes on reading what it is sent."""
        self._unread_bytes = self.transport.get_write_buffer_size()
        if self._unread_bytes and self._reader_timer is None:
            self._reader_timer = self.loop.call_later(self.patience_s, self._mind_reader)

    def _mind_reader(self) -> None:
        """Go on where enough was read, else throw the rest away."""
        self._reader_timer = None
        if self._unread_bytes - self.transport.get_write_buffer_size() >= _LEAST_BYTES:
            self._watch_reader()
        else:
            self.transport.abort()

    def _stop_watching(self) -> None:
        if self._reader_timer:
            self._reader_timer.cancel()
            self._reader_timer = None


def bounded(patience_s: float, most: int, refused: Callable[[int, int, str], None]) -> type[BoundedConnection]:
    """The kind of connection of a server.

    Args:
        patience_s: Seconds that a client may take for what it owes.
        most: Connections at once.
        refused: Counts status, size and client of an answer that the application does not see.
    """
    kind = {"patience_s": patience_s, "most": most, "leaving": set(), "refused": (refused,)}
    return type("ServerConnection", (BoundedConnection,), kind)
