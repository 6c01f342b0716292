"""Finds many names in a text: one regular expression for their first words, and one for the names that begin with each.

Python takes a second to compile an expression of a thousand names, and a text has few of their first words. So the
names that begin with a word are compiled when a text has it. Common beginnings are matched only once, as in a trie.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

_SPLIT = re.compile(r"[ \-\",]+")
# "and" is also written "&"; names are quoted with and without articles, and French and Spanish join them with "de".
_AND = frozenset({"and", "et", "y", "&"})
_CONJUNCTIONS = _AND | {"or", "ou", "o"}
_ARTICLES = frozenset({"the", "le", "la", "les", "el", "los", "las"})
_OF = frozenset({"de", "des", "du", "del"})
# Texts say what a name is about with any of these: "Compact for Migration", "Convention regarding the Status of …".
_ON = frozenset({"on", "for", "regarding", "concerning", "sur", "pour", "concernant", "sobre", "para"})
_ON_PHRASES = re.compile(r"(?<!\w)(?:relat(?:ing|ed|ive) to|relati(?:f|ve)s? (?:aux?|a)|relativ[oa]s? al?)(?!\w)")
_ON_PATTERN = rf"(?:{'|'.join(sorted(_ON))}|relat(?:ing|ed|ive) to|relati(?:f|ve)s? (?:aux?|a)|relativ[oa]s? al?)"
# "Convention No. 189", "n°189", "núm. 189", "189": the same.
_SIGN = r"(?:n(?:[o°]s?|um|r)\.?|numero|number) ?"
_SIGNS = re.compile(rf"(?<!\w){_SIGN}(?=[0-9])")
_NUMBERED = re.compile(r"(?P<bracket>\(?)[0-9]")
_INSERTED = re.compile(r" \([a-z]{2,8}\)(?= [a-z])")
_ELIDED = re.compile(r"(?<!\w)([ld])'(?=\w)")
_SPELLINGS = {"labor": "labour", "organised": "organized", "programme": "program"}
_SPELLING_PATTERNS = {"labour": "labou?r", "organized": "organi[sz]ed", "program": "program(?:me)?"}
# Between two words: spaces, dashes, a quotation mark; also a comma if the name has one, or before a conjunction.
_SPACING = r"[ \-\"]{1,3}"
# An abbreviation may stand inside a name: "East African Community (EAC) Common Market Protocol".
_BETWEEN = rf"{_SPACING}(?:\([a-z]{{2,8}}\) )?(?:(?:{'|'.join(sorted(_ARTICLES))}){_SPACING}|l')?"
_BETWEEN_IN_LIST = rf",?{_BETWEEN}"
_END = ""  # the token that ends a name
_OF_WORD = r"(?:des?|du|del)"
_BEFORE, _AFTER = r"[^a-z0-9_]", r"(?![^\W\d])"  # a name
_START = re.compile(r"[a-z]+|.")  # the letters with which a word starts
_MIN_STEM_LETTERS = 4  # of a word whose final s counts as a plural
_SPANISH_PLURAL = re.compile(r"(.+(?:cion|dor))es")
_HAS_SPANISH_PLURAL = re.compile(r".+(?:cion|dor)")

_Trie: TypeAlias = dict[str, "_Trie"]


@lru_cache(maxsize=4096)  # twice for each name of the vocabulary
def name_key(folded_name: str) -> str:
    """The key of a folded name: without commas, quotation marks and articles, and without the plural s of longer words.

    >>> name_key("sustainable development goals") == name_key('"sustainable" development-goal')
    True
    >>> name_key("programme d'action du marche") == name_key("program de l'action de le marche")
    True
    """
    return " ".join(map(_stem, _essential_words(folded_name)))


def plural_key(folded_name: str) -> str:
    """The key of a folded name that keeps its plural: "global compacts" and "global compact" differ."""
    return " ".join(_essential_words(folded_name))


def plain_name(folded_name: str) -> str:
    """The words of a folded name, with single spaces and without commas and quotation marks."""
    return " ".join(_words(folded_name))


@dataclass(frozen=True, slots=True)
class NameFinder:
    """Finds names in folded texts.

    Attributes:
        beginning: Matches the character before a name, and its first word in the group `first`.
        names: Gives the pattern of that character and a name, from the first word in any spelling.
    """

    beginning: re.Pattern[str]
    names: Callable[[str], re.Pattern[str]]

    def find(self, text: str, at: int) -> re.Match[str] | None:
        """Find the first name at or after a position, as whole words, and the longest of those that begin there.

        The name is the group `name`. A digit may follow directly, as in "SDG16"; it is up to the caller whether that
        means anything.

        Args:
            text: The folded text with a space before it, so that it can start with a name. So the match starts at the
                position of the name in the text without that space, and ends one position after its end.
            at: Where to start, in the text without the space.
        """
        while found := self.beginning.search(text, at):
            at = found.start() + 1
            # The class of the character before also has non-ASCII letters.
            if not found[0][0].isalnum() and (name := self.names(found["first"]).match(text, at - 1)):
                return name
        return None


def build_finder(folded_names: Iterable[str]) -> NameFinder:
    """Prepare to find these names.

    >>> finder = build_finder(["global compact", "d'action commune", "programme d'action"])
    >>> for text in (" programs de l'action", " global, global-compacts", " de l'action commune", " action commune"):
    ...     found = finder.find(text, 0)
    ...     print(found and (found.start(), found["name"]))
    (0, "programs de l'action")
    (8, 'global-compacts')
    (0, "de l'action commune")
    None
    """
    groups: dict[str, list[str]] = {}
    firsts: list[str] = []
    for name in folded_names:
        first = next(_parts(name)).strip(",")
        firsts.append(first)
        groups.setdefault(_key(first), []).append(name)
    trie = _trie([rf"(?:d'|{_OF_WORD})"] if _is_of(first) else _word_tokens(first) for first in firsts)
    # Without names the pattern must match nothing; an empty one would match everywhere.
    # The leading character class lets the engine skip to word beginnings, and the look-ahead at the first letter skips
    # half of the words, which is twice as fast as a leading `(?<!\w)`.
    start = rf"{_BEFORE}(?=[{''.join(trie)}])(?P<first>{_expression(trie)})(?:(?<=')|{_AFTER})" if trie else r"(?!)"

    @cache
    def pattern(key: str) -> re.Pattern[str]:
        return re.compile(rf"{_BEFORE}(?P<name>{_expression(_trie(map(_tokens, groups[key])))}){_AFTER}")

    @cache
    def names(first: str) -> re.Pattern[str]:
        return pattern(_key(first))

    return NameFinder(re.compile(start), names)


def _key(first: str) -> str:
    """The key of a first word: the same for all its spellings."""
    start = _START.match(first)
    word = start[0] if start else ""
    if word in _AND:
        return "and"
    if word in _OF or word == "d":
        return "de"
    stem = _stem(word)
    return _SPELLINGS.get(stem, stem)


def _words(folded_name: str) -> list[str]:
    return [word for word in _SPLIT.split(folded_name) if word]


def _essential_words(folded_name: str) -> list[str]:
    """The words of a name that all its spellings share."""
    whole = _in_one_wording(_INSERTED.sub("", folded_name))
    spaced = _ELIDED.sub(lambda elided: "de " if elided[1] == "d" else "", whole)
    words = (word for word in _words(spaced) if word not in _ARTICLES)
    return [_key_word(word) for word in words]


def _key_word(word: str) -> str:
    for key, group in (("and", _AND), ("de", _OF), ("on", _ON)):
        if word in group:
            return key
    return _SPELLINGS.get(_stem(word), word)


def without_number_signs(folded_name: str) -> str:
    """A name with its numbers alone.

    >>> without_number_signs("convention no. 97"), without_number_signs("convenio (num. 97)")
    ('convention 97', 'convenio (97)')
    """
    return _SIGNS.sub("", folded_name)


def _in_one_wording(folded_name: str) -> str:
    """A name without number signs, and with one word for "relating to"."""
    return _ON_PHRASES.sub("on", without_number_signs(folded_name))


def _stem(word: str) -> str:
    """A word without the ending of its plural."""
    if plural := _SPANISH_PLURAL.fullmatch(word):
        return plural[1]
    return word[:-1] if len(word) > _MIN_STEM_LETTERS and word.endswith("s") and word.isalpha() else word


def _parts(folded_name: str) -> Iterator[str]:
    """The words of a name without articles inside it; each keeps the comma behind it."""
    spaced = _ELIDED.sub(r"\1' ", folded_name.replace('"', " ").replace("-", " "))
    for index, part in enumerate(spaced.split()):
        if index == 0 or part.strip(",") not in {"", "l'", *_ARTICLES}:  # "Los Angeles Declaration"
            yield part


def _tokens(folded_name: str) -> list[str]:
    """The name as tokens of a regular expression."""
    tokens: list[str] = []
    in_list = follows_of = False
    for part in _parts(_in_one_wording(folded_name)):
        word = part.strip(",")
        if tokens and not follows_of:
            tokens.append(_BETWEEN_IN_LIST if in_list or word in _CONJUNCTIONS else _BETWEEN)
        if tokens and (numbered := _NUMBERED.match(word)):
            tokens += [*map(re.escape, numbered["bracket"]), rf"(?:{_SIGN})?"]
            word = word.removeprefix("(")
        follows_of = _is_of(word)
        tokens += [rf"(?:d'|{_OF_WORD}{_BETWEEN})"] if follows_of else _word_tokens(word)
        in_list = part.endswith(",")
    return tokens


def _is_of(word: str) -> bool:
    return word in _OF or word == "d'"


def _word_tokens(word: str) -> list[str]:
    """A word in all its spellings."""
    if word in _AND:
        return [rf"(?:{'|'.join(sorted(_AND))})"]
    if word in _ON:
        return [_ON_PATTERN]
    stem = _stem(word)
    if _HAS_SPANISH_PLURAL.fullmatch(stem):
        return [*map(re.escape, stem), "(?:es)?"]
    spelling = _SPELLING_PATTERNS.get(_SPELLINGS.get(stem, stem))
    tokens = [spelling] if spelling else list(stem if stem.isalnum() else map(re.escape, stem))
    return [*tokens, "s?"] if stem != word or (word.isalpha() and len(word) >= _MIN_STEM_LETTERS) else tokens


def _trie(names: Iterable[Iterable[str]]) -> _Trie:
    """A trie of the tokens of names."""
    trie: _Trie = {}
    for tokens in names:
        node = trie
        for token in (*tokens, _END):
            node = node.setdefault(token, {})
    return trie


def _expression(node: _Trie) -> str:
    """The regular expression of a trie node; longer names come before shorter ones."""
    chain = ""
    while len(node) == 1 and _END not in node:
        token, node = next(iter(node.items()))
        chain += token
    branches = [token + _expression(child) for token, child in node.items() if token != _END]
    if not branches:
        return chain
    return f"{chain}(?:{'|'.join(branches)}){'?' if _END in node else ''}"
