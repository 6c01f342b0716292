"""The SPARQL endpoint: SPARQL 1.1 Protocol, query operation only, as a plain ASGI application.

Besides GET and POST it takes QUERY (draft-ietf-httpbis-safe-method-w-body): a body like POST, safe like GET.

An answer is whole before its first byte leaves, so a status of 200 is never followed by a cut body. What is not
answered says so:

====  ==========================================================================================================
400   The request or the query is broken, or the query is an update.
403   An update operation, or a query with SERVICE.
406   No format that we have is acceptable.
413   The request's body is too large.
415   The request's body is of another type than the protocol's two.
422   The query is good but its answer is larger than the limit: asking again does not help, asking for less does.
429   All workers are busy, or the client has used its time; `Retry-After` says when to come back.
500   The store could not be read.
503   The time was up, or the memory; the limit is named. Or the server is starting or stopping.
====  ==========================================================================================================
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from iomld.browse.why.known import Known
from iomld.iris import Iris
from iomld.store.description import ServiceFacts
from iomld.store.request import QueryFault, QueryHead, QueryRequest
from iomld.web.budget import ClientBudgets
from iomld.web.disconnect import DisconnectWatch
from iomld.web.explained import explained_response
from iomld.web.problems import ProblemError
from iomld.web.sparql.answers import AnswersAtOnce
from iomld.web.sparql.cache import AnswerCache, CachedAnswer
from iomld.web.sparql.protocol import (
    QUERY,
    MediaTypes,
    Operation,
    media_types,
    operation_of_body,
    operation_of_query,
    operation_of_url,
)
from iomld.web.sparql_answers import LargeAnswer
from iomld.web.sparql_description import description_response
from iomld.web.sparql_errors import problem_of_fault, problem_of_worker
from iomld.web.sparql_exchange import Exchange
from iomld.workers.errors import JobTimeoutError, WorkerCrashedError, WorkerError
from iomld.workers.wire import Reply

_METHODS = "GET, HEAD, POST, QUERY, OPTIONS"
_PREFLIGHT = {
    "Allow": _METHODS,
    "Accept-Query": QUERY,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


@dataclass(frozen=True, slots=True)
class SparqlLimits:
    """What one endpoint allows.

    Attributes:
        timeout_s: Seconds for a query; a client may ask for fewer.
        body_bytes: Largest body of a request.
        cache_bytes: Memory for answers that may be asked again.
        spooled_bytes: Large answers, all together, that may wait for slow readers.
        client_s: Seconds of query time that one client may use at once.
        client_refill_s: Seconds that it gets back each minute.
    """

    timeout_s: float = 10.0
    body_bytes: int = 1 << 20
    cache_bytes: int = 64 << 20
    spooled_bytes: int = 512 << 20
    client_s: float = 120.0
    client_refill_s: float = 60.0


class QueryPool(Protocol):
    """What the endpoint needs of a pool of query workers."""

    async def run(self, payload: bytes, *, timeout_s: float | None = None, client: str = "") -> Reply:
        """Answer a `QueryRequest`; see `iomld.workers.pool.Pool.run`."""
        ...


def sparql_app(  # noqa: PLR0913  # all that it is made of, by name
    pool: QueryPool,
    *,
    iris: Iris,
    release_name: Callable[[], str],
    limits: SparqlLimits,
    cache: AnswerCache[CachedAnswer] | None = None,
    facts: Callable[[], ServiceFacts] | None = None,
    known: Callable[[], Known] | None = None,
    lookup: Callable[[str], bytes | None] = lambda _: None,
) -> "SparqlApp":
    """The endpoint as an ASGI application that looks at no path.

    Args:
        pool: Workers opened with `iomld.store.query.HANDLER`; the caller starts and stops it.
        iris: Names the endpoint in its description where the client does not say under which host it asked.
        release_name: Name of the release served now; a new name empties the cache.
        limits: What it allows.
        cache: Where answers are kept; its own if None.
        facts: What the description says of the release served now; only what is always true if None.
        known: Terms of the release served now, to tell what was meant by a query that finds nothing; none if None.
        lookup: Answers a query in JSON without a worker where that is surely quick, else gives None.
    """
    budgets = ClientBudgets(limits.client_s, limits.client_refill_s)
    at_once = AnswersAtOnce(cache or AnswerCache(limits.cache_bytes), release_name, budgets, lookup)
    described = facts or (lambda: ServiceFacts(iris.base, iris.dataset()))
    return SparqlApp(pool, at_once, budgets, limits, described, known or (lambda: Known(iris.base)))


class SparqlApp:
    """The endpoint; made by `sparql_app`."""

    def __init__(
        self,
        pool: QueryPool,
        at_once: AnswersAtOnce,
        budgets: ClientBudgets,
        limits: SparqlLimits,
        facts: Callable[[], ServiceFacts],
        known: Callable[[], Known],
    ) -> None:
        self._pool, self._budgets, self._limits = pool, budgets, limits
        self.at_once = at_once
        self._facts, self._known = facts, known
        self._spooled_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send)
        await exchange.settle(self._respond(exchange))

    async def _respond(self, exchange: Exchange) -> Response | None:
        """A response that is still to be sent, or None when all is said."""
        if exchange.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        operation = await self._operation(exchange)
        if operation.query is None:
            return description_response(exchange, operation, self._facts())
        if operation.explain:
            return await explained_response(self, exchange, operation, self._known)
        types = media_types(exchange.accept, operation.format_)
        if types == MediaTypes(None, None, None):
            raise ProblemError(
                406,
                "not-acceptable",
                "Results come as JSON, XML, CSV and TSV, graphs as Turtle, N-Triples, RDF/XML and JSON-LD. "
                "Name one of these in the Accept header, or add ?format=json.",
            )
        await self.answer(exchange, operation, types)
        return None

    async def _operation(self, exchange: Exchange) -> Operation:
        query_string: bytes = exchange.scope.get("query_string", b"")
        if exchange.method in {"GET", "HEAD"}:
            return operation_of_url(query_string)
        if exchange.method == "POST":
            body = await exchange.body(self._limits.body_bytes)
            return operation_of_body(exchange.header(b"content-type") or "", body, query_string)
        if exchange.method == "QUERY":
            body = await exchange.body(self._limits.body_bytes)
            return operation_of_query(exchange.header(b"content-type") or "", body, query_string)
        detail = f"Ask with GET, POST or QUERY, not {exchange.method[:40]}."
        raise ProblemError(405, "method", detail, headers={"Allow": _METHODS})

    async def answer(self, exchange: Exchange, operation: Operation, types: MediaTypes) -> None:
        """Answer a query, from memory or by a worker.

        Raises:
            ProblemError: It has no answer.
        """
        match await self.find(exchange, operation, types):
            case CachedAnswer() as whole:
                await exchange.send_whole(whole)
            case LargeAnswer(head, reply):
                await self._stream(exchange, head, reply)

    async def find(self, exchange: Exchange, operation: Operation, types: MediaTypes) -> CachedAnswer | LargeAnswer:
        """The answer to a query, for who sends it on; whoever gets a large one must close its reply.

        Raises:
            ProblemError: It has no answer.
        """
        found = self.at_once.find(operation, types, exchange.client)
        if found:
            return found
        query = operation.query or ""
        request = QueryRequest(
            query, types.solutions, types.boolean, types.graph, operation.default_graphs, operation.named_graphs
        )
        release = self.at_once.miss()
        reply = await self._ask(exchange, request, min(self._limits.timeout_s, operation.timeout_s or float("inf")))
        head = QueryHead.from_json(reply.head)
        if not self.at_once.keeps(reply.size):
            return LargeAnswer(head, reply)
        answer = CachedAnswer(reply.read(), head.media_type, f'"{head.digest}"')
        if head.repeatable and head.release == release:
            self.at_once.keep(release, operation, types, answer)
        return answer

    async def _ask(self, exchange: Exchange, request: QueryRequest, timeout_s: float) -> Reply:
        """Have a worker answer, on the client's budget; give up when the client goes away."""
        self._budgets.admit(exchange.client)
        watch = DisconnectWatch(exchange.receive)
        started = time.monotonic()
        used_s = 0.0
        try:
            reply = await self._pool.run(request.to_json(), timeout_s=timeout_s, client=exchange.client)
            used_s = reply.took_s
        except WorkerError as error:
            if isinstance(error, (JobTimeoutError, WorkerCrashedError)):  # a worker had it
                used_s = time.monotonic() - started
            raise problem_of_worker(error) from error
        except asyncio.CancelledError:
            used_s = time.monotonic() - started
            if not watch.saw_disconnect():
                raise
            raise ProblemError(400, "gone", "The client closed the connection.") from None  # nobody reads this
        finally:
            watch.end()
            self._budgets.spend(exchange.client, used_s)
        if reply.fault:
            raise problem_of_fault(QueryFault.from_json(reply.head))
        return reply

    async def _stream(self, exchange: Exchange, head: QueryHead, reply: Reply) -> None:
        """Send a large answer from its file, piece by piece, as fast as the client reads."""
        try:
            if self._spooled_bytes + reply.size > self._limits.spooled_bytes:
                detail = "Too many large answers are being sent just now. Try again in a minute."
                raise ProblemError(429, "busy", detail, headers={"Retry-After": "60"})
            self._spooled_bytes += reply.size
            try:
                await exchange.send_file(reply, head.media_type, f'"{head.digest}"')
            finally:
                self._spooled_bytes -= reply.size
        finally:
            reply.close()
