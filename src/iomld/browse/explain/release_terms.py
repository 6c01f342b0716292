"""The terms of a release by which a wrong one is known: properties, classes, and what things are called."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from iomld.browse.explain.similarity import Names, bare_word
from iomld.browse.ontology_terms import vocables
from iomld.browse.view import ReleaseView, shared_graph
from iomld.formats.graph import SubjectGraph
from iomld.iris import IOMLD, VOID
from iomld.store.parts.clauses import Term, TermKind

_CODES = f"SELECT ?thing ?code {{ ?thing <{IOMLD}iso2>|<{IOMLD}iso3> ?code }}"


@dataclass(frozen=True, slots=True)
class Known:
    """What a release holds.

    Attributes:
        base: Base of its IRIs.
        properties: Its properties, those used most first, and those of the ontology.
        classes: Its classes, likewise.
        names: What countries and concepts are called: names in three languages, codes; without case and signs.
        things: The things of each name.
    """

    base: str
    properties: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    names: Names = field(default_factory=dict)
    things: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def called(self, term: Term) -> tuple[str, ...]:
        """The things that a term names: as a text, or by the last segment of its IRI."""
        return self.things.get(bare_word(term.iri if term.kind is TermKind.IRI else term.value), ())


@lru_cache(maxsize=4)
def known_terms(view: ReleaseView) -> Known:
    """The terms of a release, which never changes."""
    names = dict[str, set[str]]()
    for iri, name in _named(view):
        names.setdefault(iri, set()).add(bare_word(name))
    things = dict[str, list[str]]()
    for iri in sorted(names):
        for name in names[iri]:
            things.setdefault(name, []).append(iri)
    ours = vocables(view)  # the history is not described, but has terms of ours
    return Known(
        view.iris.base,
        (*_used(view, "property", "triples"), *(term.iri for term in ours if term.kind != "Class")),
        (*_used(view, "class", "entities"), *(term.iri for term in ours if term.kind == "Class")),
        {iri: frozenset(found) for iri, found in names.items()},
        {name: tuple(found) for name, found in things.items()},
    )


def _named(view: ReleaseView) -> Iterator[tuple[str, str]]:
    for code, country in view.vocabulary.countries.items():
        for text in (code, *(label.text for label in country.labels)):
            yield view.iris.country(code), text
    for scheme, concepts in view.vocabulary.concepts.items():
        for code, concept in concepts.items():
            for text in (code, *(label.text for label in concept.labels)):
                yield view.iris.concept(scheme, code), text
    for row in view.reader.select(_CODES):
        yield row["thing"].value, row["code"].value


def _used(view: ReleaseView, kind: str, unit: str) -> tuple[str, ...]:
    """The partitions of the release's VoID description."""
    graph = SubjectGraph(shared_graph(view, "dataset"))
    counts = {
        iri: partition.integer(VOID + unit) or 0
        for partition in (graph[subject] for subject in graph.subjects())
        if (iri := partition.iri(VOID + kind))
    }
    return tuple(sorted(counts, key=lambda iri: (-counts[iri], iri)))
