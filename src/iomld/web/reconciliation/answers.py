"""Answers of the Reconciliation API as JSON, in the form of each version."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from iomld import __version__
from iomld.browse.dataset import publisher_name
from iomld.browse.reconciliation.candidates import find_candidates
from iomld.browse.reconciliation.entities import TYPE_NAMES, Entity, EntityType, entity_by_code, entity_by_id
from iomld.browse.reconciliation.properties import (
    CodeValue,
    EntityProperty,
    PropertyValue,
    concept_name,
    known_property,
    properties_of,
    values_of,
)
from iomld.browse.reconciliation.queries import Candidate, ReconciliationError
from iomld.browse.view import ReleaseView
from iomld.folding import fold
from iomld.i18n import worded
from iomld.iris import DEFAULT_BASE
from iomld.messages import LocalizedText, Message, message
from iomld.web.problems import ProblemError
from iomld.web.reconciliation.requests import MOST_QUERIES, ExtensionQuery, ReadQuery

Json = dict[str, object]
PREVIEW_WIDTH, PREVIEW_HEIGHT = 430, 300  # pixels
_BAD = 400
_NAME_SCORE = message("Similarity of the name, without conditions")


class ApiVersion(StrEnum):
    """The versions of the API, each with the path of its routes."""

    V0_2 = "0.2"
    V1_0 = "1.0-draft"

    @property
    def path(self) -> str:
        """The path of its manifest, under which its other routes are."""
        return "/reconcile" if self is ApiVersion.V0_2 else "/reconcile/1.0"


def manifest(view: ReleaseView, version: ApiVersion, server: str) -> Json:
    """The description of the service for clients.

    Args:
        view: The release.
        version: The version that the client speaks.
        server: Address of the server, without a slash at the end.
    """
    iris, endpoint = view.iris, f"{server}{version.path}"
    publisher, title = publisher_name(view), message("Projects, countries and policy frameworks")
    described: Json = {
        "versions": [version],
        "name": worded(title, view.language) + (f" · {publisher}" if publisher else ""),
        "documentation": f"{server}/guide/reconcile",
        "serviceVersion": __version__,
        "logo": f"{server}/static/icon.svg",
        "defaultTypes": [_type(view, one) for one in EntityType],
        "batchSize": MOST_QUERIES,
    }
    size = {"width": PREVIEW_WIDTH, "height": PREVIEW_HEIGHT}
    if version is ApiVersion.V1_0:
        return described | {
            "view": {"url": f"{server}/{{+id}}"},
            "suggest": {"entity": True, "property": True, "type": True},
            "preview": size,
            "extend": {"proposeProperties": True, "propertySettings": []},
            "standardizedScore": True,
        }
    suggested = ("entity", "property", "type")
    return described | {
        "identifierSpace": iris.base,
        "schemaSpace": f"{iris.base}context/v1.jsonld",
        "view": {"url": f"{server}/{{{{id}}}}"},
        "suggest": {one: {"service_url": endpoint, "service_path": f"/suggest/{one}"} for one in suggested},
        "preview": {"url": f"{endpoint}/preview?id={{{{id}}}}", **size},
        "extend": {
            "propose_properties": {"service_url": endpoint, "service_path": "/extend/propose"},
            "property_settings": [],
        },
    }


def named_results(view: ReleaseView, queries: Mapping[str, ReadQuery]) -> Json:
    """The results of a batch of version 0.2, by the names of its queries."""
    answers = _answers(view, list(queries.values()))
    return {
        name: {"result": [_candidate(view, one) for one in found]} | extra
        for name, (found, extra) in zip(queries, answers, strict=True)
    }


def listed_results(view: ReleaseView, queries: Sequence[ReadQuery]) -> Json:
    """The results of a batch of version 1.0-draft, in the order of its queries."""
    answers = _answers(view, queries)
    return {"results": [{"candidates": [_candidate(view, one) for one in found]} | extra for found, extra in answers]}


def _answers(view: ReleaseView, queries: Sequence[ReadQuery]) -> list[tuple[tuple[Candidate, ...], Json]]:
    """The candidates of each query, and the problem if it has one.

    Raises:
        ProblemError: All of them have one.
    """
    found: list[tuple[tuple[Candidate, ...], Json]] = []
    errors: list[ReconciliationError] = []
    for query in queries:
        try:
            if isinstance(query, ReconciliationError):
                raise query
            found.append((find_candidates(view, query), {}))
        except ReconciliationError as error:
            errors.append(error)
            found.append(((), {"problem": _problem(view, error)}))
    if len(errors) == len(queries):
        raise ProblemError(_BAD, errors[0].kind, errors[0].message)
    return found


def extension(view: ReleaseView, query: ExtensionQuery, version: ApiVersion) -> Json:
    """The values of properties of entities; none for unknown entities and properties.

    Raises:
        ProblemError: All of the properties are unknown.
    """
    entities = {one: entity_by_id(view, one) for one in query.ids}
    types = tuple(dict.fromkeys(one.type for one in entities.values() if one)) or tuple(EntityType)
    meta: list[Json] = []
    errors: list[ReconciliationError] = []
    for name in query.properties:
        try:
            meta.append(_described(view, known_property(view, types, name)))
        except ReconciliationError as error:
            errors.append(error)
            meta.append({"id": name, "name": name, "problem": _problem(view, error)})
    if len(errors) == len(query.properties):
        raise ProblemError(_BAD, errors[0].kind, errors[0].message)
    values = {
        one: values_of(view, entity, query.properties) if entity else dict.fromkeys(query.properties, ())
        for one, entity in entities.items()
    }
    rows = {
        one: {name: [_cell(view, value) for value in found] for name, found in named.items()}
        for one, named in values.items()
    }
    if version is ApiVersion.V0_2:
        return {"meta": meta, "rows": rows}
    listed = [
        {"id": one, "properties": [{"id": name, "values": found} for name, found in row.items()]}
        for one, row in rows.items()
    ]
    return {"meta": meta, "rows": listed}


def entity_suggestions(view: ReleaseView, found: Iterable[Entity]) -> Json:
    """Suggested entities."""
    listed = [
        {
            "id": one.id(view.iris),
            "name": one.name,
            **({"description": one.description} if one.description else {}),
            "notable": [_type(view, one.type)],
        }
        for one in found
    ]
    return {"result": listed}


def property_suggestions(view: ReleaseView, prefix: str, types: Collection[EntityType]) -> list[Json]:
    """The properties of some types whose name or identifier has words that begin with a text."""
    known: dict[str, tuple[EntityProperty, list[str]]] = {}
    for type_ in types:
        for one in properties_of(view, type_).values():
            known.setdefault(one.id, (one, []))[1].append(worded(TYPE_NAMES[type_], view.language))
    return [
        {"id": one.id, "name": name, "description": ", ".join(owners)}
        for one, owners in known.values()
        if _begins((one.id, name := name_of(one.name, view.language)), prefix)
    ]


def type_suggestions(view: ReleaseView, prefix: str) -> list[Json]:
    """The types whose name or identifier begins with a text."""
    named = (_type(view, one) for one in EntityType)
    return [one for one in named if _begins((str(one["id"]), str(one["name"])), prefix)]


def property_proposals(view: ReleaseView, type_: EntityType) -> list[Json]:
    """The properties that entities of a type can have."""
    return [_described(view, one) for one in properties_of(view, type_).values()]


def name_of(name: LocalizedText | Message, language: str) -> str:
    """The name of a property in a language."""
    return worded(name, language) if isinstance(name, Message) else name.in_language(language)


def _problem(view: ReleaseView, error: ReconciliationError) -> Json:
    """What is wrong with a part of a request, with the members of a problem (RFC 9457)."""
    type_ = f"{DEFAULT_BASE}problem/{error.kind}"
    return {"type": type_, "status": _BAD, "detail": worded(error.message, view.language)}


def _begins(texts: Iterable[str], prefix: str) -> bool:
    start = fold(prefix)
    return any(fold(text).startswith(start) or f" {start}" in fold(text) for text in texts)


def _type(view: ReleaseView, type_: EntityType) -> Json:
    return {"id": type_, "name": worded(TYPE_NAMES[type_], view.language)}


def _described(view: ReleaseView, known: EntityProperty) -> Json:
    named: Json = {"id": known.id, "name": name_of(known.name, view.language)}
    return named | ({"type": _type(view, known.type)} if known.type else {})


def _candidate(view: ReleaseView, candidate: Candidate) -> Json:
    entity = candidate.entity
    return {
        "id": entity.id(view.iris),
        "name": entity.name,
        **({"description": entity.description} if entity.description else {}),
        "type": [_type(view, entity.type)],
        "score": candidate.score,
        "features": [
            {
                "id": "name_score",
                "name": worded(_NAME_SCORE, view.language),
                "value": candidate.name_score,
            }
        ],
        "match": candidate.is_match,
    }


def _cell(view: ReleaseView, value: PropertyValue) -> Json:
    """A value; truth is a text, for which the schemas have no form of its own."""
    match value:
        case bool():
            return {"str": "true" if value else "false"}
        case int():
            return {"int": value}
        case Decimal():
            return {"int": int(value)} if value == value.to_integral_value() else {"float": float(value)}
        case CodeValue():
            return _coded_cell(view, value)
    return {"str": value}


def _coded_cell(view: ReleaseView, value: CodeValue) -> Json:
    entity = entity_by_code(view, EntityType(value.scheme), value.code) if value.scheme in set(EntityType) else None
    return {"id": entity.id(view.iris), "name": entity.name} if entity else {"str": concept_name(view, value)}
