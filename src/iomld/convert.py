"""Say in RDF what we know of a project: a pure function from values to quads.

No blank nodes, canonical literals, every IRI from `iomld.iris`: the same project gives the same quads, always.
Source of the vocabulary: `ontology/iomld.ttl`, DCMI Terms, FOAF, PROV-O, Web Annotation, schema.org.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pyoxigraph import Literal, NamedNode, Quad

from iomld.iris import DCTERMS, FOAF, IOMLD, OA, PROV, RDF, SCHEMA, XSD, Iris
from iomld.model import Mention, Origin, Project, Text

IATI_PREFIX = "XM-DAC-47066-"


@dataclass(frozen=True, slots=True)
class Publication:
    """What the publisher decides, the same for every record.

    Attributes:
        iris: The IRIs under the publisher's base.
        license: IRI of the licence of the records.
        matcher_version: Version of the software that finds framework mentions.
        with_narrative: Whether narratives are published whole, or only the quoted mentions.
    """

    iris: Iris
    license: str
    matcher_version: str
    with_narrative: bool = True


@dataclass(frozen=True, slots=True)
class _Writer:
    """Makes quads in one graph."""

    graph: NamedNode

    def link(self, subject: str, predicate: str, target: str) -> Quad:
        return Quad(NamedNode(subject), NamedNode(predicate), NamedNode(target), self.graph)

    def text(self, subject: str, predicate: str, value: str, language: str | None = None) -> Quad:
        literal = Literal(value, language=language) if language else Literal(value)
        return Quad(NamedNode(subject), NamedNode(predicate), literal, self.graph)

    def typed(self, subject: str, predicate: str, value: str, datatype: str) -> Quad:
        literal = Literal(value, datatype=NamedNode(XSD + datatype))
        return Quad(NamedNode(subject), NamedNode(predicate), literal, self.graph)


def project_quads(project: Project, publication: Publication) -> list[Quad]:
    """Describe a project, its budget, mentions, record and sources, all in the project's graph.

    Args:
        project: The project with its links.
        publication: The publisher's decisions.

    Returns:
        Quads of the form in `docs/ARCHITECTURE.md`, section "The graph of a project", subject by subject.
    """
    iris = publication.iris
    writer = _Writer(NamedNode(iris.record(project.key)))
    quads = [
        *_identity(project, writer, iris),
        *_texts(project, writer, publication),
        *_concepts(project, writer, iris),
        *_period(project, writer, iris),
        *_money(project, writer, iris),
        *_countries(project, writer, iris),
        *_mentions(project, writer, publication),
        *_record(project, writer, publication),
    ]
    order = {subject: number for number, subject in enumerate(dict.fromkeys(quad.subject for quad in quads))}
    return sorted(quads, key=lambda quad: order[quad.subject])


def canonical_decimal(value: Decimal) -> str:
    """The canonical form of a decimal: no exponent, no trailing zeros (XSD 1.1 part 2, section 3.3.3, as Oxigraph).

    >>> canonical_decimal(Decimal("100000.00")), canonical_decimal(Decimal("0.90"))
    ('100000', '0.9')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _identity(project: Project, writer: _Writer, iris: Iris) -> Iterator[Quad]:
    subject = iris.project(project.key)
    yield writer.link(subject, f"{RDF}type", f"{IOMLD}Project")
    yield writer.link(subject, f"{FOAF}isPrimaryTopicOf", iris.record(project.key))
    yield writer.link(subject, f"{IOMLD}fundedBy", iris.fund())
    if project.code:
        yield writer.text(subject, f"{IOMLD}projectCode", project.code)
        yield writer.text(subject, f"{IOMLD}candidateIatiIdentifier", IATI_PREFIX + project.code)
    if project.prima_id:
        yield writer.text(subject, f"{IOMLD}primaId", project.prima_id)


def _texts(project: Project, writer: _Writer, publication: Publication) -> Iterator[Quad]:
    subject = publication.iris.project(project.key)
    texts: list[tuple[str, tuple[Text, ...]]] = [("title", project.titles), ("abstract", project.abstracts)]
    if publication.with_narrative:
        texts.append(("description", project.narratives))
    for name, versions in texts:
        for text in versions:
            yield writer.text(subject, f"{DCTERMS}{name}", text.value, text.language)


def _concepts(project: Project, writer: _Writer, iris: Iris) -> Iterator[Quad]:
    subject = iris.project(project.key)
    for term, scheme, code in (
        ("status", "status", project.status),
        ("projectType", "type", project.project_type),
        ("coverage", "coverage", project.coverage),
        ("region", "region", project.region),
    ):
        if code:
            yield writer.link(subject, IOMLD + term, iris.concept(scheme, code))


def _period(project: Project, writer: _Writer, iris: Iris) -> Iterator[Quad]:
    """Years as printed, and dates that bound them: gYear values cannot be compared safely, dates can."""
    subject = iris.project(project.key)
    for term, year in (
        ("startYear", project.start_year),
        ("endYear", project.end_year),
        ("allocationYear", project.allocation_year),
    ):
        if year is not None:
            yield writer.typed(subject, IOMLD + term, f"{year:04}", "gYear")
    start, end = project.start_date, project.end_date
    for term, day in (("startDate", start), ("endDate", end)):
        if day is not None:
            yield writer.typed(subject, IOMLD + term, day.isoformat(), "date")
    if start is not None or project.start_year is not None:
        earliest = start.isoformat() if start else f"{project.start_year:04}-01-01"
        yield writer.typed(subject, f"{IOMLD}periodStart", earliest, "date")
    if end is not None or project.end_year is not None:
        latest = end.isoformat() if end else f"{project.end_year:04}-12-31"
        yield writer.typed(subject, f"{IOMLD}periodEnd", latest, "date")


def _money(project: Project, writer: _Writer, iris: Iris) -> Iterator[Quad]:
    if project.budget_usd is None:
        return
    subject, node = iris.project(project.key), iris.budget(project.key)
    amount = canonical_decimal(project.budget_usd)
    yield writer.typed(subject, f"{IOMLD}budgetUSD", amount, "decimal")
    yield writer.link(subject, f"{IOMLD}budget", node)
    yield writer.link(node, f"{RDF}type", f"{SCHEMA}MonetaryAmount")
    yield writer.typed(node, f"{SCHEMA}value", amount, "decimal")
    yield writer.text(node, f"{SCHEMA}currency", "USD")


def _countries(project: Project, writer: _Writer, iris: Iris) -> Iterator[Quad]:
    """Member states with both properties, since nobody infers the broader one at query time."""
    subject = iris.project(project.key)
    for code in project.member_states:
        yield writer.link(subject, f"{IOMLD}benefitingMemberState", iris.country(code))
    for code in dict.fromkeys(project.member_states + project.other_countries):
        yield writer.link(subject, f"{IOMLD}benefitingCountry", iris.country(code))
    if project.managing_office:
        yield writer.link(subject, f"{IOMLD}managingOfficeCountry", iris.country(project.managing_office))


def _mentions(project: Project, writer: _Writer, publication: Publication) -> Iterator[Quad]:
    subject = publication.iris.project(project.key)
    for code in project.frameworks:
        yield writer.link(subject, f"{IOMLD}mentionsFramework", publication.iris.concept("framework", code))
    for number, mention in enumerate(project.mentions, start=1):
        yield from _mention(project.key, number, mention, writer, publication)


def _mention(key: str, number: int, mention: Mention, writer: _Writer, publication: Publication) -> Iterator[Quad]:
    """One mention as a Web Annotation: body the framework, target the passage (Web Annotation section 4.2)."""
    iris = publication.iris
    node, target, quote, position = (iris.mention(key, number, part) for part in ("", "target", "quote", "position"))
    yield writer.link(node, f"{RDF}type", f"{IOMLD}FrameworkMention")
    yield writer.link(node, f"{IOMLD}aboutProject", iris.project(key))
    yield writer.link(node, f"{OA}motivatedBy", f"{OA}identifying")
    yield writer.link(node, f"{OA}hasBody", iris.concept("framework", mention.framework))
    yield writer.link(node, f"{OA}hasTarget", target)
    yield writer.typed(node, f"{IOMLD}confidence", canonical_decimal(mention.confidence), "decimal")
    yield writer.link(node, f"{IOMLD}matchMethod", iris.concept("method", mention.method))
    yield writer.link(node, f"{IOMLD}reviewStatus", iris.concept("review", "unreviewed"))
    yield writer.link(node, f"{PROV}wasAttributedTo", iris.matcher(publication.matcher_version))
    yield writer.link(target, f"{RDF}type", f"{OA}SpecificResource")
    yield writer.link(target, f"{OA}hasSource", iris.text(key, mention.field, mention.language))
    yield writer.link(target, f"{OA}hasSelector", quote)
    yield writer.link(quote, f"{RDF}type", f"{OA}TextQuoteSelector")
    for term, text in (("exact", mention.quote), ("prefix", mention.prefix), ("suffix", mention.suffix)):
        if text:
            yield writer.text(quote, OA + term, text)
    if mention.start is not None:
        yield writer.link(target, f"{OA}hasSelector", position)
        yield writer.link(position, f"{RDF}type", f"{OA}TextPositionSelector")
        yield writer.typed(position, f"{OA}start", str(mention.start), "integer")
        yield writer.typed(position, f"{OA}end", str(mention.start + len(mention.quote)), "integer")


def _record(project: Project, writer: _Writer, publication: Publication) -> Iterator[Quad]:
    iris = publication.iris
    record = iris.record(project.key)
    yield writer.link(record, f"{RDF}type", f"{IOMLD}ProjectRecord")
    yield writer.link(record, f"{FOAF}primaryTopic", iris.project(project.key))
    yield writer.link(record, f"{DCTERMS}license", publication.license)
    for origin in project.origins:
        yield writer.link(record, f"{PROV}wasDerivedFrom", iris.snapshot(origin.sha256))
        yield from _snapshot(origin, writer, iris)
    yield from _text_entities(project, writer, iris)


def _snapshot(origin: Origin, writer: _Writer, iris: Iris) -> Iterator[Quad]:
    node = iris.snapshot(origin.sha256)
    yield writer.link(node, f"{RDF}type", f"{IOMLD}SourceSnapshot")
    yield writer.typed(node, f"{IOMLD}sha256", origin.sha256, "hexBinary")
    yield writer.text(node, f"{DCTERMS}format", origin.media_type)
    yield writer.text(node, f"{DCTERMS}identifier", origin.file)
    if origin.url:
        yield writer.link(node, f"{DCTERMS}source", origin.url)
    if origin.retrieved_at:
        yield writer.typed(node, f"{IOMLD}retrievedAt", origin.retrieved_at, "dateTime")


def _text_entities(project: Project, writer: _Writer, iris: Iris) -> Iterator[Quad]:
    """The texts that mentions point into; positions count Unicode code points of their NFC form from 0."""
    lengths = {("narrative", text.language): len(text.value) for text in project.narratives}
    lengths |= {("abstract", text.language): len(text.value) for text in project.abstracts}
    targets = {(mention.field, mention.language) for mention in project.mentions}
    narratives = {("narrative", text.language) for text in project.narratives}
    for field, language in sorted(targets | narratives):
        node = iris.text(project.key, field, language)
        yield writer.link(node, f"{RDF}type", f"{PROV}Entity")
        yield writer.text(node, f"{DCTERMS}language", language)
        if (field, language) in lengths:
            yield writer.text(node, f"{DCTERMS}extent", f"{lengths[field, language]} characters")
        for origin in project.origins:
            yield writer.link(node, f"{PROV}wasDerivedFrom", iris.snapshot(origin.sha256))
        if field == "narrative":
            yield writer.link(iris.record(project.key), f"{IOMLD}narrative", node)
