"""Answers of the SPARQL endpoint for other parts of this server: asked of it, and read piece by piece."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from iomld.store.request import QueryHead
from iomld.web.sparql.cache import CachedAnswer
from iomld.web.sparql.protocol import MediaTypes, Operation
from iomld.web.sparql_exchange import Exchange
from iomld.workers.wire import Reply

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LargeAnswer:
    """An answer that is too large to be kept: what the worker says of it, and its open reply."""

    head: QueryHead
    reply: Reply


class Endpoint(Protocol):
    """What is needed of the SPARQL endpoint."""

    async def find(self, exchange: Exchange, operation: Operation, types: MediaTypes) -> CachedAnswer | LargeAnswer:
        """The answer to a query."""
        ...


@contextmanager
def opened(found: CachedAnswer | LargeAnswer) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Type and bytes of an answer; a large one is not held in memory all at once, and let go of at the end."""
    match found:
        case CachedAnswer(body, media_type):
            yield media_type, [body]
        case LargeAnswer(head, reply):
            try:
                yield head.media_type, _pieces(reply)
            finally:
                reply.close()


def _pieces(reply: Reply) -> Iterator[bytes]:
    if reply.file is None:
        yield reply.body
        return
    for offset in range(0, reply.size, _PIECE_BYTES):
        yield os.pread(reply.file.fileno(), _PIECE_BYTES, offset)
