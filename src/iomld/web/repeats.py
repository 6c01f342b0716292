"""Requests that come again, byte for byte: answered with the bytes of before, and nothing of the request is read.

Only answers of the SPARQL endpoint that it keeps itself are given like this: they depend on the release and on the
bytes of the request, and on nothing else. A request that differs in one byte takes the usual way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import Message, Scope

from iomld.errors import StoreError
from iomld.web.sparql_cache import AnswerCache
from iomld.web.sparql_protocol import MediaTypes

_EXTENSION = "iomld.asked"  # in the ASGI scope's `extensions`
_LARGEST_BYTES = 64 * 1024  # of request and answer; larger ones gain little, and must mind how fast the client reads


@dataclass(slots=True)
class Asked:
    """A request as it came over the wire; whoever answers may say that the answer holds for the next one too.

    Attributes:
        request: Its bytes, with what else its answer depends on before them.
        client: Address of who sent them.
        release: The answer may be given again while this release is served; empty if it may not.
        at_once: What it is answered in, where its query was answered without a worker.
    """

    request: bytes
    client: str
    release: str = ""
    at_once: MediaTypes | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """An answer that may be given again.

    Attributes:
        status_line: The first line.
        body: What follows: headers but for the date, and the body.
        method: Of the request.
        path: Of the request.
        status: HTTP status.
        size: Bytes of the body proper.
        client: Who asked, where a trusted proxy passed the request on; else None.
    """

    status_line: bytes
    body: bytes
    method: str
    path: str
    status: int
    size: int
    client: str | None


def asked_of(scope: Scope) -> Asked | None:
    """The request as it came, where the server handed it over."""
    asked = scope.get("extensions", {}).get(_EXTENSION)
    return asked if isinstance(asked, Asked) else None


def hand_over(scope: Scope, asked: Asked) -> None:
    """Put the request as it came beside what was read of it."""
    scope.setdefault("extensions", {})[_EXTENSION] = asked


class Repeats:
    """The answers that may be given again, those used last, up to a number of bytes; of one release at a time."""

    def __init__(self, release_name: Callable[[], str], limit_bytes: int) -> None:
        """Start empty.

        Args:
            release_name: Name of the release served now; raises `StoreError` where none is.
            limit_bytes: Memory for requests and answers.
        """
        self._release_name = release_name
        self._kept: AnswerCache[Repeat] = AnswerCache(limit_bytes)

    @property
    def hits(self) -> int:
        """How many answers were given again."""
        return self._kept.hits

    @property
    def size_bytes(self) -> int:
        """Memory that is in use."""
        return self._kept.size_bytes

    def find(self, request: bytes) -> Repeat | None:
        """The answer to these very bytes, where it still holds."""
        if len(request) > _LARGEST_BYTES:
            return None
        try:
            return self._kept.get(self._release_name(), request)
        except StoreError:  # the server is stopping
            return None

    def keep(self, asked: Asked, scope: Scope, start: Message, body: bytes) -> None:
        """Keep the answer to a request, if it may be given again.

        Args:
            asked: The request as it came.
            scope: The request as it was read.
            start: The message that began the answer.
            body: The whole body.
        """
        headers, status = start["headers"], start["status"]
        has_length = status == HTTPStatus.NOT_MODIFIED or any(name == b"content-length" for name, _ in headers)
        if not asked.release or not has_length or len(asked.request) + len(body) > _LARGEST_BYTES:
            return
        lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
        status_line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        client = (scope.get("client") or ("",))[0]
        repeat = Repeat(
            status_line,
            lines + b"\r\n" + body,
            scope["method"],
            scope["path"],
            status,
            len(body),
            None if client == asked.client else client,
        )
        self.put(asked.release, asked.request, repeat)

    def put(self, release: str, request: bytes, repeat: Repeat) -> None:
        """Keep the answer of a release to these bytes."""
        self._kept.put(release, request, repeat, len(request))
