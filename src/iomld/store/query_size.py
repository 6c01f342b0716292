"""How large a query may be: the depth of its brackets, and the number of its operators and triple patterns.

The engine reads and plans a query by recursion, over brackets, operators and patterns; where its stack overflows, its
process ends. So these are counted before. Lists of values, in VALUES, IN and arguments, are read in a loop and may be
as long as a query.
"""

import re
from collections.abc import Iterator

from iomld.store.query_text import TOKEN

MAX_DEPTH = 200  # of nested brackets; the engine's recursion overflows its stack at some 2 000
MAX_OPERATORS = 2000  # the engine's recursion overflows at some 5 000 to 20 000 steps of a path, UNION, && or MINUS
MAX_PATTERNS = 2000  # it overflows between 6 000 and 12 000, and planning 1 000 takes more than half a minute
_OPERATORS = frozenset("/|^&+-*!")
_OPERATOR_WORDS = frozenset({"UNION", "MINUS", "OPTIONAL", "FILTER", "BIND"})
_SEPARATORS = frozenset(".,;")
_TERMS = frozenset({"iri", "name", "variable", "string", "word"})
# What a bracket holds: a group of patterns, rows of VALUES, an expression, or the items of a collection.
_GROUP, _ROWS, _EXPRESSION, _ITEMS = "group", "rows", "expression", "items"


def is_too_deep(query: str) -> bool:
    """Say whether brackets are nested deeper than `MAX_DEPTH`; those in strings and IRIs count too."""
    if query.count("{") + query.count("(") + query.count("[") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in re.findall(r"[{}()\[\]]", query):
        depth += 1 if bracket in "{([" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def has_too_many_operators(query: str, limit: int = MAX_OPERATORS) -> bool:
    """Say whether a query has more operators than a limit, as in a path of so many steps.

    >>> has_too_many_operators("ASK { ?s " + "/".join(["<x:p>"] * 2002) + " ?o }")
    True
    >>> has_too_many_operators("ASK { VALUES ?s {" + "<http://x/a/b>" * 3000 + "} ?s ?p ?o }")
    False
    """
    if len(query) <= limit:
        return False
    found = sum(
        text in _OPERATORS or (kind == "word" and text.upper() in _OPERATOR_WORDS) for kind, text in _tokens(query)
    )
    return found > limit


def has_too_many_patterns(query: str, limit: int = MAX_PATTERNS) -> bool:
    """Say whether a query has more triple patterns, items of collections, groups and expressions than a limit.

    >>> has_too_many_patterns("ASK { ?s <x:p> (" + "1 " * 2001 + ") }")
    True
    >>> has_too_many_patterns("ASK { ?s <x:p> " + ",".join(["1"] * 2002) + " }")
    True
    >>> has_too_many_patterns("SELECT " + "(1 AS ?x) " * 2001 + "{}")
    True
    >>> has_too_many_patterns("ASK { ?s ?p ?o FILTER(?o IN (" + ",".join(["1"] * 9000) + ")) }")
    False
    >>> has_too_many_patterns("ASK { VALUES (?s ?o) {" + "(1.5 2)" * 9000 + "} ?s ?p ?o }")
    False
    """
    if len(query) <= limit:
        return False
    open_brackets: list[str] = []
    before: tuple[str, str] = ("", "")
    last_word, found = "", 0
    for kind, text in _tokens(query):
        inner = open_brackets[-1] if open_brackets else _EXPRESSION
        if kind == "other" and text in "{([":
            open_brackets.append(_content(text, inner, before, last_word))
            found += text != "(" or inner == _GROUP or not open_brackets[1:]
        elif kind == "other" and text in "})]":
            del open_brackets[-1:]
            last_word = last_word if text == ")" and last_word == "VALUES" else ""
        elif inner == _ITEMS:
            found += kind in _TERMS
        elif inner == _GROUP:
            found += text in _SEPARATORS
        if found > limit:
            return True
        if kind == "word" and (inner == _GROUP or not open_brackets):
            last_word = text.upper()
        before = (kind, text)
    return False


def _content(bracket: str, around: str, before: tuple[str, str], last_word: str) -> str:
    """What a bracket contains, by what is around and before it."""
    if around == _ROWS or (around == _EXPRESSION and bracket != "{"):
        return around
    if bracket == "{":
        return _ROWS if last_word == "VALUES" and before[0] in {"variable", "other"} and before[1] != "{" else _GROUP
    follows_word = before[0] == "word" and before[1] != "a"  # which is a verb
    if bracket == "(" and around == _GROUP and (follows_word or last_word == "FILTER"):
        return _EXPRESSION
    return _ITEMS if bracket == "(" else _GROUP


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token that is no comment."""
    for match in TOKEN.finditer(query):
        if match.lastgroup != "comment":
            yield match.lastgroup or "other", match.group()
