"""Search in the projects of a release: filters, order, and counts for each facet value."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import chain, islice
from operator import and_, or_
from threading import Lock
from weakref import WeakKeyDictionary

from pyoxigraph import Literal, NamedNode

from iomld.browse.filters import BANDS, FACETS, Filters, budget_band
from iomld.browse.view import ReleaseView
from iomld.folding import fold
from iomld.iris import IOMLD, RDF
from iomld.model import DOLLARS
from iomld.release import FILES
from iomld.release.project_database import BUDGET_ORDER, CODE_ORDER, CURRENCY, START_ORDER, YEAR, fill_with, title_order
from iomld.release.project_index import (
    BUDGET_PROPERTIES,
    PROPERTIES,
    IndexedProject,
    ProjectEntry,
    Statement,
    indexed_project,
    words_of,
)
from iomld.release.project_reader import CODES, TEXTS, TITLES, ProjectReader, open_database
from iomld.store.oxigraph import StoreReader

_NAMED = ("country", "region", "framework", "type")
_PAGE = 25
_MOST_WORDS = 8
_ORDERS = {"start": START_ORDER, "budget": BUDGET_ORDER}
_opening = Lock()
_readers: WeakKeyDictionary[StoreReader, ProjectReader] = WeakKeyDictionary()
_names: WeakKeyDictionary[ProjectReader, Mapping[tuple[str, str], str]] = WeakKeyDictionary()


def projects_of(view: ReleaseView) -> ProjectReader:
    """The projects of a release; opened on first use, and kept as long as the release is open.

    A release of an earlier version has no database of projects: one is made from its store, which takes a while.
    """
    with _opening:
        if view.reader not in _readers:
            database = open_database(view.release.file(FILES.projects)) or _temporary_database(view)
            _readers[view.reader] = ProjectReader(database, view.iris)
        return _readers[view.reader]


def _temporary_database(view: ReleaseView) -> sqlite3.Connection:
    # An empty name is a temporary database: in memory while small, in an unnamed file when it grows.
    database = sqlite3.connect("", check_same_thread=False)
    fill_with(database, _stored_projects(view))
    return database


def _stored_projects(view: ReleaseView) -> Iterator[IndexedProject]:
    """The projects in the store: one pass over each property, since a query that joins them takes hours for many."""
    projects = view.reader.fitting(predicate=f"{RDF}type", target=f"{IOMLD}Project")
    found: dict[str, list[Statement]] = {
        quad.subject.value: [] for quad in projects if isinstance(quad.subject, NamedNode)
    }
    nodes = {quad.object: quad.subject for quad in view.reader.fitting(predicate=f"{IOMLD}budget")}
    for name in (*PROPERTIES, *BUDGET_PROPERTIES):
        for quad in view.reader.fitting(predicate=name):
            project = nodes.get(quad.subject) if name in BUDGET_PROPERTIES else quad.subject
            if isinstance(project, NamedNode) and isinstance(quad.object, NamedNode | Literal):
                found.get(project.value, []).append((name, quad.object))
    return (indexed_project(view.iris, iri, found[iri]) for iri in sorted(found))


@dataclass(frozen=True, slots=True)
class Selection:
    """Projects in an order; their entries are read when they are needed.

    Attributes:
        reader: All projects.
        groups: Sets of projects, one after the other.
        order: The order within each.
    """

    reader: ProjectReader
    groups: tuple[int, ...]
    order: str = CODE_ORDER

    def __len__(self) -> int:
        """Count the projects."""
        return sum(group.bit_count() for group in self.groups)

    def __iter__(self) -> Iterator[ProjectEntry]:
        """Read all entries, one by one."""
        return self.reader.entries(self._numbers())

    def part(self, start: int, stop: int) -> tuple[ProjectEntry, ...]:
        """The entries from a place to another, which is not included."""
        return tuple(self.reader.entries(islice(self._numbers(), start, stop)))

    def _numbers(self) -> Iterator[int]:
        return chain.from_iterable(self.reader.in_order(group, self.order) for group in self.groups)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The projects that match filters.

    Attributes:
        projects: The projects, in the requested order.
        counts: For each value of each facet, the number of projects that match the filters of the other facets;
            values without projects are omitted unless chosen.
        other_currencies: The number of projects that match the filters but for the bands of budgets, and have a budget
            in another currency than that of the bands.
        page: Number of the page, from 1.
        pages: Number of pages, at least 1.
    """

    projects: Selection
    counts: Mapping[str, Mapping[str, int]]
    other_currencies: int
    page: int
    pages: int

    def first_number(self) -> int:
        """The number of the first project of this page, from 1."""
        return (self.page - 1) * _PAGE + 1

    def total(self) -> int:
        """The number of projects on all pages."""
        return len(self.projects)

    def shown(self) -> tuple[ProjectEntry, ...]:
        """The projects of this page."""
        return self.projects.part((self.page - 1) * _PAGE, self.page * _PAGE)


def all_projects(view: ReleaseView) -> Selection:
    """All projects, by IRI."""
    reader = projects_of(view)
    return Selection(reader, (reader.all,))


def filter_projects(view: ReleaseView, filters: Filters) -> Selection:
    """All projects that match filters, on any page, in the requested order."""
    reader = projects_of(view)
    left = reduce(and_, (_chosen(reader, filters, facet) for facet in filters.values), _in_years(reader, filters))
    return _selection(view, reader, filters, _by_relevance(view, reader, filters.words), left)


