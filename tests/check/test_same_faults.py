"""Three faults planted in one record: every form of record gives the same three findings, each where the fault is."""

import io
import json
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from iomld.check.checker import Checker
from iomld.check.report import CheckReport
from iomld.model import Severity
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline

STATUS, STATE, BUDGET = "Finished", "Chinna", "lots"
FAULTS = {"unknownStatus": STATUS, "unknownState": STATE, "unreadableBudget": BUDGET}
PLAIN = {
    "projectCode": "PO.9001",
    "status": STATUS,
    "projectType": "PO",
    "coverage": "regional",
    "region": "africa",
    "startYear": "2018",
    "endYear": "2020",
    "allocationYear": "2018",
    "budgetUSD": BUDGET,
}
TITLE = "Planning for Mobility in Two Ports"
TABLE = (
    (*PLAIN, "title_en", "benefitingMemberStates"),
    (*PLAIN.values(), TITLE, f"Namibia; {STATE}"),
)
TURTLE = f"""\
@prefix iomld: <https://w3id.org/iomld/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://w3id.org/iomld/id/project/PO.9001> a iomld:Project ;
  iomld:projectCode "PO.9001" ; dcterms:title "{TITLE}"@en ;
  iomld:status "{STATUS}" ;
  iomld:projectType <https://w3id.org/iomld/scheme/type/PO> ;
  iomld:coverage <https://w3id.org/iomld/scheme/coverage/regional> ;
  iomld:region <https://w3id.org/iomld/scheme/region/africa> ;
  iomld:startYear "2018"^^xsd:gYear ; iomld:endYear "2020"^^xsd:gYear ; iomld:allocationYear "2018"^^xsd:gYear ;
  iomld:benefitingMemberState <https://w3id.org/iomld/id/country/NA> ,
    "{STATE}" ;
  iomld:budgetUSD "{BUDGET}" .
"""
PAGE = f"""\
{TITLE}
- Start Date
2018
- End Date
2020
- Project Status
{STATUS}
- Project Type
Migration Policy Activities
- Budget Amount (USD)
{BUDGET}
- Coverage
Regional
- Year
2018
- IDF Region
Africa
- Projects ID
PO.9001
- Benefiting Member States
Namibia
{STATE}
"""


def as_json() -> bytes:
    """Record JSON over several lines."""
    return json.dumps(PLAIN | {"title": {"en": TITLE}, "benefitingMemberStates": ["Namibia", STATE]}, indent=1).encode()


def as_csv() -> bytes:
    """A table of one row."""
    return "".join(",".join(row) + "\r\n" for row in TABLE).encode()


def as_xlsx() -> bytes:
    """The same table as a workbook."""
    workbook, out = Workbook(), io.BytesIO()
    for row in TABLE:
        workbook.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    workbook.save(out)
    return out.getvalue()


def line_of(text: str, words: str) -> int:
    """The line, from 1, on which words stand for the first time."""
    return text[: text.index(words)].count("\n") + 1


@pytest.fixture(scope="module")
def checker() -> Checker:
    """The stages, loaded once."""
    return Checker(load_pipeline(Choices()))


def planted(report: CheckReport) -> dict[str, tuple[int | None, str | None]]:
    """The Violations of a report, by rule, with line and cell; each shows what stands there."""
    found = [finding for finding in report.findings if finding.severity is Severity.VIOLATION]
    assert {finding.rule: finding.value for finding in found} == FAULTS
    assert len(found) == len(FAULTS)
    places = {finding.rule: finding.place for finding in found}
    assert all(place and FAULTS[rule] in (place.excerpt or "") for rule, place in places.items())
    return {rule: (place.line, place.cell) for rule, place in places.items() if place}


@pytest.mark.parametrize(
    ("name", "made"),
    [("r.json", as_json), ("r.ttl", TURTLE.encode), ("r.txt", PAGE.encode)],
)
def test_a_text_gives_the_lines(checker: Checker, name: str, made: Callable[[], bytes]) -> None:
    """In JSON, Turtle and the text of a page each fault is found on its line."""
    data = made()
    lines = {rule: (line_of(data.decode(), value), None) for rule, value in FAULTS.items()}
    assert planted(checker.check_bytes(data, name)) == lines


@pytest.mark.parametrize(("name", "made"), [("r.csv", as_csv), ("r.xlsx", as_xlsx)])
def test_a_table_gives_the_cells(checker: Checker, name: str, made: Callable[[], bytes]) -> None:
    """In a table each fault is found in its cell."""
    cells = {"unknownStatus": "B2", "unreadableBudget": "I2", "unknownState": "K2"}
    assert {rule: cell for rule, (_, cell) in planted(checker.check_bytes(made(), name)).items()} == cells
