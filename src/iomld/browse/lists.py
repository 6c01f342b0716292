"""Lists of projects, and their totals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from weakref import WeakKeyDictionary

from pyoxigraph import NamedNode

from iomld.browse.queries import COUNTS, POINTING, bound
from iomld.browse.search import Selection, all_projects, projects_of
from iomld.browse.view import Link, ReleaseView, links_by_name
from iomld.iris import IOMLD
from iomld.model import DOLLARS, Money
from iomld.release.project_index import CODED, ProjectEntry, code_iri, coded
from iomld.release.project_reader import Figure, set_of
from iomld.store.oxigraph import StoreReader

_PAGE = 100
_counts: WeakKeyDictionary[StoreReader, dict[str, Mapping[str, int]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project in a list.

    Attributes:
        key: Last segment of its IRI, decoded.
        iri: Its IRI.
        title: Title in the view's language, else the English one, else any.
        language: Language of that title.
        start_year: Four digits, if known.
        end_year: Four digits, if known.
        states: Countries that benefit, by name.
    """

    key: str
    iri: str
    title: str
    language: str
    start_year: str | None
    end_year: str | None
    states: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list.

    Attributes:
        rows: The projects of this page, by code.
        total: Number of projects in the whole list.
        page: Number of this page, from 1.
        pages: Number of pages, at least 1.
    """

    rows: tuple[ProjectRow, ...]
    total: int
    page: int
    pages: int


def list_projects(view: ReleaseView, *, page: int = 1) -> Listing:
    """All projects by code; see `iomld.browse.search` for filtered lists.

    Args:
        view: The release.
        page: Number of the page, from 1.
    """
    return _listing(view, all_projects(view), page)


def projects_pointing(view: ReleaseView, predicate: str, iri: str, *, page: int = 1) -> Listing:
    """The projects that point to a resource with a property, by code.

    Args:
        view: The release.
        predicate: IRI of the property.
        iri: The resource.
        page: Number of the page, from 1.
    """
    reader = projects_of(view)
    facet = _facet_of(predicate)
    if facet:
        found = reader.having(facet, coded(view.iris, facet, iri))
    else:
        query = bound(POINTING, property=[NamedNode(predicate)], value=[NamedNode(iri)])
        found = set_of(reader.number(row["project"].value) for row in view.reader.select(query))
    return _listing(view, Selection(reader, (found,)), page)


def project_counts(view: ReleaseView, predicate: str) -> Mapping[str, int]:
    """The number of projects for each value of a property, by IRI or text; cached as long as the release is open."""
    facet = _facet_of(predicate)
    if facet:
        values = projects_of(view).sets.get(facet, {})
        return {code_iri(view.iris, facet, value): projects.bit_count() for value, projects in values.items()}
    cached = _counts.setdefault(view.reader, {})
    if predicate not in cached:
        rows = view.reader.select(bound(COUNTS, property=[NamedNode(predicate)]))
        cached[predicate] = {row["value"].value: int(row["projects"].value) for row in rows}
    return cached[predicate]


def _facet_of(predicate: str) -> str | None:
    """The facet of the database whose values are those of a property."""
    return next((name for name, local in CODED.items() if predicate == IOMLD + local), None)


def _listing(view: ReleaseView, found: Selection, page: int) -> Listing:
    pages = max(1, -(-len(found) // _PAGE))
    page = min(max(page, 1), pages)
    rows = tuple(_row(view, entry) for entry in found.part((page - 1) * _PAGE, page * _PAGE))
    return Listing(rows, len(found), page, pages)


def _row(view: ReleaseView, entry: ProjectEntry) -> ProjectRow:
    title = entry.title(view.language)
    return ProjectRow(
        key=entry.key,
        iri=entry.iri,
        title=title.text,
        language=title.language or "en",
        start_year=_digits(entry.start_year),
        end_year=_digits(entry.end_year),
        states=links_by_name(view, map(view.iris.country, entry.codes["country"])),
    )


def _digits(year: int | None) -> str | None:
    return None if year is None else f"{year:04}"


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of some projects.

    Attributes:
        years: Number of projects for each start year, in order, including years without projects.
        undated: Number of projects without a start year.
        budgets: Sum of the known budgets in each currency, US dollars first.
    """

    years: tuple[tuple[int, int], ...] = ()
    undated: int = 0
    budgets: tuple[Money, ...] = ()


def totals_of(figures: Sequence[Figure]) -> Totals:
    """Add up figures of projects.

    >>> totals_of(()).years
    ()
    """
    begun: Counter[int | None] = Counter()
    sums: dict[str, Decimal] = {}
    for figure in figures:
        begun[figure.start_year] += figure.projects
        if figure.currency:
            sums[figure.currency] = sums.get(figure.currency, Decimal()) + figure.amount
    undated = begun.pop(None, 0)
    known = [year for year in begun if year is not None]
    years = range(min(known), max(known) + 1) if known else range(0)
    return Totals(
        years=tuple((year, begun[year]) for year in years),
        undated=undated,
        budgets=tuple(Money(sums[code], code) for code in sorted(sums, key=lambda code: (code != DOLLARS, code))),
    )
