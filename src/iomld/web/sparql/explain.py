"""Why a query finds nothing, in sentences, asked of the endpoint in small queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool

from iomld.browse.why.asking import Scope, joined
from iomld.browse.why.empty import Empty, Reason, empty_parts
from iomld.browse.why.known import Known
from iomld.browse.why.meant import Suggestion, meant_query, suggestions
from iomld.browse.why.values import values_there
from iomld.store.parts.clauses import QueryParts
from iomld.store.parts.structure import query_parts
from iomld.web.probes import Probes
from iomld.web.sparql.protocol import Operation
from iomld.web.sparql_answers import Endpoint
from iomld.web.sparql_exchange import Exchange
from iomld.web.words import key

_LONGEST = 300  # characters of a part

_SENTENCES: Mapping[Reason, str] = {
    Reason.TRIPLE: key("No triple is like this."),
    Reason.PROPERTY: key("No triple has this property:"),
    Reason.GRAPH: key("There is no graph of this name:"),
    Reason.ELSEWHERE: key("Other graphs have what is asked for, but not:"),
    Reason.TOGETHER: key("This finds something alone, but nothing together with:"),
    Reason.FILTER: key("Nothing that is found meets this condition."),
    Reason.FILTERS: key("Nothing meets this condition together with those before it."),
    Reason.UNBOUND: key("Nothing gives this variable a value, so the condition is never true:"),
    Reason.MINUS: key("This takes away all that is found."),
    Reason.SUBSELECT: key("The inner query finds nothing."),
    Reason.HAVING: key("Rows are found, but no group of them meets this."),
    Reason.SLICE: key("Rows are found, but this leaves none of them."),
    Reason.TEMPLATE: key("The pattern finds something, but no triple can be made of it; look at the variables."),
}


@dataclass(frozen=True, slots=True)
class EmptyPart:
    """A part of a query that finds nothing.

    Attributes:
        reason: Why.
        text: The part.
        line: Where it begins, from 1.
        column: Likewise, in characters.
        about: What the sentence of the reason ends with: a property, a graph, a variable, other parts.
        suggestions: What was probably meant.
        values: Where nothing was: values that are there.
    """

    reason: Reason
    text: str
    line: int
    column: int
    about: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    values: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The reason in English."""
        return _SENTENCES[self.reason]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a query finds nothing.

    Attributes:
        empty: The parts that find nothing; none where that could not be told.
        query: The whole query as it was probably meant; empty where none is known that finds something.
        complete: Whether there was time for all that could be asked.
    """

    empty: tuple[EmptyPart, ...] = ()
    query: str = ""
    complete: bool = True

    @property
    def has_several(self) -> bool:
        """Whether the query as it was meant has several parts written anew."""
        return bool(self.query) and all(one.query != self.query for part in self.empty for one in part.suggestions)


async def explanation(
    endpoint: Endpoint, exchange: Exchange, operation: Operation, known: Callable[[], Known]
) -> Explanation:
    """Say why a query finds nothing.

    Args:
        endpoint: Answers the small queries.
        exchange: Who asks.
        operation: The query, which found nothing.
        known: Terms of the release; called in a thread.
    """
    parts = query_parts(operation.query or "")
    if parts is None:
        return Explanation(complete=False)
    if operation.default_graphs or operation.named_graphs:  # these count, not FROM (SPARQL 1.1 Protocol, 2.1.4)
        parts = replace(parts, sources=())
    probes = Probes(endpoint, exchange, operation)
    if parts.is_total and parts.where and await probes.ask(Scope(parts).asking(joined(parts.where.clauses))):
        return Explanation()  # a total of something
    terms = await run_in_threadpool(known)
    empties = await empty_parts(parts, probes)
    proposed = [await suggestions(empty, probes, terms) for empty in empties]
    query = await meant_query(parts.text, proposed, probes)
    pairs = zip(empties, proposed, strict=True)
    found = [_part(parts, empty, some, () if some else await values_there(empty, probes)) for empty, some in pairs]
    return Explanation(tuple(found), query, probes.complete)


def may_be_of_nothing(query: str, rows: int) -> bool:
    """Whether there may be something to explain: no row, or one of totals, which may be totals of nothing.

    Args:
        query: The text.
        rows: How many rows or triples it has; of ASK 1 for yes.
    """
    if rows != 1:
        return not rows
    parts = query_parts(query)
    return parts is not None and parts.is_total


def _part(parts: QueryParts, empty: Empty, proposed: tuple[Suggestion, ...], values: tuple[str, ...]) -> EmptyPart:
    line, column = parts.place(_start(empty, proposed))
    about: tuple[str, ...] = (empty.name,) if empty.name else ()
    if empty.reason is Reason.TOGETHER:
        about = tuple(_shown(parts, clause.text) for clause in empty.beside)
    there = tuple(_shown(parts, value) for value in values)
    return EmptyPart(empty.reason, _shown(parts, empty.text), line, column, about, proposed, there)


def _start(empty: Empty, proposed: Sequence[Suggestion]) -> int:
    """Where the wrong word of a part is, or where the part begins."""
    if not proposed or empty.clause is None:
        return empty.start
    start = min(edit.start for edit in proposed[0].edits)
    return start if empty.clause.start <= start < empty.clause.end else empty.start


def _shown(parts: QueryParts, text: str) -> str:
    """A part without the variables that stand for blank nodes."""
    words = ("[]" if word.startswith(f"?{parts.hidden}") else word for word in text.split(" "))
    text = " ".join(words)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
