"""What an answer of the SPARQL endpoint is made by and how it is sent, and how much query time a client may use.

An answer is in memory (`CachedAnswer`) or in the file of a worker (`LargeAnswer`); both are sent in one way.
"""

import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from starlette.types import Receive, Scope, Send

from iomld.formats import results
from iomld.messages import message
from iomld.store.query_request import QueryHead
from iomld.web.conditional import is_not_modified
from iomld.web.problems import ProblemError
from iomld.web.sparql.cache import CachedAnswer
from iomld.web.sparql.protocol import COMMON_HEADERS, HttpRequest, MediaTypes, Operation
from iomld.workers.handler import digest_of
from iomld.workers.protocol import Reply

_PIECE_BYTES = 256 * 1024
_MOST_LOOKUPS = 10_000
_MOST_CLIENTS = 2000
_NOTHING = 1e-9  # what floating point may leave of a debt that is paid
_JSON = frozenset({results.JSON.media_type, *results.JSON.also})
_HEADERS = [
    *((name.lower().encode(), value.encode()) for name, value in COMMON_HEADERS.items()),
    (b"cache-control", b"public, no-cache"),
]


@dataclass(frozen=True, slots=True)
class LargeAnswer:
    """An answer that is too large to be kept: what the worker says about it, and its open reply."""

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

    def pieces(self) -> Iterator[bytes]:
        """The bytes, piece by piece: they are never all in memory."""
        if self.reply.file is None:
            yield self.reply.body
            return
        for offset in range(0, self.reply.size, _PIECE_BYTES):
            yield os.pread(self.reply.file.fileno(), _PIECE_BYTES, offset)

    def close(self) -> None:
        """Release the file."""
        self.reply.close()


QueryAnswer = CachedAnswer | LargeAnswer


def answer_etag(digest: str) -> str:
    """The tag of an answer, compressed or not, by the digest of its bytes."""
    return f'W/"{digest}"'


class QueryEndpoint(Protocol):
    """What other parts of the server need of the SPARQL endpoint."""

    async def find(self, request: HttpRequest, operation: Operation, types: MediaTypes) -> QueryAnswer:
        """The answer to a query; the caller closes it."""
        ...


class LocalAnswers:
    """Lookups: queries that are certainly quick, and answered in this process."""

    def __init__(self, lookup: Callable[[str], bytes | None]) -> None:
        """Set up.

        Args:
            lookup: Answers a query in JSON if it is a lookup, else gives None.
        """
        self._lookup = lookup
        self._seen: set[int] = set()

    def find(self, operation: Operation, types: MediaTypes) -> CachedAnswer | None:
        """The answer to a query, if it is a lookup whose answer is wanted in JSON."""
        media_type = types.solutions
        if operation.names_graphs or media_type not in _JSON or media_type != types.boolean:
            return None
        body = self._lookup(operation.query or "")
        return None if body is None else CachedAnswer(body, media_type, answer_etag(digest_of([body])))

    def is_repeated(self, key: Hashable) -> bool:
        """Whether a lookup was answered not long ago: keeping each new one would take as long as answering it."""
        mark = hash(key)
        if mark in self._seen:
            return True
        if len(self._seen) >= _MOST_LOOKUPS:
            self._seen.clear()
        self._seen.add(mark)
        return False


class Spool:
    """The bytes of large answers that are being sent, all together."""

    def __init__(self, limit_bytes: int) -> None:
        """Start empty."""
        self._limit_bytes, self._used_bytes = limit_bytes, 0

    @contextmanager
    def reserved(self, size_bytes: int) -> Iterator[None]:
        """Count an answer while it is sent.

        Raises:
            ProblemError: It would be too much.
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
    """An ASGI application that sends an answer: 304 where the client has it, and no body for HEAD."""

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
        for piece in answer.pieces():
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})


class ClientQuotas:
    """The seconds of query time left to each client: a token bucket that use drains and time fills.

    Only the time that was used counts, so a last query may go into debt.
    """

    def __init__(
        self, full_s: float, refill_s: float, *, clock: Callable[[], float] = time.monotonic, most: int = _MOST_CLIENTS
    ) -> None:
        """Start with full buckets.

        Args:
            full_s: Seconds in a full bucket.
            refill_s: Seconds that come back each minute.
            clock: Seconds that never go back.
            most: Clients to remember; the one that asked longest ago is forgotten.
        """
        self._full_s, self._rate = full_s, refill_s / 60
        self._clock, self._most = clock, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # seconds left, and when that was

    def retry_after_s(self, client: str) -> int:
        """Whole seconds until a client may ask again; 0 where it may ask now."""
        debt = -self._now_left(client)
        return math.ceil((debt - _NOTHING) / self._rate) if debt > _NOTHING else 0

    def require(self, client: str) -> None:
        """Check that a client may ask.

        Raises:
            ProblemError: It has used its time.
        """
        wait_s = self.retry_after_s(client)
        if wait_s:
            seconds = f"{self._full_s:g}"
            detail = message(
                "Your queries have used the {seconds} seconds that a client may use at once. "
                "Come back in {wait} seconds, or download the whole dataset.",
                seconds=seconds,
                wait=wait_s,
            )
            raise ProblemError(429, "client-budget", detail, headers={"Retry-After": str(wait_s)})

    def charge(self, client: str, seconds: float) -> None:
        """Take seconds from the bucket of a client."""
        self._left[client] = self._now_left(client) - seconds, self._clock()
        self._left.move_to_end(client)
        if len(self._left) > self._most:
            self._left.popitem(last=False)

    def _now_left(self, client: str) -> float:
        left, at = self._left.get(client, (self._full_s, self._clock()))
        return min(self._full_s, left + (self._clock() - at) * self._rate)
