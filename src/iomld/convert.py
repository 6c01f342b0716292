"""Converts a project to RDF: a pure function from values to quads, or to lines of N-Quads.

There are no blank nodes, literals are canonical, and every IRI is from `iomld.iris`: the same project always gives the
same quads. Each term is made once, as N-Quads text; lines are joined from terms, and quads are parsed from lines.
Writing lines takes less than half the time of making quads and serializing them.

Source of the vocabulary: `ontology/iomld.ttl`, DCMI Terms, FOAF, PROV-O, Web Annotation, schema.org.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeAlias

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from iomld.fields.declared import Field, FieldKind, Fields
from iomld.iris import DCTERMS, FOAF, IOMLD, OA, PROV, RDF, SCHEMA, XSD, Iris
from iomld.model import Funder, Mention, Money, Origin, Project, Text, canonical_decimal, lexical_form

_TYPE = f"{RDF}type"

# A statement about a subject: the IRI of the predicate, and the object as an N-Triples term.
_Statement: TypeAlias = tuple[str, str]
_Node: TypeAlias = tuple[str, list[_Statement]]  # the IRI of a subject, and the statements about it


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
    # Writing and parsing lines takes 0.9 to 1 times as long as making each term and quad.
    return list(parse(project_lines(project, publication), RdfFormat.N_QUADS))


def project_lines(project: Project, publication: Publication, *, with_graph: bool = True) -> str:
    """The same quads as canonical text: N-Quads (RDF 1.1 N-Quads section 2), or N-Triples without the graph."""
    graph = _iri(publication.iris.record(project.key))
    end = f" {graph} .\n" if with_graph else " .\n"
    return "".join(
        [
            f"<{subject}> <{predicate}> {value}{end}"
            for subject, statements in _nodes(project, publication)
            for predicate, value in statements
        ]
    )


def _iri(iri: str) -> str:
    """An IRI with parts that we did not encode; pyoxigraph checks that it needs no escapes."""
    return str(NamedNode(iri))


def _text(value: str) -> str:
    return str(Literal(value))


# Most codes, years and days recur from record to record; the sizes limit the caches to a few megabytes.
@lru_cache(maxsize=4096)
def _typed(value: str, datatype: str) -> str:
    return str(Literal(value, datatype=NamedNode(XSD + datatype)))


@lru_cache(maxsize=4096)
def _concept(base: str, scheme: str, code: str) -> str:
    return f"<{Iris(base).concept(scheme, code)}>"


@lru_cache(maxsize=1024)
def _country(base: str, code: str) -> str:
    return f"<{Iris(base).country(code)}>"


def _nodes(project: Project, publication: Publication) -> Iterator[_Node]:
    iris = publication.iris
    about = iris.project(project.key)
    yield about, _project(project, publication)
    if project.budget is not None:
        yield iris.budget(project.key), _budget(project.budget)
    for funder in project.funders:
        if not funder.is_fund:  # the publisher describes its funds in a graph of their own
            yield _funder(funder, iris), _organization(funder)
    for number, mention in enumerate(project.mentions, start=1):
        yield from _mention(project.key, number, mention, publication)
    texts = _text_entities(project)
    yield iris.record(project.key), _record(project, publication, texts)
    for origin in project.origins:
        yield iris.snapshot(origin.sha256), _snapshot(origin)
    for field, language, length in texts:
        yield iris.text(project.key, field, language), _text_entity(project, language, length, iris)


def _project(project: Project, publication: Publication) -> list[_Statement]:
    iris = publication.iris
    statements: list[_Statement] = [
        (_TYPE, f"<{IOMLD}Project>"),
        (f"{FOAF}isPrimaryTopicOf", f"<{iris.record(project.key)}>"),
        *((f"{IOMLD}fundedBy", f"<{_funder(funder, iris)}>") for funder in project.funders),
    ]
    if project.code and publication.iati_prefix:
        statements.append((f"{IOMLD}candidateIatiIdentifier", _text(publication.iati_prefix + project.code)))
    for key, iri, term in _terms(publication.fields, iris.base):
        values = project.of(key)
        if values and (key != "narrative" or publication.with_narrative):
            statements += [(iri, term(value)) for value in values]
    statements += _period(project)
    if project.budget is not None:
        statements.append((f"{IOMLD}budget", f"<{iris.budget(project.key)}>"))
    statements += _derived_countries(project, iris)
    statements += [(f"{IOMLD}mentionsFramework", _concept(iris.base, "framework", code)) for code in project.frameworks]
    return statements


_DATATYPES = {FieldKind.YEAR: "gYear", FieldKind.DAY: "date", FieldKind.AMOUNT: "decimal"}
_Term: TypeAlias = Callable[[Any], str]  # gives a value of a field as an N-Triples term


@lru_cache(maxsize=8)
def _terms(fields: Fields, base: str) -> tuple[tuple[str, str, _Term], ...]:
    """Key, property and term of the values of each field that is read alone; looked up once for all projects."""
    return tuple((key, field.iri, _term(field, base)) for key, field in fields.given.items() if not field.is_nested)


def _term(field: Field, base: str) -> _Term:
    match field.kind:
        case FieldKind.TEXT:
            return _tagged
        case FieldKind.CONCEPT:
            return partial(_concept, base, field.scheme)
        case FieldKind.COUNTRY:
            return partial(_country, base)
        case FieldKind.LINK:
            return _iri
        case FieldKind.YEAR | FieldKind.DAY | FieldKind.AMOUNT:
            return partial(_value, _DATATYPES[field.kind])
        case _:
            return _text


def _tagged(text: Text) -> str:
    return str(Literal(text.value, language=text.language))


@lru_cache(maxsize=4096)
def _value(datatype: str, value: str | int | date | Decimal) -> str:
    return _typed(str(lexical_form(value)), datatype)


def _period(project: Project) -> Iterator[_Statement]:
    """The first and last day of the period: gYear values cannot be compared safely, dates can."""
    start, end = project.start_date, project.end_date
    if start is not None or project.start_year is not None:
        earliest = start.isoformat() if start else f"{project.start_year:04}-01-01"
        yield f"{IOMLD}periodStart", _typed(earliest, "date")
    if end is not None or project.end_year is not None:
        latest = end.isoformat() if end else f"{project.end_year:04}-12-31"
        yield f"{IOMLD}periodEnd", _typed(latest, "date")


def _budget(budget: Money) -> list[_Statement]:
    return [
        (_TYPE, f"<{SCHEMA}MonetaryAmount>"),
        (f"{SCHEMA}value", _typed(canonical_decimal(budget.amount), "decimal")),
        (f"{SCHEMA}currency", _typed(budget.currency, "string")),
    ]


def _funder(funder: Funder, iris: Iris) -> str:
    return iris.fund(funder.identifier) if funder.is_fund else iris.organization(funder.identifier)


def _organization(funder: Funder) -> list[_Statement]:
    statements = [(_TYPE, f"<{FOAF}Organization>"), (f"{DCTERMS}identifier", _text(funder.identifier))]
    return [*statements, (f"{FOAF}name", _text(funder.name))] if funder.name else statements


def _derived_countries(project: Project, iris: Iris) -> Iterator[_Statement]:
    """Member states with the broader property too, since it is not inferred at query time; the managing office."""
    for code in dict.fromkeys(project.member_states):
        if code not in project.other_countries:
            yield f"{IOMLD}benefitingCountry", _country(iris.base, code)
    if project.managing_office:
        yield f"{IOMLD}managingOfficeCountry", _country(iris.base, project.managing_office)


def _mention(key: str, number: int, mention: Mention, publication: Publication) -> Iterator[_Node]:
    """One mention as a Web Annotation: body the framework, target the passage (Web Annotation section 4.2)."""
    iris = publication.iris
    node, target, quote, position = (iris.mention(key, number, part) for part in ("", "target", "quote", "position"))
    yield (
        node,
        [
            (_TYPE, f"<{IOMLD}FrameworkMention>"),
            (f"{IOMLD}aboutProject", f"<{iris.project(key)}>"),
            (f"{OA}motivatedBy", f"<{OA}identifying>"),
            (f"{OA}hasBody", _concept(iris.base, "framework", mention.framework)),
            (f"{OA}hasTarget", f"<{target}>"),
            (f"{IOMLD}confidence", _typed(canonical_decimal(mention.confidence), "decimal")),
            (f"{IOMLD}matchMethod", _concept(iris.base, "method", mention.method)),
            (f"{IOMLD}reviewStatus", _concept(iris.base, "review", "unreviewed")),
            (f"{PROV}wasAttributedTo", f"<{iris.matcher(publication.matcher_version)}>"),
        ],
    )
    statements: list[_Statement] = [
        (_TYPE, f"<{OA}SpecificResource>"),
        (f"{OA}hasSource", f"<{iris.text(key, mention.field, mention.language)}>"),
        (f"{OA}hasSelector", f"<{quote}>"),
    ]
    yield target, statements if mention.start is None else [*statements, (f"{OA}hasSelector", f"<{position}>")]
    words = (("exact", mention.quote), ("prefix", mention.prefix), ("suffix", mention.suffix))
    yield quote, [(_TYPE, f"<{OA}TextQuoteSelector>"), *((OA + term, _text(text)) for term, text in words if text)]
    if mention.start is not None:
        yield (
            position,
            [
                (_TYPE, f"<{OA}TextPositionSelector>"),
                (f"{OA}start", _typed(str(mention.start), "integer")),
                (f"{OA}end", _typed(str(mention.start + len(mention.quote)), "integer")),
            ],
        )


def _record(project: Project, publication: Publication, texts: list[tuple[str, str, int | None]]) -> list[_Statement]:
    iris = publication.iris
    narratives = [language for field, language, _ in texts if field == "narrative"]
    return [
        (_TYPE, f"<{IOMLD}ProjectRecord>"),
        (f"{FOAF}primaryTopic", f"<{iris.project(project.key)}>"),
        (f"{DCTERMS}license", _iri(publication.license)),
        *((f"{PROV}wasDerivedFrom", f"<{iris.snapshot(origin.sha256)}>") for origin in project.origins),
        *((f"{IOMLD}narrative", f"<{iris.text(project.key, 'narrative', language)}>") for language in narratives),
    ]


def _snapshot(origin: Origin) -> list[_Statement]:
    statements: list[_Statement] = [
        (_TYPE, f"<{IOMLD}SourceSnapshot>"),
        (f"{IOMLD}sha256", _typed(origin.sha256, "hexBinary")),
        (f"{DCTERMS}format", _text(origin.media_type)),
        (f"{DCTERMS}identifier", _text(origin.file)),
    ]
    if origin.url:
        statements.append((f"{DCTERMS}source", _iri(origin.url)))
    if origin.retrieved_at:
        statements.append((f"{IOMLD}retrievedAt", _typed(origin.retrieved_at, "dateTime")))
    return statements


def _text_entities(project: Project) -> list[tuple[str, str, int | None]]:
    """Field, language and length of all narratives and of the other texts that have mentions.

    Lengths and positions count the Unicode code points of a text in NFC; the length is None if the text is unknown.
    """
    lengths = {("narrative", text.language): len(text.value) for text in project.narratives}
    others = {("abstract", text.language): len(text.value) for text in project.abstracts}
    targets = {(mention.field, mention.language) for mention in project.mentions}
    return [(*text, lengths.get(text, others.get(text))) for text in sorted(targets | lengths.keys())]


def _text_entity(project: Project, language: str, length: int | None, iris: Iris) -> list[_Statement]:
    statements: list[_Statement] = [(_TYPE, f"<{PROV}Entity>"), (f"{DCTERMS}language", _typed(language, "string"))]
    if length is not None:
        statements.append((f"{DCTERMS}extent", _typed(f"{length} characters", "string")))
    return statements + [(f"{PROV}wasDerivedFrom", f"<{iris.snapshot(origin.sha256)}>") for origin in project.origins]
