"""What was probably meant by triple patterns and graphs that are empty: other terms in their places."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pyoxigraph import Literal, NamedNode

from iomld.browse.why.casting import DATATYPES, cast
from iomld.browse.why.empty import Empty, Prober, Reason, Scope, joined
from iomld.browse.why.known import Known
from iomld.browse.why.likeness import likeness, relation
from iomld.browse.why.rewriting import Edit, edited, literal_text, written
from iomld.browse.why.spelling import respelled
from iomld.iris import OWL, RDF, RDFS, SKOS
from iomld.store.parts.clauses import Clause, ClauseKind, Term, TermKind

Terms = Sequence[NamedNode | Literal]

_MOST = 5  # terms for one place
_TRIED = 30  # IRIs that are tried for one place
_SHORT = 5  # letters; shorter texts are part of too many others
_FEW = 3  # properties with which other terms are tried
_CLASSES = 4  # that may stand for one; where there are more, none is meant
_TYPE = f"{RDF}type"
_LANGUAGES = (None, "en", "fr", "es")
# Why a term of ours may be meant by one of somebody else's.
_LINKS = (
    *(OWL + name for name in ("sameAs", "equivalentClass", "equivalentProperty")),
    *(RDFS + name for name in ("subClassOf", "subPropertyOf", "seeAlso")),
    *(SKOS + name for name in ("exactMatch", "closeMatch")),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A term of a triple pattern, and what its pattern is joined with."""

    clause: Clause
    term: Term
    beside: str = ""

    def pattern(self, text: str) -> str:
        """The pattern with other words in this place."""
        subject, predicate, target = self.clause.terms
        words = [text if one is self.term else one.text for one in (subject, predicate, target)]
        if predicate.start <= self.term.start and self.term.end <= predicate.end and self.term is not predicate:
            step = Edit(self.term.start - predicate.start, self.term.end - predicate.start, text)
            words[1] = edited(predicate.text, (step,))
        return f"{' '.join(words)} .\n{self.beside}"

    @property
    def is_class(self) -> bool:
        """Whether a class stands here."""
        _, predicate, target = self.clause.terms
        return predicate.iri == _TYPE and self.term is target

    def edit(self, text: str) -> Edit:
        """Other words in this place of the query."""
        return Edit(self.term.start, self.term.end, text)


def _steps(clause: Clause, beside: str = "") -> Iterator[_Place]:
    """The properties of a triple pattern; of a path each one."""
    predicate = clause.terms[1]
    for term in (predicate,) if predicate.kind is TermKind.IRI else predicate.steps:
        yield _Place(clause, term, beside)


