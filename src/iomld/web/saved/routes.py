"""Routes of saved queries: `/saved`, `/saved/NAME` and `/saved/NAME@RELEASE`, as pages, answers and descriptions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from iomld.browse.view import ReleaseView
from iomld.formats import rdf
from iomld.formats.negotiate import choose
from iomld.messages import message
from iomld.saved.folder import pins
from iomld.saved.parameters import Value
from iomld.web.client_budget import metered
from iomld.web.data.documents import HTML_TYPE
from iomld.web.i18n import page_language
from iomld.web.links import WebLink, link_header, server_address
from iomld.web.openapi import HTML, Text, nothing, page_language_parameter, responses, sample
from iomld.web.pages.query import query_outcome
from iomld.web.pages.render import page_response
from iomld.web.problems import ProblemError
from iomld.web.releases.choice import ReleaseChoice
from iomld.web.releases.request import choose_release
from iomld.web.responses import get_route, page_route
from iomld.web.saved.citations import BIBTEX_TYPE, CFF_TYPE
from iomld.web.saved.descriptions import IMMUTABLE, LIST_OFFERS, file_response, list_response, not_acceptable
from iomld.web.saved.pages import query_html
from iomld.web.saved.versions import (
    OPTIONS,
    PARAMETER,
    SavedAddress,
    SavedVersion,
    current_version,
    fixed_version,
    given_texts,
    given_values,
    query_string,
    saved_address,
)
from iomld.web.sparql.answers import AnswerResponse, QueryEndpoint
from iomld.web.sparql.exchange import HttpRequest
from iomld.web.sparql.protocol import (
    GRAPH_OFFERS,
    NAMES,
    QUERY,
    SOLUTION_OFFERS,
    Operation,
    media_types,
    operation_of,
    parameters_of,
)

_ANSWER_OFFERS = tuple(dict.fromkeys((*SOLUTION_OFFERS, *GRAPH_OFFERS)))
_OFFERS = (*_ANSWER_OFFERS, HTML, QUERY, CFF_TYPE, BIBTEX_TYPE)
_Format = Annotated[
    Text,
    Query(
        default_factory=nothing,
        alias="format",
        description="The format, by name or media type. By default, `Accept` decides.",
        json_schema_extra={"enum": ["html", *NAMES]},
        openapi_examples=sample("csv"),
    ),
]
_ListFormat = Annotated[
    Text,
    Query(
        default_factory=nothing,
        alias="format",
        description="The format, by name or media type. By default, `Accept` decides.",
        json_schema_extra={"enum": ["html", "json", *(format_.name for format_ in rdf.FORMATS)]},
        openapi_examples=sample("json"),
    ),
]
_Timeout = Annotated[
    Text,
    Query(
        default_factory=nothing,
        description="Seconds. By default, and at most, the server's limit.",
        json_schema_extra={"type": "number", "exclusiveMinimum": 0},
    ),
]
_Download = Annotated[
    Text,
    Query(
        default_factory=nothing,
        description="With `1`, the answer is a file to be saved.",
        json_schema_extra={"enum": ["0", "1"]},
    ),
]
_Name = Annotated[
    str,
    Path(
        description="The name of a query; with `@` and the name of a release, as it was in that release. "
        "With a suffix, something else than its answer: `.rq` the query, `.cff` and `.bib` its citation, `.ttl` and "
        "those of other formats of RDF its description.",
        openapi_examples=sample("projects-of-a-region"),
    ),
]


class _SentAnswer(Response):
    """An answer of the SPARQL endpoint as the response of a route."""

    def __init__(self, response: AnswerResponse) -> None:
        """Wrap the response of the endpoint."""
        super().__init__()
        self._response: ASGIApp = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await self._response(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _SavedSite:
    """What the routes answer from.

    Attributes:
        view: Gives the release that is served now, in the language of the page.
        endpoint: Answers the queries.
        datadir: Folder of the releases and queries.
    """

    view: Callable[[], ReleaseView]
    endpoint: QueryEndpoint
    datadir: FilePath


def saved_routes(view: Callable[[], ReleaseView], endpoint: QueryEndpoint, datadir: FilePath) -> APIRouter:
    """The routes.

    Args:
        view: Gives the release that is served now, in the language of the page.
        endpoint: Answers the queries, with its limits.
        datadir: Folder of the releases and queries.
    """
    router, site = APIRouter(), _SavedSite(view, endpoint, datadir)

    @page_route(
        router,
        "/saved",
        "queries",
        "List the saved queries with their parameters",
        responses({200: (*LIST_OFFERS, HTML), 304: ()}, 406, 503),
    )
    def listed(request: Request, format_: _ListFormat) -> Response:
        """Each has a title, parameters with defaults, and an address for its answer."""
        return list_response(request, view(), datadir, format_)

    @get_route(
        router,
        "/saved/{name}",
        "queries",
        "Answer a saved query",
        responses({200: _OFFERS, 304: ()}, 400, 403, 404, 406, 410, 422, 429, 500, 503),
        dependencies=[Depends(page_language_parameter)],
    )
    async def saved(
        request: Request,
        name: _Name,
        format_: _Format,
        timeout: _Timeout,  # noqa: ARG001, ASYNC109  # declared for the description; read with the other parameters
        download: _Download,  # noqa: ARG001  # as above
    ) -> Response:
        """The parameters of the query are parameters of the address; those that are left out have their defaults.

        With the name of a release, the answer never changes, and can be cited. An answer is never cut short.
        """
        return await _respond(request, saved_address(name), format_, site)

    return router


async def _respond(request: Request, address: SavedAddress, format_: str | None, site: _SavedSite) -> Response:
    """The page of a query, its answer, or what a suffix asks for."""
    version = await _version(request, address, site)
    parameters = parameters_of(request.scope["query_string"])
    texts = given_texts(version.query, parameters)
    options = {name: given for name, given in parameters.items() if name in OPTIONS}
    if not address.suffix and _wants_page(request, format_):
        return await _page_response(request, version, texts, options, site)
    values = await run_in_threadpool(metered(given_values), version, texts)
    if address.suffix:
        return await run_in_threadpool(metered(file_response), request, version, address.suffix, values)
    return await _answer(request, version, _operation(version, values, options), values, site.endpoint)


def _operation(version: SavedVersion, values: Mapping[str, Value], options: Mapping[str, Sequence[str]]) -> Operation:
    """The query operation with these values.

    Raises:
        ProblemError: An option is malformed (400).
    """
    operation = operation_of(
        {"query": [version.query.bound(values)], **{name: [*one] for name, one in options.items()}}
    )
    return operation._replace(chosen=version.view) if version.is_fixed else operation


async def _answer(
    request: Request,
    version: SavedVersion,
    operation: Operation,
    values: Mapping[str, Value],
    endpoint: QueryEndpoint,
) -> Response:
    """The answer for programs, sent as the endpoint sends it."""
    types = media_types(request.headers.get("accept"), operation.format_)
    if not any(types):
        raise not_acceptable(_ANSWER_OFFERS)
    headers = {"Link": link_header(_links(version, values))}
    if version.is_fixed:
        headers["Cache-Control"] = IMMUTABLE
    http_request = HttpRequest(request.scope, request.receive)
    return _SentAnswer(await endpoint.respond(http_request, operation, types, headers=headers))


async def _page_response(
    request: Request,
    version: SavedVersion,
    texts: Mapping[str, str],
    options: Mapping[str, Sequence[str]],
    site: _SavedSite,
) -> Response:
    """The page with the form and the answer, or with what is wrong in the form."""
    view, values, fault, outcome = version.view, version.query.values({}), None, None
    try:
        values = await run_in_threadpool(metered(given_values), version, texts)
    except ProblemError as error:
        if error.kind != PARAMETER:
            raise
        fault = error.message
    else:
        operation = _operation(version, values, {name: one for name, one in options.items() if name != "format"})
        http_request = HttpRequest(request.scope, request.receive)
        outcome = await query_outcome(view, site.endpoint, http_request, operation)

    def page() -> bytes:
        return query_html(
            version,
            server_address(request, view.iris.base),
            texts=texts,
            values=values,
            outcome=outcome,
            fault=fault,
            pinned=pins(site.datadir),
        )

    made = await run_in_threadpool(metered(page))
    problem = outcome.problem if outcome else None
    if fault is None and problem is None:
        return page_response(request, made)
    headers = {"Cache-Control": "no-store", "Content-Type": HTML_TYPE} | (problem.headers if problem else {})
    return Response(made, problem.status if problem else 400, headers)


async def _version(request: Request, address: SavedAddress, site: _SavedSite) -> SavedVersion:
    """The query that an address names.

    Raises:
        ProblemError: There is none (404), its release was removed (410), or its file has a fault (503).
    """
    if not address.release:
        return await run_in_threadpool(metered(current_version), site.datadir, site.view(), address.name)
    try:
        opened = await choose_release(request, ReleaseChoice(name=address.release))
    except ProblemError as error:
        if error.kind != "release-removed":
            raise
        detail = message(
            "{fault} The query of today is at {path}.",
            fault=error.message,
            path=f"/saved/{address.name}",
        )
        onward = message("Ask the query of today"), f"/saved/{quote(address.name)}"
        raise ProblemError(410, "release-removed", detail, onward=onward) from error
    chosen = opened.views[page_language()]
    return await run_in_threadpool(metered(fixed_version), site.datadir, chosen, address.name)


def _wants_page(request: Request, format_: str | None) -> bool:
    if format_:
        return format_ in {"html", HTML}
    return choose(request.headers.get("accept"), (*_ANSWER_OFFERS, HTML)) == HTML


def _links(version: SavedVersion, values: Mapping[str, Value]) -> tuple[WebLink, ...]:
    """Links to the description, to the answer of today, and to the answer that can be cited, if there is one."""
    path, given = f"/saved/{version.query.name}", query_string(version.query.given(values))
    own = f"{path}@{quote(version.release)}" if version.is_fixed else path
    links = [WebLink("describedby", f"{own}.ttl", rdf.TURTLE.media_type)]
    if version.is_fixed:
        links += (WebLink("latest-version", f"{path}{given}"), WebLink("original", f"{path}{given}"))
    if version.recorded:
        links.append(WebLink("cite-as", version.iri(values)))
    return tuple(links)
