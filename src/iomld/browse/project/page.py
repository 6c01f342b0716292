"""The page of one project as values: its statements, texts, sources and similar projects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pyoxigraph import Literal

from iomld.browse.project.passages import Passage, TextMention, mentions_of, passages_of
from iomld.browse.project.provenance import RevisionNote, Source, history_of, sources_of
from iomld.browse.project.similar_projects import popularity_of
from iomld.browse.view import Link, ReleaseView, link_to, links_by_name, project_document
from iomld.folding import name_order
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import DCTERMS, IOMLD, SCHEMA, XSD, local_name
from iomld.model import DOLLARS, Money

_LONGEST = 160


@dataclass(frozen=True, slots=True)
class StatementValue:
    """The value of a statement: a text with its language or datatype, a link, or an IRI without a name of ours."""

    text: str
    language: str | None = None
    datatype: str | None = None
    link: Link | None = None
    iri: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement of a project.

    Attributes:
        label: The name of the field in the language of the view; empty for other properties.
        iri: The property.
        values: Its values; long texts are cut.
        field: The field of the record that it comes from; None if the publisher derived it.
        sources: IRIs of the sources that supplied it, if the history has them.
    """

    label: str
    iri: str
    values: tuple[StatementValue, ...]
    field: str | None
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Local name of the property."""
        return local_name(self.iri)


def facts_of(view: ReleaseView, project: Subject, supplied: Mapping[str, tuple[str, ...]]) -> Iterator[Fact]:
    """The statements about a project, in the order of the page.

    Args:
        view: The release.
        project: The statements about the project.
        supplied: IRIs of the sources that supplied each property; empty without a history.
    """
    declared = view.vocabulary.fields.by_property
    others = sorted(set(project.predicates()) - declared.keys())
    for iri in (*declared, *others):  # in the order of the shapes
        values = tuple(_values(view, project, iri))
        if values:
            field = declared.get(iri)
            label = field.name(view.language) if field else ""
            is_stated = field is not None and field.given and (not supplied or iri in supplied)
            yield Fact(label, iri, values, field.key if field and is_stated else None, supplied.get(iri, ()))


def links_of(view: ReleaseView, project: Subject, name: str) -> tuple[Link, ...]:
    """Our resources that a property of our ontology points to, by name."""
    return links_by_name(view, project.iris(IOMLD + name))


def literal_value(literal: Literal) -> StatementValue:
    """A literal as a value; plain texts have no datatype."""
    is_plain = literal.language or literal.datatype.value == f"{XSD}string"
    return StatementValue(literal.value, literal.language, None if is_plain else literal.datatype.value)


def _values(view: ReleaseView, project: Subject, iri: str) -> Iterator[StatementValue]:
    # Each member state is also a benefitingCountry; a page shows it once.
    member_states = project.iris(f"{IOMLD}benefitingMemberState") if iri == f"{IOMLD}benefitingCountry" else ()
    found = [(link_to(view, target), target) for target in project.iris(iri) if target not in member_states]
    things = [StatementValue(link.name, link=link) for link, _ in found if link]
    yield from sorted(things, key=lambda value: name_order(value.text))
    yield from (StatementValue(target, iri=target) for link, target in found if link is None)
    yield from (_cut(literal_value(literal)) for literal in project.literals(iri))


def _cut(value: StatementValue) -> StatementValue:
    if len(value.text) <= _LONGEST:
        return value
    return StatementValue(f"{value.text[:_LONGEST].rsplit(' ', 1)[0]} …", value.language, value.datatype)


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """The content of the page of a project.

    Attributes:
        key: Last segment of its IRI, decoded.
        iri: The project.
        titles: Its titles, beginning with the one to show.
        abstracts: Our descriptions of it, with their mentions.
        narratives: Its narratives, with their mentions.
        status: Its status.
        region: Its region.
        states: Countries that benefit, member states and others.
        frameworks: Frameworks that its texts name.
        budget: The amount allocated, with its currency.
        start_year: Four digits.
        end_year: Four digits.
        facts: All statements.
        mentions: The places where its texts name frameworks, by number.
        popularity: Number of projects for the IRI of each framework and country.
        sources: The sources that it was read from.
        history: Its newest revisions, the newest first.
        earlier: Number of revisions before those.
        license: IRI of the licence.
    """

    key: str
    iri: str
    titles: tuple[StatementValue, ...]
    abstracts: tuple[Passage, ...]
    narratives: tuple[Passage, ...]
    status: Link | None
    region: Link | None
    states: tuple[Link, ...]
    frameworks: tuple[Link, ...]
    budget: Money | None
    start_year: str | None
    end_year: str | None
    facts: tuple[Fact, ...]
    mentions: tuple[TextMention, ...]
    popularity: dict[str, int]
    sources: tuple[Source, ...]
    history: tuple[RevisionNote, ...]
    earlier: int
    license: str | None

    @property
    def title(self) -> StatementValue:
        """The title to show: in the view's language, else English, else any, else the key."""
        return self.titles[0] if self.titles else StatementValue(self.key, "en")

    @property
    def hidden_texts(self) -> frozenset[str]:
        """The texts with mentions that are not published, as fragments of their IRIs."""
        shown = {
            *(f"abstract-{text.language}" for text in self.abstracts),
            *(f"narrative-{text.language}" for text in self.narratives),
            *(f"title-{text.language}" for text in self.titles),
        }
        return frozenset(mention.text for mention in self.mentions) - shown

    def agents(self) -> tuple[str, ...]:
        """IRIs of the software that found its mentions."""
        return tuple(sorted({mention.agent for mention in self.mentions if mention.agent}))

    def source_numbers(self, fact: Fact) -> tuple[int, ...]:
        """The numbers of the sources that supplied a statement."""
        return tuple(source.number for source in self.sources if source.iri in fact.sources)

    def fact(self, name: str) -> StatementValue | None:
        """The first value of a property of ours, by its local name."""
        return next((fact.values[0] for fact in self.facts if fact.iri == IOMLD + name), None)


