"""Composes the web application from its routes, the SPARQL endpoint and the middleware; maps errors to statuses."""

import logging
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from iomld import __version__
from iomld.browse.explain.candidates import release_terms
from iomld.browse.view import ReleaseView
from iomld.config import Settings
from iomld.errors import IomldError, NotFoundError, StoreError
from iomld.fund_folder import using
from iomld.inbox.database import has_inbox
from iomld.inbox.submissions import InboxRefusal
from iomld.iris import Iris
from iomld.messages import ForeignText, Message, message
from iomld.store.service_description import ServiceFacts
from iomld.temporary import temporary_folder
from iomld.web.client_budget import ClientBudgetMiddleware, ClientQuotas
from iomld.web.compression import CompressionMiddleware, with_vary
from iomld.web.conditional import ConditionalStaticFiles
from iomld.web.data.annotation import annotation_routes
from iomld.web.data.atom import atom_routes
from iomld.web.data.descriptions import catalogue_routes
from iomld.web.data.discovery import discovery_routes
from iomld.web.data.downloads import DownloadFiles, download_routes
from iomld.web.data.feed import feed_routes
from iomld.web.data.mementos import memento_routes
from iomld.web.data.resources import resource_routes
from iomld.web.data.validation import validation_routes
from iomld.web.docs_page import docs_routes
from iomld.web.guide import guide_routes
from iomld.web.i18n import page_language
from iomld.web.language import LanguageMiddleware
from iomld.web.mentions.routes import mention_routes
from iomld.web.openapi import TAGS, describe_routes
from iomld.web.operations import operation_routes
from iomld.web.pages.home import prepare_home_page
from iomld.web.pages.overview import page_routes
from iomld.web.pages.query import query_routes
from iomld.web.problems import ProblemError, problem, problem_of
from iomld.web.reconciliation.preview import FRAME_POLICY
from iomld.web.reconciliation.routes import reconciliation_routes
from iomld.web.releases.archive import ReleaseArchive
from iomld.web.releases.changes import change_routes
from iomld.web.request_metrics import Metrics, RequestLog, RequestMetricsMiddleware
from iomld.web.saved.routes import saved_routes
from iomld.web.selection.routes import selection_routes
from iomld.web.selection.workers import SelectionWriter
from iomld.web.serving import Serving
from iomld.web.sessions.routes import session_routes
from iomld.web.sparql.cache import AnswerCache
from iomld.web.sparql.endpoint import SparqlApp, SparqlLimits, service_facts
from iomld.web.sparql.graph_store import GraphStore, add_graph_store
from iomld.web.submissions.answers import refusal_problem
from iomld.web.submissions.desk import SubmissionDesk, open_desk
from iomld.web.submissions.routes import submission_routes
from iomld.web.templating import static_directory

_SAFETY_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)
_FOR_FRAMES = (_SAFETY_HEADERS[0][0], FRAME_POLICY.encode())  # of a preview, which pages of other sites may show
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")  # which some responses have already
_LOG = logging.getLogger(__name__)
_SWITCH_S = 0.001  # after which the event loop gets its turn; 5 ms by default, for each thread that is before it
_ENDPOINT_PATH = "/sparql"
_HTML_RANGE = re.compile(rb"text/(?:html|\*)", re.IGNORECASE)
_ROUTE_METHODS = ("GET", "HEAD", "POST", "OPTIONS")


def create_app(datadir: Path, settings: Settings, base: str) -> RequestMetricsMiddleware:
    """Create the application that serves a folder of releases.

    Args:
        datadir: The folder.
        settings: All settings.
        base: The base of the releases' IRIs.
    """
    serving = Serving(datadir, replace(settings, base_iri=base), prepare_home_page)
    files = DownloadFiles(Path(tempfile.gettempdir()))
    metrics = Metrics()
    cache = AnswerCache(settings.cache_bytes)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with temporary_folder("downloads") as folder:
            files.keep_in(folder)
            sys.setswitchinterval(_SWITCH_S)
            try:
                await serving.start()
                yield
            finally:
                await desk.stop()
                await selections.stop()
                await serving.stop()

    def view() -> ReleaseView:
        return serving.view_in(page_language())

    app = _framework(lifespan)
    app.state.archive = archive = ReleaseArchive(datadir, lambda: serving.view, lambda: serving.fund)
    _add_routes(app, operation_routes(serving, metrics, cache), page_routes(view))
    endpoint = _endpoint(serving, archive, settings, base, cache)
    desk = open_desk(datadir, replace(settings, base_iri=base), serving.current, endpoint.quotas)
    selections = SelectionWriter(datadir, settings, endpoint.quotas)
    _add_routes(app, query_routes(view, endpoint), saved_routes(view, endpoint, datadir))
    _add_routes(app, *_data_routes(serving, view))
    _add_routes(app, download_routes(lambda: serving.release, files), selection_routes(view, selections))
    _add_routes(app, change_routes(view, archive, max_bytes=settings.query_bytes))
    _add_routes(app, *_check_routes(serving, endpoint.quotas, settings.upload_bytes))
    _add_submissions(app, desk, view, endpoint.quotas, settings.upload_bytes)
    _add_routes(app, docs_routes(view, app.openapi), guide_routes(view))
    _add_routes(app, discovery_routes(lambda: serving.view, settings.security_contact))
    describe_routes(app, base)
    app.mount("/static", ConditionalStaticFiles(directory=static_directory()), name="static")
    add_graph_store(app, GraphStore(endpoint.respond, Iris(base), lambda: serving.view.reader))
    log = RequestLog(metrics, sys.stderr.write if settings.access_log == "json" else None)
    limited = ClientBudgetMiddleware(_FundMiddleware(app, serving), endpoint.quotas)
    return _with_middleware(limited, endpoint, log, partial(has_inbox, datadir))


