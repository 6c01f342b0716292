"""Reads a project from its graph, as the inverse of `iomld.convert`, and writes it as record JSON."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from urllib.parse import unquote

from pyoxigraph import Literal, Quad

from iomld import store
from iomld.convert import canonical_decimal
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import DCTERMS, FIELD_PROPERTIES, FOAF, IOMLD, OA, PROV, SCHEMA, Iris
from iomld.model import TEXT_FIELDS, UNDETERMINED, Funder, Mention, Money, Origin, Project, Text, language_rank
from iomld.release import FILES, Release

_THREE_DECIMALS = re.compile(r"\.[0-9]{3}\Z")


def released_projects(release: Release) -> Iterator[Project]:
    """The projects of a release, sorted by IRI; only one is in memory at a time.

    Raises:
        StoreError: The release is damaged.
    """
    iris = Iris(release.manifest.base)
    start = iris.record("")
    opened = store.open_read_only(release.file(FILES.store))
    for graph in store.sorted_graphs(opened):
        if graph.startswith(start) and "/" not in graph[len(start) :]:
            yield project_of(store.graph_quads(opened, graph), unquote(graph[len(start) :]), iris)


def project_of(quads: Iterable[Quad], key: str, iris: Iris) -> Project:
    """The project that a graph describes; `iomld.convert.project_quads` gives the same graph again.

    Information that is not in the graph is lost: the length of an unpublished narrative, the order of states.

    Args:
        quads: The quads of the project's graph.
        key: Last segment of the project's IRI, decoded.
        iris: The IRIs under the publisher's base.
    """
    graph = SubjectGraph(quads)
    subject = graph[iris.project(key)]
    texts = {name: _texts(subject.literals(FIELD_PROPERTIES[name])) for name in TEXT_FIELDS}
    members = _codes(subject.values(f"{IOMLD}benefitingMemberState"))
    others = _codes(subject.values(f"{IOMLD}benefitingCountry"))
    budget = graph[iris.budget(key)]
    amount, currency = budget.value(f"{SCHEMA}value"), budget.value(f"{SCHEMA}currency")
    nodes = graph[iris.record(key)].values(f"{PROV}wasDerivedFrom")
    funders = [_funder(graph, iri, iris) for iri in subject.values(f"{IOMLD}fundedBy")]
    return Project(
        key=key,
        code=subject.value(f"{IOMLD}projectCode"),
        prima_id=subject.value(f"{IOMLD}primaId"),
        titles=texts["title"],
        abstracts=texts["abstract"],
        narratives=texts["narrative"],
        status=_code(subject, f"{IOMLD}status"),
        project_type=_code(subject, f"{IOMLD}projectType"),
        coverage=_code(subject, f"{IOMLD}coverage"),
        region=_code(subject, f"{IOMLD}region"),
        start_year=_year_of(subject, f"{IOMLD}startYear"),
        end_year=_year_of(subject, f"{IOMLD}endYear"),
        allocation_year=_year_of(subject, f"{IOMLD}allocationYear"),
        start_date=_day_of(subject, f"{IOMLD}startDate"),
        end_date=_day_of(subject, f"{IOMLD}endDate"),
        budget=Money(Decimal(amount), currency) if amount and currency else None,
        funders=tuple(funders),
        member_states=members,
        other_countries=tuple(code for code in others if code not in members),
        managing_office=_code(subject, f"{IOMLD}managingOfficeCountry"),
        mentions=_mentions(graph, key, iris),
        frameworks=_codes(subject.values(f"{IOMLD}mentionsFramework")),
        origins=tuple(origin for node in nodes for origin in _origins(graph, node)),
    )


def record_json(project: Project) -> dict[str, object]:
    """The project as record JSON (`docs/RECORDS.md`), which reads back to the same graph."""
    fields: dict[str, object] = {name: text for name, text in plain_fields(project).items() if text}
    fields |= {
        name: {text.language: text.value for text in versions}
        for name, versions in project_texts(project).items()
        if versions
    }
    fields |= {
        name: list(codes)
        for name, codes in (
            ("benefitingMemberStates", project.member_states),
            ("benefitingCountries", project.other_countries),
        )
        if codes
    }
    fields["fundedBy"] = list(map(str, project.funders))
    if project.mentions:
        fields["mentions"] = [_mention_json(mention) for mention in project.mentions]
    fields["sources"] = sources_json(project.origins)
    return fields


def project_texts(project: Project) -> dict[str, tuple[Text, ...]]:
    """The texts of a project, by field."""
    return {"title": project.titles, "abstract": project.abstracts, "narrative": project.narratives}


def plain_fields(project: Project) -> dict[str, str]:
    """The fields with a single value, by their keys; unknown values are empty."""
    amount = _amount(project.budget.amount) if project.budget else ""
    return {
        "projectCode": project.code or "",
        "primaId": project.prima_id or "",
        "status": project.status or "",
        "projectType": project.project_type or "",
        "coverage": project.coverage or "",
        "region": project.region or "",
        "startYear": _year(project.start_year),
        "endYear": _year(project.end_year),
        "allocationYear": _year(project.allocation_year),
        "startDate": project.start_date.isoformat() if project.start_date else "",
        "endDate": project.end_date.isoformat() if project.end_date else "",
        "budget": amount,
        "budgetCurrency": project.budget.currency if project.budget else "",
        "budgetUSD": amount if project.budget and project.budget.currency == "USD" else "",
    }


def sources_json(origins: Iterable[Origin]) -> list[dict[str, str]]:
    """The sources as the value of the key `sources`."""
    return [
        {
            name: value
            for name, value in (
                ("file", origin.file),
                ("sha256", origin.sha256),
                ("mediaType", origin.media_type),
                ("url", origin.url),
                ("retrievedAt", origin.retrieved_at),
            )
            if value
        }
        for origin in origins
    ]


def _texts(literals: Iterable[Literal]) -> tuple[Text, ...]:
    texts = (Text(literal.value, literal.language or UNDETERMINED) for literal in literals)
    return tuple(sorted(texts, key=lambda text: language_rank(text.language)))


def _codes(iris: Iterable[str]) -> tuple[str, ...]:
    """The last segments of IRIs, decoded."""
    return tuple(unquote(iri.rpartition("/")[2]) for iri in iris)


def _code(subject: Subject, predicate: str) -> str | None:
    """The code at the end of the IRI of a link, or None."""
    return next(iter(_codes(subject.values(predicate))), None)


def _year_of(subject: Subject, predicate: str) -> int | None:
    year = subject.value(predicate)
    return int(year) if year else None


def _day_of(subject: Subject, predicate: str) -> date | None:
    day = subject.value(predicate)
    return date.fromisoformat(day) if day else None


def _mentions(graph: SubjectGraph, key: str, iris: Iris) -> tuple[Mention, ...]:
    """The mentions, in the order of their numbers."""
    mentions: list[Mention] = []
    while body := graph[iris.mention(key, len(mentions) + 1)].value(f"{OA}hasBody"):
        node, target, quote, position = (
            iris.mention(key, len(mentions) + 1, part) for part in ("", "target", "quote", "position")
        )
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
            )
        )
    return tuple(mentions)


def _funder(graph: SubjectGraph, iri: str, iris: Iris) -> Funder:
    (code,) = _codes([iri])
    return Funder(code, is_fund=True) if iri == iris.fund(code) else Funder(code, graph[iri].value(f"{FOAF}name"))


def _origins(graph: SubjectGraph, node: str) -> Iterator[Origin]:
    """The sources with a hash: as many as are needed to have each file name, media type, address and time."""
    names = (f"{DCTERMS}identifier", f"{IOMLD}sha256", f"{DCTERMS}format", f"{DCTERMS}source", f"{IOMLD}retrievedAt")
    columns = [graph[node].values(name) for name in names]
    for found in zip_longest(*columns):
        file, sha256, media_type, url, retrieved_at = (
            value if value is not None else next(iter(column), None)
            for value, column in zip(found, columns, strict=True)
        )
        yield Origin(file or "", sha256 or "", media_type or "", url, retrieved_at)


def _mention_json(mention: Mention) -> dict[str, object]:
    values = {
        "framework": mention.framework,
        "quote": mention.quote,
        "prefix": mention.prefix,
        "suffix": mention.suffix,
        "language": mention.language,
        "field": mention.field,
        "position": mention.start,
        "method": mention.method,
        "confidence": float(mention.confidence),
    }
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _year(year: int | None) -> str:
    return "" if year is None else f"{year:04}"


def _amount(amount: Decimal) -> str:
    """An amount in an unambiguous form: three decimals get a zero more, as 100.125 could be a hundred thousand."""
    text = canonical_decimal(amount)
    return f"{text}0" if _THREE_DECIMALS.search(text) else text
