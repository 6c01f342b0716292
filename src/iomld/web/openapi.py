"""The OpenAPI description: what several routes share, and the routes that FastAPI cannot see.

A route is described where it is declared. This module has the tags, the statuses and media types that routes share, and
the description of `/sparql` and the graph store, which are separate ASGI applications.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.openapi.models import Example
from fastapi.routing import APIRoute
from pydantic import WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from iomld.formats.rdf import FORMATS
from iomld.i18n import LANGUAGES
from iomld.iris import DCTERMS, IOMLD
from iomld.web.form_decoder import FORM_TYPE
from iomld.web.links import LINKSET
from iomld.web.problems import PROBLEM_JSON
from iomld.web.sparql.explain import EXPLAIN_OFFERS
from iomld.web.sparql.graph_store import PATH
from iomld.web.sparql.protocol import GRAPH_NAMES, GRAPH_OFFERS, NAMES, QUERY, SOLUTION_OFFERS

Json = dict[str, Any]
Responses = dict[int | str, Json]

HTML = "text/html"
SECURITY_SCHEME = "bearer"  # the name of the scheme by which clients show who they are
TITLE = "x-displayName"  # of a tag, as Redoc and Scalar read it
TAGS: list[Json] = [
    {"name": name, TITLE: title, "description": description}
    for name, title, description in (
        (
            "records",
            "Records and other resources",
            "Each project, country and concept has an IRI that redirects to the document about it: a page, or data.",
        ),
        (
            "lists",
            "Lists and search",
            "Projects by words and filters; countries, frameworks and regions with their numbers of projects.",
        ),
        (
            "queries",
            "Queries",
            "SPARQL 1.1 over the whole release, within limits of time, rows and bytes. The data is read-only.",
        ),
        ("validation", "Validation", "Check records against the rules. The server stores nothing."),
        ("annotation", "Annotation", "Find the policy frameworks that a text names. The server stores nothing."),
        (
            "reconciliation",
            "Reconciliation",
            "Find the projects, countries and frameworks that names in a spreadsheet mean; OpenRefine speaks this API.",
        ),
        (
            "submissions",
            "Submissions and review",
            "Send records, see what they would change, and accept or reject them. Needs a token of the publisher.",
        ),
        (
            "vocabulary",
            "Vocabulary and schemas",
            "The terms and rules of the data: ontology, shapes, JSON-LD context and frame, JSON Schemas.",
        ),
        (
            "dataset",
            "Dataset and downloads",
            "The whole release as files, its graphs, and its description for data catalogues.",
        ),
        ("operations", "Operations", "Health and metrics, for the people who run the server."),
        ("pages", "Other pages", "Pages for people that hold no data of their own."),
    )
]

Text = str | SkipJsonSchema[None]
"""An optional parameter; each handler decides what an empty value means."""
FirstText = Annotated[list[str], WithJsonSchema({"type": "string"})]
"""A parameter that should be given once; of several values, the first one that is not empty is used."""


def no_text() -> str:
    """The default of a text that the description does not show.

    Not `str` itself: pydantic takes the signature of a default at each request, which for a class takes 0.3 ms.
    """
    return ""


def no_texts() -> list[str]:
    """The same for a list of texts."""
    return []


def nothing() -> None:
    """The same for a `Text`."""


_STATUSES = {
    200: "The request succeeded.",
    201: "The submission was kept; `Location` has its address.",
    204: "The methods that are allowed, in the headers; there is no body.",
    206: "The requested part of the file.",
    301: "Another record has replaced this one; `Location` has its address.",
    302: "The revision is at the address in `Location`.",
    303: "The document is at the address in `Location`.",
    304: "The copy that the client has is still current.",
    400: "The request cannot be understood.",
    401: "There is no valid token in the header `Authorization`.",
    403: "This is not allowed: an update, a SERVICE that is not listed, or a token without the scope.",
    404: "Nothing is published at this address.",
    405: "The method is not allowed here.",
    406: "The answer is not available in any format that the client accepts.",
    409: "The state of the submission does not allow this, or an equal request is under way.",
    410: "The record was withdrawn, or the release that the request names was removed.",
    412: "The preview has changed; the answer has the new one.",
    413: "The request is too large.",
    414: "A parameter in the address is too long.",
    415: "The body has a media type that the server does not read.",
    416: "The range begins after the end of the file.",
    422: "The answer would be too large, or the request contradicts an earlier one.",
    428: "`If-Match` is missing.",
    429: "The server is busy; `Retry-After` says when to try again.",
    500: "The store could not be read.",
    503: "The time limit was reached, or the server is starting or stopping.",
    507: "The inbox is full.",
}

_ASK = f"SELECT ?project ?title {{ ?project a <{IOMLD}Project> ; <{DCTERMS}title> ?title }} LIMIT 3"
_TEXT: Json = {"type": "string"}
_IRI: Json = {"type": "string", "format": "uri"}
_BY_ACCEPT = "The format of the answer, by name or media type. By default, `Accept` decides."
# The parameters of the SPARQL Protocol, each with its schema and description.
_SPARQL: Mapping[str, tuple[Json, str]] = {
    "query": (_TEXT, "The query. Without it, the answer is the description of the service."),
    "default-graph-uri": (
        {"type": "array", "items": _IRI},
        "A graph to merge into the default graph. By default, that is the union of all graphs.",
    ),
    "named-graph-uri": (
        {"type": "array", "items": _IRI},
        "A graph that `GRAPH` can name. By default, it can name all graphs.",
    ),
    "format": ({"type": "string", "enum": [*NAMES]}, _BY_ACCEPT),
    "timeout": ({"type": "number", "exclusiveMinimum": 0}, "Seconds. By default, and at most, the server's limit."),
    "release": (_TEXT, "The name of a release, to query it instead of the one that is served."),
    "asOf": (
        {"type": "string", "format": "date-time"},
        "A time with a zone, to query the release that was served then. Not together with `release`.",
    ),
    "explain": (
        {"type": "string", "enum": ["0", "1"], "default": "0"},
        "With `1`, the answer is the number of rows and, if there are none, the reason.",
    ),
    "download": (
        {"type": "string", "enum": ["0", "1"], "default": "0"},
        "With `1`, the answer is a file to be saved, named by the query and the release.",
    ),
}


def responses(good: Mapping[int, Iterable[str]], *errors: int) -> Responses:
    """Describe the responses of a route.

    Args:
        good: Media types by status; none for a response without a body.
        errors: Statuses of errors, whose bodies are problems (RFC 9457) or pages.
    """
    problem: Json = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}, HTML: {}}
    answers: Responses = {}
    for status, types in good.items():
        content: Json = {type_: {} for type_ in types}
        answers[status] = {"description": _STATUSES[status]} | ({"content": content} if content else {})
    return answers | {status: {"description": _STATUSES[status], "content": problem} for status in errors}


def sample(value: str | list[str]) -> dict[str, Example]:
    """An example of a parameter for the command on the documentation page; other examples are in its schema."""
    return {"sample": {"value": value}}


DOCUMENT_TYPES = (*(format_.media_type for format_ in FORMATS), HTML, LINKSET)
PAGE = responses({200: (HTML,), 304: ()}, 503)
DOCUMENT = responses({200: DOCUMENT_TYPES, 304: ()}, 400, 404, 406, 410, 429, 503)
REDIRECT = responses({303: ()}, 404, 503)


async def page_language_parameter(
    lang: Annotated[  # the middleware `LanguageMiddleware` reads it
        Text,
        Query(
            description="The language of the page, remembered for later pages. By default, `Accept-Language` decides.",
            examples=[*LANGUAGES],
        ),
    ] = None,
) -> None:
    """Declare the parameter `lang` of all pages."""


def operation_id(route: APIRoute) -> str:
    """The identifier of a route's operation, which is also its anchor on the documentation page."""
    return _operation_id(min(route.methods or ("get",)).lower(), route.path_format)


