"""Lists of projects never compare or add up amounts of two currencies."""

import sqlite3
from contextlib import closing
from decimal import Decimal

from pyoxigraph import Literal

from iomld.browse.lists import totals_of
from iomld.iris import IOMLD, SCHEMA, Iris
from iomld.model import Money
from iomld.release.project_database import ALL, fill_with
from iomld.release.project_index import IndexedProject, indexed_project
from iomld.release.project_reader import ProjectReader


def project(code: str, amount: str, currency: str) -> IndexedProject:
    """A project with a budget."""
    statements = [(f"{SCHEMA}value", Literal(amount)), (f"{SCHEMA}currency", Literal(currency))]
    return indexed_project(Iris(), Iris().project(code), statements)


def test_sums_are_for_each_currency() -> None:
    """US dollars come first; nothing is converted."""
    with closing(sqlite3.connect(":memory:")) as database:
        amounts = (("5", "EUR"), ("7.5", "USD"), ("6", "EUR"), ("1", "CHF"))
        fill_with(database, (project(f"P{number}", *amount) for number, amount in enumerate(amounts)))
        found = totals_of(ProjectReader(database, Iris()).figures(*ALL))
    assert found.budgets == (Money(Decimal("7.5"), "USD"), Money(Decimal(1), "CHF"), Money(Decimal(11), "EUR"))


def test_a_band_of_dollars_holds_dollars_alone() -> None:
    """A budget in euros is in no band; the lower end belongs to a band, the upper one does not."""
    with closing(sqlite3.connect(":memory:")) as database:
        amounts = (("10", "USD"), ("9.99", "USD"), ("5", "EUR"))
        fill_with(database, (project(f"P{number}", *amount) for number, amount in enumerate(amounts)))
        reader = ProjectReader(database, Iris())
        bands = [reader.with_dollars(Decimal(low), high) for low, high in ((0, Decimal(10)), (10, None))]
    assert bands == [0b010, 0b001]


def test_dollars_without_a_budget_node_are_read() -> None:
    """An included file may state the amount in US dollars alone."""
    found = indexed_project(Iris(), Iris().project("A"), [(f"{IOMLD}budgetUSD", Literal("5"))])
    assert found.entry.budget == Money(Decimal(5), "USD")
