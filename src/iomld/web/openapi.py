"""What `/openapi.json` says beyond what FastAPI sees: `/sparql`, every status, every media type."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI

from iomld.check.reports import REPORT_FORMATS
from iomld.formats.rdf import FORMATS
from iomld.read.table.workbook_package import MEDIA_TYPE
from iomld.web.explained import EXPLAIN_OFFERS
from iomld.web.problems import PROBLEM_JSON
from iomld.web.projects import FILTERED, PARAMETERS
from iomld.web.signposts import LINKSET
from iomld.web.sparql_protocol import FORM, GRAPH_OFFERS, QUERY, SOLUTION_OFFERS

Json = dict[str, Any]

_HTML = "text/html"
_DOCUMENT = (*(format_.media_type for format_ in FORMATS), _HTML, LINKSET)
_STARTING = (503,)
_MEANINGS = {
    200: "What was asked for.",
    206: "A part of the file.",
    301: "The record was replaced; the other one is at Location.",
    303: "The document is at Location.",
    304: "The client has it already.",
    400: "The request cannot be read.",
    403: "Updates and SERVICE are not allowed.",
    404: "There is nothing here.",
    405: "This method is not answered.",
    406: "No form that we have is acceptable.",
    410: "The record was withdrawn.",
    413: "The request is too large.",
    414: "The address is too long.",
    415: "The body is of a type that is not read.",
    416: "The range is behind the end of the file.",
    422: "The answer would be too large.",
    429: "The server is busy; see Retry-After.",
    500: "The store could not be read.",
    503: "The time was up, or the server is starting or stopping.",
}
_SPARQL_ERRORS = (400, 403, 405, 406, 413, 415, 422, 429, 500, 503)
_GRAPH_ERRORS = (400, 404, 405, 406, 422, 429, 500, 503)
_SPARQL_PARAMETERS = (
    ("query", "The query; without it, a description of the service.", False),
    ("default-graph-uri", "A graph of the default graph.", True),
    ("named-graph-uri", "A named graph.", True),
    ("format", "json, xml, csv, tsv, turtle, ntriples, rdfxml or jsonld, or a media type.", False),
    ("timeout", "Seconds, up to the server's limit.", False),
    ("explain", "1 asks, in place of the answer, how many rows there are and why if there are none.", False),
)


def describe_routes(app: FastAPI) -> None:
    """Complete the description of an application, once all its routes are there."""
    made = app.openapi()
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            operation["responses"] = _responses(method, path)
            operation["parameters"] = [
                one for one in operation.get("parameters", []) if one["in"] == "path" or "suffix" not in one["name"]
            ] + _asked_by_query(path, method)
    made["paths"]["/sparql"] = _sparql()
    made["paths"]["/rdf-graph-store"] = _graph_store(("default", "graph", "format"))
    made["paths"]["/rdf-graph-store/{path}"] = _graph_store(("format",), path=True)
    made.setdefault("components", {})["schemas"] = {"Problem": _problem_schema()}
    app.openapi_schema = made


_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "/health": ("application/json",),
    "/ready": ("application/json",),
    "/metrics": ("text/plain",),
}
_DOCUMENTS = ("/doc/", "/scheme/", "/ns", "/shapes", "/dataset", "/void", "/prov/", "/query/", "/graph/")
_REPORTS = tuple(sorted({MEDIA_TYPE, *(type_ for format_ in REPORT_FORMATS for type_ in format_.media_types)}))
_FILES = ("application/gzip", "text/csv", *(format_.media_type for format_ in FORMATS))
# Beginnings of paths, with the good answers and the errors of their routes; the first that fits counts.
_ROUTES: tuple[tuple[tuple[str, ...], Mapping[int, Iterable[str]], tuple[int, ...]], ...] = (
    (("/downloads/",), {200: _FILES, 206: _FILES, 304: ()}, (404, 416, 503)),
    (("/id/project/", "/id/{kind}"), {301: (), 303: ()}, (404, 410, 503)),
    (("/.well-known/genid/",), {200: _DOCUMENT, 304: ()}, (404, 406, 503)),
    (("/id/", "/.well-known/", "/ns/"), {303: ()}, (404, 503)),
    (("/projects.jsonld",), {200: ("application/ld+json",), 304: ()}, (400, 404, 503)),
    (("/projects.csv",), {200: ("text/csv",)}, _STARTING),
    (("/doc/project/",), {200: _DOCUMENT, 301: (), 304: ()}, (404, 406, 410, 503)),
    (_DOCUMENTS, {200: _DOCUMENT, 304: ()}, (404, 406, 503)),
    (("/schema/",), {200: ("application/schema+json",), 304: ()}, _STARTING),
    (("/context/", "/frame/"), {200: ("application/ld+json",), 304: ()}, _STARTING),
    (("/editor/",), {200: ("application/json",), 304: ()}, _STARTING),
    (("/validate",), {200: (_HTML,), 304: ()}, (400, 503)),
    (("/query",), {200: (_HTML,), 304: ()}, (400, 403, 422, 429, 500, 503)),
    (("/",), {200: (_HTML,), 304: ()}, _STARTING),
)


def _responses(method: str, path: str) -> Json:
    """The statuses and media types of a route."""
    if (path, method) == ("/validate", "post"):
        return _all({200: _REPORTS}, (400, 406, 413, 414, 415, 422, 429, 503))
    if path in _OPERATIONS:
        return _all({200: _OPERATIONS[path]}, _STARTING)
    good, errors = next((good, errors) for starts, good, errors in _ROUTES if path.startswith(starts))
    return _all(good, errors)


def _asked_by_query(path: str, method: str) -> list[Json]:
    """Parameters that a route reads from the request itself, so that FastAPI does not see them."""
    names: tuple[str, ...] = ()
    if (path, method) == ("/validate", "post"):
        names = ("format", "lang", "shapes", "engine")
    elif path == "/validate":
        names = ("lang", "profile", "format", "example")
    elif path.startswith(("/doc/", "/scheme/")):
        names = ("format", "labels", "profile")
    elif path.startswith((*_DOCUMENTS, "/.well-known/genid/")):
        names = ("format", "profile")
    elif path == "/query":
        names = ("query", "run", "view")
    elif path in FILTERED:
        names = (*PARAMETERS, *(() if path.endswith(".csv") else ("page",)))
    return [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in names]


def _sparql() -> Json:
    offers = (*SOLUTION_OFFERS, *GRAPH_OFFERS, *EXPLAIN_OFFERS)
    responses = _all({200: offers, 303: (), 304: ()}, _SPARQL_ERRORS)
    properties = {name: _value(many=many) | {"description": text} for name, text, many in _SPARQL_PARAMETERS}
    parameters = [
        {"name": name, "in": "query", "required": False, "description": text, "schema": _value(many=many)}
        for name, text, many in _SPARQL_PARAMETERS
    ]
    bodies = {FORM: {"schema": {"type": "object", "properties": properties}}, QUERY: {"schema": {"type": "string"}}}
    said: Json = {"tags": ["data"], "responses": responses, "parameters": parameters}
    return {
        "get": said | {"summary": "Query", "operationId": "sparql_get"},
        "post": said
        | {"summary": "Query", "operationId": "sparql_post", "requestBody": {"required": True, "content": bodies}},
    }


def _graph_store(names: Iterable[str], *, path: bool = False) -> Json:
    """The reading half of the Graph Store Protocol."""
    parameters: list[Json] = [
        {"name": name, "in": "query", "required": False, "schema": _value(many=False)} for name in names
    ]
    if path:
        parameters.append({"name": "path", "in": "path", "required": True, "schema": _value(many=False)})
    responses = _all({200: GRAPH_OFFERS, 304: ()}, _GRAPH_ERRORS)
    said: Json = {"tags": ["data"], "responses": responses, "parameters": parameters}
    return {"get": said | {"summary": "Graph", "operationId": f"graph_store_{'path' if path else 'get'}"}}


def _value(*, many: bool) -> Json:
    return {"type": "array", "items": {"type": "string"}} if many else {"type": "string"}


def _all(good: Mapping[int, Iterable[str]], errors: Iterable[int]) -> Json:
    problem = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}, _HTML: {}}
    answers: Json = {}
    for status, types in good.items():
        content: Json = {type_: {} for type_ in types}
        answers[str(status)] = {"description": _MEANINGS[status]} | ({"content": content} if content else {})
    return answers | {str(status): {"description": _MEANINGS[status], "content": problem} for status in errors}


def _problem_schema() -> Json:
    """RFC 9457."""
    members = {"type": "string", "title": "string", "status": "integer", "detail": "string"}
    place = {"line": "integer", "column": "integer"}  # of a query that does not parse
    return {
        "type": "object",
        "required": list(members),
        "properties": {name: {"type": type_} for name, type_ in (members | place).items()},
    }
