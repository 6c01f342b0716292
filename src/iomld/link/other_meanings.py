"""Says where the name of a framework means something else: an abbreviation that a text spells out, goals of an owner.

"Regional Coordination Mechanism (RCM)" makes each RCM of its text that mechanism, and "the sustainable development
goals of the company" are none of the United Nations. Both are judged by the text alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from iomld.folding import fold
from iomld.link.name_matcher import name_key

# Whose goals, frameworks or agendas are not those of the framework's issuer; states are left out, as their goals are.
_OWNER = (
    r"(?:compan(?:y|ies)|firms?|business(?:es)?|enterprises?|corporations?|banks?|cooperatives?|associations?|"
    r"municipalit(?:y|ies)|cit(?:y|ies)|towns?|villages?|districts?|ministr(?:y|ies)|universit(?:y|ies)|schools?|"
    r"entreprises?|societes?|banques?|communes?|mairies?|villes?|ministeres?|universites?|ecoles?|"
    r"empresas?|companias?|bancos?|cooperativas?|asociaci(?:on|ones)|municipios?|ciudad(?:es)?|ministerios?|escuelas?)"
)
_OF = (
    r"(?:of|for|de|du|des|del) (?:(?:the|its|their|our|each|every|this|a|an|la|las|el|los|les|le|notre|cette|ce) |l')?"
)
_OWNED = re.compile(rf" (?:{_OF}|d')(?:[a-z]+ )?{_OWNER}(?!\w)")
_OWNING = re.compile(rf"(?:{_OWNER}(?:'s|')|(?<!\w)own) \Z")
_LONGEST_OWNER = 40  # characters before a name in which its owner is searched

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SMALL_WORD = 4  # letters of words that abbreviations may pass over: "for", "and", "pour", "para"
_LONGEST_MEANING = 120  # characters


@dataclass(frozen=True, slots=True)
class OtherMeanings:
    """The words of the names of each framework, to tell other names from variants of its own.

    Attributes:
        words: Keys of the words in all names, by the code of the framework.
    """

    words: Mapping[str, frozenset[str]]

    def is_owned(self, text: str, start: int, end: int) -> bool:
        """Whether a name is of someone who has goals of their own: "of the company", "the company's".

        Args:
            text: The folded text.
            start: Start of the name.
            end: Its end.
        """
        before = text[max(0, start - _LONGEST_OWNER) : start]
        return _OWNED.match(text, end) is not None or _OWNING.search(before) is not None

    def is_other(self, code: str, acronym: str, text: str) -> bool:
        """Whether a text spells an abbreviation out as the name of something else.

        A meaning that shares at least half of its words with names of the framework is a variant of one of these.
        """
        return any(self._is_foreign(code, meaning) for meaning in _meanings(acronym, text))

    def _is_foreign(self, code: str, meaning: tuple[str, ...]) -> bool:
        shared = sum(word in self.words.get(code, ()) for word in meaning)
        return 2 * shared < len(meaning)


def words_of_names(names: Iterable[str]) -> frozenset[str]:
    """The keys of the words in names."""
    return frozenset(name_key(fold(word)) for name in names for word in _WORD.findall(name))


@lru_cache(maxsize=64)  # an abbreviation is met several times in one text
def _meanings(acronym: str, text: str) -> tuple[tuple[str, ...], ...]:
    """What a text spells an abbreviation out as, in words: directly before or after it, one of both in brackets."""
    return tuple(filter(None, _spelled_out(acronym, text)))


def _spelled_out(acronym: str, text: str) -> Iterator[tuple[str, ...]]:
    letters = fold(acronym)
    at = text.find(acronym)
    while at >= 0:
        before, after = text[max(0, at - _LONGEST_MEANING) : at], text[at + len(acronym) :][:_LONGEST_MEANING]
        if before.endswith("(") and after.startswith(")"):
            yield _initialled(reversed(_WORD.findall(before)), letters[::-1])
        elif after.startswith(" ("):
            yield _initialled(_WORD.findall(after.partition(")")[0]), letters)
        at = text.find(acronym, at + 1)


def _initialled(words: Iterable[str], letters: str) -> tuple[str, ...]:
    """The keys of the first words, small ones aside, that begin with these letters in turn; none if they do not."""
    found: list[str] = []
    for word in words:
        key = fold(word)
        if word[0].isupper() and key.startswith(letters[len(found)]):
            found.append(name_key(key))
            if len(found) == len(letters):
                return tuple(found)
        elif len(word) > _SMALL_WORD or word[0].isupper():
            break
    return ()
