"""Finds many names in a text: a regular expression finds their first words, a trie of words says how they go on.

An expression of a thousand names takes Python a second to compile; a trie is built in a twentieth of that, and most
first words of names are followed by a word that no name goes on with.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

_NO_WORDS = str.maketrans('-",', "   ")  # what stands between words, besides spaces
# "and" is also written "&"; names are quoted with and without articles, and French and Spanish join them with "de".
_AND = frozenset({"and", "et", "y", "&"})
_CONJUNCTIONS = frozenset({"and", "or", "ou", "o"})
_ARTICLES = frozenset({"the", "le", "la", "les", "el", "los", "las"})
_OF = frozenset({"de", "des", "du", "del", "d'"})
# Texts say what a name is about with any of these: "Compact for Migration", "Convention regarding the Status of …".
_ON = frozenset({"on", "for", "regarding", "concerning", "sur", "pour", "concernant", "sobre", "para"})
_ON_PHRASE = r"(?:relat(?:ing|ed|ive) to|relati(?:f|ve)s? (?:aux?|a)|relativ[oa]s? al?)(?!\w)"
_ON_PHRASES = re.compile(rf"(?<!\w){_ON_PHRASE}")
# "Convention No. 189", "n°189", "núm. 189", "189": the same.
_SIGN = r"(?:n(?:[o°]s?|um|r)\.?|numero|number) ?(?=[0-9])"
_SIGNS = re.compile(rf"(?<!\w){_SIGN}")
_DIGIT = re.compile("[0-9]")
_GROUPS = {"and": _AND, "de": _OF, "on": _ON}
_GROUP_OF = {word: key for key, group in _GROUPS.items() for word in group}
_INSERTED = re.compile(r" \([a-z]{2,8}\)(?= [a-z])")
_ELIDED = re.compile(r"(?<!\w)([ld])'(?=\w)")
_SPELLINGS = {"labor": "labour", "organised": "organized", "programme": "program"}
_LONGEST_SHORT = 3  # letters of a first word
_MIN_STEM_LETTERS = 4  # of a word whose final s counts as a plural
_SPANISH_PLURAL = re.compile(r"(.+(?:cion|dor))es")
_LETTER = re.compile(r"[^\W\d]")
# Between two words: spaces, dashes, a quotation mark; also a comma if the name has one, or before a conjunction.
_SPACING = r"[ \-\"]{1,3}"
_ARTICLE = rf"(?:(?:{'|'.join(sorted(_ARTICLES))}){_SPACING}|l')"
_GAP = rf"(?P<gap>(?P<comma>,)?{_SPACING}{_ARTICLE}?)"
_NEXT_WORD = rf"(?:{_GAP}?(?:{_SIGN})?(?P<word>d'(?=\w)|{_ON_PHRASE}|[^\W\d]+|\d+|[^\w \-\",]))"
_STEP = re.compile(_NEXT_WORD)
# An abbreviation may stand inside a name: "East African Community (EAC) Common Market Protocol".
_ABBREVIATION = re.compile(r"(?P<letters>[a-z]{2,8})\)(?= )")
_END = ""  # the key of a node at which a name ends

_Trie: TypeAlias = dict[str, "_Trie"]


@lru_cache(maxsize=1024)  # the same few names recur in texts
def name_key(folded_name: str) -> str:
    """The key of a folded name: without commas, quotation marks and articles, and without the plural s of longer words.

    >>> name_key("sustainable development goals") == name_key('"sustainable" development-goal')
    True
    >>> name_key("programme d'action du marche") == name_key("program de l'action de le marche")
    True
    """
    return " ".join(map(_key, _essential_words(folded_name)))


def plural_key(folded_name: str) -> str:
    """The key of a folded name that keeps its plural: "global compacts" and "global compact" differ."""
    return " ".join(map(_same_word, _essential_words(folded_name)))


def _essential_words(folded_name: str) -> list[str]:
    """The words of a name without articles, elisions and insertions; in most names no pattern is searched."""
    name = _INSERTED.sub("", folded_name) if "(" in folded_name else folded_name
    name = without_number_signs(name)
    if "relat" in name:
        name = _ON_PHRASES.sub("on", name)
    if "'" in name:
        name = _ELIDED.sub(lambda elided: "de " if elided[1] == "d" else "", name)
    return [word for word in _words(name) if word not in _ARTICLES]


def without_number_signs(folded_name: str) -> str:
    """A name with its numbers alone.

    >>> without_number_signs("convention no. 97"), without_number_signs("convenio (num. 97)")
    ('convention 97', 'convenio (97)')
    """
    return _SIGNS.sub("", folded_name) if _DIGIT.search(folded_name) else folded_name


def plain_name(folded_name: str) -> str:
    """The words of a folded name, with single spaces and without commas and quotation marks."""
    return " ".join(_words(folded_name))


class FoundName(NamedTuple):
    """A name in a folded text.

    Attributes:
        words: The name, as the text has it.
        start: Its start in the text.
        end: Its end.
    """

    words: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NameFinder:
    """Finds names in folded texts.

    Attributes:
        beginning: Matches the character before a name, its first word, and the word after it.
        names: The words of all names, as a trie. The key of a first word is that word, in each of its spellings; the
            key of a further word begins with what stands before it: a space, a comma and a space, or nothing if it
            belongs to a word with signs in it ("ILO's").
    """

    beginning: re.Pattern[str]
    names: _Trie

    def find(self, text: str, at: int) -> FoundName | None:
        """Find the first name at or after a position, as whole words, and the longest of those that begin there.

        A digit may follow directly, as in "SDG16"; it is up to the caller whether that means anything.

        Args:
            text: The folded text with a space before it, so that it can start with a name.
            at: Where to start, in the text without the space, as are the places of the name.
        """
        search, names = self.beginning.search, self.names
        while found := search(text, at):
            at = found.start() + 1
            first, gap, comma, word = found.groups()
            node = names[first]
            # Nine of ten first words are followed by a word that no name goes on with.
            if word != "(" and _END not in node and (word is None or _step(first, gap, comma, word) not in node):
                continue
            # The class of the character before also has non-ASCII letters.
            if not found[0][0].isalnum() and (end := self._end(text, found)):
                return FoundName(text[at:end], at - 1, end - 1)
        return None

    def _end(self, text: str, beginning: re.Match[str]) -> int:
        """The end of the longest name that begins with these words; 0 if none does."""
        previous, gap, comma, word = beginning.groups()
        step: re.Match[str] | None = beginning
        node = self.names[previous]
        end = beginning.end("first") if _END in node else 0
        while step and word:
            inserted = _ABBREVIATION.match(text, step.end()) if word == "(" else None
            if inserted and inserted["letters"] not in node.get(" (", {}):
                at = inserted.end()
            else:
                following = node.get(_step(previous, gap, comma, word))
                if following is None:
                    break
                node, previous, at = following, word, step.end()
                if _END in node and not _LETTER.match(text, at):
                    end = at
            step = _STEP.match(text, at)
            gap, comma, word = step.groups() if step else (None, None, None)
        return end


def build_finder(folded_names: Iterable[str]) -> NameFinder:
    """Prepare to find these names.

    >>> finder = build_finder(["global compact", "d'action commune", "programme d'action"])
    >>> for text in (" programs de l'action", " global, global-compacts", " de l'action commune", " action commune"):
    ...     print(finder.find(text, 0))
    FoundName(words="programs de l'action", start=0, end=20)
    FoundName(words='global-compacts', start=8, end=23)
    FoundName(words="de l'action commune", start=0, end=19)
    None
    """
    trie: _Trie = {}
    for name in set(folded_names):
        _add_name(trie, name)
    names = {spelling: node for key, node in trie.items() for spelling in _spellings(key)}
    letters = _trie({spelling: _lookahead(spelling, node) for spelling, node in names.items()})
    # Without names the pattern must match nothing; an empty one would match everywhere.
    # The leading character class lets the engine skip to word beginnings, and the look-ahead at the first letter skips
    # half of the words, which is twice as fast as a leading `(?<!\w)`.
    first = rf"(?P<first>{_expression(letters)})(?:(?<=')|(?![^\W\d])){_NEXT_WORD}?"
    return NameFinder(re.compile(rf"[^a-z0-9_](?=[{''.join(letters)}]){first}" if letters else r"(?!)"), names)


def _add_name(names: _Trie, name: str) -> None:
    """Add the words of a name to a trie."""
    node, is_joined = names, False
    for step in _STEP.finditer(name):  # an article at the start stays: "Los Angeles Declaration"
        gap, comma, word = step.groups()
        key = _key(word)
        if node is names:
            child = node.setdefault(key, {})
        elif gap or is_joined:
            child = node.setdefault(f" {key}", {})
            if comma or key in _CONJUNCTIONS:
                node.setdefault(f", {key}", child)
        else:
            child = node.setdefault(word, {})
        node, is_joined = child, word == "d'"
    node[_END] = {}


def _step(previous: str, gap: str | None, comma: str | None, word: str) -> str:
    """The key of a word in the node of the word before it."""
    if comma:
        return f", {_key(word)}"
    return f" {_key(word)}" if gap or previous == "d'" else word


@lru_cache(maxsize=4096)  # the same words are in many names, and follow a first word of names in all texts
def _key(word: str) -> str:
    """The key of a word: the same for all its spellings."""
    return _stem(_same_word(word))


@lru_cache(maxsize=4096)  # as above
def _same_word(word: str) -> str:
    """A word in the spelling that stands for all, but for its plural."""
    if group := _GROUP_OF.get(word):
        return group
    return "on" if _ON_PHRASES.fullmatch(word) else _SPELLINGS.get(_stem(word), word)


def _stem(word: str) -> str:
    """A word without the ending of its plural."""
    if plural := _SPANISH_PLURAL.fullmatch(word):
        return plural[1]
    return word[:-1] if len(word) > _MIN_STEM_LETTERS and word.endswith("s") and word.isalpha() else word


def _spellings(key: str) -> Iterator[str]:
    """The words with a key."""
    same = _GROUPS.get(key) or {key, *(word for word, usual in _SPELLINGS.items() if usual == key)}
    return (spelling for word in same for spelling in (word, f"{word}s", f"{word}es") if _key(spelling) == key)


def _words(folded_name: str) -> list[str]:
    return folded_name.translate(_NO_WORDS).split()


def _lookahead(word: str, node: _Trie) -> str:
    """For a short first word, of which texts are full ("a", "and"), a pattern of how names go on, else nothing."""
    if len(word) > _LONGEST_SHORT or word.endswith("'") or _END in node:
        return ""
    joined = {key[0] for key in node if key[0] not in " ,"}
    keys = {key.lstrip(", ") for key in node if key[0] in " ,"}
    spaced = {spelling[0] for key in keys for spelling in _spellings(key)}
    if any(map(_DIGIT.match, keys)):
        spaced.add("n")  # of a sign before a number
    either = [rf"[ \-\",]+{_ARTICLE}?[{_letters(spaced)}(]"] if spaced else []
    either += [f"[{_letters(joined)}]"] if joined else []
    return f"(?={'|'.join(either)})"


def _letters(characters: Iterable[str]) -> str:
    return re.escape("".join(sorted(characters)))


def _trie(words: Mapping[str, str]) -> _Trie:
    """A trie of the characters of words, each with a pattern of what follows it."""
    trie: _Trie = {}
    for word, lookahead in words.items():
        node = trie
        for token in filter(None, (*map(re.escape, word), lookahead)):
            node = node.setdefault(token, {})
        node[_END] = {}
    return trie


def _expression(node: _Trie) -> str:
    """The regular expression of a trie node; longer words come before shorter ones."""
    chain = ""
    while len(node) == 1 and _END not in node:
        token, node = next(iter(node.items()))
        chain += token
    branches = [token + _expression(child) for token, child in node.items() if token != _END]
    if not branches:
        return chain
    return f"{chain}(?:{'|'.join(branches)}){'?' if _END in node else ''}"
