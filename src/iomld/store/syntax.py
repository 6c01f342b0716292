"""A sentence for a query that does not parse, in place of the engine's dump of its grammar."""

import re
from collections.abc import Mapping

_ERROR = re.compile(r"error at (\d+):(\d+): expected (.*)", re.DOTALL)
_PHRASE = re.compile(r"(?:^|one of |, )([A-Z][A-Za-z]+(?: [A-Za-z]+){3,})")
_PREFIX = re.compile(r"([^\W\d][\w.\-]*)?:")
_FORM = re.compile(r"\b(?:select|construct|describe|ask)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+|\S")


def syntax_sentence(query: str, message: str, prefixes: Mapping[str, str]) -> str:
    """Say where a query does not parse and, where that can be told, why.

    Args:
        query: The text.
        message: What the engine says.
        prefixes: Prefixes we know, for advice.

    >>> syntax_sentence("SELECT * {", 'error at 1:11: expected one of "}", [_]', {})
    'line 1, column 11: the query ends too early; a closing brace is missing.'
    """
    match = _ERROR.match(message)
    if not match:
        return f"The query does not parse: {message[:200]}"
    line, column, expected = int(match[1]), int(match[2]), match[3]
    return f"line {line}, column {column}: {_why(query, line, column, expected, prefixes)}"


def _why(query: str, line: int, column: int, expected: str, prefixes: Mapping[str, str]) -> str:
    lines = query.split("\n")
    text = lines[line - 1] if line <= len(lines) else ""
    if not _FORM.search(query):
        return "a query begins, after its prefixes, with SELECT, CONSTRUCT, DESCRIBE or ASK."
    if "Prefix not found" in expected:
        return _unknown_prefix(text[:column], prefixes)
    if "IRI parsing failed" in expected:
        return "the IRI before this place is not valid; blanks and special characters must be percent-encoded."
    if phrase := _PHRASE.search(expected):
        return f"{phrase[1][0].lower()}{phrase[1][1:]}."
    return _at("\n".join([text[column - 1 :], *lines[line:]]).strip(), query)


def _at(rest: str, query: str) -> str:
    """Where the engine says no more than the place: what stands there, or what may be missing."""
    if found := _WORD.match(rest):
        return f"“{found[0][:40]}” cannot stand here, or the word before it is misspelt."
    if query.count("{") > query.count("}"):
        return "the query ends too early; a closing brace is missing."
    return "the query ends here and does not parse; check the words and the punctuation before this place."


def _unknown_prefix(text: str, prefixes: Mapping[str, str]) -> str:
    found = [match[1] or "" for match in _PREFIX.finditer(text)]
    name = found[-1] if found else ""
    namespace = prefixes.get(name, "…")
    return f"the prefix “{name}:” is not declared; begin the query with PREFIX {name}: <{namespace}>."
