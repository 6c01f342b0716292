"""What every remote store must do: hold a release exactly, and answer as the store of the release itself."""

import pytest
from pyoxigraph import RdfFormat, Triple, parse
from tests.remote.asking import JSON, answer, fault, local_handler, remote_handler, request, rows
from tests.remote.conftest import Filled

from iomld.browse.examples import example_queries
from iomld.browse.view import open_view
from iomld.iris import IOMLD, Iris
from iomld.remote.client import RemoteAccess, RemoteClient
from iomld.remote.endpoint import RemoteEndpoint
from iomld.store.query_request import FaultKind, QueryRequest
from iomld.workers.handler import Handler

IRIS = Iris()
ALL = "SELECT * { GRAPH ?g { ?s ?p ?o } }"
RECORDS = (IRIS.record("PO.0105"), IRIS.record("PO.0216"))
# Values that stores like to change. pyoxigraph writes numbers in one way only, too; Virtuoso has no booleans.
HARD = (
    '"caf\\u00E9 \\u2019 \\U0001F600 \\"quoted\\" \\\\ \\n\\t"@en-GB',
    '"same"',
    '"same"@en',
    '"same"@fr',
    '"2020"^^<http://www.w3.org/2001/XMLSchema#gYear>',
    '"2020-02-29"^^<http://www.w3.org/2001/XMLSchema#date>',
    '"2026-01-31T09:05:59Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>',
    '"1250.5"^^<http://www.w3.org/2001/XMLSchema#decimal>',
    "<http://x/%E2%80%99?a=b&c=d#e>",
)
BOOLEAN = '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'


@pytest.fixture(scope="module")
def local(filled: Filled) -> Handler:
    """The store of the release."""
    return local_handler(filled.current)


@pytest.fixture(scope="module")
def remote(filled: Filled) -> Handler:
    """The remote store, as a worker asks it."""
    return remote_handler(filled.current, filled.store.queries[0], filled.pointer.excluded)


def assert_same(local: Handler, remote: Handler, asked: QueryRequest) -> list[str]:
    """Both give the same solutions, which are returned."""
    here = rows(answer(local, asked))
    assert rows(answer(remote, asked)) == here
    return here


