"""The project index in memory, and search in it: filters, order, and counts for each facet value."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, reduce
from operator import and_, or_
from threading import Lock
from weakref import WeakKeyDictionary

from iomld.browse.filters import BANDS, FACETS, Filters, in_band
from iomld.browse.queries import ENTRIES
from iomld.browse.view import ReleaseView
from iomld.folding import fold, folded
from iomld.model import DOLLARS, Money
from iomld.release import FILES
from iomld.release.project_index import ProjectEntry, SearchedTexts, Statement, project_entry, read_index
from iomld.store.oxigraph import StoreReader
from iomld.vocab import Vocabulary

_NAMED = ("country", "region", "framework", "type")
_PAGE = 25
_MOST_WORDS = 8
_CODES, _TITLES, _NAMES, _TEXTS = range(4)  # kinds of text in which words are searched for, the most significant first
_PUNCTUATION = re.compile(r"[\W_]+")
_building = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class ProjectIndex:
    """All projects by code, and the set of projects for each value of a facet.

    Attributes:
        entries: The projects, by IRI.
        sets: The projects of each facet and value, as a number whose bit N is project N.
        names: All names, folded, of each value in use, for facets whose values have names.
        by_title: The rank of each project in the order of titles, by language of titles.
        codes: Each code, folded, by its letters and digits alone.
    """

    entries: tuple[ProjectEntry, ...]
    sets: Mapping[str, Mapping[str, int]]
    names: Mapping[str, Mapping[str, str]]
    by_title: Mapping[str, tuple[int, ...]]
    codes: Mapping[str, str]

    def having(self, facet: str, value: str) -> tuple[ProjectEntry, ...]:
        """The projects that have a value of a facet, by IRI."""
        return tuple(self.entries[number] for number in numbers_in(self.sets[facet].get(value, 0)))

    def naming(self, word: str) -> frozenset[int]:
        """The numbers of the projects that point to a resource with a folded word in one of its names."""
        found = ((facet, value) for facet, names in self.names.items() for value in names if word in names[value])
        return frozenset(numbers_in(reduce(or_, (self.sets[facet][value] for facet, value in found), 0)))


def numbers_in(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    return (number for number, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")


_indexes: WeakKeyDictionary[StoreReader, ProjectIndex] = WeakKeyDictionary()


def project_index(view: ReleaseView) -> ProjectIndex:
    """The index of a release, read or built on first use and cached as long as the release is open."""
    with _building:
        if view.reader not in _indexes:
            _indexes[view.reader] = _index(view)
        return _indexes[view.reader]


def _index(view: ReleaseView) -> ProjectIndex:
    """Read the index file of the release; without one, build the index from the store."""
    read = read_index(view.release.file(FILES.index), view.iris)
    entries = tuple(_entries(view)) if read is None else read
    sets = _sets(entries)
    names = {facet: {code: _names(view.vocabulary, facet, code) for code in sets[facet]} for facet in _NAMED}
    codes = {_PUNCTUATION.sub("", code): code for entry in entries for code in entry.searched.codes.split("\n") if code}
    return ProjectIndex(entries, sets, names, _title_ranks(entries), codes)


def _entries(view: ReleaseView) -> Iterator[ProjectEntry]:
    found: dict[str, list[Statement]] = {}
    for row in view.reader.select(ENTRIES):
        found.setdefault(row["project"].value, []).append((row["property"].value, row["value"]))
    for iri in sorted(found):
        yield project_entry(view.iris, iri, found[iri])


def _names(vocabulary: Vocabulary, facet: str, code: str) -> str:
    """All names of a country or concept, in all languages, folded, one on each line."""
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


def _title_ranks(entries: tuple[ProjectEntry, ...]) -> dict[str, tuple[int, ...]]:
    languages = {"en"} | {title.language for entry in entries for title in entry.titles}
    fold_once = cache(fold)  # most titles are also used for other languages
    return {
        language: _sort_ranks([fold_once(entry.title(language).text) for entry in entries]) for language in languages
    }


def _sort_ranks(titles: Sequence[str]) -> tuple[int, ...]:
    """The rank of each title in their sorted order."""
    places = {number: place for place, number in enumerate(sorted(range(len(titles)), key=titles.__getitem__))}
    return tuple(places[number] for number in range(len(titles)))


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The projects that match filters.

    Attributes:
        entries: The projects, in the requested order.
        counts: For each value of each facet, the number of projects that match the filters of the other facets;
            values without projects are omitted unless chosen.
        page: Number of the page, from 1.
        pages: Number of pages, at least 1.
    """

    entries: tuple[ProjectEntry, ...]
    counts: Mapping[str, Mapping[str, int]]
    page: int
    pages: int

    def first_number(self) -> int:
        """The number of the first project of this page, from 1."""
        return (self.page - 1) * _PAGE + 1

    def total(self) -> int:
        """The number of projects on all pages."""
        return len(self.entries)

    def shown(self) -> tuple[ProjectEntry, ...]:
        """The projects of this page."""
        return self.entries[(self.page - 1) * _PAGE : self.page * _PAGE]


def filter_projects(view: ReleaseView, filters: Filters) -> tuple[ProjectEntry, ...]:
    """All projects that match filters, on any page, in the requested order."""
    index = project_index(view)
    ranks = _ranks(index, filters.words)
    left = reduce(and_, (_chosen(index, filters, facet) for facet in filters.values), _mask(index, filters, ranks))
    return _sorted(index, left, filters, ranks, view.language)


