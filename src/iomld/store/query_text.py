"""Checks and changes of the text of a query before it runs, and messages for its syntax errors.

The checks look at tokens, not at a parse tree: does the query use SERVICE or FROM, is it an update. The engine's
grammar needs no space after a keyword (`SERVICEex:x` is SERVICE of `ex:x`) and distinguishes the operator `<` from
`<iri>` by context. Tokens cannot, so a query counts as using SERVICE if the word is outside comments, strings and IRIs
*in any reading*.

`syntax_message` replaces the engine's error, a list of grammar rules, by a sentence with the place of the error.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from iomld.messages import ForeignText, Message, message

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
PAIRS = {"{": "}", "(": ")", "[": "]"}
_UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"})
FORMS = frozenset({"SELECT", "CONSTRUCT", "DESCRIBE", "ASK"})
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # neither blank nor part of any word of SPARQL
_VOLATILE = re.compile(r"\b(?:now|rand|uuid|struuid|bnode)\b", re.IGNORECASE)
_HAS_SERVICE = re.compile("service", re.IGNORECASE)
_HAS_FROM = re.compile("from", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LAST_CODE, _SURROGATES = 0x10FFFF, (0xD800, 0xDFFF)
_RELATIVE_IRI = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.\-]*:)")
_LONG_QUOTE = re.compile("'''|\"\"\"")

_ENGINE_ERROR = re.compile(r"error at (\d+):(\d+): expected (.*)", re.DOTALL)
_PHRASE = re.compile(r"(?:^|one of |, )([A-Z][A-Za-z]+(?: [A-Za-z]+){3,})")
_DECLARED_PREFIX = re.compile(r"(?i)\bprefix\s+([\w-]*):")
_PREFIX = re.compile(r"([^\W\d][\w.\-]*)?:")
_FORM = re.compile(r"\b(?:select|construct|describe|ask)\b", re.IGNORECASE)
_WORD = re.compile(r"[?$]?\w+|\S")
_NOT_GROUPED = "The SELECT contains a variable that is unbound"
# Phrases in errors of the engine, and our message for each.
_ADVICE = {
    _NOT_GROUPED: message(
        "a variable is selected but not grouped. Add it to GROUP BY, or use an aggregate such as SAMPLE."
    ),
    "The SELECT contains an expression with a variable that is unbound": message(
        "an expression in SELECT has a variable that is not grouped. "
        "Add it to GROUP BY, or use an aggregate such as MAX."
    ),
    "Duplicated variable name in SELECT": message(
        "SELECT has two columns with the same name. Remove one, or rename it with AS."
    ),
    "The SELECT overrides an existing variable using an expression": message(
        "AS uses a name that the query already has. Choose another name."
    ),
    "SELECT * is not authorized with GROUP BY": message(
        "SELECT * cannot be used with GROUP BY. List the variables instead."
    ),
}


def unescaped(query: str) -> str:
    r"""A query without a byte order mark, and with the characters for codepoint escapes (section 19.2).

    The engine reads the escapes in strings and IRIs itself.

    >>> unescaped(r'SELECT ?caf\u00E9 { ?caf\u00E9 ex:\u0061 "\u0061" }')
    'SELECT ?café { ?café ex:a "\\u0061" }'
    """
    query = query.removeprefix("\ufeff")
    if "\\" not in query:
        return query
    parts, end = [], 0
    for match in TOKEN.finditer(query):
        if match.lastgroup in {"comment", "iri", "string"}:
            parts += [_ESCAPE.sub(_character, query[end : match.start()]), match.group()]
            end = match.end()
    return "".join((*parts, _ESCAPE.sub(_character, query[end:])))


def _character(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2], 16)
    is_character = code <= _LAST_CODE and not _SURROGATES[0] <= code <= _SURROGATES[1]
    return chr(code) if is_character else escape[0]


def in_order_of_appearance(query: str, names: Collection[str]) -> str | None:
    """A query of the form `SELECT *` with its variables in the order in which it mentions them; None for another form.

    Args:
        query: A query that parses.
        names: The variables that it projects.

    >>> in_order_of_appearance("SELECT * { ?b ?p ?a }", ["a", "b", "p"])
    'SELECT  ?b ?p ?a  { ?b ?p ?a }'
    """
    if "*" not in query or not names:
        return None
    tokens = (match for match in TOKEN.finditer(query) if match.lastgroup != "comment")
    for match in tokens:
        if match.lastgroup == "word" and match.group().upper() in FORMS:
            break
    star = next(tokens, None)
    if star and star.group().upper() in {"DISTINCT", "REDUCED"}:
        star = next(tokens, None)
    if star is None or star.group() != "*":
        return None
    mentioned = dict.fromkeys(match.group()[1:] for match in tokens if match.lastgroup == "variable")
    projected = " ".join(f"?{name}" for name in mentioned if name in names)
    return f"{query[: star.start()]} {projected} {query[star.end() :]}"


def uses_service(query: str, allowed: Collection[str] = ()) -> bool:
    r"""Say whether a query uses SERVICE, at any depth, SILENT or not, with an endpoint that is not allowed.

    Args:
        query: The text.
        allowed: Prefixes of the IRIs of allowed endpoints; the query must write these endpoints as `<iri>`.

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
    return words[0] == "SERVICE" and bool(endpoint) and endpoint[0].startswith(tuple(f"<{iri}" for iri in allowed))


def names_dataset(query: str) -> bool:
    """Say whether a query has FROM or FROM NAMED.

    >>> names_dataset("SELECT * FROM <http://x/> { ?s ?p 'from' }")
    True
    """
    if _lacks(query, "from") or not _HAS_FROM.search(query):
        return False
    return any(kind in {"word", "name"} and text.upper().startswith("FROM") for kind, text in _tokens(query))


def compares_order(query: str) -> bool:
    """Say whether a query asks which of two values is smaller.

    >>> compares_order("SELECT * { ?s ?p ?o FILTER(?o >= 3) }")
    True
    >>> compares_order("SELECT * { <http://x/> ?p '1 < 2' } # <")
    False
    """
    return any(kind not in {"comment", "iri", "string"} and text[0] in "<>" for kind, text in _tokens(query))


def is_update(query: str) -> bool:
    r"""Say whether a text is a SPARQL update, by its first keyword after the prologue.

    >>> is_update("PREFIX x: <http://x/> # DELETE\n INSERT DATA { x:a x:b x:c }")
    True
    """
    words = (text.upper() for kind, text in _tokens(query) if kind == "word")
    return next((word for word in words if word in _UPDATES or word in FORMS), "") in _UPDATES


def query_form(query: str) -> str:
    r"""The form of a query: SELECT, CONSTRUCT, DESCRIBE or ASK; empty where there is none.

    >>> query_form("PREFIX select: <http://x/> # SELECT\n ask { select:a ?p 'DESCRIBE' }")
    'ASK'
    """
    return next((text.upper() for kind, text in _tokens(query) if kind == "word" and text.upper() in FORMS), "")


def is_volatile(query: str) -> bool:
    """Say whether a query may give a different answer each time: it uses NOW, RAND, UUID, STRUUID or BNODE.

    >>> is_volatile("SELECT (NOW() AS ?t) {}")
    True
    """
    return not _lacks(query, "now", "rand", "uuid", "bnode") and _VOLATILE.search(query) is not None


def has_relative_iri(query: str) -> bool:
    """Say whether a query may contain a relative IRI, and so needs a base; a comparison looks like one.

    >>> has_relative_iri("DESCRIBE <id/project/1>"), has_relative_iri("DESCRIBE <http://x/>")
    (True, False)
    """
    return _RELATIVE_IRI.search(query) is not None


