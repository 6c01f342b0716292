"""Names in a search: the countries, regions and frameworks that its words name, and corrections of misspelt words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import chain
from threading import Lock
from weakref import WeakKeyDictionary

from iomld.browse.explain.similarity import within_edit_distance
from iomld.browse.filters import Filters
from iomld.browse.search import filter_projects, projects_of, projects_with_name, search_words
from iomld.browse.view import Link, ReleaseView, link_to
from iomld.folding import fold, name_order
from iomld.release.project_index import words_of
from iomld.release.project_reader import CODES, TEXTS, TITLES
from iomld.store.oxigraph import StoreReader
from iomld.vocab import Label

_MOST_CARDS = 3
_SHORTEST_PREFIX = 4  # letters of the beginning of a name that is recognized
_SHORTEST_WORD = 4  # letters of a word for which a spelling is suggested
_MOST_CORRECTED = 3  # words of a search for which one is
_FAR_LETTERS = 4  # letters that two words with an edit distance of two can differ in
_reading = Lock()


@dataclass(frozen=True, slots=True)
class NamedResource:
    """A country, a region or a framework that a search names.

    Attributes:
        link: The resource.
        facet: The facet of its projects: `country`, `region` or `framework`.
        projects: Number of its projects.
    """

    link: Link
    facet: str
    projects: int


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    """The names in a release.

    Attributes:
        labels: Each folded name of a country, region or framework, with its facet and its code.
        words: Each word of these names.
    """

    labels: tuple[tuple[str, str, str], ...]
    words: tuple[str, ...]


_names: WeakKeyDictionary[StoreReader, _Names] = WeakKeyDictionary()


def named_resources(view: ReleaseView, words: str) -> tuple[NamedResource, ...]:
    """The countries, regions and frameworks that have the words as a name, or a name that begins with them.

    Names of all languages count. Where whole names are found, beginnings are left out; of parts of frameworks they
    always are. A code counts in capitals alone, since `in` is no search for India.

    Args:
        view: The release.
        words: The words of the search.
    """
    wanted = fold(words)
    whole = {(facet, code) for label, facet, code in _names_of(view).labels if label == wanted}
    if words.isupper() and words in view.vocabulary.countries:
        whole.add(("country", words))
    found = whole
    if not whole and len(wanted) >= _SHORTEST_PREFIX:
        parts = {code for code, one in view.vocabulary.concepts.get("framework", {}).items() if one.broader}
        names = _names_of(view).labels
        found = {(facet, code) for label, facet, code in names if label.startswith(wanted) and code not in parts}
    named = [one for one in (_named(view, *pair) for pair in found) if one and (whole or one.projects)]
    named.sort(key=lambda one: (-one.projects, name_order(one.link.name)))
    return tuple(named[:_MOST_CARDS])


def corrected_words(view: ReleaseView, filters: Filters) -> str:
    """The words of a search without results, with misspelt ones replaced; empty if they find nothing either.

    Args:
        view: The release.
        filters: The words, and the filters that stay.
    """
    words, reader = search_words(filters.words), projects_of(view)
    corrected: list[str] = []
    for word in words:
        known = projects_with_name(view, word) or any(reader.with_word(kind, word) for kind in (CODES, TITLES, TEXTS))
        corrected.append(word if known else _closest(view, word) or word)
    if sum(old != new for old, new in zip(words, corrected, strict=True)) not in range(1, _MOST_CORRECTED + 1):
        return ""
    suggestion = " ".join(corrected)
    return suggestion if filter_projects(view, replace(filters, words=suggestion)) else ""


def _closest(view: ReleaseView, word: str) -> str:
    """The word of names and titles that is closest to a misspelt one; empty if none is close."""
    if len(word) < _SHORTEST_WORD:
        return ""
    letters = frozenset(word)
    words = chain(_names_of(view).words, projects_of(view).words())
    near = (one for one in words if len(one) >= _SHORTEST_WORD and len(letters ^ frozenset(one)) <= _FAR_LETTERS)
    close = [one for one in near if within_edit_distance(word, one)]
    return max(close, key=lambda one: (SequenceMatcher(None, word, one).ratio(), one), default="")


def _names_of(view: ReleaseView) -> _Names:
    with _reading:
        if view.reader not in _names:
            labels = tuple(sorted(set(_labels(view))))
            words = {word for label, _, _ in labels for word in words_of(label)}
            _names[view.reader] = _Names(labels, tuple(sorted(words)))
        return _names[view.reader]


def _labels(view: ReleaseView) -> Iterator[tuple[str, str, str]]:
    lists = view.vocabulary
    for code, country in lists.countries.items():
        yield from _folded(country.labels, "country", code)
    for facet in ("region", "framework"):
        for code, concept in lists.concepts.get(facet, {}).items():
            yield from _folded(concept.labels, facet, code)


def _folded(labels: Iterable[Label], facet: str, code: str) -> Iterator[tuple[str, str, str]]:
    return ((fold(label.text), facet, code) for label in labels)


def _named(view: ReleaseView, facet: str, code: str) -> NamedResource | None:
    iri = view.iris.country(code) if facet == "country" else view.iris.concept(facet, code)
    link = link_to(view, iri)
    return NamedResource(link, facet, projects_of(view).having(facet, code).bit_count()) if link else None
