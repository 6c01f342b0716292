"""Taking queries apart: each part with its place, and the parts together mean what the query means."""

import gzip
import re
from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import given, settings
from pyoxigraph import RdfFormat, Store
from tests.amount import amount
from tests.differential.queries import WRITTEN, generated
from tests.store.finding import FAILED, finds, solutions
from tests.store.grammar import QUERIES, SCRAPS

from iomld.store.sparql_parser import query_tree
from iomld.store.sparql_syntax import ClauseKind

_CONSTRUCT = re.compile(r"CONSTRUCT \{.*?\} WHERE")


@pytest.fixture(scope="module")
def quads(datadir: Path) -> list[pyoxigraph.Quad]:
    """The bundled records."""
    with gzip.open(datadir / "current" / "dataset.nq.gz") as lines:
        return list(pyoxigraph.parse(lines.read(), RdfFormat.N_QUADS))


def texts(query: str) -> list[str]:
    """The parts of a query."""
    parts = query_tree(query)
    assert parts
    assert parts.where
    return [clause.text for clause in parts.where.clauses]


def test_the_parts_together_find_something_when_the_query_does(quads: list[pyoxigraph.Quad]) -> None:
    """An ASK made of the parts of each of 300 queries agrees with the query."""
    store = Store()
    store.extend(quads)
    apart = 0
    for kind, query in generated(quads, 20):
        parts = query_tree(query)
        assert parts, query
        if parts.where is None or "OFFSET" in query or "HAVING" in query or kind in {"aggregate", "describe"}:
            continue
        body = "\n".join(clause.text for clause in parts.where.clauses)
        asked = finds(store, f"{parts.prologue} ASK {parts.dataset} {{ {body} }}")
        # A template makes no triple of a literal as subject, whatever the pattern finds.
        assert asked == finds(store, _CONSTRUCT.sub("SELECT * WHERE", query)), query
        apart += 1
    assert apart > 200


@pytest.mark.parametrize("query", WRITTEN)
def test_every_part_is_a_query_of_its_own(query: str) -> None:
    """Each part of the queries written by hand parses in braces of its own."""
    parts = query_tree(query)
    assert parts
    for clause in parts.where.clauses if parts.where else ():
        solutions(Store(), f"{parts.prologue}\nASK {{ {clause.text} }}")
        assert 0 <= clause.start < clause.end <= len(query)


def test_what_is_left_out_is_written_whole() -> None:
    """Subjects after a semicolon, predicates after a comma; the dot at the end of a name is none of it."""
    query = 'PREFIX x: <http://x/> ASK { ?s a x:A ; x:b 1.5 , "t"@en-GB ; . x:s.1 x:c x:o. }'
    assert texts(query) == ["?s a x:A .", "?s x:b 1.5 .", '?s x:b "t"@en-GB .', "x:s.1 x:c x:o ."]


def test_blank_nodes_become_variables() -> None:
    """In brackets, nested, and by label, each a variable that the query does not have."""
    query = "ASK { [] <x:a> [ <x:b> _:n ; <x:c> [] ] . _:n <x:d> ?hidden }"
    assert texts(query) == [
        "?hidden_1 <x:a> ?hidden_2 .",
        "?hidden_2 <x:b> ?hidden__n .",
        "?hidden_2 <x:c> ?hidden_3 .",
        "?hidden__n <x:d> ?hidden .",
    ]


def test_terms_are_known_whole() -> None:
    """IRIs by their prefixes, literals by value and datatype, the steps of a path."""
    query = r"""PREFIX x: <http://x/> ASK { ?s (x:a|^x:b)+/!x:c 'it\'s'^^x:t , 1e3 , true , '''t'''@fr }"""
    parts = query_tree(query)
    assert parts
    assert parts.where
    first, second, third, fourth = (clause.terms for clause in parts.where.clauses)
    assert [step.iri for step in first[1].steps] == ["http://x/a", "http://x/b", "http://x/c"]
    assert (first[2].value, first[2].iri) == ("it's", "http://x/t")
    assert [one[2].iri.rpartition("#")[2] for one in (second, third)] == ["double", "boolean"]
    assert (fourth[2].value, fourth[2].text) == ("t", "'''t'''@fr")


def test_groups_have_their_kind_and_what_is_in_them() -> None:
    """Each keyword that opens a group; values after the query join it."""
    query = """SELECT ?s FROM <x:g> WHERE { OPTIONAL { ?s ?p 1 } MINUS { ?s ?p 2 } GRAPH ?g { ?s ?p 3 }
      { ?s ?p 4 } UNION { ?s ?p 5 } FILTER NOT EXISTS { ?s ?p 6 } FILTER REGEX(?s, "}") # }
      BIND(1 AS ?x) VALUES ?y { 1 } { SELECT ?s { ?s ?p 7 } } } LIMIT 5 VALUES (?z ?w) { (1 UNDEF) }"""
    parts = query_tree(query)
    assert parts
    assert parts.where
    kinds = ["optional", "minus", "graph", "group", "filter", "filter", "bind", "values", "group", "values"]
    assert [clause.kind for clause in parts.where.clauses] == kinds
    assert [len(clause.groups) for clause in parts.where.clauses] == [1, 1, 1, 2, 0, 0, 0, 0, 1, 0]
    assert parts.where.clauses[8].groups[0].clauses[0].kind is ClauseKind.SUBSELECT
    assert parts.dataset == "FROM <x:g>"
    assert parts.place(query.index("BIND")) == (3, 7)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <x:s> { ?s ?p ?o } }",
        "SELECT * { ?s ?p (1 2) }",
        "SELECT * { ?s ?p",
        "INSERT DATA { <x:s> <x:p> 1 }",
        "",
        "ASK " + "{" * 60 + "}" * 60,
        "ASK { ?s ?p '" + "x" * 10_000 + "' }",
    ],
)
def test_what_is_not_known_is_not_taken_apart(query: str) -> None:
    """No query, or one with parts that are passed over."""
    assert query_tree(query) is None


def parses(query: str) -> bool:
    """Whether the engine knows a query."""
    try:
        solutions(Store(), query)
    except SyntaxError:
        return False
    except FAILED:
        return True
    return True


@settings(max_examples=amount(100))
@given(QUERIES)
def test_the_parts_of_any_query_are_queries_too(query: str) -> None:
    """A query that parses is split into parts or left whole; each part parses alone and is at its stated place."""
    if not parses(query):
        return
    parts = query_tree(query)
    if parts is None or parts.where is None:
        return
    clauses = parts.where.clauses
    for text in (*(clause.text for clause in clauses), "\n".join(clause.text for clause in clauses)):
        assert parses(f"{parts.prologue} ASK {parts.dataset} {{ {text} }}"), text
    for clause in clauses:
        assert clause.start < clause.end <= len(query)
        assert query[clause.start : clause.end] == query[clause.start : clause.end].strip()


@given(SCRAPS)
def test_no_text_is_too_odd(text: str) -> None:
    """Scraps of queries, and any text, are taken apart or left."""
    query_tree(text)
