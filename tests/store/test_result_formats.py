"""Answers as tables and XML: what any reader of CSV, TSV or XML gets back is what the query found."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse

from iomld import store
from iomld.formats import rdf
from iomld.formats.xml_output import NotInXmlError
from iomld.iris import Iris
from iomld.store.oxigraph import StoreReader
from iomld.store.query_request import FaultKind, QueryFault, QueryHead, QueryRequest, QueryWorker
from iomld.store.query_worker import open_handler
from iomld.workers.handler import AnswerWriter

CSV, TSV, XML = "text/csv", "text/tab-separated-values", "application/sparql-results+xml"
RDFXML = "application/rdf+xml"
BINDING = "{http://www.w3.org/2005/sparql-results#}binding"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> QueryWorker:
    """A worker over one triple."""
    folder = tmp_path_factory.mktemp("formats") / "store"
    subject, predicate, graph = (NamedNode(f"http://example.org/{name}") for name in "spg")
    store.build_store(folder, [Quad(subject, predicate, Literal("a"), graph)])
    return QueryWorker(str(folder), Iris().base)


def run(worker: QueryWorker, query: str, media_type: str) -> tuple[QueryHead | QueryFault, bytes]:
    """The answer of a worker in one media type, or its fault."""
    writer = AnswerWriter(1 << 20)
    asked = QueryRequest(query, media_type, media_type, media_type)
    answer = open_handler(worker.to_json())(asked.to_json(), writer)
    return (QueryFault if answer.fault else QueryHead).from_json(answer.head), writer.inline()


def body(worker: QueryWorker, query: str, media_type: str) -> str:
    """The answer as text."""
    head, found = run(worker, query, media_type)
    assert isinstance(head, QueryHead), head
    return found.decode()


def test_csv_quotes_every_value_that_needs_it(worker: QueryWorker) -> None:
    """IRIs with commas are quoted too (RFC 4180), so that each row has as many fields as the first."""
    query = r'SELECT ?a ?b ?c ?d { BIND(<http://example.org/a,b> AS ?a) BIND("x,\"y\r\nz" AS ?b) BIND(1.50 AS ?d) }'
    text = body(worker, query, CSV)
    assert [*csv.reader(io.StringIO(text, newline=""))] == [
        ["a", "b", "c", "d"],
        ["http://example.org/a,b", 'x,"y\r\nz', "", "1.5"],
    ]
    assert text.endswith("\r\n")


def test_csv_counts_rows_and_not_line_ends(worker: QueryWorker) -> None:
    """The limit is on solutions, whatever line ends their values have."""
    one = replace(worker, max_rows=1)
    assert body(one, r'SELECT ("\r\n\r\n" AS ?x) {}', CSV)
    fault, _ = run(one, "SELECT * { VALUES ?x { 1 2 } }", CSV)
    assert isinstance(fault, QueryFault)
    assert fault.kind is FaultKind.TOO_LARGE


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_xml_keeps_each_value_or_says_that_it_cannot(text: str) -> None:
    """A parser gets the value back, carriage returns too; what XML does not allow is refused, never sent."""
    triple = Triple(NamedNode("http://example.org/s"), NamedNode("http://example.org/p"), Literal(text))
    if any(character in "\ufffe\uffff" or (character < " " and character not in "\t\n\r") for character in text):
        with pytest.raises(NotInXmlError, match="which XML does not allow"):
            rdf.serialize([triple], rdf.RDFXML)
        return
    written = rdf.serialize([triple], rdf.RDFXML)
    assert [quad.object for quad in parse(written, RdfFormat.RDF_XML)] == [Literal(text)]
    assert ET.fromstring(written)[0][0].text == (text or None)  # noqa: S314  # our own bytes


def test_results_in_xml_keep_carriage_returns(worker: QueryWorker) -> None:
    """A carriage return is sent as a reference, since a parser would read it as a line feed."""
    document = ET.fromstring(body(worker, r'SELECT ("a\rb" AS ?x) {}', XML))  # noqa: S314  # our own bytes
    assert [element.text for element in document.iter() if element.tag.endswith("literal")] == ["a\rb"]


@pytest.mark.parametrize(
    ("query", "media_type", "says"),
    [
        (r'SELECT ("\u0001" AS ?x) {}', XML, "U+0001"),
        (r'CONSTRUCT { <http://x.org/s> <http://x.org/p> "\uFFFF" } {}', RDFXML, "U+FFFF"),
        ('CONSTRUCT { <http://x.org/s> <http://x.org/p/123> "a" } {}', RDFXML, "http://x.org/p/123"),
        ('CONSTRUCT { <http://x.org/s> <http://x.org/p/> "a" } {}', RDFXML, "http://x.org/p/"),
    ],
)
def test_what_xml_cannot_hold_is_not_acceptable(worker: QueryWorker, query: str, media_type: str, says: str) -> None:
    """The sentence names the character or the property."""
    fault, _ = run(worker, query, media_type)
    assert isinstance(fault, QueryFault)
    assert fault.kind is FaultKind.NOT_ACCEPTABLE
    assert says in str(fault.message)


@pytest.mark.parametrize("media_type", [rdf.NQUADS.media_type, rdf.TRIG.media_type, "text/n3", "application/x-turtle"])
def test_older_types_of_graphs_are_answered_as_asked(worker: QueryWorker, media_type: str) -> None:
    """The answer has the media type that was asked for, and the triples."""
    head, found = run(worker, "CONSTRUCT WHERE { ?s ?p ?o }", media_type)
    assert isinstance(head, QueryHead)
    assert head.media_type == media_type
    format_ = rdf.by_media_type(media_type)
    assert format_
    assert len([*rdf.parse(found, format_)]) == 1


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT * { ?s ?p ?o }", "s,p,o"),
        ("SELECT DISTINCT * WHERE { ?z ?p ?a FILTER(?a != 'x') }", "z,p,a"),
        ("# ?x\nPREFIX select: <http://example.org/> SELECT*{ ?z select:p ?a }", "z,a"),
        ("SELECT * { { SELECT ?z (COUNT(*) AS ?n) { ?z ?p ?a } GROUP BY ?z } }", "z,n"),
        ("SELECT ?p * { ?s ?p ?o }", None),
        ("SELECT (2 * 3 AS ?n) { ?s ?p ?o }", "n"),
    ],
)
def test_select_star_gives_variables_in_their_order(worker: QueryWorker, query: str, columns: str | None) -> None:
    """The columns are in the order in which the query mentions them."""
    head, found = run(worker, query, CSV)
    if columns is None:
        assert isinstance(head, QueryFault)
    else:
        assert found.decode().split("\r\n")[0] == columns


def test_a_lookup_has_the_columns_of_a_worker(worker: QueryWorker) -> None:
    """A lookup of `SELECT *` lists the variables in the same order."""
    query = 'SELECT * { ?z <http://example.org/p> "a" ; ?a ?m }'
    lookup = StoreReader(Path(worker.store)).lookup(query, max_rows=10)
    assert lookup == body(worker, query, "application/sparql-results+json").encode()


@pytest.mark.parametrize(
    "query",
    [
        "\ufeffASK { ?s ?p ?o }",
        r"ASK \u007B ?\u0073 ?p ?o }",
        r"PREFIX ex: <http://example.org/> ASK { ?s ex:\u0070 'a' }",
        r"PREFIX ex: <http://example.org/> ASK { ?s <http://example.org/\u0070> '\u0061' }",
        r"ASK { ?s ?p ?o # \uD800" + "\n}",
    ],
)
def test_codepoint_escapes_and_a_byte_order_mark_are_read(worker: QueryWorker, query: str) -> None:
    """Escapes may stand anywhere (SPARQL 1.1 Query Language section 19.2)."""
    assert '"boolean":true' in body(worker, query, "application/sparql-results+json")


@pytest.mark.parametrize("query", [r"SELECT * { \u0053ERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", r"\u0044ROP ALL"])
def test_escapes_hide_no_forbidden_word(worker: QueryWorker, query: str) -> None:
    """The words are looked for after the escapes are read."""
    fault, _ = run(worker, query, "application/sparql-results+json")
    assert isinstance(fault, QueryFault)
    assert fault.kind in {FaultKind.SERVICE, FaultKind.UPDATE}


@pytest.mark.parametrize("limit", [2**64 - 1, 2**64, 10**30])
def test_a_limit_has_one_meaning_in_all_formats(worker: QueryWorker, limit: int) -> None:
    """A number that the engine cannot hold is refused as a lookup too."""
    query = f"SELECT ?s {{ ?s <http://example.org/p> 'a' }} LIMIT {limit}"
    found = StoreReader(Path(worker.store)).lookup(query.replace("'", '"'), max_rows=10)
    for media_type in (CSV, TSV, XML):
        head, _ = run(worker, query, media_type)
        assert isinstance(head, QueryHead) == (limit < 2**64)
    assert (found is not None) == (limit < 2**64)
