"""Explains why a query finds nothing, by small queries to the endpoint; answers `/sparql?explain=1`."""

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
from iomld.browse.explain.suggestions import (
    Suggestion,
    TypeMismatch,
    meant_query,
    suggestions,
    type_mismatch,
    values_there,
)
from iomld.formats import rdf, results
from iomld.formats.negotiate import choose
from iomld.messages import gettext_noop
from iomld.store.sparql_parser import query_tree
from iomld.store.sparql_syntax import QueryTree
from iomld.web.problems import ProblemError
from iomld.web.sparql.answers import LargeAnswer, QueryAnswer, QueryEndpoint
from iomld.web.sparql.exchange import COMMON_HEADERS, HttpRequest
from iomld.web.sparql.protocol import MediaTypes, Operation

EXPLAIN_OFFERS = ("application/json", "text/plain")

# Formats with one line for each solution or triple.
_LINE_TYPES = MediaTypes(results.TSV.media_type, results.JSON.media_type, rdf.NTRIPLES.media_type)

_MAX_PROBES = 60
_PROBING_S = 1.0  # for all of them
_FAILURE_COST = 20  # a probe without an answer counts as so many, since it may have killed a worker
_MAX_PART_LENGTH = 300

_SENTENCES: Mapping[EmptyReason, str] = {
    EmptyReason.TRIPLE: gettext_noop("Nothing in the data matches this pattern."),
    EmptyReason.PROPERTY: gettext_noop("Nothing in the data has this property:"),
    EmptyReason.GRAPH: gettext_noop("There is no graph with this name:"),
    EmptyReason.ELSEWHERE: gettext_noop("Other graphs contain matches, but this one does not:"),
    EmptyReason.TOGETHER: gettext_noop("This pattern has matches of its own, but none together with:"),
    EmptyReason.FILTER: gettext_noop("No row meets this condition."),
    EmptyReason.FILTERS: gettext_noop("No row meets this condition together with those before it."),
    EmptyReason.UNBOUND: gettext_noop("Nothing gives this variable a value, so the condition is never true:"),
    EmptyReason.MINUS: gettext_noop("This removes all rows."),
    EmptyReason.SUBSELECT: gettext_noop("The inner query has no results."),
    EmptyReason.HAVING: gettext_noop("There are rows, but no group of them meets this condition."),
    EmptyReason.SLICE: gettext_noop("Some rows match, but this part removes all of them."),
    EmptyReason.TEMPLATE: gettext_noop(
        "The pattern has matches, but no triple can be built from them. Check the variables of the template."
    ),
}


