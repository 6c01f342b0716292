"""Answers of the SPARQL endpoint, and how they are sent: in memory (`CachedAnswer`) or in a file (`LargeAnswer`)."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from starlette.types import Receive, Scope, Send

from iomld.formats import rdf, results
from iomld.messages import message
from iomld.store.query_request import QueryHead
from iomld.store.sparql_tokens import query_tokens
from iomld.web.conditional import is_among
from iomld.web.problems import ProblemError
from iomld.web.sparql.cache import CachedAnswer
from iomld.web.sparql.exchange import COMMON_HEADERS, HttpRequest
from iomld.web.sparql.protocol import MediaTypes, Operation
from iomld.workers.protocol import Reply

_CHUNK_BYTES = 256 * 1024
_HEAD_CHARACTERS = 2000  # of a query that are read for the name of its file
_MOST_NAME_CHARACTERS = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
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


def answer_file_name(query: str, release: str, media_type: str) -> str:
    r"""The name of a file with an answer: what the query asks, the release, and the suffix of the format.

    The query says it in a comment on its first line, otherwise by its variables. The name has no characters that mean
    something in a header or to a file system.

    >>> answer_file_name("SELECT ?region (SUM(?budget) AS ?usd) { }", "20260131T090559Z-0a1b2c3d", "text/csv")
    'region-usd_20260131T090559Z-0a1b2c3d.csv'
    >>> answer_file_name("# Money, by ../region\nASK {}", "r1", "application/sparql-results+json")
    'Money-by-region_r1.json'
    """
    head = query[:_HEAD_CHARACTERS].strip()
    words = head[1:].splitlines()[0] if head.startswith("#") else "-".join(_subject(head))
    safe = _UNSAFE.sub("-", words).strip("-")[:_MOST_NAME_CHARACTERS].rstrip("-") or "answer"
    return f"{safe}_{_UNSAFE.sub('-', release)}.{_suffix(media_type)}"


def _subject(head: str) -> Iterator[str]:
    """The variables of SELECT, or the form of another query."""
    depth, last, form = 0, "", ""
    for token in query_tokens(head):
        if not form:
            form = token.word if token.word in {"SELECT", "CONSTRUCT", "DESCRIBE", "ASK"} else ""
            if form and form != "SELECT":
                yield form.lower()
                return
            continue
        if token.word in {"WHERE", "FROM", "{"} and not depth:
            return
        depth += (token.word == "(") - (token.word == ")")
        if token.kind == "variable":
            last = token.text[1:]
        if not depth and (token.kind == "variable" or token.word == ")"):
            yield last


def _suffix(media_type: str) -> str:
    """The suffix of a format; JSON and XML have that which programs on a desk open."""
    if found := results.by_media_type(media_type):
        return found.name
    return next((one.suffix for one in rdf.FORMATS if media_type in {one.media_type, *one.also}), "txt")


class QueryEndpoint(Protocol):
    """What other parts of the server need of the SPARQL endpoint."""

    async def find(self, request: HttpRequest, operation: Operation, types: MediaTypes) -> QueryAnswer:
        """The answer to a query; the caller closes it."""
        ...

    async def respond(
        self,
        request: HttpRequest,
        operation: Operation,
        types: MediaTypes,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> "AnswerResponse":
        """The response to a query."""
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
            detail = message("Too many large answers are being sent at the moment. Try again in a minute.")
            raise ProblemError(429, "busy", detail, headers={"Retry-After": "60"})
        self._used_bytes += size_bytes
        try:
            yield
        finally:
            self._used_bytes -= size_bytes


@lru_cache(maxsize=64)
def _content_type(media_type: str) -> tuple[bytes, bytes]:
    """The header for a type, of which there are few."""
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    return b"content-type", f"{media_type}{charset}".encode()


class AnswerResponse:
    """An ASGI application that sends an answer: 304 if the client has it already, and no body for HEAD."""

    def __init__(
        self,
        request: HttpRequest,
        answer: QueryAnswer,
        spool: Spool,
        *,
        file_name: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Set up; the answer is closed once it is sent.

        Args:
            request: The request.
            answer: The answer.
            spool: The large answers that are being sent.
            file_name: If it is not empty, the answer is sent as a file to be saved.
            headers: More headers, or other values of those that all answers have.
        """
        self._request, self._answer, self._spool, self._file_name = request, answer, spool, file_name
        self._headers = headers

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
        if self._headers:
            more = {name.lower().encode(): value.encode() for name, value in self._headers.items()}
            headers = [*((name, value) for name, value in headers if name not in more), *more.items()]
        tags = request.header("if-none-match") if request.method != "POST" else None
        if tags and is_among(tags, answer.etag):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        if self._file_name:
            headers.append((b"content-disposition", f'attachment; filename="{self._file_name}"'.encode()))
        headers += (_content_type(answer.media_type), (b"content-length", b"%d" % answer.size))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        left = 0 if request.method == "HEAD" else answer.size
        if not left:
            await send({"type": "http.response.body", "body": b""})
            return
        for chunk in answer.chunks():
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
