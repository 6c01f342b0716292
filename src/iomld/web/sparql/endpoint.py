"""The SPARQL endpoint: the query operation of the SPARQL 1.1 Protocol, as an ASGI application.

It answers GET, POST and QUERY (draft-ietf-httpbis-safe-method-w-body), which has a body like POST and is safe like GET.

An answer comes from the cache; otherwise, if the query is a lookup, from this process; otherwise from a worker. It is
complete before its first byte is sent, so a response with status 200 is never cut short. Other statuses say why there
is no answer:

====  ==========================================================================================================
400   The request or the query is malformed, or the query is an update.
403   An update operation, or a query with SERVICE.
406   None of our formats is acceptable.
413   The request's body is too large.
415   The request's body is of another type than the protocol's two.
422   The query is correct but its answer is larger than the limit: only a query for less can succeed.
429   All workers are busy, or the client has used up its quota; `Retry-After` says when to try again.
500   The store could not be read.
503   A limit of time or memory was reached, which the problem names. Or the server is starting or stopping.
====  ==========================================================================================================
"""

import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from iomld.browse.explain.candidates import ReleaseTerms
from iomld.browse.view import ReleaseView, shared_graph_names
from iomld.config import Settings
from iomld.formats.negotiate import choose
from iomld.i18n import ENGLISH
from iomld.iris import Iris
from iomld.messages import message
from iomld.store.service_description import ServiceFacts, service_description
from iomld.web.client_budget import ClientQuotas
from iomld.web.problems import ProblemError
from iomld.web.releases.archive import PastRelease
from iomld.web.releases.choice import ReleaseChoice, created, memento_headers
from iomld.web.sparql.answers import AnswerResponse, QueryAnswer, Spool, answer_file_name
from iomld.web.sparql.cache import AnswerCache, CachedAnswer
from iomld.web.sparql.evaluation import LocalAnswers, QueryPool, WorkerAnswers
from iomld.web.sparql.exchange import COMMON_HEADERS, HttpRequest, answer_request, preflight_headers
from iomld.web.sparql.explain import explain_response
from iomld.web.sparql.protocol import (
    GRAPH_OFFERS,
    QUERY,
    MediaTypes,
    Operation,
    media_types,
    operation_of_body,
    operation_of_query,
    operation_of_url,
)

_METHODS = "GET, HEAD, POST, QUERY, OPTIONS"
_PREFLIGHT = preflight_headers(_METHODS, "Accept, Content-Type, If-None-Match") | {"Accept-Query": QUERY}


@dataclass(frozen=True, slots=True)
class SparqlLimits:
    """The limits of an endpoint.

    Attributes:
        timeout_s: Seconds for a query; a client may ask for fewer.
        body_bytes: Largest body of a request.
        cache_bytes: Memory for cached answers.
        spooled_bytes: Total size of the large answers that are being sent.
        client_s: Seconds of work that one client may use at once.
        client_refill_s: Seconds that it gets back each minute.
    """

    timeout_s: float = 10.0
    body_bytes: int = 1 << 20
    cache_bytes: int = 64 << 20
    spooled_bytes: int = 512 << 20
    client_s: float = 120.0
    client_refill_s: float = 60.0


