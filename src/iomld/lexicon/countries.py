"""Names of countries, one by one or in a run without any separator, to their codes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import NamedTuple

from iomld.folding import fold
from iomld.lexicon.segmentation import Arc, Reading, best_reading
from iomld.vocab import LabelKind, Vocabulary

_RANKS = {LabelKind.PREFERRED: 0, LabelKind.ALTERNATIVE: 1, LabelKind.HIDDEN: 2}
_LONGEST_MISTYPED = 60  # characters of a line that may be one name
_MISTYPED = 0.85  # likeness of a mistyped name (difflib); "Chinna" has 0.91
_LONGEST_COMPARED = 80  # characters of an unknown word that are compared with the names

# What stands between words. Over a hard gap no name goes; over a comma it may ("Iran, Islamic Republic of").
_GAP = re.compile(r"[\s,;|/•·&()\-\u00ad\u2010-\u2015]+")
_HARD = frozenset("\n\r\t;|/•·&")
_NOISE = re.compile(r'[*."]')
_JOINERS = frozenset({"and", "et", "y", "e", "the"})


class _Atom(NamedTuple):
    """A word of a run.

    Attributes:
        key: Its folded form.
        start: Its place in the text.
        end: The place after it.
        gap: What stands before it: a newline for a hard gap, a comma, a space, or nothing between glued words.
    """

    key: str
    start: int
    end: int
    gap: str


class CountryName(NamedTuple):
    """What a name stands for.

    Attributes:
        code: Code of the country.
        rank: 0 for a preferred name, 1 for an alternative one, 2 for a hidden one.
    """

    code: str
    rank: int


@dataclass(frozen=True, slots=True)
class States:
    """What a text says of countries.

    Attributes:
        codes: In the order of the text, doubles included.
        leftovers: The stretches of the text that name no country.
        rivals: Stretches that can be read in several ways, with the readings.
    """

    codes: tuple[str, ...]
    leftovers: tuple[str, ...] = ()
    rivals: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All names of all countries.

    Attributes:
        names: For each folded name the countries it may stand for; one, unless two claim it with the same right.
        labels: Preferred English name by code, for messages.
        members: Codes of the member states.
        longest: Number of words in the longest name.
        exact: What a value says that is a code, or letter for letter a name of one country.
    """

    names: Mapping[str, tuple[CountryName, ...]]
    labels: Mapping[str, str]
    members: frozenset[str]
    longest: int
    exact: Mapping[str, States]

    def states(self, text: str) -> States:
        """Read a name, a code, or a run of names.

        >>> from iomld.vocab import Country, Label
        >>> def country(code, name):
        ...     return Country(code, (Label(name, "en", LabelKind.PREFERRED),), is_member=True)
        >>> names = {"CL": "Chile", "GN": "Guinea", "GW": "Guinea-Bissau"}
        >>> lists = Vocabulary({}, {code: country(code, name) for code, name in names.items()})
        >>> build_gazetteer(lists).states("Guinea Guinea Bissau ChileGuinea").codes
        ('GN', 'GW', 'CL', 'GN')
        """
        # Nearly all values in records are such: 0.2 µs in place of 12 µs.
        if text in self.exact:
            return self.exact[text]
        atoms = tuple(_atoms(text))
        whole = self._named(_key(atoms), text.strip())
        if len(whole) == 1:
            return States((whole[0].code,))
        return _states(best_reading(len(atoms), self._arcs(atoms, text)), atoms, text)

    def closest(self, word: str) -> tuple[str, ...]:
        """Up to three names that look most like a word, best first, one for each country."""
        key = _key(tuple(_atoms(word[:_LONGEST_COMPARED])))
        near = get_close_matches(key, self.names, n=6, cutoff=0.6)
        return tuple(dict.fromkeys(self.labels[self.names[name][0].code] for name in near))[:3]

    def resembles(self, text: str) -> bool:
        """Whether a text is a mistyped name of a country: short, with a capital, and but for a letter or two a name."""
        if len(text) > _LONGEST_MISTYPED or not text[:1].isupper():
            return False
        return bool(get_close_matches(_key(tuple(_atoms(text))), self.names, n=1, cutoff=_MISTYPED))

    def _named(self, key: str, original: str) -> tuple[CountryName, ...]:
        """The countries of a name, or of a code in capitals."""
        return (CountryName(original, 0),) if original in self.labels else self.names.get(key, ())

    def _arcs(self, atoms: Sequence[_Atom], text: str) -> dict[int, list[Arc]]:
        """All the stretches of atoms that are names."""
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
    """Index all countries of a vocabulary by all their names; where two claim a name, the better label counts."""
    claims: dict[str, dict[str, int]] = {}
    spellings: dict[str, str] = {}  # of the labels, each with its key
    longest = 1
    for code, country in vocabulary.countries.items():
        for label in country.labels:
            atoms = tuple(_atoms(label.text))
            key = spellings[label.text] = _key(atoms)
            ranks = claims.setdefault(key, {})
            ranks[code] = min(_RANKS[label.kind], ranks.get(code, len(_RANKS)))
            # One more, since a small letter before a capital cuts a word in the text ("eSwatini").
            longest = max(longest, len(atoms) + 1)
    names = {
        key: tuple(CountryName(code, rank) for code, rank in ranks.items() if rank == min(ranks.values()))
        for key, ranks in claims.items()
        if key
    }
    labels = {code: country.name() for code, country in vocabulary.countries.items()}
    members = frozenset(code for code, country in vocabulary.countries.items() if country.is_member)
    certain = {text: names[key][0].code for text, key in spellings.items() if len(names.get(key, ())) == 1}
    exact = {text: States((code,)) for text, code in (certain | {code: code for code in labels}).items()}
    return Gazetteer(names, labels, members, longest, exact)


def _atoms(text: str) -> Iterator[_Atom]:
    """Cut a text into words, at gaps and where words are glued."""
    gap, at = "\n", 0
    for between in (*_GAP.finditer(text), None):
        end = between.start() if between else len(text)
        for start, stop in _unglued(text, at, end):
            key = _NOISE.sub("", fold(text[start:stop]))
            if key:
                yield _Atom(key, start, stop, gap)
                gap = ""
        if between:
            at = between.end()
            gap = _wider(gap, between[0])


def _wider(gap: str, between: str) -> str:
    """The kind of a gap, joined with the gap before an empty word."""
    if gap == "\n" or not _HARD.isdisjoint(between):
        return "\n"
    return "," if "," in between or gap == "," else " "


def _unglued(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a word where a small letter stands before a capital ("ChileUruguay")."""
    for at in range(start + 1, end):
        if text[at].isupper() and text[at - 1].islower():
            yield start, at
            start = at
    if start < end:
        yield start, end


def _key(atoms: Sequence[_Atom]) -> str:
    """The name that atoms make together."""
    return "".join(atom.key if number == 0 else atom.gap + atom.key for number, atom in enumerate(atoms))


def _states(reading: Reading, atoms: Sequence[_Atom], text: str) -> States:
    """Put a reading back into the words of the text."""
    leftovers: list[str] = []
    for start, end in reading.leftovers:
        cuts = [start, *(at for at in range(start + 1, end) if atoms[at].gap in "\n,"), end]
        leftovers += [text[atoms[left].start : atoms[right - 1].end] for left, right in pairwise(cuts)]
    rivals = tuple((text[atoms[start].start : atoms[end - 1].end], readings) for start, end, readings in reading.rivals)
    return States(tuple(arc.code for arc in reading.arcs), tuple(leftovers), rivals)
