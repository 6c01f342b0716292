"""Many names in one regular expression: a trie, so that shared beginnings are looked at once."""

import re
from collections.abc import Iterable
from typing import TypeAlias

_SPLIT = re.compile(r"[ \-\",]+")
_JOINING = frozenset({"and", "et", "y", "or", "ou", "o"})
# Between two words: spaces, dashes, a quotation mark; a comma too where the name has one or where lists put one.
_BETWEEN = r"[ \-\"]{1,3}"
_BETWEEN_LISTED = rf",?{_BETWEEN}"
_END = ""  # the token that ends a name
_SHORTEST_STEM = 4  # letters of a word from which on a final s is taken for a plural

_Trie: TypeAlias = dict[str, "_Trie"]


def name_key(folded_name: str) -> str:
    """The key of a folded name: without commas and quotation marks, and without the plural s of longer words.

    >>> name_key("sustainable development goals") == name_key('"sustainable" development-goal')
    True
    """
    return " ".join(_stem(word) for word in _words(folded_name))


def plain_name(folded_name: str) -> str:
    """The words of a folded name, with single spaces and without commas and quotation marks."""
    return " ".join(_words(folded_name))


def names_pattern(folded_names: Iterable[str]) -> re.Pattern[str]:
    """Compile one pattern that finds each name as whole words in a folded text, the longest where several begin.

    Each match begins with the sign before the name; the name itself is the group `name`. `find_name` uses it.
    """
    trie: _Trie = {}
    for name in folded_names:
        node = trie
        for token in (*_tokens(name), _END):
            node = node.setdefault(token, {})
    # Without a name the pattern must match nothing, and an empty one would match everywhere.
    # A class of signs at the front lets the engine skip all that is no beginning of a word, and a look at the first
    # letter skips half of the words: 46 MB/s, where `(?<!\w)` at the front gave 23 MB/s.
    return re.compile(rf"[^a-z0-9_](?=[{''.join(trie)}])(?P<name>{_expression(trie)})(?!\w)" if trie else r"(?!)")


def find_name(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    """The first name at or after a place.

    Args:
        pattern: From `names_pattern`.
        text: The folded text with one more space before it, so that a name may begin it. The match therefore starts
            where the name does in the text without that space, and ends one place after it.
        at: Where to look from, in the text without the space.
    """
    found = pattern.search(text, at)
    # The class at the front takes letters that are not ASCII for signs.
    while found and found[0][0].isalnum():
        found = pattern.search(text, found.start() + 1)
    return found


def _words(folded_name: str) -> list[str]:
    return [word for word in _SPLIT.split(folded_name) if word]


def _stem(word: str) -> str:
    """A word without its plural s."""
    return word[:-1] if len(word) > _SHORTEST_STEM and word.endswith("s") and word.isalpha() else word


def _tokens(folded_name: str) -> list[str]:
    """The name as pieces of a regular expression."""
    tokens: list[str] = []
    listed = False
    for piece in folded_name.replace('"', " ").replace("-", " ").split():
        word = piece.strip(",")
        if not word:
            continue
        if tokens:
            tokens.append(_BETWEEN_LISTED if listed or word in _JOINING else _BETWEEN)
        stem = _stem(word)
        tokens += map(re.escape, stem)
        if stem != word or (word.isalpha() and len(word) >= _SHORTEST_STEM):
            tokens.append("s?")
        listed = piece.endswith(",")
    return tokens


def _expression(node: _Trie) -> str:
    """The regular expression of a node; longer names come before shorter ones."""
    chain = ""
    while len(node) == 1 and _END not in node:
        token, node = next(iter(node.items()))
        chain += token
    branches = [token + _expression(child) for token, child in node.items() if token != _END]
    if not branches:
        return chain
    return f"{chain}(?:{'|'.join(branches)}){'?' if _END in node else ''}"
