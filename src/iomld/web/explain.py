"""Why a query finds nothing, in sentences, asked of the endpoint in small queries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool

from iomld.browse.why.empty import Empty, Reason, empty_parts
from iomld.browse.why.known import Known
from iomld.browse.why.meant import Suggestion, suggestions
from iomld.store.parts.clauses import QueryParts
from iomld.store.parts.structure import query_parts
from iomld.web.probes import Probes
from iomld.web.sparql_answers import Endpoint
from iomld.web.sparql_exchange import Exchange
from iomld.web.sparql_protocol import Operation
from iomld.web.words import key

_LONGEST = 300  # characters of a part

_SENTENCES: Mapping[Reason, str] = {
    Reason.TRIPLE: key("No triple in the data is like this."),
    Reason.PROPERTY: key("No triple in the data has this property:"),
    Reason.GRAPH: key("There is no graph of this name:"),
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
    """

    reason: Reason
    text: str
    line: int
    column: int
    about: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]

    @property
    def sentence(self) -> str:
        """The reason in English."""
        return _SENTENCES[self.reason]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a query finds nothing.

    Attributes:
        empty: The parts that find nothing; none where that could not be told.
        complete: Whether there was time for all that could be asked.
    """

    empty: tuple[EmptyPart, ...] = ()
    complete: bool = True


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
    terms = await run_in_threadpool(known)
    probes = Probes(endpoint, exchange, operation)
    empties = await empty_parts(parts, probes)
    found = [_part(parts, empty, await suggestions(empty, probes, terms)) for empty in empties]
    return Explanation(tuple(found), probes.complete)


def _part(parts: QueryParts, empty: Empty, proposed: tuple[Suggestion, ...]) -> EmptyPart:
    line, column = parts.place(empty.start)
    about: tuple[str, ...] = (empty.name,) if empty.name else ()
    if empty.reason is Reason.TOGETHER:
        about = tuple(_shown(parts, clause.text) for clause in empty.beside)
    return EmptyPart(empty.reason, _shown(parts, empty.text), line, column, about, proposed)


def _shown(parts: QueryParts, text: str) -> str:
    """A part without the variables that stand for blank nodes."""
    words = ("[]" if word.startswith(f"?{parts.hidden}") else word for word in text.split(" "))
    text = " ".join(words)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
