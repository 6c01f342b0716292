"""HTTP as uvicorn speaks it, but for requests that come again byte for byte: those are answered before it reads them.

Nearly all the time that a kept answer takes goes into reading the request, making a task, and writing headers. None of
that is needed where the bytes have been seen before.
"""

from asyncio import AbstractEventLoop, Transport
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from iomld.cli.connection import BoundedConnection
from iomld.web.observed import Observed
from iomld.web.repeats import Asked, hand_over


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
        self._again = config.app.again
        self._peer = ""
        self._before = b""  # what an answer depends on beside the bytes: whether it is the proxy that is trusted
        self._begun = self._ended = self._answered = 0  # requests: their first byte has come, their last, their answer
        self._was_used = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn says it
        """Remember who is there."""
        super().connection_made(transport)
        if self.client:
            self._peer = self.client[0]
            self._before = self._peer.encode() if self.config.proxy_headers else b""

    def data_received(self, data: bytes) -> None:
        """Answer what has come, from before if it can be; else as uvicorn does."""
        if not self._begun == self._ended == self._answered:
            super().data_received(data)
            return
        request = self._before + data
        repeat = None if self.flow.write_paused else self._again(request, self._peer)
        if repeat is not None:
            headers = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
            self.stop_waiting()
            self.transport.write(repeat.status_line + headers + repeat.body)
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
        self._answered += 1
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was answered by uvicorn for a while; close, unless something was answered again."""
        if not self._was_used:
            super().timeout_keep_alive_handler()
            return
        self._was_used = False
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _goes_on(self) -> bool:
        """Whether the connection stays, and stays HTTP/1.1, after the request that came last."""
        return not self.parser.should_upgrade() and self.cycle.keep_alive

    def _mind_silence(self) -> None:
        """See that a silent connection is closed; a timer for each answer would cost as much as the answer."""
        self._was_used = True
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


def patient_protocol(patience_s: float) -> type[RepeatingProtocol]:
    """The kind of connection that waits so many seconds for what a client has begun to send."""
    return type("PatientProtocol", (RepeatingProtocol,), {"patience_s": patience_s})
