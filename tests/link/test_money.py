"""A budget is read when there is one way to read its amount, and one currency that all its statements agree on."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.assets import asset_text
from iomld.lexicon.currencies import CURRENCIES
from iomld.link.money import read_money
from iomld.model import Money, Place, Severity, Value

PLACE = Place("page.txt", line=7)


def read(own: str | None = None, **fields: str | tuple[str, ...]) -> tuple[Money | None, list[tuple[str, str, str]]]:
    """The budget of some fields, and field, message and fix of each finding."""
    given = {name: (texts,) if isinstance(texts, str) else texts for name, texts in fields.items()}
    money, findings = read_money(
        {name: tuple(Value(text, PLACE) for text in texts) for name, texts in given.items()}, own
    )
    assert all(finding.severity is Severity.VIOLATION and finding.place == PLACE for finding in findings)
    return money, [(finding.field or "", str(finding.message), str(finding.fix)) for finding in findings]


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
    money, findings = read(budgetUSD=text)
    assert money is not None
    assert (str(money.amount), money.currency, findings) == (amount, "USD", [])


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
    """In `budgetUSD` a currency or an unclear separator is a Violation that shows what to write."""
    money, ((field, problem, advice),) = read(budgetUSD=text)
    assert (money, field, advice) == (None, "budgetUSD", fix)
    assert text in problem


@pytest.mark.parametrize(
    ("fields", "money"),
    [
        ({"budget": "5000", "budgetCurrency": "EUR"}, Money(Decimal(5000), "EUR")),
        ({"budget": "5000", "budgetCurrency": "eur"}, Money(Decimal(5000), "EUR")),
        ({"budget": "€ 125,000"}, Money(Decimal(125000), "EUR")),
        ({"budget": "815500.00 EUR"}, Money(Decimal("815500.00"), "EUR")),
        ({"budget": "USD 100,000"}, Money(Decimal(100000), "USD")),
        ({"budget": "100000", "budgetUSD": "100,000", "budgetCurrency": "USD"}, Money(Decimal(100000), "USD")),
        ({"budget": "€ 5", "budgetCurrency": ("€", "EUR")}, Money(Decimal(5), "EUR")),
        ({"budget": "$ 5", "budgetCurrency": "CAD"}, Money(Decimal(5), "CAD")),
    ],
)
def test_every_statement_of_a_currency_counts(fields: dict[str, str], money: Money) -> None:
    """A field, a word beside the amount, and a sign that fits it, name one currency."""
    assert read("USD", **fields) == (money, [])
    assert read(**fields) == (money, [])


@pytest.mark.parametrize(
    "fields",
    [
        {"budget": "£ 125,000", "budgetCurrency": "EUR"},
        {"budgetUSD": "5000", "budgetCurrency": "EUR"},
        {"budgetUSD": "100 000 EUR"},
        {"budget": "5000", "budgetUSD": "5000", "budgetCurrency": "EUR"},
        {"budget": "5000", "budgetCurrency": ("€", "USD")},
        {"budget": "$ 5000", "budgetCurrency": "EUR"},
    ],
)
def test_two_currencies_are_refused_with_one_sentence(fields: dict[str, str]) -> None:
    """Statements that disagree are a Violation with both, and nothing says which is right or advises dollars."""
    money, ((field, problem, fix),) = read("USD", **fields)
    assert (money, field, fix) == (None, "budgetCurrency", "Keep the right one; amounts are never converted.")
    assert problem.startswith("The budget is in two currencies, “")


@pytest.mark.parametrize("word", ["XYZ", "EURO5", "EUR/USD", "XAU", "-"])
def test_only_codes_of_the_list_are_currencies(word: str) -> None:
    """A word that is no code of ISO 4217, or two of them, is a Violation."""
    money, ((field, problem, _),) = read("USD", budget="5", budgetCurrency=word)
    assert (money, field, problem) == (None, "budgetCurrency", f"“{word}” is not a currency code of ISO 4217.")


def test_an_amount_beside_an_unknown_word_is_not_read() -> None:
    """The message does not advise to omit a word that may be a currency."""
    money, ((field, problem, fix),) = read("USD", budgetUSD="100 XYZ")
    assert (money, field, problem) == (None, "budgetUSD", "“100 XYZ” cannot be read as one amount of money.")
    assert "100.00 and" not in fix


def test_a_bare_amount_is_in_the_currency_of_the_publisher_or_refused() -> None:
    """Only a publisher's own currency decides for a bare amount, or for a sign of several currencies."""
    assert read("USD", budget="100") == (Money(Decimal(100), "USD"), [])
    assert read("CAD", budget="$ 100") == (Money(Decimal(100), "CAD"), [])
    bare, sign, foreign = read(budget="100"), read(budget="$ 100"), read("EUR", budget="¥ 100")
    assert [problem for _, ((_, problem, _),) in (bare, sign, foreign)] == [
        "The budget “100” has no currency.",
        "“$” is the sign of several currencies.",
        "“¥” is the sign of several currencies.",
    ]


def test_two_amounts_are_refused() -> None:
    """`budget` and `budgetUSD` may both be given, if they say the same."""
    money, ((field, problem, _),) = read("USD", budget="5", budgetUSD="6")
    assert (money, field, problem) == (None, "budget", "budgetUSD is “6”, but budget is “5”.")


def test_the_shapes_have_the_same_currencies() -> None:
    """The rule about currencies lists what the reader knows."""
    text = asset_text("shapes/money.ttl")
    listed = text.partition("sh:in (")[2].partition(")")[0]
    assert set(re.findall(r'"([A-Z]{3})"', listed)) == CURRENCIES


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_every_sum_written_plainly_is_read_back(amount: Decimal) -> None:
    """A sum written with or without groups is the same sum."""
    for text in (f"{amount:f}", f"{amount:,.2f}"):
        assert read(budgetUSD=text) == (Money(amount, "USD"), [])
        assert read(budget=f"EUR {text}") == (Money(amount, "EUR"), [])


@given(st.text())
def test_any_text_gives_a_sum_or_a_finding(text: str) -> None:
    """Nothing that a source may hold makes reading fail."""
    money, findings = read(budgetUSD=text)
    assert (money is None) == bool(findings) or not text.strip()
