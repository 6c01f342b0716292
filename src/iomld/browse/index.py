"""All projects of a release in memory, small enough to filter and count on every request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from threading import Lock
from weakref import WeakKeyDictionary

from iomld.browse.filters import BANDS, FACETS, in_band
from iomld.browse.queries import ENTRIES
from iomld.browse.view import ReleaseView
from iomld.folding import fold, folded
from iomld.release import FILES
from iomld.release.project_index import ProjectEntry, Statement, project_entry, read_index
from iomld.store.reader import StoreReader
from iomld.vocab import Vocabulary

_NAMED = ("country", "region", "framework", "type")


@dataclass(frozen=True, slots=True, eq=False)
class ProjectIndex:
    """All projects by code, and for each value of a facet the set of those that have it.

    Attributes:
        entries: The projects, by IRI.
        sets: For each facet and value a set of projects, as a number whose bit N is project N.
        names: For facets whose values have names, and for each value in use, all its names, folded.
        by_title: For each language of titles, for each project its place in the order of titles in that language.
    """

    entries: tuple[ProjectEntry, ...]
    sets: Mapping[str, Mapping[str, int]]
    names: Mapping[str, Mapping[str, str]]
    by_title: Mapping[str, tuple[int, ...]]

    def having(self, facet: str, value: str) -> tuple[ProjectEntry, ...]:
        """The projects that have a value of a facet, by IRI."""
        return tuple(self.entries[number] for number in numbers_in(self.sets[facet].get(value, 0)))

    def naming(self, word: str) -> frozenset[int]:
        """The numbers of the projects that point to something with a folded word in one of its names."""
        found = ((facet, value) for facet, names in self.names.items() for value in names if word in names[value])
        return frozenset(numbers_in(reduce(or_, (self.sets[facet][value] for facet, value in found), 0)))


def numbers_in(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    return (number for number, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")


_indexes: WeakKeyDictionary[StoreReader, ProjectIndex] = WeakKeyDictionary()
_building = Lock()


def project_index(view: ReleaseView) -> ProjectIndex:
    """The index of a release; read or made when it is first asked for and kept as long as the release is open."""
    with _building:
        if view.reader not in _indexes:
            _indexes[view.reader] = _index(view)
        return _indexes[view.reader]


def _index(view: ReleaseView) -> ProjectIndex:
    """What publishing wrote; releases without it are asked for the same."""
    read = read_index(view.release.file(FILES.index), view.iris)
    entries = tuple(_entries(view)) if read is None else read
    sets = _sets(entries)
    names = {facet: {code: _names(view.vocabulary, facet, code) for code in sets[facet]} for facet in _NAMED}
    return ProjectIndex(entries, sets, names, _title_places(entries))


def _entries(view: ReleaseView) -> Iterator[ProjectEntry]:
    found: dict[str, list[Statement]] = {}
    for row in view.reader.select(ENTRIES):
        found.setdefault(row["project"].value, []).append((row["property"].value, row["value"]))
    for iri in sorted(found):
        yield project_entry(view.iris, iri, found[iri])


def _names(vocabulary: Vocabulary, facet: str, code: str) -> str:
    """All names that a country or concept goes by, in all languages, folded, a line each."""
    named = vocabulary.countries.get(code) if facet == "country" else vocabulary.concepts[facet].get(code)
    return "\n".join(folded(label.text).text for label in named.labels) if named else ""


def _sets(entries: tuple[ProjectEntry, ...]) -> dict[str, dict[str, int]]:
    sets: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    for number, entry in enumerate(entries):
        bit = 1 << number
        years = map(str, entry.years())
        bands = (band for band in BANDS if in_band(entry.budget, band))
        for facet, values in (*entry.codes.items(), ("year", years), ("budget", bands)):
            for value in values:
                sets[facet][value] = sets[facet].get(value, 0) | bit
    return sets


def _title_places(entries: tuple[ProjectEntry, ...]) -> dict[str, tuple[int, ...]]:
    languages = {"en"} | {title.language for entry in entries for title in entry.titles}
    fold_once = cache(fold)  # most titles stand in for other languages too
    return {language: _places([fold_once(entry.title(language).text) for entry in entries]) for language in languages}


def _places(titles: Sequence[str]) -> tuple[int, ...]:
    """For each title its place among the sorted ones."""
    places = {number: place for place, number in enumerate(sorted(range(len(titles)), key=titles.__getitem__))}
    return tuple(places[number] for number in range(len(titles)))
