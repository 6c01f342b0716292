"""The terms of our ontology: what each is called, what it means, and how they hang together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from iomld.browse.view import ReleaseView, shared_graph
from iomld.formats.graph import Subject, SubjectGraph
from iomld.iris import IOMLD, OWL, RDF, RDFS, SCHEMA, SKOS, local_name

KINDS = ("Class", "Link", "Value")


@dataclass(frozen=True, slots=True)
class Vocable:
    """A class or property of our ontology.

    Attributes:
        iri: The term.
        name: Its local name.
        kind: One of `KINDS`.
        label: Its label in the view's language, else in English.
        labels: Its label in each language.
        definition: Its definition in the view's language, else in English.
        language: The language of the definition.
        domain: IRIs of classes whose things have it.
        range: IRIs of what its values are.
        broader: IRIs of the terms it refines.
        narrower: IRIs of our terms that refine it.
        properties: Of a class, IRIs of our properties that its things have.
        pointers: Of a class, IRIs of our properties whose values are its things.
        near: IRIs of terms of others that mean nearly the same.
    """

    iri: str
    name: str
    kind: str
    label: str
    labels: Mapping[str, str]
    definition: str
    language: str
    domain: tuple[str, ...]
    range: tuple[str, ...]
    broader: tuple[str, ...]
    narrower: tuple[str, ...]
    properties: tuple[str, ...]
    pointers: tuple[str, ...]
    near: tuple[str, ...]


def vocables(view: ReleaseView) -> tuple[Vocable, ...]:
    """The terms of our ontology, classes first, each kind by name."""
    graph = SubjectGraph(shared_graph(view, "ontology"))
    ours = {iri: graph[iri] for iri in graph.subjects() if iri.startswith(IOMLD) and _kind(graph[iri])}
    terms = (_vocable(ours, iri, view.language) for iri in ours)
    return tuple(sorted(terms, key=lambda term: (KINDS.index(term.kind), term.name)))


def _vocable(ours: Mapping[str, Subject], iri: str, language: str) -> Vocable:
    term = ours[iri]
    definition = f"{RDFS}comment" if term.literals(f"{RDFS}comment") else f"{SKOS}definition"
    languages = {one.language or "" for one in term.literals(definition)}
    return Vocable(
        iri=iri,
        name=local_name(iri),
        kind=_kind(term),
        label=term.text(f"{RDFS}label", language) or local_name(iri),
        labels={one.language: one.value for one in term.literals(f"{RDFS}label") if one.language},
        definition=term.text(definition, language) or "",
        language=language if language in languages else "en",
        domain=_domain(term),
        range=_range(term),
        broader=_broader(term),
        narrower=_having(ours, lambda one: iri in _broader(one)),
        properties=_having(ours, lambda one: iri in _domain(one)),
        pointers=_having(ours, lambda one: iri in _range(one)),
        near=term.iris(f"{RDFS}seeAlso"),
    )


def _domain(term: Subject) -> tuple[str, ...]:
    return (*term.iris(f"{RDFS}domain"), *term.iris(f"{SCHEMA}domainIncludes"))


def _range(term: Subject) -> tuple[str, ...]:
    return (*term.iris(f"{RDFS}range"), *term.iris(f"{SCHEMA}rangeIncludes"))


def _broader(term: Subject) -> tuple[str, ...]:
    return (*term.iris(f"{RDFS}subClassOf"), *term.iris(f"{RDFS}subPropertyOf"))


def _having(ours: Mapping[str, Subject], has: Callable[[Subject], bool]) -> tuple[str, ...]:
    return tuple(iri for iri, term in ours.items() if has(term))


def _kind(term: Subject) -> str:
    kinds = {
        f"{OWL}Class": "Class",
        f"{OWL}ObjectProperty": "Link",
        f"{OWL}DatatypeProperty": "Value",
        f"{OWL}AnnotationProperty": "Value",
    }
    return next((kinds[iri] for iri in term.iris(f"{RDF}type") if iri in kinds), "")
