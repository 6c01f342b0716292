"""Pages of text: the fields they print, the places of the values, and nothing from the site's menu."""

import pytest

from iomld.errors import SourceError
from iomld.model import Record
from iomld.read import read_bytes

MENU = """-
Who we are
WHO WE AREA menu item glued to its text, about the 2030 Agenda.
-
Our Work
- 2030 Agenda
"""

PAGE = """Strengthening Seaports in Exampleland
-
Start Date
2017
-
End Date
2019
-
Project Status
Completed
-
Project Type
Migration Policy Activities
-
Budget Amount (USD)
100000.00
-
Coverage
National
-
Year
2016
-
IDF Region
Africa
-
Prima ID
NA10P0001
-
Projects ID
PO.0001
-
Benefiting Member States
Namibia
First paragraph.

  Second paragraph, on the Sendai Framework.
"""


def read(text: str) -> Record:
    """The one record of a page."""
    return next(read_bytes(text.encode(), file="page.txt"))


def test_each_labelled_value_is_read_with_its_line() -> None:
    """Every field holds the printed string and the line that it is on."""
    record = read(MENU + PAGE)
    found = {name: values[0].text for name, values in record.values.items()}
    assert found == {
        "title": "Strengthening Seaports in Exampleland",
        "startYear": "2017",
        "endYear": "2019",
        "status": "Completed",
        "projectType": "Migration Policy Activities",
        "budgetUSD": "100000.00",
        "coverage": "National",
        "allocationYear": "2016",
        "region": "Africa",
        "primaId": "NA10P0001",
        "projectCode": "PO.0001",
        "benefitingMemberStates": "Namibia",
        "narrative": "First paragraph.\nSecond paragraph, on the Sendai Framework.",
    }
    lines = (MENU + PAGE).split("\n")
    for name, values in record.values.items():
        line = values[0].place.line
        assert line is not None
        assert values[0].text.split("\n")[0] == lines[line - 1].strip(), name


def test_a_page_without_a_title_gives_none_from_the_menu() -> None:
    """A menu item above the first field is never taken for the title."""
    record = read(MENU + PAGE.split("\n", 1)[1])
    assert "title" not in record.values


def test_a_field_without_a_value_is_absent() -> None:
    """An empty field is unknown; the next label is never read as its value."""
    record = read(PAGE.replace("Completed\n", ""))
    assert "status" not in record.values
    assert record.values["projectType"][0].text == "Migration Policy Activities"


def test_french_and_spanish_labels_are_known() -> None:
    """The same fields are found under French and Spanish labels, and the language is that of the labels."""
    french = read("Un titre\n-\nStatut du projet\nAchevé\n-\nProjet ID\nPO.0002\n-\nAnnée\n2016\n")
    assert french.values["status"][0].text == "Achevé"
    assert french.values["title"][0].language == "fr"
    spanish = read("Un título\n-\nTipo de proyecto\nFinalizado\n-\nTipo de proyecto\nTCMMCB\n-\nAño\n2016\n")
    assert (spanish.values["status"][0].text, spanish.values["projectType"][0].text) == ("Finalizado", "TCMMCB")
    assert spanish.values["title"][0].language == "es"


def test_a_field_that_stands_twice_with_two_values_is_a_violation() -> None:
    """Two different values of one field are both named."""
    record = read(PAGE.replace("-\nCoverage", "-\nYear\n2015\n-\nCoverage"))
    (finding,) = record.findings
    assert (finding.rule, finding.field, finding.value) == ("repeatedField", "allocationYear", "2016")
    assert "2015" in str(finding.message)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    """The same page with CR LF and a BOM gives the same values."""
    plain = read(PAGE)
    other = next(read_bytes(b"\xef\xbb\xbf" + PAGE.replace("\n", "\r\n").encode(), file="page.txt"))
    assert {n: v[0].text for n, v in plain.values.items()} == {n: v[0].text for n, v in other.values.items()}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "binary"),
        (b"Title\n-\nProjects ID\nPO.0001\n\x07bell\n", "line 5"),
        ("Título\nAño".encode("latin-1"), "UTF-8"),
        (b"Just a letter.\nNo fields here.\n", "no project record"),
    ],
)
def test_what_cannot_be_read_says_why_and_where(data: bytes, words: str) -> None:
    """Each unreadable file raises with the file's name and a reason."""
    with pytest.raises(SourceError, match=words) as caught:
        list(read_bytes(data, file="bad.txt"))
    assert "bad.txt" in str(caught.value)
