"""Years are read when there is one way to read them."""

import pytest

from iomld.link.values import read_year
from iomld.model import Place, Value

PLACE = Place("page.txt", line=7)


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
