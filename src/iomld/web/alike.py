"""Requests that differ from an earlier one in their query alone: the query is read, the rest is known.

A program that asks many queries sends the same method, path and headers each time. Where the endpoint answers such a
query at once, reading the request and writing the headers would take most of the time.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.types import Message, Scope

from iomld.errors import StoreError
from iomld.web.compression import SMALLEST_BYTES
from iomld.web.problems import ProblemError
from iomld.web.repeats import Asked, Repeat, Repeats
from iomld.web.sparql_cache import CachedAnswer
from iomld.web.sparql_protocol import MediaTypes, Operation, decoded

Answering = Callable[[Operation, MediaTypes, str], tuple[CachedAnswer, str | None] | None]

_START = b"GET /sparql"
_QUERY = b"?query="
_LONGEST_BYTES = 8 * 1024
_LARGE_BYTES = 64 * 1024
_MOST = 256
_SIGNS = bytes({*range(0x21, 0x7F)} - {*b"&#"})  # what a query in a URL may be made of
_GAPS = {b"etag": b"%(etag)b", b"content-length": b"%(content-length)d"}
_OK = 200


@dataclass(frozen=True, slots=True)
class _Known:
    """What is the same for all requests that differ in their query alone.

    Attributes:
        types: What they are answered in.
        headers: The headers of their answers, with gaps for those that tell of the body.
        large_from: Size of bodies that take the usual way: they are packed, or the client must keep up with them.
        client: Who asks, where a trusted proxy passed the request on; else None.
    """

    types: MediaTypes
    headers: bytes
    large_from: int
    client: str | None


class Alike:
    """What is known of requests that the endpoint answered at once; those used last."""

    def __init__(self, at_once: Answering) -> None:
        """Start empty.

        Args:
            at_once: Answers a query without a worker if it can; see `iomld.web.at_once.AnswersAtOnce.find`.
        """
        self._at_once = at_once
        self._known: OrderedDict[tuple[bytes, bytes], _Known] = OrderedDict()

    def find(self, request: bytes, client: str, repeats: Repeats | None) -> Repeat | None:
        """The answer to a request, where all but its query is known, and the query can be answered at once.

        Args:
            request: Its bytes, as in `Asked`.
            client: Who sent them.
            repeats: Keeps the answer, if this is not the first time that it is asked for.
        """
        parts = _parts(request)
        known = self._known.get((parts[0], parts[2])) if parts else None
        if not parts or not known:
            return None
        try:
            found = self._at_once(Operation(decoded(parts[1])), known.types, known.client or client)
        except (ProblemError, StoreError):  # whoever reads the whole request says so
            return None
        if found is None or len(found[0].body) >= known.large_from:
            return None
        self._known.move_to_end((parts[0], parts[2]))
        answer, release = found
        length = len(answer.body)
        headers = known.headers % {b"etag": answer.etag.encode(), b"content-length": length}
        body = headers + answer.body
        repeat = Repeat(b"HTTP/1.1 200 OK\r\n", body, "GET", "/sparql", _OK, length, known.client)
        if release and repeats:
            repeats.put(release, request, repeat)
        return repeat

    def learn(self, asked: Asked, scope: Scope, start: Message) -> None:
        """Know a request, if the endpoint answered it at once.

        Args:
            asked: The request as it came.
            scope: The request as it was read.
            start: The message that began the answer.
        """
        parts = _parts(asked.request)
        rest = parts[2].lower() if parts else b"if-none-match"
        names = {name for name, _ in start["headers"]}
        if (
            not parts
            or asked.at_once is None
            or start["status"] != _OK
            or b"if-none-match" in rest
            or b"content-encoding" in names
            or not names >= _GAPS.keys()
        ):
            return
        client = (scope.get("client") or ("",))[0]
        self._known[parts[0], parts[2]] = _Known(
            asked.at_once,
            _with_gaps(start["headers"]),
            SMALLEST_BYTES if b"accept-encoding" in rest else _LARGE_BYTES,
            None if client == asked.client else client,
        )
        if len(self._known) > _MOST:
            self._known.popitem(last=False)


def _with_gaps(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The lines of headers, with gaps to be filled by `%`."""
    values = ((name, _GAPS.get(name) or value.replace(b"%", b"%%")) for name, value in headers)
    return b"".join(b"%b: %b\r\n" % pair for pair in values) + b"\r\n"


def _parts(request: bytes) -> tuple[bytes, bytes, bytes] | None:
    """What comes before the query, the query as it is encoded, and what comes after; None where there is no query."""
    if len(request) > _LONGEST_BYTES:
        return None
    before, found, rest = request.partition(_QUERY)
    if not found or not before.endswith(_START) or b"\n" in before:
        return None
    line = rest.find(b" ")
    more = rest.find(b"&", 0, line)
    end = line if more < 0 else more
    query = rest[:end]
    return None if query.translate(None, _SIGNS) else (before, query, rest[end:])
