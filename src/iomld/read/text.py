"""Checks of text and XML before it is parsed, and normal forms of texts, lines and times.

Text must be free of control characters, which RDF/XML cannot carry. XML must be free of a document type declaration, in
a known encoding, and of a size that fits in memory. A document type declaration can define entities that grow without
end or name files to be read (XML 1.0 section 4.4); neither records nor IATI files need one. It can stand only before
the root element (section 2.8), so only the prolog is checked, and words in comments or CDATA sections do not matter.
"""

import codecs
import html
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

# Byte order marks, with the encoding that each announces.
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

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
_BLOCKS = (
    "address|article|blockquote|br|caption|dd|div|dl|dt|figure|h[1-6]|hr|li|ol|p|pre|section|table|tbody|td|th|tr|ul"
)
_INLINES = "a|abbr|b|big|cite|code|em|font|i|img|ins|mark|o:p|q|s|small|span|strike|strong|sub|sup|u|wbr"
_MARKUP_END = r"(?:\s[^<>]*)?/?>"
_BLOCK = re.compile(rf"</?(?:{_BLOCKS}){_MARKUP_END}", re.IGNORECASE)
_INLINE = re.compile(rf"</?(?:{_INLINES}){_MARKUP_END}", re.IGNORECASE)
_UNSEEN = re.compile(r"<(?:(?P<element>script|style)\b[^<>]*>|!--)", re.IGNORECASE)
# By element; none for a comment. A pattern of beginning and end would search for the end of each that has none.
_UNSEEN_ENDS = {
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "": re.compile("-->"),
}
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_WHITE = re.compile(r"[ \t\r\n\u00a0]+")
_MOST_ESCAPED = 3  # times; exports of exports escape "&" again
# XML 1.0 section 2.2 excludes these, and RDF/XML is one of our formats; lone surrogates are not characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# BCP 47, lower case as RDF 1.1 section 3.3 allows us to normalize it.
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_LINE_END = re.compile("\r\n|\n|\r")
_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20<>\"{}|\\^`]")


def utf8_text(data: bytes, file: str) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises:
        SourceError: The bytes are not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            message("{file}, line {line}: the text is not UTF-8. Save the file as UTF-8.", file=file, line=line)
        ) from error


def normalized(paragraphs: Iterable[str]) -> str:
    """The narrative that positions refer to: NFC, paragraphs stripped and joined with one line feed."""
    stripped = (paragraph.strip() for paragraph in paragraphs)
    return unicodedata.normalize("NFC", "\n".join(paragraph for paragraph in stripped if paragraph))


def plain_text(text: str) -> str:
    r"""A text without the markup and the entities of HTML, read as a browser shows it; any other text as it is.

    >>> plain_text("<p>Women&#039;s&nbsp;rights &amp;amp; a < b</p><p>Two <b>ports</b></p>")
    "Women's rights & a < b\nTwo ports"
    """
    for _ in range(_MOST_ESCAPED):
        if "<" not in text and "&" not in text:
            break
        before = text
        text = _without_unseen(text)
        if _BLOCK.search(text):
            text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), _BLOCK.sub("\n", _WHITE.sub(" ", text)))
            text = "\n".join(line for line in (_WHITE.sub(" ", line).strip() for line in text.split("\n")) if line)
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), _INLINE.sub("", text))
        if text == before:
            break
    return text


def _without_unseen(text: str) -> str:
    """A text without scripts, style sheets and comments; what does not end stays. The time grows with the length."""
    kept, start, position, endless = [], 0, 0, set[str]()
    while begun := _UNSEEN.search(text, position):
        kind = (begun["element"] or "").lower()
        end = None if kind in endless else _UNSEEN_ENDS[kind].search(text, begun.end())
        if end is None:
            endless.add(kind)
            position = begun.end()
        else:
            kept.append(text[start : begun.start()])
            start = position = end.end()
    return "".join((*kept, text[start:]))


def has_forbidden_character(text: str) -> bool:
    """Say whether a text contains a control character or half of a surrogate pair."""
    # `isprintable` is many times as fast as the pattern and clears nearly all texts; the pattern decides the rest.
    return not text.replace("\n", " ").isprintable() and _FORBIDDEN.search(text) is not None


def forbidden_line(text: str) -> int | None:
    """The line, from 1, of the first forbidden character, or None."""
    match = _FORBIDDEN.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else None


def lines_of(text: str) -> list[str]:
    """The lines as an editor counts them: only LF, CR LF and CR end a line."""
    return _LINE_END.split(text)


def is_web_address(url: str) -> bool:
    """Say whether a text can be published as an http(s) IRI.

    >>> is_web_address("https://iom.int/project/x"), is_web_address("javascript:alert(1)")
    (True, False)
    """
    scheme, _, rest = url.partition("://")
    return scheme in ("http", "https") and bool(rest) and not _NOT_IN_ADDRESS.search(url)


def is_language_tag(text: str) -> bool:
    """Say whether a text is a language tag in lower case.

    >>> is_language_tag("fr"), is_language_tag("French language")
    (True, False)
    """
    return _LANGUAGE_TAG.fullmatch(text) is not None


def utc_moment(text: str) -> str | None:
    """A date and time with a time zone as xsd:dateTime in UTC; None for any other text.

    >>> utc_moment("2026-11-23T20:00:00+01:00"), utc_moment("yesterday")
    ('2026-11-23T19:00:00Z', None)
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


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
) -> Iterator[tuple[str, etree._Element]]:
    """Parse XML as a stream, without resolving entities or fetching anything, within libxml2's limits.

    Args:
        stream: The bytes.
        events: `start`, `end`.
        tag: Names of the elements to yield; all of them if None.
        encoding: Replaces the encoding that the document declares.
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
