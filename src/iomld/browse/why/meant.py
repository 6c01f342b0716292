"""What was probably meant by a part of a query that finds nothing; each proposal was tried and finds something."""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from iomld.browse.why.conditions import condition_edits
from iomld.browse.why.empty import Empty, Prober, Reason, Scope, joined
from iomld.browse.why.known import Known
from iomld.browse.why.likeness import likeness
from iomld.browse.why.rewriting import Edit, are_apart, edited, literal_text, written
from iomld.iris import RDF
from iomld.store.parts.clauses import Clause, ClauseKind, Term, TermKind
from iomld.store.parts.structure import query_parts

_MOST = 3  # proposals for one part
_TRIED = 6  # terms that are tried for one place
_FEW = 5
_TYPE = f"{RDF}type"
_LANGUAGES = (None, "en", "fr", "es")
_CODE = re.compile(r"^([A-Z]{2})[\W_]?(\d+)$")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be written instead.

    Attributes:
        instead: What stands in the query.
        text: What may stand there.
        query: The whole query with it.
        finds: Whether that query finds something; if not, another part is empty too.
        edits: What makes the query of the one that was asked.
    """

    instead: str
    text: str
    query: str
    finds: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A term of a triple pattern, and what its pattern is joined with."""

    clause: Clause
    term: Term
    beside: str

    def pattern(self, text: str) -> str:
        """The pattern with other words in this place."""
        subject, predicate, target = self.clause.terms
        words = [text if one is self.term else one.text for one in (subject, predicate, target)]
        if predicate.start <= self.term.start and self.term.end <= predicate.end and self.term is not predicate:
            step = Edit(self.term.start - predicate.start, self.term.end - predicate.start, text)
            words[1] = edited(predicate.text, (step,))
        return f"{' '.join(words)} .\n{self.beside}"

    def edit(self, text: str) -> Edit:
        """Other words in this place of the query."""
        return Edit(self.term.start, self.term.end, text)


async def suggestions(empty: Empty, prober: Prober, known: Known) -> tuple[Suggestion, ...]:
    """What may be written instead of an empty part, best first.

    Args:
        empty: The part.
        prober: Tries it.
        known: Terms of the release.
    """
    text = empty.scope.parts.text
    found = dict[str, Suggestion]()
    async for edits in _edits(empty, prober, known):
        query = edited(text, edits)
        if query not in found:
            finds = await _finds(query, prober)
            instead = " … ".join(text[edit.start : edit.end] for edit in edits if edit.end > edit.start)
            found[query] = Suggestion(instead, " … ".join(edit.text.strip() for edit in edits), query, finds, edits)
        if len(found) == _MOST:
            break
    return tuple(sorted(found.values(), key=lambda one: not one.finds))


async def meant_query(text: str, found: Sequence[Sequence[Suggestion]], prober: Prober) -> str:
    """The query that was probably meant; empty where none is known that finds something.

    Args:
        text: The query that finds nothing.
        found: What may be written instead of each of its empty parts.
        prober: Tries what takes the place of all of them.
    """
    first = [one[0] for one in found if one]
    for one in first:
        if one.finds:
            return one.query
    edits = tuple(edit for one in first for edit in one.edits)
    query = edited(text, edits) if len(first) > 1 and are_apart(edits) else ""
    return query if query and await _finds(query, prober) else ""


async def _finds(query: str, prober: Prober) -> bool:
    """Whether the whole pattern of a query finds something."""
    parts = query_parts(query)
    if parts is None:
        return False
    if parts.where is None:
        return True  # a DESCRIBE of what was tried
    return await prober.ask(Scope(parts).asking(joined(parts.where.clauses))) is True


async def _edits(empty: Empty, prober: Prober, known: Known) -> AsyncIterator[tuple[Edit, ...]]:
    """Edits that are known to leave something of the part."""
    if empty.clause is None:
        return
    if empty.reason in {Reason.FILTER, Reason.FILTERS, Reason.UNBOUND}:
        async for edits in condition_edits(empty, prober, known):
            yield edits
    elif empty.clause.terms:
        async for edits in _Proposer(empty, prober, known).edits(empty.clause):
            yield edits


