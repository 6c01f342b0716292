"""The currency of a budget, from every form of source to the published graph: never another one than the source's."""

import io
import json
from typing import cast

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from iomld.iris import IOMLD, SCHEMA
from iomld.model import Finding, is_refused
from iomld.pipeline.conversion import Choices, Outcome
from iomld.pipeline.stages import load_pipeline, outcomes
from iomld.read import ReadOptions, read_bytes
from iomld.read.table.mapping import ColumnRule, TableMapping

PIPELINE = load_pipeline(Choices())
CELLS = ("PO.0105", "Safer Ports", "completed", "PO", "national", "asia-and-oceania", "2017", "2019", "2017", "CN")
HEADER = ("projectCode", "title_en", "status", "projectType", "coverage", "region", "startYear", "endYear",
          "allocationYear", "benefitingMemberStates")  # fmt: skip
TITLES = {"projectCode": "PO.0105", "title": {"en": "Safer Ports"}}
ACTIVITY = """<iati-activities version="2.03"><iati-activity xml:lang="en" {default}>
<iati-identifier>XM-DAC-47066-PO.9154</iati-identifier>
<title><narrative>Border Help in the North</narrative></title>
<participating-org ref="XM-DAC-47066" role="1"><narrative>IOM Development Fund</narrative></participating-org>
{budgets}</iati-activity></iati-activities>"""
BUDGET = (
    '<budget{kind}><period-start iso-date="{start}"/><period-end iso-date="2021-03-14"/>'
    '<value{currency} value-date="2020-03-01">{amount}</value></budget>'
)


def outcome_of(data: bytes | str, file: str, mapping: TableMapping | None = None) -> Outcome:
    """The outcome of the stages for the one record of a file."""
    raw = data.encode() if isinstance(data, str) else data
    options = PIPELINE.read_options(mapping=mapping) if mapping else ReadOptions(lexicon=PIPELINE.linker.lexicon)
    (outcome,) = outcomes([tuple(read_bytes(raw, file=file, options=options))], PIPELINE)
    return outcome


def money_of(outcome: Outcome) -> tuple[str | None, str | None, str | None]:
    """Amount and currency of the budget node, and the amount in dollars, as the graph of the project has them."""
    found = {quad.predicate.value: getattr(quad.object, "value", "") for quad in outcome.quads}
    return found.get(f"{SCHEMA}value"), found.get(f"{SCHEMA}currency"), found.get(f"{IOMLD}budgetUSD")


def about_money(findings: tuple[Finding, ...]) -> list[str]:
    """The findings about the budget: message and advice."""
    fields = {"budget", "budgetCurrency", "budgetUSD"}
    return [f"{one.message} {one.fix or ''}".strip() for one in findings if one.field in fields]


def csv_of(heading: str, cell: str) -> str:
    """A table of one whole project."""
    quoted = f'"{cell}"' if "," in cell else cell
    return f"{','.join(HEADER)},{heading}\n{','.join(CELLS)},{quoted}\n"


def xlsx_of(heading: str, number: float, number_format: str) -> bytes:
    """A workbook of one whole project, with a number in a format."""
    workbook = Workbook()
    sheet = cast("Worksheet", workbook.active)
    sheet.append([*HEADER, heading])
    sheet.append([*CELLS, number])
    sheet.cell(2, len(HEADER) + 1).number_format = number_format
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("heading", "cell", "money"),
    [
        ("budget (eur)", "1000", ("1000", "EUR", None)),
        ("Budget (EUR)", "1000", ("1000", "EUR", None)),
        ("Grant amount (EUR)", "€ 125,000", ("125000", "EUR", None)),
        ("Montant en euros", "1000", ("1000", "EUR", None)),
        ("budgetEUR", "1000", ("1000", "EUR", None)),
        ("budget_chf", "1000", ("1000", "CHF", None)),
        ("Budget €", "815500.00 EUR", ("815500", "EUR", None)),
        ("budget", "815500.00 EUR", ("815500", "EUR", None)),
        ("presupuesto", "100000", ("100000", "USD", "100000")),
        ("montant", "100000", ("100000", "USD", "100000")),
        ("Budget ($)", "100000", ("100000", "USD", "100000")),
        ("Budget Amount (USD)", "USD 100,000", ("100000", "USD", "100000")),
        ("Montant (US$)", "100000", ("100000", "USD", "100000")),
        ("budgetUSD", "100000", ("100000", "USD", "100000")),
    ],
)
def test_a_table_says_its_currency(heading: str, cell: str, money: tuple[str, str, str | None]) -> None:
    """A code or sign in the heading or the cell is the currency; only dollars are called dollars."""
    outcome = outcome_of(csv_of(heading, cell), "in.csv")
    assert (money_of(outcome), about_money(outcome.findings), outcome.refused) == (money, [], False)


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Budget (EUR)", "£ 125,000"),
        ("Budget (EUR)", "125000 USD"),
        ("budgetUSD", "125000 EUR"),
        ("Budget (USD/EUR)", "125000"),
        ("Budget EUR (USD)", "125000"),
    ],
)
def test_two_currencies_in_a_column_are_refused_with_one_sentence(heading: str, cell: str) -> None:
    """The row is refused, and the message does not advise to omit a currency."""
    outcome = outcome_of(csv_of(heading, cell), "in.csv")
    assert outcome.refused
    (sentence,) = about_money(outcome.findings)
    assert "leave the currency out" not in sentence
    assert money_of(outcome)[0] is None


