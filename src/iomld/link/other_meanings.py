"""Says where the name of a framework means something else: an abbreviation that a text spells out, goals of an owner.

"Regional Coordination Mechanism (RCM)" makes each RCM of its text that mechanism, "the sustainable development goals of
the company" are none of the United Nations, and "a Paris agreement between two firms" is no treaty. All are judged by
the text alone.
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
    r"municipalit(?:y|ies)|cit(?:y|ies)|towns?|villages?|districts?|count(?:y|ies)|provinces?|councils?|"
    r"ministr(?:y|ies)|universit(?:y|ies)|schools?|hospitals?|"
    r"entreprises?|societes?|banques?|communes?|mairies?|municipalites?|prefectures?|villes?|ministeres?|universites?|ecoles?|"
    r"empresas?|companias?|bancos?|cooperativas?|asociaci(?:on|ones)|municipios?|municipalidad(?:es)?|alcaldias?|ayuntamientos?|provincias?|"
    r"ciudad(?:es)?|ministerios?|escuelas?)"
)
_OF = (
    r"(?:of|for|de|du|des|del) (?:(?:the|its|their|our|each|every|this|a|an|la|las|el|los|les|le|notre|cette|ce) |l')?"
)
_OWNED = re.compile(rf" (?:{_OF}|d')(?:[a-z]+ )?{_OWNER}(?!\w)")
_OWNING = re.compile(rf"(?:{_OWNER}(?:'s|')|(?<!\w)own) \Z")
_OWNING_ENDS = ("'s ", "' ", "own ")  # of what the pattern matches
_LONGEST_OWNER = 40  # characters before a name in which its owner is searched
_COUNTRY_WORDS = 5  # in the longest names of countries that texts put before an agenda
# "a Paris agreement", "the Paris agreement reached by two firms": a common noun and where it was agreed.
_LONGEST_ARTICLE = len("cualquier ")
_INDEFINITE = re.compile(r"(?<!\w)(?:an?|any|another|une?|otro|otra|cualquier) \Z")
_AGREED = re.compile(
    r" (?:(?:reached|concluded|agreed|struck|made|signed|conclue?|signee?|passee?|"
    r"alcanzad[oa]|firmad[oa]|celebrad[oa]) )?(?:by (?:the )?(?:two|both|three)|between|entre)(?!\w)|"
    r" (?:reached|concluded|agreed|struck|conclue?|alcanzad[oa]) (?:by|with|par|avec|por|con)(?!\w)"
)
# Before its adoption, texts called the compact "a global compact for safe, orderly and regular migration".
_COMPACT = re.compile(r"(?<!\w)(?:compact|pacte|pacto)(?!\w)")
_DATED = re.compile(r"[^\W\d]+ [0-9]{4}|[0-9]{4} [^\W\d]+")  # "Agenda 2030"
_MOST_COMMON_WORDS = 2  # of a name that may be a noun and a place
# What an abbreviation stands for if its other words are those of a framework: "Migration Governance Initiative".
_BODIES = re.compile(
    r"initiative|institute?|project|program|forum|committee|council|commission|mechanism|unit|cent(?:re|er)|group|network|"
    r"department|division|directorate|office|association|projet|comite|conseil|mecanisme|unite|groupe|reseau|direction|"
    r"bureau|iniciativa|instituto|proyecto|programa|foro|consejo|comision|mecanismo|unidad|centro|grupo|red|direccion"
)

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SMALL_WORD = 4  # letters of words that abbreviations may pass over: "for", "and", "pour", "para"
_LONGEST_MEANING = 120  # characters


@dataclass(frozen=True, slots=True)
class OtherMeanings:
    """The names of each framework, to tell other names from variants of its own.

    Attributes:
        names: All its names, by the code of the framework.
        countries: Folded names of countries.
    """

    names: Mapping[str, tuple[str, ...]]
    countries: frozenset[str]

    def is_common(self, words: str, text: str, start: int, end: int) -> bool:
        """Whether a name is used as common words: for goals of an owner, an agenda of a country, some agreement.

        Args:
            words: The name as the text writes it.
            text: The folded text.
            start: Start of the name.
            end: Its end.
        """
        is_dated = _DATED.fullmatch(words) is not None
        if (words.islower() or is_dated) and _is_owned(text, start, end):
            return True
        if is_dated and self._is_of_country(text, start):
            return True
        is_indefinite = _INDEFINITE.search(text, max(0, start - _LONGEST_ARTICLE), start) is not None
        if is_indefinite and words.islower() and not _COMPACT.search(text, start, end):
            return True
        if not is_indefinite and (is_dated or not _AGREED.match(text, end)):
            return False
        content = [word for word in _WORD.findall(words) if len(word) >= _SMALL_WORD]
        return len(content) <= _MOST_COMMON_WORDS and any(word.islower() for word in content)

    def _is_of_country(self, text: str, start: int) -> bool:
        """Whether the name of a country stands directly before a name: "Vanuatu 2030 Agenda"."""
        if not text.endswith(" ", 0, start):
            return False
        before = text[max(0, start - _LONGEST_OWNER) : start].split()[-_COUNTRY_WORDS:]
        return any(" ".join(before[at:]) in self.countries for at in range(len(before)))

    def is_other(self, code: str, acronym: str, text: str) -> bool:
        """Whether a text spells an abbreviation out as the name of something else.

        A meaning that shares at least half of its words with names of the framework is a variant of one of these.
        """
        return any(self._is_foreign(code, meaning) for meaning in _meanings(acronym, text))

    def _is_foreign(self, code: str, meaning: tuple[str, ...]) -> bool:
        known = _words_of(self.names.get(code, ()))
        shared = sum(word in known for word in meaning)
        return 2 * shared < len(meaning) or any(_BODIES.fullmatch(word) and word not in known for word in meaning)


def _is_owned(text: str, start: int, end: int) -> bool:
    """Whether a name is of someone who has goals of their own: "of the company", "the company's"."""
    if _OWNED.match(text, end):
        return True
    # The pattern is tried at each character before a name, hardly ever of use.
    return (
        text.endswith(_OWNING_ENDS, 0, start)
        and _OWNING.search(text[max(0, start - _LONGEST_OWNER) : start]) is not None
    )


@lru_cache(maxsize=256)  # of the few frameworks whose abbreviation a text spells out
def _words_of(names: tuple[str, ...]) -> frozenset[str]:
    """The keys of the words in names."""
    words = {word for name in names for word in _WORD.findall(name)}  # each is in many names
    return frozenset(name_key(fold(word)) for word in words)


@lru_cache(maxsize=64)  # an abbreviation is met several times in one text
def _meanings(acronym: str, text: str) -> tuple[tuple[str, ...], ...]:
    """What a text spells an abbreviation out as, in words: directly before or after it, one of both in brackets."""
    return tuple(filter(None, _spelled_out(acronym, text)))


def _spelled_out(acronym: str, text: str) -> Iterator[tuple[str, ...]]:
    letters = fold(acronym)
    at = text.find(acronym)
    while at >= 0:
        end = at + len(acronym)
        if text.endswith("(", 0, at) and text.startswith(")", end):
            before = text[max(0, at - _LONGEST_MEANING) : at]
            yield _initialled(reversed(_WORD.findall(before)), letters[::-1])
        elif text.startswith(" (", end):
            after = text[end : end + _LONGEST_MEANING]
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