class TripleEdits:
    """Finds edits of one empty part; each leaves something of it."""

    def __init__(self, empty: Empty, prober: Prober, known: Known) -> None:
        """Begin.

        Args:
            empty: The part, which is a triple pattern or names a graph.
            prober: Tries the edits.
            known: Terms of the release.
        """
        self._empty, self._scope = empty, empty.scope
        self._prober, self._known = prober, known
        self._meant = f"?{self._scope.parts.hidden}m"

    async def edits(self, clause: Clause) -> AsyncIterator[tuple[Edit, ...]]:
        """Edits of a graph's name, of a property, or of any term of the triple patterns that find nothing together."""
        if self._empty.reason is Reason.GRAPH:
            async for edit in self._graphs(clause):
                yield (edit,)
            return
        if self._empty.reason is Reason.PROPERTY:
            async for edits in self._properties(clause):
                yield edits
            return
        together = [one for one in (clause, *self._empty.beside) if one.kind is ClauseKind.TRIPLE]
        besides = [joined([other for other in (clause, *self._empty.beside) if other is not one]) for one in together]
        found = False
        for one, beside in zip(together, besides, strict=True):
            async for edits in self._triple(one, beside):
                found = True
                yield edits
        for one, beside in zip(together, besides, strict=True) if not found else ():
            async for edit in self._other_classes(_Place(one, one.terms[2], beside)):
                yield (edit,)

    # -- what is tried -----------------------------------------------------------------------------------------------

    async def _holds(self, pattern: str) -> bool:
        return await self._prober.ask(self._scope.asking(pattern)) is True

    async def _values(self, pattern: str, most: int | None = None) -> Terms:
        """What may stand for the variable that is meant in a pattern."""
        query = self._scope.finding(self._meant, pattern, most) if most else self._scope.finding(self._meant, pattern)
        return await self._prober.terms(query) or ()

    async def _fitting(self, pattern: Callable[[str], str], iris: Iterable[str]) -> Terms:
        """Those of some IRIs with which a pattern finds something, in their order."""
        tried = [*dict.fromkeys(iris)][:_TRIED]
        if not tried:
            return ()
        values = f"VALUES {self._meant} {{ {' '.join(f'<{iri}>' for iri in tried)} }}"
        found = {term.value for term in await self._values(f"{values}\n{pattern(self._meant)}", _TRIED)}
        return [NamedNode(iri) for iri in tried if iri in found][:_MOST]

    async def _linked(self, iri: str) -> list[str]:
        """Terms that are said to be the same as one, or a kind of it."""
        path = "|".join(f"<{link}>" for link in _LINKS)
        query = Scope(self._scope.parts).finding(self._meant, f"{self._meant} {path} <{iri}>", _MOST)
        return [term.value for term in await self._prober.terms(query) or ()] if ":" in iri and "\\" not in iri else []

    def _respelled(self, iri: str) -> list[str]:
        return [*respelled(iri, self._known.base, self._scope.parts.prefixes)]

    def _written(self, term: NamedNode | Literal) -> str:
        return written(term, self._scope.parts.prefixes)

    def _ranked(self, term: Term, found: Terms) -> Terms:
        """Those that are alike, the likest first."""
        ranks = [(rank, one) for one in found if (rank := likeness(term, one, self._known.names)) is not None]
        best = min((rank for rank, _ in ranks), default=0)
        return [one for rank, one in sorted(ranks, key=lambda one: one[0]) if rank <= best + 1][:_MOST]

    # -- graphs and properties ---------------------------------------------------------------------------------------

    async def _graphs(self, clause: Clause) -> AsyncIterator[Edit]:
        """Graphs of a name that is alike, and that have what is asked for."""
        (name,) = clause.terms
        if name.kind is not TermKind.IRI:
            return
        inner = "\n".join(joined(group.clauses) for group in clause.groups)
        for content in (inner, "?s ?p ?o"):  # what is asked for may be wrong too
            found = [*await self._fitting(lambda graph: f"GRAPH {graph} {{ {content} }}", self._respelled(name.iri))]  # noqa: B023  # called at once
            found += self._ranked(name, await self._values(f"GRAPH {self._meant} {{ {content} }}"))
            for term in found:
                yield Edit(name.start, name.end, self._written(term))
            if found:
                return

    async def _properties(self, clause: Clause) -> AsyncIterator[tuple[Edit, ...]]:
        """Properties of the release that are meant by one that it does not have, where they find something."""
        for place in _steps(clause):
            if place.term.text != self._empty.name:
                continue
            likely, related = await self._like_properties(place)
            found = await self._holding(place, likely) or await self._holding(place, related)
            for term in found:
                yield (place.edit(self._written(term)),)
            for iri in (*likely, *related)[:_FEW] if place.term is clause.terms[1] and not found else ():
                async for edits in self._with_property(clause, self._written(NamedNode(iri))):
                    yield edits

    async def _with_property(self, clause: Clause, text: str) -> AsyncIterator[tuple[Edit, ...]]:
        """Edits of the subject or the object that go with another property."""
        subject, predicate, target = clause.terms
        changed = replace(clause, terms=(subject, replace(predicate, text=text), target))
        for term in (target, subject):
            for other in await self._others(_Place(changed, term)):
                yield (Edit(predicate.start, predicate.end, text), Edit(term.start, term.end, self._written(other)))

    async def _like_properties(self, place: _Place) -> tuple[list[str], list[str]]:
        """Properties of the release that one may be a wrong spelling of, or another word for; then those related."""
        iri, properties = place.term.iri, self._known.properties
        ranked = self._ranked(place.term, [NamedNode(one) for one in properties])
        likely = dict.fromkeys((*self._respelled(iri), *await self._linked(iri), *(one.value for one in ranked)))
        near = [(rank, one) for one in properties if (rank := relation(iri, one)) is not None and one not in likely]
        related = [one for _, one in sorted(near, key=lambda one: one[0])]
        return [one for one in likely if one in properties and one != iri], related

    async def _holding(self, place: _Place, iris: Sequence[str]) -> Terms:
        """Those of some properties with which a pattern finds something."""
        if place.term is place.clause.terms[1]:
            return await self._fitting(place.pattern, iris)
        # No variable may stand in a path.
        return [NamedNode(iri) for iri in iris[:_MOST] if await self._holds(place.pattern(f"<{iri}>"))]

    # -- triple patterns ---------------------------------------------------------------------------------------------

    async def _triple(self, clause: Clause, beside: str) -> AsyncIterator[tuple[Edit, ...]]:
        """Other terms in the places of a triple pattern, then its two ends changed for one another."""
        subject, predicate, target = clause.terms
        for place in (_Place(clause, target, beside), _Place(clause, subject, beside)):
            others = await self._others(place)
            for other in others:
                yield (place.edit(self._written(other)),)
            if not others and place.term.kind is TermKind.LITERAL:
                async for edits in self._texts(place):
                    yield edits
        if predicate.kind is TermKind.VARIABLE or predicate.iri == _TYPE:
            return
        for place in _steps(clause, beside):
            likely, related = await self._like_properties(place)
            for other in await self._holding(place, likely) or await self._holding(place, related):
                yield (place.edit(self._written(other)),)
        text = f"^{predicate.text}" if predicate.kind is TermKind.IRI else f"^({predicate.text})"
        if await self._holds(_Place(clause, predicate, beside).pattern(text)):
            yield (Edit(predicate.start, predicate.end, text),)

    async def _others(self, place: _Place) -> Terms:
        """Terms that are meant by another one, and find something in its place."""
        if place.term.kind is TermKind.IRI:
            return await self._things(place)
        return await self._literals(place) if place.term.kind is TermKind.LITERAL else ()

    async def _things(self, place: _Place) -> Terms:
        """Things that are meant by an IRI, and find something in its place."""
        term = place.term
        if found := await self._fitting(place.pattern, self._respelled(term.iri)):
            return found
        named = [NamedNode(iri) for iri in (self._known.classes if place.is_class else self._known.called(term))]
        iris = [*await self._linked(term.iri), *(one.value for one in self._ranked(term, named))]
        if found := await self._fitting(place.pattern, (iri for iri in iris if iri != term.iri)):
            return found
        return self._ranked(term, await self._values(place.pattern(self._meant)))

    async def _literals(self, place: _Place) -> Terms:
        """Terms of the data that are meant by a literal: of another language or datatype, or things of that name."""
        term = place.term
        same = f"FILTER(LCASE(STR({self._meant})) = LCASE({literal_text(term.value)}))"
        if found := self._ranked(term, await self._values(f"{place.pattern(self._meant)}\n{same}", _MOST)):
            return found
        iris = self._known.classes if place.is_class else self._known.called(term)
        ranked = self._ranked(term, [NamedNode(iri) for iri in iris])
        if found := await self._fitting(place.pattern, (one.value for one in ranked)):
            return found
        if found := self._ranked(term, values := await self._values(place.pattern(self._meant))):
            return found
        kinds = sorted({one.datatype.value for one in values if isinstance(one, Literal)})
        others = [other for kind in kinds if (other := cast(term, kind))]
        return [other for other in others if await self._holds(place.pattern(str(other)))]

    async def _other_classes(self, place: _Place) -> AsyncIterator[Edit]:
        """The classes of the things that do go with the rest, for one that does not."""
        if place.is_class and place.beside:
            values = await self._values(place.pattern(self._meant))
            for value in values if len(values) <= _CLASSES else ():
                yield place.edit(self._written(value))

    async def _texts(self, place: _Place) -> AsyncIterator[tuple[Edit, ...]]:
        """A literal that no value is alike: within texts, or with other properties."""
        async for edits in self._containing(place):
            yield edits
        subject, predicate, _ = place.clause.terms
        casts = (cast(place.term, datatype) for datatype in DATATYPES)
        for literal in (*(Literal(place.term.value, language=one) for one in _LANGUAGES), *casts):
            if literal is not None and predicate.kind is TermKind.IRI:
                text = self._written(literal)
                for found in await self._values(f"{subject.text} {self._meant} {text} .\n{place.beside}", _MOST):
                    yield (Edit(predicate.start, predicate.end, self._written(found)), place.edit(text))

    async def _containing(self, place: _Place) -> AsyncIterator[tuple[Edit, ...]]:
        """The text looked for within texts, where it is only a part of them."""
        term, parts, end = place.term, self._scope.parts, self._scope.end
        if len(term.value) < _SHORT or parts.text[end : end + 1] != "}":
            return
        variable = f"?{parts.hidden}t" if "?text" in parts.text else "?text"
        condition = f"FILTER(CONTAINS(LCASE(STR({variable})), {literal_text(term.value.lower())}))"
        if await self._holds(f"{place.pattern(variable)}\n{condition}"):
            yield (place.edit(variable), Edit(end, end, f" {condition} "))
