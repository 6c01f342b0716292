"""The page of one project, as values."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pyoxigraph import Literal, NamedNode

from iomld.browse.graph import Described, Graph
from iomld.browse.links import Link, link_to
from iomld.browse.listing import project_counts
from iomld.browse.passages import Mention, Passage, mentions_of, passages_of
from iomld.browse.view import ReleaseView, project_document
from iomld.formats.terms import KEYS
from iomld.iris import DCTERMS, IOMLD, PROV, XSD

_BUDGET = f"{IOMLD}budgetUSD"

# Statements of a project page in their order: property, and the words for it.
_FACTS = (
    ("projectCode", "Project code"),
    ("primaId", "PRIMA identifier"),
    ("status", "Status"),
    ("projectType", "Type"),
    ("coverage", "Coverage"),
    ("region", "Region"),
    ("benefitingMemberState", "Benefits member state"),
    ("benefitingCountry", "Benefits country"),
    ("managingOfficeCountry", "Managing office in"),
    ("mentionsFramework", "Names framework"),
    ("alignsWithFramework", "Serves framework"),
    ("theme", "Theme"),
    ("fundingLine", "Funding line"),
    ("fundedBy", "Funded by"),
    ("budgetUSD", "Budget in US dollars"),
    ("allocationYear", "Year of allocation"),
    ("startYear", "Start year"),
    ("endYear", "End year"),
    ("startDate", "Start day"),
    ("endDate", "End day"),
    ("periodStart", "Earliest day"),
    ("periodEnd", "Latest day"),
    ("candidateIatiIdentifier", "Possible IATI identifier"),
)
# What the publisher works out; a source has no field for it.
_DERIVED = frozenset({"managingOfficeCountry", "periodStart", "periodEnd", "candidateIatiIdentifier", "fundedBy"})
_FIELDS = {key.iri: key.name for key in KEYS}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a statement: a text with its language or datatype, or a link."""

    text: str
    language: str | None = None
    datatype: str | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement of a project.

    Attributes:
        label: Words for the property.
        iri: The property.
        values: Its values.
        field: The field of the record that it comes from; None where the publisher worked it out.
    """

    label: str
    iri: str
    values: tuple[Value, ...]
    field: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes that a record was read from.

    Attributes:
        iri: The snapshot.
        url: Address of the page, if known.
        file: Name of the file, if known.
        sha256: Hash of the bytes, 64 hexadecimal digits.
        retrieved_at: When they were received, if known.
    """

    iri: str
    url: str | None
    file: str | None
    sha256: str | None
    retrieved_at: str | None


@dataclass(frozen=True, slots=True)
class RevisionNote:
    """One revision of the record: its number from 1, and when it was made."""

    number: int
    created: str | None


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """What the page of a project shows.

    Attributes:
        key: Last segment of its IRI, decoded.
        iri: The project.
        titles: Its titles; the one to show first.
        abstracts: Our descriptions of it, with what they name.
        narratives: Its narratives, with what they name.
        status: Its status.
        region: Its region.
        states: Countries that benefit, member states and others.
        frameworks: Frameworks that its texts name.
        budget: US dollars.
        start_year: Four digits.
        end_year: Four digits.
        facts: All statements.
        mentions: Where its texts name frameworks, by number.
        popularity: For the IRI of each framework and state, in how many projects it occurs.
        sources: What it was read from.
        history: Its revisions, the newest first.
        license: IRI of the licence.
    """

    key: str
    iri: str
    titles: tuple[Value, ...]
    abstracts: tuple[Passage, ...]
    narratives: tuple[Passage, ...]
    status: Link | None
    region: Link | None
    states: tuple[Link, ...]
    frameworks: tuple[Link, ...]
    budget: Decimal | None
    start_year: str | None
    end_year: str | None
    facts: tuple[Fact, ...]
    mentions: tuple[Mention, ...]
    popularity: dict[str, int]
    sources: tuple[Source, ...]
    history: tuple[RevisionNote, ...]
    license: str | None

    @property
    def title(self) -> Value:
        """The title to show: in the view's language, else English, else any, else the key."""
        return self.titles[0] if self.titles else Value(self.key, "en")

    def fact(self, name: str) -> Value | None:
        """The first value of a property of ours, by its local name."""
        return next((fact.values[0] for fact in self.facts if fact.iri == IOMLD + name), None)


