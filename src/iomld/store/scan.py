"""What can be told of a query by its tokens, before it runs.

The engine's grammar wants no space after a keyword (`SERVICEex:x` is SERVICE of `ex:x`) and tells `<` the operator
from `<iri>` by context. Tokens alone cannot, so a query that names SERVICE outside comments, strings and IRIs *in any
reading* is taken to use it.
"""

import re
from collections.abc import Collection, Iterator

from iomld.model import Message, message

MAX_DEPTH = 200  # brackets in brackets; the engine's recursion overflows its stack at some 2 000

TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\r\n]*)
    | (?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>)
    | (?P<string>'''(?:'{0,2}(?:[^'\\]|\\.))*'''|\"""(?:"{0,2}(?:[^"\\]|\\.))*\"""
        |'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*")
    | (?P<variable>[?$]\w+)
    | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<name>(?:[^\W\d][\w.\-]*)?:(?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])
        (?:[\w:.\-\u00B7]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])*)?)
    | (?P<word>\w+)
    | (?P<other>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {"{": "}", "(": ")", "[": "]"}
_UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"})
_FORMS = frozenset({"SELECT", "CONSTRUCT", "DESCRIBE", "ASK"})
_VOLATILE = re.compile(r"\b(?:now|rand|uuid|struuid|bnode)\b", re.IGNORECASE)
_HAS_SERVICE = re.compile("service", re.IGNORECASE)
_HAS_FROM = re.compile("from", re.IGNORECASE)
_RELATIVE_IRI = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.\-]*:)")
_LONG_QUOTE = re.compile("'''|\"\"\"")


def uses_service(query: str, allowed: Collection[str] = ()) -> bool:
    r"""Say whether a query uses SERVICE, at any depth, SILENT or not, of an endpoint that is not allowed.

    Args:
        query: The text.
        allowed: Beginnings of the IRIs of endpoints that may be asked; these must stand in the query as `<iri>`.

    >>> uses_service("SELECT * { FILTER EXISTS { service silent ?x { ?s ?p ?o } } }")
    True
    >>> uses_service("SELECT * { ?s ?service 'SERVICE <x>' } # SERVICE <x>")
    False
    """
    if _lacks(query, "service") or not _HAS_SERVICE.search(query):
        return False
    tokens = [(kind, text) for kind, text in _tokens(query) if kind != "comment"]
    for index, (kind, text) in enumerate(tokens):
        if kind == "iri?":
            return True
        if kind == "name" and _HAS_SERVICE.search(text.partition(":")[0]):
            return True
        if kind == "word" and _HAS_SERVICE.search(text) and not _is_allowed(tokens[index:], allowed):
            return True
    return False


def _is_allowed(tokens: list[tuple[str, str]], allowed: Collection[str]) -> bool:
    words = [text.upper() if kind == "word" else text for kind, text in tokens[:3]]
    endpoint = words[2:] if words[1:2] == ["SILENT"] else words[1:]
    return words[0] == "SERVICE" and bool(endpoint) and endpoint[0].startswith(tuple(f"<{one}" for one in allowed))


def names_dataset(query: str) -> bool:
    """Say whether a query has FROM or FROM NAMED.

    >>> names_dataset("SELECT * FROM <http://x/> { ?s ?p 'from' }")
    True
    """
    if _lacks(query, "from") or not _HAS_FROM.search(query):
        return False
    return any(kind in {"word", "name"} and text.upper().startswith("FROM") for kind, text in _tokens(query))


def is_update(query: str) -> bool:
    r"""Say whether a text is a SPARQL update: whether its first keyword after the prologue is one of an update.

    >>> is_update("PREFIX x: <http://x/> # DELETE\n INSERT DATA { x:a x:b x:c }")
    True
    """
    words = (text.upper() for kind, text in _tokens(query) if kind == "word")
    return next((word for word in words if word in _UPDATES or word in _FORMS), "") in _UPDATES


def is_volatile(query: str) -> bool:
    """Say whether a query may answer differently each time: it names NOW, RAND, UUID, STRUUID or BNODE.

    >>> is_volatile("SELECT (NOW() AS ?t) {}")
    True
    """
    return not _lacks(query, "now", "rand", "uuid", "bnode") and _VOLATILE.search(query) is not None


def has_relative_iri(query: str) -> bool:
    """Say whether a query may have a relative IRI, and so needs a base; a comparison looks like one.

    >>> has_relative_iri("DESCRIBE <id/project/1>"), has_relative_iri("DESCRIBE <http://x/>")
    (True, False)
    """
    return _RELATIVE_IRI.search(query) is not None


def unclosed(query: str) -> tuple[int, Message] | None:
    """The first bracket or text of a query that is not closed, or is closed without being open: place and sentence.

    >>> start, fault = unclosed("ASK { ?s ?p 'a }")
    >>> start, str(fault)
    (12, 'the text that begins here is not closed.')
    """
    opened: list[tuple[int, str]] = []
    for match in TOKEN.finditer(query):
        text = match.group()
        if match.lastgroup != "other":
            continue
        if text in "'\"":
            return match.start(), message("the text that begins here is not closed.")
        if text in _PAIRS:
            opened.append((match.start(), text))
        elif text in _PAIRS.values():
            if not opened:
                return match.start(), message("this “{sign}” closes nothing that is open.", sign=text)
            wanted = _PAIRS[opened.pop()[1]]
            if wanted != text:
                fault = message("“{wanted}” is missing before this “{sign}”.", wanted=wanted, sign=text)
                return match.start(), fault
    if not opened:
        return None
    sign = _PAIRS[opened[-1][1]]
    return len(query), message("the query ends too early; “{sign}” is missing.", sign=sign)


def is_too_deep(query: str) -> bool:
    """Say whether brackets are nested deeper than `MAX_DEPTH`, those in texts and IRIs counted too."""
    if query.count("{") + query.count("(") + query.count("[") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in re.findall(r"[{}()\[\]]", query):
        depth += 1 if bracket in "{([" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _lacks(query: str, *words: str) -> bool:
    """Say whether none of these words can be in a query, whatever their case; nearly always so, and quickly told.

    Only for ASCII: beyond it some letters have a small form that is ASCII, and patterns know more of these than we do.
    """
    if not query.isascii():
        return False
    small = query.lower()
    for word in words:  # noqa: SIM110  # a generator would take as long as the search that is saved
        if word in small:
            return False
    return True


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token; an IRI that could also be an operator with a text or a comment is an `iri?`."""
    for match in TOKEN.finditer(query):
        kind, text = match.lastgroup or "other", match.group()
        if kind == "iri" and ("'" in text or ("#" in text and _LONG_QUOTE.search(_rest_of_line(query, match.end())))):
            kind = "iri?"
        yield kind, text


def _rest_of_line(query: str, start: int) -> str:
    end = query.find("\n", start)
    return query[start:] if end < 0 else query[start:end]
