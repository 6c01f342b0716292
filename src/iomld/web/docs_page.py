"""The API reference `/docs`: the OpenAPI description as a page in English, with a curl command for each operation."""

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from markupsafe import Markup, escape
from starlette.responses import Response

from iomld.browse.overview import shown_key
from iomld.browse.view import ReleaseView
from iomld.model import WORKBOOK_MEDIA_TYPE
from iomld.web.links import server_address
from iomld.web.openapi import TITLE
from iomld.web.pages.frame import page_html
from iomld.web.responses import answer, page_route
from iomld.web.templating import PageCache

PATH = "/docs"
_HTML, _JSON = "text/html; charset=utf-8", "application/json"
# Stands for the address of the server in the cached page, with or without characters that a shell must not see.
_STANDS_FOR = {False: "http://server.invalid", True: "http://[server.invalid]"}
_CODE = re.compile(r"`([^`]+)`")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")  # needs no percent-encoding
_BINARY = frozenset({"application/zip", "image/x-icon", WORKBOOK_MEDIA_TYPE})
_AUTHORIZATION = '-H "Authorization: Bearer $TOKEN"'  # a variable of the shell

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter, or a field of a form, as a row of a table.

    Attributes:
        name: Its name.
        kind: Its type in one word.
        description: What it means.
        choices: The permitted values, if they are few.
        default: The value if it is not given.
        example: A value.
        in_path: Whether it is a segment of the path.
        repeated: Whether it may be given several times.
    """

    name: str
    kind: str
    description: Markup
    choices: tuple[str, ...]
    default: str
    example: str
    in_path: bool
    repeated: bool


@dataclass(frozen=True, slots=True)
class BodySection:
    """A request body: its media types, and the fields of a form."""

    media_types: tuple[str, ...]
    fields: tuple[ParameterRow, ...]


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A status of a response, its meaning, and its media types."""

    status: str
    meaning: Markup
    media_types: tuple[str, ...]

    @property
    def is_error(self) -> bool:
        """Whether it is a status of an error."""
        return self.status >= "400"


