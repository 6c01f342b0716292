"""Pages of countries, regions, frameworks and other concepts, and statements about resources without such a page."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pyoxigraph import NamedNode, Quad

from iomld.browse.lists import Listing, Totals, project_counts, projects_pointing, totals_of
from iomld.browse.search import projects_of
from iomld.browse.view import Link, LinkKind, ReleaseView, arranged, link_to, links_by_name, resource_quads
from iomld.formats.graph import Subject, SubjectGraph
from iomld.formats.jsonld_nodes import descriptions
from iomld.i18n import gettext
from iomld.iris import DCTERMS, FOAF, IOMLD, PROV, RDF, RDFS, SCHEMA, SKOS
from iomld.messages import gettext_noop
from iomld.release.project_index import CODED, coded

# The properties by which projects refer to resources that are not concepts.
_POINTERS = {
    "country": f"{IOMLD}benefitingCountry",
    "fund": f"{IOMLD}fundedBy",
    "organization": f"{IOMLD}fundedBy",
}
_NAMES = (f"{SKOS}prefLabel", f"{SCHEMA}name", f"{FOAF}name", f"{DCTERMS}title")
_NOTES = tuple(SKOS + name for name in ("definition", "scopeNote", "note", "editorialNote"))
_CODES = (("notation", SKOS), ("iso2", IOMLD), ("iso3", IOMLD), ("m49", IOMLD), ("frameworkKind", IOMLD))
# Names of terms of other vocabularies, where they do not stand for a field of a project.
_TERMS = {
    f"{DCTERMS}created": gettext_noop("Made"),
    f"{DCTERMS}description": gettext_noop("Description"),
    f"{DCTERMS}isVersionOf": gettext_noop("Revision of"),
    f"{PROV}entity": gettext_noop("Source"),
    f"{PROV}qualifiedDerivation": gettext_noop("Source in detail"),
    f"{PROV}specializationOf": gettext_noop("General form"),
    f"{PROV}wasGeneratedBy": gettext_noop("Made by run"),
}
_MATCHES = (f"{SKOS}exactMatch", f"{SKOS}closeMatch", f"{SKOS}relatedMatch", f"{RDFS}seeAlso")


@dataclass(frozen=True, slots=True)
class PlainValue:
    """A value of a property: its text, whether that is an IRI, and the language of a text; empty if it has none."""

    text: str
    is_iri: bool
    language: str = ""


@dataclass(frozen=True, slots=True)
class SubjectStatements:
    """The statements about one subject.

    Attributes:
        iri: The subject.
        properties: Each property IRI with its values.
    """

    iri: str
    properties: tuple[tuple[str, tuple[PlainValue, ...]], ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """IRIs of the classes that it belongs to."""
        return tuple(one.text for predicate, values in self.properties if predicate == f"{RDF}type" for one in values)


def described_quads(view: ReleaseView, iri: str) -> tuple[Quad, ...]:
    """The statements of all graphs about an IRI and the fragments that it links to, without duplicate triples.

    A source that no record uses any more is described by the runs that used it.
    """
    found: dict[object, Quad] = {}
    waiting, seen = [iri], {iri}
    while waiting:
        for quad in view.reader.about(waiting.pop()):
            found.setdefault(quad.triple, quad)
            target = quad.object.value if isinstance(quad.object, NamedNode) else ""
            if target.startswith(f"{iri}#") and target not in seen:
                seen.add(target)
                waiting.append(target)
    quads = found.values() or view.reader.pointing(f"{PROV}used", iri, graph=view.iris.graph("prov"))
    return arranged(quads, first=iri)


def graph_triples(view: ReleaseView, name: str) -> tuple[Quad, ...]:
    """A shared or included graph by its name after `graph/`; empty if there is no such graph."""
    return arranged(view.reader.graph(view.iris.graph(name)), first="")


def statements(quads: tuple[Quad, ...]) -> tuple[SubjectStatements, ...]:
    """Statements grouped by subject, in the order of the quads."""
    graph = SubjectGraph(quads)
    return tuple(
        SubjectStatements(
            subject,
            tuple(
                (
                    predicate,
                    (
                        *(PlainValue(one, is_iri=True) for one in graph[subject].iris(predicate)),
                        *(
                            PlainValue(one.value, is_iri=False, language=one.language or "")
                            for one in graph[subject].literals(predicate)
                        ),
                    ),
                )
                for predicate in graph[subject].predicates()
            ),
        )
        for subject in descriptions(quads)
    )


def statement_names(view: ReleaseView, subjects: Sequence[SubjectStatements]) -> dict[str, str]:
    """The names of the properties, classes, concepts and countries in statements, by IRI; others have none here.

    Args:
        view: The release; names are in its language.
        subjects: The statements.
    """
    used = {
        iri
        for one in subjects
        for predicate, values in one.properties
        for iri in (predicate, *(value.text for value in values if value.is_iri))
    }
    names = {iri: _statement_name(view, iri) for iri in used} | _key_names(view, subjects)
    if not any(f"{IOMLD}Project" in one.classes for one in subjects):
        names |= {iri: gettext(_TERMS[iri], view.language) for iri in used & _TERMS.keys()}
    return {iri: f"{name[:1].upper()}{name[1:]}" for iri, name in names.items() if name}


def _key_names(view: ReleaseView, subjects: Iterable[SubjectStatements]) -> dict[str, str]:
    """The names of the properties that are keys of mentions and sources, as records and tables have them."""
    named = {
        (key.subject, key.iri): key.name(view.language) for key in reversed(view.vocabulary.fields.others) if key.names
    }
    return {
        predicate: named[class_, predicate]
        for one in subjects
        for class_ in one.classes
        for predicate, _ in one.properties
        if (class_, predicate) in named
    }


def _statement_name(view: ReleaseView, iri: str) -> str:
    """The name of a field, a term of our ontology, a concept or a country; empty for anything else.

    A field is named after what records give in it. A property with a narrower one has more values than that in
    published graphs (every benefiting country, not only those that are no member states), so it has the name of its
    term.
    """
    ontology = view.iris.graph("ontology")
    field = view.vocabulary.fields.by_property.get(iri)
    if field and not view.reader.pointing(f"{RDFS}subPropertyOf", iri, graph=ontology):
        return field.name(view.language)
    if iri.startswith(IOMLD):
        term = SubjectGraph(view.reader.about(iri, graph=ontology))[iri]
        return term.text(f"{RDFS}label", view.language) or ""
    link = link_to(view, iri)
    return link.name if link and link.name != link.code else ""


@dataclass(frozen=True, slots=True)
class TaggedText:
    """A text and its language, which is empty for a text without one."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class PartGroup:
    """The parts of a framework with the same role.

    Attributes:
        role: What the framework calls them, in English (`objective`); empty if the list does not say it.
        links: The parts, by number.
    """

    role: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """A country or a concept.

    Attributes:
        link: Its IRI, kind and name.
        names: Its names in all languages.
        other_names: Its alternative names.
        notes: Its definition and notes, in the view's language if they have it.
        codes: Its codes, each with its kind in words.
        inside: The region of a country, or the framework of a part.
        parts: Parts of a framework, those with the same role together.
        matches: IRIs of matching resources in other datasets.
        projects: Projects that point to it.
        totals: Figures of all these projects; empty for a scheme that is not a facet.
        of_projects: Whether projects point to such resources; to some, only parts of their records do.
    """

    link: Link
    names: tuple[TaggedText, ...]
    other_names: tuple[TaggedText, ...]
    notes: tuple[TaggedText, ...]
    codes: tuple[tuple[str, str], ...]
    inside: tuple[Link, ...]
    parts: tuple[PartGroup, ...]
    matches: tuple[str, ...]
    projects: Listing
    totals: Totals
    of_projects: bool


