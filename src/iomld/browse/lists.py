"""Lists of projects: all, and those that point to a thing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from pyoxigraph import NamedNode

from iomld.browse.index import project_index
from iomld.browse.links import Link, link_to
from iomld.browse.queries import COUNTS, POINTING, bound
from iomld.browse.view import ReleaseView
from iomld.iris import IOMLD
from iomld.release.project_index import CODED, ProjectEntry, coded
from iomld.store.reader import StoreReader

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
        start_year: Four digits, where known.
        end_year: Four digits, where known.
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
    """All projects by code; `iomld.browse.search` finds some of them.

    Args:
        view: The release.
        page: Number of the page, from 1.
    """
    return _listing(view, project_index(view).entries, page)


def projects_pointing(view: ReleaseView, predicate: str, iri: str, *, page: int = 1) -> Listing:
    """Projects by code that point to a thing with a property.

    Args:
        view: The release.
        predicate: IRI of the property.
        iri: The thing.
        page: Number of the page, from 1.
    """
    index = project_index(view)
    facet = next((name for name, local in CODED.items() if predicate == IOMLD + local), None)
    if facet:
        return _listing(view, index.having(facet, coded(view.iris, facet, iri)), page)
    query = bound(POINTING, property=[NamedNode(predicate)], value=[NamedNode(iri)])
    found = {row["project"].value for row in view.reader.select(query)}
    return _listing(view, [entry for entry in index.entries if entry.iri in found], page)


def project_counts(view: ReleaseView, predicate: str) -> Mapping[str, int]:
    """For each value of a property (its IRI or text) the number of projects that have it.

    Counted once and kept as long as the release is open.
    """
    kept = _counts.setdefault(view.reader, {})
    if predicate not in kept:
        rows = view.reader.select(bound(COUNTS, property=[NamedNode(predicate)]))
        kept[predicate] = {row["value"].value: int(row["projects"].value) for row in rows}
    return kept[predicate]


def _listing(view: ReleaseView, found: Sequence[ProjectEntry], page: int) -> Listing:
    pages = max(1, -(-len(found) // _PAGE))
    page = min(max(page, 1), pages)
    rows = tuple(_row(view, entry) for entry in found[(page - 1) * _PAGE : page * _PAGE])
    return Listing(rows, len(found), page, pages)


def _row(view: ReleaseView, entry: ProjectEntry) -> ProjectRow:
    title = entry.title(view.language)
    states = (link_to(view, view.iris.country(code)) for code in entry.codes["country"])
    return ProjectRow(
        key=entry.key,
        iri=entry.iri,
        title=title.text,
        language=title.language or "en",
        start_year=_digits(entry.start_year),
        end_year=_digits(entry.end_year),
        states=tuple(sorted((state for state in states if state), key=lambda state: state.name)),
    )


def _digits(year: int | None) -> str | None:
    return None if year is None else f"{year:04}"
