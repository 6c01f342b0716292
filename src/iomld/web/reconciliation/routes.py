"""The routes of the Reconciliation API: `/reconcile` speaks version 0.2, `/reconcile/1.0` version 1.0-draft."""

import json
import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.browse.reconciliation.candidates import known_types, suggest_entities
from iomld.browse.reconciliation.entities import EntityType, entity_by_id
from iomld.browse.reconciliation.queries import ReconciliationError
from iomld.browse.view import ReleaseView
from iomld.messages import message
from iomld.web.client_budget import metered
from iomld.web.data.upload import read_body
from iomld.web.form_decoder import FORM_TYPE
from iomld.web.i18n import page_language
from iomld.web.links import server_address
from iomld.web.openapi import HTML, Text, no_text, nothing, operation_id, responses, sample
from iomld.web.problems import ProblemError, media_type_of, require_present, unread_type
from iomld.web.reconciliation.answers import (
    ApiVersion,
    Json,
    entity_suggestions,
    extension,
    listed_results,
    manifest,
    named_results,
    property_proposals,
    property_suggestions,
    type_suggestions,
)
from iomld.web.reconciliation.preview import FRAME_POLICY, preview_page
from iomld.web.reconciliation.requests import (
    MOST_BYTES,
    form_fields,
    read_extension,
    read_listed_batch,
    read_named_batch,
)
from iomld.web.responses import answer, get_route
from iomld.web.sparql.exchange import preflight_headers

_TAG = "reconciliation"
_JSON = "application/json"
_MOST_SUGGESTED = 20  # by default
_LONGEST_PREFIX = 200  # characters
_READ = responses({200: (_JSON,), 304: ()}, 400, 413, 503)
_SENT = responses({200: (_JSON,)}, 400, 413, 415, 429, 503)
_PREVIEWED = responses({200: (HTML,), 304: ()}, 400, 404, 503)
# Names are in the language of the client, as on pages.
_HEADERS = {"Vary": "Accept-Language, Cookie"}

_Queries = Annotated[
    Text,
    Query(
        default_factory=nothing,
        description="A batch of queries as JSON. Without it, the answer is the manifest.",
        openapi_examples=sample('{"q0": {"query": "Kenya", "type": "country"}}'),
    ),
]
_Extend = Annotated[
    Text, Query(default_factory=nothing, description="Entities and properties as JSON, in place of queries.")
]
_Prefix = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="What was typed. Leave it empty to get everything.",
        openapi_examples=sample("ken"),
    ),
]
_DIGITS = "^[0-9]{0,6}$"
_Cursor = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="How many suggestions to leave out.",
        json_schema_extra={"pattern": _DIGITS},
    ),
]
_Limit = Annotated[
    str,
    Query(
        default_factory=no_text, description="The largest number of answers.", json_schema_extra={"pattern": _DIGITS}
    ),
]
_Type = Annotated[
    Text,
    Query(
        default_factory=nothing,
        alias="type",
        description="The type of the entities. By default, all types.",
        json_schema_extra={"enum": [*EntityType]},
    ),
]
_Id = Annotated[
    str,
    Query(
        alias="id",
        default_factory=no_text,
        description="The identifier of an entity.",
        openapi_examples=sample("id/country/KE"),
    ),
]


def reconciliation_routes(view: Callable[[], ReleaseView]) -> APIRouter:
    """The routes of both versions.

    Args:
        view: Gives the release that is served now, in the language of the client.
    """
    router = APIRouter()
    _named_routes(router, view)
    _listed_routes(router, view)
    for version in ApiVersion:
        _suggest_routes(router, view, version.path)
        _preview_route(router, view, version.path)
    for path, methods in _methods(router).items():
        _preflight_route(router, path, methods)
    return router


