"""What may stand for a term of a query: found among the terms of the data, and tried."""

from collections.abc import Callable, Iterable, Sequence

from pyoxigraph import Literal, NamedNode

from iomld.browse.explain.iri_variants import respelled
from iomld.browse.explain.probe_queries import Prober, Scope
from iomld.browse.explain.release_terms import Known
from iomld.browse.explain.rewriting import written
from iomld.browse.explain.similarity import is_misspelt, likeness
from iomld.iris import OWL, RDFS, SKOS
from iomld.store.parts.clauses import Term, TermKind

Terms = Sequence[NamedNode | Literal]

MOST = 5  # terms for one place

_TRIED = 30  # IRIs that are tried for one place
# Why a term of ours may be meant by one of somebody else's.
_LINKS = (
    *(OWL + name for name in ("sameAs", "equivalentClass", "equivalentProperty")),
    *(RDFS + name for name in ("subClassOf", "subPropertyOf", "seeAlso")),
    *(SKOS + name for name in ("exactMatch", "closeMatch")),
)


class Trying:
    """Tries terms where a part stands.

    Attributes:
        scope: Where the part stands.
        known: Terms of the release.
        meant: A variable that stands for what is meant.
    """

    def __init__(self, scope: Scope, prober: Prober, known: Known) -> None:
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

    def respelled(self, iri: str) -> list[str]:
        """Other spellings of an IRI."""
        return [*respelled(iri, self.known.base, self.scope.parts.prefixes)]

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
