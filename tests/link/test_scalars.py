"""Years and sums are read when there is one way to read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.link.values import read_budget, read_year
from iomld.model import Place, Severity, Value

PLACE = Place("page.txt", line=7)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("100000.00", "100000.00"),
        ("100,000", "100000"),
        ("100 000", "100000"),
        ("100\u00a0000", "100000"),
        ("100\u202f000.50", "100000.50"),
        ("1,234,567.8", "1234567.8"),
        ("100000", "100000"),
        ("0", "0"),
        ("-5", "-5"),
    ],
)
def test_printed_sums_are_read(text: str, amount: str) -> None:
    """Both hosts' ways of printing a sum give the number with its cents."""
    budget, findings = read_budget(Value(text, PLACE))
    assert (str(budget), findings) == (amount, ())


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("100 000 USD", "Write 100000.00 and leave the currency out."),
        ("$150,000", "Write 150000.00 and leave the currency out."),
        ("US$ 25000.5", "Write 25000.50 and leave the currency out."),
        ("1.000,00", "Write it like 100000.00 and leave the currency out."),
        ("100.000", "Write it like 100000.00 and leave the currency out."),
        ("100000,00", "Write it like 100000.00 and leave the currency out."),
        ("1,00,000", "Write it like 100000.00 and leave the currency out."),
        ("one hundred thousand", "Write it like 100000.00 and leave the currency out."),
        ("\u0661\u0660\u0660", "Write it like 100000.00 and leave the currency out."),
        ("1e5", "Write it like 100000.00 and leave the currency out."),
    ],
)
def test_sums_with_more_than_one_reading_are_refused(text: str, fix: str) -> None:
    """A currency or an unclear separator is a Violation that shows what was found and what to write."""
    budget, (finding,) = read_budget(Value(text, PLACE))
    assert budget is None
    assert (finding.rule, finding.severity, finding.field) == ("unreadableBudget", Severity.VIOLATION, "budgetUSD")
    assert (finding.value, finding.place, str(finding.fix)) == (text, PLACE, fix)
    assert text in str(finding.message)


def test_a_year_has_four_digits() -> None:
    """A year is read as a number."""
    assert read_year(Value("2017", PLACE), "startYear") == (2017, ())


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("2017.0", "Write the year alone: 2017."),
        ("June 2017", "Write the year alone: 2017."),
        ("2017-2019", "Write four digits, such as 2017."),
        ("17", "Write four digits, such as 2017."),
        ("٢٠١٧", "Write four digits, such as 2017."),
    ],
)
def test_anything_else_is_no_year(text: str, fix: str) -> None:
    """What is not four digits is a Violation of that field."""
    year, (finding,) = read_year(Value(text, PLACE), "endYear")
    assert year is None
    assert (finding.rule, finding.field, finding.value, str(finding.fix)) == ("unreadableYear", "endYear", text, fix)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_every_sum_written_plainly_is_read_back(amount: Decimal) -> None:
    """A sum written with or without groups is the same sum."""
    assert read_budget(Value(f"{amount:f}", PLACE))[0] == amount
    assert read_budget(Value(f"{amount:,.2f}", PLACE))[0] == amount


@given(st.text())
def test_any_text_gives_a_sum_or_a_finding(text: str) -> None:
    """Nothing that a source may hold makes reading fail."""
    budget, findings = read_budget(Value(text, PLACE))
    assert (budget is None) == bool(findings)
    year, faults = read_year(Value(text, PLACE), "startYear")
    assert (year is None) == bool(faults)