def _add_submissions(
    app: FastAPI, desk: SubmissionDesk, view: Callable[[], ReleaseView], quotas: ClientQuotas, max_bytes: int
) -> None:
    """Add the routes for senders and reviewers."""
    _add_routes(app, submission_routes(desk, view, quotas, max_bytes=max_bytes))
    _add_routes(app, session_routes(desk.access, quotas), mention_routes(desk.access, view, quotas))


def _add_routes(app: FastAPI, *routers: APIRouter) -> None:
    """Add the routes of routers as they are; `include_router` would analyse their parameters once more."""
    for router in routers:
        app.router.routes.extend(router.routes)


def _data_routes(serving: Serving, view: Callable[[], ReleaseView]) -> Iterable[APIRouter]:
    """The routes of what is published, for programs first."""
    yield from (resource_routes(view), memento_routes(view), feed_routes(view))
    yield from (atom_routes(lambda: serving.view), catalogue_routes(lambda: serving.view), reconciliation_routes(view))


def _check_routes(serving: Serving, quotas: ClientQuotas, max_bytes: int) -> Iterable[APIRouter]:
    """The routes whose uploads the workers for checks read."""
    yield validation_routes(lambda: serving.checker, quotas, max_bytes=max_bytes)
    yield annotation_routes(lambda: serving.checker, quotas, max_bytes=max_bytes)


def _with_middleware(
    app: ASGIApp, endpoint: ASGIApp, log: RequestLog, takes_submissions: Callable[[], bool]
) -> RequestMetricsMiddleware:
    """Wrap all routes in the middleware.

    A request passes through, in this order:

    1. `RequestMetricsMiddleware`, which counts the response as it leaves the server.
    2. `_ResponseHeadersMiddleware`, which adds to all responses, also to those of the middleware below.
    3. `CompressionMiddleware`.
    4. `_EndpointRouter`, which spares requests to the SPARQL endpoint the framework.
    5. `LanguageMiddleware`, for responses that may be a page.
    6. `ClientBudgetMiddleware` and `_FundMiddleware`, for the routes of the framework.

    Those that do nothing after a response, or after an event of it, return what is to be awaited: a coroutine of their
    own for each would be a tenth of the time of a cached answer.
    """
    pages, endpoint_with_pages = (LanguageMiddleware(one, takes_submissions) for one in (app, endpoint))
    routes = _EndpointRouter(pages, endpoint, endpoint_with_pages)
    return RequestMetricsMiddleware(_ResponseHeadersMiddleware(CompressionMiddleware(routes)), log)


