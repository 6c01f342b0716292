"""The API reference as values for a page, read from the OpenAPI description that programs get."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from iomld.i18n import gettext_noop as key
from iomld.web.openapi_meanings import DEFAULT, TYPE
from iomld.web.openapi_words import ROUTES, SECTIONS, Section

Json = Mapping[str, Any]

_TYPES = {
    "string": key("text"),
    "number": key("number"),
}
_FILE = key("file")
_ERRORS = 400


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, or one field of a form.

    Attributes:
        name: Its name.
        type_: The word for its type.
        description: What it means, if that is said.
        choices: The values that are understood, where they are few.
        default: The value that holds without it.
        default_words: The same in words, where no value says it.
        example: A value.
        in_path: Whether it is a part of the path.
        repeated: Whether it may be given several times.
    """

    name: str
    type_: str
    description: str
    choices: tuple[str, ...] = ()
    default: str = ""
    default_words: str = ""
    example: str = ""
    in_path: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What may be sent: media types, and the fields of those that have some."""

    media_types: tuple[str, ...]
    fields: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of the same media types: their statuses, each with what it means."""

    statuses: tuple[tuple[str, str], ...]
    media_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method does at one path.

    Attributes:
        anchor: Its name, which is its anchor.
        method: In capital letters.
        path: The template of its path.
        summary: What it does.
        more: What else is to be known, if anything.
        parameters: Those of the path, then those of the query.
        bodies: What may be sent.
        answers: The good answers.
        errors: The other ones.
    """

    anchor: str
    method: str
    path: str
    summary: str
    more: str
    parameters: tuple[Parameter, ...]
    bodies: tuple[Body, ...] = field(default=())
    answers: tuple[Answers, ...] = field(default=())
    errors: tuple[Answers, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section with its operations."""

    section: Section
    operations: tuple[Operation, ...]


def chapters(description: Json) -> tuple[Chapter, ...]:
    """All operations of an OpenAPI document, by the section of their tag and in the order of their words.

    What has no section of ours comes last.

    Args:
        description: The document, as `iomld.web.openapi.describe_routes` completes it.
    """
    tagged: dict[str, list[Operation]] = {section.tag: [] for section in SECTIONS}
    places = {route: place for place, route in enumerate(ROUTES)}
    paths = description["paths"]
    routes = [(method, path) for path, operations in paths.items() for method in operations]
    for method, path in sorted(routes, key=lambda route: places.get(route, len(places))):
        operation = paths[path][method]
        tag = next((tag for tag in operation.get("tags", ()) if tag in tagged), SECTIONS[-1].tag)
        tagged[tag].append(_operation(method, path, operation))
    return tuple(Chapter(section, tuple(tagged[section.tag])) for section in SECTIONS if tagged[section.tag])


def _operation(method: str, path: str, said: Json) -> Operation:
    answers = tuple(_answers(said["responses"]))
    return Operation(
        anchor=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said.get("summary", ""),
        more=said.get("description", ""),
        parameters=tuple(_parameter(one["name"], one["schema"], one) for one in said.get("parameters", ())),
        bodies=tuple(_bodies(said.get("requestBody", {}).get("content", {}))),
        answers=tuple(one for one in answers if not _is_error(one)),
        errors=tuple(one for one in answers if _is_error(one)),
    )


def _parameter(name: str, schema: Json, said: Json) -> Parameter:
    """A parameter; its choices are words, since media types that stand beside them say the same."""
    repeated = schema.get("type") == "array"
    inner: Json = schema["items"] if repeated else schema
    example = said.get("example", "")
    return Parameter(
        name=name,
        type_=said.get(TYPE, _FILE if "contentMediaType" in inner else _TYPES[inner["type"]]),
        description=said.get("description", ""),
        choices=tuple(word for word in inner.get("enum") or _several(inner.get("examples", ())) if "/" not in word),
        default=str(schema.get("default", "")),
        default_words=said.get(DEFAULT, ""),
        example=example[0] if isinstance(example, list) else example,
        in_path=said.get("in") == "path",
        repeated=repeated,
    )


def _several(examples: Sequence[str]) -> Sequence[str]:
    """Examples that stand for all that is understood."""
    return examples if len(examples) > 1 else ()


def _bodies(content: Json) -> Iterator[Body]:
    """Media types without fields together, then those that have the same fields."""
    by_fields: dict[tuple[Parameter, ...], list[str]] = {(): []}
    for type_, told in content.items():
        properties: Json = told["schema"].get("properties", {})
        fields = tuple(_parameter(name, schema, schema) for name, schema in properties.items())
        by_fields.setdefault(fields, []).append(type_)
    return (Body(tuple(types), fields) for fields, types in by_fields.items() if types)


def _answers(responses: Json) -> Iterator[Answers]:
    """Good answers one by one; errors of the same media types together."""
    errors: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for status, response in responses.items():
        types, meaning = tuple(response.get("content", ())), (status, response["description"])
        if int(status) < _ERRORS:
            yield Answers((meaning,), types)
        else:
            errors.setdefault(types, []).append(meaning)
    for types, statuses in errors.items():
        yield Answers(tuple(statuses), types)


def _is_error(answers: Answers) -> bool:
    return int(answers.statuses[0][0]) >= _ERRORS