def project_page(view: ReleaseView, key: str) -> ProjectPage | None:
    """The content of the page of a project; None if there is no such project."""
    quads = project_document(view, key)
    if quads is None:
        return None
    graph = SubjectGraph(quads)
    record = graph[view.iris.record(key)]
    project = graph[view.iris.project(key)]
    mentions = mentions_of(view, graph, key)
    states = links_of(view, project, "benefitingCountry")
    frameworks = links_of(view, project, "mentionsFramework")
    history = history_of(view, key)
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
        budget=_budget(project, graph[view.iris.budget(key)]),
        start_year=project.text(f"{IOMLD}startYear"),
        end_year=project.text(f"{IOMLD}endYear"),
        facts=tuple(facts_of(view, project, history.supplied)),
        mentions=mentions,
        popularity=popularity_of(view, states, "country") | popularity_of(view, frameworks, "framework"),
        sources=sources_of(graph, record),
        history=history.revisions,
        earlier=history.earlier,
        license=record.iri(f"{DCTERMS}license"),
    )


def _titles(project: Subject, language: str) -> tuple[StatementValue, ...]:
    titles = sorted(
        project.literals(f"{DCTERMS}title"),
        key=lambda title: (title.language != language, title.language != "en", title.language),
    )
    return tuple(StatementValue(title.value, title.language) for title in titles)


def _link(view: ReleaseView, iri: str | None) -> Link | None:
    return link_to(view, iri) if iri else None


def _budget(project: Subject, node: Subject) -> Money | None:
    """The amount of the budget node, else the amount in US dollars."""
    amount, currency = node.text(f"{SCHEMA}value"), node.text(f"{SCHEMA}currency")
    if amount is None:
        amount, currency = project.text(f"{IOMLD}budgetUSD"), DOLLARS
    try:
        return Money(Decimal(amount), currency) if amount and currency else None
    except InvalidOperation:
        return None
