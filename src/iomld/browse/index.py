"""All projects of a release in memory, small enough to filter and count on every request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from pyoxigraph import Literal, NamedNode

from iomld.browse.filters import BANDS, FACETS, in_band
from iomld.browse.queries import ENTRIES
from iomld.browse.view import ReleaseView
from iomld.folding import fold, folded
from iomld.iris import DCTERMS, IOMLD, Iris
from iomld.store.reader import StoreReader

# The facets whose values are codes, with the property that gives them.
CODED = {
    "country": "benefitingCountry",
    "region": "region",
    "framework": "mentionsFramework",
    "status": "status",
    "type": "projectType",
    "coverage": "coverage",
}
_NAMED = ("country", "region", "framework", "type")
_LONGEST_SPAN = 100

_Terms = Mapping[str, list[NamedNode | Literal]]


@dataclass(frozen=True, slots=True)
class Title:
    """A title and its language; the language is empty where there is none."""

    text: str
    language: str


@dataclass(frozen=True, slots=True, eq=False)
class ProjectEntry:
    """What lists, filters and tables know of a project.

    Attributes:
        key: Last segment of its IRI, decoded.
        iri: Its IRI.
        titles: Its titles, English first, then by language.
        start_year: First year, where known.
        end_year: Last year, where known.
        budget: In US dollars, where known.
        codes: For each facet of `CODED` the codes that it has, sorted; a part of a framework comes with its whole.
        searched: Folded texts, a line each, most telling first: its codes, its titles, names of what it points to, its
            texts.
    """

    key: str
    iri: str
    titles: tuple[Title, ...]
    start_year: int | None
    end_year: int | None
    budget: Decimal | None
    codes: Mapping[str, tuple[str, ...]]
    searched: tuple[str, str, str, str]

    def title(self, language: str = "en") -> Title:
        """The title in a language, else the English one, else any, else the key."""
        first = self.titles[0] if self.titles else Title(self.key, "")
        return next((title for title in self.titles if title.language == language), first)

    def years(self) -> range:
        """The years in which it is active, both ends included; none where no year is known."""
        first, last = self.start_year or self.end_year, self.end_year or self.start_year
        return range(first, min(last, first + _LONGEST_SPAN) + 1) if first and last else range(0)


@dataclass(frozen=True, slots=True, eq=False)
class ProjectIndex:
    """All projects by code, and for each value of a facet the set of those that have it.

    Attributes:
        entries: The projects, by IRI.
        sets: For each facet and value a set of projects, as a number whose bit N is project N.
        by_title: For each language of titles, for each project its place in the order of titles in that language.
    """

    entries: tuple[ProjectEntry, ...]
    sets: Mapping[str, Mapping[str, int]]
    by_title: Mapping[str, tuple[int, ...]]

    def having(self, facet: str, value: str) -> tuple[ProjectEntry, ...]:
        """The projects that have a value of a facet, by IRI."""
        return tuple(self.entries[number] for number in numbers_in(self.sets[facet].get(value, 0)))


def numbers_in(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    return (number for number, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")


_indexes: WeakKeyDictionary[StoreReader, ProjectIndex] = WeakKeyDictionary()
_building = Lock()


def project_index(view: ReleaseView) -> ProjectIndex:
    """The index of a release; made when it is first asked for and kept as long as the release is open."""
    with _building:
        if view.reader not in _indexes:
            entries = tuple(_entries(view))
            _indexes[view.reader] = ProjectIndex(entries, _sets(entries), _title_places(entries))
        return _indexes[view.reader]


def _entries(view: ReleaseView) -> Iterator[ProjectEntry]:
    found: dict[str, dict[str, list[NamedNode | Literal]]] = {}
    for row in view.reader.select(ENTRIES):
        properties = found.setdefault(row["project"].value, {})
        properties.setdefault(row["property"].value, []).append(row["value"])
    names: dict[str, str] = {}
    for iri in sorted(found):
        yield _entry(view, iri, found[iri], names)


def _entry(view: ReleaseView, iri: str, properties: _Terms, names: dict[str, str]) -> ProjectEntry:
    def texts(*predicates: str) -> str:
        return "\n".join(folded(term.value).text for predicate in predicates for term in properties.get(predicate, ()))

    linked = {facet: [term.value for term in properties.get(IOMLD + name, ())] for facet, name in CODED.items()}
    things = [thing for facet in _NAMED for thing in linked[facet]]
    for thing in things:
        if thing not in names:
            names[thing] = "\n".join(folded(name).text for name in _names_of(view, thing))
    return ProjectEntry(
        key=_project_key(view, iri),
        iri=iri,
        titles=_titles(properties),
        start_year=_year(properties, "startYear"),
        end_year=_year(properties, "endYear"),
        budget=_budget(properties),
        codes={facet: _codes(view.iris, facet, iris) for facet, iris in linked.items()},
        searched=(
            texts(f"{IOMLD}projectCode", f"{IOMLD}primaId"),
            texts(f"{DCTERMS}title"),
            "\n".join(names[thing] for thing in things),
            texts(f"{DCTERMS}abstract", f"{DCTERMS}description"),
        ),
    )


def _project_key(view: ReleaseView, iri: str) -> str:
    """The key in a project's IRI."""
    return unquote(iri.removeprefix(view.iris.project("")))


def _names_of(view: ReleaseView, iri: str) -> list[str]:
    """All names that a country or concept goes by, in all languages."""
    family, _, code = unquote(iri.removeprefix(view.iris.base)).partition("/")
    scheme, _, code = code.partition("/")
    country = view.vocabulary.countries.get(code) if family == "id" else None
    named = country or view.vocabulary.concepts.get(scheme, {}).get(code)
    return [label.text for label in named.labels] if named else []


def _titles(properties: _Terms) -> tuple[Title, ...]:
    titles = (
        Title(term.value, term.language or "")
        for term in properties.get(f"{DCTERMS}title", ())
        if isinstance(term, Literal)
    )
    return tuple(sorted(titles, key=lambda title: (title.language != "en", title.language, title.text)))


def _year(properties: _Terms, name: str) -> int | None:
    years = [term.value[:4] for term in properties.get(IOMLD + name, ())]
    return min((int(year) for year in years if year.isascii() and year.isdigit()), default=None)


def _budget(properties: _Terms) -> Decimal | None:
    amounts = [term.value for term in properties.get(f"{IOMLD}budgetUSD", ())]
    return min((Decimal(amount) for amount in amounts if _is_amount(amount)), default=None)


def _is_amount(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).removeprefix("-").isdigit()


def coded(iris: Iris, facet: str, iri: str) -> str:
    """The code of a value of a facet of `CODED`; an IRI that is none of its values stays whole."""
    return unquote(iri.removeprefix(_start(iris, facet)))


def _start(iris: Iris, facet: str) -> str:
    return iris.country("") if facet == "country" else iris.concept(facet, "")


def _codes(iris: Iris, facet: str, found: list[str]) -> tuple[str, ...]:
    start = _start(iris, facet)
    return tuple(sorted({coded(iris, facet, iri) for iri in found if iri.startswith(start)}))


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
    return {language: _places(entries, language) for language in languages}


def _places(entries: tuple[ProjectEntry, ...], language: str) -> tuple[int, ...]:
    titles = [fold(entry.title(language).text) for entry in entries]
    places = {number: place for place, number in enumerate(sorted(range(len(titles)), key=titles.__getitem__))}
    return tuple(places[number] for number in range(len(titles)))
