"""Requests of the Reconciliation API: bodies of both versions as queries, within limits of number and length.

What is wrong with one query of a batch is kept in its place, and the others are answered.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iomld.browse.reconciliation.queries import (
    DEFAULT_LIMIT,
    Condition,
    Quantifier,
    ReconciliationError,
    ReconciliationQuery,
)
from iomld.messages import Message, message
from iomld.web.form_decoder import UrlencodedDecoder, slices
from iomld.web.problems import ProblemError

MOST_QUERIES = 50  # in a batch
MOST_ENTITIES = 200  # whose properties are asked for at once
MOST_PROPERTIES = 100
MOST_BYTES = 512 * 1024  # of a body
_MOST_FIELDS = 8  # of a form
_MOST_CONDITIONS = 20  # of a query
_MOST_VALUES = 50  # of a condition, and types or names of a query
_LONGEST_TEXT = 1000  # characters of a name, a value or an identifier
_STRICT = frozenset({"any", "should", "all"})

ReadQuery = ReconciliationQuery | ReconciliationError
"""A query, or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ExtensionQuery:
    """The question for properties of entities, by their identifiers."""

    ids: tuple[str, ...]
    properties: tuple[str, ...]


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form (`application/x-www-form-urlencoded`); of equal names, the first.

    Raises:
        ProblemError: There are too many.
    """
    decoder = UrlencodedDecoder(_MOST_FIELDS)
    for part in slices(body):
        decoder.feed(part)
    return dict(reversed(list(decoder.fields())))


def read_named_batch(text: str | bytes) -> dict[str, ReadQuery]:
    """The queries of version 0.2, each under the name that the client gave it.

    Raises:
        ProblemError: The text is no object of queries (400), or has too many (413).
    """
    queries = _json(text, "queries")
    if not isinstance(queries, dict) or not queries:
        raise _malformed("queries", '{"q0": {"query": "Kenya", "type": "country"}}')
    _require_number(len(queries), MOST_QUERIES)
    return {_clean(name)[:_LONGEST_TEXT]: _read(_named_query, query) for name, query in queries.items()}


def read_listed_batch(body: bytes) -> list[ReadQuery]:
    """The queries of version 1.0-draft, in their order.

    Raises:
        ProblemError: The body is no list of queries (400), or has too many (413).
    """
    queries = _list_in(_json(body, "queries"), "queries")
    if not queries:
        example = '{"queries": [{"conditions": [{"matchType": "name", "propertyValue": "Kenya"}]}]}'
        raise _malformed("queries", example)
    _require_number(len(queries), MOST_QUERIES)
    return [_read(_listed_query, query) for query in queries]


def read_extension(text: str | bytes) -> ExtensionQuery:
    """The question for properties, which is the same in both versions.

    Raises:
        ProblemError: The text is no such question (400), or asks for too much (413).
    """
    values = _json(text, "extend")
    ids, properties = _list_in(values, "ids"), _list_in(values, "properties")
    named: list[Any] = [one.get("id") if isinstance(one, dict) else None for one in properties or ()]
    if ids is None or not named or not all(isinstance(one, str) for one in (*ids, *named)):
        raise _malformed("extend", '{"ids": ["id/country/KE"], "properties": [{"id": "iso3"}]}')
    if len(ids) > MOST_ENTITIES or len(named) > MOST_PROPERTIES:
        detail = message(
            "At most {ids} entities and {properties} properties can be asked for at once. Ask in several requests.",
            ids=MOST_ENTITIES,
            properties=MOST_PROPERTIES,
        )
        raise ProblemError(413, "batch-too-large", detail)
    shortened = [tuple(dict.fromkeys(_clean(one)[:_LONGEST_TEXT] for one in texts)) for texts in (ids, named)]
    return ExtensionQuery(*shortened)


def _read(read: Callable[[Any], ReconciliationQuery], query: object) -> ReadQuery:
    try:
        return read(query)
    except ReconciliationError as error:
        return error


def _named_query(query: object) -> ReconciliationQuery:
    """A query of version 0.2."""
    if not isinstance(query, dict):
        raise _bad(message("A query must be an object, such as {example}.", example='{"query": "Kenya"}'))
    types = query.get("type")
    if query.get("type_strict", "any") not in _STRICT:
        raise _bad(message("“{name}” must be one of {names}.", name="type_strict", names=", ".join(sorted(_STRICT))))
    name = query.get("query")
    return ReconciliationQuery(
        names=() if name is None else (_text(name, "query"),),
        types=_texts([] if types is None else types, "type"),
        conditions=tuple(
            Condition(_text(one.get("pid"), "pid"), _texts(one.get("v"), "v"))
            for one in _objects(query.get("properties"), "properties")
        ),
        limit=_limit(query.get("limit")),
    )


def _listed_query(query: object) -> ReconciliationQuery:
    """A query of version 1.0-draft."""
    conditions = _objects(query.get("conditions") if isinstance(query, dict) else None, "conditions")
    if not isinstance(query, dict) or not conditions:
        raise _bad(message("A query needs “conditions”: what to match names or properties with."))
    type_ = query.get("type")
    names: list[str] = []
    others: list[Condition] = []
    for one in conditions:
        match one.get("matchType"):
            case "name":
                names += _texts(one.get("propertyValue"), "propertyValue")
            case "property":
                others.append(_condition(one))
            case _:
                raise _bad(message("“{name}” must be one of {names}.", name="matchType", names="name, property"))
    return ReconciliationQuery(
        names=tuple(names),
        types=() if type_ is None else (_text(type_, "type"),),
        conditions=tuple(others),
        limit=_limit(query.get("limit")),
    )


def _condition(one: Mapping[str, Any]) -> Condition:
    quantifier, required = one.get("matchQuantifier", Quantifier.ANY), one.get("required", False)
    if quantifier not in set(Quantifier):
        raise _bad(message("“{name}” must be one of {names}.", name="matchQuantifier", names=", ".join(Quantifier)))
    if one.get("matchQualifier") is not None:
        raise _bad(message("No property has a “matchQualifier”. Leave it out."))
    values = _texts(one.get("propertyValue"), "propertyValue")
    property_ = _text(one.get("propertyId"), "propertyId")
    return Condition(property_, values, is_required=required is True, quantifier=Quantifier(quantifier))


def _limit(value: object) -> int:
    """The number of candidates. Raises an error for anything but a positive whole number."""
    if value is None:
        return DEFAULT_LIMIT
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1 or value != value // 1:
        raise _bad(message("“limit” must be a whole number from 1."))
    return int(min(value, MOST_QUERIES))


def _objects(value: object, name: str) -> Sequence[Mapping[str, Any]]:
    """A list of objects; none if it is missing."""
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _bad(message("“{name}” must be a list of objects.", name=name))
    if len(found) > _MOST_CONDITIONS:
        raise _bad(message("“{name}” has more than {limit} members.", name=name, limit=_MOST_CONDITIONS))
    return found


def _texts(value: object, name: str) -> tuple[str, ...]:
    """One value or several, as texts; an entity counts by its identifier."""
    found = value if isinstance(value, list) else [value]
    if len(found) > _MOST_VALUES:
        raise _bad(message("“{name}” has more than {limit} members.", name=name, limit=_MOST_VALUES))
    return tuple(_text(one.get("id") if isinstance(one, dict) else one, name) for one in found)


def _text(value: object, name: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise _bad(message("“{name}” must be a text.", name=name))
    text = _clean(str(value))
    if len(text) > _LONGEST_TEXT:
        raise _bad(message("“{name}” has more than {limit} characters.", name=name, limit=_LONGEST_TEXT))
    return text


def _clean(text: str) -> str:
    """A text without halves of surrogate pairs, which are no characters."""
    return text.encode("utf-8", "replace").decode()


def _bad(detail: Message) -> ReconciliationError:
    return ReconciliationError("bad-query", detail)


def _json(text: str | bytes, name: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = message("“{name}” is not JSON. Write it as the Reconciliation API says.", name=name)
        raise ProblemError(400, "bad-query", detail) from error


def _list_in(value: object, name: str) -> list[Any] | None:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else None


def _malformed(name: str, example: str) -> ProblemError:
    return ProblemError(400, "bad-query", message("“{name}” must be like {example}.", name=name, example=example))


def _require_number(number: int, most: int) -> None:
    if number > most:
        detail = message(
            "The batch has {number} queries. Send at most {most} in each request.", number=number, most=most
        )
        raise ProblemError(413, "batch-too-large", detail)
