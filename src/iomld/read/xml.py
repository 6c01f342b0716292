"""Checks of XML before it is parsed, and safe parsing.

XML must be free of a document type declaration, in a known encoding, and of a size that fits in memory. A document type
declaration can define entities that grow without end or name files to be read (XML 1.0 section 4.4); neither records
nor IATI files need one. It can stand only before the root element (section 2.8), so only the prolog is checked, and
words in comments or CDATA sections do not matter.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal

from iomld.errors import SourceError
from iomld.messages import ForeignText, message

if TYPE_CHECKING:
    from lxml import etree

MAX_XML_BYTES = 256 * 1024 * 1024

_SPACE_OR_COMMENT = re.compile(rb"\s++|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(rb"<!DOCTYPE\b(?:[^\[>\"']|\"[^\"]*\"|'[^']*')*+(?:\[.*?\]\s*)?>?", re.DOTALL)
_ROOT = re.compile(rb"<(?P<name>[^\s<>/!?\"'=]++)")
_ENCODING = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"'](?P<name>[A-Za-z0-9._-]+)[\"']")
# How "<?" begins a document in encodings whose bytes are not those of ASCII (XML 1.0, appendix F).
_BEGINNINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    *(("<?".encode(name), name) for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")),
)
# Codecs of Python that are no character sets, or in which ASCII can hide.
_NO_CHARACTER_SETS = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
_TEXT_DECLARATION = re.compile(r"""(<\?xml\s[^>]*?)\s+encoding\s*=\s*["'][^"']*["']""")


@dataclass(frozen=True, slots=True)
class Prolog:
    """The start of an XML document.

    Attributes:
        root: Name of the root element as it is written, with its prefix; empty if there is none.
        doctype: Line of the document type declaration, or None.
    """

    root: str
    doctype: int | None


def read_prolog(data: bytes) -> Prolog:
    """Read the start of a document, which need not be XML."""
    at = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    doctype = None
    while match := _SPACE_OR_COMMENT.match(data, at) or _DOCTYPE.match(data, at):
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
) -> Iterator[tuple[str, "etree._Element"]]:
    """Parse XML as a stream, without resolving entities or fetching anything, within libxml2's limits.

    Args:
        stream: The bytes.
        events: `start`, `end`.
        tag: Names of the elements to yield; all of them if None.
        encoding: Replaces the encoding that the document declares.
    """
    from lxml import etree  # noqa: PLC0415  # most sources are no XML, and all are looked at with this module

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


def not_xml(file: str, error: "etree.XMLSyntaxError") -> SourceError:
    """The error for a file that is not well-formed XML."""
    return SourceError(
        message(
            "{file}, line {line}: not valid XML ({detail}). Correct it.",
            file=file,
            line=error.lineno,
            detail=ForeignText(error.msg),
        )
    )


def utf8_xml(data: bytes, file: str) -> bytes:
    """An XML document in UTF-8, from any encoding that XML allows (XML 1.0 section 4.3.3).

    Returns:
        The document; the same bytes if they are UTF-8, a page in HTML, or no XML.

    Raises:
        SourceError: The encoding is not known, or the bytes are not in it.
    """
    encoding = next((name for start, name in _BEGINNINGS if data.startswith(start)), None)
    declared = None if data.startswith(codecs.BOM_UTF8) else _ENCODING.match(data[:200])
    name = encoding or (declared["name"].decode("ascii") if declared else "utf-8")
    if name.lower() in {"utf-8", "us-ascii"} or (declared and read_prolog(data).root == "html"):
        return data
    try:
        text = data.decode(_character_set(name)).removeprefix("\ufeff")
    except (LookupError, UnicodeError) as error:
        if name in {"utf-16", "utf-32"} and declared is None:
            return data  # a byte order mark alone does not make it XML
        raise SourceError(
            message("{file}, line 1: the encoding of this XML is not supported. Save the file as UTF-8.", file=file)
        ) from error
    # The declaration is wrong now, and a parser takes UTF-8 without one.
    written = (_TEXT_DECLARATION.sub(r"\1", text[:200]) + text[200:]).encode("utf-8", "replace")
    return written if declared or read_prolog(written).root not in {"", "html"} else data


def _character_set(name: str) -> str:
    known = codecs.lookup(name).name.replace("_", "-")
    if known in _NO_CHARACTER_SETS:
        raise LookupError(name)
    return known


def check_xml(data: bytes, file: str) -> bytes:
    """Refuse harmful XML, and return other XML in UTF-8.

    Raises:
        SourceError: It is too large, in an unsupported encoding, or has a document type declaration.
    """
    if len(data) > MAX_XML_BYTES:
        mib = MAX_XML_BYTES // 1024 // 1024
        raise SourceError(
            message("{file}: the XML is larger than {limit} MiB. Split it into several files.", file=file, limit=mib)
        )
    data = utf8_xml(data, file)
    doctype = read_prolog(data).doctype
    if doctype is not None:
        raise SourceError(
            message(
                "{file}, line {line}: the XML has a document type declaration, which is refused because it can "
                "hide harmful entities. Remove the <!DOCTYPE …> part.",
                file=file,
                line=doctype,
            )
        )
    return data
