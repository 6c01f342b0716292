"""What we ask of text before it becomes part of a graph."""

import re
from datetime import UTC, datetime

# XML 1.0 section 2.2 leaves these out, and RDF/XML is one of our formats; lone surrogates are no characters at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# BCP 47, lower case as RDF 1.1 section 3.3 allows us to normalise it.
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_LINE_END = re.compile("\r\n|\n|\r")


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
