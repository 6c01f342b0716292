"""What the engine does otherwise than SPARQL 1.1 says; docs/HTTP.md names it.

A test that fails here says that the engine was mended: take the limit out of the docs and out of this file.
"""

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from iomld.iris import XSD

X = "http://x/"
DOCUMENTED = "docs/HTTP.md names this as a limit of the engine, which is mended now"


@pytest.fixture
def store() -> Store:
    """Two graphs that hold one triple both, and each one of its own."""
    found = Store()
    a, b, p, one, two = (NamedNode(f"{X}{name}") for name in ("a", "b", "p", "g1", "g2"))
    number = Literal("1.10", datatype=NamedNode(f"{XSD}decimal"))
    found.extend([Quad(a, p, Literal("both"), one), Quad(a, p, Literal("both"), two)])
    found.extend([Quad(b, p, number, one), Quad(b, p, Literal("x"), two)])
    return found


def rows(store: Store, query: str, *, is_union: bool = True) -> list[tuple[str | None, ...]]:
    """The solutions of a query, terms as their values."""
    result = store.query(f"PREFIX x: <{X}> {query}", use_default_graph_as_union=is_union)
    assert isinstance(result, QuerySolutions)
    return sorted(tuple(getattr(term, "value", None) for term in row) for row in result)


@pytest.mark.parametrize(
    "query", ["SELECT ?y { x:unknown x:p* ?y }", "SELECT ?y { x:unknown x:p? ?y }", "SELECT ?y { ?y x:p* x:unknown }"]
)
def test_a_path_of_length_zero_does_not_begin_at_an_unknown_node(store: Store, query: str) -> None:
    """Right is one solution, the node itself (section 18.4, ZeroLengthPath)."""
    assert rows(store, query) == [], DOCUMENTED


def test_a_subselect_in_graph_is_asked_of_all_graphs_at_once(store: Store) -> None:
    """Right are two solutions, one for each graph (section 18.6, Graph); so it is when the subselect names ?g."""
    query = "SELECT ?g ?n {{ GRAPH ?g {{ SELECT {} {{ ?s ?p ?o }} {} }} }}"
    assert rows(store, query.format("(COUNT(*) AS ?n)", "")) == [(None, "4")], DOCUMENTED
    named = query.format("?g (COUNT(*) AS ?n)", "GROUP BY ?g")
    assert rows(store, named) == [(f"{X}g1", "2"), (f"{X}g2", "2")]


def test_a_filter_in_graph_sees_the_name_of_the_graph(store: Store) -> None:
    """Right is no solution: inside of GRAPH ?g, ?g is not bound yet (section 18.2.2.6); beside it, it is."""
    inside = "SELECT ?g { GRAPH ?g { x:b x:p ?o FILTER(?g = x:g1) } }"
    assert rows(store, inside) == [(f"{X}g1",)], DOCUMENTED
    beside = "SELECT ?g { GRAPH ?g { x:b x:p ?o } FILTER(?g = x:g1) }"
    assert rows(store, beside) == [(f"{X}g1",)]


@pytest.mark.parametrize(
    ("written", "datatype", "stored"),
    [
        ("1.10", "decimal", "1.1"),
        ("01", "integer", "1"),
        ("1.0E6", "double", "1000000"),
        ("1", "boolean", "true"),
        ("2020-01-01T00:00:00.000Z", "dateTime", "2020-01-01T00:00:00Z"),
        ("2006-08-23+00:00", "date", "2006-08-23Z"),
        ("P1Y0M", "duration", "P1Y"),
    ],
)
def test_the_spelling_of_a_value_is_lost(written: str, datatype: str, stored: str) -> None:
    """Right is the lexical form that was published (RDF 1.1 Concepts section 3.3); the dump has it."""
    store = Store()
    literal = Literal(written, datatype=NamedNode(f"{XSD}{datatype}"))
    store.add(Quad(NamedNode(f"{X}a"), NamedNode(f"{X}v"), literal))
    assert rows(store, "SELECT ?o { ?s ?p ?o }", is_union=False) == [(stored,)], DOCUMENTED


@pytest.mark.parametrize(
    ("query", "is_union"),
    [
        ("SELECT (COUNT(*) AS ?n) { x:a x:p ?o }", True),
        ("SELECT (COUNT(*) AS ?n) FROM x:g1 FROM x:g2 { x:a x:p ?o }", False),
        ("SELECT (COUNT(*) AS ?n) FROM x:g1 FROM x:g1 { x:a x:p ?o }", False),
    ],
)
def test_a_triple_in_two_graphs_counts_twice(store: Store, query: str, *, is_union: bool) -> None:
    """Right is 1 (section 13.2). We mend this; once the engine does, stores for queries and merges can go."""
    assert rows(store, query, is_union=is_union) == [("2",)]