@dataclass(frozen=True, slots=True)
class OperationSection:
    """An operation, that is a method at a path; its anchor is its `operationId`, its command a shell command."""

    anchor: str
    method: str
    path: str
    summary: str
    description: Markup
    parameters: tuple[ParameterRow, ...]
    bodies: tuple[BodySection, ...]
    statuses: tuple[StatusRow, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A tag of the OpenAPI description with its operations."""

    tag: str
    title: str
    description: str
    operations: tuple[OperationSection, ...]


def docs_routes(view: Callable[[], ReleaseView], description: Callable[[], Json]) -> APIRouter:
    """The routes of the API reference and of the page for developers.

    Args:
        view: Gives the release that is served now.
        description: Gives the complete OpenAPI document.
    """
    router = APIRouter()
    cache = PageCache()

    @page_route(router, PATH, "pages", "Read this reference: each route with its parameters, answers and a command")
    def docs(request: Request) -> Response:
        opened = view()
        server = server_address(request, opened.iris.base)
        stands_for = _STANDS_FOR[shlex.quote(server) != server]

        def page() -> bytes:
            return page_html(
                opened,
                "docs.html",
                "/developers",
                chapters=chapters(description(), stands_for),
                preflights=_preflights(description()),
                server=stands_for,
            )

        page_of_any = cache.page(opened, page, stands_for)
        return answer(request, page_of_any.replace(stands_for.encode(), str(escape(server)).encode()), _HTML)

    @page_route(router, "/developers", "pages", "Find the endpoint, the data, the API and the vocabularies")
    def developers(request: Request) -> Response:
        opened = view()
        example = shown_key(opened) or ""
        origin = server_address(request, opened.iris.base)
        page = page_html(opened, "developers.html", "/developers", origin=origin, example=quote(example, safe=""))
        return answer(request, page, _HTML)

    return router


def chapters(description: Json, server: str) -> tuple[Chapter, ...]:
    """All operations of an OpenAPI document, by tag.

    Args:
        description: The document.
        server: The server's address in commands, without a slash at the end.
    """
    tagged: dict[str, list[OperationSection]] = {tag["name"]: [] for tag in description["tags"]}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            tagged[operation["tags"][0]].append(_section(method, path, operation, server))
    return tuple(
        Chapter(tag["name"], tag[TITLE], tag["description"], tuple(tagged[tag["name"]])) for tag in description["tags"]
    )


def _preflights(description: Json) -> tuple[str, ...]:
    """The first segments of the paths that answer preflight requests."""
    paths = (path for path, operations in description["paths"].items() if "options" in operations)
    return tuple(dict.fromkeys(f"/{path.split('/')[1]}" for path in paths))


def _section(method: str, path: str, operation: Json, server: str) -> OperationSection:
    parameters = operation.get("parameters", ())
    return OperationSection(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=_with_code(operation.get("description", "")),
        parameters=tuple(_parameter_row(each["name"], each["schema"], each) for each in parameters),
        bodies=tuple(_bodies(operation.get("requestBody", {}).get("content", {}))),
        statuses=tuple(
            StatusRow(status, _with_code(response["description"]), tuple(response.get("content", ())))
            for status, response in sorted(operation["responses"].items())
        ),
        command=_command(method, path, operation, server),
    )


def _parameter_row(name: str, schema: Json, parameter: Json) -> ParameterRow:
    """A row; its choices leave out media types, which are synonyms of the names."""
    inner: Json = schema.get("items", schema)
    examples = [_first(value) for value in (*_samples(parameter), *schema.get("examples", ()))]
    values = inner.get("enum") or (examples if len(examples) > 1 else ())
    return ParameterRow(
        name=name,
        kind="file" if "contentMediaType" in inner else "text" if inner["type"] == "string" else inner["type"],
        description=_with_code(parameter.get("description", "")),
        choices=tuple(value for value in values if "/" not in value),
        default=str(schema.get("default") or ""),
        example="" if values or not examples else examples[0],
        in_path=parameter.get("in") == "path",
        repeated=schema["type"] == "array",
    )


def _bodies(content: Json) -> Iterator[BodySection]:
    """The media types without fields together, then those with the same fields."""
    by_fields: dict[tuple[ParameterRow, ...], list[str]] = {(): []}
    for type_, body in content.items():
        properties: Json = body["schema"].get("properties", {})
        fields = tuple(_parameter_row(name, schema, schema) for name, schema in properties.items())
        by_fields.setdefault(fields, []).append(type_)
    return (BodySection(tuple(types), fields) for fields, types in by_fields.items() if types)


def _samples(parameter: Json) -> tuple[str | list[str], ...]:
    """The examples of a parameter for commands: those of the parameter itself, not of its schema."""
    examples = parameter.get("examples")
    return tuple(example["value"] for example in examples.values()) if isinstance(examples, Mapping) else ()


def _first(value: str | int | list[str]) -> str:
    return value[0] if isinstance(value, list) else str(value)


def _command(method: str, path: str, operation: Json, server: str) -> str:
    """A curl command with the samples of the parameters; empty if a parameter in the path has none."""
    pairs: list[tuple[str, str]] = []
    for parameter in operation.get("parameters", ()):
        for value in map(_first, _samples(parameter)):
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(value))
            elif method == "get":
                pairs.append((parameter["name"], value))
    if "{" in path:
        return ""
    options = [_AUTHORIZATION] if operation.get("security") else []
    options += _body_options(operation.get("requestBody", {}).get("content", {}))
    address = server + path
    flags = _flags(method, operation["responses"])
    if all(_PLAIN.fullmatch(value) for _, value in pairs):
        address += f"?{urlencode(pairs)}" if pairs else ""
    else:
        flags = ["-G", *flags]
        options += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in pairs]
    return " \\\n  ".join((" ".join(("curl", *flags, shlex.quote(address))), *options))


def _flags(method: str, responses: Json) -> list[str]:
    """Options to show the head of a response without a body, and to save what a terminal cannot show."""
    if method == "options":
        return ["-i", "-X", "OPTIONS"]
    types: Json = responses.get("200", {}).get("content", {})
    is_file = "206" in responses or (method == "get" and not _BINARY.isdisjoint(types))
    return ["-O"] if is_file else [] if "200" in responses else ["-i"]


def _body_options(content: Json) -> list[str]:
    """The options that send the first body with an example: the fields of a form, or the body itself."""
    examples = ((type_, body["example"]) for type_, body in content.items() if "example" in body)
    type_, example = next(examples, ("", ""))
    if type_ == _JSON and not isinstance(example, str):
        example = json.dumps(example)
    if isinstance(example, Mapping):
        return [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in example.items()]
    return [f"-H {shlex.quote(f'Content-Type: {type_}')}", f"--data {shlex.quote(example)}"] if example else []


def _with_code(text: str) -> Markup:
    """A text of the description as HTML; backticks mark code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped
