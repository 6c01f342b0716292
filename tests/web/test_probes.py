"""The small queries that explain another one are few, and come off the client's budget."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from starlette.types import Message
from tests.browse.asking import Asker
from tests.browse.released import make_release
from tests.web.one_worker import endpoint_of

from iomld.browse.view import open_view
from iomld.messages import message
from iomld.web.problems import ProblemError
from iomld.web.sparql.answers import QueryAnswer
from iomld.web.sparql.cache import CachedAnswer
from iomld.web.sparql.endpoint import SparqlLimits
from iomld.web.sparql.exchange import HttpRequest
from iomld.web.sparql.explain import Probes
from iomld.web.sparql.protocol import MediaTypes, Operation


@dataclass
class Counting:
    """An endpoint that says no to all, or has no answer."""

    problem: ProblemError | None = None
    asked: list[Operation] = field(default_factory=list)

    async def find(self, request: HttpRequest, operation: Operation, types: MediaTypes) -> QueryAnswer:
        """The answer to a query."""
        del request, types
        self.asked.append(operation)
        if self.problem:
            raise self.problem
        return CachedAnswer(b'{"boolean":false}', "application/sparql-results+json", '""')


async def receive() -> Message:
    """Nothing comes from the client."""
    raise AssertionError


def probes(endpoint: Counting, operation: Operation) -> Probes:
    """Probes for a query."""
    return Probes(endpoint, HttpRequest({"type": "http", "method": "GET", "headers": []}, receive), operation)


async def ask_often(asking: Probes) -> list[bool | None]:
    """Ask a hundred times."""
    return [await asking.ask("ASK {}") for _ in range(100)]


def test_probes_end() -> None:
    """After 60 there are no more, and that is said; each may take half a second, in the graphs of the query."""
    endpoint = Counting()
    asking = probes(endpoint, Operation("ASK {}", ("urn:g",), format_="json", explain=True))
    assert asyncio.run(ask_often(asking)) == [False] * 60 + [None] * 40
    assert not asking.complete
    assert all(0 < (one.timeout_s or 0) <= 0.5 for one in endpoint.asked)
    assert {(one.default_graphs, one.format_, one.explain) for one in endpoint.asked} == {(("urn:g",), None, False)}


def test_probes_without_an_answer_end_sooner() -> None:
    """Each may have cost a worker, so three of them are enough."""
    endpoint = Counting(ProblemError(503, "query-timeout", message("The query was stopped.")))
    asking = probes(endpoint, Operation("ASK {}"))
    assert asyncio.run(ask_often(asking)) == [None] * 100
    assert len(endpoint.asked) == 3
    assert not asking.complete


def test_a_shorter_timeout_of_the_request_holds_for_all_probes() -> None:
    """Who gives a query a tenth of a second gives its explanation no more."""
    endpoint = Counting()
    asyncio.run(probes(endpoint, Operation("ASK {}", timeout_s=0.1)).ask("ASK {}"))
    assert 0 < (endpoint.asked[0].timeout_s or 0) <= 0.05


def test_probes_come_off_the_budget(tmp_path: Path) -> None:
    """The rest of the budget pays for the query, not for explanations; the answer says that it is incomplete."""
    app = FastAPI()
    # Each query is charged as a second.
    limits = SparqlLimits(timeout_s=20, client_s=0.5, client_refill_s=0.01, cache_bytes=0)
    app.mount("/sparql", endpoint_of(open_view(make_release(tmp_path)), limits=limits))
    client = Asker(app)
    answer = client.get("/sparql/", params={"query": "ASK { <urn:a> <urn:b> 1 }", "explain": "1"})
    assert answer.status_code == 200
    assert answer.json() == {"rows": 0, "complete": False, "empty": [], "query": None}
    assert client.get("/sparql/", params={"query": "ASK {}"}).status_code == 429
