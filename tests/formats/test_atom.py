"""Atom feeds are well-formed XML, whatever the texts in them are."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from iomld.formats.atom import ATOM, TOMBSTONES, AtomEntry, AtomFeed, AtomLink, AtomTombstone, atom_bytes

# What XML allows (section 2.2) reads back as it was.
ALLOWED = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))
ANY = st.text(st.characters(exclude_categories=("Cs",)))


def feed_of(text: str) -> AtomFeed:
    """A feed that has a text wherever one can be."""
    link = AtomLink("alternate", text, text)
    entry = AtomEntry(text, text, "en", text, text, text, (link,))
    return AtomFeed(text, text, "en", text, text, text, (link,), (entry,), (AtomTombstone(text, text, text),))


def texts(feed: AtomFeed) -> set[str]:
    """The texts of all elements, and the values of attributes that are no names."""
    root = etree.fromstring(atom_bytes(feed))
    inside = {one.text or "" for one in root.iter(f"{{{ATOM}}}title", f"{{{ATOM}}}summary", f"{{{TOMBSTONES}}}comment")}
    return inside | {one.get("href") or "" for one in root.iter(f"{{{ATOM}}}link")}


@given(ALLOWED)
def test_texts_are_read_as_they_were_written(text: str) -> None:
    """With markup, quotes, entities and ends of sections in them."""
    assert texts(feed_of(text)) == {text}


@given(ANY)
def test_no_text_makes_a_feed_unreadable(text: str) -> None:
    """Control characters are replaced."""
    assert len(texts(feed_of(text))) in {1, 2}  # an attribute has spaces where a text has tabs and line ends
