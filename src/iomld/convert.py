"""Converts a project to RDF: a pure function from values to quads, or to lines of N-Quads.

There are no blank nodes, literals are canonical, and every IRI is from `iomld.iris`: the same project always gives the
same quads. Each term is made once, as bytes of N-Quads; lines are joined from terms, and quads are parsed from lines.
Writing lines takes less than half the time of making quads and serializing them.

Source of the vocabulary: `ontology/iomld.ttl`, DCMI Terms, FOAF, PROV-O, Web Annotation, schema.org.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeAlias

from pyoxigraph import Quad, RdfFormat, parse

from iomld.fields.declared import Field, FieldKind, Fields
from iomld.formats.nquads_terms import checked_iri_term, iri_term, node_lines, tagged_term, text_term, typed_term
from iomld.iris import DCTERMS, FOAF, IOMLD, OA, PROV, RDF, SCHEMA, Iris
from iomld.model import Funder, Mention, Money, Origin, Project, Text, canonical_decimal, lexical_form

# A statement about a subject: the predicate and the object as N-Triples terms, with a space between them.
_Statement: TypeAlias = bytes
_Node: TypeAlias = tuple[bytes, list[_Statement]]  # the term of a subject, and the statements about it


def _predicate(iri: str) -> bytes:
    """The beginning of a statement, with the space before its object."""
    return iri_term(iri) + b" "


def _is_a(class_iri: str) -> _Statement:
    return _predicate(f"{RDF}type") + iri_term(class_iri)


# Statements and predicates of which every project has some are put together once.
_IS_PROJECT, _IS_RECORD = _is_a(f"{IOMLD}Project"), _is_a(f"{IOMLD}ProjectRecord")
_IS_AMOUNT, _IS_ENTITY = _is_a(f"{SCHEMA}MonetaryAmount"), _is_a(f"{PROV}Entity")
_IS_SNAPSHOT, _IS_MENTION = _is_a(f"{IOMLD}SourceSnapshot"), _is_a(f"{IOMLD}FrameworkMention")
_IS_TARGET, _IS_QUOTE = _is_a(f"{OA}SpecificResource"), _is_a(f"{OA}TextQuoteSelector")
_IS_POSITION, _IS_ORGANIZATION = _is_a(f"{OA}TextPositionSelector"), _is_a(f"{FOAF}Organization")
_IDENTIFIES = _predicate(f"{OA}motivatedBy") + iri_term(f"{OA}identifying")
_EXACT, _PREFIX, _SUFFIX = (_predicate(OA + word) for word in ("exact", "prefix", "suffix"))
_BODY, _TARGET, _SOURCE, _SELECTOR = (
    _predicate(OA + word) for word in ("hasBody", "hasTarget", "hasSource", "hasSelector")
)
_START, _END = _predicate(f"{OA}start"), _predicate(f"{OA}end")
_ABOUT, _CONFIDENCE, _METHOD = (_predicate(IOMLD + word) for word in ("aboutProject", "confidence", "matchMethod"))
_REVIEW, _FUNDED, _MENTIONS = (_predicate(IOMLD + word) for word in ("reviewStatus", "fundedBy", "mentionsFramework"))
_IN_IATI, _BUDGET, _NARRATIVE = (
    _predicate(IOMLD + word) for word in ("candidateIatiIdentifier", "budget", "narrative")
)
_PERIOD_START, _PERIOD_END = _predicate(f"{IOMLD}periodStart"), _predicate(f"{IOMLD}periodEnd")
_BENEFITING, _MANAGING = _predicate(f"{IOMLD}benefitingCountry"), _predicate(f"{IOMLD}managingOfficeCountry")
_SHA256, _RETRIEVED = _predicate(f"{IOMLD}sha256"), _predicate(f"{IOMLD}retrievedAt")
_ATTRIBUTED, _DERIVED = _predicate(f"{PROV}wasAttributedTo"), _predicate(f"{PROV}wasDerivedFrom")
_DOCUMENT, _TOPIC, _NAME = (_predicate(FOAF + word) for word in ("isPrimaryTopicOf", "primaryTopic", "name"))
_VALUE, _CURRENCY = _predicate(f"{SCHEMA}value"), _predicate(f"{SCHEMA}currency")
_IDENTIFIER, _LICENSE, _FORMAT = (_predicate(DCTERMS + word) for word in ("identifier", "license", "format"))
_ADDRESS, _LANGUAGE, _EXTENT = (_predicate(DCTERMS + word) for word in ("source", "language", "extent"))


@dataclass(frozen=True, slots=True)
class Publication:
    """Decisions of the publisher that apply to every record.

    Attributes:
        iris: The IRIs under the publisher's base.
        license: IRI of the licence of the records.
        matcher_version: Version of the software that finds framework mentions.
        fields: The fields of a project, which say how each of its values is written.
        iati_prefix: Start of the identifiers of the publisher's activities in IATI; empty if it has none.
        with_narrative: Whether narratives are published whole, or only the quoted mentions.
    """

    iris: Iris
    license: str
    matcher_version: str
    fields: Fields
    iati_prefix: str = ""
    with_narrative: bool = True


def project_quads(project: Project, publication: Publication) -> list[Quad]:
    """Describe a project, its budget, mentions, record and sources, all in the project's graph.

    Args:
        project: The project with its links.
        publication: The publisher's decisions.

    Returns:
        Quads of the form in `docs/ARCHITECTURE.md`, section "The graph of a project", subject by subject.
    """
    # Writing and parsing lines takes less time than making each term and quad. The IRIs in lines are already checked or
    # escaped; the parser would take as long again to check them.
    return list(parse(project_lines(project, publication), RdfFormat.N_QUADS, lenient=True))


def project_lines(project: Project, publication: Publication, *, with_graph: bool = True) -> bytes:
    """The same quads as canonical text: N-Quads (RDF 1.1 N-Quads section 2), or N-Triples without the graph; UTF-8."""
    end = b" " + checked_iri_term(publication.iris.record(project.key)) + b" .\n" if with_graph else b" .\n"
    parts: list[bytes] = []
    for subject, statements in _nodes(project, publication):
        parts += node_lines(subject, statements, end)
    return b"".join(parts)


# Most codes recur from record to record; the sizes limit the caches to a few megabytes.
@lru_cache(maxsize=4096)
def _decimal(value: Decimal) -> bytes:
    return typed_term(canonical_decimal(value), "decimal")


@lru_cache(maxsize=4096)
def _concept(base: str, scheme: str, code: str) -> bytes:
    return iri_term(Iris(base).concept(scheme, code))


@lru_cache(maxsize=1024)
def _country(base: str, code: str) -> bytes:
    return iri_term(Iris(base).country(code))


@lru_cache(maxsize=8)  # the publisher has one
def _license(iri: str) -> _Statement:
    return _LICENSE + checked_iri_term(iri)


@lru_cache(maxsize=8)
def _matcher(base: str, version: str) -> _Statement:
    return _ATTRIBUTED + iri_term(Iris(base).matcher(version))


@dataclass(frozen=True, slots=True)
class _SharedTerms:
    """The terms that several nodes of a project share, each made once.

    Attributes:
        about: The project.
        record: The document about it.
        snapshots: Its sources.
    """

    about: bytes
    record: bytes
    snapshots: tuple[bytes, ...]


def _nodes(project: Project, publication: Publication) -> Iterator[_Node]:
    iris, key = publication.iris, project.key
    shared = _SharedTerms(
        about=iri_term(iris.project(key)),
        record=iri_term(iris.record(key)),
        snapshots=tuple([iri_term(iris.snapshot(origin.sha256)) for origin in project.origins]),
    )
    yield shared.about, _project(project, publication, shared)
    if project.budget is not None:
        yield iri_term(iris.budget(key)), _budget(project.budget)
    for funder in project.funders:
        if not funder.is_fund:  # the publisher describes its funds in a graph of their own
            yield iri_term(_funder(funder, iris)), _organization(funder)
    for number, mention in enumerate(project.mentions, start=1):
        yield from _mention(key, number, mention, publication, shared)
    texts = [
        (field, language, length, iri_term(iris.text(key, field, language)))
        for field, language, length in _text_entities(project)
    ]
    yield shared.record, _record(publication, shared, [term for field, _, _, term in texts if field == "narrative"])
    for term, origin in zip(shared.snapshots, project.origins, strict=True):
        yield term, _snapshot(origin)
    for _, language, length, term in texts:
        yield term, _text_entity(language, length, shared)


def _project(project: Project, publication: Publication, shared: _SharedTerms) -> list[_Statement]:
    iris = publication.iris
    statements: list[_Statement] = [
        _IS_PROJECT,
        _DOCUMENT + shared.record,
        *[_FUNDED + iri_term(_funder(funder, iris)) for funder in project.funders],
    ]
    if project.code and publication.iati_prefix:
        statements.append(_IN_IATI + text_term(publication.iati_prefix + project.code))
    for key, predicate, term in _terms(publication.fields, iris.base, publication.with_narrative):
        if values := project.of(key):
            statements += [predicate + term(value) for value in values]
    statements += _period(project)
    if project.budget is not None:
        statements.append(_BUDGET + iri_term(iris.budget(project.key)))
    statements += _derived_countries(project, iris)
    statements += [_MENTIONS + _concept(iris.base, "framework", code) for code in project.frameworks]
    return statements


_DATATYPES = {
    FieldKind.YEAR: "gYear",
    FieldKind.DAY: "date",
    FieldKind.MOMENT: "dateTime",
    FieldKind.AMOUNT: "decimal",
    FieldKind.INTEGER: "integer",
    FieldKind.HEX: "hexBinary",
    FieldKind.LANGUAGE: "language",
}
_Term: TypeAlias = Callable[[Any], bytes]  # gives a value of a field as an N-Triples term


@lru_cache(maxsize=8)
def _terms(fields: Fields, base: str, with_narrative: bool) -> tuple[tuple[str, bytes, _Term], ...]:  # noqa: FBT001  # a key of the cache
    """Key, predicate and term of the values of each field that is read alone; looked up once for all projects."""
    return tuple(
        (key, _predicate(field.iri), _term(field, base))
        for key, field in fields.given.items()
        if not field.is_nested and (with_narrative or key != "narrative")
    )


def _term(field: Field, base: str) -> _Term:
    match field.kind:
        case FieldKind.TEXT:
            return _tagged
        case FieldKind.CONCEPT:
            return partial(_concept, base, field.scheme)
        case FieldKind.COUNTRY:
            return partial(_country, base)
        case FieldKind.LINK:
            return checked_iri_term
        case _ if field.kind in _DATATYPES:
            return partial(_value, _DATATYPES[field.kind])
        case _:
            return text_term


def _tagged(text: Text) -> bytes:
    return tagged_term(text.value, text.language)


@lru_cache(maxsize=4096)
def _value(datatype: str, value: str | int | date | Decimal) -> bytes:
    return typed_term(str(lexical_form(value)), datatype)


def _period(project: Project) -> Iterator[_Statement]:
    """The first and last day of the period: gYear values cannot be compared safely, dates can."""
    start, end = project.start_date, project.end_date
    if start is not None or project.start_year is not None:
        earliest = start.isoformat() if start else f"{project.start_year:04}-01-01"
        yield _PERIOD_START + typed_term(earliest, "date")
    if end is not None or project.end_year is not None:
        latest = end.isoformat() if end else f"{project.end_year:04}-12-31"
        yield _PERIOD_END + typed_term(latest, "date")


def _budget(budget: Money) -> list[_Statement]:
    return [
        _IS_AMOUNT,
        _VALUE + _decimal(budget.amount),
        _CURRENCY + text_term(budget.currency),
    ]


def _funder(funder: Funder, iris: Iris) -> str:
    return iris.fund(funder.identifier) if funder.is_fund else iris.organization(funder.identifier)


def _organization(funder: Funder) -> list[_Statement]:
    statements = [_IS_ORGANIZATION, _IDENTIFIER + text_term(funder.identifier)]
    return [*statements, _NAME + text_term(funder.name)] if funder.name else statements


def _derived_countries(project: Project, iris: Iris) -> Iterator[_Statement]:
    """Member states with the broader property too, since it is not inferred at query time; the managing office."""
    for code in dict.fromkeys(project.member_states):
        if code not in project.other_countries:
            yield _BENEFITING + _country(iris.base, code)
    if project.managing_office:
        yield _MANAGING + _country(iris.base, project.managing_office)


def _mention(
    key: str, number: int, mention: Mention, publication: Publication, shared: _SharedTerms
) -> Iterator[_Node]:
    """One mention as a Web Annotation: body the framework, target the passage (Web Annotation section 4.2)."""
    iris = publication.iris
    node, target, quote, position = map(iri_term, iris.mention_nodes(key, number))
    of_node, of_target, of_quote = _others(mention, publication)
    yield (
        node,
        [
            _IS_MENTION,
            _ABOUT + shared.about,
            _IDENTIFIES,
            _BODY + _concept(iris.base, "framework", mention.framework),
            _TARGET + target,
            _CONFIDENCE + _decimal(mention.confidence),
            _METHOD + _concept(iris.base, "method", mention.method),
            _REVIEW + _concept(iris.base, "review", mention.review),
            _matcher(iris.base, publication.matcher_version),
            *of_node,
        ],
    )
    source = iris.text(key, mention.field, mention.language)
    statements = [_IS_TARGET, _SOURCE + iri_term(source), _SELECTOR + quote, *of_target]
    yield target, statements if mention.start is None else [*statements, _SELECTOR + position]
    words = ((_EXACT, mention.quote), (_PREFIX, mention.prefix), (_SUFFIX, mention.suffix))
    yield quote, [_IS_QUOTE, *[predicate + text_term(text) for predicate, text in words if text], *of_quote]
    if mention.start is not None:
        start, end = str(mention.start), str(mention.start + len(mention.quote))
        yield position, [_IS_POSITION, _START + typed_term(start, "integer"), _END + typed_term(end, "integer")]


_NO_OTHERS: tuple[Sequence[_Statement], ...] = ((), (), ())


def _others(mention: Mention, publication: Publication) -> tuple[Sequence[_Statement], ...]:
    """The values of keys that no code knows by name, as statements of the mention, its target and its quote."""
    if not mention.others:
        return _NO_OTHERS
    found: tuple[list[_Statement], ...] = ([], [], [])
    keys = publication.fields.mention_keys
    for name, value in mention.others:
        key = keys[name]
        text: Text | str = Text(value, mention.language) if key.kind is FieldKind.TEXT else value
        found[len(key.steps) - 1].append(_predicate(key.iri) + _term(key, publication.iris.base)(text))
    return found


def _record(publication: Publication, shared: _SharedTerms, narratives: list[bytes]) -> list[_Statement]:
    return [
        _IS_RECORD,
        _TOPIC + shared.about,
        _license(publication.license),
        *[_DERIVED + source for source in shared.snapshots],
        *[_NARRATIVE + narrative for narrative in narratives],
    ]


def _snapshot(origin: Origin) -> list[_Statement]:
    statements: list[_Statement] = [
        _IS_SNAPSHOT,
        _SHA256 + typed_term(origin.sha256, "hexBinary"),
        _FORMAT + text_term(origin.media_type),
        _IDENTIFIER + text_term(origin.file),
    ]
    if origin.url:
        statements.append(_ADDRESS + checked_iri_term(origin.url))
    if origin.retrieved_at:
        statements.append(_RETRIEVED + typed_term(origin.retrieved_at, "dateTime"))
    return statements


def _text_entities(project: Project) -> list[tuple[str, str, int | None]]:
    """Field, language and length of all narratives and of the other texts that have mentions.

    Lengths and positions count the Unicode code points of a text in NFC; the length is None if the text is unknown.
    """
    lengths = {("narrative", text.language): len(text.value) for text in project.narratives}
    others = {("abstract", text.language): len(text.value) for text in project.abstracts}
    targets = {(mention.field, mention.language) for mention in project.mentions}
    return [(*text, lengths.get(text, others.get(text))) for text in sorted(targets | lengths.keys())]


def _text_entity(language: str, length: int | None, shared: _SharedTerms) -> list[_Statement]:
    statements = [_IS_ENTITY, _LANGUAGE + text_term(language)]
    if length is not None:
        statements.append(_EXTENT + text_term(f"{length} characters"))
    return statements + [_DERIVED + source for source in shared.snapshots]