@dataclass(frozen=True, slots=True)
class SchemePage:
    """A concept scheme.

    Attributes:
        iri: Its IRI.
        title: Its title.
        concepts: Each concept that is no part of another, with its number of projects.
        parts: Each part of a concept that projects point to, with their number.
        of_projects: Whether projects point to its concepts; to some, only parts of their records do.
    """

    iri: str
    title: str
    concepts: tuple[tuple[Link, int], ...]
    parts: tuple[tuple[Link, int], ...]
    of_projects: bool = True


def resource_page(view: ReleaseView, iri: str, *, page: int = 1) -> ResourcePage | None:
    """The content of the page of a country or concept; None if there is no such resource."""
    link = link_to(view, iri)
    quads = resource_quads(view, iri)
    if link is None or link.kind is LinkKind.PROJECT or not quads:
        return None
    thing = SubjectGraph(quads)[iri]
    pointer = _pointer(view, _family(view, iri))
    return ResourcePage(
        link=link,
        names=_texts(thing, _NAMES),
        other_names=_texts(thing, (f"{SKOS}altLabel",)),
        notes=_in_one_language(_texts(thing, _NOTES), view.language),
        codes=tuple((name, text) for name, space in _CODES if (text := thing.text(space + name))),
        inside=links_by_name(view, (*thing.iris(f"{IOMLD}inRegion"), *thing.iris(f"{SKOS}broader"))),
        parts=_parts(view, iri),
        matches=tuple(match for predicate in _MATCHES for match in thing.iris(predicate)),
        projects=projects_pointing(view, pointer, iri, page=page) if pointer else Listing((), 0, 1, 1),
        totals=_totals(view, iri),
        of_projects=pointer is not None,
    )