def find_projects(view: ReleaseView, filters: Filters) -> SearchResult:
    """One page of the projects that match filters, and the counts of facet values."""
    index = project_index(view)
    ranks = _ranks(index, filters.words)
    base = _mask(index, filters, ranks)
    chosen = {facet: _chosen(index, filters, facet) for facet in filters.values}
    entries = _sorted(index, reduce(and_, chosen.values(), base), filters, ranks, view.language)
    pages = max(1, -(-len(entries) // _PAGE))
    counts = {facet: _counts(index, filters, facet, _matching_others(base, chosen, facet)) for facet in FACETS}
    return SearchResult(entries, counts, min(filters.page, pages), pages)


def spelled_codes(view: ReleaseView, words: str) -> str:
    """The words of a search with each project code as it is written: `po0105` and `PO-0105` mean PO.0105."""
    codes = project_index(view).codes
    return " ".join(codes.get(_PUNCTUATION.sub("", fold(word)), word) for word in words.split())


def search_words(words: str) -> tuple[str, ...]:
    """The folded words of a search, without duplicates, eight at most."""
    return tuple(dict.fromkeys(fold(words).split()))[:_MOST_WORDS]


def _matching_others(base: int, chosen: Mapping[str, int], facet: str) -> int:
    return reduce(and_, (bits for name, bits in chosen.items() if name != facet), base)


def _counts(index: ProjectIndex, filters: Filters, facet: str, others: int) -> dict[str, int]:
    counts = {value: count for value, bits in index.sets[facet].items() if (count := (bits & others).bit_count())}
    for value in filters.values.get(facet, ()):
        counts[value] = (_projects_with(index, facet, value) & others).bit_count()
    return counts


def _chosen(index: ProjectIndex, filters: Filters, facet: str) -> int:
    """The projects that have any of the values of a facet."""
    return reduce(or_, (_projects_with(index, facet, value) for value in filters.values[facet]), 0)


def _projects_with(index: ProjectIndex, facet: str, value: str) -> int:
    if facet == "budget" and value not in BANDS:
        return _bits(index, lambda entry: in_band(entry.budget, value))
    return index.sets[facet].get(value, 0)


def _mask(index: ProjectIndex, filters: Filters, ranks: Mapping[int, int] | None) -> int:
    """The projects that match the words and the span of years."""
    bits = (1 << len(index.entries)) - 1
    if ranks is not None:
        bits = sum(1 << number for number in ranks)
    first, last = filters.year_from, filters.year_to
    if first is None and last is None:
        return bits
    return bits & _bits(index, lambda entry: _overlaps(entry, first, last))


def _overlaps(entry: ProjectEntry, first: int | None, last: int | None) -> bool:
    years = entry.years()
    return bool(years) and (last is None or years[0] <= last) and (first is None or years[-1] >= first)


def _bits(index: ProjectIndex, wanted: Callable[[ProjectEntry], bool]) -> int:
    return sum(1 << number for number, entry in enumerate(index.entries) if wanted(entry))


def _ranks(index: ProjectIndex, words: str) -> Mapping[int, int] | None:
    """The rank of each project that has all words, lower for more significant texts; None without words."""
    wanted = search_words(words)
    if not wanted:
        return None
    looked_for = tuple((word, index.naming(word)) for word in wanted)
    ranks = ((number, _rank(number, entry, looked_for)) for number, entry in enumerate(index.entries))
    return {number: rank for number, rank in ranks if rank is not None}


def _rank(number: int, entry: ProjectEntry, words: tuple[tuple[str, frozenset[int]], ...]) -> int | None:
    """The least significant kind of text among those with the words; exact codes come first."""
    farthest = _CODES
    for word, naming in words:
        place = _kind_of_text(number, entry.searched, word, naming)
        if place is None:
            return None
        farthest = max(farthest, place)
    is_code = len(words) == 1 and words[0][0] in entry.searched.codes.split("\n")
    return -1 if is_code else farthest


def _kind_of_text(number: int, searched: SearchedTexts, word: str, naming: frozenset[int]) -> int | None:
    """The most significant kind of text that contains a word: codes, titles, names, texts; None if none does."""
    if word in searched.codes:
        return _CODES
    if word in searched.titles:
        return _TITLES
    if number in naming:
        return _NAMES
    return _TEXTS if word in searched.texts else None


def _budget_order(budget: Money | None) -> tuple[bool, bool, str, Decimal]:
    """Largest first within a currency, dollars before others; amounts of two currencies are not compared."""
    if budget is None:
        return True, True, "", Decimal()
    return False, budget.currency != DOLLARS, budget.currency, -budget.amount


def _sorted(
    index: ProjectIndex, bits: int, filters: Filters, ranks: Mapping[int, int] | None, language: str
) -> tuple[ProjectEntry, ...]:
    numbers = list(numbers_in(bits))
    entries = index.entries
    match filters.sort:
        case "title":
            numbers.sort(key=index.by_title.get(language, index.by_title["en"]).__getitem__)
        case "start":
            numbers.sort(key=lambda number: -(entries[number].years() or (0,))[0])
        case "budget":
            numbers.sort(key=lambda number: _budget_order(entries[number].budget))
        case "" | "relevance" if ranks is not None:
            numbers.sort(key=ranks.__getitem__)
    return tuple(entries[number] for number in numbers)