class _Proposer:
    def __init__(self, empty: Empty, prober: Prober, known: Known) -> None:
        self._empty, self._scope = empty, empty.scope
        self._prober, self._known = prober, known

    async def edits(self, clause: Clause) -> AsyncIterator[tuple[Edit, ...]]:
        """Edits of a graph's name, of a property, or of any term of the triple patterns that find nothing together."""
        if self._empty.reason is Reason.GRAPH:
            async for edit in self._graphs(clause):
                yield (edit,)
            return
        if self._empty.reason is Reason.PROPERTY:
            async for edit in self._properties(clause):
                yield (edit,)
            return
        together = (clause, *self._empty.beside)
        for one in together:
            if one.kind is ClauseKind.TRIPLE:
                async for edits in self._triple(one, joined([other for other in together if other is not one])):
                    yield edits

    async def _holds(self, pattern: str) -> bool:
        return await self._prober.ask(self._scope.asking(pattern)) is True

    def _written(self, term: NamedNode | Literal) -> str:
        return written(term, self._scope.parts.prefixes)

    def _ranked(self, term: Term, found: Sequence[NamedNode | Literal], most: int) -> list[NamedNode | Literal]:
        """Those that are alike, the likest first."""
        ranks = [(rank, one) for one in found if (rank := likeness(term, one, self._known.names)) is not None]
        best = min((rank for rank, _ in ranks), default=0)
        return [one for rank, one in sorted(ranks, key=lambda one: one[0]) if rank <= best + 1][:most]

    async def _graphs(self, clause: Clause) -> AsyncIterator[Edit]:
        """Graphs of a name that is alike, and that have what is asked for."""
        (name,) = clause.terms
        if name.kind is not TermKind.IRI:
            return
        inner = "\n".join(joined(group.clauses) for group in clause.groups) or "?s ?p ?o"
        for iri in _respelled(name.iri, self._known.base):
            if await self._holds(f"GRAPH <{iri}> {{ {inner} }}"):
                yield Edit(name.start, name.end, self._written(NamedNode(iri)))
        found = await self._prober.terms(self._scope.finding("?graph", f"GRAPH ?graph {{ {inner} }}")) or ()
        for term in self._ranked(name, found, _FEW):
            yield Edit(name.start, name.end, self._written(term))

    async def _properties(self, clause: Clause) -> AsyncIterator[Edit]:
        """Properties of the release with a name that is alike, where they find something."""
        for step in clause.terms[1].steps:
            place = _Place(clause, step, "")
            terms = [NamedNode(iri) for iri in self._known.properties] if step.text == self._empty.name else []
            for term in self._ranked(step, terms, _TRIED):
                if await self._holds(place.pattern(self._written(term))):
                    yield place.edit(self._written(term))

    async def _triple(self, clause: Clause, beside: str) -> AsyncIterator[tuple[Edit, ...]]:
        """Other terms in the places of a triple pattern, then its two ends changed for one another."""
        subject, predicate, target = clause.terms
        for place in (_Place(clause, target, beside), _Place(clause, subject, beside)):
            if place.term.kind in {TermKind.IRI, TermKind.LITERAL}:
                others = await self._others(place)
                for other in others:
                    yield (place.edit(self._written(other)),)
                if not others and place.term.kind is TermKind.LITERAL:
                    async for edits in self._texts(place):
                        yield edits
        if predicate.kind in {TermKind.IRI, TermKind.PATH} and predicate.iri != _TYPE:
            place = _Place(clause, predicate, beside)
            text = f"^{predicate.text}" if predicate.kind is TermKind.IRI else f"^({predicate.text})"
            if await self._holds(place.pattern(text)):
                yield (place.edit(text),)

    async def _others(self, place: _Place) -> Sequence[NamedNode | Literal]:
        """Terms of the data that are like one, and find something in its place."""
        term, meant = place.term, f"?{self._scope.parts.hidden}m"
        if term.kind is TermKind.LITERAL:
            same = f"FILTER(LCASE(STR({meant})) = LCASE({literal_text(term.value)}))"
            query = self._scope.finding(meant, f"{place.pattern(meant)}\n{same}", _FEW)
            if found := self._ranked(term, await self._prober.terms(query) or (), _FEW):
                return found
        if term.kind is TermKind.IRI:
            for iri in _respelled(term.iri, self._known.base):
                if await self._holds(place.pattern(f"<{iri}>")):
                    return [NamedNode(iri)]
        is_class = place.clause.terms[1].iri == _TYPE and term is place.clause.terms[2]
        iris = self._known.classes if is_class else self._known.called(term)
        ranked = self._ranked(term, [NamedNode(iri) for iri in iris], _TRIED)
        if found := [one for one in ranked if await self._holds(place.pattern(str(one)))]:
            return found
        values = await self._prober.terms(self._scope.finding(meant, place.pattern(meant))) or ()
        found = self._ranked(term, values, _FEW)
        # A class that does not go with the rest: what the things that do are of.
        return found or (values if is_class and place.beside and len(values) <= _MOST else ())

    async def _texts(self, place: _Place) -> AsyncIterator[tuple[Edit, ...]]:
        """A text that no value is alike: within other texts, or with other properties."""
        async for edits in self._containing(place):
            yield edits
        async for edits in self._elsewhere(place):
            yield edits

    async def _elsewhere(self, place: _Place) -> AsyncIterator[tuple[Edit, ...]]:
        """Other properties that have a text, in any language of ours or none."""
        subject, predicate, _ = place.clause.terms
        meant = f"?{self._scope.parts.hidden}m"
        for language in _LANGUAGES:
            text = self._written(Literal(place.term.value, language=language))
            pattern = f"{subject.text} {meant} {text} .\n{place.beside}"
            for found in await self._prober.terms(self._scope.finding(meant, pattern, _FEW)) or ():
                if predicate.kind is TermKind.IRI:
                    yield (Edit(predicate.start, predicate.end, self._written(found)), place.edit(text))

    async def _containing(self, place: _Place) -> AsyncIterator[tuple[Edit, ...]]:
        """The text looked for within texts, where it is only a part of them."""
        term, parts, end = place.term, self._scope.parts, self._scope.end
        if len(term.value) < _FEW or parts.text[end : end + 1] != "}":
            return
        variable = f"?{parts.hidden}t" if "?text" in parts.text else "?text"
        condition = f"FILTER(CONTAINS(LCASE(STR({variable})), {literal_text(term.value.lower())}))"
        if await self._holds(f"{place.pattern(variable)}\n{condition}"):
            yield (place.edit(variable), Edit(end, end, f" {condition} "))


def _respelled(iri: str, base: str) -> Iterator[str]:
    """IRIs that one may be a wrong spelling of, likely ones first.

    Its scheme, a slash at its end, a document for its thing, a code without its dot or in small letters.
    """
    scheme, sign, rest = iri.partition("://")
    if not sign:
        return
    ours, _, place = base.partition("://")
    other = ours if rest.startswith(place) and scheme != ours else "http" if scheme == "https" else "https"
    found = []
    for one in (iri, f"{other}://{rest}"):
        bare = one.rstrip("/#")
        start, slash, segment = bare.rpartition("/")
        coded = start + slash + _CODE.sub(r"\1.\2", segment.upper())
        found += [one, bare, coded, start + slash + segment.upper(), f"{bare}/"]
    for change in (("/doc/", "/id/"), ("/id/", "/doc/")):
        found += [one.replace(*change, 1) for one in found]
    yield from (one for one in dict.fromkeys(found) if one != iri)
