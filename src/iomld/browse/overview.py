"""The content of a release in figures, for the home page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from weakref import WeakKeyDictionary

from iomld.browse.lists import list_projects, project_counts, totals_of
from iomld.browse.project.page import ProjectPage, project_page
from iomld.browse.queries import reviewed_query
from iomld.browse.search import projects_of
from iomld.browse.view import Link, ReleaseView, link_to
from iomld.folding import name_order
from iomld.iris import IOMLD
from iomld.model import ACCEPTED
from iomld.release.project_database import ALL
from iomld.release.project_reader import Figure, ProjectReader
from iomld.store.oxigraph import StoreReader

_SHOWN_FIRST = "PO.0105"


@dataclass(frozen=True, slots=True)
class Counted:
    """A resource, and the number of projects that point to it."""

    link: Link
    projects: int


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """The budgets in one currency, which are never added to those in another.

    Attributes:
        currency: The currency (ISO 4217).
        projects: Number of projects with such a budget.
        years: Sum of the budgets of the projects that start in each year, in order, including years without any.
        undated: Sum of the budgets of projects without a start year.
        regions: Sum of the budgets in each region, largest first.
    """

    currency: str
    projects: int
    years: tuple[tuple[int, Decimal], ...]
    undated: Decimal
    regions: tuple[tuple[Link, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The content of a release in figures.

    Attributes:
        projects: Number of projects.
        countries: Countries that benefit, member states and others, most projects first.
        regions: Regions of the projects, most projects first.
        frameworks: Frameworks that project texts name, without their parts, most projects first.
        types: Types of projects, most projects first.
        budgets: The budgets in each currency, the one of most projects first.
        years: Number of projects for each start year, in order, including years without projects.
        undated: Number of projects without a start year.
        example: One project, to be drawn with its links; None in a release without projects.
    """

    projects: int
    countries: tuple[Counted, ...]
    regions: tuple[Counted, ...]
    frameworks: tuple[Counted, ...]
    types: tuple[Counted, ...]
    budgets: tuple[BudgetFigures, ...]
    years: tuple[tuple[int, int], ...]
    undated: int
    example: ProjectPage | None


def release_overview(view: ReleaseView) -> Overview:
    """Compute the figures; takes about ten milliseconds, so cache them with the release."""
    manifest = view.release.manifest
    totals = totals_of(projects_of(view).figures(*ALL))
    return Overview(
        projects=manifest.projects,
        countries=_ranked(view, f"{IOMLD}benefitingCountry"),
        regions=_ranked(view, f"{IOMLD}region"),
        frameworks=tuple(counted for counted in _ranked(view, f"{IOMLD}mentionsFramework") if _is_whole(view, counted)),
        types=_ranked(view, f"{IOMLD}projectType"),
        budgets=budget_figures(view, projects_of(view)),
        years=totals.years,
        undated=totals.undated,
        example=_example(view),
    )


def budget_figures(view: ReleaseView, reader: ProjectReader) -> tuple[BudgetFigures, ...]:
    """Add up the budgets of all projects, by currency.

    Args:
        view: The release, for the names of regions.
        reader: The projects.
    """
    funded: dict[str, list[Figure]] = {}
    for figure in reader.figures(*ALL):
        if figure.currency:
            funded.setdefault(figure.currency, []).append(figure)
    regions: dict[str, dict[str, Decimal]] = {}
    for region in reader.sets.get("region", {}):
        for figure in reader.figures("region", region):
            amounts = regions.setdefault(figure.currency, {})
            amounts[region] = amounts.get(region, Decimal()) + figure.amount
    found = (_budgets_in(view, currency, known, regions.get(currency, {})) for currency, known in funded.items())
    return tuple(sorted(found, key=lambda one: (-one.projects, one.currency)))


def _budgets_in(
    view: ReleaseView, currency: str, funded: Sequence[Figure], regions: Mapping[str, Decimal]
) -> BudgetFigures:
    years = {figure.start_year: figure.amount for figure in funded}
    undated = years.pop(None, Decimal())
    known = [year for year in years if year is not None]
    span = range(min(known), max(known) + 1) if known else range(0)
    linked = ((link_to(view, view.iris.concept("region", code)), total) for code, total in regions.items())
    ranked = sorted(((link, sum_) for link, sum_ in linked if link), key=lambda one: (-one[1], name_order(one[0].name)))
    return BudgetFigures(
        currency=currency,
        projects=sum(figure.projects for figure in funded),
        years=tuple((year, years.get(year, Decimal())) for year in span),
        undated=undated,
        regions=tuple(ranked),
    )


@dataclass(frozen=True, slots=True)
class MatcherPrecision:
    """How often the matcher was right, of the mentions that people have reviewed.

    Attributes:
        right: Number of mentions that they accepted.
        reviewed: Number of those that they accepted or rejected.
        query: The query that counts both.
    """

    right: int
    reviewed: int
    query: str


def matcher_precision(view: ReleaseView) -> MatcherPrecision:
    """Count the reviewed mentions that the matcher found; cached as long as the release is open.

    Mentions that records state by hand say nothing of the matcher.
    """
    if view.reader not in _precisions:
        query = reviewed_query(view.iris)
        counts = {row["status"].value: int(row["mentions"].value) for row in view.reader.select(query)}
        right = counts.get(view.iris.concept("review", ACCEPTED), 0)
        _precisions[view.reader] = MatcherPrecision(right, sum(counts.values()), query)
    return _precisions[view.reader]


_precisions: WeakKeyDictionary[StoreReader, MatcherPrecision] = WeakKeyDictionary()


def shown_key(view: ReleaseView) -> str | None:
    """The key of the project used as an example; None in a release without projects."""
    if view.reader.has_graph(view.iris.record(_SHOWN_FIRST)):
        return _SHOWN_FIRST
    first = next(iter(list_projects(view).rows), None)
    return first.key if first else None


def _ranked(view: ReleaseView, predicate: str) -> tuple[Counted, ...]:
    counts = project_counts(view, predicate)
    counted = [Counted(link, count) for iri, count in counts.items() if (link := link_to(view, iri))]
    return tuple(sorted(counted, key=lambda one: (-one.projects, name_order(one.link.name))))


def _is_whole(view: ReleaseView, counted: Counted) -> bool:
    concept = view.vocabulary.concepts["framework"].get(counted.link.code)
    return concept is None or concept.broader is None


def _example(view: ReleaseView) -> ProjectPage | None:
    key = shown_key(view)
    return project_page(view, key) if key else None
