"""Well-formed XML from the engine's writers: what XML cannot represent is refused, and carriage returns are escaped.

The writers of RDF/XML and of SPARQL results pass every character on, and make an element of every predicate. XML 1.0
has no control characters (section 2.2), reads a carriage return as a line feed (section 2.11), and its names begin with
a letter (section 2.3).
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Protocol

from pyoxigraph import Triple

from iomld.errors import IomldError
from iomld.messages import message

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_CARRIAGE_RETURN = b"&#13;"
_SPLIT_BYTES = 2  # of a forbidden character that may be at the end of a chunk
_NAME_START = (
    r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF"
    r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_LOCAL_NAME = rf"[{_NAME_START}][{_NAME_START}\-.0-9\u00B7\u0300-\u036F\u203F\u2040]*\Z"


class NotInXmlError(IomldError):
    """The values cannot be written as XML."""


class _Output(Protocol):
    def write(self, data: bytes, /) -> int: ...


class XmlOutput:
    """Passes XML on to a binary stream, with carriage returns as references."""

    def __init__(self, output: _Output) -> None:
        """Write to a stream."""
        self._output = output
        self._tail = b""

    def write(self, data: bytes) -> int:
        """Pass a chunk on.

        Raises:
            NotInXmlError: It has a character that XML does not allow.
        """
        _require_characters(self._tail + data)
        self._tail = data[-_SPLIT_BYTES:]
        self._output.write(data.replace(b"\r", _CARRIAGE_RETURN))
        return len(data)

    def flush(self) -> None:
        """Do nothing; part of the interface of files."""


def escaped_xml(document: bytes) -> bytes:
    """A document with its carriage returns as references.

    Raises:
        NotInXmlError: It has a character that XML does not allow.
    """
    _require_characters(document)
    return document.replace(b"\r", _CARRIAGE_RETURN)


def _require_characters(xml: bytes) -> None:
    if found := _FORBIDDEN.search(xml):
        character = f"U+{ord(found[0].decode()):04X}"
        raise NotInXmlError(
            message(
                "A value contains the character {character}, which XML does not allow. Choose another format, "
                "such as JSON or N-Triples.",
                character=character,
            )
        )


def with_element_names(triples: Iterable[Triple]) -> Iterator[Triple]:
    """The same triples, as long as their predicates can be the names of elements in RDF/XML.

    Raises:
        NotInXmlError: A predicate ends with no name of XML.
    """
    for triple in triples:
        predicate = triple.predicate.value
        if not _ends_with_name(predicate):
            raise NotInXmlError(
                message(
                    "The property {predicate} cannot be written in RDF/XML, because XML names begin with a letter. "
                    "Choose another format, such as Turtle.",
                    predicate=predicate,
                )
            )
        yield triple


@lru_cache(maxsize=1024)
def _ends_with_name(iri: str) -> bool:
    return _local_name().search(iri) is not None


@cache  # compiled with the first RDF/XML, since these sets of characters take 10 ms
def _local_name() -> re.Pattern[str]:
    return re.compile(_LOCAL_NAME)
