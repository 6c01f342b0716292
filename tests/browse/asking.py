"""A client that asks an application in this process, without a server."""

import asyncio
import atexit
from collections.abc import Mapping
from contextvars import copy_context

import httpx
from starlette.types import ASGIApp

_runner = asyncio.Runner()  # a loop for each request would take as long as the request
atexit.register(_runner.close)


class Asker:
    """Asks with the given headers and no others; follows no redirect."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] | None = None) -> None:
        self._app = app
        self._headers = dict(headers or {})

    def get(
        self, address: str, *, headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """GET."""
        return _runner.run(self._ask("GET", address, headers or {}, params), context=copy_context())

    def head(self, address: str) -> httpx.Response:
        """HEAD."""
        return _runner.run(self._ask("HEAD", address, {}, None), context=copy_context())

    async def _ask(
        self, method: str, address: str, headers: Mapping[str, str], params: Mapping[str, str] | None
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            del client.headers["accept"]
            return await client.request(method, address, headers=self._headers | dict(headers), params=params)
