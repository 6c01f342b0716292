"""What `/sparql?explain=1` answers: how many rows a query finds, and why if there are none, as JSON or as text."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.browse.why.known import Known
from iomld.formats import results
from iomld.formats.negotiate import choose
from iomld.web.probes import COUNTABLE
from iomld.web.sparql.cache import CachedAnswer
from iomld.web.sparql.explain import EmptyPart, Explanation, explanation, may_be_of_nothing
from iomld.web.sparql.protocol import Operation
from iomld.web.sparql_answers import Endpoint, LargeAnswer, opened
from iomld.web.sparql_exchange import COMMON, Exchange

EXPLAIN_OFFERS = ("application/json", "text/plain")


async def explained_response(
    endpoint: Endpoint, exchange: Exchange, operation: Operation, known: Callable[[], Known]
) -> Response:
    """Run a query and say what it finds.

    Args:
        endpoint: Answers it.
        exchange: Who asks.
        operation: The query.
        known: Terms of the release.

    Raises:
        ProblemError: The query has no answer.
    """
    rows = await run_in_threadpool(_rows, await endpoint.find(exchange, operation, COUNTABLE))
    is_explained = may_be_of_nothing(operation.query or "", rows)
    why = await explanation(endpoint, exchange, operation, known) if is_explained else Explanation()
    headers = COMMON | {"Cache-Control": "no-store"}
    if choose(exchange.accept, EXPLAIN_OFFERS) == EXPLAIN_OFFERS[1]:
        return Response("".join(_lines(rows, why)), headers=headers, media_type="text/plain; charset=utf-8")
    body = json.dumps(_document(rows, why), ensure_ascii=False).encode()
    return Response(body, headers=headers, media_type=EXPLAIN_OFFERS[0])


def _rows(found: CachedAnswer | LargeAnswer) -> int:
    """Solutions or triples; of ASK 1 for yes."""
    with opened(found) as (media_type, pieces):
        if media_type == results.JSON.media_type:
            return int(any(b"true" in piece for piece in pieces))
        lines = sum(piece.count(b"\n") for piece in pieces)
        return lines - (media_type == results.TSV.media_type)


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