def _framework(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """The framework with our answers to errors, and without its own pages, which need scripts of other sites."""
    app = FastAPI(
        title="iomld",
        version=__version__,
        openapi_tags=TAGS,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    _translate_errors(app)
    _translate_failures(app)
    return app


def _endpoint(
    serving: Serving, archive: ReleaseArchive, settings: Settings, base: str, cache: AnswerCache
) -> SparqlApp:
    """The SPARQL endpoint of the release that is served, and of those that requests choose."""

    def facts() -> ServiceFacts:
        return service_facts(serving.view, settings)

    limits = SparqlLimits(
        timeout_s=settings.query_timeout,
        body_bytes=settings.query_length,
        cache_bytes=settings.cache_bytes,
        client_s=settings.client_seconds,
        client_refill_s=settings.client_refill,
    )
    return SparqlApp(
        serving,
        iris=Iris(base),
        release_name=serving.name,
        limits=limits,
        cache=cache,
        facts=facts,
        known=lambda chosen: release_terms(chosen or serving.view),
        lookup=serving.lookup,
        open_release=archive.open,
    )


class _FundMiddleware:
    """Answers with the data files that the release was published with."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self._app, self._serving = app, serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with using(self._serving.fund):
            await self._app(scope, receive, send)


class _ResponseHeadersMiddleware:
    """Adds the headers by which browsers restrict what a page may do, and Accept-Encoding to Vary."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        def send_complete(event: Event) -> Awaitable[None]:
            if event["type"] == "http.response.start":
                headers = [*event.get("headers", ()), *_SAFETY_HEADERS]
                if _FOR_FRAMES in headers:
                    headers.remove(_SAFETY_HEADERS[0])
                if _NO_SNIFFING not in headers:
                    headers.append(_NO_SNIFFING)
                event["headers"] = with_vary(headers)
            return send(event)

        return self._app(scope, receive, send_complete)


class _EndpointRouter:
    """Sends requests for `/sparql` to the endpoint, all others to the routes of the framework.

    The endpoint has one kind of page, its problems, and only for clients that accept HTML. For all others no language
    is chosen, since that takes as long as an answer from the cache.
    """

    def __init__(self, app: ASGIApp, endpoint: ASGIApp, endpoint_with_pages: ASGIApp) -> None:
        self._app, self._endpoint, self._endpoint_with_pages = app, endpoint, endpoint_with_pages

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or scope["path"] != _ENDPOINT_PATH:
            return self._app(scope, receive, send)
        for name, value in scope["headers"]:
            if name == b"accept" and _HTML_RANGE.search(value):
                return self._endpoint_with_pages(scope, receive, send)
        return self._endpoint(scope, receive, send)


def _allowed_methods(request: Request, path: str) -> list[str]:
    """The methods that a path has routes for."""
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]

    def is_allowed(method: str) -> bool:
        scope = {"type": "http", "path": path, "method": method, "headers": []}
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

    return [method for method in _ROUTE_METHODS if is_allowed(method)]


def _redirect_without_slash(request: Request) -> Response | None:
    """Redirect a path with a trailing slash to the route without; only by path, as clients may name any host."""
    path, raw = request.scope["path"], request.scope.get("raw_path", b"")
    is_known = path[:-1] == _ENDPOINT_PATH or _allowed_methods(request, path[:-1])
    if not (raw.endswith(b"/") and is_known):
        return None
    query = request.scope["query_string"]
    return RedirectResponse((raw[:-1] + (b"?" + query if query else b"")).decode("latin-1"), 308)


def _translate_errors(app: FastAPI) -> None:
    """Map errors to statuses and problems (RFC 9457); the only place that does."""

    def accept_of(request: Request) -> str | None:
        return request.headers.get("accept")

    @app.exception_handler(ProblemError)
    def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)  # noqa: S101  # registered for it
        return problem_of(error, accept=accept_of(request))

    @app.exception_handler(IomldError)
    def on_our_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, IomldError)  # noqa: S101  # registered for it
        status = 404 if isinstance(error, NotFoundError) else 503 if isinstance(error, StoreError) else 400
        return problem_of(ProblemError(status, "error", error.message), accept=accept_of(request))

    @app.exception_handler(InboxRefusal)
    def on_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, InboxRefusal)  # noqa: S101  # registered for it
        return problem_of(refusal_problem(error), accept=accept_of(request))

    @app.exception_handler(HTTPException)
    def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for it
        path = request.url.path
        detail = {
            404: message("There is nothing at {path}. Begin at the home page.", path=path),
            405: message("The method {method} is not allowed at {path}.", method=request.method, path=path),
        }.get(error.status_code, Message(str(error.detail)))
        headers = error.headers
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:  # the framework names only those of the first route
            allowed = _allowed_methods(request, request.scope["path"]) or _ROUTE_METHODS[:2]  # of static files
            headers = {"Allow": ", ".join(allowed)}
        elif error.status_code == HTTPStatus.NOT_FOUND and (redirect := _redirect_without_slash(request)):
            return redirect
        return problem_of(ProblemError(error.status_code, "http", detail, headers=headers), accept=accept_of(request))

    @app.exception_handler(RequestValidationError)
    def on_parameters(request: Request, error: Exception) -> Response:
        detail = Message("A parameter cannot be used: {error}", {"error": str(error)})
        return problem(400, "Bad Request", detail, accept=accept_of(request))


def _translate_failures(app: FastAPI) -> None:
    """Map what is no fault of the request to problems: errors of the machine, and bugs."""

    @app.exception_handler(OSError)
    def on_machine(request: Request, error: Exception) -> Response:
        _LOG.error("%s", request.url.path, exc_info=error)
        reason = ForeignText(getattr(error, "strerror", None) or type(error).__name__)
        detail = message("The server cannot read or write a file ({reason}). Tell whoever runs it.", reason=reason)
        return problem_of(ProblemError(503, "machine", detail), accept=request.headers.get("accept"))

    @app.exception_handler(Exception)
    def on_bug(request: Request, error: Exception) -> Response:
        del error  # the framework raises it again, so that the server logs it
        detail = message("The server failed at this request, and has logged why. Tell whoever runs it.")
        return problem_of(ProblemError(500, "bug", detail), accept=request.headers.get("accept"))
