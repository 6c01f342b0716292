"""Web addresses in records: those that can be IRIs of the data, by the same grammar as the library of RDF."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from iomld.read.text import is_web_address

_CHARACTERS = (
    "az09-._~!$&'()*+,;=:@/?#[]%<>\"{}|\\^` é\x00\x80\ud800\ud7ff\ue000\ufdd0\ufffd\ufffe\U0001f600\U000e0001\U0010ffff"
)
_PARTS = ("%20", "%zz", "%é", "[::1]", "[1::]", "[::1%251]", ":80", "[v1.a]", "example.org")
_PIECES = st.sampled_from((*_CHARACTERS, *_PARTS))


def is_iri(text: str) -> bool:
    """Whether the library of RDF takes it."""
    try:
        NamedNode(text)
    except ValueError:  # a lone surrogate among them
        return False
    return True


@given(st.lists(_PIECES, min_size=1, max_size=8).map("".join))
@example("example.org/project?theme[]=1")
@example("[::1")
def test_what_is_taken_can_be_published(rest: str) -> None:
    """Any address that the readers take is an IRI, and they refuse no IRI but the unusual [v1.a]."""
    address = f"https://{rest}"
    taken = is_web_address(address)
    assert taken <= is_iri(address)
    if "[v" not in rest:
        assert taken == is_iri(address)


@pytest.mark.parametrize("address", ["", "https://", "http:/example.org", "HTTPS://example.org", "ftp://example.org"])
def test_other_texts_are_no_web_addresses(address: str) -> None:
    """Without a scheme of the web, or with nothing after it."""
    assert not is_web_address(address)
