"""RDF terms and statements as bytes of canonical N-Quads (RDF 1.1 N-Quads section 2, N-Triples section 4).

Texts are quoted here: the RDF library goes through them character by character, and few have a character that needs an
escape. Terms with a datatype and IRIs that we did not encode are left to the library, which checks them.
"""

from collections.abc import Sequence
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from iomld.iris import XSD

# What a quoted text cannot hold, and its escape; that of the backslash comes first, since all others contain one.
_ESCAPES = dict(zip(b'\\"\b\t\n\f\r', (b"\\\\", b'\\"', b"\\b", b"\\t", b"\\n", b"\\f", b"\\r"), strict=True))
_ESCAPES |= {code: f"\\u{code:04X}".encode() for code in (*range(0x20), 0x7F) if code not in _ESCAPES}
_ESCAPED = bytes(_ESCAPES)
_OTHERS = bytes(set(range(0x100)) - _ESCAPES.keys())
_WITHOUT_ESCAPED = bytes(ord(" ") if code in _ESCAPES else code for code in range(0x100))


def iri_term(iri: str) -> bytes:
    """An IRI of `iomld.iris`, which has encoded what needs it."""
    return f"<{iri}>".encode()


def checked_iri_term(iri: str) -> bytes:
    """An IRI with parts that we did not encode.

    Raises:
        ValueError: It is not an IRI.
    """
    return str(NamedNode(iri)).encode()


def text_term(text: str) -> bytes:
    r"""A text without a language (xsd:string).

    >>> print(text_term('Phase "2"\nC:\\').decode())
    "Phase \"2\"\nC:\\"
    """
    return _quoted(text, b'"')


def tagged_term(text: str, language: str) -> bytes:
    """A text in a language (BCP 47).

    Raises:
        ValueError: The language is not a tag.
    """
    return _quoted(text, _end_of_tagged(language))


@lru_cache(maxsize=1024)  # the same few languages recur
def _end_of_tagged(language: str) -> bytes:
    return str(Literal("", language=language))[1:].encode()


def _quoted(text: str, end: bytes) -> bytes:
    """A text after a quotation mark and before what follows it."""
    data = text.encode()
    if data.translate(_WITHOUT_ESCAPED) != data:
        for code in sorted({*data.translate(None, _OTHERS)}, key=_ESCAPED.index):
            data = data.replace(bytes([code]), _ESCAPES[code])
    return b"".join((b'"', data, end))


# Most codes, years and days recur from record to record; the size limits the cache to a few megabytes.
@lru_cache(maxsize=4096)
def typed_term(value: str, datatype: str) -> bytes:
    """A value in the lexical form of a datatype, which is named as in XML Schema ("gYear")."""
    return str(Literal(value, datatype=NamedNode(XSD + datatype))).encode()


def node_lines(subject: bytes, statements: Sequence[bytes], end: bytes) -> tuple[bytes, ...]:
    r"""The lines of all statements about a subject, in parts to be joined.

    Args:
        subject: A term.
        statements: The predicate and the object of each, with a space between; at least one.
        end: What ends each line.

    >>> print(b"".join(node_lines(b"<a>", [b"<p> <b>", b'<q> "c"'], b" .\n")).decode(), end="")
    <a> <p> <b> .
    <a> <q> "c" .
    """
    start = subject + b" "
    return start, (end + start).join(statements), end
