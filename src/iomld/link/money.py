"""Reads the budget of a project: one amount, and the one currency that all its statements agree on.

The currency is stated by the field (`budgetUSD`), by `budgetCurrency` (a key, a heading, the number format of a cell,
an attribute of IATI), and beside the amount (`€ 125,000`). Nothing is converted.
"""

from collections.abc import Mapping
from decimal import Decimal

from iomld.lexicon.currencies import currencies_of, split_currency
from iomld.link.values import read_amount
from iomld.messages import Message, message
from iomld.model import AMOUNT_FIELDS, DOLLARS, Finding, Money, Severity, Value


def read_money(
    values: Mapping[str, tuple[Value, ...]], own_currency: str | None
) -> tuple[Money | None, tuple[Finding, ...]]:
    """Read the fields `budget`, `budgetCurrency` and `budgetUSD` of a record.

    Args:
        values: The values of the record.
        own_currency: The publisher's own currency (ISO 4217) for an amount that names none; None if it has none.

    Returns:
        The budget, or None; with a Violation if it cannot be read, its currency is unknown, or statements disagree.
    """
    amounts: list[tuple[Decimal, Value]] = []
    stated: list[tuple[str, Value]] = [(value.text, value) for value in values.get("budgetCurrency", ()) if value.text]
    for field in AMOUNT_FIELDS:
        value = next((value for value in values.get(field, ()) if value.text.strip()), None)
        if value is None:
            continue
        number, words = split_currency(value.text)
        amount = read_amount(number)
        if amount is None or not all(map(currencies_of, words)) or _is_repeated(field, words):
            return None, (_unreadable(value, field, amount, words),)
        stated = [(DOLLARS, value)] * (field == "budgetUSD") + stated + [(word, value) for word in words]
        amounts.append((amount, value))
    if not amounts:
        return None, ()
    (amount, source), other = amounts[0], amounts[-1]
    if amount != other[0]:
        return None, (_two_amounts(source, other[1]),)
    currency, fault = _currency(stated, source, own_currency)
    return (Money(amount, currency) if currency else None), ((fault,) if fault else ())


def read_sum(value: Value, field: str) -> tuple[Decimal | None, tuple[Finding, ...]]:
    """Read a number of a field whose currency or unit is fixed.

    Returns:
        The number, or None and a Violation `unreadableBudget`.
    """
    number, words = split_currency(value.text)
    amount = read_amount(number)
    if amount is not None and not words:
        return amount, ()
    return None, (_unreadable(value, field, amount, words),)


def _is_repeated(field: str, words: tuple[str, ...]) -> bool:
    """Whether `budgetUSD`, which must be a plain number, also names dollars."""
    return field == "budgetUSD" and bool(words) and all(DOLLARS in currencies_of(word) for word in words)


def _unreadable(value: Value, field: str, amount: Decimal | None, words: tuple[str, ...]) -> Finding:
    if amount is not None and _is_repeated(field, words):
        problem = message("“{value}” is not a plain number.", value=value.text)
        fix = message("Write {value} and leave the currency out.", value=f"{amount:.2f}")
    else:
        problem = message("“{value}” cannot be read as one amount of money.", value=value.text)
        fix = (
            message("Write it like 100000.00 and leave the currency out.")
            if field == "budgetUSD"
            else message("Write it like 100000.00; its currency code can follow.")
        )
    return Finding("unreadableBudget", Severity.VIOLATION, problem, fix, field, value.text, place=value.place)


def _common(stated: list[tuple[str, Value]]) -> frozenset[str]:
    """The currencies that all statements allow; none where nothing is stated."""
    allowed = [currencies_of(word) for word, _ in stated]
    return frozenset.intersection(*allowed) if allowed else frozenset()


def _currency(
    stated: list[tuple[str, Value]], source: Value, own_currency: str | None
) -> tuple[str | None, Finding | None]:
    """The currency that all statements agree on, or a Violation."""
    for word, value in stated:
        if not currencies_of(word):
            problem = message("“{value}” is not a currency code of ISO 4217.", value=word[:80])
            return None, _fault(problem, message("Write the code of one currency, such as EUR or USD."), value)
    allowed = _common(stated) if stated else frozenset(filter(None, [own_currency]))
    if stated and not allowed:
        one, other = _opposed(stated)
        problem = message("The budget is in two currencies, “{one}” and “{other}”.", one=one[0], other=other[0])
        return None, _fault(problem, message("Keep the right one; amounts are never converted."), other[1])
    if len(allowed) == 1 or own_currency in allowed:
        return (next(iter(allowed)) if len(allowed) == 1 else own_currency), None
    if stated:
        problem = message("“{sign}” is the sign of several currencies.", sign=stated[0][0])
        fix = message("Write the code of one currency, such as EUR or USD.")
    else:
        problem = message("The budget “{value}” has no currency.", value=source.text[:80])
        fix = message("Give its ISO 4217 code as budgetCurrency, or in the heading: budget (EUR).")
    return None, _fault(problem, fix, source)


def _opposed(stated: list[tuple[str, Value]]) -> tuple[tuple[str, Value], tuple[str, Value]]:
    """The first two statements that no currency fits."""
    return next(
        (one, other)
        for number, other in enumerate(stated)
        for one in stated[:number]
        if not currencies_of(one[0]) & currencies_of(other[0])
    )


def _fault(problem: Message, fix: Message, value: Value) -> Finding:
    return Finding(
        "budgetCurrency", Severity.VIOLATION, problem, fix, "budgetCurrency", value.text[:80], place=value.place
    )


def _two_amounts(one: Value, other: Value) -> Finding:
    problem = message("budgetUSD is “{one}”, but budget is “{other}”.", one=one.text, other=other.text)
    fix = message("Keep the right one.")
    return Finding("repeatedField", Severity.VIOLATION, problem, fix, "budget", other.text, place=other.place)