def _named_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """The manifest, the queries and data extension of version 0.2, which are at one address."""

    @get_route(
        router,
        ApiVersion.V0_2.path,
        _TAG,
        "Describe the reconciliation service, or match names",
        _READ,
        dependencies=[Depends(require_present)],
    )
    def described(request: Request, queries: _Queries, extend: _Extend) -> Response:
        """Version 0.2 of the Reconciliation API, for OpenRefine: add this address as a standard service."""
        opened = view()
        if queries is None and extend is None:
            server = server_address(request, opened.iris.base)
            return _answer(request, manifest(opened, ApiVersion.V0_2, server))
        return _answer(request, _named_answer(opened, {"queries": queries, "extend": extend}))

    def matched(body: bytes) -> Json:
        fields = form_fields(body)
        return _named_answer(view(), {name: fields.get(name) for name in ("queries", "extend")})

    fields = {
        "queries": {"type": "string", "description": "A batch of queries as JSON."},
        "extend": {"type": "string", "description": "Entities and properties as JSON, in place of queries."},
    }
    form = {
        "schema": {"type": "object", "properties": fields},
        "example": {"queries": '{"q0": {"query": "Kenya", "type": "country"}}'},
    }
    summary = "Match names, or get properties of entities"
    _post_route(router, ApiVersion.V0_2.path, summary, {FORM_TYPE: form}, matched)


def _named_answer(view: ReleaseView, fields: dict[str, str | None]) -> Json:
    """The answer of version 0.2 to queries, or to the question for properties.

    Raises:
        ProblemError: There is neither, or it cannot be used.
    """
    if (queries := fields["queries"]) is not None:
        return named_results(view, read_named_batch(queries))
    if (extend := fields["extend"]) is not None:
        return extension(view, read_extension(extend), ApiVersion.V0_2)
    detail = message("Send a form with the field “queries” or “extend”, or ask with GET for the manifest.")
    raise ProblemError(400, "bad-query", detail)


def _listed_routes(router: APIRouter, view: Callable[[], ReleaseView]) -> None:
    """The manifest, the queries and data extension of version 1.0-draft."""
    path = ApiVersion.V1_0.path

    @get_route(
        router, path, _TAG, "Describe the reconciliation service", _READ, dependencies=[Depends(require_present)]
    )
    def described(request: Request) -> Response:
        """Version 1.0-draft of the Reconciliation API; its other routes are under this address."""
        opened = view()
        return _answer(request, manifest(opened, ApiVersion.V1_0, server_address(request, opened.iris.base)))

    def matched(body: bytes) -> Json:
        return listed_results(view(), read_listed_batch(body))

    def extended(body: bytes) -> Json:
        return extension(view(), read_extension(body), ApiVersion.V1_0)

    query = {"conditions": [{"matchType": "name", "propertyValue": "Kenya"}], "type": "country"}
    batch = {"schema": {"type": "object"}, "example": {"queries": [query]}}
    _post_route(router, f"{path}/match", "Match names", {_JSON: batch}, matched)
    asked = {"schema": {"type": "object"}, "example": {"ids": ["id/country/KE"], "properties": [{"id": "iso3"}]}}
    _post_route(router, f"{path}/extend", "Get properties of entities", {_JSON: asked}, extended)


def _post_route(
    router: APIRouter, path: str, summary: str, content: dict[str, object], answered: Callable[[bytes], Json]
) -> None:
    """Register a question in a body; it is answered in a thread and charged to the client."""

    @router.post(
        path,
        tags=[_TAG],
        summary=summary,
        response_class=Response,
        responses=_SENT,
        openapi_extra={"requestBody": {"required": True, "content": content}},
        generate_unique_id_function=operation_id,
    )
    async def asked(request: Request) -> Response:
        media_type = media_type_of(request)
        if media_type not in content:
            raise unread_type(media_type, content)
        require_present(request)
        body = await read_body(request, MOST_BYTES)
        found = await run_in_threadpool(metered(answered), body)
        headers = _HEADERS | {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": "no-store",
            "Content-Language": page_language(),
        }
        return Response(_bytes(found), media_type=_JSON, headers=headers)


