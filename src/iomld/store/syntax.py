"""A sentence for a query that does not parse, in place of the engine's dump of its grammar."""

import re
from collections.abc import Mapping

from iomld.model import ForeignText, Message, message
from iomld.store.scan import unclosed

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