def unclosed(query: str) -> tuple[int, Message] | None:
    """The first unclosed string or bracket of a query, or unmatched closing bracket: offset and message.

    >>> start, fault = unclosed("ASK { ?s ?p 'a }")
    >>> start, str(fault)
    (12, 'the string that begins here is not closed.')
    """
    opened: list[tuple[int, str]] = []
    for match in TOKEN.finditer(query):
        text = match.group()
        if match.lastgroup != "other":
            continue
        if text in "'\"":
            return match.start(), message("the string that begins here is not closed.")
        if text in PAIRS:
            opened.append((match.start(), text))
        elif text in PAIRS.values():
            if not opened:
                return match.start(), message("this “{sign}” does not close an open bracket.", sign=text)
            wanted = PAIRS[opened.pop()[1]]
            if wanted != text:
                fault = message("“{wanted}” is missing before this “{sign}”.", wanted=wanted, sign=text)
                return match.start(), fault
    if not opened:
        return None
    sign = PAIRS[opened[-1][1]]
    return len(query), message("the query ends too early; “{sign}” is missing.", sign=sign)


def _lacks(query: str, *words: str) -> bool:
    """Say whether a query contains none of these words, in any case: a fast test that decides for most queries.

    It only decides for ASCII queries: some other letters have a lower-case form in ASCII, and `re` knows more of these.
    """
    if not query.isascii():
        return False
    small = query.lower()
    for word in words:  # noqa: SIM110  # a generator would take as long as the search that this saves
        if word in small:
            return False
    return True


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token; `iri?` for an IRI that may also be an operator before a string or a comment."""
    for match in TOKEN.finditer(query):
        kind, text = match.lastgroup or "other", match.group()
        if kind == "iri" and ("'" in text or ("#" in text and _LONG_QUOTE.search(_rest_of_line(query, match.end())))):
            kind = "iri?"
        yield kind, text


def _rest_of_line(query: str, start: int) -> str:
    end = query.find("\n", start)
    return query[start:] if end < 0 else query[start:end]


def with_prefixes(query: str, prefixes: Mapping[str, str]) -> str:
    """The query with those of some prefixes declared that it uses and does not declare.

    They go on the first line, which keeps the numbers of its lines.

    >>> with_prefixes("ASK { ?s x:p 1 }", {"x": "http://x/", "y": "http://y/"})
    'PREFIX x: <http://x/> ASK { ?s x:p 1 }'
    """
    declared = set(_DECLARED_PREFIX.findall(query))
    missing = {name: iri for name, iri in prefixes.items() if name not in declared and f"{name}:" in query}
    return "".join(f"PREFIX {name}: <{iri}> " for name, iri in missing.items()) + query


def syntax_message(query: str, reported: str, prefixes: Mapping[str, str]) -> Message:
    """A message that says where a query does not parse and, if that can be determined, why.

    Args:
        query: The text.
        reported: The error of the engine.
        prefixes: Our prefixes, to suggest the declaration of one that is missing.

    >>> str(syntax_message("SELECT * {", 'error at 1:11: expected one of "}", [_]', {}))
    'line 1, column 11: the query ends too early; “}” is missing.'
    """
    match = _ENGINE_ERROR.match(reported)
    if not match:
        return message("The query does not parse: {rest}", rest=ForeignText(reported[:200]))
    line, column, expected = int(match[1]), int(match[2]), match[3]
    offset = _offset(query, line, column)
    start, why = _control_character(query, offset) or _fault(query, offset, expected, prefixes)
    line, column = _line_and_column(query, start)
    return message("line {line}, column {column}: {rest}", line=line, column=column, rest=why)


def _fault(query: str, start: int, expected: str, prefixes: Mapping[str, str]) -> tuple[int, Message | ForeignText]:
    """Offset and reason of an error; the engine's offset is the farthest it parsed, which is often behind the error."""
    if not _FORM.search(query):
        return start, message("after its prefixes, a query begins with SELECT, CONSTRUCT, DESCRIBE or ASK.")
    if "Prefix not found" in expected:
        return _unknown_prefix(query, start, prefixes)
    if "IRI parsing failed" in expected:
        return start, message(
            "the IRI before this place is not valid; blanks and special characters must be percent-encoded."
        )
    if known := _advice(query, expected):
        return start, known
    if phrase := _PHRASE.search(expected):
        return start, ForeignText(f"{phrase[1][0].lower()}{phrase[1][1:]}.")
    return unclosed(query) or _misplaced_word(query, start)


