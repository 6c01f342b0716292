"""A connection in this process, with a transport that keeps what is written: what a request leaves behind."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from iomld.server.connection import ConnectionLimits, LimitedConnection

LARGE = 1 << 20  # more than the connection keeps for an application that does not read it
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def close(self) -> None:
        pass


async def _hello(_: object, __: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def _connected(transport: _Transport, state: ServerState) -> LimitedConnection:
    """A connection to an application that answers at once."""
    config = uvicorn.Config(_hello, interface="asgi3", ws="none", access_log=False, log_config=None)
    config.load()
    connection = LimitedConnection(config, state, {}, limits=ConnectionLimits(60, 1, lambda *_: None))
    connection.connection_made(transport)
    return connection


async def _two_requests() -> tuple[bytes, object]:
    """What is written in answer to two requests, and what is left of the first one."""
    transport, state, cycles = _Transport(), ServerState(), []
    connection = _connected(transport, state)
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


async def _early_answer(rest: int) -> tuple[bytes, list[bool]]:
    """What is written to a client that sends more than is read, then the next request; whether reading pauses."""
    transport, state, paused = _Transport(), ServerState(), []
    connection = _connected(transport, state)
    connection.data_received(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (LARGE + rest))
    connection.data_received(bytes(LARGE))
    paused.append(transport.is_paused)
    await asyncio.gather(*state.tasks)
    paused.append(transport.is_paused)
    connection.data_received(bytes(rest))
    connection.data_received(_REQUEST)
    await asyncio.gather(*state.tasks)
    connection.connection_lost(None)
    return bytes(transport.written), paused


def test_the_rest_of_an_answered_request_is_read_and_thrown_away() -> None:
    """A client that sends all before it reads comes to the answer, however much the application left unread."""
    written, paused = asyncio.run(_early_answer(rest=1000))
    assert paused == [True, False]
    assert written.count(b"HTTP/1.1 200 OK") == 2