def fact_labels() -> tuple[str, ...]:
    """The words for the properties of a project, in English."""
    return tuple(label for _, label in _FACTS)


def project_page(view: ReleaseView, key: str) -> ProjectPage | None:
    """Everything that the page of a project shows; None where there is no such project."""
    quads = project_document(view, key)
    if quads is None:
        return None
    graph = Graph(quads)
    record = graph[view.iris.record(key)]
    project = graph[view.iris.project(key)]
    mentions = mentions_of(view, graph, key)
    states = _links(view, project, "benefitingCountry")
    frameworks = _links(view, project, "mentionsFramework")
    return ProjectPage(
        key=key,
        iri=view.iris.project(key),
        titles=_titles(project, view.language),
        abstracts=passages_of(project, f"{DCTERMS}abstract", "abstract", mentions),
        narratives=passages_of(project, f"{DCTERMS}description", "narrative", mentions),
        status=_link(view, project.iri(f"{IOMLD}status")),
        region=_link(view, project.iri(f"{IOMLD}region")),
        states=states,
        frameworks=frameworks,
        budget=_amount(project.text(_BUDGET)),
        start_year=project.text(f"{IOMLD}startYear"),
        end_year=project.text(f"{IOMLD}endYear"),
        facts=tuple(_facts(view, project)),
        mentions=mentions,
        popularity=_popularity(view, states, frameworks),
        sources=tuple(_source(graph[iri], iri) for iri in record.iris(f"{PROV}wasDerivedFrom")),
        history=_history(view, key),
        license=record.iri(f"{DCTERMS}license"),
    )


def _titles(project: Described, language: str) -> tuple[Value, ...]:
    titles = sorted(
        project.literals(f"{DCTERMS}title"),
        key=lambda title: (title.language != language, title.language != "en", title.language),
    )
    return tuple(Value(title.value, title.language) for title in titles)


def _facts(view: ReleaseView, project: Described) -> Iterator[Fact]:
    members = project.iris(f"{IOMLD}benefitingMemberState")
    for name, label in _FACTS:
        iri = IOMLD + name
        values = [Value(link.name, link=link) for link in _links(view, project, name)]
        # benefitingCountry stands beside each member state; a page says it once.
        values = [value for value in values if name != "benefitingCountry" or value.link.iri not in members]  # type: ignore[union-attr]  # made with a link
        values += [_value(literal) for literal in project.literals(iri)]
        if values:
            yield Fact(label, iri, tuple(values), None if name in _DERIVED else _FIELDS.get(iri))


def _value(literal: Literal) -> Value:
    datatype = literal.datatype.value
    return Value(literal.value, literal.language, None if datatype == f"{XSD}string" or literal.language else datatype)


def _links(view: ReleaseView, project: Described, name: str) -> tuple[Link, ...]:
    found = (_link(view, iri) for iri in project.iris(IOMLD + name))
    return tuple(sorted((link for link in found if link), key=lambda link: link.name))


def _link(view: ReleaseView, iri: str | None) -> Link | None:
    return link_to(view, iri) if iri else None


def _amount(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def _popularity(view: ReleaseView, states: tuple[Link, ...], frameworks: tuple[Link, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, links in (("benefitingCountry", states), ("mentionsFramework", frameworks)):
        if links:
            known = project_counts(view, IOMLD + name)
            counts |= {link.iri: known[link.iri] for link in links if link.iri in known}
    return counts


def _source(snapshot: Described, iri: str) -> Source:
    return Source(
        iri=iri,
        url=snapshot.iri(f"{DCTERMS}source"),
        file=snapshot.text(f"{DCTERMS}identifier"),
        sha256=snapshot.text(f"{IOMLD}sha256"),
        retrieved_at=snapshot.text(f"{IOMLD}retrievedAt"),
    )


def _history(view: ReleaseView, key: str) -> tuple[RevisionNote, ...]:
    graph = view.iris.graph("prov")
    notes = []
    for quad in view.reader.pointing(f"{DCTERMS}isVersionOf", view.iris.record(key), graph=graph):
        if isinstance(quad.subject, NamedNode):
            revision = Graph(view.reader.about(quad.subject.value, graph=graph))[quad.subject.value]
            number = quad.subject.value.rpartition("/")[2]
            if number.isdigit():
                notes.append(RevisionNote(int(number), revision.text(f"{DCTERMS}created")))
    return tuple(sorted(notes, key=lambda note: -note.number))
