"""How a query is evaluated: as a lookup in this process, or by a worker; both use up the quota of the client."""

import asyncio
import math
import time
from collections.abc import Callable, Hashable
from typing import Protocol

from iomld.browse.view import ReleaseView
from iomld.formats import results
from iomld.messages import message
from iomld.store.query_request import FaultKind, QueryFault, QueryHead, QueryRequest, StoredRelease
from iomld.store.query_worker import NO_MEMORY
from iomld.web.client_budget import ClientQuotas
from iomld.web.problems import ProblemError
from iomld.web.sparql.answers import LargeAnswer, answer_etag
from iomld.web.sparql.cache import CachedAnswer
from iomld.web.sparql.exchange import DisconnectWatch, HttpRequest, client_disconnected
from iomld.web.sparql.protocol import MediaTypes, Operation
from iomld.workers.errors import CrashReason, JobTimeoutError, PoolOverloadedError, WorkerCrashedError, WorkerError
from iomld.workers.handler import digest_of
from iomld.workers.protocol import Reply

_MAX_LOOKUPS = 10_000
_REMOTE_RETRY_S = "60"
_JSON = frozenset({results.JSON.media_type, *results.JSON.also})
_STATUS = {
    FaultKind.SYNTAX: 400,
    FaultKind.UPDATE: 400,
    FaultKind.FUNCTION: 400,
    FaultKind.GRAPH_IRI: 400,
    FaultKind.SERVICE: 403,
    FaultKind.NOT_ACCEPTABLE: 406,
    FaultKind.TOO_LARGE: 422,
    FaultKind.EVALUATION: 500,
    FaultKind.TIMEOUT: 503,
    FaultKind.REMOTE: 503,
}


class QueryPool(Protocol):
    """What the endpoint needs of a pool of query workers."""

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Answer a `QueryRequest`; see `iomld.workers.pool.Pool.run`."""
        ...


class LocalAnswers:
    """Answers lookups, which are always quick, in this process."""

    def __init__(self, lookup: Callable[[str, ReleaseView | None], bytes | None]) -> None:
        """Set up.

        Args:
            lookup: Answers a query about a release, or about the one served now, in JSON if it is a lookup, otherwise
                gives None.
        """
        self._lookup = lookup
        self._seen: set[int] = set()

    def find(self, operation: Operation, types: MediaTypes) -> CachedAnswer | None:
        """The answer to a query; None unless it is a lookup whose answer is wanted in JSON."""
        media_type = types.solutions
        if operation.names_graphs or media_type not in _JSON or media_type != types.boolean:
            return None
        body = self._lookup(operation.query or "", operation.chosen)
        return None if body is None else CachedAnswer(body, media_type, answer_etag(digest_of([body])))

    def is_repeated(self, key: Hashable) -> bool:
        """Whether a lookup was answered not long ago: caching each new one would take as long as answering it."""
        mark = hash(key)
        if mark in self._seen:
            return True
        if len(self._seen) >= _MAX_LOOKUPS:
            self._seen.clear()
        self._seen.add(mark)
        return False


class WorkerAnswers:
    """Has queries answered by worker processes, and charges the time to the clients."""

    def __init__(self, pool: QueryPool, quotas: ClientQuotas, *, timeout_s: float) -> None:
        """Set up.

        Args:
            pool: The workers.
            quotas: The query time of the clients.
            timeout_s: Seconds for a query; a client may ask for fewer.
        """
        self._pool, self._quotas, self._timeout_s = pool, quotas, timeout_s

    async def find(
        self, request: HttpRequest, operation: Operation, types: MediaTypes, *, fits: Callable[[int], bool]
    ) -> tuple[CachedAnswer | LargeAnswer, QueryHead]:
        """The answer of a worker, and what the worker says about it.

        Args:
            request: The request, for its client.
            operation: The query.
            types: The media types of the answer.
            fits: Whether an answer of so many bytes is read into memory.

        Raises:
            ProblemError: The query has no answer.
        """
        query = QueryRequest(
            operation.query or "",
            types.solutions,
            types.boolean,
            types.graph,
            operation.default_graphs,
            operation.named_graphs,
            _stored(operation.chosen) if operation.chosen else None,
        )
        reply = await self._reply(request, query, min(self._timeout_s, operation.timeout_s or math.inf))
        head = QueryHead.from_json(reply.head)
        if not fits(reply.size):
            return LargeAnswer(head, reply), head
        return CachedAnswer(reply.read(), head.media_type, answer_etag(head.digest)), head

    async def _reply(self, request: HttpRequest, query: QueryRequest, timeout_s: float) -> Reply:
        """The reply of a worker; the query is cancelled when the client disconnects."""
        watch = DisconnectWatch(request.receive)
        started = time.monotonic()
        used_s = 0.0
        try:
            reply = await self._pool.run(query.to_json(), timeout_s=timeout_s, client=request.client)
            used_s = reply.took_s
        except WorkerError as error:
            if isinstance(error, (JobTimeoutError, WorkerCrashedError)):  # a worker had begun
                used_s = time.monotonic() - started
            raise _problem_of_worker(error) from error
        except asyncio.CancelledError:
            used_s = time.monotonic() - started
            if not watch.caused_cancellation():
                raise
            raise client_disconnected() from None
        finally:
            watch.stop()
            self._quotas.charge(request.client, used_s)
        if reply.fault:
            raise _problem_of_fault(QueryFault.from_json(reply.head))
        return reply


def _stored(view: ReleaseView) -> StoredRelease:
    """The release that a query is about, for its worker."""
    return StoredRelease(view.release.manifest.name, str(view.release.query_store))


def _problem_of_fault(fault: QueryFault) -> ProblemError:
    """The problem with a query that cannot be answered as it stands; with `line` and `column` if they are known."""
    status, kind = _STATUS[fault.kind], f"query-{fault.kind}"
    if fault.kind is FaultKind.REMOTE:
        return ProblemError(status, kind, fault.message, headers={"Retry-After": _REMOTE_RETRY_S})
    match fault.message.values:
        case {"line": int(line), "column": int(column)}:
            return ProblemError(status, kind, fault.message, line=line, column=column)
        case _:
            return ProblemError(status, kind, fault.message)


def _problem_of_worker(error: WorkerError) -> ProblemError:
    """The problem with a query that met a limit of the server."""
    match error:
        case JobTimeoutError():
            seconds = f"{error.limit_s:g}"
            detail = message(
                "The query was stopped after {seconds} s, the limit. "
                "Make it narrower (fewer patterns without a shared variable, a LIMIT), or download the whole dataset.",
                seconds=seconds,
            )
            return ProblemError(503, "query-timeout", detail, limit=error.limit_s)
        case PoolOverloadedError():
            detail = message("The server is busy with other queries. Try again in a few seconds.")
            return ProblemError(429, "busy", detail, headers={"Retry-After": "2"})
        case WorkerCrashedError(reason=CrashReason.MEMORY):
            return ProblemError(503, "query-memory", NO_MEMORY)
        case WorkerCrashedError():
            detail = message("The query was too much for its worker, which ended. Make the query smaller or flatter.")
            return ProblemError(503, "query-crash", detail)
        case _:
            detail = message("The server is starting or stopping. Try again in a few seconds.")
            return ProblemError(503, "not-running", detail, headers={"Retry-After": "2"})
