"""What people are told of a query that does not parse: line, column, and one short sentence."""

import re

import pyoxigraph
import pytest

from iomld.iris import Iris
from iomld.store.query_text import syntax_message

BEGINS = "after its prefixes, a query begins with SELECT, CONSTRUCT, DESCRIBE or ASK."
ENDS = "the query ends unexpectedly. Check the words and punctuation before this place."


def unexpected(word: str) -> str:
    """The sentence about a word that stands where the grammar wants another."""
    return f"unexpected “{word}”. Check it and the word before it."


TABLE = [
    # query, line, column, sentence
    ("", 1, 1, BEGINS),
    ("SELEC * { ?s ?p ?o }", 1, 10, BEGINS),
    ("SELECT * {\n ?s ?p ?o", 2, 10, "the query ends too early; “}” is missing."),
    ("SELECT *\n{ ?s ?p ?o . } }", 2, 16, "this “}” does not close an open bracket."),
    ("SELECT * { FILTER(regex(?o, 'a') }", 1, 34, "“)” is missing before this “}”."),
    ("SELECT * {\n  ?s ?p 'a\n}", 2, 9, "the string that begins here is not closed."),
    ("ASK { ?s ?p 'naïve', \"b }", 1, 22, "the string that begins here is not closed."),
    ("SELECT ?x { ?s ?p }", 1, 20, ENDS),
    ("SELECT * { ?s ?p ?o } LIMIT x", 1, 29, unexpected("x")),
    ("SELECT * { ?s ?p ?o } ; SELECT * {}", 1, 25, unexpected("SELECT")),
    ("CONSTRUCT { ?s ?p } WHERE { ?s ?p ?o }", 1, 19, unexpected("}")),
    ("PREFIX x <http://x/> ASK {}", 1, 10, unexpected("<")),
    (
        "SELECT * {\n  ?s dcterms:title ?o }",
        2,
        6,
        "the prefix “dcterms:” is not declared; begin the query with PREFIX dcterms: <http://purl.org/dc/terms/>.",
    ),
    ("ASK { ?s nope:title ?o }", 1, 10, "the prefix “nope:” is not declared; begin the query with PREFIX nope: <…>."),
    (
        "ASK { ?s <http://x y> ?o }",
        1,
        22,
        "the IRI before this place is not valid; blanks and special characters must be percent-encoded.",
    ),
    (
        "SELECT ?s ?o { ?s ?p ?o } GROUP BY ?s",
        1,
        38,
        "?o is selected but not grouped. Add ?o to GROUP BY, or use an aggregate such as SAMPLE(?o).",
    ),
    (
        "SELECT ?p (COUNT(?o) AS ?n) { ?s ?p ?o }",
        1,
        41,
        "?p is selected but not grouped. Add ?p to GROUP BY, or use an aggregate such as SAMPLE(?p).",
    ),
    (
        "SELECT (?o + COUNT(?s) AS ?n) { ?s ?p ?o }",
        1,
        43,
        (
            "an expression in SELECT has a variable that is not grouped. "
            "Add it to GROUP BY, or use an aggregate such as MAX."
        ),
    ),
    ("SELECT ?s ?s {}", 1, 16, "SELECT has two columns with the same name. Remove one, or rename it with AS."),
    ("SELECT (1 AS ?s) { ?s ?p 1 }", 1, 29, "AS uses a name that the query already has. Choose another name."),
    ("SELECT * {} GROUP BY ?s", 1, 24, "SELECT * cannot be used with GROUP BY. List the variables instead."),
    ("DESCRIBE", 1, 9, ENDS),
]


@pytest.mark.parametrize(("query", "line", "column", "sentence"), TABLE)
def test_a_broken_query_is_explained_in_a_sentence(query: str, line: int, column: int, sentence: str) -> None:
    """The message has the place and the reason, without names from the parser's grammar."""
    with pytest.raises(SyntaxError) as caught:
        pyoxigraph.Store().query(query)
    told = str(syntax_message(query, str(caught.value), Iris().prefixes()))
    assert told == f"line {line}, column {column}: {sentence}"
    assert not re.search(r"expected (?:one|[A-Z\"])|\\u\{|\[_\]|\.\.=", told)
    assert "\n" not in told


@pytest.mark.parametrize("query", [query for query, *_ in TABLE])
def test_the_place_told_is_in_the_query(query: str) -> None:
    """Line and column name a character of the query, or the place just behind its end."""
    with pytest.raises(SyntaxError) as caught:
        pyoxigraph.Store().query(query)
    match = re.match(r"line (\d+), column (\d+): ", str(syntax_message(query, str(caught.value), {})))
    assert match
    lines = query.split("\n")
    assert 1 <= int(match[1]) <= len(lines)
    assert 1 <= int(match[2]) <= len(lines[int(match[1]) - 1]) + 1


@pytest.mark.parametrize(
    ("query", "column"),
    [("SELECT * { ?s ?p \0 ?o }", 18), ("SELECT * { ?s ?p ?o }\0", 22), ("ASK \x01{ ?s ?p ?o }", 5)],
)
def test_a_control_character_is_named(query: str, column: int) -> None:
    """By its code and place, and not by the word behind it; in a string it is no fault."""
    for text in (query, query.replace("{ ?s", '{ "\0" ?p 1 . ?s') if column > 12 else query):
        with pytest.raises(SyntaxError) as caught:
            pyoxigraph.Store().query(text)
        at = column + len(text) - len(query)
        code = "U+0001" if "\x01" in text else "U+0000"
        told = f"line 1, column {at}: the control character {code} is not allowed here. Remove it."
        assert str(syntax_message(text, str(caught.value), {})) == told
