"""Suggestions for triple patterns that nothing in the data matches: replacements for their terms."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace

from pyoxigraph import Literal, NamedNode

from iomld.browse.explain.candidates import MOST, CandidateTerms, ReleaseTerms, Terms
from iomld.browse.explain.diagnosis import EmptyPattern, EmptyReason, Prober, joined
from iomld.browse.explain.similarity import DATATYPES, Edit, cast_literal, edited, literal_text, relation
from iomld.iris import RDF
from iomld.model import TEXT_LANGUAGES
from iomld.store.sparql_syntax import Clause, ClauseKind, Term, TermType

_SHORTEST = 5  # letters; shorter texts are part of too many others
_FEW = 3  # properties with which other terms are tested
_MOST_CLASSES = 4  # classes that may replace one; more than that are no hint
_TYPE = f"{RDF}type"
_LANGUAGES = (None, *TEXT_LANGUAGES)


@dataclass(frozen=True, slots=True)
class _Position:
    """A term of a triple pattern, and the text of the patterns joined with it."""

    clause: Clause
    term: Term
    beside: str = ""

    def pattern(self, text: str) -> str:
        """The pattern with another text for the term."""
        subject, predicate, target = self.clause.terms
        words = [text if one is self.term else one.text for one in (subject, predicate, target)]
        if predicate.start <= self.term.start and self.term.end <= predicate.end and self.term is not predicate:
            step = Edit(self.term.start - predicate.start, self.term.end - predicate.start, text)
            words[1] = edited(predicate.text, (step,))
        return f"{' '.join(words)} .\n{self.beside}"

    @property
    def is_class(self) -> bool:
        """Whether the term is a class."""
        _, predicate, target = self.clause.terms
        return predicate.iri == _TYPE and self.term is target

    def edit(self, text: str) -> Edit:
        """The edit of the query that replaces the term."""
        return Edit(self.term.start, self.term.end, text)


def _steps(clause: Clause, beside: str = "") -> Iterator[_Position]:
    """The properties of a triple pattern: the predicate, or each property of its path."""
    predicate = clause.terms[1]
    for term in (predicate,) if predicate.kind is TermType.IRI else predicate.steps:
        yield _Position(clause, term, beside)


class TripleEdits(CandidateTerms):
    """Finds edits of an empty triple pattern, or of several without solutions together."""

    def __init__(self, empty: EmptyPattern, prober: Prober, known: ReleaseTerms) -> None:
        """Search in the scope of a part.

        Args:
            empty: The part.
            prober: Tests other terms.
            known: Terms of the release.
        """
        super().__init__(empty.scope, prober, known)
        self._empty = empty

    async def edits(self, clause: Clause) -> AsyncIterator[tuple[Edit, ...]]:
        """Edits of an unknown property, or of any term of the patterns, with which the part has solutions."""
        if self._empty.reason is EmptyReason.PROPERTY:
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
            async for edit in self._other_classes(_Position(one, one.terms[2], beside)):
                yield (edit,)

    # -- properties --------------------------------------------------------------------------------------------------

    async def _properties(self, clause: Clause) -> AsyncIterator[tuple[Edit, ...]]:
        """Replace an unknown property by properties of the release that have solutions."""
        for place in _steps(clause):
            if place.term.text != self._empty.name:
                continue
            likely, related = await self._similar_properties(place)
            found = await self._with_solutions(place, likely) or await self._with_solutions(place, related)
            for term in found:
                yield (place.edit(self.written(term)),)
            for iri in (*likely, *related)[:_FEW] if place.term is clause.terms[1] and not found else ():
                async for edits in self._with_property(clause, self.written(NamedNode(iri))):
                    yield edits

    async def _with_property(self, clause: Clause, text: str) -> AsyncIterator[tuple[Edit, ...]]:
        """Replace the subject or object together with the property."""
        subject, predicate, target = clause.terms
        changed = replace(clause, terms=(subject, replace(predicate, text=text), target))
        for term in (target, subject):
            for other in await self._replacements(_Position(changed, term)):
                yield (
                    Edit(predicate.start, predicate.end, text),
                    Edit(term.start, term.end, self.written(other)),
                )

    async def _similar_properties(self, place: _Position) -> tuple[list[str], list[str]]:
        """Properties of which one may be a misspelling or synonym, and related properties."""
        iri, properties = place.term.iri, self.known.properties
        likely = dict.fromkeys(
            (*self.iri_variants(iri), *await self.linked(iri), *self.similar(place.term, properties))
        )
        near = [(rank, one) for one in properties if (rank := relation(iri, one)) is not None and one not in likely]
        related = [one for _, one in sorted(near, key=lambda one: one[0])]
        return [one for one in likely if one in properties and one != iri], related

    async def _with_solutions(self, place: _Position, iris: Sequence[str]) -> Terms:
        """Those of some properties with which a pattern has solutions."""
        if place.term is place.clause.terms[1]:
            return await self.fitting(place.pattern, iris)
        # A path cannot contain a variable.
        return [NamedNode(iri) for iri in iris[:MOST] if await self.holds(place.pattern(f"<{iri}>"))]

    # -- triple patterns ---------------------------------------------------------------------------------------------

    async def _triple(self, clause: Clause, beside: str) -> AsyncIterator[tuple[Edit, ...]]:
        """Replace each term of a triple pattern, then swap subject and object."""
        subject, predicate, target = clause.terms
        for place in (_Position(clause, target, beside), _Position(clause, subject, beside)):
            others = await self._replacements(place)
            for other in others:
                yield (place.edit(self.written(other)),)
            if not others and place.term.kind is TermType.LITERAL:
                async for edits in self._texts(place):
                    yield edits
        if predicate.kind is TermType.VARIABLE or predicate.iri == _TYPE:
            return
        for place in _steps(clause, beside):
            likely, related = await self._similar_properties(place)
            for other in await self._with_solutions(place, likely) or await self._with_solutions(place, related):
                yield (place.edit(self.written(other)),)
        text = f"^{predicate.text}" if predicate.kind is TermType.IRI else f"^({predicate.text})"
        if await self.holds(_Position(clause, predicate, beside).pattern(text)):
            yield (Edit(predicate.start, predicate.end, text),)

    async def _replacements(self, place: _Position) -> Terms:
        """Candidates for a term with which the pattern has solutions."""
        if place.term.kind is TermType.IRI:
            return await self._iri_candidates(place)
        return await self._literals(place) if place.term.kind is TermType.LITERAL else ()

    def _namesakes(self, place: _Position) -> list[str]:
        """Classes, or countries and concepts, with the name of a term."""
        return self.similar(place.term, self.known.classes if place.is_class else self.known.called(place.term))

    async def _iri_candidates(self, place: _Position) -> Terms:
        """Candidates for an IRI with which the pattern has solutions."""
        term = place.term
        if found := await self.fitting(place.pattern, self.iri_variants(term.iri)):
            return found
        iris = [*await self.linked(term.iri), *self._namesakes(place)]
        if found := await self.fitting(place.pattern, (iri for iri in iris if iri != term.iri)):
            return found
        return self.ranked(term, await self.values(place.pattern(self.variable)))

    async def _literals(self, place: _Position) -> Terms:
        """Candidates for a literal: literals of another language or datatype, or resources of that name."""
        term = place.term
        same = f"FILTER(LCASE(STR({self.variable})) = LCASE({literal_text(term.value)}))"
        if found := self.ranked(term, await self.values(f"{place.pattern(self.variable)}\n{same}", MOST)):
            return found
        if found := await self.fitting(place.pattern, self._namesakes(place)):
            return found
        if found := self.ranked(term, values := await self.values(place.pattern(self.variable))):
            return found
        kinds = sorted({one.datatype.value for one in values if isinstance(one, Literal)})
        others = [other for kind in kinds if (other := cast_literal(term, kind))]
        return [other for other in others if await self.holds(place.pattern(str(other)))]

    async def _other_classes(self, place: _Position) -> AsyncIterator[Edit]:
        """Replace a class by the classes of resources that match the other patterns."""
        if place.is_class and place.beside:
            values = await self.values(place.pattern(self.variable))
            for value in values if len(values) <= _MOST_CLASSES else ():
                yield place.edit(self.written(value))

    async def _texts(self, place: _Position) -> AsyncIterator[tuple[Edit, ...]]:
        """Search for a literal without similar values inside longer texts, or with other properties."""
        async for edits in self._containing(place):
            yield edits
        subject, predicate, _ = place.clause.terms
        casts = (cast_literal(place.term, datatype) for datatype in DATATYPES)
        for literal in (*(Literal(place.term.value, language=one) for one in _LANGUAGES), *casts):
            if literal is not None and predicate.kind is TermType.IRI:
                text = self.written(literal)
                for found in await self.values(f"{subject.text} {self.variable} {text} .\n{place.beside}", MOST):
                    yield (Edit(predicate.start, predicate.end, self.written(found)), place.edit(text))

    async def _containing(self, place: _Position) -> AsyncIterator[tuple[Edit, ...]]:
        """Search for the literal inside longer texts."""
        term, parts, end = place.term, self.scope.parts, self.scope.end
        if len(term.value) < _SHORTEST or parts.text[end : end + 1] != "}":
            return
        variable = parts.unused("text")
        condition = f"FILTER(CONTAINS(LCASE(STR({variable})), {literal_text(term.value.lower())}))"
        if await self.holds(f"{place.pattern(variable)}\n{condition}"):
            yield (place.edit(variable), Edit(end, end, f" {condition} "))
