"""Recognize the names of countries, alone or in a list with or without separators, and return their codes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import NamedTuple

from iomld.folding import fold
from iomld.lexicon.segmentation import Arc, Reading, best_reading
from iomld.messages import LocalizedText
from iomld.vocab import Label, LabelKind, Vocabulary

LABEL_RANKS = {LabelKind.PREFERRED: 0, LabelKind.ALTERNATIVE: 1, LabelKind.HIDDEN: 2}
_LONGEST_MISTYPED = 60  # characters of a text that may be a mistyped name
_MISTYPED = 0.85  # similarity of a mistyped name (difflib); that of "Chinna" is 0.91
_LONGEST_COMPARED = 80  # characters of an unknown word that are compared with the names
_SHORTEST_BEGINNING = 4  # characters of a word that names may begin with: "Bosnia"
_CLOSE = 0.8  # similarity (difflib) of names that are offered for an unknown word: "Chino" and China have as much

# Separators of words. A name cannot cross a hard gap, but it can cross a comma ("Iran, Islamic Republic of").
_GAP = re.compile(r"[\s,;|/•·()\-\u00ad\u2010-\u2015]+")
_HARD = frozenset("\n\r\t;|/•·")
_NOISE = re.compile(r'[*."]|^l\'(?=.)')
_JOINERS = frozenset({"and", "e"})
# Lists of countries write articles or leave them out ("Gambia (the)", "República Dominicana (la)"), and abbreviate.
_ARTICLES = frozenset({"the", "le", "la", "les", "el", "los", "las", "l'"})
_SAME_WORDS = {"&": "and", "et": "and", "y": "and", "st": "saint", "ste": "sainte"}
# "Republic of Moldova" is also written "Moldova, Republic of" and "Moldova (the Republic of)".
_STATE = r"\b(?i:republi|state|kingdom|[ée]tats?\b|royaume|f[eé]d[eé]r|estado|reino)"
_INVERTIBLE = re.compile(rf"(?P<kind>(?=.*{_STATE}).+? (?:(?:of|des?|du|del)(?= )|d['’])) ?(?P<name>[^(),]+)")
_BRACKETED = re.compile(r"(?P<name>[^(),]+)(?:, | \()(?P<kind>[^(),]+)\)?")


class _Atom(NamedTuple):
    """A word of a list of names.

    Attributes:
        key: Its folded form.
        start: Offset of its first character.
        end: Offset after its last character.
        gap: The gap before it: a newline for a hard gap, a comma, a space, or nothing between joined words.
    """

    key: str
    start: int
    end: int
    gap: str


class CountryName(NamedTuple):
    """A country that a name refers to.

    Attributes:
        code: Code of the country.
        rank: 0 for a preferred name, 1 for an alternative one, 2 for a hidden one.
    """

    code: str
    rank: int


@dataclass(frozen=True, slots=True)
class States:
    """The countries in a text.

    Attributes:
        codes: Their codes in the order of the text, including duplicates.
        leftovers: The parts of the text that name no country.
        rivals: The ambiguous parts of the text, each with its readings.
    """

    codes: tuple[str, ...]
    leftovers: tuple[str, ...] = ()
    rivals: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All names of all countries.

    Attributes:
        names: The countries of each folded name: one, unless several have it as a label of the same rank.
        labels: Preferred name by code, for messages.
        members: Codes of the member states.
        longest: Number of words in the longest name.
        exact: The result for texts that are a code or exactly a label of one country.
    """

    names: Mapping[str, tuple[CountryName, ...]]
    labels: Mapping[str, LocalizedText]
    members: frozenset[str]
    longest: int
    exact: Mapping[str, States]

    def states(self, text: str) -> States:
        """Read a name, a code, or a list of names.

        >>> from iomld.vocab import Country, Label
        >>> def country(code, name):
        ...     return Country(code, (Label(name, "en", LabelKind.PREFERRED),), is_member=True)
        >>> names = {"CL": "Chile", "GN": "Guinea", "GW": "Guinea-Bissau"}
        >>> lists = Vocabulary({}, {code: country(code, name) for code, name in names.items()})
        >>> build_gazetteer(lists).states("Guinea Guinea Bissau ChileGuinea").codes
        ('GN', 'GW', 'CL', 'GN')
        """
        # Nearly all values in records are exact: this takes 0.2 µs instead of 12 µs.
        if text in self.exact:
            return self.exact[text]
        atoms = tuple(_atoms(text))
        whole = self._countries_named(_key(atoms), text.strip())
        if len(whole) == 1:
            return States((whole[0].code,))
        return _states(best_reading(len(atoms), self._arcs(atoms, text)), atoms, text)

    def closest(self, word: str) -> tuple[LocalizedText, ...]:
        """Up to three names that a word may be a misspelling or the beginning of, best first, one for each country."""
        key = _key(tuple(_atoms(word[:_LONGEST_COMPARED])))
        near = get_close_matches(key, self.names, n=6, cutoff=_CLOSE)
        near += [name for name in self.names if len(key) >= _SHORTEST_BEGINNING and name.startswith(f"{key} ")]
        return tuple(self.labels[code] for code in list(dict.fromkeys(self.names[name][0].code for name in near))[:3])

    def begun(self, word: str) -> frozenset[str]:
        """The countries whose names a single word may be the beginning of: Niger may be half of Nigeria.

        Only a whole word of a longer name counts (Guinea-Bissau), or the beginning of a name of one word.
        """
        key = _key(tuple(_atoms(word[:_LONGEST_COMPARED])))
        if len(key) < _SHORTEST_BEGINNING or not key.isalpha():
            return frozenset()
        longer = (name for name in self.names if name.startswith(key))
        names = (name for name in longer if name.isalpha() or not name[len(key)].isalpha())
        return frozenset(one.code for name in names for one in self.names[name])

    def resembles(self, text: str) -> bool:
        """Whether a text is a mistyped name of a country: short, capitalized, and a letter or two from a name."""
        if len(text) > _LONGEST_MISTYPED or not text[:1].isupper():
            return False
        return bool(get_close_matches(_key(tuple(_atoms(text))), self.names, n=1, cutoff=_MISTYPED))

    def _countries_named(self, key: str, original: str) -> tuple[CountryName, ...]:
        """The countries of a name, or of a code in capitals."""
        return (CountryName(original, 0),) if original in self.labels else self.names.get(key, ())

    def _arcs(self, atoms: Sequence[_Atom], text: str) -> dict[int, list[Arc]]:
        """All sequences of atoms that are names, by their first atom."""
        arcs: dict[int, list[Arc]] = {}
        for start, first in enumerate(atoms):
            found = [Arc(start, start + 1, "", 0)] if first.key in _JOINERS else []
            if first.gap and (start + 1 == len(atoms) or atoms[start + 1].gap):
                code = text[first.start : first.end]
                found += [Arc(start, start + 1, code, 0)] if code in self.labels else []
            key = first.key
            for end in range(start + 1, min(start + self.longest, len(atoms)) + 1):
                found += [Arc(start, end, *name) for name in self.names.get(key, ())]
                if end == len(atoms) or atoms[end].gap == "\n":
                    break
                key += atoms[end].gap + atoms[end].key
            if found:
                arcs[start] = found
        return arcs


