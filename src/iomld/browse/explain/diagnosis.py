"""Diagnosis of a query without solutions: find its empty parts by querying the parts alone and together.

The probes are small ASK queries made from the query's own text. The prober limits them; if one has no answer, its part
is skipped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from pyoxigraph import Literal, NamedNode

from iomld.store.sparql_syntax import Clause, ClauseKind, GroupPattern, QueryTree, Term, TermType
from iomld.store.sparql_tokens import query_tokens

_MOST_VALUES = 300  # values that are compared with a term
_MOST = 4  # parts that are reported; one correction may make the others unnecessary
_MOST_REDUCED = 8  # parts that are tentatively removed from a combination without solutions
_LAST = frozenset({ClauseKind.FILTER, ClauseKind.MINUS})
_ALONE = frozenset({ClauseKind.TRIPLE, ClauseKind.GRAPH, ClauseKind.GROUP, ClauseKind.SUBSELECT})


class Prober(Protocol):
    """Runs small queries; the answer is None if it does not arrive in time."""

    async def ask(self, query: str) -> bool | None:
        """The answer to an ASK query."""
        ...

    async def terms(self, query: str) -> tuple[NamedNode | Literal, ...] | None:
        """The first column of a SELECT query."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a part in a query.

    Attributes:
        parts: The query.
        graphs: The names of the GRAPH patterns around it, the outermost first.
        end: Offset of the end of its group.
    """

    parts: QueryTree
    graphs: tuple[str, ...] = ()
    end: int = 0

    def asking(self, pattern: str) -> str:
        """An ASK query for a pattern in this scope."""
        return f"{self.parts.prologue}\nASK {self.parts.dataset}\n{{ {self._scoped(pattern)} }}"

    def finding(self, expression: str, pattern: str, most: int = _MOST_VALUES) -> str:
        """A SELECT query for the distinct values of a variable or an expression in this scope."""
        head = f"{self.parts.prologue}\nSELECT DISTINCT ({expression} AS ?{self.parts.hidden}_) {self.parts.dataset}"
        return f"{head}\n{{ {self._scoped(pattern)} }} LIMIT {most}"

    def spanning(self, expression: str, pattern: str) -> str:
        """A SELECT query for the minimum and maximum of an expression in this scope."""
        name, inner = f"?{self.parts.hidden}_", self._scoped(pattern)
        ends = " UNION ".join(f"{{ SELECT ({end}({expression}) AS {name}) {{ {inner} }} }}" for end in ("MIN", "MAX"))
        return f"{self.parts.prologue}\nSELECT DISTINCT {name} {self.parts.dataset}\n{{ {ends} }} ORDER BY {name}"

    def _scoped(self, pattern: str) -> str:
        for name in reversed(self.graphs):
            pattern = f"GRAPH {name} {{ {pattern}\n}}"
        return f"{pattern}\n"


def joined(clauses: Sequence[Clause]) -> str:
    """The text of some parts of a group."""
    return "\n".join(clause.text for clause in clauses)


class EmptyReason(StrEnum):
    """Why a part of a query is empty."""

    TRIPLE = "triple"  # nothing in the data matches this pattern
    PROPERTY = "property"  # the data do not have this property
    GRAPH = "graph"  # there is no such graph
    ELSEWHERE = "elsewhere"  # only graphs outside the scope match
    TOGETHER = "together"  # parts that have solutions alone, but not together
    FILTER = "filter"  # no solution meets a condition
    FILTERS = "filters"  # no solution meets several conditions together
    UNBOUND = "unbound"  # a condition on a variable that is never bound
    MINUS = "minus"  # MINUS removes all solutions
    SUBSELECT = "subselect"  # a subquery has no solutions
    HAVING = "having"  # no group meets HAVING
    SLICE = "slice"  # LIMIT or OFFSET leave no solutions
    TEMPLATE = "template"  # the CONSTRUCT template gives no valid triple


@dataclass(frozen=True, slots=True)
class EmptyPattern:
    """An empty part of a query.

    Attributes:
        reason: Why it is empty.
        start: Offset of its beginning in the query.
        text: Its text; the whole pattern for a part of a triple pattern.
        scope: Its scope.
        clause: The part, unless it follows the WHERE clause.
        beside: The parts that have no solutions together with it, or that a condition applies to.
        name: The property, graph or variable that is the reason.
    """

    reason: EmptyReason
    start: int
    text: str
    scope: Scope
    clause: Clause | None = None
    beside: tuple[Clause, ...] = ()
    name: str = ""


async def empty_parts(parts: QueryTree, prober: Prober) -> tuple[EmptyPattern, ...]:
    """The empty parts of a query, in the order of the query; none if they cannot be determined.

    Args:
        parts: A query without solutions.
        prober: Runs the probes.
    """
    finder = _Finder(prober)
    scope = Scope(parts)
    found = [*await finder.sources(scope)]
    if not found and parts.where is None:
        found = await finder.described(scope)
    if not found and parts.where is not None:
        found = await finder.elsewhere(parts.where, scope) or await finder.group(parts.where, scope)
        if not found and await finder.holds(scope, parts.where.clauses):
            found = [*_modifiers(parts, scope)]
    return tuple(sorted(found, key=lambda one: one.start)[:_MOST])


class _Finder:
    """Finds the empty parts of a query; each method looks at one kind of part."""

    def __init__(self, prober: Prober) -> None:
        self._prober = prober

    async def holds(self, scope: Scope, clauses: Sequence[Clause]) -> bool | None:
        return await self._prober.ask(scope.asking(joined(clauses)))

    async def sources(self, scope: Scope) -> list[EmptyPattern]:
        """The graphs in FROM that do not exist."""
        bare = Scope(replace(scope.parts, dataset=""))
        found = []
        for term in scope.parts.sources:
            if await self._prober.ask(bare.asking(f"GRAPH {term.text} {{ ?s ?p ?o }}")) is False:
                clause = Clause(ClauseKind.GRAPH, term.start, term.end, term.text, (term,))
                found.append(EmptyPattern(EmptyReason.GRAPH, term.start, term.text, bare, clause, name=term.text))
        return found

    async def elsewhere(self, where: GroupPattern, scope: Scope) -> list[EmptyPattern]:
        """The graphs in FROM, if the pattern has solutions in others."""
        parts, sources = scope.parts, scope.parts.sources
        if not sources or not await self.holds(Scope(replace(parts, dataset="")), where.clauses):
            return []
        text = parts.text[sources[0].start : sources[-1].end]
        return [EmptyPattern(EmptyReason.ELSEWHERE, sources[0].start, text, scope, name=text)]

    async def described(self, scope: Scope) -> list[EmptyPattern]:
        """The terms of DESCRIBE without statements."""
        found = []
        for term in scope.parts.described:
            property_, value = (Term(TermType.VARIABLE, name, term.end, term.end) for name in ("?property", "?value"))
            terms = (term, property_, value)
            text = " ".join(one.text for one in terms)
            clause = Clause(ClauseKind.TRIPLE, term.start, term.end, f"{text} .", terms)
            if await self.holds(scope, (clause,)) is False:
                found.append(EmptyPattern(EmptyReason.TRIPLE, term.start, term.text, scope, clause))
        return found

    async def group(self, group: GroupPattern, scope: Scope) -> list[EmptyPattern]:
        """The empty parts of a group: those empty alone, else together, else because of a condition."""
        scope = replace(scope, end=group.end - 1)
        first = [clause for clause in group.clauses if clause.kind not in _LAST]
        found: list[EmptyPattern] = []
        for clause in first:
            if len(found) < _MOST and clause.kind in _ALONE and await self.holds(scope, (clause,)) is False:
                found += await self._part(clause, scope)
        if found or not first:
            return found
        if await self.holds(scope, first) is False:
            return await self._together(first, scope)
        return await self._conditions(first, [one for one in group.clauses if one.kind in _LAST], scope)

    async def _part(self, clause: Clause, scope: Scope) -> list[EmptyPattern]:
        """The empty parts within a part that is empty alone."""
        if clause.kind is ClauseKind.TRIPLE:
            return [await self._triple(clause, scope)]
        if clause.kind is ClauseKind.GRAPH:
            return await self._graph(clause, scope)
        found = await self._groups(clause, scope)
        if clause.kind is ClauseKind.SUBSELECT and not found:
            return [EmptyPattern(EmptyReason.SUBSELECT, clause.start, clause.text, scope)]
        return found

    async def _graph(self, clause: Clause, scope: Scope) -> list[EmptyPattern]:
        """A graph that does not exist, or lacks what others have; else the empty parts of the GRAPH pattern."""
        (name,) = clause.terms
        if await self._prober.ask(scope.asking(f"GRAPH {name.text} {{ ?s ?p ?o }}")) is False:
            return [EmptyPattern(EmptyReason.GRAPH, name.start, name.text, scope, clause, name=name.text)]
        other = f"GRAPH ?{scope.parts.hidden}g {{ {joined(clause.groups[0].clauses)} }}"
        if name.kind is TermType.IRI and await self._prober.ask(scope.asking(other)):
            return [EmptyPattern(EmptyReason.ELSEWHERE, name.start, clause.text, scope, clause, name=name.text)]
        return await self._groups(clause, replace(scope, graphs=(*scope.graphs, name.text)))

    async def _groups(self, clause: Clause, scope: Scope) -> list[EmptyPattern]:
        return [one for group in clause.groups for one in await self.group(group, scope)]

    async def _triple(self, clause: Clause, scope: Scope) -> EmptyPattern:
        hidden = scope.parts.hidden
        for step in clause.terms[1].steps:
            if await self._prober.ask(scope.asking(f"?{hidden}s {step.text} ?{hidden}o")) is False:
                return EmptyPattern(EmptyReason.PROPERTY, step.start, clause.text, scope, clause, name=step.text)
        return EmptyPattern(EmptyReason.TRIPLE, clause.start, clause.text, scope, clause)

    async def _together(self, clauses: Sequence[Clause], scope: Scope) -> list[EmptyPattern]:
        """The first part without solutions together with the parts before it, and which of these are necessary."""
        some, none = 0, len(clauses)  # numbers of leading parts with and without solutions, for a binary search
        while none - some > 1:
            middle = (some + none) // 2
            if await self.holds(scope, clauses[:middle]) is False:
                none = middle
            else:
                some = middle
        last, beside = clauses[none - 1], [*clauses[: none - 1]]
        for clause in tuple(reversed(beside))[:_MOST_REDUCED]:
            fewer = [one for one in beside if one is not clause]
            if await self.holds(scope, (*fewer, last)) is False:
                beside = fewer
        return [EmptyPattern(EmptyReason.TOGETHER, last.start, last.text, scope, last, tuple(beside))]

    async def _conditions(self, first: Sequence[Clause], last: Sequence[Clause], scope: Scope) -> list[EmptyPattern]:
        """The conditions without solutions, each alone, else together."""
        found: list[EmptyPattern] = []
        for clause in last:
            if await self.holds(scope, (*first, clause)) is False:
                # The pattern in FILTER EXISTS may be empty itself.
                found += await self._groups(clause, scope) or [_condition(clause, first, scope)]
        if found:  # perhaps because an OPTIONAL part is empty
            optional = [clause for clause in first if clause.kind is ClauseKind.OPTIONAL]
            return [*[one for clause in optional for one in await self._groups(clause, scope)], *found]
        for count in range(2, len(last) + 1):
            if await self.holds(scope, (*first, *last[:count])) is False:
                clause = last[count - 1]
                return [
                    EmptyPattern(
                        EmptyReason.FILTERS, clause.start, clause.text, scope, clause, (*first, *last[: count - 1])
                    )
                ]
        return []


def _condition(clause: Clause, first: Sequence[Clause], scope: Scope) -> EmptyPattern:
    reason, name = EmptyReason(clause.kind.value), ""
    if clause.kind is ClauseKind.FILTER and "EXISTS" not in clause.text.upper():
        bound = {piece.text[1:] for one in first for piece in query_tokens(one.text) if piece.kind == "variable"}
        used = (piece.text for piece in query_tokens(clause.text) if piece.kind == "variable")
        name = next((one for one in used if one[1:] not in bound), "")
        reason = EmptyReason.UNBOUND if name else reason
    return EmptyPattern(reason, clause.start, clause.text, scope, clause, tuple(first), name)


def _modifiers(parts: QueryTree, scope: Scope) -> Sequence[EmptyPattern]:
    """The HAVING, OFFSET, LIMIT or CONSTRUCT that may discard all solutions of the pattern."""
    words = {piece.word: piece.start for piece in query_tokens(parts.tail) if piece.kind == "word"}
    for word, reason in (("HAVING", EmptyReason.HAVING), ("OFFSET", EmptyReason.SLICE), ("LIMIT", EmptyReason.SLICE)):
        if word in words:
            text = parts.tail[words[word] :].strip()
            return [EmptyPattern(reason, parts.tail_start + words[word], text, scope)]
    if parts.form == "CONSTRUCT":
        return [
            EmptyPattern(
                EmptyReason.TEMPLATE, next(query_tokens(parts.text, len(parts.prologue))).start, "CONSTRUCT", scope
            )
        ]
    return []
