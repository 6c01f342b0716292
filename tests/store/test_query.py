"""The query worker, called in this process, and by the convenience for the command line."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from iomld import store
from iomld.errors import QueryError
from iomld.iris import IOMLD, Iris
from iomld.store.query_request import FaultKind, QueryFault, QueryHead, QueryRequest, QueryWorker
from iomld.store.query_worker import open_handler, run_query
from iomld.workers.errors import JobTimeoutError, WorkerCrashedError
from iomld.workers.handler import AnswerWriter

IRIS = Iris()
JSON = "application/sparql-results+json"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> QueryWorker:
    """A worker over 200 projects, a graph each."""
    folder = tmp_path_factory.mktemp("query") / "store"
    quads = [
        Quad(
            NamedNode(IRIS.project(str(number))),
            NamedNode(f"{IOMLD}projectCode"),
            Literal(f"PO.{number}"),
            NamedNode(IRIS.record(str(number))),
        )
        for number in range(200)
    ]
    store.build_store(folder, quads)
    return QueryWorker(str(folder), IRIS.base, release="r1", max_rows=1000)


def request(query: str, media_type: str | None = JSON, graph: str | None = "text/turtle") -> QueryRequest:
    """A request with one media type for solutions and booleans."""
    return QueryRequest(query, media_type, media_type, graph)


def answer(
    worker: QueryWorker, asked: QueryRequest, limit_bytes: int = 1 << 20
) -> tuple[QueryHead | QueryFault, bytes]:
    """Head or fault, and body."""
    writer = AnswerWriter(limit_bytes)
    given = open_handler(worker.to_json())(asked.to_json(), writer)
    head = QueryFault.from_json(given.head) if given.fault else QueryHead.from_json(given.head)
    return head, writer.inline()


def fault(worker: QueryWorker, asked: QueryRequest, limit_bytes: int = 1 << 20) -> QueryFault:
    """The fault that is expected."""
    head, _ = answer(worker, asked, limit_bytes)
    assert isinstance(head, QueryFault)
    return head


def count(worker: QueryWorker, asked: QueryRequest) -> int:
    """Number of solutions."""
    _, body = answer(worker, asked)
    return len(json.loads(body)["results"]["bindings"])


@pytest.mark.parametrize(
    ("query", "media_type", "start"),
    [
        ("SELECT ?s { ?s ?p 'PO.1' }", JSON, b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":'),
        ("SELECT ?s { ?s ?p 'PO.1' }", "application/sparql-results+xml", b"<?xml"),
        ("SELECT ?c { ?s ?p ?c FILTER(?c = 'PO.1') }", "text/csv", b"c\r\nPO.1\r\n"),
        ("SELECT ?c { ?s ?p ?c FILTER(?c = 'PO.1') }", "text/tab-separated-values", b'?c\n"PO.1"\n'),
        ("ASK { ?s ?p 'PO.1' }", JSON, b'{"head":{},"boolean":true}'),
    ],
)
def test_results_come_in_each_format(worker: QueryWorker, query: str, media_type: str, start: bytes) -> None:
    """SELECT and ASK are serialized as asked."""
    head, body = answer(worker, request(query, media_type))
    assert isinstance(head, QueryHead)
    assert (head.media_type, head.release, head.repeatable) == (media_type, "r1", True)
    assert body.startswith(start)


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ("text/turtle", b"@prefix iomld: <https://w3id.org/iomld/ns#> ."),
        ("application/n-triples", b"<https://w3id.org/iomld/id/project/1> <https://w3id.org/iomld/ns#projectCode> "),
        ("application/rdf+xml", b"<rdf:RDF"),
        ("application/ld+json", b"https://w3id.org/iomld/id/project/1"),
    ],
)
@pytest.mark.parametrize("form", ["DESCRIBE <id/project/1>", "CONSTRUCT WHERE { <id/project/1> ?p ?o }"])
def test_graphs_come_in_each_format(worker: QueryWorker, form: str, graph: str, expected: bytes) -> None:
    """CONSTRUCT and DESCRIBE are serialized as asked, Turtle with our prefixes; relative IRIs are below our base."""
    head, body = answer(worker, request(form, graph=graph))
    assert isinstance(head, QueryHead)
    assert head.media_type == graph
    assert expected in body


def test_the_default_graph_is_the_union_unless_a_dataset_is_named(worker: QueryWorker) -> None:
    """FROM in the query counts, and graphs of the protocol override it."""
    everything = request("SELECT * { ?s ?p ?o }")
    one, two = IRIS.record("1"), IRIS.record("2")
    assert count(worker, everything) == 200
    assert count(worker, request("SELECT * FROM <doc/project/1> { ?s ?p ?o }")) == 1
    assert count(worker, request("SELECT * FROM NAMED <doc/project/1> { ?s ?p ?o }")) == 0
    assert count(worker, request("SELECT * FROM NAMED <doc/project/1> { GRAPH ?g { ?s ?p ?o } }")) == 1
    assert count(worker, replace(everything, default_graphs=(one, two))) == 2
    from_one = request("SELECT * FROM <doc/project/1> { ?s ?p ?o }")
    assert count(worker, replace(from_one, default_graphs=(one, two))) == 2
    named = replace(request("SELECT * { GRAPH ?g { ?s ?p ?o } }"), named_graphs=(one,))
    assert count(worker, named) == 1
    assert fault(worker, replace(everything, default_graphs=("no iri",))).kind is FaultKind.GRAPH_IRI


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        ("SELECT * {\n ?s ?p ?o", FaultKind.SYNTAX, "line 2, column 10: the query ends too early"),
        (
            "SELECT * { ?s iomld:x ?o }",
            FaultKind.SYNTAX,
            "begin the query with PREFIX iomld: <https://w3id.org/iomld/ns#>.",
        ),
        ("SELEC * {}", FaultKind.SYNTAX, "after its prefixes, a query begins with SELECT"),
        ("SELECT ?s (COUNT(*) AS ?n) {}", FaultKind.SYNTAX, "?s is selected but not grouped"),
        ("SELECT * { ?s ?p ?o . ; }", FaultKind.SYNTAX, "Check the words and punctuation"),
        ("SELECT * " + "{" * 3000 + "}" * 3000, FaultKind.SYNTAX, "make it flatter"),
        ("SELECT ?s { ?s ?p ?o } LIMIT x", FaultKind.SYNTAX, "line 1, column 30: unexpected “x”"),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", FaultKind.UPDATE, "refuses updates"),
        ("SELECT * { FILTER(<http://x/f>(1)) }", FaultKind.FUNCTION, "No function <http://x/f> is known here."),
        ("SELECT * { SERVICE SILENT <http://x/> {} }", FaultKind.SERVICE, "SERVICE is switched off"),
    ],
)
def test_a_query_at_fault_is_told_in_a_sentence(worker: QueryWorker, query: str, kind: FaultKind, message: str) -> None:
    """Each fault has its kind, and a short sentence that says where and what to do."""
    found = fault(worker, request(query))
    assert found.kind is kind
    assert message in str(found.message)
    assert len(str(found.message)) < 300


@pytest.mark.parametrize("query", ["SELECT * {}", "ASK {}", "DESCRIBE <a:b>"])
def test_what_cannot_be_accepted_is_told(worker: QueryWorker, query: str) -> None:
    """Without a media type for the kind of result there is no answer."""
    assert fault(worker, request(query, None, None)).kind is FaultKind.NOT_ACCEPTABLE


@pytest.mark.parametrize(
    "media_type", [JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values"]
)
def test_rows_are_limited_exactly(worker: QueryWorker, media_type: str) -> None:
    """The limit itself passes, one more does not, in every format, and for solutions that bind nothing."""
    for pattern in ("?s ?p ?o", "OPTIONAL { ?s ?p ?o } FILTER(true)"):
        asked = request(f"SELECT ?o {{ {pattern} }}", media_type)
        assert isinstance(answer(replace(worker, max_rows=200), asked)[0], QueryHead)
        assert "more than 199 solutions" in str(fault(replace(worker, max_rows=199), asked).message)
    unbound = request("SELECT ?x { ?s ?p ?o }", media_type)
    assert isinstance(answer(replace(worker, max_rows=200), unbound)[0], QueryHead)
    assert fault(replace(worker, max_rows=199), unbound).kind is FaultKind.TOO_LARGE


def test_bytes_are_limited(worker: QueryWorker) -> None:
    """An answer over the limit is a fault that names the limit, for solutions and graphs."""
    found = fault(worker, request("SELECT * { ?s ?p ?o }"), limit_bytes=4096)
    assert found.kind is FaultKind.TOO_LARGE
    assert "0.00390625 MiB" in str(found.message)
    assert fault(worker, request("CONSTRUCT WHERE { ?s ?p ?o }"), limit_bytes=4096).kind is FaultKind.TOO_LARGE


def test_answers_that_change_are_not_repeatable(worker: QueryWorker) -> None:
    """The clock makes an answer unfit for keeping; the same bytes have the same digest."""
    head, _ = answer(worker, request("SELECT (NOW() AS ?t) {}"))
    assert isinstance(head, QueryHead)
    assert not head.repeatable
    assert answer(worker, request("ASK {}")) == answer(worker, request("ASK {}"))


@pytest.mark.server
def test_the_convenience_answers_and_stops(worker: QueryWorker, tmp_path: Path) -> None:
    """Without a server a query has an answer, a fault, a deadline, and a sentence when there is no release."""
    assert run_query(worker, request("ASK {}"), timeout_s=120) == b'{"head":{},"boolean":true}'
    with pytest.raises(QueryError, match="refuses updates"):
        run_query(worker, request("DROP ALL"), timeout_s=120)
    with pytest.raises(JobTimeoutError):
        run_query(worker, request(RUNAWAY), timeout_s=1)
    with pytest.raises(WorkerCrashedError, match="no store here"):
        run_query(replace(worker, store=str(tmp_path)), request("ASK {}"), timeout_s=120)