def build_gazetteer(vocabulary: Vocabulary) -> Gazetteer:
    """Index all countries of a vocabulary by all their names; of two with the same name the better label counts."""
    ranks_by_key: dict[str, dict[str, int]] = {}
    label_keys: dict[str, str] = {}
    longest = 1
    for code, country in vocabulary.countries.items():
        for label in country.labels:
            for text, rank in _forms(label):
                atoms = tuple(_atoms(text))
                key = label_keys[text] = _key(atoms)
                ranks = ranks_by_key.setdefault(key, {})
                ranks[code] = min(rank, ranks.get(code, len(LABEL_RANKS)))
                # One more, since a text is split where a small letter precedes a capital ("eSwatini").
                longest = max(longest, len(atoms) + 1)
    names = {
        key: tuple(CountryName(code, rank) for code, rank in ranks.items() if rank == min(ranks.values()))
        for key, ranks in ranks_by_key.items()
        if key
    }
    labels = {code: country.names for code, country in vocabulary.countries.items()}
    members = frozenset(code for code, country in vocabulary.countries.items() if country.is_member)
    unambiguous = {text: names[key][0].code for text, key in label_keys.items() if len(names.get(key, ())) == 1}
    exact = {text: States((code,)) for text, code in (unambiguous | {code: code for code in labels}).items()}
    return Gazetteer(names, labels, members, longest, exact)


def _forms(label: Label) -> Iterator[tuple[str, int]]:
    """A name, and its forms with the kind of state behind it; these count like hidden names."""
    yield label.text, LABEL_RANKS[label.kind]
    parts = _INVERTIBLE.fullmatch(label.text) or _BRACKETED.fullmatch(label.text)
    if parts:
        for form in ("{name}, {kind}", "{name} ({kind})"):
            yield form.format(**parts.groupdict()), LABEL_RANKS[LabelKind.HIDDEN]


def _atoms(text: str) -> Iterator[_Atom]:
    """Split a text into words, at gaps and between joined words."""
    gap, at = "\n", 0
    for between in (*_GAP.finditer(text), None):
        end = between.start() if between else len(text)
        for start, stop in _split_joined(text, at, end):
            key = _NOISE.sub("", fold(text[start:stop]))
            key = _SAME_WORDS.get(key, key)
            if key and (key not in _ARTICLES or text[start:stop].isupper()):
                yield _Atom(key, start, stop, gap)
                gap = ""
        if between:
            at = between.end()
            gap = _wider_gap(gap, between[0])


def _wider_gap(gap: str, between: str) -> str:
    """The kind of a gap, combined with the gap before an empty word."""
    if gap == "\n" or not _HARD.isdisjoint(between):
        return "\n"
    return "," if "," in between or gap == "," else " "


def _split_joined(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split a word where a small letter precedes a capital ("ChileUruguay")."""
    is_plain = text[start + 1 : end].islower() or text[start:end].isupper()  # as nearly all words are
    for at in () if is_plain else range(start + 1, end):
        if text[at].isupper() and text[at - 1].islower():
            yield start, at
            start = at
    if start < end:
        yield start, end


def _key(atoms: Sequence[_Atom]) -> str:
    """The folded name that atoms form together."""
    return "".join(atom.key if number == 0 else atom.gap + atom.key for number, atom in enumerate(atoms))


def _states(reading: Reading, atoms: Sequence[_Atom], text: str) -> States:
    """Convert a reading of atoms to the words of the text."""
    leftovers: list[str] = []
    for start, end in reading.leftovers:
        cuts = [start, *(at for at in range(start + 1, end) if atoms[at].gap in "\n,"), end]
        leftovers += [text[atoms[left].start : atoms[right - 1].end] for left, right in pairwise(cuts)]
    rivals = tuple((text[atoms[start].start : atoms[end - 1].end], readings) for start, end, readings in reading.rivals)
    return States(tuple(arc.code for arc in reading.arcs), tuple(leftovers), rivals)
