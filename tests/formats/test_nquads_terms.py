"""Terms as bytes of N-Quads are those that the RDF library writes and reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, Quad, RdfFormat, parse

from iomld.formats.nquads_terms import checked_iri_term, node_lines, tagged_term, text_term, typed_term

# What needs an escape stands in texts often enough to meet its neighbours.
TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from('\\"\n\r\t\b\f\0\x1f\x7fu0é’𝄞'))


@given(TEXTS)
def test_text_is_written_as_by_the_library(text: str) -> None:
    """Byte for byte, whatever stands in it."""
    assert text_term(text) == str(Literal(text)).encode()
    assert tagged_term(text, "fr") == str(Literal(text, language="fr")).encode()


@given(TEXTS)
def test_lines_are_read_as_the_same_text(text: str) -> None:
    """A text with line ends stays on one line, and comes back."""
    lines = b"".join(node_lines(b"<http://x/s>", [b"<http://x/p> " + text_term(text)] * 2, b" .\n"))
    read = [quad.object for quad in parse(lines, RdfFormat.N_QUADS) if isinstance(quad, Quad)]
    assert lines.count(b"\n") == 2
    assert read == [Literal(text)] * 2


@pytest.mark.parametrize("language", ["", "en us", 'en"', "en\n", "é"])
def test_bad_language_is_refused(language: str) -> None:
    """What is no language tag never stands in a line."""
    with pytest.raises(ValueError, match="subtag"):
        tagged_term("text", language)


@pytest.mark.parametrize("iri", ["", "no scheme", "http://x/a b", "http://x/>", "http://x/\n"])
def test_bad_iri_is_refused(iri: str) -> None:
    """What is no IRI never stands in a line."""
    with pytest.raises(ValueError, match="IRI"):
        checked_iri_term(iri)


def test_half_of_a_surrogate_pair_is_refused() -> None:
    """It has no bytes in UTF-8."""
    with pytest.raises(UnicodeEncodeError):
        text_term("\ud800")


def test_value_of_a_datatype() -> None:
    """The datatype is named by its IRI; that of plain texts is left out."""
    assert typed_term("2017", "gYear") == b'"2017"^^<http://www.w3.org/2001/XMLSchema#gYear>'
    assert typed_term("USD", "string") == b'"USD"'
