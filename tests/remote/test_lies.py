"""Answers of servers that stopped a query or cut its answer, and do not say so by their status: none is passed on."""

from pathlib import Path

import pytest
from tests.remote.asking import JSON, answer, fault, remote_handler, request
from tests.remote.stores import CANCELLED_TRIPLES, LIES, FakeStore, Reply, oxigraph_server

from iomld import release
from iomld.release import Release
from iomld.remote.client import RemoteAccess
from iomld.remote.dataset import RemoteDataset
from iomld.store.query_request import FaultKind

TIMEOUT = FaultKind.TIMEOUT
KINDS = {
    "Virtuoso stops a query with an error": TIMEOUT,
    "Virtuoso stops a query and answers with no rows": TIMEOUT,
    "Virtuoso cuts an answer": FaultKind.TOO_LARGE,
    "Oxigraph stops a query in its answer": TIMEOUT,
    "Oxigraph stops a query before its first row": TIMEOUT,
}


@pytest.fixture(scope="module")
def current(datadir: Path) -> Release:
    """The release of the bundled records."""
    found = release.current_release(datadir)
    assert found
    return found


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("media_type", [JSON, "text/csv", "text/tab-separated-values"])
def test_a_lie_is_a_fault_in_each_format(fake: FakeStore, current: Release, lie: str, media_type: str) -> None:
    """Whatever format the client wants, the server is asked for one whose end can be seen."""
    fake.state.reply = LIES[lie]
    handler = remote_handler(current, fake.queries[0])
    assert fault(handler, request("SELECT ?a { ?a ?b ?c }", media_type)).kind is KINDS.get(lie, FaultKind.REMOTE)
    fake.state.reply = None  # the same worker asks again, over a connection that is in order
    assert fault(handler, request("SELECT ?a {", media_type)).kind is FaultKind.SYNTAX
    writer_fault = fault(handler, request("SELECT ?a { ?a ?b ?c } LIMIT 0", "text/nothing"))
    assert writer_fault.kind is FaultKind.NOT_ACCEPTABLE


def test_triples_that_break_off(fake: FakeStore, current: Release) -> None:
    """Of triples, too, the end is looked for; a body that is not framed could end anywhere."""
    fake.state.reply = CANCELLED_TRIPLES
    asked = request("CONSTRUCT WHERE { ?a ?b ?c }", "text/turtle")
    assert fault(remote_handler(current, fake.queries[0]), asked).kind is TIMEOUT


def test_a_boolean_with_something_behind_it(fake: FakeStore, current: Release) -> None:
    """The answer to ASK is read to its end."""
    fake.state.reply = Reply(200, JSON, b'{"head":{},"boolean":true}The SPARQL operation has been cancelled')
    assert fault(remote_handler(current, fake.queries[0]), request("ASK { ?a ?b ?c }")).kind is TIMEOUT


def test_a_query_that_the_server_refuses(fake: FakeStore, current: Release) -> None:
    """What it says of the query is passed on, without its address."""
    fake.state.reply = Reply(400, "text/plain", b"I do not know\nthis function.")
    found = fault(remote_handler(current, fake.queries[0]), request("SELECT ?a { ?a ?b ?c }"))
    assert found.kind is FaultKind.EVALUATION
    assert str(found.message) == "The query could not be evaluated: I do not know this function."


def test_a_redirection_is_not_followed(fake: FakeStore, current: Release) -> None:
    """A server cannot send us to an address that nobody set."""
    fake.state.reply = Reply(307, "text/plain", b"", {"Location": fake.queries[1]})
    assert fault(remote_handler(current, fake.queries[0]), request("ASK { ?a ?b ?c }")).kind is FaultKind.REMOTE
    assert len(fake.state.queries) == 1


def test_nobody_answers(current: Release, caplog: pytest.LogCaptureFixture) -> None:
    """A server that is gone is said without its address to clients, and with it, once, to whoever runs ours."""
    handler = remote_handler(current, "http://127.0.0.1:1/query")
    for _ in range(2):
        found = fault(handler, request("SELECT ?a { ?a ?b ?c }"))
        assert found.kind is FaultKind.REMOTE
        assert "127.0.0.1" not in str(found.message)
    (said,) = caplog.messages
    assert said.startswith("http://127.0.0.1:1/query: the remote store cannot be reached (Connection refused).")


def test_oxigraph_lies_as_it_is_replayed(current: Release) -> None:
    """The server that is stopped by its own limit answers 200 and breaks off, and we say so."""
    with oxigraph_server("--union-default-graph", "--timeout-s", "1") as address:
        handler = remote_handler(current, f"{address}/query")
        store = RemoteDataset(f"{address}/query", f"{address}/store", RemoteAccess())
        store.put("http://x/g", b"".join(b"<http://x/%d> <http://x/p> <http://x/o> .\n" % n for n in range(999)))
        long = "SELECT ?a { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(CONCAT(STR(?a), STR(?d), STR(?g)) = '') }"
        assert fault(handler, request(long, "text/csv")).kind is TIMEOUT


def test_what_virtuoso_answers_wrongly_is_not_asked(fake: FakeStore, current: Release) -> None:
    """Comparisons by order and CONSTRUCT have no sign that they went wrong, so the local store answers them."""
    fake.state.reply = Reply(200, JSON, b"not asked")
    handler = remote_handler(current, fake.queries[0], ["http://www.openlinksw.com/schemas/virtrdf#"])
    for query in ("SELECT * { ?s ?p ?o FILTER(?o <= 2018) } LIMIT 1", "CONSTRUCT WHERE { ?a ?b ?c }"):
        assert answer(handler, request(query))
    assert not fake.state.queries
    assert fault(handler, request("SELECT * { ?s ?p '1 < 2' }")).kind is FaultKind.REMOTE
