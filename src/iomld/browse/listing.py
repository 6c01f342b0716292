"""Lists of projects: all, and those that point to a thing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode

from iomld.browse.links import Link, link_to
from iomld.browse.queries import ALL, COUNTS, POINTING, ROWS, bound
from iomld.browse.view import ReleaseView
from iomld.iris import DCTERMS, IOMLD

_PAGE = 100


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
    return _listing(view, [row["project"].value for row in view.reader.select(bound(ALL))], page)


def projects_pointing(view: ReleaseView, predicate: str, iri: str, *, page: int = 1) -> Listing:
    """Projects by code that point to a thing with a property."""
    query = bound(POINTING, property=[NamedNode(predicate)], value=[NamedNode(iri)])
    return _listing(view, [row["project"].value for row in view.reader.select(query)], page)


def project_counts(view: ReleaseView, predicate: str, values: Iterable[str] = ()) -> dict[str, int]:
    """For each value of a property (its IRI or text) the number of projects that have it.

    Args:
        view: The release.
        predicate: IRI of the property.
        values: IRIs to count; all values where none is given.
    """
    terms = {"value": [NamedNode(iri) for iri in sorted(values)]} if values else {}
    rows = view.reader.select(bound(COUNTS, property=[NamedNode(predicate)], **terms))
    return {row["value"].value: int(row["projects"].value) for row in rows}


def project_key(view: ReleaseView, iri: str) -> str:
    """The key in a project's IRI."""
    return unquote(iri.removeprefix(view.iris.project("")))


def names_of(view: ReleaseView, iri: str) -> list[str]:
    """All names that a country or concept goes by, in all languages."""
    family, _, code = unquote(iri.removeprefix(view.iris.base)).partition("/")
    scheme, _, code = code.partition("/")
    country = view.vocabulary.countries.get(code) if family == "id" else None
    named = country or view.vocabulary.concepts.get(scheme, {}).get(code)
    return [label.text for label in named.labels] if named else []


def _listing(view: ReleaseView, found: list[str], page: int) -> Listing:
    pages = max(1, -(-len(found) // _PAGE))
    page = min(max(page, 1), pages)
    return Listing(_rows(view, found[(page - 1) * _PAGE : page * _PAGE]), len(found), page, pages)


def _rows(view: ReleaseView, iris: list[str]) -> tuple[ProjectRow, ...]:
    if not iris:
        return ()
    found: dict[str, dict[str, list[NamedNode | Literal]]] = {iri: {} for iri in iris}
    for solution in view.reader.select(bound(ROWS, project=map(NamedNode, iris))):
        properties = found[solution["project"].value]
        properties.setdefault(solution["property"].value, []).append(solution["value"])
    return tuple(_row(view, iri, properties) for iri, properties in found.items())


def _row(view: ReleaseView, iri: str, properties: Mapping[str, list[NamedNode | Literal]]) -> ProjectRow:
    def year(predicate: str) -> str | None:
        return min((term.value for term in properties.get(predicate, ())), default=None)

    key = project_key(view, iri)
    titles = [term for term in properties.get(f"{DCTERMS}title", ()) if isinstance(term, Literal)]
    title = min(
        titles,
        key=lambda text: (text.language != view.language, text.language != "en", text.language or ""),
        default=Literal(key),
    )
    states = (link_to(view, term.value) for term in properties.get(f"{IOMLD}benefitingCountry", ()))
    return ProjectRow(
        key=key,
        iri=iri,
        title=title.value,
        language=title.language or "en",
        start_year=year(f"{IOMLD}startYear"),
        end_year=year(f"{IOMLD}endYear"),
        states=tuple(sorted((state for state in states if state), key=lambda state: state.name)),
    )
