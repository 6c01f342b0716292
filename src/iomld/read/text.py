"""Checks of text and of XML before it is parsed, and the forms that texts, lines and times are read into.

Text must be free of control characters, which RDF/XML cannot carry. XML must be free of a document type declaration, in
a known encoding, and of a size that fits in memory. A document type declaration can define entities that grow without
end or name files to be read (XML 1.0 section 4.4); neither records nor IATI files need one. It can stand only before
the root element (section 2.8), so only the prolog is checked, and words in comments or CDATA sections do not matter.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Literal

from lxml import etree

from iomld.errors import SourceError
from iomld.messages import ForeignText, message

MAX_XML_BYTES = 256 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_SPACE_OR_NOTE = re.compile(rb"\s++|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(rb"<!DOCTYPE\b(?:[^\[>\"']|\"[^\"]*\"|'[^']*')*+(?:\[.*?\]\s*)?>?", re.DOTALL)
_ROOT = re.compile(rb"<(?P<name>[^\s<>/!?\"'=]++)")
_ENCODING = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"'](?P<name>[A-Za-z0-9._-]+)[\"']")
# Supersets of ASCII: what looks like a declaration in these bytes is one, and nothing else is.
_ENCODINGS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})
# XML 1.0 section 2.2 leaves these out, and RDF/XML is one of our formats; lone surrogates are no characters at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# BCP 47, lower case as RDF 1.1 section 3.3 allows us to normalise it.
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_LINE_END = re.compile("\r\n|\n|\r")


def utf8_text(data: bytes, file: str) -> str:
    """The text of bytes in UTF-8, with a byte order mark or without.

    Raises:
        SourceError: The bytes are not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            message("{file}, line {line}: not UTF-8 text. Save the file as UTF-8.", file=file, line=line)
        ) from error


def normalised(paragraphs: Iterable[str]) -> str:
    """The narrative on which positions count: NFC, paragraphs stripped and joined with one line feed."""
    kept = (paragraph.strip() for paragraph in paragraphs)
    return unicodedata.normalize("NFC", "\n".join(paragraph for paragraph in kept if paragraph))


def has_forbidden_character(text: str) -> bool:
    """Say whether a text holds a control character or half of a surrogate pair."""
    # What is printable holds neither, and to ask that is many times as fast as the pattern, which decides the rest.
    return not text.replace("\n", " ").isprintable() and _FORBIDDEN.search(text) is not None


def forbidden_line(text: str) -> int | None:
    """The line, from 1, of the first forbidden character, or None."""
    match = _FORBIDDEN.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else None


def lines_of(text: str) -> list[str]:
    """The lines as an editor counts them: ended by LF, CR LF or CR, and by nothing else."""
    return _LINE_END.split(text)


def is_web_address(url: str) -> bool:
    """Say whether a text can be published as an http(s) IRI.

    >>> is_web_address("https://iom.int/project/x"), is_web_address("javascript:alert(1)")
    (True, False)
    """
    scheme, _, rest = url.partition("://")
    return scheme in ("http", "https") and bool(rest) and not any(c <= " " or c in '<>"{}|\\^`' for c in url)


def is_language_tag(text: str) -> bool:
    """Say whether a text is a language tag in lower case.

    >>> is_language_tag("fr"), is_language_tag("French language")
    (True, False)
    """
    return _LANGUAGE_TAG.fullmatch(text) is not None


def utc_moment(text: str) -> str | None:
    """A date and time with a time zone as xsd:dateTime in UTC, or None where it is none.

    >>> utc_moment("2026-11-23T20:00:00+01:00"), utc_moment("yesterday")
    ('2026-11-23T19:00:00Z', None)
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment.tzinfo else None


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
