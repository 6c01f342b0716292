"""The SPARQL endpoint: SPARQL 1.1 Protocol, query operation only, as a plain ASGI application.

Besides GET and POST it takes QUERY (draft-ietf-httpbis-safe-method-w-body): a body like POST, safe like GET.

A query is answered in one way: from the cache; else, if it is a lookup, in this process; else by a worker. The answer
is whole before its first byte leaves, so a status of 200 is never followed by a cut body. Otherwise the status says
why there is no answer:

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
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from iomld.browse.explain.candidates import ReleaseTerms
from iomld.browse.view import ReleaseView, shared_graph_names
from iomld.config import Settings
from iomld.formats.negotiate import choose
from iomld.iris import Iris
from iomld.messages import message
from iomld.store.query_request import FaultKind, QueryFault, QueryHead, QueryRequest
from iomld.store.service_description import ServiceFacts, service_description
from iomld.web.problems import ProblemError
from iomld.web.sparql.answers import (
    AnswerResponse,
    ClientQuotas,
    LargeAnswer,
    LocalAnswers,
    QueryAnswer,
    Spool,
    answer_etag,
)
from iomld.web.sparql.cache import AnswerCache, CachedAnswer
from iomld.web.sparql.explain import explain_response
from iomld.web.sparql.protocol import (
    COMMON_HEADERS,
    GRAPH_OFFERS,
    QUERY,
    HttpRequest,
    MediaTypes,
    Operation,
    answer_request,
    media_types,
    operation_of_body,
    operation_of_query,
    operation_of_url,
)
from iomld.workers.errors import CrashReason, JobTimeoutError, PoolOverloadedError, WorkerCrashedError, WorkerError
from iomld.workers.protocol import Reply

_METHODS = "GET, HEAD, POST, QUERY, OPTIONS"
_PREFLIGHT = {
    "Allow": _METHODS,
    "Accept-Query": QUERY,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
_STATUS = {
    FaultKind.SYNTAX: 400,
    FaultKind.UPDATE: 400,
    FaultKind.FUNCTION: 400,
    FaultKind.GRAPH_IRI: 400,
    FaultKind.SERVICE: 403,
    FaultKind.NOT_ACCEPTABLE: 406,
    FaultKind.TOO_LARGE: 422,
    FaultKind.EVALUATION: 500,
}
_WATCH_AFTER_S = 0.05  # most answers are there before it would pay to watch whether the client still is


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


class SparqlApp:
    """The endpoint as an ASGI application that looks at no path."""

    def __init__(  # noqa: PLR0913  # all that it is made of, by name
        self,
        pool: QueryPool,
        *,
        iris: Iris,
        release_name: Callable[[], str],
        limits: SparqlLimits,
        cache: AnswerCache | None = None,
        facts: Callable[[], ServiceFacts] | None = None,
        known: Callable[[], ReleaseTerms] | None = None,
        lookup: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        """Set up.

        Args:
            pool: Workers opened with `iomld.store.query_worker.HANDLER`; the caller starts and stops it.
            iris: Names the endpoint in its description where the client does not say under which host it asked.
            release_name: Name of the release served now; a new name empties the cache.
            limits: What it allows.
            cache: Where answers are kept; its own if None.
            facts: What the description says about the release served now; only what is always true if None.
            known: Terms of the release served now, to tell what was meant by a query that finds nothing; none if None.
            lookup: Answers a query in JSON without a worker if it is a lookup, else gives None.
        """
        self._pool, self._release_name, self._limits = pool, release_name, limits
        self._cache = cache or AnswerCache(limits.cache_bytes)
        self._local = LocalAnswers(lookup)
        self._quotas = ClientQuotas(limits.client_s, limits.client_refill_s)
        self._spool = Spool(limits.spooled_bytes)
        self._facts = facts or (lambda: ServiceFacts(iris.base, iris.dataset()))
        self._known = known or (lambda: ReleaseTerms(iris.base))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await answer_request(HttpRequest(scope, receive), self._respond, send)

    async def _respond(self, request: HttpRequest) -> ASGIApp:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        operation = await self._operation(request)
        if operation.query is None:
            return _description(request, operation, self._facts())
        if operation.explain:
            return await explain_response(self, request, operation, self._known)
        types = media_types(request.accept, operation.format_)
        if types == MediaTypes(None, None, None):
            raise ProblemError(
                406,
                "not-acceptable",
                message(
                    "Results come as JSON, XML, CSV and TSV, graphs as Turtle, N-Triples, RDF/XML and JSON-LD. "
                    "Name one of these in the Accept header, or add ?format=json."
                ),
            )
        return await self.respond(request, operation, types)

    async def _operation(self, request: HttpRequest) -> Operation:
        query_string: bytes = request.scope.get("query_string", b"")
        if request.method in {"GET", "HEAD"}:
            return operation_of_url(query_string)
        if request.method == "POST":
            body = await request.body(self._limits.body_bytes)
            return operation_of_body(request.header("content-type") or "", body, query_string)
        if request.method == "QUERY":
            body = await request.body(self._limits.body_bytes)
            return operation_of_query(request.header("content-type") or "", body, query_string)
        detail = message("Ask with GET, POST or QUERY, not {method}.", method=request.method[:40])
        raise ProblemError(405, "method", detail, headers={"Allow": _METHODS})

    async def respond(self, request: HttpRequest, operation: Operation, types: MediaTypes) -> AnswerResponse:
        """The response to a query.

        Raises:
            ProblemError: It has no answer.
        """
        return AnswerResponse(request, await self.find(request, operation, types), self._spool)

    async def find(self, request: HttpRequest, operation: Operation, types: MediaTypes) -> QueryAnswer:
        """The answer to a query: from the cache, by a lookup in this process, or by a worker. The caller closes it.

        Raises:
            ProblemError: It has no answer.
        """
        release, key = self._release_name(), _cache_key(operation, types)
        kept = self._cache.get(release, key)
        if kept:
            return kept
        self._quotas.require(request.client)
        answer, is_kept = self._look_up(request.client, operation, types, key) or await self._ask_worker(
            request, operation, types, release
        )
        if is_kept and isinstance(answer, CachedAnswer):
            self._cache.put(release, key, answer, len(operation.query or ""))
        return answer

    def _look_up(
        self, client: str, operation: Operation, types: MediaTypes, key: Hashable
    ) -> tuple[CachedAnswer, bool] | None:
        """The answer to a lookup, and whether to keep it; None for another query."""
        started = time.monotonic()
        answer = self._local.find(operation, types)
        if answer is None:
            return None
        self._quotas.charge(client, time.monotonic() - started)
        return answer, self._local.is_repeated(key)

    async def _ask_worker(
        self, request: HttpRequest, operation: Operation, types: MediaTypes, release: str
    ) -> tuple[QueryAnswer, bool]:
        """The answer of a worker, and whether to keep it."""
        asked = QueryRequest(
            operation.query or "",
            types.solutions,
            types.boolean,
            types.graph,
            operation.default_graphs,
            operation.named_graphs,
        )
        timeout_s = min(self._limits.timeout_s, operation.timeout_s or float("inf"))
        reply = await self._reply(request, asked, timeout_s)
        head = QueryHead.from_json(reply.head)
        if not self._cache.takes(reply.size):
            return LargeAnswer(head, reply), False
        answer = CachedAnswer(reply.read(), head.media_type, answer_etag(head.digest))
        return answer, head.repeatable and head.release == release

    async def _reply(self, request: HttpRequest, asked: QueryRequest, timeout_s: float) -> Reply:
        """What a worker replies, charged to the client; no longer waited for when the client is gone."""
        watch = DisconnectWatch(request.receive)
        started = time.monotonic()
        used_s = 0.0
        try:
            reply = await self._pool.run(asked.to_json(), timeout_s=timeout_s, client=request.client)
            used_s = reply.took_s
        except WorkerError as error:
            if isinstance(error, (JobTimeoutError, WorkerCrashedError)):  # a worker had it
                used_s = time.monotonic() - started
            raise _problem_of_worker(error) from error
        except asyncio.CancelledError:
            used_s = time.monotonic() - started
            if not watch.saw_disconnect():
                raise
            raise ProblemError(400, "gone", message("The client closed the connection.")) from None  # nobody reads this
        finally:
            watch.end()
            self._quotas.charge(request.client, used_s)
        if reply.fault:
            raise _problem_of_fault(QueryFault.from_json(reply.head))
        return reply


def service_facts(view: ReleaseView, settings: Settings) -> ServiceFacts:
    """What is true of the endpoint of a release under some settings."""
    limits = (
        f"A query may take {settings.query_timeout:g} seconds and have {settings.query_length:,} bytes. "
        f"An answer may have {settings.query_rows:,} solutions and {settings.query_bytes:,} bytes."
    )
    return ServiceFacts(view.iris.base, view.iris.dataset(), shared_graph_names(view), limits)


def _cache_key(operation: Operation, types: MediaTypes) -> Hashable:
    """What an answer depends on besides the release."""
    wanted = types.solutions, types.boolean, types.graph  # a tuple: hashing the dataclass takes as long as a lookup
    return operation.query, operation.default_graphs, operation.named_graphs, wanted


def _description(request: HttpRequest, operation: Operation, facts: ServiceFacts) -> Response:
    """The answer to a request without a query: the service description, or for browsers the query page.

    Raises:
        ProblemError: No format is acceptable, or the request's Host is none.
    """
    graph = media_types(request.accept, operation.format_).graph
    chosen = graph if operation.format_ else choose(request.accept, (*GRAPH_OFFERS, "text/html"))
    root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    if chosen == "text/html":
        return RedirectResponse(f"{root}/query", 303, COMMON_HEADERS)
    if chosen is None:
        detail = message(
            "The description of this endpoint comes as Turtle, N-Triples, RDF/XML or JSON-LD; ask for one."
        )
        raise ProblemError(406, "not-acceptable", detail)
    host = request.header("host")
    server = f"{request.scope['scheme']}://{host}{root}" if host else facts.base.removesuffix("/")
    try:
        body = service_description(server, facts, chosen)
    except ValueError as error:
        raise ProblemError(400, "host", message("The Host header of the request is not a host.")) from error
    return Response(body, headers=COMMON_HEADERS, media_type=chosen)


def _problem_of_fault(fault: QueryFault) -> ProblemError:
    """The problem with a query that cannot be answered as it stands; with `line` and `column` where one is known."""
    status, kind = _STATUS[fault.kind], f"query-{fault.kind}"
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
                "The query was stopped after {seconds} seconds, the limit. "
                "Make it narrower (fewer patterns without a shared variable, a LIMIT), or download the whole dataset.",
                seconds=seconds,
            )
            return ProblemError(503, "query-timeout", detail, limit=error.limit_s)
        case PoolOverloadedError():
            detail = message("All query workers are busy. Try again in a few seconds.")
            return ProblemError(429, "busy", detail, headers={"Retry-After": "2"})
        case WorkerCrashedError(reason=CrashReason.MEMORY):
            detail = message(
                "The query was stopped because it needed more memory than the limit allows. "
                "Make it narrower, or avoid ORDER BY, GROUP BY and DISTINCT over everything."
            )
            return ProblemError(503, "query-memory", detail)
        case WorkerCrashedError():
            detail = message("The query was too much for its worker, which ended. Make the query smaller or flatter.")
            return ProblemError(503, "query-crash", detail)
        case _:
            detail = message("The server is starting or stopping. Try again in a few seconds.")
            return ProblemError(503, "not-running", detail, headers={"Retry-After": "2"})


class DisconnectWatch:
    """Cancels the task that made it when the client disconnects; starts late, since most answers are quick."""

    def __init__(self, receive: Receive) -> None:
        """Watch from a little later on."""
        self._receive = receive
        self._owner = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._disconnected = False
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, self._start)

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def saw_disconnect(self) -> bool:
        """Whether the cancellation was ours; it is then taken back."""
        if self._disconnected and self._owner is not None:
            self._owner.uncancel()
        return self._disconnected

    def _start(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._disconnected = True
        if self._owner is not None:
            self._owner.cancel()
