"""Answers of the SPARQL endpoint, and how they are sent: in memory (`CachedAnswer`) or in a file (`LargeAnswer`)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from starlette.types import Receive, Scope, Send

from iomld.messages import message
from iomld.store.query_request import QueryHead
from iomld.web.conditional import is_not_modified
from iomld.web.problems import ProblemError
from iomld.web.sparql.cache import CachedAnswer
from iomld.web.sparql.exchange import COMMON_HEADERS, HttpRequest
from iomld.web.sparql.protocol import MediaTypes, Operation
from iomld.workers.protocol import Reply

_CHUNK_BYTES = 256 * 1024
_HEADERS = [
    *((name.lower().encode(), value.encode()) for name, value in COMMON_HEADERS.items()),
    (b"cache-control", b"public, no-cache"),
]


@dataclass(frozen=True, slots=True)
class LargeAnswer:
    """An answer too large for the cache: what the worker says about it, and its open reply."""

    head: QueryHead
    reply: Reply

    @property
    def media_type(self) -> str:
        """Type of the bytes."""
        return self.head.media_type

    @property
    def etag(self) -> str:
        """Weak entity tag."""
        return answer_etag(self.head.digest)

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.reply.size

    def chunks(self) -> Iterator[bytes]:
        """The bytes, chunk by chunk: they are never all in memory."""
        if self.reply.file is None:
            yield self.reply.body
            return
        for offset in range(0, self.reply.size, _CHUNK_BYTES):
            yield os.pread(self.reply.file.fileno(), _CHUNK_BYTES, offset)

    def close(self) -> None:
        """Release the file."""
        self.reply.close()


QueryAnswer = CachedAnswer | LargeAnswer


def answer_etag(digest: str) -> str:
    """The entity tag of an answer, compressed or not, from the digest of its bytes."""
    return f'W/"{digest}"'


class QueryEndpoint(Protocol):
    """What other parts of the server need of the SPARQL endpoint."""

    async def find(self, request: HttpRequest, operation: Operation, types: MediaTypes) -> QueryAnswer:
        """The answer to a query; the caller closes it."""
        ...


class Spool:
    """The total size of the large answers that are being sent, which has a limit."""

    def __init__(self, limit_bytes: int) -> None:
        """Start empty."""
        self._limit_bytes, self._used_bytes = limit_bytes, 0

    @contextmanager
    def reserved(self, size_bytes: int) -> Iterator[None]:
        """Count an answer while it is sent.

        Raises:
            ProblemError: The answer would exceed the limit.
        """
        if self._used_bytes + size_bytes > self._limit_bytes:
            detail = message("Too many large answers are being sent just now. Try again in a minute.")
            raise ProblemError(429, "busy", detail, headers={"Retry-After": "60"})
        self._used_bytes += size_bytes
        try:
            yield
        finally:
            self._used_bytes -= size_bytes


class AnswerResponse:
    """An ASGI application that sends an answer: 304 if the client has it already, and no body for HEAD."""

    def __init__(self, request: HttpRequest, answer: QueryAnswer, spool: Spool) -> None:
        """Set up; the answer is closed once it is sent."""
        self._request, self._answer, self._spool = request, answer, spool

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        """Send the answer.

        Raises:
            ProblemError: Too many large answers are being sent.
        """
        answer = self._answer
        if isinstance(answer, CachedAnswer):
            await self._send(answer, send)
            return
        try:
            with self._spool.reserved(answer.size):
                await self._send(answer, send)
        finally:
            answer.close()

    async def _send(self, answer: QueryAnswer, send: Send) -> None:
        request, headers = self._request, [*_HEADERS, (b"etag", answer.etag.encode())]
        if request.method != "POST" and is_not_modified(request.headers, answer.etag):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        charset = "; charset=utf-8" if answer.media_type.startswith("text/") else ""
        headers.append((b"content-type", f"{answer.media_type}{charset}".encode()))
        headers.append((b"content-length", str(answer.size).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        left = 0 if request.method == "HEAD" else answer.size
        if not left:
            await send({"type": "http.response.body", "body": b""})
            return
        for chunk in answer.chunks():
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