def _advice(query: str, expected: str) -> Message | None:
    """The message for an error that the engine says in words; None for another error."""
    if _NOT_GROUPED in expected and (name := _ungrouped(query)):
        return message(
            "{variable} is selected but not grouped. "
            "Add {variable} to GROUP BY, or use an aggregate such as SAMPLE({variable}).",
            variable=name,
        )
    return next((sentence for phrase, sentence in _ADVICE.items() if phrase in expected), None)


def _ungrouped(query: str) -> str:
    """The first variable that SELECT names outside of brackets and GROUP BY does not; empty where that is not known."""
    words = [(match.lastgroup, match.group()) for match in TOKEN.finditer(query) if match.lastgroup != "comment"]
    selects = [index for index, (_, text) in enumerate(words) if text.upper() == "SELECT"]
    if len(selects) != 1:
        return ""  # of an inner query perhaps
    grouped = [index for index, (_, text) in enumerate(words) if text.upper() == "GROUP"]
    named = {text[1:] for kind, text in words[grouped[-1] :] if kind == "variable"} if grouped else set()
    depth = 0
    for kind, text in words[selects[0] :]:
        depth += (text == "(") - (text == ")")
        if text == "{":
            break
        if kind == "variable" and not depth and text[1:] not in named:
            return text
    return ""


def _control_character(query: str, end: int) -> tuple[int, Message] | None:
    """Offset of the first control character up to an offset, and what to do; those in strings and comments may stay."""
    if not _CONTROL.search(query, 0, end + 1):
        return None
    hidden = [match.span() for match in TOKEN.finditer(query) if match.lastgroup in {"comment", "iri", "string"}]
    for match in _CONTROL.finditer(query, 0, end + 1):
        if not any(first <= match.start() < last for first, last in hidden):
            code = f"U+{ord(match[0]):04X}"
            return match.start(), message("the control character {code} is not allowed here. Remove it.", code=code)
    return None


def _misplaced_word(query: str, start: int) -> tuple[int, Message | ForeignText]:
    """Name the word at the offset, for errors of which the engine gives the place only."""
    while start < len(query) and query[start].isspace():
        start += 1
    while start < len(query) and start > 0 and _is_in_word(query[start]) and _is_in_word(query[start - 1]):
        start -= 1
    if 0 < start < len(query) and _is_in_word(query[start]) and query[start - 1] in "?$":
        start -= 1  # a variable
    if found := _WORD.match(query, start):
        return start, message("unexpected “{word}”. Check it and the word before it.", word=found[0][:40])
    return min(start, len(query)), message(
        "the query ends unexpectedly. Check the words and punctuation before this place."
    )


def _is_in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _offset(query: str, line: int, column: int) -> int:
    lines = query.split("\n")
    return sum(len(text) + 1 for text in lines[: line - 1]) + column - 1


def _line_and_column(query: str, offset: int) -> tuple[int, int]:
    before = query[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def _unknown_prefix(query: str, start: int, prefixes: Mapping[str, str]) -> tuple[int, Message | ForeignText]:
    """Offset and message for the last prefixed name that begins on the line up to this offset."""
    names = [*_PREFIX.finditer(query, query.rfind("\n", 0, start) + 1, start + 1)]
    name = names[-1][1] or "" if names else ""
    prefix = f"{name}:"
    declaration = f"PREFIX {prefix} <{prefixes.get(name, '…')}>"
    why = message(
        "the prefix “{prefix}” is not declared; begin the query with {declaration}.",
        prefix=prefix,
        declaration=declaration,
    )
    return names[-1].start() if names else start, why
