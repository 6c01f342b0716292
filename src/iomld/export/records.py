"""From the graph of a project back to the project: the inverse of `iomld.convert`; and to record JSON."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode, Quad

from iomld import store
from iomld.convert import canonical_decimal
from iomld.iris import DCTERMS, IOMLD, OA, PROV, Iris
from iomld.model import Mention, Origin, Project, Text
from iomld.release import FILES, Release

_LANGUAGES = ("en", "fr", "es")
_TEXTS = (("title", "title"), ("abstract", "abstract"), ("narrative", "description"))
_THREE_DECIMALS = re.compile(r"\.[0-9]{3}\Z")
Term = NamedNode | Literal


@dataclass(frozen=True, slots=True)
class _Graph:
    """The terms of one graph by subject and predicate, each list sorted."""

    terms: Mapping[tuple[str, str], list[Term]]

    def values(self, subject: str, predicate: str) -> list[str]:
        """All values, as texts."""
        return [term.value for term in self.terms.get((subject, predicate), ())]

    def value(self, subject: str, predicate: str) -> str | None:
        """The first value, or None."""
        return next(iter(self.values(subject, predicate)), None)

    def code(self, subject: str, predicate: str) -> str | None:
        """The code that a link's IRI ends in, or None."""
        return next(iter(_codes(self.values(subject, predicate))), None)

    def year(self, subject: str, predicate: str) -> int | None:
        """A year, or None."""
        year = self.value(subject, predicate)
        return int(year) if year else None

    def day(self, subject: str, predicate: str) -> date | None:
        """A day, or None."""
        day = self.value(subject, predicate)
        return date.fromisoformat(day) if day else None

    def literals(self, subject: str, predicate: str) -> Iterator[Literal]:
        """The values that are literals."""
        return (term for term in self.terms.get((subject, predicate), ()) if isinstance(term, Literal))


def released_projects(release: Release) -> Iterator[Project]:
    """The projects of a release, sorted by their IRIs; one at a time is in memory.

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

    What a graph does not say is not there: the length of a narrative that was not published, the order of states.

    Args:
        quads: The quads of the project's graph.
        key: Last segment of the project's IRI, decoded.
        iris: The IRIs under the publisher's base.
    """
    graph = _graph(quads)
    subject = iris.project(key)
    texts = {name: _texts(graph.literals(subject, DCTERMS + term)) for name, term in _TEXTS}
    members = _codes(graph.values(subject, f"{IOMLD}benefitingMemberState"))
    others = _codes(graph.values(subject, f"{IOMLD}benefitingCountry"))
    budget = graph.value(subject, f"{IOMLD}budgetUSD")
    nodes = graph.values(iris.record(key), f"{PROV}wasDerivedFrom")
    return Project(
        key=key,
        code=graph.value(subject, f"{IOMLD}projectCode"),
        prima_id=graph.value(subject, f"{IOMLD}primaId"),
        titles=texts["title"],
        abstracts=texts["abstract"],
        narratives=texts["narrative"],
        status=graph.code(subject, f"{IOMLD}status"),
        project_type=graph.code(subject, f"{IOMLD}projectType"),
        coverage=graph.code(subject, f"{IOMLD}coverage"),
        region=graph.code(subject, f"{IOMLD}region"),
        start_year=graph.year(subject, f"{IOMLD}startYear"),
        end_year=graph.year(subject, f"{IOMLD}endYear"),
        allocation_year=graph.year(subject, f"{IOMLD}allocationYear"),
        start_date=graph.day(subject, f"{IOMLD}startDate"),
        end_date=graph.day(subject, f"{IOMLD}endDate"),
        budget_usd=Decimal(budget) if budget else None,
        member_states=members,
        other_countries=tuple(code for code in others if code not in members),
        managing_office=graph.code(subject, f"{IOMLD}managingOfficeCountry"),
        mentions=_mentions(graph, key, iris),
        frameworks=_codes(graph.values(subject, f"{IOMLD}mentionsFramework")),
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
    if project.mentions:
        fields["mentions"] = [_mention_json(mention) for mention in project.mentions]
    fields["sources"] = sources_json(project.origins)
    return fields


def project_texts(project: Project) -> dict[str, tuple[Text, ...]]:
    """The texts of a project by their field."""
    return {"title": project.titles, "abstract": project.abstracts, "narrative": project.narratives}


def plain_fields(project: Project) -> dict[str, str]:
    """The fields of one value, by their keys; what is not known is empty."""
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
        "budgetUSD": _amount(project.budget_usd),
    }


