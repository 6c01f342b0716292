"""The query page: a form that also works without script, and the answer below it."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from iomld.browse.completions import query_terms
from iomld.browse.dataset import example_queries
from iomld.browse.explain.candidates import release_terms
from iomld.browse.view import ReleaseView
from iomld.i18n import LANGUAGES
from iomld.web.openapi import HTML, responses, sample
from iomld.web.pages.query_answer import SHOWN_AS, Shown, shown_answer
from iomld.web.pages.query_charts import Drawn, ViewKind, drawn
from iomld.web.pages.render import page_html
from iomld.web.problems import ProblemError
from iomld.web.responses import answer, get_route, page_route
from iomld.web.sparql.answers import QueryAnswer, QueryEndpoint
from iomld.web.sparql.exchange import HttpRequest
from iomld.web.sparql.explain import Explanation, explanation, needs_explanation
from iomld.web.sparql.protocol import Operation

_HTML = "text/html; charset=utf-8"
_Query = Annotated[
    str,
    Query(
        default_factory=str,
        description="The query; it may stay in the form.",
        openapi_examples=sample("ASK {}"),
    ),
]
_Run = Annotated[
    str, Query(default_factory=str, description="With `1`, the query is run.", openapi_examples=sample("1"))
]
_View = Annotated[
    str,
    Query(
        default_factory=str,
        alias="view",
        description="How rows are shown.",
        examples=[*ViewKind],
        json_schema_extra={"default": ViewKind.TABLE},
    ),
]
_RESPONSES = responses({200: (HTML,), 304: ()}, 400, 403, 422, 429, 500, 503)


@dataclass(frozen=True, slots=True)
class QueryOutcome:
    """What became of a query that was run.

    Attributes:
        seconds: How long the answer took.
        answer: The answer, if there is one.
        why: Why it is empty, if it is.
        problem: Why there is none.
    """

    seconds: float = 0.0
    answer: Shown | None = None
    why: Explanation | None = None
    problem: ProblemError | None = None


def query_routes(view: Callable[[], ReleaseView], endpoint: QueryEndpoint) -> APIRouter:
    """The query page, and the terms that its editor completes.

    Args:
        view: Gives the release that is served now.
        endpoint: Answers the queries, with its limits.
    """
    router = APIRouter()

    @page_route(router, "/query", "queries", "Open a form for queries", _RESPONSES)
    async def query_form(request: Request, query: _Query, run: _Run, look: _View) -> Response:
        """With `run=1`, the page also shows the answer."""
        opened = view()
        if not run:
            text = query or next((example.text for example in example_queries(opened)), "")
            return answer(request, _page(opened, text, None), _HTML)
        outcome = await _run(opened, endpoint, request, query)
        page = await run_in_threadpool(_page, opened, query, outcome, look)
        if outcome.problem is None:
            return answer(request, page, _HTML)
        headers = {"Cache-Control": "no-store", "Content-Type": _HTML} | outcome.problem.headers
        return Response(page, outcome.problem.status, headers)

    documents = lru_cache(maxsize=len(LANGUAGES))(_terms_json)

    @get_route(
        router,
        "/editor/terms.json",
        "queries",
        "List the terms that an editor can complete in a query",
        responses({200: ("application/json",), 304: ()}, 503),
    )
    def terms(request: Request) -> Response:
        return answer(request, documents(view()), "application/json")

    return router


def _terms_json(view: ReleaseView) -> bytes:
    """Prefixes and terms; what is empty is left out."""
    terms = ({name: value for name, value in asdict(term).items() if value} for term in query_terms(view))
    document = {"release": view.release.manifest.name, "prefixes": view.iris.prefixes(), "terms": [*terms]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _page(view: ReleaseView, text: str, outcome: QueryOutcome | None, look: str = "") -> bytes:
    drawing = drawn(view, outcome.answer, look) if outcome and outcome.answer else Drawn()
    kept = look if look in {ViewKind.CHART, ViewKind.MAP} else ""
    examples = example_queries(view)
    return page_html(
        view, "query.html", "/query", query=text, examples=examples, outcome=outcome, drawing=drawing, look=kept
    )


async def _run(view: ReleaseView, endpoint: QueryEndpoint, request: Request, text: str) -> QueryOutcome:
    started = time.monotonic()
    asked, operation = HttpRequest(request.scope, request.receive), Operation(text)
    try:
        found = await endpoint.find(asked, operation, SHOWN_AS)
    except ProblemError as error:
        return QueryOutcome(problem=error)
    seconds = time.monotonic() - started
    shown = await run_in_threadpool(_shown, view, text, found)
    if not needs_explanation(text, shown.rows_found):
        return QueryOutcome(seconds, shown)
    why = await explanation(endpoint, asked, operation, partial(release_terms, view))
    return QueryOutcome(seconds, shown, why if why.empty or not shown.rows_found else None)


def _shown(view: ReleaseView, text: str, found: QueryAnswer) -> Shown:
    with closing(found):
        return shown_answer(view, text, found.media_type, found.chunks())