def find_projects(view: ReleaseView, filters: Filters) -> SearchResult:
    """One page of the projects that match filters, and the counts of facet values."""
    reader = projects_of(view)
    groups = _by_relevance(view, reader, filters.words)
    base = _in_years(reader, filters) & reduce(or_, groups)
    chosen = {facet: _chosen(reader, filters, facet) for facet in filters.values}
    projects = _selection(view, reader, filters, groups, reduce(and_, chosen.values(), base))
    others = {facet: _matching_others(base, chosen, facet) for facet in FACETS}
    with_budget = reduce(or_, reader.sets.get(CURRENCY, {}).values(), 0)
    other_currencies = others["budget"] & with_budget & ~reader.having(CURRENCY, DOLLARS)
    pages = max(1, -(-len(projects) // _PAGE))
    return SearchResult(
        projects,
        {facet: _counts(reader, filters, facet, others[facet]) for facet in FACETS},
        other_currencies.bit_count(),
        min(filters.page, pages),
        pages,
    )


def spelled_codes(view: ReleaseView, words: str) -> str:
    """The words of a search with each project code as it is written: `po0105` and `PO-0105` mean PO.0105."""
    reader = projects_of(view)
    return " ".join(reader.code(fold(word)) or word for word in words.split())


def search_words(words: str) -> tuple[str, ...]:
    """The folded words of a search, without duplicates, eight at most; each finds the words that begin with it."""
    return tuple(dict.fromkeys(words_of(fold(words))))[:_MOST_WORDS]


def projects_with_name(view: ReleaseView, word: str) -> int:
    """The set of projects that point to a resource with a word in one of its names that begins with a folded one."""
    reader = projects_of(view)
    names = _names_of(view, reader)
    found = (reader.having(*value) for value, words in names.items() if f" {word}" in words)
    return reduce(or_, found, 0)


def _names_of(view: ReleaseView, reader: ProjectReader) -> Mapping[tuple[str, str], str]:
    """The words of all names, in all languages, of each value in use, for facets whose values have names."""
    if reader not in _names:
        values = ((facet, value) for facet in _NAMED for value in reader.sets.get(facet, {}))
        _names[reader] = {value: _words_of_names(view, *value) for value in values}
    return _names[reader]


def _words_of_names(view: ReleaseView, facet: str, code: str) -> str:
    """The words of the names of a country or concept, each after a space."""
    vocabulary = view.vocabulary
    named = vocabulary.countries.get(code) if facet == "country" else vocabulary.concepts[facet].get(code)
    labels = named.labels if named else ()
    return "".join(f" {word}" for label in labels for word in words_of(fold(label.text)))


def _matching_others(base: int, chosen: Mapping[str, int], facet: str) -> int:
    return reduce(and_, (bits for name, bits in chosen.items() if name != facet), base)


def _counts(reader: ProjectReader, filters: Filters, facet: str, others: int) -> dict[str, int]:
    used = BANDS if facet == "budget" else reader.sets.get(facet, {})
    counts = {value: count for value in used if (count := (_projects_with(reader, facet, value) & others).bit_count())}
    for value in filters.values.get(facet, ()):
        counts[value] = (_projects_with(reader, facet, value) & others).bit_count()
    return counts


def _chosen(reader: ProjectReader, filters: Filters, facet: str) -> int:
    """The projects that have any of the values of a facet."""
    return reduce(or_, (_projects_with(reader, facet, value) for value in filters.values[facet]), 0)


def _projects_with(reader: ProjectReader, facet: str, value: str) -> int:
    if facet == "budget":
        band = budget_band(value)
        return reader.with_dollars(*band) if band else 0
    return reader.having(facet, value)


def _in_years(reader: ProjectReader, filters: Filters) -> int:
    """The projects that are active in a span of years; all without one."""
    first, last = filters.year_from or 0, filters.year_to or 9999
    if filters.year_from is None and filters.year_to is None:
        return reader.all
    years = reader.sets.get(YEAR, {}).items()
    return reduce(or_, (bits for year, bits in years if first <= int(year) <= last), 0)


def _by_relevance(view: ReleaseView, reader: ProjectReader, words: str) -> tuple[int, ...]:
    """The projects that have all words, those first that have them in more significant texts; all without words.

    The code of a project, then codes, titles, names and texts. Of several words the least significant place counts.
    """
    if not words:
        return (reader.all,)
    places = [_places_of(view, reader, word) for word in search_words(words)]
    if not places:  # the words are signs alone
        return (0,)
    groups, known = [reader.with_code(fold(words))], 0
    groups += [reduce(and_, one) for one in zip(*places, strict=True)]
    distinct = []
    for group in groups:
        distinct.append(group & ~known)
        known |= group
    return tuple(distinct)


def _places_of(view: ReleaseView, reader: ProjectReader, word: str) -> tuple[int, ...]:
    """The projects with a word in their codes; in these or their titles; also in names; also in texts."""
    codes = reader.with_word(CODES, word)
    titles = codes | reader.with_word(TITLES, word)
    names = titles | projects_with_name(view, word)
    return codes, titles, names, names | reader.with_word(TEXTS, word)


def _selection(
    view: ReleaseView, reader: ProjectReader, filters: Filters, groups: tuple[int, ...], left: int
) -> Selection:
    """Those of the groups that are left; one group unless the order is by relevance."""
    if filters.sort in {"", "relevance"}:
        return Selection(reader, tuple(group & left for group in groups))
    order = title_order(view.language) if filters.sort == "title" else _ORDERS.get(filters.sort, CODE_ORDER)
    return Selection(reader, (reduce(or_, groups) & left,), order)
