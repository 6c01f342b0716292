"""HTTP as uvicorn speaks it, but for two things that cost much of a quick answer.

An answer's head waits for its body, so that both leave in one packet. And a request that comes again byte for byte is
answered before uvicorn reads it.

Nearly all the time that a kept answer takes goes into reading the request, making a task, and writing headers. None of
that is needed where the bytes have been seen before.
"""

from asyncio import AbstractEventLoop, Transport
from typing import Any, cast

from uvicorn import Config
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from iomld.cli.connection import BoundedConnection
from iomld.web.observed import Observed
from iomld.web.repeats import Asked, hand_over

_LARGEST_JOIN_BYTES = 64 * 1024  # a longer body is not copied behind its head


class OnePacket:
    """A transport that holds the head of an answer back until the body begins or the answer is over.

    uvicorn writes twice, and each write is a packet: an eighth of a lookup, and more on the client's side.
    """

    def __init__(self, transport: Transport) -> None:
        """Wrap the transport of a connection."""
        self._transport = transport
        self._held = b""

    def __getattr__(self, name: str) -> object:
        """All else that a transport does."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send, or hold what looks like the head of a last answer: for any other bytes it is only a short wait."""
        held, self._held = self._held, b""
        if len(data) > _LARGEST_JOIN_BYTES:
            self._transport.writelines([held, data])
        elif held:
            self._transport.write(held + data)
        elif data.endswith(b"\r\n\r\n") and data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._held = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        """Send what is held, then close."""
        self.flush()
        self._transport.close()


class RepeatingProtocol(BoundedConnection):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        """Set up; uvicorn calls this.

        Raises:
            TypeError: The application is not ours.
        """
        super().__init__(config, server_state, app_state, _loop)
        if not isinstance(config.app, Observed):
            raise TypeError(f"{config.app!r} is not an application that counts what is answered again")
        self._again, self._refused = config.app.again, config.app.refused
        self._peer = ""
        self._before = b""  # what an answer depends on beside the bytes: whether it is the proxy that is trusted
        self._begun = self._ended = self._answered = 0  # requests: their first byte has come, their last, their answer
        self._was_used = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn says it
        """Remember who is there."""
        self._wire = transport
        self._out = OnePacket(transport)
        self._peer = (get_remote_addr(transport) or ("",))[0]
        self._before = self._peer.encode() if self.config.proxy_headers else b""
        super().connection_made(cast("Transport", self._out))

    def data_received(self, data: bytes) -> None:
        """Answer what has come, from before if it can be; else as uvicorn does."""
        if self._refusal or not self._begun == self._ended == self._answered:
            super().data_received(data)
            return
        request = self._before + data
        repeat = None if self.flow.write_paused else self._again(request, self._peer)
        if repeat is not None:
            headers = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
            self.stop_waiting()
            self._wire.write(repeat.status_line + headers + repeat.body)
            self._mind_silence()
            return
        before = self._begun
        super().data_received(data)
        if self._begun == self._ended == before + 1 and self._goes_on():
            hand_over(self.cycle.scope, Asked(request, self._peer))  # type: ignore[arg-type]  # uvicorn's own type

    def on_message_begin(self) -> None:
        """A request begins."""
        self._begun += 1
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._ended += 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request is answered."""
        self._out.flush()  # without a body, its head is still here
        self._answered += 1
        super().on_response_complete()

    def count_refusal(self, status: int, size: int) -> None:
        """Count what the application does not see."""
        self._refused(status, size, self._peer)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was answered by uvicorn for a while; close, unless something was answered again."""
        if not self._was_used:
            super().timeout_keep_alive_handler()
            return
        self._was_used = False
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _stay(self, rest: bytes) -> None:
        self._answered += 1  # it was counted, and will be again
        super()._stay(rest)

    def _goes_on(self) -> bool:
        """Whether the connection stays, and stays HTTP/1.1, after the request that came last."""
        return not self._refusal and not self.parser.should_upgrade() and self.cycle.keep_alive

    def _mind_silence(self) -> None:
        """See that a silent connection is closed; a timer for each answer would cost as much as the answer."""
        self._was_used = True
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


def protocol_of(patience_s: float, most: int) -> type[RepeatingProtocol]:
    """The kind of connection of a server.

    Args:
        patience_s: Seconds that a client may take for what it owes.
        most: Connections at once.
    """
    kind = {"patience_s": patience_s, "most": most, "leaving": set()}
    return type("ServerProtocol", (RepeatingProtocol,), kind)
