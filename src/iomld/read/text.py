"""Checks and normal forms of texts, lines and times.

Texts must be free of control characters, which RDF/XML cannot carry.
"""

import codecs
import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import IPv6Address

from iomld.errors import SourceError
from iomld.messages import message

# Byte order marks, with the encoding that each announces.
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

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
# The characters of an IRI (RFC 3987, section 2.2): not the last two of a plane, and private ones only in a query.
_PLANES = "".join(f"{chr(plane << 16)}-{chr(plane << 16 | 0xFFFD)}" for plane in range(1, 14))
_UNRESERVED = rf"A-Za-z0-9\-._~\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef{_PLANES}\U000e1000-\U000efffd"
_PRIVATE = r"\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"


def _iri_characters(others: str) -> str:
    return rf"(?:[{_UNRESERVED}!$&'()*+,;={others}]|%[0-9A-Fa-f]{{2}})*"


_WEB_ADDRESS = re.compile(
    rf"https?://(?=.)(?:{_iri_characters(':')}@)?(?:\[(?P<ip>[0-9A-Fa-f:.]+)\]|{_iri_characters('')})(?::[0-9]*)?"
    rf"(?:/{_iri_characters(':@/')})?(?:\?{_iri_characters(':@/?' + _PRIVATE)})?(?:#{_iri_characters(':@/?')})?"
)


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
    if "<" not in text and "&" not in text:
        return text
    for _ in range(_MOST_ESCAPED):
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
    if text.replace("\n", " ").isprintable():
        return False
    return _FORBIDDEN.search(text) is not None


def forbidden_line(text: str) -> int | None:
    """The line, from 1, of the first forbidden character, or None."""
    match = _FORBIDDEN.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else None


def lines_of(text: str) -> list[str]:
    """The lines as an editor counts them: only LF, CR LF and CR end a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def is_web_address(url: str) -> bool:
    """Say whether a text can be published as an http(s) IRI.

    >>> is_web_address("https://iom.int/project/x"), is_web_address("javascript:alert(1)")
    (True, False)
    >>> is_web_address("https://iom.int/%zz"), is_web_address("https://iom.int/?a[]=1"), is_web_address("https://[::1")
    (False, False, False)
    """
    found = _WEB_ADDRESS.fullmatch(url)
    return found is not None and (found["ip"] is None or _is_ip_address(found["ip"]))


def _is_ip_address(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


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