def describe_routes(app: FastAPI, base: str) -> None:
    """Complete the description of an application that has all its routes.

    Args:
        app: The application.
        base: The base of the IRIs in examples.
    """
    description = app.openapi()
    operations = [operation for methods in description["paths"].values() for operation in methods.values()]
    for operation in operations:
        if "HTTPValidationError" in str(operation["responses"].get("422")):  # here, an invalid parameter is a 400
            del operation["responses"]["422"]
    description["paths"]["/sparql"] = _sparql()
    description["paths"] |= {path: _graph_store(path, base) for path in (PATH, f"{PATH}/{{path}}")}
    description.setdefault("components", {})["schemas"] = {"Problem": _problem_schema()}
    description["components"]["securitySchemes"] = {SECURITY_SCHEME: {"type": "http", "scheme": "bearer"}}
    app.openapi_schema = description


def _sparql() -> Json:
    offers = (*SOLUTION_OFFERS, *GRAPH_OFFERS, *EXPLAIN_OFFERS)
    errors = (400, 403, 404, 405, 406, 410, 413, 415, 422, 429, 500, 503)
    answers = responses({200: offers, 303: (), 304: ()}, *errors)
    parameters = [_query_parameter(name, *declared) for name, declared in _SPARQL.items()]
    parameters[0]["examples"] = sample(_ASK)
    fields = {name: schema | {"description": text} for name, (schema, text) in _SPARQL.items()}
    fields["query"] = _TEXT | {"description": "The query."}
    form: Json = {"type": "object", "required": ["query"], "properties": fields}
    body: Json = {QUERY: {"schema": _TEXT}, FORM_TYPE: {"schema": form, "example": {"query": _ASK}}}
    # These may not be given in the body and in the address.
    single = ("query", "timeout", "release", "asOf", "explain", "download")
    more = "Without a query, the service describes itself; browsers are redirected to the query page. "
    return {
        "get": _operation("get", "/sparql", "Answer a query", answers)
        | {"description": f"{more}An answer is never cut short.", "parameters": parameters},
        "post": _operation("post", "/sparql", "Answer a query sent in the body", answers)
        | {"parameters": [each for each in parameters if each["name"] not in single]}
        | {"requestBody": {"required": True, "content": body}},
        "options": _preflight("/sparql"),
    }


