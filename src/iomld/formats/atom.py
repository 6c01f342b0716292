"""Atom feeds (RFC 4287) with deleted entries (RFC 6721) and archives (RFC 5005), written from values.

Characters that XML 1.0 does not allow (section 2.2) become U+FFFD, since one title must not make a feed unreadable.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

MEDIA_TYPE = "application/atom+xml"
ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


@dataclass(frozen=True, slots=True)
class AtomLink:
    """A link of a feed or of an entry.

    Attributes:
        rel: Its relation type.
        href: Its target, an absolute address.
        type_: Media type of the target; empty if there is none.
    """

    rel: str
    href: str
    type_: str = ""


@dataclass(frozen=True, slots=True)
class AtomEntry:
    """An entry.

    Attributes:
        id: Its IRI, which no other entry has.
        title: Its title, a plain text.
        language: Language of the title; empty if it is not known.
        updated: When it last changed (RFC 3339).
        summary: What it is about, a plain text in the language of the feed.
        category: A term that says what kind of entry it is.
        links: Its links, of which one is `alternate`.
    """

    id: str
    title: str
    language: str
    updated: str
    summary: str
    category: str
    links: tuple[AtomLink, ...]


@dataclass(frozen=True, slots=True)
class AtomTombstone:
    """An entry that was removed.

    Attributes:
        ref: Its IRI.
        when: When it was removed (RFC 3339).
        comment: Why, a plain text in the language of the feed.
    """

    ref: str
    when: str
    comment: str


@dataclass(frozen=True, slots=True)
class AtomFeed:
    """A document of a feed: the one that people subscribe to, or an archive.

    Attributes:
        id: IRI of the feed, the same for all its documents.
        title: Its title, a plain text.
        language: Language of the titles and summaries, unless they say another.
        updated: When it last changed (RFC 3339).
        author: Name of its author.
        generator: Name of the software.
        links: Its links, of which one is `self`.
        entries: Its entries, newest first.
        tombstones: Entries that were removed.
        is_archive: Whether it gets no more entries.
    """

    id: str
    title: str
    language: str
    updated: str
    author: str
    generator: str
    links: tuple[AtomLink, ...]
    entries: tuple[AtomEntry, ...]
    tombstones: tuple[AtomTombstone, ...] = ()
    is_archive: bool = False


def atom_bytes(feed: AtomFeed) -> bytes:
    """The document as UTF-8."""
    return ('<?xml version="1.0" encoding="utf-8"?>\n' + "\n".join(_feed(feed)) + "\n").encode()


def _feed(feed: AtomFeed) -> Iterator[str]:
    namespaces = f'xmlns="{ATOM}" xmlns:fh="{HISTORY}" xmlns:at="{TOMBSTONES}"'
    yield f'<feed {namespaces} xml:lang="{_text(feed.language)}">'
    yield _element("id", feed.id)
    yield _element("title", feed.title)
    yield _element("updated", feed.updated)
    yield f"<author>{_element('name', feed.author)}</author>"
    yield _element("generator", feed.generator)
    if feed.is_archive:
        yield "<fh:archive/>"
    yield from map(_link, feed.links)
    for entry in feed.entries:
        yield from _entry(entry)
    for one in feed.tombstones:
        attributes = _attribute("ref", one.ref) + _attribute("when", one.when)
        yield f"<at:deleted-entry{attributes}>{_element('at:comment', one.comment)}</at:deleted-entry>"
    yield "</feed>"


def _entry(entry: AtomEntry) -> Iterator[str]:
    yield "<entry>"
    yield _element("id", entry.id)
    yield _element("title", entry.title, _attribute("xml:lang", entry.language))
    yield _element("updated", entry.updated)
    yield f"<category{_attribute('term', entry.category)}/>"
    yield from map(_link, entry.links)
    yield _element("summary", entry.summary)
    yield "</entry>"


def _link(link: AtomLink) -> str:
    type_ = _attribute("type", link.type_) if link.type_ else ""
    return f"<link{_attribute('rel', link.rel)}{type_}{_attribute('href', link.href)}/>"


def _element(name: str, text: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{_text(text)}</{name}>"


def _attribute(name: str, value: str) -> str:
    return f' {name}="{_text(value)}"'


def _text(text: str) -> str:
    r"""A text with markup escaped, and what XML does not allow replaced.

    >>> _text("a < b &\x0b\r") == "a &lt; b &amp;\ufffd&#13;"
    True
    """
    return escape(_FORBIDDEN.sub("\ufffd", text)).replace("\r", "&#13;")
