"""Lists of projects never compare or add up amounts of two currencies."""

from decimal import Decimal

from pyoxigraph import Literal

from iomld.browse.filters import in_band
from iomld.browse.lists import totals_of
from iomld.iris import IOMLD, SCHEMA, Iris
from iomld.model import Money
from iomld.release.project_index import ProjectEntry, project_entry


def entry(amount: str, currency: str) -> ProjectEntry:
    """A project with a budget."""
    statements = [(f"{SCHEMA}value", Literal(amount)), (f"{SCHEMA}currency", Literal(currency))]
    return project_entry(Iris(), "https://w3id.org/iomld/id/project/A", statements)


def test_sums_are_for_each_currency() -> None:
    """US dollars come first; nothing is converted."""
    found = totals_of([entry("5", "EUR"), entry("7.5", "USD"), entry("6", "EUR"), entry("1", "CHF")])
    assert found.budgets == (Money(Decimal("7.5"), "USD"), Money(Decimal(1), "CHF"), Money(Decimal(11), "EUR"))


def test_a_band_of_dollars_holds_dollars_alone() -> None:
    """A budget in euros is in no band."""
    assert in_band(Money(Decimal(5), "USD"), "0-10")
    assert not in_band(Money(Decimal(5), "EUR"), "0-10")


def test_dollars_without_a_budget_node_are_read() -> None:
    """An included file may state the amount in US dollars alone."""
    found = project_entry(Iris(), "https://w3id.org/iomld/id/project/A", [(f"{IOMLD}budgetUSD", Literal("5"))])
    assert found.budget == Money(Decimal(5), "USD")
