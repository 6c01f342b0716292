"""What a list of projects comes to: how many begin in each year, and their budgets."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from iomld.release.project_index import ProjectEntry


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of some projects.

    Attributes:
        years: For each start year the number of projects, in order, years without projects among them.
        undated: Number of projects without a start year.
        budget: Sum of the budgets that are known, in US dollars; None where none is.
    """

    years: tuple[tuple[int, int], ...] = ()
    undated: int = 0
    budget: Decimal | None = None


def totals_of(entries: Sequence[ProjectEntry]) -> Totals:
    """Add up projects.

    >>> totals_of(()).years
    ()
    """
    begun = Counter(entry.start_year for entry in entries if entry.start_year is not None)
    years = range(min(begun), max(begun) + 1) if begun else range(0)
    budgets = [entry.budget for entry in entries if entry.budget is not None]
    return Totals(
        years=tuple((year, begun[year]) for year in years),
        undated=len(entries) - begun.total(),
        budget=sum(budgets, Decimal()) if budgets else None,
    )
