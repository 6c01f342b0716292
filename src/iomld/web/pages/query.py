"""Routes of the query page, whose form works without scripts, and of the terms for its editor."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.browse.completions import query_terms
from iomld.browse.examples import example_groups, example_queries
from iomld.browse.explain.candidates import release_terms
from iomld.browse.view import ReleaseView
from iomld.i18n import LANGUAGES
from iomld.web.client_budget import metered
from iomld.web.data.documents import HTML_TYPE
from iomld.web.links import server_address
from iomld.web.openapi import HTML, no_text, responses, sample
from iomld.web.pages.frame import page_html
from iomld.web.pages.query_answer import RESULT_TYPES, ResultExcerpt, result_excerpt
from iomld.web.pages.query_charts import ResultView, ViewKind, result_view
from iomld.web.pages.query_snippets import Snippet, snippets
from iomld.web.pages.render import page_response
from iomld.web.problems import ProblemError
from iomld.web.responses import answer, get_route, page_route
from iomld.web.sparql.answers import QueryAnswer, QueryEndpoint
from iomld.web.sparql.exchange import HttpRequest
from iomld.web.sparql.explain import Explanation, explanation, needs_explanation
from iomld.web.sparql.protocol import Operation

_STEP = 500  # rows that are shown at first, and by which more are shown
_MOST_ROWS = 5000  # that are shown; files have the others
_MOST_DIGITS = 10  # of a number in the address

_Query = Annotated[
    str,
    Query(
        default_factory=no_text,
        description="The query; it may stay in the form.",
        openapi_examples=sample("ASK {}"),
    ),
]
_Run = Annotated[
    str, Query(default_factory=no_text, description="With `1`, the query is run.", openapi_examples=sample("1"))
]
_View = Annotated[
    str,
    Query(
        default_factory=no_text,
        alias="view",
        description="How rows are shown.",
        examples=[*ViewKind],
        json_schema_extra={"default": ViewKind.TABLE},
    ),
]
_Rows = Annotated[
    str,
    Query(
        default_factory=no_text,
        alias="rows",
        description=f"How many rows of the answer are shown; {_STEP} at least, {_MOST_ROWS} at most.",
        examples=["500", "1000"],
        json_schema_extra={"default": str(_STEP)},
    ),
]
_RESPONSES = responses({200: (HTML,), 304: ()}, 400, 403, 422, 429, 500, 503)


@dataclass(frozen=True, slots=True)
class QueryOutcome:
    """The outcome of a query that was run.

    Attributes:
        seconds: Time until the answer.
        answer: The answer; None if the query failed.
        why: The explanation of an empty answer.
        problem: Why the query failed.
        snippets: Programs that send the query.
        has_more: Whether the page can show more rows.
    """

    seconds: float = 0.0
    answer: ResultExcerpt | None = None
    why: Explanation | None = None
    problem: ProblemError | None = None
    snippets: tuple[Snippet, ...] = ()
    has_more: bool = True

    @property
    def next_rows(self) -> int:
        """How many rows the page with more rows shows; 0 if there are no more, or no page shows as many."""
        answer = self.answer
        if answer is None or not self.has_more or not answer.rows or not answer.shown < min(answer.total, _MOST_ROWS):
            return 0
        return min(answer.shown + _STEP, _MOST_ROWS)


def query_routes(view: Callable[[], ReleaseView], endpoint: QueryEndpoint) -> APIRouter:
    """Routes of the query page and of the terms that its editor completes.

    Args:
        view: Gives the release that is served now.
        endpoint: Answers the queries, with its limits.
    """
    router = APIRouter()

    @page_route(router, "/query", "queries", "Open a form for queries", _RESPONSES)
    async def query_form(request: Request, query: _Query, run: _Run, view_name: _View, rows: _Rows) -> Response:
        """With `run=1`, the page also shows the answer."""
        opened = view()
        if not run:
            text = query or next((example.text for example in example_queries(opened)), "")
            return page_response(request, await run_in_threadpool(metered(_page), opened, text, None))
        outcome = await _run(opened, endpoint, request, query, _row_limit(rows))
        page = await run_in_threadpool(metered(_page), opened, query, outcome, view_name)
        if outcome.problem is None:
            return page_response(request, page)
        headers = {"Cache-Control": "no-store", "Content-Type": HTML_TYPE} | outcome.problem.headers
        return Response(page, outcome.problem.status, headers)

    terms_json = lru_cache(maxsize=len(LANGUAGES))(_terms_json)

    @get_route(
        router,
        "/editor/terms.json",
        "queries",
        "List the terms that an editor can complete in a query",
        responses({200: ("application/json",), 304: ()}, 503),
    )
    def terms(request: Request) -> Response:
        return answer(request, terms_json(view()), "application/json")

    return router


def _terms_json(view: ReleaseView) -> bytes:
    """Prefixes and terms as JSON, without empty members."""
    terms = ({name: value for name, value in asdict(term).items() if value} for term in query_terms(view))
    document = {"release": view.release.manifest.name, "prefixes": view.iris.prefixes(), "terms": [*terms]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _page(view: ReleaseView, text: str, outcome: QueryOutcome | None, view_name: str = "") -> bytes:
    result = result_view(view, outcome.answer, view_name) if outcome and outcome.answer else ResultView()
    return page_html(
        view,
        "query.html",
        "/query",
        query=text,
        examples=example_groups(view),
        outcome=outcome,
        result=result,
        view_name=view_name if view_name in {ViewKind.CHART, ViewKind.MAP} else "",
    )


def _row_limit(rows: str) -> int:
    """How many rows to show; by default the fewest.

    >>> _row_limit("1000"), _row_limit(""), _row_limit("9" * 9)
    (1000, 500, 5000)
    """
    return min(max(int(rows), _STEP), _MOST_ROWS) if rows.isdecimal() and len(rows) < _MOST_DIGITS else _STEP


async def _run(view: ReleaseView, endpoint: QueryEndpoint, request: Request, text: str, limit: int) -> QueryOutcome:
    http_request, operation = HttpRequest(request.scope, request.receive), Operation(text)
    outcome = await query_outcome(view, endpoint, http_request, operation, limit)
    excerpt = outcome.answer
    if excerpt is None:
        return outcome
    programs = snippets(text, f"{server_address(request, view.iris.base)}/sparql", excerpt.kind)
    why = None
    if needs_explanation(text, excerpt.rows_found):
        why = await explanation(endpoint, http_request, operation, partial(release_terms, view))
        why = why if why.empty or not excerpt.rows_found else None
    return replace(outcome, why=why, snippets=programs)


async def query_outcome(
    view: ReleaseView, endpoint: QueryEndpoint, request: HttpRequest, operation: Operation, limit: int = _STEP
) -> QueryOutcome:
    """Run a query for a page: the first rows of its answer, or why it has none.

    Args:
        view: The release, for names.
        endpoint: Answers the query.
        request: The request, for its client.
        operation: The query.
        limit: The most rows that are shown.
    """
    started = time.monotonic()
    try:
        found = await endpoint.find(request, operation, RESULT_TYPES)
    except ProblemError as error:
        return QueryOutcome(problem=error)
    seconds = time.monotonic() - started
    return QueryOutcome(seconds, await run_in_threadpool(_excerpt, view, operation.query or "", found, limit))


def _excerpt(view: ReleaseView, text: str, found: QueryAnswer, limit: int) -> ResultExcerpt:
    with closing(found):
        return result_excerpt(view, text, found.media_type, found.chunks(), limit)
