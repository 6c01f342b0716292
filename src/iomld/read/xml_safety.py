"""What we ask of XML before a parser sees it: no document type, a text encoding that we know, a size that we can hold.

A document type declaration can define entities that grow without end or name files to be read (XML 1.0 section 4.4);
neither records nor IATI files need one. It can stand only before the root element (section 2.8), so only the prolog is
looked at, and words in comments or CDATA sections do not matter.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal

from lxml import etree

from iomld.errors import SourceError
from iomld.model import ForeignText, message

MAX_XML_BYTES = 256 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_SPACE_OR_NOTE = re.compile(rb"\s++|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(rb"<!DOCTYPE\b(?:[^\[>\"']|\"[^\"]*\"|'[^']*')*+(?:\[.*?\]\s*)?>?", re.DOTALL)
_ROOT = re.compile(rb"<(?P<name>[^\s<>/!?\"'=]++)")
_ENCODING = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"'](?P<name>[A-Za-z0-9._-]+)[\"']")
# Supersets of ASCII: what looks like a declaration in these bytes is one, and nothing else is.
_ENCODINGS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})


@dataclass(frozen=True, slots=True)
class Prolog:
    """What stands at the start of an XML document.

    Attributes:
        root: Name of the root element as it is written, with its prefix; empty where there is none.
        doctype: Line of the document type declaration, or None.
    """

    root: str
    doctype: int | None


def read_prolog(data: bytes) -> Prolog:
    """Look at the start of a document, which may be no XML at all."""
    at = len(_BOM) if data.startswith(_BOM) else 0
    doctype = None
    while match := _SPACE_OR_NOTE.match(data, at) or _DOCTYPE.match(data, at):
        if match[0].startswith(b"<!D"):
            doctype = doctype or data.count(b"\n", 0, at) + 1
        at = match.end()
    root = _ROOT.match(data, at)
    return Prolog(root["name"].decode("utf-8", "replace") if root else "", doctype)


def safe_events(
    stream: BinaryIO,
    events: Sequence[Literal["start", "end"]],
    *,
    tag: Sequence[str] | None = None,
    encoding: str | None = None,
) -> Iterator[tuple[str, etree._Element]]:
    """Parse XML as it streams: no entity is resolved, nothing is fetched, and depth and sizes keep libxml2's limits.

    Args:
        stream: The bytes.
        events: `start`, `end`.
        tag: Names of the elements to give; all of them if None.
        encoding: In place of the one that the document declares.
    """
    return iter(
        etree.iterparse(
            stream,
            events=tuple(events),
            tag=tag,
            encoding=encoding,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    )


def not_xml(file: str, error: etree.XMLSyntaxError) -> SourceError:
    """The whole file is no XML."""
    return SourceError(
        message(
            "{file}, line {line}: not valid XML ({detail}). Correct it.",
            file=file,
            line=error.lineno,
            detail=ForeignText(error.msg),
        )
    )


def check_xml(data: bytes, file: str) -> None:
    """Refuse XML that could hurt.

    Raises:
        SourceError: It is too large, in an encoding that we do not read, or has a document type declaration.
    """
    if len(data) > MAX_XML_BYTES:
        mib = MAX_XML_BYTES // 1024 // 1024
        raise SourceError(
            message("{file}: the XML is larger than {limit} MiB. Split it into several files.", file=file, limit=mib)
        )
    declared = _ENCODING.match(data.removeprefix(_BOM)[:200])
    encoding = declared["name"].decode("ascii").lower() if declared else "utf-8"
    if encoding not in _ENCODINGS or b"\0" in data[:200]:
        raise SourceError(
            message("{file}, line 1: XML in an encoding that is not read. Save the file as UTF-8.", file=file)
        )
    doctype = read_prolog(data).doctype
    if doctype is not None:
        raise SourceError(
            message(
                "{file}, line {line}: the XML has a document type declaration, which is not read because it can "
                "hide harmful entities. Remove the <!DOCTYPE …> part.",
                file=file,
                line=doctype,
            )
        )
