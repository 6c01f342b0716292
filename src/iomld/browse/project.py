"""The page of one project, as values."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from iomld.browse.links import Link, link_to
from iomld.browse.passages import Mention, Passage, mentions_of, passages_of
from iomld.browse.provenance import RevisionNote, Source, history_of, sources_of
from iomld.browse.similar_projects import popularity_of
from iomld.browse.statements import Fact, Value, facts_of, links_of
from iomld.browse.view import ReleaseView, project_document
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import DCTERMS, IOMLD


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
        history: Its newest revisions, the newest first.
        earlier: How many revisions came before those.
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
    earlier: int
    license: str | None

    @property
    def title(self) -> Value:
        """The title to show: in the view's language, else English, else any, else the key."""
        return self.titles[0] if self.titles else Value(self.key, "en")

    @property
    def hidden_texts(self) -> frozenset[str]:
        """The texts that mentions stand in and that are not published, as fragments of their IRIs."""
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
        """The numbers of the sources that gave a statement."""
        return tuple(source.number for source in self.sources if source.iri in fact.sources)

    def fact(self, name: str) -> Value | None:
        """The first value of a property of ours, by its local name."""
        return next((fact.values[0] for fact in self.facts if fact.iri == IOMLD + name), None)


def project_page(view: ReleaseView, key: str) -> ProjectPage | None:
    """Everything that the page of a project shows; None where there is no such project."""
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
        budget=_amount(project.text(f"{IOMLD}budgetUSD")),
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


def _titles(project: Subject, language: str) -> tuple[Value, ...]:
    titles = sorted(
        project.literals(f"{DCTERMS}title"),
        key=lambda title: (title.language != language, title.language != "en", title.language),
    )
    return tuple(Value(title.value, title.language) for title in titles)


def _link(view: ReleaseView, iri: str | None) -> Link | None:
    return link_to(view, iri) if iri else None


def _amount(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None
