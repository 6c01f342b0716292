"""What a project's graph says of the project, statement by statement, each with the field that it was read from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal

from iomld.browse.graph import Described
from iomld.browse.links import Link, link_to
from iomld.browse.view import ReleaseView
from iomld.formats.terms import KEYS
from iomld.i18n import gettext_noop
from iomld.iris import DCTERMS, FOAF, IOMLD, RDF, XSD, local_name

# Statements of a project page in their order: property, and the words for it. Those without words come last.
_FACTS = (
    (f"{DCTERMS}title", gettext_noop("Title")),
    (f"{DCTERMS}abstract", gettext_noop("Abstract")),
    (f"{DCTERMS}description", gettext_noop("Narrative")),
    (f"{IOMLD}projectCode", gettext_noop("Project code")),
    (f"{IOMLD}primaId", gettext_noop("PRIMA identifier")),
    (f"{IOMLD}status", gettext_noop("Status")),
    (f"{IOMLD}projectType", gettext_noop("Type")),
    (f"{IOMLD}coverage", gettext_noop("Coverage")),
    (f"{IOMLD}region", gettext_noop("Region")),
    (f"{IOMLD}benefitingMemberState", gettext_noop("Benefits member state")),
    (f"{IOMLD}benefitingCountry", gettext_noop("Benefits country")),
    (f"{IOMLD}managingOfficeCountry", gettext_noop("Managing office in")),
    (f"{IOMLD}mentionsFramework", gettext_noop("Names framework")),
    (f"{IOMLD}alignsWithFramework", gettext_noop("Serves framework")),
    (f"{IOMLD}theme", gettext_noop("Theme")),
    (f"{IOMLD}fundingLine", gettext_noop("Funding line")),
    (f"{IOMLD}fundedBy", gettext_noop("Funded by")),
    (f"{IOMLD}budgetUSD", gettext_noop("Budget in US dollars")),
    (f"{IOMLD}allocationYear", gettext_noop("Year of allocation")),
    (f"{IOMLD}startYear", gettext_noop("Start year")),
    (f"{IOMLD}endYear", gettext_noop("End year")),
    (f"{IOMLD}startDate", gettext_noop("Start day")),
    (f"{IOMLD}endDate", gettext_noop("End day")),
    (f"{IOMLD}periodStart", gettext_noop("Earliest day")),
    (f"{IOMLD}periodEnd", gettext_noop("Latest day")),
    (f"{IOMLD}candidateIatiIdentifier", gettext_noop("Possible IATI identifier")),
    (f"{IOMLD}budget", gettext_noop("Budget as an amount")),
    (f"{RDF}type", gettext_noop("Class")),
    (f"{FOAF}isPrimaryTopicOf", gettext_noop("Record")),
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


def facts_of(view: ReleaseView, project: Described, supplied: Mapping[str, tuple[str, ...]]) -> Iterator[Fact]:
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


def links_of(view: ReleaseView, project: Described, name: str) -> tuple[Link, ...]:
    """The things of ours that a property of our ontology points to, by name."""
    found = (link_to(view, iri) for iri in project.iris(IOMLD + name))
    return tuple(sorted((link for link in found if link), key=lambda link: link.name))


def literal_value(literal: Literal) -> Value:
    """A literal as a value; plain texts have no datatype."""
    is_plain = literal.language or literal.datatype.value == f"{XSD}string"
    return Value(literal.value, literal.language, None if is_plain else literal.datatype.value)


def _values(view: ReleaseView, project: Described, iri: str) -> Iterator[Value]:
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
