"""Queries as a worker answers them: by the store of a release, or by a remote one."""

import json
import os
from collections.abc import Sequence
from contextlib import closing

from iomld.release import Release
from iomld.remote import query_worker as remote_worker
from iomld.remote.query_worker import RemoteWorker
from iomld.store.query_request import QueryFault, QueryHead, QueryRequest, QueryWorker
from iomld.store.query_worker import open_handler
from iomld.workers.handler import AnswerWriter, Handler

JSON = "application/sparql-results+json"


def local_handler(current: Release) -> Handler:
    """What answers queries on this machine."""
    return open_handler(_worker(current).to_json())


def remote_handler(
    current: Release, address: str, excluded: Sequence[str] = (), *, timeout_s: float = 60.0, max_rows: int = 1_000_000
) -> Handler:
    """What has queries answered at an address."""
    worker = RemoteWorker(_worker(current, max_rows), address, excluded=tuple(excluded), timeout_s=timeout_s)
    return remote_worker.open_handler(worker.to_json())


def request(
    query: str, media_type: str = JSON, *, default: Sequence[str] = (), named: Sequence[str] = ()
) -> QueryRequest:
    """A request for one media type; that of graphs is N-Triples unless it is one of graphs."""
    boolean = media_type if "results" in media_type else JSON
    graph = media_type if media_type == "text/turtle" else "application/n-triples"
    return QueryRequest(query, media_type, boolean, graph, tuple(default), tuple(named))


def answer(handler: Handler, asked: QueryRequest) -> bytes:
    """The body of an answer."""
    with closing(AnswerWriter(1 << 26)) as writer:
        given = handler(asked.to_json(), writer)
        assert not given.fault, given.head
        assert QueryHead.from_json(given.head).release == "r"
        file = writer.fileno()
        return writer.inline() if file is None else os.pread(file, writer.size, 0)


def fault(handler: Handler, asked: QueryRequest) -> QueryFault:
    """The fault of a query that has no answer."""
    with closing(AnswerWriter(1 << 26)) as writer:
        given = handler(asked.to_json(), writer)
    assert given.fault, "it was answered"
    return QueryFault.from_json(given.head)


def rows(body: bytes) -> list[str]:
    """The solutions of an answer in JSON, sorted: a multiset of rows of terms."""
    return sorted(json.dumps(row, sort_keys=True) for row in json.loads(body)["results"]["bindings"])


def _worker(current: Release, max_rows: int = 1_000_000) -> QueryWorker:
    return QueryWorker(str(current.query_store), current.manifest.base, release="r", max_rows=max_rows)