def _suggest_routes(router: APIRouter, view: Callable[[], ReleaseView], path: str) -> None:
    """What people may be typing, and which properties a type has; the same in both versions."""
    present = [Depends(require_present)]

    @get_route(
        router, f"{path}/suggest/entity", _TAG, "Suggest entities for what is typed", _READ, dependencies=present
    )
    def entities(  # the parameters of both versions
        request: Request, prefix: _Prefix, type_: _Type, cursor: _Cursor, offset: _Cursor, limit: _Limit
    ) -> Response:
        """Entities with a name, a code or an identifier that begins so."""
        opened = view()
        found = suggest_entities(opened, prefix[:_LONGEST_PREFIX], _types(type_))
        return _answer(request, entity_suggestions(opened, found[_part(cursor, offset, limit)]))

    @get_route(
        router, f"{path}/suggest/property", _TAG, "Suggest properties for what is typed", _READ, dependencies=present
    )
    def properties(
        request: Request, prefix: _Prefix, type_: _Type, cursor: _Cursor, offset: _Cursor, limit: _Limit
    ) -> Response:
        """Properties with a name or an identifier that begins so."""
        found = property_suggestions(view(), prefix[:_LONGEST_PREFIX], _types(type_))
        return _answer(request, {"result": found[_part(cursor, offset, limit)]})

    @get_route(router, f"{path}/suggest/type", _TAG, "Suggest types for what is typed", _READ, dependencies=present)
    def types(request: Request, prefix: _Prefix, cursor: _Cursor, offset: _Cursor, limit: _Limit) -> Response:
        """Types with a name or an identifier that begins so."""
        found = type_suggestions(view(), prefix[:_LONGEST_PREFIX])
        return _answer(request, {"result": found[_part(cursor, offset, limit)]})

    @get_route(router, f"{path}/extend/propose", _TAG, "List the properties of a type", _READ, dependencies=present)
    def proposed(request: Request, type_: _Type, limit: _Limit) -> Response:
        """The properties that data extension offers; without a type, those of projects."""
        chosen = _types(type_)[0]
        found = property_proposals(view(), chosen)
        most = _number("limit", limit)
        answered: Json = {"properties": found[:most], "type": chosen}
        return _answer(request, answered | ({} if most is None else {"limit": most}))


def _preview_route(router: APIRouter, view: Callable[[], ReleaseView], path: str) -> None:
    @get_route(
        router,
        f"{path}/preview",
        _TAG,
        "Preview an entity in a frame",
        _PREVIEWED,
        dependencies=[Depends(require_present)],
    )
    def preview(request: Request, id_: _Id) -> Response:
        """A small page about an entity, which pages of other sites may show in a frame."""
        opened = view()
        entity = entity_by_id(opened, id_)
        if entity is None:
            detail = message("There is no entity '{name}'. /reconcile/suggest/entity finds entities.", name=id_[:200])
            raise ProblemError(404, "unknown", detail)
        headers = {"Content-Security-Policy": FRAME_POLICY}
        return answer(request, preview_page(opened, entity), f"{HTML}; charset=utf-8", headers=headers)


def _preflight_route(router: APIRouter, path: str, methods: str) -> None:
    """Let scripts of other sites send JSON, for which browsers ask first."""

    async def preflight() -> Response:
        return Response(status_code=204, headers=preflight_headers(methods, "Content-Type"))

    router.add_api_route(
        path,
        preflight,
        methods=["OPTIONS"],
        tags=[_TAG],
        summary="Answer a CORS preflight request",
        responses=responses({204: ()}),
        response_class=Response,
        status_code=204,
        generate_unique_id_function=operation_id,
    )


def _methods(router: APIRouter) -> dict[str, str]:
    """The methods of each path, for the answer to OPTIONS."""
    found: dict[str, list[str]] = {}
    for route in router.routes:
        if isinstance(route, APIRoute):
            found.setdefault(route.path, []).extend(sorted(route.methods or ()))
    return {path: ", ".join((*methods, "OPTIONS")) for path, methods in found.items()}


def _types(name: str | None) -> tuple[EntityType, ...]:
    """The type that a parameter names, or all. Raises 400 for an unknown one."""
    try:
        return known_types([name] if name else [])
    except ReconciliationError as error:
        raise ProblemError(400, error.kind, error.message) from error


def _part(cursor: str, offset: str, limit: str) -> slice:
    """The suggestions that are asked for; the first parameter is of one version, the second of the other."""
    first = _number("cursor", cursor) or _number("offset", offset) or 0
    most = _number("limit", limit)
    return slice(first, first + (_MOST_SUGGESTED if most is None else most))


def _number(name: str, text: str) -> int | None:
    """The number in a parameter; None if it is missing. Raises 400 if it is not of the form that it is described by."""
    if not re.fullmatch(_DIGITS, text):
        detail = message(
            "The parameter “{name}” is a number of at most six digits, not “{value}”. Correct it, or leave it out.",
            name=name,
            value=text[:40],
        )
        raise ProblemError(400, "bad-query", detail)
    return int(text) if text else None


def _answer(request: Request, values: Json) -> Response:
    return answer(request, _bytes(values), _JSON, headers=_HEADERS | {"Content-Language": page_language()})


def _bytes(values: Json) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
