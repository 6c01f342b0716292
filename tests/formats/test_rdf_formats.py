"""Text becomes quads and quads become text, in every format."""

from collections.abc import Sequence

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Triple
from rdflib import Graph
from rdflib.compare import isomorphic

from iomld.errors import SourceError
from iomld.formats import rdf
from iomld.formats.rdf import FORMATS, Format
from iomld.iris import DCTERMS

ODD = [
    Quad(
        NamedNode("http://example.org/a%2Fb"), NamedNode(f"{DCTERMS}title"), literal, NamedNode("http://example.org/g")
    )
    for literal in (
        Literal('say "hi"\\\n\tthere\r'),
        Literal("😀 مرحبا <&>", language="ar"),
        Literal("1459753.72", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
    )
]


def _triples(quads: Sequence[Quad]) -> set[Triple]:
    return {quad.triple for quad in quads}


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_quads_survive_a_round_trip(format_: Format, project_quads: Sequence[Quad]) -> None:
    """What is written is read back the same; formats without graphs give the triples alone."""
    quads = [*project_quads, *ODD]
    read = list(rdf.parse(rdf.serialize(quads, format_), format_))
    if format_.holds_graphs:
        assert set(read) == set(quads)
    else:
        assert _triples(read) == _triples(quads)
        assert {quad.graph_name for quad in read} == {DefaultGraph()}


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_nothing_to_write_is_a_document_all_the_same(format_: Format) -> None:
    """No quads give a text that parses to no quads."""
    assert list(rdf.parse(rdf.serialize([], format_), format_)) == []


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_format_is_found_by_what_it_is_called(format_: Format) -> None:
    """Name, suffix and media type lead to the format; unknown ones to none."""
    assert rdf.by_name(format_.name) is format_
    assert rdf.by_suffix(format_.suffix) is format_
    assert rdf.by_media_type(format_.media_type) is format_
    assert (format_.media_type, format_.suffix) == (
        format_.engine.media_type,
        format_.engine.file_extension,
    )


@pytest.mark.parametrize("find", [rdf.by_name, rdf.by_suffix, rdf.by_media_type])
def test_an_unknown_format_is_none(find: object) -> None:
    """No format is guessed."""
    assert callable(find)
    assert find("cobol") is None


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_broken_text_says_what_it_is_not(format_: Format) -> None:
    """A text that is in no way of the format raises our error with the format's name."""
    with pytest.raises(SourceError, match=f"not valid {format_.name}"):
        list(rdf.parse(b"<http://example.org/a> <http://example.org/b", format_))


def test_a_fault_is_named_with_its_place() -> None:
    """People are told line and column."""
    with pytest.raises(SourceError, match="line 2, column"):
        list(rdf.parse("<http://a/s> <http://a/p> 1 .\n<http://a/s> ; .\n", rdf.TURTLE))


def test_a_relative_iri_needs_a_base() -> None:
    """With a base it becomes absolute, without one it is an error."""
    quads = list(rdf.parse("<s> <p> <o> .", rdf.TURTLE, base_iri="http://example.org/"))
    assert quads[0].subject == NamedNode("http://example.org/s")
    with pytest.raises(SourceError, match="turtle"):
        list(rdf.parse("<s> <p> <o> .", rdf.TURTLE))


def test_a_base_that_is_no_iri_is_an_error() -> None:
    """The base comes from the outside, so that it may be wrong."""
    with pytest.raises(SourceError, match="turtle"):
        list(rdf.parse("<s> <p> <o> .", rdf.TURTLE, base_iri="not an iri"))


def test_bytes_that_are_not_utf8_are_an_error() -> None:
    """RDF texts are UTF-8."""
    with pytest.raises(SourceError, match="turtle"):
        list(rdf.parse(b"\xff\xfe<", rdf.TURTLE))


def test_a_remote_context_is_never_fetched() -> None:
    """A document cannot make us open an address."""
    with pytest.raises(SourceError, match="jsonld"):
        list(rdf.parse('{"@context": "http://localhost:1/c", "@id": "http://a/s", "p": 1}', rdf.JSONLD))


def test_blank_nodes_are_numbered_in_their_order() -> None:
    """Two parses of one text give the same bytes in every format, with as many nodes as the text has."""
    text = "<x:s> <x:p> [ <x:p> ( 1 2 ) ] , [ <x:q> _:b1 ] . _:b1 <x:p> _:b0 ."
    for format_ in FORMATS:
        first, second = (rdf.serialize(rdf.numbered(rdf.parse(text, rdf.TURTLE)), format_) for _ in range(2))
        assert first == second
        assert isomorphic(_graph(first, format_), _graph(text.encode(), rdf.TURTLE))


def _graph(data: bytes, format_: Format) -> Graph:
    triples = [quad.triple for quad in rdf.parse(data, format_)]
    return Graph().parse(data=rdf.serialize(triples, rdf.NTRIPLES), format="nt")


def test_prefixes_shorten_turtle() -> None:
    """Prefixes are declared and used."""
    text = rdf.serialize(ODD, rdf.TURTLE, prefixes={"dcterms": DCTERMS}).decode()
    assert "@prefix dcterms:" in text
    assert "dcterms:title" in text
