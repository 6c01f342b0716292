"""What is told of a query by its tokens."""

import pytest

from iomld.store.query_size import is_too_deep
from iomld.store.query_text import is_update, is_volatile, names_dataset, uses_service

WITH_SERVICE = [
    "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
    "SELECT * { service silent ?x { ?s ?p ?o } }",
    "SELECT * { { SELECT * { FILTER EXISTS { SeRvIcE ex:y { ?s ?p ?o } } } } }",
    "SELECT * { FILTER NOT EXISTS{SERVICE<http://x/>{?s ?p ?o}} }",
    "SELECT * { # SERVICE\n SERVICE # why\n <http://x/> {} }",
    "PREFIX ex: <http://x/> SELECT * { SERVICEex:y {} }",  # the engine needs no blank after a keyword
    "SELECT * { ?s ?p true.SERVICE<http://x/>{} }",
    "SELECT * { ?s ?p trueSERVICE<http://x/>{} }",
    "SELECT * { ?s ?p 1SERVICE<http://x/>{} }",
    "PREFIX ex: <http://x/> SELECT * { ?s ?p ex:.SERVICE ex:y {} }",
    "SELECT * { ?s ?p 'a\\'' SERVICE <http://x/> {} }",
    "SELECT * { ?s ?p '''a''b''' SERVICE <http://x/> {} }",
    # what looks like an IRI to us is an operator and a text, or a comment, to the engine
    "SELECT * { ?s ?p ?o FILTER(?o<'x>') SERVICE <http://x/> {} FILTER(?o='') }",
    "SELECT * { ?s ?p ?o FILTER(?o<?p#>'''\n) SERVICE <http://x/> {} #'''\n }",
    "SELECT * { ?s ?p ex:a\\' . SERVICE <http://x/> {} . ?s ?p ex:\\' }",
]
WITHOUT_SERVICE = [
    "SELECT * { ?s ?p ?o }",
    "SELECT ?service { ?service ?p $service }",
    "SELECT * { ?s ?p 'SERVICE <http://x/> {}' }",
    'SELECT * { ?s ?p """a "SERVICE" b""" }',
    "SELECT * { ?s ?p ?o } # SERVICE <http://x/> {}",
    "SELECT * { ?s <http://x/service#SERVICE> ?o }",
    "PREFIX ex: <http://x/service/> SELECT * { ?s ex:service ?o ; ex:a.SERVICE ?p }",
    "SELECT * { ?s ?p 'le'@service }",
]


@pytest.mark.parametrize("query", WITH_SERVICE)
def test_service_is_seen(query: str) -> None:
    """SERVICE is found at any depth, in any spelling that the engine takes."""
    assert uses_service(query)


@pytest.mark.parametrize("query", WITHOUT_SERVICE)
def test_the_word_alone_is_no_service(query: str) -> None:
    """Variables, texts, comments, IRIs and local names may hold the word."""
    assert not uses_service(query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * { SERVICE <http://ok/> {} }", False),
        ("SELECT * { SERVICE SILENT <http://ok/> {} }", False),
        ("SELECT * { SERVICE <http://ok/sparql?x=1> {} }", False),
        ("SELECT * { SERVICE <http://ok.example/> {} }", True),
        ("SELECT * { SERVICE ok:x {} }", True),
        ("SELECT * { SERVICE <http://ok/> {} SERVICE <http://bad/> {} }", True),
        ("SELECT * { SERVICE ?x {} }", True),
        ("SELECT * { SERVICESILENT <http://ok/> {} }", True),
        ("SELECT * { SERVICE", True),
    ],
)
def test_allowed_services_are_named_in_full(query: str, *, expected: bool) -> None:
    """Only endpoints that begin like one of the list pass, and only where each is written as an IRI."""
    assert uses_service(query, ("http://ok/",)) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * FROM <http://x/> {}", True),
        ("SELECT * from named <http://x/> {}", True),
        ("SELECT *FROM<http://x/> {}", True),
        ("SELECT ?from { ?from ?p 'FROM' } # FROM <x>", False),
        ("SELECT * { ?s <http://x/from> ?o }", False),
    ],
)
def test_a_dataset_in_the_query_is_seen(query: str, *, expected: bool) -> None:
    """FROM and FROM NAMED count, the word elsewhere does not."""
    assert names_dataset(query) is expected


@pytest.mark.parametrize("query", ["INSERT DATA {}", "PREFIX x: <http://x/> delete {} where {}", "#SELECT\nLOAD <x>"])
def test_updates_are_recognized(query: str) -> None:
    """The first keyword after the prologue tells."""
    assert is_update(query)


def test_queries_are_no_updates() -> None:
    """A query that names a word of updates later is a query."""
    assert not is_update("SELECT ?x { ?x ?y 'DELETE' }")
    assert not is_update("PREFIX add: <http://x/> SELECT (1 AS ?load) {}")


def test_volatile_functions_are_recognized() -> None:
    """An answer that depends on the clock or on chance is not repeatable."""
    assert is_volatile("SELECT (uuid() AS ?u) {}")
    for name in ("NOW", "Rand", "uuid", "StrUUID", "bnode"):
        assert is_volatile(f"SELECT ({name}() AS ?u) {{}}")
        assert is_volatile(f"SELECT ({name}() AS ?u) {{ ?s ?p 'é' }}")
    assert not is_volatile("SELECT ?snow { ?snow ?p ?o }")
    assert not is_volatile("SELECT ?snow { ?snow ?p 'é' }")


def test_letters_beyond_ascii_hide_nothing() -> None:
    """A word with a letter whose other case is ASCII is found as it always was."""
    assert uses_service("SELECT * { \u017fervice <http://x/> {} }")
    assert uses_service("SELECT * { SERVICE <http://x/> { ?s ?p 'é' } }")
    assert names_dataset("SELECT * FROM <http://é/> { ?s ?p ?o }")


def test_deep_brackets_are_refused() -> None:
    """Depth counts, width does not."""
    assert is_too_deep("SELECT * " + "{" * 300 + "}" * 300)
    assert not is_too_deep("SELECT * {" + "{}" * 1000 + "}")