def test_it_holds_the_release_exactly(local: Handler, remote: Handler) -> None:
    """Every quad of the release is there, and no other one is seen."""
    assert len(assert_same(local, remote, request(ALL))) > 10_000
    assert_same(local, remote, request("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))


def test_the_default_graph_is_the_union(local: Handler, remote: Handler) -> None:
    """A query without GRAPH finds each triple of all graphs."""
    assert_same(local, remote, request("SELECT ?class (COUNT(*) AS ?n) { ?s a ?class } GROUP BY ?class"))


def test_example_queries_find_the_same(filled: Filled, local: Handler, remote: Handler) -> None:
    """All examples have the same solutions, and have some."""
    examples = example_queries(open_view(filled.current))
    assert len(examples) > 10
    for example in examples:
        assert assert_same(local, remote, request(example.text)), example.iri


@pytest.mark.parametrize(
    "media_type", [JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values"]
)
def test_answers_have_the_same_bytes(local: Handler, remote: Handler, media_type: str) -> None:
    """A sorted answer has the same bytes in each format, with the columns of SELECT * in the order of the query."""
    query = f"SELECT * {{ ?project <{IOMLD}startYear> ?year ; <{IOMLD}projectCode> ?code }} ORDER BY ?code ?project"
    asked = request(query, media_type)
    assert answer(remote, asked) == answer(local, asked)


def test_ask_and_construct(local: Handler, remote: Handler) -> None:
    """The other forms of queries have the same answers, too; DESCRIBE is each server's own, and stays here."""
    for pattern in ("?s ?p ?o", "?s a <http://x/nothing>"):
        assert answer(remote, request(f"ASK {{ {pattern} }}")) == answer(local, request(f"ASK {{ {pattern} }}"))
    for query in ("CONSTRUCT { ?o ?p ?s } { ?s ?p ?o FILTER(isIRI(?o)) }", f"DESCRIBE <{IRIS.project('PO.0105')}>"):
        for media_type in ("application/n-triples", "text/turtle"):
            asked = request(query, media_type)
            assert triples(answer(remote, asked), media_type) == triples(answer(local, asked), media_type)


def test_graphs_that_a_query_names(local: Handler, remote: Handler) -> None:
    """FROM and FROM NAMED, and the parameters in their place, make up the dataset of a query."""
    one, two = RECORDS
    for dataset in (
        f"FROM <{one}>",
        f"FROM <{one}> FROM <{two}>",
        f"FROM NAMED <{two}>",
        f"FROM <{one}> FROM NAMED <{two}>",
    ):
        assert_same(local, remote, request(f"SELECT * {dataset} {{ ?s ?p ?o }}"))
        assert_same(local, remote, request(f"SELECT * {dataset} {{ GRAPH ?g {{ ?s ?p ?o }} }}"))
    for query in (
        "SELECT * { ?s ?p ?o }",
        "SELECT * { GRAPH ?g { ?s ?p ?o } }",
        f"SELECT * FROM <{two}> {{ ?s ?p ?o }}",  # noqa: S608  # no SQL
    ):
        assert_same(local, remote, request(query, default=[one]))
        assert_same(local, remote, request(query, named=[two, two]))
        assert_same(local, remote, request(query, default=[one, one], named=[two]))


def test_relative_addresses(local: Handler, remote: Handler) -> None:
    """A relative IRI is resolved against the address of our endpoint, not of the remote one."""
    assert assert_same(local, remote, request("SELECT * { <id/project/PO.0105> ?p ?o }"))


def test_a_query_with_a_fault_is_refused_in_our_words(remote: Handler) -> None:
    """The fault of a query is found here, at its place; SERVICE is never passed on."""
    assert fault(remote, request("SELECT * {")).kind is FaultKind.SYNTAX
    assert fault(remote, request("INSERT DATA { <x:a> <x:b> <x:c> }")).kind is FaultKind.UPDATE
    assert fault(remote, request("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }")).kind is FaultKind.SERVICE
    assert fault(remote, request("define input:storage <x> SELECT * { ?s ?p ?o }")).kind is FaultKind.SYNTAX


def test_more_rows_than_the_limit(filled: Filled) -> None:
    """Our own limits count here, too."""
    handler = remote_handler(filled.current, filled.store.queries[0], filled.pointer.excluded, max_rows=100)
    assert fault(handler, request("SELECT * { ?s ?p ?o }")).kind is FaultKind.TOO_LARGE


def test_a_graph_is_kept_as_it_was_put(filled: Filled) -> None:
    """Values come back as they were put, with all their characters, languages and types."""
    dataset, graph = filled.store.dataset(0), "http://x/hard?a=1&b=2"
    values = HARD if filled.kind == "virtuoso" else (*HARD, BOOLEAN)
    lines = "".join(f"<http://x/s> <http://x/p> {value} .\n" for value in values).encode()
    try:
        dataset.put(graph, b"<http://x/replaced> <http://x/p> <http://x/o> .\n")
        dataset.put(graph, lines)
        endpoint = RemoteEndpoint(RemoteClient(filled.store.queries[0], RemoteAccess()))
        found = {row["o"] for row in endpoint.solutions(f"SELECT ?o {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")}
        assert found == {one.object for one in triples(lines, "application/n-triples")}
    finally:
        dataset.drop(graph)
    dataset.drop(graph)  # again, which is no fault
    assert graph not in dataset.holdings().graphs


def triples(body: bytes, media_type: str) -> set[Triple]:
    """The triples of a text, without blank nodes."""
    format_ = RdfFormat.from_media_type(media_type)
    assert format_
    return {quad.triple for quad in parse(body, format_)}
