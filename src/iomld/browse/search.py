"""Projects that filters leave, in order, with the number of projects for each value that could be chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import and_, or_

from iomld.browse.filters import BANDS, FACETS, Filters, in_band
from iomld.browse.index import ProjectIndex, numbers_in, project_index
from iomld.browse.view import ReleaseView
from iomld.folding import fold
from iomld.release.project_index import ProjectEntry, SearchedTexts

_PAGE = 25
_MOST_WORDS = 8
_CODES, _TITLES, _NAMES, _TEXTS = range(4)  # where words are looked for, most telling first


@dataclass(frozen=True, slots=True)
class Found:
    """What filters leave.

    Attributes:
        entries: The projects, in the order that was asked for.
        counts: For each facet its values with the number of projects that the other facets' filters leave; values
            without any are left out, chosen ones are not.
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
    """All projects that filters leave, on whatever page, in the order that was asked for."""
    index = project_index(view)
    ranks = _ranks(index, filters.words)
    left = reduce(and_, (_chosen(index, filters, facet) for facet in filters.values), _mask(index, filters, ranks))
    return _sorted(index, left, filters, ranks, view.language)


def find_projects(view: ReleaseView, filters: Filters) -> Found:
    """One page of the projects that filters leave, and what else could be chosen."""
    index = project_index(view)
    ranks = _ranks(index, filters.words)
    base = _mask(index, filters, ranks)
    chosen = {facet: _chosen(index, filters, facet) for facet in filters.values}
    entries = _sorted(index, reduce(and_, chosen.values(), base), filters, ranks, view.language)
    pages = max(1, -(-len(entries) // _PAGE))
    counts = {facet: _counts(index, filters, facet, _others(base, chosen, facet)) for facet in FACETS}
    return Found(entries, counts, min(filters.page, pages), pages)


def search_words(words: str) -> tuple[str, ...]:
    """The folded words of a search, each once; the first eight count."""
    return tuple(dict.fromkeys(fold(words).split()))[:_MOST_WORDS]


def _others(base: int, chosen: Mapping[str, int], facet: str) -> int:
    return reduce(and_, (bits for name, bits in chosen.items() if name != facet), base)


def _counts(index: ProjectIndex, filters: Filters, facet: str, others: int) -> dict[str, int]:
    counts = {value: count for value, bits in index.sets[facet].items() if (count := (bits & others).bit_count())}
    for value in filters.values.get(facet, ()):
        counts[value] = (_having(index, facet, value) & others).bit_count()
    return counts


def _chosen(index: ProjectIndex, filters: Filters, facet: str) -> int:
    """The projects that have any of the values of a facet."""
    return reduce(or_, (_having(index, facet, value) for value in filters.values[facet]), 0)


def _having(index: ProjectIndex, facet: str, value: str) -> int:
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
    """For each project that has all words how far they are from its code; None where there are no words."""
    wanted = search_words(words)
    if not wanted:
        return None
    looked_for = tuple((word, index.naming(word)) for word in wanted)
    ranks = ((number, _rank(number, entry, looked_for)) for number, entry in enumerate(index.entries))
    return {number: rank for number, rank in ranks if rank is not None}


def _rank(number: int, entry: ProjectEntry, words: tuple[tuple[str, frozenset[int]], ...]) -> int | None:
    """The farthest place where one of the words has to be looked for; exact codes come before all."""
    farthest = _CODES
    for word, naming in words:
        place = _place(number, entry.searched, word, naming)
        if place is None:
            return None
        farthest = max(farthest, place)
    is_code = len(words) == 1 and words[0][0] in entry.searched.codes.split("\n")
    return -1 if is_code else farthest


def _place(number: int, searched: SearchedTexts, word: str, naming: frozenset[int]) -> int | None:
    """Where a word is found first: codes, titles, names of what the project points to, texts; None for nowhere."""
    if word in searched.codes:
        return _CODES
    if word in searched.titles:
        return _TITLES
    if number in naming:
        return _NAMES
    return _TEXTS if word in searched.texts else None


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
            numbers.sort(key=lambda number: -(entries[number].budget or Decimal(-1)))
        case "" | "relevance" if ranks is not None:
            numbers.sort(key=ranks.__getitem__)
    return tuple(entries[number] for number in numbers)
