"""Why a query finds nothing: asked of the endpoint in small queries, answered to `/sparql?explain=1`."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.browse.explain.candidates import ReleaseTerms
from iomld.browse.explain.diagnosis import EmptyPattern, EmptyReason, Scope, empty_parts, joined
from iomld.browse.explain.suggestions import Suggestion, meant_query, suggestions, values_there
from iomld.formats import rdf, results
from iomld.formats.negotiate import choose
from iomld.i18n import gettext_noop
from iomld.store.sparql_parser import query_tree
from iomld.store.sparql_syntax import QueryTree
from iomld.web.problems import ProblemError
from iomld.web.sparql.answers import LargeAnswer, QueryAnswer, QueryEndpoint
from iomld.web.sparql.protocol import COMMON_HEADERS, HttpRequest, MediaTypes, Operation

EXPLAIN_OFFERS = ("application/json", "text/plain")

# Formats in which rows are lines.
_COUNTABLE = MediaTypes(results.TSV.media_type, results.JSON.media_type, rdf.NTRIPLES.media_type)

_MOST_PROBES = 60
_PROBING_S = 1.0  # for all of them
_FAILED_PROBES = 20  # what one without an answer counts for: it may have cost a worker
_LONGEST = 300  # characters of a part

_SENTENCES: Mapping[EmptyReason, str] = {
    EmptyReason.TRIPLE: gettext_noop("No triple is like this."),
    EmptyReason.PROPERTY: gettext_noop("No triple has this property:"),
    EmptyReason.GRAPH: gettext_noop("There is no graph of this name:"),
    EmptyReason.ELSEWHERE: gettext_noop("Other graphs have what is asked for, but not:"),
    EmptyReason.TOGETHER: gettext_noop("This finds something alone, but nothing together with:"),
    EmptyReason.FILTER: gettext_noop("Nothing that is found meets this condition."),
    EmptyReason.FILTERS: gettext_noop("Nothing meets this condition together with those before it."),
    EmptyReason.UNBOUND: gettext_noop("Nothing gives this variable a value, so the condition is never true:"),
    EmptyReason.MINUS: gettext_noop("This takes away all that is found."),
    EmptyReason.SUBSELECT: gettext_noop("The inner query finds nothing."),
    EmptyReason.HAVING: gettext_noop("Rows are found, but no group of them meets this."),
    EmptyReason.SLICE: gettext_noop("Rows are found, but this leaves none of them."),
    EmptyReason.TEMPLATE: gettext_noop(
        "The pattern finds something, but no triple can be made of it; look at the variables."
    ),
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

    reason: EmptyReason
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


async def explain_response(
    endpoint: QueryEndpoint, request: HttpRequest, operation: Operation, known: Callable[[], ReleaseTerms]
) -> Response:
    """Run a query and say what it finds.

    Args:
        endpoint: Answers it.
        request: Who asks.
        operation: The query.
        known: Terms of the release.

    Raises:
        ProblemError: The query has no answer.
    """
    rows = await run_in_threadpool(_rows, await endpoint.find(request, operation, _COUNTABLE))
    is_explained = may_be_of_nothing(operation.query or "", rows)
    why = await explanation(endpoint, request, operation, known) if is_explained else Explanation()
    headers = COMMON_HEADERS | {"Cache-Control": "no-store"}
    if choose(request.accept, EXPLAIN_OFFERS) == EXPLAIN_OFFERS[1]:
        return Response("".join(_lines(rows, why)), headers=headers, media_type="text/plain; charset=utf-8")
    body = json.dumps(_document(rows, why), ensure_ascii=False).encode()
    return Response(body, headers=headers, media_type=EXPLAIN_OFFERS[0])


async def explanation(
    endpoint: QueryEndpoint, request: HttpRequest, operation: Operation, known: Callable[[], ReleaseTerms]
) -> Explanation:
    """Say why a query finds nothing.

    Args:
        endpoint: Answers the small queries.
        request: Who asks.
        operation: The query, which found nothing.
        known: Terms of the release; called in a thread.
    """
    parts = query_tree(operation.query or "")
    if parts is None:
        return Explanation(complete=False)
    if operation.default_graphs or operation.named_graphs:  # these count, not FROM (SPARQL 1.1 Protocol, 2.1.4)
        parts = replace(parts, sources=())
    probes = Probes(endpoint, request, operation)
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
    parts = query_tree(query)
    return parts is not None and parts.is_total


def _part(
    parts: QueryTree, empty: EmptyPattern, proposed: tuple[Suggestion, ...], values: tuple[str, ...]
) -> EmptyPart:
    line, column = parts.place(_start(empty, proposed))
    about: tuple[str, ...] = (empty.name,) if empty.name else ()
    if empty.reason is EmptyReason.TOGETHER:
        about = tuple(_shown(parts, clause.text) for clause in empty.beside)
    there = tuple(_shown(parts, value) for value in values)
    return EmptyPart(empty.reason, _shown(parts, empty.text), line, column, about, proposed, there)


def _start(empty: EmptyPattern, proposed: Sequence[Suggestion]) -> int:
    """Where the wrong word of a part is, or where the part begins."""
    if not proposed or empty.clause is None:
        return empty.start
    start = min(edit.start for edit in proposed[0].edits)
    return start if empty.clause.start <= start < empty.clause.end else empty.start


def _shown(parts: QueryTree, text: str) -> str:
    """A part without the variables that stand for blank nodes."""
    words = ("[]" if word.startswith(f"?{parts.hidden}") else word for word in text.split(" "))
    text = " ".join(words)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _rows(found: QueryAnswer) -> int:
    """Solutions or triples; of ASK 1 for yes."""
    with closing(found):
        if found.media_type == results.JSON.media_type:
            return int(any(b"true" in piece for piece in found.pieces()))
        lines = sum(piece.count(b"\n") for piece in found.pieces())
        return lines - (found.media_type == results.TSV.media_type)


def _document(rows: int, why: Explanation) -> dict[str, Any]:
    empty = [_described(part) for part in why.empty]
    return {"rows": rows, "complete": why.complete, "empty": empty, "query": why.query or None}


def _described(part: EmptyPart) -> dict[str, Any]:
    return {
        "kind": part.reason.value,
        "pattern": part.text,
        "line": part.line,
        "column": part.column,
        "reason": " ".join((part.sentence, *part.about)),
        "suggestions": [
            {"instead": one.instead, "text": one.text, "query": one.query, "finds": one.finds}
            for one in part.suggestions
        ],
        "values": [*part.values],
    }


def _lines(rows: int, why: Explanation) -> Iterator[str]:
    yield f"{rows} {'row' if rows == 1 else 'rows'}\n"
    for part in why.empty:
        yield f"\nline {part.line}, column {part.column}: {part.text}\n  {' '.join((part.sentence, *part.about))}\n"
        for one in part.suggestions:
            yield f"  Probably meant: {one.text} instead of {one.instead}\n"
        if part.values:
            yield f"  Values there, for example: {', '.join(part.values)}\n"
    if why.query:
        yield f"\nThis query finds something:\n\n{why.query.strip()}\n"
    if not rows and not why.empty:
        yield "\nWhich part is empty could not be told. Take out one line after the other until rows come.\n"
    elif not why.complete:
        yield "\nThe time was up before everything was asked.\n"


class Probes:
    """The small queries by which a query is explained; see `iomld.browse.explain.diagnosis.Prober`.

    They are asked of the endpoint on the quota of the client until their time or their number is used up.

    Attributes:
        complete: Whether each probe had an answer.
    """

    def __init__(self, endpoint: QueryEndpoint, request: HttpRequest, operation: Operation) -> None:
        """The time begins.

        Args:
            endpoint: Answers them, with its limits.
            request: Who asks.
            operation: The query to explain; its graphs and its timeout are those of the probes.
        """
        self._endpoint, self._request, self._operation = endpoint, request, operation
        self._until = time.monotonic() + min(_PROBING_S, operation.timeout_s or _PROBING_S)
        self._left = _MOST_PROBES
        self.complete = True

    async def ask(self, query: str) -> bool | None:
        """The answer to ASK."""
        body = await self._body(query)
        return None if body is None else b"true" in body

    async def terms(self, query: str) -> tuple[NamedNode | Literal, ...] | None:
        """The first column of SELECT."""
        body = await self._body(query)
        if body is None:
            return None
        rows = parse_query_results(body, QueryResultsFormat.TSV)
        assert isinstance(rows, QuerySolutions)  # noqa: S101  # TSV holds nothing else
        return tuple(term for row in rows if isinstance(term := row[0], NamedNode | Literal))

    async def _body(self, query: str) -> bytes | None:
        left_s = self._until - time.monotonic()
        if left_s <= 0 or self._left <= 0:
            self.complete = False
            return None
        # Half of the time that is left, so that a slow probe leaves some for others.
        probe = replace(self._operation, query=query, timeout_s=left_s / 2, format_=None, explain=False)
        try:
            found = await self._endpoint.find(self._request, probe, _COUNTABLE)
        except ProblemError:
            self.complete = False
            self._left -= _FAILED_PROBES
            return None
        self._left -= 1
        if isinstance(found, LargeAnswer):  # values as long as books
            found.close()
            return None
        return found.body
