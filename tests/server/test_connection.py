"""A connection in this process, with a transport that keeps what is written: what a request leaves behind."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from iomld.server.connection import ConnectionLimits, LimitedConnection

_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        pass


async def _hello(_: object, __: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def _two_requests() -> tuple[bytes, object]:
    """What is written in answer to two requests, and what is left of the first one."""
    config = uvicorn.Config(_hello, interface="asgi3", ws="none", access_log=False, log_config=None)
    config.load()
    transport, state, cycles = _Transport(), ServerState(), []
    limits = ConnectionLimits(60, 1, lambda *_: None)
    connection = LimitedConnection(config, state, {}, limits=limits)
    connection.connection_made(transport)
    for _ in range(2):
        connection.data_received(_REQUEST)
        cycles.append(weakref.ref(connection.cycle))
        await asyncio.gather(*state.tasks)
    connection.connection_lost(None)
    return bytes(transport.written), cycles[0]()


def test_an_answered_request_is_freed_at_once() -> None:
    """Nothing of it waits for the garbage collector: its memory is soon used again."""
    gc.collect()
    gc.disable()
    try:
        written, first = asyncio.run(_two_requests())
    finally:
        gc.enable()
    assert written.count(b"HTTP/1.1 200 OK") == 2
    assert written.count(b"hello") == 2
    assert first is None
