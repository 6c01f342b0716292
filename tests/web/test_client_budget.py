"""The quota of query time that each client has."""

from pathlib import Path

import httpx
import pytest
from tests.serving import serve

from iomld.web.client_budget import ClientQuotas

ALL = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?o ?q ?r }"


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_a_client_that_used_its_time_waits_exactly_until_the_debt_is_paid() -> None:
    """The wait is the debt over the refill; a second earlier is too early, and another client is not touched."""
    clock = Clock()
    budgets = ClientQuotas(120, 60, clock=clock)
    budgets.charge("a", 120)
    assert budgets.retry_after_s("a") == 0
    budgets.charge("a", 10.5)
    assert (budgets.retry_after_s("a"), budgets.retry_after_s("b")) == (11, 0)
    clock.now = 10
    assert budgets.retry_after_s("a") == 1
    clock.now = 11
    assert budgets.retry_after_s("a") == 0


def test_a_bucket_never_holds_more_than_full() -> None:
    """A client that was away for a day has no more than one that comes for the first time."""
    clock = Clock()
    budgets = ClientQuotas(120, 30, clock=clock)
    budgets.charge("a", 1)
    clock.now = 86_400
    budgets.charge("a", 121)
    assert budgets.retry_after_s("a") == 2


def test_the_client_that_asked_longest_ago_is_forgotten() -> None:
    """Memory is bounded: the clients used last stay."""
    budgets = ClientQuotas(1, 60, clock=Clock(), most=2)
    for client in ("a", "b", "a", "c"):
        budgets.charge(client, 5)
    assert (budgets.retry_after_s("a"), budgets.retry_after_s("b"), budgets.retry_after_s("c")) == (9, 0, 4)


@pytest.mark.server
def test_a_real_server_refuses_by_client(datadir: Path) -> None:
    """Used up, it is 429 with the wait; kept answers still come; another client behind a trusted proxy may ask."""
    limits = {"IOMLD_CLIENT_SECONDS": "0.000001", "IOMLD_CLIENT_REFILL": "0.000001"}
    with serve(datadir, IOMLD_TRUSTED_PROXIES="127.0.0.1", **limits) as server:

        def ask(query: str, client: str) -> httpx.Response:
            headers = {"X-Forwarded-For": client}
            return httpx.get(f"{server.address}/sparql", params={"query": query}, headers=headers, timeout=120)

        assert ask(ALL, "192.0.2.1").status_code == 200
        assert ask(ALL, "192.0.2.1").status_code == 200
        refused = ask("ASK {}", "192.0.2.1")
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert refused.json()["type"].endswith("problem/client-budget")
        assert int(refused.headers["retry-after"]) > 0
        assert ask("ASK {}", "192.0.2.2").status_code == 200
        _refuses_all_work(server.address, "192.0.2.1")
        _counts_other_work(server.address)


def _refuses_all_work(address: str, client: str) -> None:
    """A client without budget gets no page and no report, but the files and whether the server is well."""
    with httpx.Client(base_url=address, headers={"X-Forwarded-For": client}, timeout=120) as spent:
        for answer in (spent.get("/countries"), spent.get("/query"), spent.post("/validate", content=b"{}")):
            assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)
        for path in ("/health", "/metrics", "/downloads/projects.csv", "/static/site.css"):
            assert spent.get(path).status_code == 200


def _counts_other_work(address: str) -> None:
    """Pages and checks of uploads are charged like queries: one of either is too much for this budget."""
    for number, (method, path) in enumerate((("GET", "/countries"), ("POST", "/validate"))):
        headers = {"X-Forwarded-For": f"192.0.2.{10 + number}", "Content-Type": "application/json"}
        with httpx.Client(base_url=address, headers=headers, timeout=120) as client:
            assert client.request(method, path, content=b"{}").status_code == 200
            assert client.get("/frameworks").status_code == 429


@pytest.mark.server
def test_a_header_alone_makes_no_other_client(datadir: Path) -> None:
    """Without a trusted proxy X-Forwarded-For is not believed."""
    with serve(datadir, IOMLD_CLIENT_SECONDS="0.000001", IOMLD_CLIENT_REFILL="0.000001") as server:
        for query, status in ((ALL, 200), ("ASK {}", 429)):
            headers = {"X-Forwarded-For": f"192.0.2.{status}"}
            answer = httpx.get(f"{server.address}/sparql", params={"query": query}, headers=headers, timeout=120)
            assert answer.status_code == status