@pytest.mark.parametrize("heading", ["Budgett (EUR)", "Budget (XYZ)", "budget_xyz", "Budget XAU", "Bugdet EUR"])
def test_nothing_but_dollars_is_to_be_called_dollars(heading: str) -> None:
    """An unknown heading of money is not read, and never advised to be a heading that means dollars."""
    outcome = outcome_of(csv_of(heading, "1000"), "in.csv")
    advice = [str(one.fix) for one in outcome.findings if one.rule == "unknownColumn"]
    assert len(advice) == 1
    assert "budgetUSD" not in advice[0]
    assert "'budget'" not in advice[0]
    assert money_of(outcome)[0] is None


@pytest.mark.parametrize(("ours", "refused"), [("budget", False), ("budgetUSD", True)])
def test_a_mapping_keeps_the_currency_of_the_heading(ours: str, *, refused: bool) -> None:
    """A foreign heading keeps its currency; a mapping cannot make dollars of euros."""
    outcome = outcome_of(csv_of("Zusage (EUR)", "1000"), "in.csv", TableMapping({"Zusage (EUR)": ColumnRule(ours)}))
    assert outcome.refused is refused
    assert money_of(outcome) == ((None, None, None) if refused else ("1000", "EUR", None))


@pytest.mark.parametrize(
    ("heading", "number_format", "money"),
    [
        ("budget", "#,##0.00 [$€-407]", ("100000", "EUR", None)),
        ("budget", "[$EUR] #,##0.00", ("100000", "EUR", None)),
        ("budget", '#,##0 "CHF"', ("100000", "CHF", None)),
        ("budget", "[$£-809]#,##0", ("100000", "GBP", None)),
        ("budget", "[$$-1009]#,##0", ("100000", "CAD", None)),
        ("budget", "[$$-409]#,##0.00", ("100000", "USD", "100000")),
        ("budget", '"$"#,##0', ("100000", "USD", "100000")),
        ("budget", "#,##0.00", ("100000", "USD", "100000")),
        ("budgetUSD", '"$"#,##0', ("100000", "USD", "100000")),
        ("Budget (EUR)", '_-* #,##0.00\\ "€"_-', ("100000", "EUR", None)),
        ("budgetUSD", "#,##0.00 [$€-407]", (None, None, None)),
        ("Budget (USD)", "#,##0.00 [$€-407]", (None, None, None)),
        ("budget", "[$$-9999]#,##0", (None, None, None)),
    ],
)
def test_a_number_format_says_its_currency(heading: str, number_format: str, money: tuple[str | None, ...]) -> None:
    """A workbook shows a currency by the format of a cell; one that differs from the heading is refused."""
    outcome = outcome_of(xlsx_of(heading, 100000, number_format), "in.xlsx")
    assert money_of(outcome) == money
    assert outcome.refused is (money[0] is None)


@pytest.mark.parametrize(
    ("keys", "money"),
    [
        ({"budget": "424000", "budgetCurrency": "EUR"}, ("424000", "EUR", None)),
        ({"budget": {"amount": "424000", "currency": "EUR"}}, ("424000", "EUR", None)),
        ({"budget": {"amount": 424000, "currency": "USD"}}, ("424000", "USD", "424000")),
        ({"budgetUSD": "424000"}, ("424000", "USD", "424000")),
        ({"budget": "424000"}, ("424000", "USD", "424000")),
    ],
)
def test_a_record_in_json_says_its_currency(keys: dict[str, object], money: tuple[str, str, str | None]) -> None:
    """`budget` and `budgetCurrency`, or the amount with its currency as in our own JSON-LD."""
    outcome = outcome_of(json.dumps(TITLES | keys), "in.json")
    assert (money_of(outcome), about_money(outcome.findings)) == (money, [])


