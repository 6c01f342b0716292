"""The checker, and reports of records with planted faults."""

import json

import pytest
from tests.conftest import DATA

from iomld.check.checker import Checker
from iomld.check.report import CheckReport
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline

# A file name and values that mean something to a spreadsheet, to XML, to HTML and to Turtle.
HOSTILE_NAME = '=1+1 "<script>.json'
HOSTILE_VALUE = '=cmd|"</failure><failure onload=alert(1)>\\'


@pytest.fixture(scope="session")
def checker() -> Checker:
    """The stages with the profile of submissions."""
    return Checker(load_pipeline(Choices()))


@pytest.fixture(scope="session")
def report(checker: Checker) -> CheckReport:
    """A report of two records with faults of reading, linking and shapes, under a hostile name."""
    records = [
        {"projectCode": "PO.9001", "budgetUSD": "100 000 USD", "status": HOSTILE_VALUE, "title": {"en": "A title"}},
        {"projectCode": "PO.9002", "budgetUSD": 0, "allocationYear": 2017, "startYear": 2018, "colour": "blue"},
    ]
    return checker.check_bytes(json.dumps(records, indent=1, ensure_ascii=False).encode(), HOSTILE_NAME)


@pytest.fixture(scope="session")
def clean_report(checker: Checker) -> CheckReport:
    """The report of the bundled records, which have warnings and no violation."""
    return checker.check_files([DATA])


@pytest.fixture(scope="session")
def capped_report(checker: Checker) -> CheckReport:
    """A report that lists 5 findings of many, the only Violation not among them."""
    records = [{"projectCode": f"PO.{number:04}"} for number in range(40)]
    small = Checker(checker.pipeline, checker.profile, cap=5)
    return small.check_bytes("\n".join(map(json.dumps, records)).encode(), "many.jsonl")
