"""One HTTP exchange, by the bare ASGI interface: what was asked, and sending answers whole or from a file."""

import os
from collections.abc import Awaitable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from iomld.web.problems import ProblemError, problem_of
from iomld.web.sparql.cache import CachedAnswer
from iomld.workers.wire import Reply

# Anybody's script may read the answers; nothing here depends on who asks, so no credentials are allowed.
COMMON = {"Access-Control-Allow-Origin": "*", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}

_COMMON = [(name.lower().encode(), value.encode()) for name, value in COMMON.items()]
_CHUNK_BYTES = 256 * 1024


class Exchange:
    """A request and the way to answer it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.receive, self._send = scope, receive, send
        self.method: str = scope["method"]

    @property
    def accept(self) -> str | None:
        """The Accept header."""
        return self.header(b"accept")

    @property
    def client(self) -> str:
        """Address of the client; of the trusted proxy's client where there is one."""
        address = self.scope.get("client")
        return str(address[0]) if address else ""

    def header(self, name: bytes) -> str | None:
        """A header by its name in small letters; several of one name are joined with commas (RFC 9110 section 5.3)."""
        found = [value for held, value in self.scope["headers"] if held == name]
        return b", ".join(found).decode("latin-1") if found else None

    async def body(self, limit_bytes: int) -> bytes:
        """The body; counted while it is read, since its header may say anything.

        Raises:
            ProblemError: It is too large.
        """
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ProblemError(400, "gone", "The client closed the connection.")  # nobody reads this
            piece = message.get("body", b"")
            size += len(piece)
            if size > limit_bytes:
                detail = f"The request is larger than {limit_bytes:,} bytes, the limit. Send a shorter query."
                raise ProblemError(413, "request-too-large", detail, limit=limit_bytes)
            pieces.append(piece)
            if not message.get("more_body", False):
                return b"".join(pieces)

    async def settle(self, responding: Awaitable[Response | None]) -> None:
        """Send the response that comes out, or the problem; None means that all is sent already."""
        try:
            response = await responding
        except ProblemError as error:
            response = problem_of(error, accept=self.accept)
        if response is None:
            return
        if self.method == "HEAD":
            response.body = b""  # the header with its length stays
        await response(self.scope, self.receive, self._send)

    async def send_whole(self, answer: CachedAnswer) -> None:
        """Send an answer that is in memory, or 304 where the client has it."""
        await self._start(answer.media_type, answer.etag, len(answer.body))
        body = b"" if self._is_bare(answer.etag) else answer.body
        await self._send({"type": "http.response.body", "body": body})

    async def send_file(self, reply: Reply, media_type: str, etag: str) -> None:
        """Send an answer from its file, piece by piece, as fast as the client reads; or 304."""
        await self._start(media_type, etag, reply.size)
        if reply.file is None or self._is_bare(etag):
            await self._send({"type": "http.response.body", "body": b""})
            return
        for offset in range(0, reply.size, _CHUNK_BYTES):
            piece = os.pread(reply.file.fileno(), _CHUNK_BYTES, offset)
            more = offset + _CHUNK_BYTES < reply.size
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def _start(self, media_type: str, etag: str, size: int) -> None:
        headers = [*_COMMON, (b"etag", etag.encode()), (b"cache-control", b"public, no-cache")]
        status = 304
        if not self._has(etag):
            status = 200
            charset = "; charset=utf-8" if media_type.startswith("text/") else ""
            headers += [(b"content-type", f"{media_type}{charset}".encode()), (b"content-length", str(size).encode())]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    def _is_bare(self, etag: str) -> bool:
        return self.method == "HEAD" or self._has(etag)

    def _has(self, etag: str) -> bool:
        """Whether the client has this answer already (RFC 9110 section 13.1.2)."""
        held = self.header(b"if-none-match")
        if held is None or self.method == "POST":
            return False
        return held.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in held.split(",")}