def test_an_amount_of_two_currencies_in_json_is_refused() -> None:
    """The euros of a budget node beside the same amount as dollars are a Violation at their place."""
    budget = {"id": "x", "type": "MonetaryAmount", "amount": "5000", "currency": "EUR"}
    outcome = outcome_of(json.dumps(TITLES | {"budget": budget, "budgetUSD": "5000"}), "in.json")
    (finding,) = (one for one in outcome.findings if one.rule == "budgetCurrency")
    assert is_refused((finding,))
    assert finding.place is not None
    assert finding.place.pointer == "/budget/currency"
    assert str(finding.message) == "The budget is in two currencies, “USD” and “EUR”."


def test_an_unknown_key_of_money_is_not_advised_to_be_dollars() -> None:
    """`budgetEUR` is no key; it is to be a budget with its currency."""
    outcome = outcome_of(json.dumps(TITLES | {"budgetEUR": "5000", "budgetAUX": "1"}), "in.json")
    advice = [str(one.fix) for one in outcome.findings if one.rule == "unknownKey"]
    assert advice == [
        "Write it as budget, with EUR as budgetCurrency.",
        "Remove it, or look up the list of keys in the documentation.",
    ]


@pytest.mark.parametrize(
    ("budget", "money"),
    [
        ('iomld:budget [ schema:value 500.5 ; schema:currency "EUR" ]', ("500.5", "EUR", None)),
        ("iomld:budgetUSD 500.5", ("500.5", "USD", "500.5")),
        ('iomld:budgetUSD 500.5 ; iomld:budget [ schema:value 500.5 ; schema:currency "EUR" ]', (None, None, None)),
        (
            'iomld:budget [ schema:value 5 ; schema:currency "EUR" ] , [ schema:value 7.5 ; schema:currency "CHF" ]',
            (None, None, None),
        ),
    ],
)
def test_a_graph_says_its_currency(budget: str, money: tuple[str | None, ...]) -> None:
    """The budget node is read in its currency; a second one, or dollars of euros, are refused."""
    text = f"""@prefix iomld: <{IOMLD}> . @prefix schema: <{SCHEMA}> . @prefix dcterms: <http://purl.org/dc/terms/> .
        <urn:x> a iomld:Project ; iomld:projectCode "PO.0105" ; dcterms:title "Safer Ports"@en ; {budget} ."""
    outcome = outcome_of(text, "in.ttl")
    if money[0] is None:
        assert outcome.refused
        assert any(one.field in ("budget", "budgetCurrency") for one in outcome.findings)
    else:
        assert money_of(outcome) == money


def budget_of(amount: str, currency: str | None = None, kind: str = "", start: str = "2020-03-15") -> str:
    """An IATI budget."""
    words = "" if currency is None else f' currency="{currency}"'
    return BUDGET.format(kind=f' type="{kind}"' if kind else "", start=start, currency=words, amount=amount)


@pytest.mark.parametrize(
    ("default", "budgets", "money"),
    [
        ("USD", [budget_of("145975.72", "EUR")], ("145975.72", "EUR", None)),
        ("EUR", [budget_of("145975.72")], ("145975.72", "EUR", None)),
        ("USD", [budget_of("145975.72", "")], ("145975.72", "USD", "145975.72")),
        ("USD", [budget_of("5", kind="1"), budget_of("6", kind="2")], ("6", "USD", "6")),
        ("USD", [budget_of("6", kind="2"), budget_of("5")], ("6", "USD", "6")),
        ("USD", [budget_of("5"), budget_of("6", kind="2", start="2020-01-01")], (None, None, None)),
        ("USD", [budget_of("5", kind="2"), budget_of("6", kind="2")], (None, None, None)),
        ("", [budget_of("5")], (None, None, None)),
        ("", [budget_of("5", " ")], (None, None, None)),
    ],
)
def test_an_activity_says_its_currency(default: str, budgets: list[str], money: tuple[str | None, ...]) -> None:
    """`value/@currency`, else the default; an empty attribute is absent; a revised budget replaces the original."""
    text = ACTIVITY.format(default=f'default-currency="{default}"', budgets="".join(budgets))
    outcome = outcome_of(text, "in.xml")
    assert money_of(outcome) == money
    remarks = {one.rule for one in outcome.findings} & {"budgetFromIati", "budgetNotRead"}
    assert remarks == {"budgetNotRead" if money[0] is None else "budgetFromIati"}


def test_a_budget_that_is_missing_is_no_budget_in_dollars() -> None:
    """The rule about a missing budget, and its field, do not speak of dollars; no second finding for one cause."""
    missing = [one for one in outcome_of(json.dumps(TITLES), "in.json").findings if one.rule == "budget"]
    assert [(one.field, "dollar" in str(one.message)) for one in missing] == [("budget", False)]
    bad = json.dumps(TITLES | {"budget": "5", "budgetCurrency": "XYZ"})
    assert about_money(outcome_of(bad, "in.json").findings) == [
        "“XYZ” is not a currency code of ISO 4217. Write the code of one currency, such as EUR or USD."
    ]
