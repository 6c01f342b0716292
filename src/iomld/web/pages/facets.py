"""Values for the page of the list of projects: rows, facets, active filters, sort orders and addresses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from iomld.browse.filter_query import filters_query
from iomld.browse.filters import BANDS, FACETS, SORTS, Filters, budget_band
from iomld.browse.search import SearchResult, projects_of
from iomld.browse.view import Link, ReleaseView, link_to
from iomld.folding import name_order
from iomld.messages import Message, gettext_noop
from iomld.release.project_index import CODED, ProjectEntry
from iomld.web.i18n import gettext
from iomld.web.pages.framework_names import full_name
from iomld.web.templating import answer_address

_LEGENDS = {
    "status": gettext_noop("Status"),
    "type": gettext_noop("Type"),
    "coverage": gettext_noop("Coverage"),
    "region": gettext_noop("Region"),
    "country": gettext_noop("Country"),
    "framework": gettext_noop("Framework"),
    "year": gettext_noop("Year active"),
    "budget": gettext_noop("Budget in US dollars"),
}
# The words that unfold all values of a facet.
_SHOW_ALL = {
    "status": gettext_noop("Show all {count} statuses"),
    "type": gettext_noop("Show all {count} types"),
    "coverage": gettext_noop("Show all {count} coverages"),
    "region": gettext_noop("Show all {count} regions"),
    "country": gettext_noop("Show all {count} countries"),
    "framework": gettext_noop("Show all {count} frameworks and parts"),
    "year": gettext_noop("Show all {count} years"),
    "budget": gettext_noop("Show all {count} budget ranges"),
}
# Why a value is none of its facet.
_UNKNOWN = {
    "status": gettext_noop("There is no status with the code {value}."),
    "type": gettext_noop("There is no project type with the code {value}."),
    "coverage": gettext_noop("There is no coverage with the code {value}."),
    "region": gettext_noop("There is no region with the code {value}."),
    "country": gettext_noop("There is no country with the code {value}."),
    "framework": gettext_noop("There is no framework with the code {value}."),
    "year": gettext_noop("{value} is not a year of four digits."),
    "budget": gettext_noop("{value} is not a budget range such as 50000-100000."),
}
_LABELS = _LEGENDS | {
    "q": gettext_noop("Words"),
    "year_from": gettext_noop("From"),
    "year_to": gettext_noop("Until"),
}
_ORDERS = (
    gettext_noop("Relevance"),
    gettext_noop("Code"),
    gettext_noop("Title"),
    gettext_noop("Newest first"),
    gettext_noop("Largest budget"),
)
_SORT_NAMES = dict(zip(SORTS, _ORDERS, strict=True))
_YEAR = re.compile(r"[1-9][0-9]{3}")
_TITLED = 4  # filters that the title of a page names
_SHOWN = 6  # values of a facet before the others unfold


@dataclass(frozen=True, slots=True)
class Option:
    """A value that can be chosen.

    Attributes:
        value: Its code in the address.
        name: Its name.
        projects: Its number of projects.
        chosen: Whether it is chosen.
        language: Language of the name; empty if that is the page's, or none.
    """

    value: str
    name: str
    projects: int
    chosen: bool
    language: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of values to filter by.

    Attributes:
        name: Name of the parameter.
        legend: Its heading.
        show_all: The words that unfold the other values, with `{count}` for the number of all.
        first: The values shown at once: the chosen ones, then those with most projects.
        others: All other values, which unfold.
        left_out: Number of the projects found whose budget is in another currency than that of the bands.
    """

    name: str
    legend: str
    show_all: str
    first: tuple[Option, ...]
    others: tuple[Option, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter, and the address of the list without it."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A chosen value that its facet cannot have: why, and the address of the list without it."""

    reason: Message
    address: str


@dataclass(frozen=True, slots=True)
class FacetRow:
    """A project in the list, with its status, states and whole frameworks, not parts of these."""

    entry: ProjectEntry
    status: Link | None
    states: tuple[Link, ...]
    frameworks: tuple[Link, ...]


def shown_rows(view: ReleaseView, found: SearchResult) -> tuple[FacetRow, ...]:
    """The rows of the current page of results."""
    return tuple(_row(view, entry) for entry in found.shown())


def shown_facets(view: ReleaseView, filters: Filters, found: SearchResult) -> tuple[Facet, ...]:
    """The facets that have values to choose from."""
    facets = (_facet(view, name, filters.values.get(name, ()), found.counts[name]) for name in FACETS)
    shown = (replace(facet, left_out=found.other_currencies) if facet.name == "budget" else facet for facet in facets)
    return tuple(facet for facet in shown if facet.first or facet.left_out)


def shown_chips(view: ReleaseView, filters: Filters) -> tuple[Chip, ...]:
    """A chip for each active filter."""
    return tuple(
        Chip(
            gettext("{name}: {value}", name=gettext(_LABELS[name]), value=_name(view, name, value)),
            list_address(filters.without(name, value)),
        )
        for name, value in filters.pairs()
        if name != "sort"
    )


def shown_sorts(filters: Filters) -> tuple[Option, ...]:
    """The sort orders; relevance only with search words. The default order has an empty value."""
    default = "relevance" if filters.words else "code"
    return tuple(
        Option("" if value == default else value, name, 0, value == (filters.sort or default))
        for value, name in _SORT_NAMES.items()
        if filters.words or value != "relevance"
    )


def is_known(view: ReleaseView, facet: str, value: str) -> bool:
    """Whether a facet can have a value, with projects or without."""
    match facet:
        case "country":
            return value in view.vocabulary.countries or bool(projects_of(view).having(facet, value))
        case "year":
            return _YEAR.fullmatch(value) is not None
        case "budget":
            return budget_band(value) is not None
    return value in view.vocabulary.concepts.get(facet, {}) or bool(projects_of(view).having(facet, value))


def unknown_values(view: ReleaseView, filters: Filters) -> tuple[UnknownValue, ...]:
    """The chosen values that their facet cannot have."""
    return tuple(
        UnknownValue(Message(_UNKNOWN[name], {"value": value}), list_address(filters.without(name, value)))
        for name, values in filters.values.items()
        for value in values
        if not is_known(view, name, value)
    )


def list_title(view: ReleaseView, filters: Filters) -> str:
    """What the list shows, for the title of its page: `Projects in Kenya`, `Projects: Completed, 2018`."""
    pairs = [(name, value) for name, value in filters.pairs() if name != "sort"]
    match pairs:
        case []:
            return gettext("Projects")
        case [("country" | "region" as name, value)]:
            return gettext("Projects in {place}", place=_name(view, name, value))
        case [("q", words)]:
            return gettext("Projects with “{words}”", words=words)
    plain = {*CODED, "q"}
    names = [
        _name(view, name, value)
        if name in plain
        else gettext("{name}: {value}", name=gettext(_LABELS[name]), value=_name(view, name, value))
        for name, value in pairs[:_TITLED]
    ]
    return gettext("Projects: {filters}", filters=", ".join([*names, *(["…"] if len(pairs) > _TITLED else [])]))


def list_address(filters: Filters, path: str = "/projects") -> str:
    """The address of the first page of the list with filters."""
    pairs = filters.pairs()
    return f"{path}?{urlencode(pairs)}" if pairs else path


def page_address(filters: Filters, page: int) -> str:
    """The address of one page of the list."""
    return f"/projects?{urlencode((*filters.pairs(), ('page', str(page))))}"


def query_address(view: ReleaseView, filters: Filters) -> str:
    """The address of the query page, with a query that finds the same projects, run."""
    return answer_address(filters_query(view.iris, replace(filters, page=1)))


def band_name(text: str) -> str:
    """The name of a budget band; the text itself if it is not a band.

    >>> band_name("0-50000"), band_name("500000-"), band_name("x")
    ('up to US$ 50,000', 'US$ 500,000 and more', 'x')
    """
    band = budget_band(text)
    if band is None:
        return text
    low, high = band
    if high is None:
        return gettext("US$ {low} and more", low=low)
    if low:
        return gettext("US$ {low} to {high}", low=low, high=high)
    return gettext("up to US$ {high}", high=high)


def _row(view: ReleaseView, entry: ProjectEntry) -> FacetRow:
    concepts = view.vocabulary.concepts["framework"]
    wholes = tuple(code for code in entry.codes["framework"] if code not in concepts or concepts[code].broader is None)
    statuses = _links(view, "status", entry.codes["status"])
    return FacetRow(
        entry,
        statuses[0] if statuses else None,
        _links(view, "country", entry.codes["country"]),
        _links(view, "framework", wholes),
    )


def _links(view: ReleaseView, facet: str, codes: tuple[str, ...]) -> tuple[Link, ...]:
    links = (link_to(view, _iri(view, facet, code)) for code in codes)
    return tuple(sorted((link for link in links if link), key=lambda link: name_order(link.name)))


def _iri(view: ReleaseView, facet: str, code: str) -> str:
    return view.iris.country(code) if facet == "country" else view.iris.concept(facet, code)


def _facet(view: ReleaseView, name: str, chosen: tuple[str, ...], counts: Mapping[str, int]) -> Facet:
    options = [
        Option(value, _name(view, name, value), count, value in chosen, _language(view, name, value))
        for value, count in counts.items()
        if count or is_known(view, name, value)
    ]
    match name:
        case "year":
            options.sort(key=lambda option: option.value, reverse=True)
        case "budget":
            options.sort(key=lambda option: BANDS.index(option.value) if option.value in BANDS else len(BANDS))
        case _:
            options.sort(key=lambda option: (-option.projects, name_order(option.name)))
    options.sort(key=lambda option: not option.chosen)
    shown = max(_SHOWN, len(chosen))
    return Facet(name, _LEGENDS[name], _SHOW_ALL[name], tuple(options[:shown]), tuple(options[shown:]))


def _name(view: ReleaseView, facet: str, value: str) -> str:
    """The name of a value; an unknown value is its own name."""
    if facet == "budget":
        return band_name(value)
    link = _link(view, facet, value)
    return full_name(link) if link else value


def _language(view: ReleaseView, facet: str, value: str) -> str:
    """The language of the name of a value; empty for a number or a code."""
    link = _link(view, facet, value)
    return link.language if link else ""


def _link(view: ReleaseView, facet: str, value: str) -> Link | None:
    return link_to(view, _iri(view, facet, value)) if facet in CODED else None
