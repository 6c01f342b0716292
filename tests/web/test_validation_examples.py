"""The examples of the Validate page: wrong as they are, right once each finding is corrected."""

import pytest

from iomld.check.checker import Checker
from iomld.model import Severity
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline
from iomld.web.pages.validate import EXAMPLES, FORMS, example_record

CORRECTIONS = (("finished", "Completed"), ("2017", "2020"), ("100 000 USD", "100000.00"), ("Kennya", "Kenya"))


@pytest.fixture(scope="module")
def checker() -> Checker:
    """The stages with the profile of submissions."""
    return Checker(load_pipeline(Choices()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_conforms_once_it_is_corrected(checker: Checker, name: str) -> None:
    """Each of the four mistakes is a Violation with a line; without them there is none."""
    text = example_record(name)
    found = [one for one in checker.check_bytes(text.encode(), name).findings if one.severity is Severity.VIOLATION]
    assert len(found) == len(CORRECTIONS)
    assert all(one.place and one.place.line for one in found)
    for wrong, right in CORRECTIONS:
        text = text.replace(wrong, right)
    assert checker.check_bytes(text.encode(), name).conforms


def test_every_example_has_a_link() -> None:
    """And a word that is not known gives one all the same."""
    assert {name for name, _ in FORMS} == set(EXAMPLES)
    assert example_record("1") == EXAMPLES["json"]
    assert example_record("") == ""