class SparqlApp:
    """The endpoint as an ASGI application; it ignores the path.

    Attributes:
        quotas: The seconds of work left to each client.
    """

    def __init__(  # noqa: PLR0913  # its parts, by name
        self,
        pool: QueryPool,
        *,
        iris: Iris,
        release_name: Callable[[], str],
        limits: SparqlLimits,
        cache: AnswerCache | None = None,
        facts: Callable[[], ServiceFacts] | None = None,
        known: Callable[[ReleaseView | None], ReleaseTerms] | None = None,
        lookup: Callable[[str, ReleaseView | None], bytes | None] = lambda _, __: None,
        open_release: Callable[[ReleaseChoice], PastRelease] | None = None,
    ) -> None:
        """Set up.

        Args:
            pool: Workers opened with `iomld.store.query_worker.HANDLER`; the caller starts and stops it.
            iris: The IRIs of the dataset, for the service description where `facts` is None.
            release_name: Gives the name of the release served now; a new name empties the cache.
            limits: The limits.
            cache: The cache of answers; a new one if None.
            facts: Gives what the service description says about the release served now.
            known: Gives the terms of a release, or of the one served now, to explain queries that find nothing; no
                terms if None.
            lookup: Answers a query about a release, or about the one served now, in JSON without a worker if it is a
                lookup, otherwise gives None.
            open_release: Opens the release that a request chooses; called in a thread. If None, none can be chosen.
        """
        self._release_name, self._limits = release_name, limits
        self._cache = cache or AnswerCache(limits.cache_bytes)
        self.quotas = ClientQuotas(limits.client_s, limits.client_refill_s)
        self._local = LocalAnswers(lookup)
        self._workers = WorkerAnswers(pool, self.quotas, timeout_s=limits.timeout_s)
        self._spool = Spool(limits.spooled_bytes)
        self._facts = facts or (lambda: ServiceFacts(iris.base, iris.dataset()))
        self._known = known or (lambda _: ReleaseTerms(iris.base))
        self._open_release = open_release

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request."""
        return answer_request(HttpRequest(scope, receive), self._respond, send)

    async def _respond(self, request: HttpRequest) -> ASGIApp:
        if request.method in {"GET", "HEAD"}:
            operation = operation_of_url(request.scope["query_string"])
        elif request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        else:
            operation = await self._operation_of_body(request)
        if operation.query is None:
            return _description(request, operation, self._facts())
        if operation.choice:
            operation = await self._with_release(request, operation, operation.choice)
        if operation.explain:
            return await explain_response(self, request, operation, partial(self._known, operation.chosen))
        types = media_types(request.accept, operation.format_)
        if not any(types):
            raise ProblemError(
                406,
                "not-acceptable",
                message(
                    "Results are available as JSON, XML, CSV and TSV, graphs as Turtle, N-Triples, RDF/XML and "
                    "JSON-LD. Ask for one of these in the Accept header, or add ?format=json."
                ),
            )
        return await self.respond(request, operation, types)

    async def _with_release(self, request: HttpRequest, operation: Operation, choice: ReleaseChoice) -> Operation:
        """The operation with the release that it chooses, whose opening is charged to the client."""
        if self._open_release is None:
            detail = message("This endpoint answers about one release. Remove the parameter that names another one.")
            raise ProblemError(400, "unknown-parameter", detail)
        self.quotas.require(request.client)
        started = time.monotonic()
        try:
            opened = await run_in_threadpool(self._open_release, choice)
        finally:
            self.quotas.charge(request.client, time.monotonic() - started)
        return operation._replace(chosen=opened.views[ENGLISH])

    async def _operation_of_body(self, request: HttpRequest) -> Operation:
        query_string: bytes = request.scope["query_string"]
        if request.method == "POST":
            body = await request.body(self._limits.body_bytes)
            return await operation_of_body(request.header("content-type") or "", body, query_string)
        if request.method == "QUERY":
            body = await request.body(self._limits.body_bytes)
            return operation_of_query(request.header("content-type") or "", body, query_string)
        detail = message("Use GET, POST or QUERY instead of {method}.", method=request.method[:40])
        raise ProblemError(405, "method", detail, headers={"Allow": _METHODS})

    async def respond(
        self,
        request: HttpRequest,
        operation: Operation,
        types: MediaTypes,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> AnswerResponse:
        """The response to a query.

        Args:
            request: The request.
            operation: The query.
            types: The media types of the answer.
            headers: More headers.

        Raises:
            ProblemError: It has no answer.
        """
        found = await self.find(request, operation, types)
        name = ""
        if operation.download:
            name = answer_file_name(operation.query or "", self._name_of(operation), found.media_type)
        memento = memento_headers(created(operation.chosen.release)) if operation.chosen else {}
        return AnswerResponse(request, found, self._spool, file_name=name, headers=memento | dict(headers))

    def _name_of(self, operation: Operation) -> str:
        """The name of the release that an operation is about."""
        return operation.chosen.release.manifest.name if operation.chosen else self._release_name()

    async def find(self, request: HttpRequest, operation: Operation, types: MediaTypes) -> QueryAnswer:
        """The answer to a query: from the cache, by a lookup in this process, or by a worker. The caller closes it.

        Raises:
            ProblemError: It has no answer.
        """
        release, key = self._release_name(), _cache_key(operation, types)
        cached = self._cache.get(release, key)
        if cached:
            return cached
        self.quotas.require(request.client)
        answer, is_cacheable = self._look_up(request.client, operation, types, key) or await self._ask_worker(
            request, operation, types, release
        )
        if is_cacheable and isinstance(answer, CachedAnswer):
            self._cache.put(release, key, answer, len(operation.query or ""))
        return answer

    def _look_up(
        self, client: str, operation: Operation, types: MediaTypes, key: Hashable
    ) -> tuple[CachedAnswer, bool] | None:
        """The answer to a lookup, and whether to cache it; None for another query."""
        started = time.monotonic()
        answer = self._local.find(operation, types)
        if answer is None:
            return None
        self.quotas.charge(client, time.monotonic() - started)
        return answer, self._local.is_repeated(key)

    async def _ask_worker(
        self, request: HttpRequest, operation: Operation, types: MediaTypes, release: str
    ) -> tuple[QueryAnswer, bool]:
        """The answer of a worker, and whether to cache it."""
        answer, head = await self._workers.find(request, operation, types, fits=self._cache.fits)
        asked = operation.chosen.release.manifest.name if operation.chosen else release
        return answer, head.repeatable and head.release == asked


def service_facts(view: ReleaseView, settings: Settings) -> ServiceFacts:
    """The facts that the service description states about a release and the settings of its endpoint."""
    limits = (
        f"A query may take {settings.query_timeout:g} seconds and have {settings.query_length:,} bytes. "
        f"An answer may have {settings.query_rows:,} solutions and {settings.query_bytes:,} bytes."
    )
    return ServiceFacts(view.iris.base, view.iris.dataset(), shared_graph_names(view), limits)


def _cache_key(operation: Operation, types: MediaTypes) -> Hashable:
    """All that an answer depends on besides the release that is served: what is asked, and of which other release."""
    key = operation.query, operation.default_graphs, operation.named_graphs, types
    return (operation.chosen.release.manifest.name, key) if operation.chosen else key


def _description(request: HttpRequest, operation: Operation, facts: ServiceFacts) -> Response:
    """The response to a request without a query: the service description, or for browsers the query page.

    Raises:
        ProblemError: No format is acceptable, or the request's Host is not a host.
    """
    graph = media_types(request.accept, operation.format_).graph
    chosen = graph if operation.format_ else choose(request.accept, (*GRAPH_OFFERS, "text/html"))
    root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    if chosen == "text/html":
        return RedirectResponse(f"{root}/query", 303, COMMON_HEADERS)
    if chosen is None:
        detail = message(
            "The description of this endpoint is available as Turtle, N-Triples, RDF/XML or JSON-LD. Ask for "
            "one of them in the Accept header."
        )
        raise ProblemError(406, "not-acceptable", detail)
    host = request.header("host")
    server = f"{request.scope['scheme']}://{host}{root}" if host else facts.base.removesuffix("/")
    try:
        body = service_description(server, facts, chosen)
    except ValueError as error:
        raise ProblemError(400, "host", message("The Host header of the request is not a valid host name.")) from error
    return Response(body, headers=COMMON_HEADERS, media_type=chosen)
