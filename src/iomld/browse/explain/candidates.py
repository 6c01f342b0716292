"""Candidates for a term of a query: terms of the release, tested in its place."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from iomld.browse.dataset import term_use
from iomld.browse.explain.diagnosis import Prober, Scope
from iomld.browse.explain.similarity import Names, bare_word, iri_variants, is_misspelt, similarity_rank, written
from iomld.browse.ontology import ontology_terms
from iomld.browse.view import ReleaseView
from iomld.iris import IOMLD, OWL, RDFS, SKOS
from iomld.store.sparql_syntax import Term, TermType

_CODES = f"SELECT ?thing ?code {{ ?thing <{IOMLD}iso2>|<{IOMLD}iso3> ?code }}"
Terms = Sequence[NamedNode | Literal]
MOST = 5  # candidates for one term
_MOST_TESTED = 30  # IRIs that are tested for one term
# Properties that link our terms to those of other vocabularies.
_LINKS = (
    *(OWL + name for name in ("sameAs", "equivalentClass", "equivalentProperty")),
    *(RDFS + name for name in ("subClassOf", "subPropertyOf", "seeAlso")),
    *(SKOS + name for name in ("exactMatch", "closeMatch")),
)


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
    """The terms of a release, and the names of its countries and concepts.

    Attributes:
        base: Base of its IRIs.
        properties: Its properties, the most used first, and those of the ontology.
        classes: Its classes, the most used first, and those of the ontology.
        names: The folded names in three languages, and the codes, of each country and concept.
        things: The countries and concepts of each name.
        prefixes: The prefixes that suggestions may declare, each with its IRI.
    """

    base: str
    properties: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    names: Names = field(default_factory=dict)
    things: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def called(self, term: Term) -> tuple[str, ...]:
        """The countries and concepts that a term names, by its text or the last segment of its IRI."""
        return self.things.get(bare_word(term.iri if term.kind is TermType.IRI else term.value), ())


@lru_cache(maxsize=4)
def release_terms(view: ReleaseView) -> ReleaseTerms:
    """The terms of a release; cached, since releases do not change."""
    names = dict[str, set[str]]()
    for iri, name in _resource_names(view):
        names.setdefault(iri, set()).add(bare_word(name))
    things = dict[str, list[str]]()
    for iri in sorted(names):
        for name in names[iri]:
            things.setdefault(name, []).append(iri)
    use = term_use(view)
    ours = ontology_terms(view)  # the description does not count the history, which also uses our terms
    return ReleaseTerms(
        view.iris.base,
        (*_most_used(use.properties), *(term.iri for term in ours if term.kind != "Class")),
        (*_most_used(use.classes), *(term.iri for term in ours if term.kind == "Class")),
        {iri: frozenset(found) for iri, found in names.items()},
        {name: tuple(found) for name, found in things.items()},
        view.iris.prefixes(),
    )


def _resource_names(view: ReleaseView) -> Iterator[tuple[str, str]]:
    for code, country in view.vocabulary.countries.items():
        for text in (code, *(label.text for label in country.labels)):
            yield view.iris.country(code), text
    for scheme, concepts in view.vocabulary.concepts.items():
        for code, concept in concepts.items():
            for text in (code, *(label.text for label in concept.labels)):
                yield view.iris.concept(scheme, code), text
    for row in view.reader.select(_CODES):
        yield row["thing"].value, row["code"].value


def _most_used(counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda iri: (-counts[iri], iri)))


class CandidateTerms:
    """Finds candidates for a term of an empty part, by testing whether the part has solutions with them.

    Attributes:
        scope: The scope of the part in the query.
        known: The terms of the release.
        variable: A variable that stands for the candidate in patterns.
    """

    def __init__(self, scope: Scope, prober: Prober, known: ReleaseTerms) -> None:
        """Search in a scope; the prober runs the queries."""
        self.scope, self.known = scope, known
        self.variable = f"?{scope.parts.hidden}m"
        self._prober = prober

    async def holds(self, pattern: str) -> bool:
        """Whether a pattern has a solution."""
        return await self._prober.ask(self.scope.asking(pattern)) is True

    async def values(self, pattern: str, most: int | None = None) -> Terms:
        """The bindings of the candidate variable in a pattern."""
        query = self.scope.finding(self.variable, pattern, most) if most else self.scope.finding(self.variable, pattern)
        return await self._prober.terms(query) or ()

    async def fitting(self, pattern: Callable[[str], str], iris: Iterable[str]) -> Terms:
        """Those of some IRIs with which a pattern has solutions, in the same order."""
        tested = [*dict.fromkeys(iris)][:_MOST_TESTED]
        if not tested:
            return ()
        values = f"VALUES {self.variable} {{ {' '.join(f'<{iri}>' for iri in tested)} }}"
        found = {term.value for term in await self.values(f"{values}\n{pattern(self.variable)}", _MOST_TESTED)}
        return [NamedNode(iri) for iri in tested if iri in found][:MOST]

    async def linked(self, iri: str) -> list[str]:
        """Terms that the data link to an IRI as equivalent or narrower."""
        if ":" not in iri or "\\" in iri:
            return []
        path = "|".join(f"<{link}>" for link in _LINKS)
        query = Scope(self.scope.parts).finding(self.variable, f"{self.variable} {path} <{iri}>", MOST)
        return [term.value for term in await self._prober.terms(query) or ()]

    def iri_variants(self, iri: str) -> list[str]:
        """Likely correct forms of an IRI."""
        return [*iri_variants(iri, self.known.base, self.scope.parts.prefixes)]

    def written(self, term: NamedNode | Literal) -> str:
        """A term in the syntax of the query, with its prefixes."""
        return written(term, self.scope.parts.prefixes)

    def ranked(self, term: Term, found: Terms) -> Terms:
        """The terms similar to a term, the most similar first."""
        ranks = [(rank, one) for one in found if (rank := similarity_rank(term, one, self.known.names)) is not None]
        best = min((rank for rank, _ in ranks), default=0)
        return [one for rank, one in sorted(ranks, key=lambda one: one[0]) if rank <= best + 1][:MOST]

    def similar(self, term: Term, iris: Sequence[str]) -> list[str]:
        """The vocabulary terms similar to a term; those of which it may be a misspelling come first."""
        misspelt = [iri for iri in iris if term.kind is TermType.IRI and is_misspelt(term.iri, iri)]
        return [*misspelt, *(one.value for one in self.ranked(term, [NamedNode(iri) for iri in iris]))]
