"""Middleware that compresses responses with zstd, br or gzip (RFC 9110 section 8.4), by starlette-compress.

The weights of Accept-Encoding choose the coding. Short responses stay uncompressed, as do parts of files and responses
with `Content-Disposition` or `Cache-Control: no-transform`: files to be saved keep their length and strong entity tag.
"""

import asyncio
from collections.abc import Awaitable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event
from starlette_compress import CompressMiddleware, add_compress_type

from iomld.check.reports import REPORT_FORMATS
from iomld.formats import rdf, results
from iomld.formats.negotiate import choose_coding
from iomld.messages import message
from iomld.web.problems import problem

SMALLEST_BYTES = 1024
_CHUNK_BYTES = 64 * 1024  # compressed at once; the event loop serves others between two chunks
_CODINGS = ("zstd", "br", "gzip")
_OTHER_TYPES = (
    "atom+xml",
    "csvm+json",
    "link-format",
    "problem+json",
    "linkset+json",
    "rdf-patch",
    "schema+json",
    "x-ndjson",
    "jsonl",
)
_TYPES = (
    *(format_.media_type for format_ in (*rdf.FORMATS, *results.RESULT_FORMATS)),
    *(media_type for format_ in REPORT_FORMATS for media_type in format_.media_types),
    *(f"application/{name}" for name in _OTHER_TYPES),
)


class CompressionMiddleware:
    """Compresses responses; `with_vary` is for the middleware around it."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app
        for media_type in _TYPES:
            add_compress_type(media_type)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request; with 406 if it refuses all codings."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        accepted = ",".join([value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-encoding"])
        coding = choose_coding(accepted, _CODINGS)
        if coding == "identity":
            return self._app(scope, receive, send)
        if coding is None:
            detail = message(
                "Accept-Encoding refuses every encoding that this server offers: zstd, br, gzip and none. Allow "
                "one of them."
            )
            return problem(406, "Not Acceptable", detail, kind="coding")(scope, receive, send)
        smallest = SMALLEST_BYTES if choose_coding(accepted, ()) else 1  # 1: the client refuses uncompressed answers

        async def app_in_chunks(scope: Scope, receive: Receive, compress: Send) -> None:
            await self._app(scope, receive, _ChunkedResponse(scope["method"], compress, send, smallest).send)

        compressing = CompressMiddleware(
            app_in_chunks, minimum_size=smallest, zstd=coding == "zstd", brotli=coding == "br", gzip=coding == "gzip"
        )
        return compressing(scope, receive, send)


class _ChunkedResponse:
    """Passes a response to the library in chunks, or bypasses the library if the response must not be changed."""

    def __init__(self, method: str, compress: Send, plain: Send, smallest: int) -> None:
        self._is_head, self._plain, self._smallest = method == "HEAD", plain, smallest
        self._compress = self._send = compress
        self._is_short = False

    async def send(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            headers = dict(event["headers"])
            self._send = self._plain if _is_fixed(headers) else self._compress
            self._is_short = int(headers.get(b"content-length", b"0")) < self._smallest
            await self._send(event)
        elif self._is_head and not self._is_short:
            await self._send({"type": "http.response.body", "body": b"", "more_body": True})  # has the headers of GET
            await self._plain(event)
        else:
            await self._send_body(event.get("body", b""), more=event.get("more_body", False))

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        for end in range(_CHUNK_BYTES, len(body), _CHUNK_BYTES):
            chunk = body[end - _CHUNK_BYTES : end]
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)
        rest = body[(len(body) - 1) // _CHUNK_BYTES * _CHUNK_BYTES :] if body else b""
        await self._send({"type": "http.response.body", "body": rest, "more_body": more})


def _is_fixed(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a response must not be changed: a file to be saved, a part of a file, or one with `no-transform`."""
    is_part_or_file = b"content-disposition" in headers or b"content-range" in headers
    return is_part_or_file or b"no-transform" in headers.get(b"cache-control", b"")


def with_vary(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers, with Accept-Encoding in Vary if they are those of a response that may be compressed, or of its 304."""
    present = dict(headers)
    vary = present.get(b"vary")
    if vary and b"accept-encoding" in vary.lower():
        return headers
    if _is_fixed(present) or not (b"content-type" in present or b"etag" in present):
        return headers
    others = [pair for pair in headers if pair != (b"vary", vary)]
    return [*others, (b"vary", vary + b", Accept-Encoding" if vary else b"Accept-Encoding")]
