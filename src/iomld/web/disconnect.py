"""Noticing that a client has gone, so that nothing is worked out for nobody."""

import asyncio

from starlette.types import Receive

_WATCH_AFTER_S = 0.05  # most answers are there before it would pay to watch whether the client still is


class DisconnectWatch:
    """Cancels the task that made it when the client disconnects; starts late, since most answers are quick."""

    def __init__(self, receive: Receive) -> None:
        """Watch from a little later on."""
        self._receive = receive
        self._owner = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._disconnected = False
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, self._start)

    def end(self) -> None:
        """Watch no more."""
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def saw_disconnect(self) -> bool:
        """Whether the cancellation was ours; it is then taken back."""
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
