"""Reads a project from its graph, as the inverse of `iomld.convert`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Any, cast
from urllib.parse import unquote

from pyoxigraph import Literal, Quad

from iomld.assets import load_fields
from iomld.fields.declared import Field, FieldKind
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import FOAF, IOMLD, OA, PROV, SCHEMA, Iris
from iomld.model import (
    UNDETERMINED,
    UNREVIEWED,
    Funder,
    Mention,
    Money,
    Origin,
    Project,
    Text,
    language_rank,
    project_arguments,
)
from iomld.read.record.mentions import MENTION_ATTRIBUTES
from iomld.read.record.origins import ORIGIN_ATTRIBUTES


def project_of(quads: Iterable[Quad], key: str, iris: Iris) -> Project:
    """The project that a graph describes; `iomld.convert.project_quads` returns the same graph again.

    Information that is not in the graph is lost: the length of an unpublished narrative, the order of states.

    Args:
        quads: The quads of the project's graph.
        key: Last segment of the project's IRI, decoded.
        iris: The IRIs under the publisher's base.
    """
    graph = SubjectGraph(quads)
    subject = graph[iris.project(key)]
    fields = load_fields().given
    values = {
        name: _field_values(subject, field)
        for name, field in fields.items()
        if name != "budgetUSD" and not field.is_nested
    }
    members = values["benefitingMemberStates"]
    values["benefitingCountries"] = tuple(code for code in values["benefitingCountries"] if code not in members)
    budget = graph[iris.budget(key)]
    amount, currency = budget.value(f"{SCHEMA}value"), budget.value(f"{SCHEMA}currency")
    nodes = graph[iris.record(key)].values(f"{PROV}wasDerivedFrom")
    funders = [_funder(graph, iri, iris) for iri in subject.values(f"{IOMLD}fundedBy")]
    return Project(
        key=key,
        budget=Money(Decimal(amount), currency) if amount and currency else None,
        funders=tuple(funders),
        managing_office=next(iter(_codes(subject.values(f"{IOMLD}managingOfficeCountry"))), None),
        mentions=_mentions(graph, key, iris),
        frameworks=_codes(subject.values(f"{IOMLD}mentionsFramework")),
        origins=tuple(origin for node in nodes for origin in _origins(graph, node)),
        **project_arguments(values),
    )


def _field_values(subject: Subject, field: Field) -> tuple[Any, ...]:
    """The values of a field, in the form of `Project`."""
    match field.kind:
        case FieldKind.TEXT:
            return _texts(subject.literals(field.iri))
        case FieldKind.CONCEPT | FieldKind.COUNTRY:
            return _codes(subject.values(field.iri))
        case FieldKind.YEAR:
            return tuple(map(int, subject.values(field.iri)))
        case FieldKind.DAY:
            return tuple(map(date.fromisoformat, subject.values(field.iri)))
        case FieldKind.AMOUNT:
            return tuple(map(Decimal, subject.values(field.iri)))
        case _:
            return subject.values(field.iri)


def _texts(literals: Iterable[Literal]) -> tuple[Text, ...]:
    texts = (Text(literal.value, literal.language or UNDETERMINED) for literal in literals)
    return tuple(sorted(texts, key=lambda text: language_rank(text.language)))


def _codes(iris: Iterable[str]) -> tuple[str, ...]:
    """The last segments of IRIs, decoded."""
    return tuple(unquote(iri.rpartition("/")[2]) for iri in iris)


def _mentions(graph: SubjectGraph, key: str, iris: Iris) -> tuple[Mention, ...]:
    """The mentions, in the order of their numbers."""
    mentions: list[Mention] = []
    while body := graph[iris.mention(key, len(mentions) + 1)].value(f"{OA}hasBody"):
        node, target, quote, position = iris.mention_nodes(key, len(mentions) + 1)
        text = graph[target].value(f"{OA}hasSource") or ""
        field, _, language = text.rpartition("#")[2].partition("-")
        start = graph[position].value(f"{OA}start")
        mentions.append(
            Mention(
                framework=_codes([body])[0],
                quote=graph[quote].value(f"{OA}exact") or "",
                prefix=graph[quote].value(f"{OA}prefix") or "",
                suffix=graph[quote].value(f"{OA}suffix") or "",
                field=field,
                language=language,
                start=int(start) if start else None,
                method=_codes(graph[node].values(f"{IOMLD}matchMethod"))[0],
                confidence=Decimal(graph[node].value(f"{IOMLD}confidence") or "1"),
                review=next(iter(_codes(graph[node].values(f"{IOMLD}reviewStatus"))), UNREVIEWED),
                others=tuple(_others(graph, (node, target, quote))),
            )
        )
    return tuple(mentions)


def _others(graph: SubjectGraph, nodes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The values of keys that no code knows by name; the path of each leads to the mention, its target or its quote."""
    for name, key in load_fields().mention_keys.items():
        if name not in MENTION_ATTRIBUTES and (value := graph[nodes[len(key.steps) - 1]].value(key.iri)) is not None:
            yield name, _codes([value])[0] if key.path else value


def _funder(graph: SubjectGraph, iri: str, iris: Iris) -> Funder:
    (code,) = _codes([iri])
    return Funder(code, is_fund=True) if iri == iris.fund(code) else Funder(code, graph[iri].value(f"{FOAF}name"))


def _origins(graph: SubjectGraph, node: str) -> Iterator[Origin]:
    """The sources with a hash: as many as are needed to have each file name, media type, address and time."""
    keys = load_fields().source_keys
    columns = [graph[node].values(key.iri) for key in keys.values()]
    for found in zip_longest(*columns):
        values = {
            ORIGIN_ATTRIBUTES[name]: value if value is not None else next(iter(column), "" if key.required else None)
            for (name, key), value, column in zip(keys.items(), found, columns, strict=True)
        }
        yield Origin(**cast("dict[str, str]", values))