def _graph_store(path: str, base: str) -> Json:
    """The reading half of the Graph Store Protocol."""
    answers = responses({200: GRAPH_OFFERS, 304: ()}, 400, 404, 405, 406, 422, 429, 500, 503)
    form = _query_parameter("format", {"type": "string", "enum": [*GRAPH_NAMES]}, _BY_ACCEPT)
    if path == PATH:
        summary = "Read a graph by its IRI, or the default graph"
        more = "The reading half of the Graph Store Protocol: give either `graph` or `default`."
        default = _query_parameter("default", _TEXT, "Selects the default graph, the union of all; takes no value.")
        graph = _query_parameter("graph", _IRI, "The IRI of a graph.")
        parameters = [default, graph | {"examples": sample(f"{base}graph/schemes")}, form]
    else:
        summary, more = "Read the graph with this address or path", ""
        place: Json = {"name": "path", "in": "path", "required": True, "schema": _TEXT}
        about = {"description": "The path of the graph under the base.", "examples": sample("graph/schemes")}
        parameters = [place | about, form]
    get = _operation("get", path, summary, answers) | ({"description": more} if more else {})
    return {"get": get | {"parameters": parameters}, "options": _preflight(path) | {"parameters": parameters}}


def _preflight(path: str) -> Json:
    return _operation("options", path, "Answer a CORS preflight request", responses({204: ()})) | {"parameters": []}


def _operation(method: str, path: str, summary: str, answers: Responses) -> Json:
    by_status = {str(status): answer for status, answer in answers.items()}
    return {"tags": ["queries"], "summary": summary, "operationId": _operation_id(method, path), "responses": by_status}


def _query_parameter(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _operation_id(method: str, path: str) -> str:
    """An identifier made of a method and a path.

    >>> _operation_id("get", "/doc/project/{name}")
    'get_doc_project_name'
    """
    return "_".join([method, *re.findall(r"[A-Za-z0-9]+", path)])


def _problem_schema() -> Json:
    """The schema of a problem (RFC 9457)."""
    members = {"type": "string", "title": "string", "status": "integer", "detail": "string"}
    place = {"line": "integer", "column": "integer"}  # of a query that does not parse
    return {
        "type": "object",
        "required": list(members),
        "properties": {name: {"type": type_} for name, type_ in (members | place).items()},
    }
