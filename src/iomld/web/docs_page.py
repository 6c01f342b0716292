"""The API reference `/docs`: the OpenAPI description as a page in English, with a curl command for each operation."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from markupsafe import Markup, escape
from starlette.responses import Response

from iomld.browse.view import ReleaseView
from iomld.web.openapi import TITLE
from iomld.web.pages.render import page_html
from iomld.web.responses import answer, page_route
from iomld.web.templating import KeptPages

PATH = "/docs"
_HTML = "text/html; charset=utf-8"
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_CODE = re.compile(r"`([^`]+)`")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")  # what an address holds without percent-encoding

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter, or a field of a form, as a row of a table.

    Attributes:
        name: Its name.
        kind: Its type in a word.
        description: What it means.
        choices: The values that have a meaning, if they are few.
        default: The value that holds without it.
        example: A value.
        in_path: Whether it is a part of the path.
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
    """What a client may send: media types, and the fields of those that have some."""

    media_types: tuple[str, ...]
    fields: tuple[ParameterRow, ...]


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A status of an answer, its meaning, and its media types."""

    status: str
    meaning: Markup
    media_types: tuple[str, ...]

    @property
    def is_error(self) -> bool:
        """Whether it is a status of an error."""
        return self.status >= "400"


@dataclass(frozen=True, slots=True)
class OperationSection:
    """What one method does at one path; its anchor is its `operationId`, its command is for a shell."""

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
    """A tag of the description with its operations."""

    tag: str
    title: str
    description: str
    operations: tuple[OperationSection, ...]


def docs_routes(view: Callable[[], ReleaseView], description: Callable[[], Json]) -> APIRouter:
    """The page of all routes.

    Args:
        view: Gives the release that is served now.
        description: Gives the OpenAPI document, once it is complete.
    """
    router = APIRouter()
    kept = KeptPages()

    @page_route(router, PATH, "pages", "Read this reference: each route with its parameters, answers and a command")
    def docs(request: Request) -> Response:
        opened = view()
        server = _server(request, opened.iris.base)

        def page() -> bytes:
            return page_html(opened, "docs.html", PATH, chapters=chapters(description(), server), server=server)

        return answer(request, kept.page(opened, page, server), _HTML)

    return router


def chapters(description: Json, server: str) -> tuple[Chapter, ...]:
    """All operations of an OpenAPI document, by tag.

    Args:
        description: The document.
        server: The address of the server for commands, without a slash at the end.
    """
    tagged: dict[str, list[OperationSection]] = {tag["name"]: [] for tag in description["tags"]}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            tagged[operation["tags"][0]].append(_operation(method, path, operation, server))
    return tuple(
        Chapter(tag["name"], tag[TITLE], tag["description"], tuple(tagged[tag["name"]])) for tag in description["tags"]
    )


def _server(request: Request, base: str) -> str:
    """The address of the server as the client wrote it; the base of the release if the client named no host."""
    host = request.headers.get("host", "")
    root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    return f"{request.scope['scheme']}://{host}{root}" if _HOST.fullmatch(host) else base.removesuffix("/")


def _operation(method: str, path: str, said: Json, server: str) -> OperationSection:
    parameters = said.get("parameters", ())
    return OperationSection(
        anchor=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said["summary"],
        description=_with_code(said.get("description", "")),
        parameters=tuple(_parameter(one["name"], one["schema"], one) for one in parameters),
        bodies=tuple(_bodies(said.get("requestBody", {}).get("content", {}))),
        statuses=tuple(
            StatusRow(status, _with_code(one["description"]), tuple(one.get("content", ())))
            for status, one in sorted(said["responses"].items())
        ),
        command=_command(method, path, said, server),
    )


def _parameter(name: str, schema: Json, said: Json) -> ParameterRow:
    """A row; its choices are words, since media types beside them mean the same."""
    inner: Json = schema.get("items", schema)
    examples = [_first(one) for one in (*_samples(said), *schema.get("examples", ()))]
    values = inner.get("enum") or (examples if len(examples) > 1 else ())
    return ParameterRow(
        name=name,
        kind="file" if "contentMediaType" in inner else "text" if inner["type"] == "string" else inner["type"],
        description=_with_code(said.get("description", "")),
        choices=tuple(value for value in values if "/" not in value),
        default=str(schema.get("default") or ""),
        example="" if values or not examples else examples[0],
        in_path=said.get("in") == "path",
        repeated=schema["type"] == "array",
    )


def _bodies(content: Json) -> Iterator[BodySection]:
    """Media types without fields together, then those that have the same fields."""
    by_fields: dict[tuple[ParameterRow, ...], list[str]] = {(): []}
    for type_, said in content.items():
        properties: Json = said["schema"].get("properties", {})
        fields = tuple(_parameter(name, schema, schema) for name, schema in properties.items())
        by_fields.setdefault(fields, []).append(type_)
    return (BodySection(tuple(types), fields) for fields, types in by_fields.items() if types)


def _samples(parameter: Json) -> tuple[str | list[str], ...]:
    """The examples of a parameter that a command uses: those of the parameter itself, not of its schema."""
    examples = parameter.get("examples")
    return tuple(one["value"] for one in examples.values()) if isinstance(examples, Mapping) else ()


def _first(value: str | list[str]) -> str:
    return value if isinstance(value, str) else value[0]


def _command(method: str, path: str, said: Json, server: str) -> str:
    """A curl command with the samples of the parameters; empty if a part of the path has none."""
    asked: list[tuple[str, str]] = []
    for parameter in said.get("parameters", ()):
        for value in map(_first, _samples(parameter)):
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(value))
            elif method == "get":
                asked.append((parameter["name"], value))
    if "{" in path:
        return ""
    options = _body_options(said.get("requestBody", {}).get("content", {}))
    address = server + path
    flags = _flags(method, said["responses"])
    if all(_PLAIN.fullmatch(value) for _, value in asked):
        address += f"?{urlencode(asked)}" if asked else ""
    else:
        flags = ["-G", *flags]
        options += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in asked]
    return " \\\n  ".join((" ".join(("curl", *flags, shlex.quote(address))), *options))


def _flags(method: str, responses: Json) -> list[str]:
    """Show the head of an answer without a body; save a file, that is an answer with parts."""
    if method == "options":
        return ["-i", "-X", "OPTIONS"]
    return ["-O"] if "206" in responses else [] if "200" in responses else ["-i"]


def _body_options(content: Json) -> list[str]:
    """The options that send the first body with an example: the fields of a form, or the body itself."""
    type_, example = next(((type_, said["example"]) for type_, said in content.items() if "example" in said), ("", ""))
    if isinstance(example, Mapping):
        return [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in example.items()]
    return [f"-H {shlex.quote(f'Content-Type: {type_}')}", f"--data {shlex.quote(example)}"] if example else []


def _with_code(text: str) -> Markup:
    """A text of the description as HTML; what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped
