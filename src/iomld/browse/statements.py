"""What a project's graph says of the project, statement by statement, each with the field that it was read from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal

from iomld.browse.links import Link, link_to
from iomld.browse.view import ReleaseView
from iomld.formats.graph import Subject
from iomld.formats.terms import KEYS
from iomld.iris import DCTERMS, FOAF, IOMLD, RDF, XSD, local_name

# Statements of a project page in their order: property, and the words for it. Those without words come last.
_FACTS = (
    (f"{DCTERMS}title", "Title"),
    (f"{DCTERMS}abstract", "Abstract"),
    (f"{DCTERMS}description", "Narrative"),
    (f"{IOMLD}projectCode", "Project code"),
    (f"{IOMLD}primaId", "PRIMA identifier"),
    (f"{IOMLD}status", "Status"),
    (f"{IOMLD}projectType", "Type"),
    (f"{IOMLD}coverage", "Coverage"),
    (f"{IOMLD}region", "Region"),
    (f"{IOMLD}benefitingMemberState", "Benefits member state"),
    (f"{IOMLD}benefitingCountry", "Benefits country"),
    (f"{IOMLD}managingOfficeCountry", "Managing office in"),
    (f"{IOMLD}mentionsFramework", "Names framework"),
    (f"{IOMLD}alignsWithFramework", "Serves framework"),
    (f"{IOMLD}theme", "Theme"),
    (f"{IOMLD}fundingLine", "Funding line"),
    (f"{IOMLD}fundedBy", "Funded by"),
    (f"{IOMLD}budgetUSD", "Budget in US dollars"),
    (f"{IOMLD}allocationYear", "Year of allocation"),
    (f"{IOMLD}startYear", "Start year"),
    (f"{IOMLD}endYear", "End year"),
    (f"{IOMLD}startDate", "Start day"),
    (f"{IOMLD}endDate", "End day"),
    (f"{IOMLD}periodStart", "Earliest day"),
    (f"{IOMLD}periodEnd", "Latest day"),
    (f"{IOMLD}candidateIatiIdentifier", "Possible IATI identifier"),
    (f"{IOMLD}budget", "Budget as an amount"),
    (f"{RDF}type", "Class"),
    (f"{FOAF}isPrimaryTopicOf", "Record"),
)
_LABELS = dict(_FACTS)
_PLACES = {iri: place for place, (iri, _) in enumerate(_FACTS)}
# What the publisher works out; a source has no field for it.
_DERIVED = frozenset(
    IOMLD + name for name in ("managingOfficeCountry", "periodStart", "periodEnd", "candidateIatiIdentifier", "budget")
) | {f"{IOMLD}fundedBy", f"{FOAF}isPrimaryTopicOf", f"{RDF}type"}
_FIELDS = {key.iri: key.name for key in KEYS} | {f"{DCTERMS}description": "narrative"}
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a statement: a text with its language or datatype, or a link, or an IRI without a name of ours."""

    text: str
    language: str | None = None
    datatype: str | None = None
    link: Link | None = None
    iri: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement of a project.

    Attributes:
        label: Words for the property; empty where we have none.
        iri: The property.
        values: Its values; long texts are cut.
        field: The field of the record that it comes from; None where the publisher worked it out.
        sources: IRIs of the sources that gave it, where the history says it.
    """

    label: str
    iri: str
    values: tuple[Value, ...]
    field: str | None
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Local name of the property."""
        return local_name(self.iri)


def fact_labels() -> tuple[str, ...]:
    """The words for the properties of a project, in English."""
    return tuple(label for _, label in _FACTS)


def facts_of(view: ReleaseView, project: Subject, supplied: Mapping[str, tuple[str, ...]]) -> Iterator[Fact]:
    """All that is said of a project, in the order of pages.

    Args:
        view: The release.
        project: What is said of the project.
        supplied: For each property that sources gave the IRIs of those sources; empty where the history has nothing.
    """
    for iri in sorted(project.predicates(), key=lambda iri: (_PLACES.get(iri, len(_PLACES)), iri)):
        values = tuple(_values(view, project, iri))
        if values:
            field = None if iri in _DERIVED or (supplied and iri not in supplied) else _FIELDS.get(iri)
            yield Fact(_LABELS.get(iri, ""), iri, values, field, supplied.get(iri, ()))


def links_of(view: ReleaseView, project: Subject, name: str) -> tuple[Link, ...]:
    """The things of ours that a property of our ontology points to, by name."""
    found = (link_to(view, iri) for iri in project.iris(IOMLD + name))
    return tuple(sorted((link for link in found if link), key=lambda link: link.name))


def literal_value(literal: Literal) -> Value:
    """A literal as a value; plain texts have no datatype."""
    is_plain = literal.language or literal.datatype.value == f"{XSD}string"
    return Value(literal.value, literal.language, None if is_plain else literal.datatype.value)


def _values(view: ReleaseView, project: Subject, iri: str) -> Iterator[Value]:
    # benefitingCountry stands beside each member state; a page says it once.
    said = project.iris(f"{IOMLD}benefitingMemberState") if iri == f"{IOMLD}benefitingCountry" else ()
    found = [(link_to(view, target), target) for target in project.iris(iri) if target not in said]
    things = [Value(link.name, link=link) for link, _ in found if link]
    yield from sorted(things, key=lambda value: value.text)
    yield from (Value(target, iri=target) for link, target in found if link is None)
    yield from (_cut(literal_value(literal)) for literal in project.literals(iri))


def _cut(value: Value) -> Value:
    if len(value.text) <= _LONGEST:
        return value
    return Value(f"{value.text[:_LONGEST].rsplit(' ', 1)[0]} …", value.language, value.datatype)
