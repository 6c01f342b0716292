"""What `/openapi.json` says beyond what FastAPI sees: `/sparql`, every status, every media type."""

import re
from collections.abc import Iterable, Mapping

from fastapi import FastAPI

from iomld.check.reports import REPORT_FORMATS
from iomld.formats.rdf import FORMATS
from iomld.i18n import gettext_noop as key
from iomld.read.table.workbook_package import MEDIA_TYPE
from iomld.web.openapi_meanings import with_field_meanings, with_meaning
from iomld.web.openapi_parameters import (
    HTML,
    Json,
    graph_parameters,
    parameters,
    sparql_body,
    sparql_parameters,
    upload_body,
)
from iomld.web.openapi_words import ROUTES, SECTIONS
from iomld.web.problems import PROBLEM_JSON
from iomld.web.signposts import LINKSET
from iomld.web.sparql.explain import EXPLAIN_OFFERS
from iomld.web.sparql.graph_store import PATH
from iomld.web.sparql.protocol import GRAPH_OFFERS, SOLUTION_OFFERS

_DOCUMENT = (*(format_.media_type for format_ in FORMATS), HTML, LINKSET)
_STARTING = (503,)
_MEANINGS = {
    200: key("What was asked for."),
    204: key("Which methods are answered, without a body."),
    206: key("A part of the file."),
    301: key("The record was replaced; the other one is at Location."),
    303: key("The document is at Location."),
    304: key("The client has it already."),
    400: key("The request cannot be read."),
    403: key("Updates and SERVICE are not allowed."),
    404: key("There is nothing here."),
    405: key("This method is not answered."),
    406: key("No form that we have is acceptable."),
    410: key("The record was withdrawn."),
    413: key("The request is too large."),
    414: key("The address is too long."),
    415: key("The body is of a type that is not read."),
    416: key("The range is behind the end of the file."),
    422: key("The answer would be too large."),
    429: key("The server is busy; see Retry-After."),
    500: key("The store could not be read."),
    503: key("The time was up, or the server is starting or stopping."),
}
_SPARQL_ERRORS = (400, 403, 405, 406, 413, 415, 422, 429, 500, 503)
_GRAPH_ERRORS = (400, 404, 405, 406, 422, 429, 500, 503)


def describe_routes(app: FastAPI) -> None:
    """Complete the description of an application, once all its routes are there."""
    made = app.openapi()
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            operation["responses"] = _responses(method, path)
            operation["parameters"] = parameters(path, method)
    made["paths"]["/validate"]["post"]["requestBody"] = upload_body()
    made["paths"]["/sparql"] = _sparql()
    made["paths"] |= {path: _graph_store(path) for path in (PATH, f"{PATH}/{{path}}")}
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            operation.update(_in_words(method, path, operation))
    made["tags"] = [{"name": section.tag, "description": section.description} for section in SECTIONS]
    made.setdefault("components", {})["schemas"] = {"Problem": _problem_schema()}
    app.openapi_schema = made


def operation_id(method: str, path: str) -> str:
    """A name for an operation, which is also its anchor on a page.

    >>> operation_id("get", "/doc/project/{name}")
    'get_doc_project_name'
    """
    return "_".join([method, *re.findall(r"[A-Za-z0-9]+", path)])


def _in_words(method: str, path: str, operation: Json) -> Json:
    """What the operation and its parameters mean; without words of its own it keeps those of the function."""
    words = ROUTES.get((method, path))
    summary, more = (words.summary, words.more) if words else (operation.get("description", ""), "")
    told = {
        "tags": [words.tag] if words else operation["tags"],
        "operationId": operation_id(method, path),
        "summary": summary,
        "description": more,
        "parameters": [with_meaning(method, path, one) for one in operation.get("parameters", [])],
    }
    if "requestBody" in operation:
        told["requestBody"] = with_field_meanings(path, operation["requestBody"])
    return told


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
    (("/validate",), {200: (HTML,), 304: ()}, (400, 503)),
    (("/query",), {200: (HTML,), 304: ()}, (400, 403, 422, 429, 500, 503)),
    (("/",), {200: (HTML,), 304: ()}, _STARTING),
)


def _responses(method: str, path: str) -> Json:
    """The statuses and media types of a route."""
    if (path, method) == ("/validate", "post"):
        return _all({200: _REPORTS}, (400, 406, 413, 414, 415, 422, 429, 503))
    if path in _OPERATIONS:
        return _all({200: _OPERATIONS[path]}, _STARTING)
    good, errors = next((good, errors) for starts, good, errors in _ROUTES if path.startswith(starts))
    return _all(good, errors)


def _sparql() -> Json:
    offers = (*SOLUTION_OFFERS, *GRAPH_OFFERS, *EXPLAIN_OFFERS)
    said: Json = {"tags": ["data"], "responses": _all({200: offers, 303: (), 304: ()}, _SPARQL_ERRORS)}
    return {
        "get": said | {"parameters": sparql_parameters()},
        "post": said | {"parameters": sparql_parameters(posted=True), "requestBody": sparql_body()},
        "options": _preflight(),
    }


def _graph_store(path: str) -> Json:
    """The reading half of the Graph Store Protocol."""
    said: Json = {"tags": ["data"], "parameters": graph_parameters(path=path)}
    return {
        "get": said | {"responses": _all({200: GRAPH_OFFERS, 304: ()}, _GRAPH_ERRORS)},
        "options": said | _preflight(),
    }


def _preflight() -> Json:
    """What a browser asks before a script of another site may ask."""
    return {"tags": ["data"], "responses": _all({204: ()}, ())}


def _all(good: Mapping[int, Iterable[str]], errors: Iterable[int]) -> Json:
    problem = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}, HTML: {}}
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
