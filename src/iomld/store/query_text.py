"""The tokens of a query: SERVICE, updates, nesting depth; and a sentence for a syntax error.

What can be told of a query by its tokens, before it runs.

The engine's grammar wants no space after a keyword (`SERVICEex:x` is SERVICE of `ex:x`) and tells `<` the operator
from `<iri>` by context. Tokens alone cannot, so a query that names SERVICE outside comments, strings and IRIs *in any
reading* is taken to use it.

A sentence for a query that does not parse, in place of the engine's dump of its grammar.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from iomld.messages import ForeignText, Message, message

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


_ERROR = re.compile(r"error at (\d+):(\d+): expected (.*)", re.DOTALL)
_PHRASE = re.compile(r"(?:^|one of |, )([A-Z][A-Za-z]+(?: [A-Za-z]+){3,})")
_PREFIX = re.compile(r"([^\W\d][\w.\-]*)?:")
_FORM = re.compile(r"\b(?:select|construct|describe|ask)\b", re.IGNORECASE)
_WORD = re.compile(r"[?$]?\w+|\S")
# What the engine says in words, and what to do.
_ADVICE = {
    "The SELECT contains a variable that is unbound": message(
        "SELECT asks for a variable that GROUP BY does not name; "
        "add it there, or put it into COUNT, MAX, SAMPLE or the like."
    ),
    "The SELECT contains an expression with a variable that is unbound": message(
        "SELECT computes with a variable that GROUP BY does not name; "
        "add it there, or put it into COUNT, MAX or the like."
    ),
    "Duplicated variable name in SELECT": message(
        "SELECT gives two columns one name; take one out, or name it anew with AS."
    ),
    "The SELECT overrides an existing variable using an expression": message(
        "SELECT gives with AS a name that the query has already; take another name."
    ),
    "SELECT * is not authorized with GROUP BY": message("SELECT * does not go with GROUP BY; name the variables."),
}


def syntax_message(query: str, reported: str, prefixes: Mapping[str, str]) -> Message:
    """Say where a query does not parse and, where that can be told, why.

    Args:
        query: The text.
        reported: What the engine says.
        prefixes: Prefixes we know, for advice.

    >>> str(syntax_message("SELECT * {", 'error at 1:11: expected one of "}", [_]', {}))
    'line 1, column 11: the query ends too early; “}” is missing.'
    """
    match = _ERROR.match(reported)
    if not match:
        return message("The query does not parse: {rest}", rest=ForeignText(reported[:200]))
    line, column, expected = int(match[1]), int(match[2]), match[3]
    start, why = _fault(query, _offset(query, line, column), expected, prefixes)
    line, column = _place(query, start)
    return message("line {line}, column {column}: {rest}", line=line, column=column, rest=why)


def _fault(query: str, start: int, expected: str, prefixes: Mapping[str, str]) -> tuple[int, Message | ForeignText]:
    """Where the fault is and what it is; the engine's place is the farthest it came, often behind the fault."""
    if not _FORM.search(query):
        return start, message("a query begins, after its prefixes, with SELECT, CONSTRUCT, DESCRIBE or ASK.")
    if "Prefix not found" in expected:
        return _unknown_prefix(query, start, prefixes)
    if "IRI parsing failed" in expected:
        return start, message(
            "the IRI before this place is not valid; blanks and special characters must be percent-encoded."
        )
    if known := next((sentence for phrase, sentence in _ADVICE.items() if phrase in expected), None):
        return start, known
    if phrase := _PHRASE.search(expected):
        return start, ForeignText(f"{phrase[1][0].lower()}{phrase[1][1:]}.")
    return unclosed(query) or _at(query, start)


def _at(query: str, start: int) -> tuple[int, Message | ForeignText]:
    """Where the engine says no more than the place: what stands there."""
    while start < len(query) and query[start].isspace():
        start += 1
    while start < len(query) and start > 0 and _is_in_word(query[start]) and _is_in_word(query[start - 1]):
        start -= 1
    if 0 < start < len(query) and _is_in_word(query[start]) and query[start - 1] in "?$":
        start -= 1  # a variable
    if found := _WORD.match(query, start):
        return start, message("“{word}” cannot stand here, or the word before it is misspelt.", word=found[0][:40])
    return min(start, len(query)), message(
        "the query ends here and does not parse; check the words and the punctuation before this place."
    )


def _is_in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _offset(query: str, line: int, column: int) -> int:
    lines = query.split("\n")
    return sum(len(one) + 1 for one in lines[: line - 1]) + column - 1


def _place(query: str, offset: int) -> tuple[int, int]:
    before = query[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def _unknown_prefix(query: str, start: int, prefixes: Mapping[str, str]) -> tuple[int, Message | ForeignText]:
    """The last prefixed name that begins on the line before a place: where it begins, and its prefix."""
    found = [*_PREFIX.finditer(query, query.rfind("\n", 0, start) + 1, start + 1)]
    name = found[-1][1] or "" if found else ""
    prefix = f"{name}:"
    declaration = f"PREFIX {prefix} <{prefixes.get(name, '…')}>"
    why = message(
        "the prefix “{prefix}” is not declared; begin the query with {declaration}.",
        prefix=prefix,
        declaration=declaration,
    )
    return found[-1].start() if found else start, why