def scheme_page(view: ReleaseView, name: str) -> SchemePage | None:
    """The concepts of a scheme (`framework`, `region`), by name; None for an unknown scheme.

    Parts of a framework are listed only if projects point to them; the page of the framework has them all.
    """
    concepts = view.vocabulary.concepts.get(name)
    if concepts is None:
        return None
    iri = f"{view.iris.base}scheme/{name}"
    links = links_by_name(view, tuple(view.iris.concept(name, code) for code in concepts))
    return SchemePage(
        iri,
        SubjectGraph(view.reader.about(iri, graph=view.iris.graph("schemes")))[iri].text(
            f"{DCTERMS}title", view.language
        )
        or name,
        *_with_counts(view, name, links),
        of_projects=_pointer(view, name) is not None,
    )


def countries_page(view: ReleaseView) -> tuple[tuple[Link, int], ...]:
    """All countries that benefit from projects, by name, with their number of projects."""
    counts = project_counts(view, f"{IOMLD}benefitingCountry")
    return tuple((link, counts[link.iri]) for link in links_by_name(view, tuple(counts)))


def _family(view: ReleaseView, iri: str) -> str:
    """`country`, `fund`, `organization`, or the name of the scheme."""
    return iri.removeprefix(view.iris.base).split("/")[1]


def _totals(view: ReleaseView, iri: str) -> Totals:
    family = _family(view, iri)
    facet = "funder" if family in {"fund", "organization"} else family
    return totals_of(projects_of(view).figures(facet, coded(view.iris, facet, iri))) if facet in CODED else Totals()


def _texts(thing: Subject, predicates: tuple[str, ...]) -> tuple[TaggedText, ...]:
    found = (literal for predicate in predicates for literal in thing.literals(predicate))
    return tuple(TaggedText(literal.value, literal.language or "") for literal in found)


def _in_one_language(texts: tuple[TaggedText, ...], language: str) -> tuple[TaggedText, ...]:
    """The texts in a language, else in English, else all of them."""
    for wanted in ({language, ""}, {"en", ""}):
        if found := tuple(text for text in texts if text.language in wanted):
            return found
    return texts


def _pointer(view: ReleaseView, family: str) -> str | None:
    """The property by which projects point to countries, the fund, or concepts of a scheme: its first field."""
    fields = (field.iri for field in view.vocabulary.fields if field.scheme == family)
    return _POINTERS.get(family) or next(fields, None)


def _with_counts(
    view: ReleaseView, scheme: str, links: tuple[Link, ...]
) -> tuple[tuple[tuple[Link, int], ...], tuple[tuple[Link, int], ...]]:
    """The concepts of a scheme with their numbers of projects, and the parts of them that projects point to."""
    pointer = _pointer(view, scheme)
    counts = project_counts(view, pointer) if pointer else {}
    concepts = view.vocabulary.concepts[scheme]
    parts = {link.iri for link in links if link.code in concepts and concepts[link.code].broader}
    return (
        tuple((link, counts.get(link.iri, 0)) for link in links if link.iri not in parts),
        tuple((link, counts[link.iri]) for link in links if link.iri in parts and link.iri in counts),
    )


def _parts(view: ReleaseView, iri: str) -> tuple[PartGroup, ...]:
    """The parts of a concept by the role in their codes, and by number; digits in numbers are compared as numbers."""

    def by_number(link: Link) -> tuple[str, list[tuple[int, str]]]:
        pieces = re.split(r"(\d+)", link.number or link.code)
        return link.code.rpartition("-")[0], [(int(piece) if piece.isdigit() else 0, piece) for piece in pieces]

    found = (quad.subject for quad in view.reader.pointing(f"{SKOS}broader", iri))
    links = links_by_name(view, tuple(subject.value for subject in found if isinstance(subject, NamedNode)))
    groups = groupby(sorted(links, key=by_number), key=lambda link: link.role)
    return tuple(PartGroup(role, tuple(parts)) for role, parts in groups)
