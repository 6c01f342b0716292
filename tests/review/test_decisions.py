"""Decisions are read from a table that people filled in, and its faults are named by line."""

import pytest

from iomld.errors import SourceError
from iomld.model import ACCEPTED, REJECTED
from iomld.review.tables import Decision, read_decisions


def test_a_filled_in_table_gives_its_decisions() -> None:
    """Rows without a decision and other columns do not count, nor does how a spreadsheet program saves the table."""
    expected = [Decision("PO.1:a", REJECTED, 2, "x.csv"), Decision("'=PO.2:b", ACCEPTED, 5, "x.csv")]
    rows = [
        "Review{0}quote{0}KEY",
        ' Rejected {0}"a',
        'quote"{0}PO.1:a',
        "unreviewed{0}b{0}PO.3:c",
        "accepted{0}c{0}''=PO.2:b",
        "{0}d",
    ]
    for delimiter, encoding in ((",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16")):
        data = "\r\n".join(rows).format(delimiter).encode(encoding)
        assert list(read_decisions(data, "x.csv")) == expected
    twice = b"key,review\nPO.1:a,accepted\nPO.1:a,accepted\n"
    assert read_decisions(twice, "x.csv") == (Decision("PO.1:a", ACCEPTED, 2, "x.csv"),)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["x.csv: the first row must have the columns 'key' and 'review', each once."]),
        ("quote,framework\nGCM,gcm", ["x.csv: the first row must have the columns 'key' and 'review', each once."]),
        ("key,review,review\nPO.1:a,accepted,rejected", ["x.csv: the first row must have the columns"]),
        ("key,review\nPO.1:a,right", ["x.csv, line 2: the review is 'right'. Write accepted or rejected"]),
        ("key,review\n,accepted", ["x.csv, line 2: the key of the mention is missing."]),
        ("key,review\nPO.1:a,accepted\n\nPO.1:a,rejected", ["line 4: PO.1:a is rejected, but accepted on line 2."]),
        ("key,review\na,x\nb,y", ["2 rows have faults, so nothing was recorded.", "line 2: ", "line 3: "]),
        ("key,review\n" + "a,x\n" * 500, ["500 rows have faults", "line 11: "]),
        ("key,review\n" + "a," * 2000, ["x.csv, line 2: more than 1000 columns."]),
    ],
)
def test_faults_are_named_with_their_lines(text: str, faults: list[str]) -> None:
    """And nothing is read."""
    with pytest.raises(SourceError) as caught:
        read_decisions(text.encode(), "x.csv")
    for fault in faults:
        assert fault in str(caught.value)
    assert len(str(caught.value)) < 2000