def sources_json(origins: Iterable[Origin]) -> list[dict[str, str]]:
    """The sources as the key `sources` holds them."""
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


def _graph(quads: Iterable[Quad]) -> _Graph:
    terms: defaultdict[tuple[str, str], list[Term]] = defaultdict(list)
    for quad in quads:
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode | Literal):
            terms[quad.subject.value, quad.predicate.value].append(quad.object)
    return _Graph({key: sorted(found, key=lambda term: term.value) for key, found in terms.items()})


def _texts(literals: Iterable[Literal]) -> tuple[Text, ...]:
    texts = (Text(literal.value, literal.language or "und") for literal in literals)
    return tuple(sorted(texts, key=lambda text: language_rank(text.language)))


def language_rank(language: str) -> tuple[int, str]:
    """Our three languages first."""
    return _LANGUAGES.index(language) if language in _LANGUAGES else len(_LANGUAGES), language


def _codes(iris: Iterable[str]) -> tuple[str, ...]:
    """The last segments of IRIs, decoded."""
    return tuple(unquote(iri.rpartition("/")[2]) for iri in iris)


def _mentions(graph: _Graph, key: str, iris: Iris) -> tuple[Mention, ...]:
    """The mentions in their order, which their numbers keep."""
    mentions: list[Mention] = []
    while body := graph.value(iris.mention(key, len(mentions) + 1), f"{OA}hasBody"):
        node, target, quote, position = (
            iris.mention(key, len(mentions) + 1, part) for part in ("", "target", "quote", "position")
        )
        text = graph.value(target, f"{OA}hasSource") or ""
        field, _, language = text.rpartition("#")[2].partition("-")
        start = graph.value(position, f"{OA}start")
        mentions.append(
            Mention(
                framework=_codes([body])[0],
                quote=graph.value(quote, f"{OA}exact") or "",
                prefix=graph.value(quote, f"{OA}prefix") or "",
                suffix=graph.value(quote, f"{OA}suffix") or "",
                field=field,
                language=language,
                start=int(start) if start else None,
                method=_codes(graph.values(node, f"{IOMLD}matchMethod"))[0],
                confidence=Decimal(graph.value(node, f"{IOMLD}confidence") or "1"),
            )
        )
    return tuple(mentions)


def _origins(graph: _Graph, node: str) -> Iterator[Origin]:
    """The sources that share a hash: as many as it takes to name each file, type, address and time."""
    names = (f"{DCTERMS}identifier", f"{IOMLD}sha256", f"{DCTERMS}format", f"{DCTERMS}source", f"{IOMLD}retrievedAt")
    columns = [graph.values(node, name) for name in names]
    for found in zip_longest(*columns):
        file, sha256, media_type, url, retrieved_at = (
            value if value is not None else next(iter(column), None)
            for value, column in zip(found, columns, strict=True)
        )
        yield Origin(file or "", sha256 or "", media_type or "", url, retrieved_at)


def _mention_json(mention: Mention) -> dict[str, object]:
    shown = {
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
    return {name: value for name, value in shown.items() if value is not None and value != ""}


def _year(year: int | None) -> str:
    return "" if year is None else f"{year:04}"


def _amount(amount: Decimal | None) -> str:
    """An amount that can be read in one way only: 100.125 has a zero more, as if it were no hundred thousand."""
    if amount is None:
        return ""
    text = canonical_decimal(amount)
    return f"{text}0" if _THREE_DECIMALS.search(text) else text