@dataclass(frozen=True, slots=True)
class EmptyPart:
    """A part of a query that finds nothing.

    Attributes:
        reason: Why.
        text: The part.
        line: Line on which it begins, from 1.
        column: Column at which it begins, in characters, from 1.
        about: The end of the sentence of the reason: a property, a graph, a variable, other parts.
        suggestions: What was probably meant.
        values: If there are no suggestions, values that the data has instead.
        types: The datatype that was written and those of the data, if they differ.
    """

    reason: EmptyReason
    text: str
    line: int
    column: int
    about: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    values: tuple[str, ...] = ()
    types: TypeMismatch | None = None

    @property
    def sentence(self) -> str:
        """The reason in English."""
        return _SENTENCES[self.reason]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a query finds nothing.

    Attributes:
        empty: The parts that find nothing; none if they could not be determined.
        query: The whole query as it was probably meant; empty if no query that finds something is known.
        complete: Whether there was time for all small queries.
    """

    empty: tuple[EmptyPart, ...] = ()
    query: str = ""
    complete: bool = True

    @property
    def has_several(self) -> bool:
        """Whether the query as it was probably meant differs in several parts."""
        return bool(self.query) and all(one.query != self.query for part in self.empty for one in part.suggestions)


async def explain_response(
    endpoint: QueryEndpoint, request: HttpRequest, operation: Operation, known: Callable[[], ReleaseTerms]
) -> Response:
    """Run a query and report how much it finds, and if nothing, why.

    Args:
        endpoint: Answers the query.
        request: The request.
        operation: The query.
        known: Gives the terms of the release; called in a thread.

    Raises:
        ProblemError: The query has no answer.
    """
    rows = await run_in_threadpool(_row_count, await endpoint.find(request, operation, _LINE_TYPES))
    is_explained = needs_explanation(operation.query or "", rows)
    why = await explanation(endpoint, request, operation, known) if is_explained else Explanation()
    headers = COMMON_HEADERS | {"Cache-Control": "no-store"}
    if choose(request.accept, EXPLAIN_OFFERS) == EXPLAIN_OFFERS[1]:
        return Response("".join(_text_lines(rows, why)), headers=headers, media_type="text/plain; charset=utf-8")
    body = json.dumps(_json_document(rows, why), ensure_ascii=False).encode()
    return Response(body, headers=headers, media_type=EXPLAIN_OFFERS[0])


async def explanation(
    endpoint: QueryEndpoint, request: HttpRequest, operation: Operation, known: Callable[[], ReleaseTerms]
) -> Explanation:
    """Explain why a query finds nothing.

    Args:
        endpoint: Answers the small queries.
        request: The request.
        operation: The query, which found nothing.
        known: Gives the terms of the release; called in a thread.
    """
    tree = query_tree(operation.query or "")
    if tree is None:
        return Explanation(complete=False)
    if operation.names_graphs:  # these replace FROM (SPARQL 1.1 Protocol section 2.1.4)
        tree = replace(tree, sources=())
    probes = Probes(endpoint, request, operation)
    if tree.is_total and tree.where and await probes.ask(Scope(tree).asking(joined(tree.where.clauses))):
        return Explanation()  # the aggregates are of something
    terms = await run_in_threadpool(known)
    patterns = await empty_parts(tree, probes)
    proposed = [await suggestions(pattern, probes, terms) for pattern in patterns]
    query = await meant_query(tree, proposed, probes, terms)
    parts = [
        replace(
            _empty_part(tree, pattern, some),
            values=() if some else await _values(tree, pattern, probes, terms),
            types=await type_mismatch(pattern, probes, terms),
        )
        for pattern, some in zip(patterns, proposed, strict=True)
    ]
    return Explanation(tuple(parts), query, probes.complete)


def needs_explanation(query: str, rows: int) -> bool:
    """Whether a result may need an explanation: it is empty, or a row of aggregates, which may be those of nothing.

    Args:
        query: The text of the query.
        rows: The number of its solutions or triples; for ASK, 1 if true.
    """
    if rows != 1:
        return not rows
    tree = query_tree(query)
    return tree is not None and tree.is_total


def _empty_part(tree: QueryTree, pattern: EmptyPattern, proposed: tuple[Suggestion, ...]) -> EmptyPart:
    line, column = tree.place(_start(pattern, proposed))
    about: tuple[str, ...] = (pattern.name,) if pattern.name else ()
    if pattern.reason is EmptyReason.TOGETHER:
        about = tuple(_display_text(tree, clause.text) for clause in pattern.beside)
    return EmptyPart(pattern.reason, _display_text(tree, pattern.text), line, column, about, proposed)


async def _values(tree: QueryTree, pattern: EmptyPattern, probes: "Probes", terms: ReleaseTerms) -> tuple[str, ...]:
    return tuple(_display_text(tree, value) for value in await values_there(pattern, probes, terms))


def _start(pattern: EmptyPattern, proposed: Sequence[Suggestion]) -> int:
    """The offset of the term to be replaced in a pattern, or of the pattern."""
    if not proposed or pattern.clause is None:
        return pattern.start
    start = min(edit.start for edit in proposed[0].edits)
    return start if pattern.clause.start <= start < pattern.clause.end else pattern.start


def _display_text(tree: QueryTree, text: str) -> str:
    """A part of the query with blank nodes instead of the variables that replace them, cut to a maximum length."""
    words = ("[]" if word.startswith(f"?{tree.hidden}") else word for word in text.split(" "))
    text = " ".join(words)
    return text if len(text) <= _MAX_PART_LENGTH else f"{text[:_MAX_PART_LENGTH]}…"


def _row_count(answer: QueryAnswer) -> int:
    """The number of solutions or triples; for ASK, 1 if true."""
    with closing(answer):
        if answer.media_type == results.JSON.media_type:
            return int(any(b"true" in chunk for chunk in answer.chunks()))
        lines = sum(chunk.count(b"\n") for chunk in answer.chunks())
        return lines - (answer.media_type == results.TSV.media_type)


def _json_document(rows: int, why: Explanation) -> dict[str, Any]:
    empty = [_json_part(part) for part in why.empty]
    return {"rows": rows, "complete": why.complete, "empty": empty, "query": why.query or None}


def _json_part(part: EmptyPart) -> dict[str, Any]:
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
    } | ({"types": {"written": part.types.written, "found": [*part.types.found]}} if part.types else {})


def _text_lines(rows: int, why: Explanation) -> Iterator[str]:
    yield f"{rows} {'row' if rows == 1 else 'rows'}\n"
    for part in why.empty:
        yield f"\nline {part.line}, column {part.column}: {part.text}\n  {' '.join((part.sentence, *part.about))}\n"
        if part.types:
            yield f"  You wrote {part.types.written}; the data has {', '.join(part.types.found)}.\n"
        for one in part.suggestions:
            yield f"  Probably meant: {one.text} instead of {one.instead}\n"
        if part.values:
            yield f"  Values in the data, for example: {', '.join(part.values)}\n"
    if why.query:
        yield f"\nThis query has results:\n\n{why.query.strip()}\n"
    if not rows and not why.empty:
        yield "\nThe part without matches could not be found. Remove one line at a time until rows appear.\n"
    elif not why.complete:
        yield "\nNot every part of the query could be checked.\n"


class Probes:
    """The small queries by which a query is explained; see `iomld.browse.explain.diagnosis.Prober`.

    The endpoint charges them to the client. Their number and their total time are limited.

    Attributes:
        complete: Whether each probe had an answer.
    """

    def __init__(self, endpoint: QueryEndpoint, request: HttpRequest, operation: Operation) -> None:
        """Start the clock.

        Args:
            endpoint: Answers the small queries.
            request: The request, for its client.
            operation: The query to explain; its graphs and its timeout apply to the small queries.
        """
        self._endpoint, self._request, self._operation = endpoint, request, operation
        self._until = time.monotonic() + min(_PROBING_S, operation.timeout_s or _PROBING_S)
        self._left = _MAX_PROBES
        self.complete = True

    async def ask(self, query: str) -> bool | None:
        """The answer to an ASK query; None if there is none."""
        body = await self._body(query)
        return None if body is None else b"true" in body

    async def terms(self, query: str) -> tuple[NamedNode | Literal, ...] | None:
        """The first column of the answer to a SELECT query, without blank nodes; None if there is no answer."""
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
        # Half of the time left, so that a slow probe leaves some for others.
        probe = self._operation._replace(query=query, timeout_s=left_s / 2, format_=None, explain=False)
        try:
            answer = await self._endpoint.find(self._request, probe, _LINE_TYPES)
        except ProblemError:
            self.complete = False
            self._left -= _FAILURE_COST
            return None
        self._left -= 1
        if isinstance(answer, LargeAnswer):  # very long values
            answer.close()
            return None
        return answer.body
