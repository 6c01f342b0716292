"""A server whose queries are answered by a remote store: it follows what is pushed, and lives on while that is gone."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.remote.stores import LIES, FakeStore, fake_store
from tests.serving import Server, serve

from iomld import release
from iomld.remote.projection import push_release

JSON = "application/sparql-results+json"
# Two figures of the same release: its triples, and its graphs.
COUNTS = "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?g) AS ?m) { { ?s ?p ?o } UNION { GRAPH ?g { ?a a ?c } } }"
PROJECTS = "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a ?class }"


@pytest.fixture
def server(folder: Path, fake: FakeStore) -> Iterator[Server]:
    """A server of the first of two releases, which is in the fake store; that holds the counter of queries."""
    push(folder, fake, 0)
    with serve(folder, IOMLD_CLIENT_SECONDS="100000", **fake.settings()) as running:
        yield running


def push(folder: Path, fake: FakeStore, number: int) -> str:
    """Bring one of the two releases into the store, and give its name."""
    chosen = release.open_release(folder, release.release_names(folder)[number])
    push_release(folder, chosen, fake.remote())
    return chosen.manifest.name


def ask(server: Server, query: str, accept: str = JSON, **headers: str) -> httpx.Response:
    """The response to a query."""
    return httpx.get(
        f"{server.address}/sparql", params={"query": query}, headers={"Accept": accept} | headers, timeout=60
    )


@pytest.mark.server
def test_queries_are_answered_by_the_remote_store(server: Server, fake: FakeStore) -> None:
    """Queries go there, lookups do not; the answers can be cached as always; when it is gone, the rest goes on."""
    asked = len(fake.state.queries)
    answer = ask(server, PROJECTS)
    assert answer.status_code == 200
    assert len(fake.state.queries) == asked + 1
    assert ask(server, PROJECTS, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert ask(server, "SELECT * { <https://w3id.org/iomld/id/project/PO.0105> ?p ?o }").status_code == 200  # a lookup
    assert len(fake.state.queries) == asked + 1
    fake.state.reply = LIES["Oxigraph stops a query in its answer"]
    stopped = ask(server, f"# once\n{PROJECTS}", "text/csv")
    assert (stopped.status_code, stopped.json()["type"].rpartition("/")[2]) == (503, "query-timeout")
    fake.state.reply = None
    fake.stop()
    gone = ask(server, f"# twice\n{PROJECTS}")
    assert (gone.status_code, gone.headers["Retry-After"]) == (503, "60")
    assert gone.json()["detail"].startswith("The store that answers queries cannot be used at the moment.")
    assert "127.0.0.1" not in gone.text
    assert httpx.get(f"{server.address}/projects", timeout=60).status_code == 200
    assert "cannot be used" in httpx.get(f"{server.address}/ready", timeout=60).json()["queries"]
    with fake_store(fake):
        assert ask(server, f"# twice\n{PROJECTS}").status_code == 200
        assert "queries" not in httpx.get(f"{server.address}/ready", timeout=60).json()


@pytest.mark.server
def test_no_reader_sees_a_mixture(folder: Path, server: Server, fake: FakeStore) -> None:
    """While a release is pushed, each answer is that of one of them; and a page and a query speak of the same one."""
    answers: list[tuple[int, str]] = []
    ending = threading.Event()

    def read(reader: int) -> None:
        number = 0
        while not ending.is_set():
            number += 1
            response = ask(server, f"# {reader} {number}\n{COUNTS}", "text/csv")
            answers.append((response.status_code, response.text))

    readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()
    try:
        wait_for(server, push(folder, fake, 1))
        before = len(answers)
        while len(answers) < before + 6:
            ending.wait(0.05)
    finally:
        ending.set()
        for reader in readers:
            reader.join()
    assert {status for status, _ in answers} == {200}
    assert len({text for _, text in answers}) == 2


def wait_for(server: Server, name: str) -> None:
    """Return when the server serves a release."""
    waiting = threading.Event()
    for _ in range(600):
        if json.loads(httpx.get(f"{server.address}/health", timeout=60).text)["release"] == name:
            return
        waiting.wait(0.1)
    raise AssertionError(f"{name} is not served")
