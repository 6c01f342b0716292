"""Candidates for a term of a query: terms of the release, tried in its place."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from iomld.browse.dataset import term_use
from iomld.browse.explain.diagnosis import Prober, Scope
from iomld.browse.explain.similarity import Names, bare_word, iri_variants, is_misspelt, likeness, written
from iomld.browse.ontology import ontology_terms
from iomld.browse.view import ReleaseView
from iomld.iris import IOMLD, OWL, RDFS, SKOS
from iomld.store.parts.clauses import Term, TermKind

_CODES = f"SELECT ?thing ?code {{ ?thing <{IOMLD}iso2>|<{IOMLD}iso3> ?code }}"
Terms = Sequence[NamedNode | Literal]
MOST = 5  # terms for one place
_TRIED = 30  # IRIs that are tried for one place
# Why a term of ours may be meant by one of somebody else's.
_LINKS = (
    *(OWL + name for name in ("sameAs", "equivalentClass", "equivalentProperty")),
    *(RDFS + name for name in ("subClassOf", "subPropertyOf", "seeAlso")),
    *(SKOS + name for name in ("exactMatch", "closeMatch")),
)


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
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
def release_terms(view: ReleaseView) -> ReleaseTerms:
    """The terms of a release, which never changes."""
    names = dict[str, set[str]]()
    for iri, name in _named(view):
        names.setdefault(iri, set()).add(bare_word(name))
    things = dict[str, list[str]]()
    for iri in sorted(names):
        for name in names[iri]:
            things.setdefault(name, []).append(iri)
    use = term_use(view)
    ours = ontology_terms(view)  # the history is not described, but has terms of ours
    return ReleaseTerms(
        view.iris.base,
        (*_most_used(use.properties), *(term.iri for term in ours if term.kind != "Class")),
        (*_most_used(use.classes), *(term.iri for term in ours if term.kind == "Class")),
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


def _most_used(counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda iri: (-counts[iri], iri)))


class CandidateTerms:
    """Tries terms where a part stands.

    Attributes:
        scope: Where the part stands.
        known: Terms of the release.
        meant: A variable that stands for what is meant.
    """

    def __init__(self, scope: Scope, prober: Prober, known: ReleaseTerms) -> None:
        """Begin; the prober asks."""
        self.scope, self.known = scope, known
        self.meant = f"?{scope.parts.hidden}m"
        self._prober = prober

    async def holds(self, pattern: str) -> bool:
        """Whether a pattern finds something."""
        return await self._prober.ask(self.scope.asking(pattern)) is True

    async def values(self, pattern: str, most: int | None = None) -> Terms:
        """What may stand for the variable that is meant in a pattern."""
        query = self.scope.finding(self.meant, pattern, most) if most else self.scope.finding(self.meant, pattern)
        return await self._prober.terms(query) or ()

    async def fitting(self, pattern: Callable[[str], str], iris: Iterable[str]) -> Terms:
        """Those of some IRIs with which a pattern finds something, in their order."""
        tried = [*dict.fromkeys(iris)][:_TRIED]
        if not tried:
            return ()
        values = f"VALUES {self.meant} {{ {' '.join(f'<{iri}>' for iri in tried)} }}"
        found = {term.value for term in await self.values(f"{values}\n{pattern(self.meant)}", _TRIED)}
        return [NamedNode(iri) for iri in tried if iri in found][:MOST]

    async def linked(self, iri: str) -> list[str]:
        """Terms that are said to be the same as one, or a kind of it."""
        if ":" not in iri or "\\" in iri:
            return []
        path = "|".join(f"<{link}>" for link in _LINKS)
        query = Scope(self.scope.parts).finding(self.meant, f"{self.meant} {path} <{iri}>", MOST)
        return [term.value for term in await self._prober.terms(query) or ()]

    def iri_variants(self, iri: str) -> list[str]:
        """Other spellings of an IRI."""
        return [*iri_variants(iri, self.known.base, self.scope.parts.prefixes)]

    def written(self, term: NamedNode | Literal) -> str:
        """A term as the query may write it."""
        return written(term, self.scope.parts.prefixes)

    def ranked(self, term: Term, found: Terms) -> Terms:
        """Those that are alike, the likest first."""
        ranks = [(rank, one) for one in found if (rank := likeness(term, one, self.known.names)) is not None]
        best = min((rank for rank, _ in ranks), default=0)
        return [one for rank, one in sorted(ranks, key=lambda one: one[0]) if rank <= best + 1][:MOST]

    def alike(self, term: Term, iris: Sequence[str]) -> list[str]:
        """Those of some terms of vocabularies that one may be a wrong spelling of."""
        misspelt = [iri for iri in iris if term.kind is TermKind.IRI and is_misspelt(term.iri, iri)]
        return [*misspelt, *(one.value for one in self.ranked(term, [NamedNode(iri) for iri in iris]))]
