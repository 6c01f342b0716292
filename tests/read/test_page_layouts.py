"""Project pages in every layout: recognized by what they hold, read by labels or by values."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import amount

from iomld.errors import SourceError
from iomld.model import Origin, Record
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline
from iomld.read.page.text import read_page

LEXICON = load_pipeline(Choices()).read_options().lexicon
ORIGIN = Origin("page.txt", "0" * 64, "text/plain")
ROOT = Path(__file__).parents[2]
PAGES = Path(os.environ.get("IOMLD_SHARED", ROOT.parent / "shared")) / "pages"

BULLETS = """Ports and Rosters in Namibia

  • Start Date
    2017
  • Project Status
    Completed
  • Project Type
    Labour Migration
  • Other Countries Benefiting at Time of Allocation
    Chile
    Uruguay
  • Projects ID
    LM.0001
  • Benefiting Member States
    Namibia Zambia

Officers were trained in two towns.
"""

BARE = """- Home
- About the Fund
Registers and Rosters in Armenia
Registers and Rosters in Armenia
Europe
LM.0002
AM10P0001
100,000
Armenia
Georgia
Labour Migration
Regional
Completed
“Offices” on both sides kept the books of the region until 2015.
-
The end of it.
"""


def read(text: str) -> Record:
    """The record of a page, read with our lists."""
    return read_page(text, ORIGIN, file="page.txt", lexicon=LEXICON)


def texts(record: Record) -> dict[str, list[str]]:
    """What a record holds, by field."""
    return {name: [value.text for value in values] for name, values in record.values.items()}


def assert_places(record: Record, text: str) -> None:
    """Every value is in the source from its line on, but for white space and normalization."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for name, values in record.values.items():
        for value in values:
            assert value.place.line is not None
            rest = unicodedata.normalize("NFC", " ".join("\n".join(lines[value.place.line - 1 :]).split()))
            first = value.text.split()[0]
            assert unicodedata.normalize("NFC", first) in unicodedata.normalize("NFC", lines[value.place.line - 1])
            assert unicodedata.normalize("NFC", " ".join(value.text.split())) in rest, name


def test_bullets_are_read_with_their_values_set_in() -> None:
    """Labels behind bullets give their values; several countries on several lines are several values."""
    record = read(BULLETS)
    assert texts(record) == {
        "title": ["Ports and Rosters in Namibia"],
        "startYear": ["2017"],
        "status": ["Completed"],
        "projectType": ["Labour Migration"],
        "benefitingCountries": ["Chile", "Uruguay"],
        "projectCode": ["LM.0001"],
        "benefitingMemberStates": ["Namibia Zambia"],
        "narrative": ["Officers were trained in two towns."],
    }
    assert_places(record, BULLETS)
    place = record.values["startYear"][0].place
    assert (place.line, place.column) == (4, 5)


ROWS = [
    ("Start Date", "2017"),
    ("Statut du projet", "Achevé"),
    ("Project Type", "Labour Migration"),
    ("Cobertura geográfica", "Nacional"),
    ("Projects ID", "LM.0001"),
    ("Benefiting Member States", "Namibia"),
]
UNKNOWN_ROWS = [("Donor Country", "France"), ("Total Cost", "750000.00"), ("Numéro", "AB.1234"), ("Duración", "2 años")]


@pytest.mark.parametrize("row", ["-\n{}\n{}\n", "  • {}\n    {}\n"])
def test_rows_stand_in_any_order_with_unknown_rows_between(row: str) -> None:
    """Rows in other orders, missing ones and unknown ones anywhere change no value, and no text holds the unknown."""
    expected = texts(read(_page(row, ROWS)))
    assert {"startYear", "status", "projectType", "coverage", "projectCode", "benefitingMemberStates"} <= set(expected)
    for shift in range(len(ROWS)):
        turned = ROWS[shift:] + ROWS[:shift]
        assert texts(read(_page(row, turned))) == expected
        rest = texts(read(_page(row, turned[1:])))
        assert rest.items() < expected.items()
        for unknown in UNKNOWN_ROWS:
            record = read(_page(row, [*turned[:2], unknown, *turned[2:]]))
            assert texts(record) == expected
            assert [finding.rule for finding in record.findings] == ["unknownLabel"]


def _page(row: str, rows: list[tuple[str, str]]) -> str:
    """A page with a title, rows of labels and values, and a text."""
    listed = "".join(row.format(*one) for one in rows)
    return f"Ports and Rosters in Namibia\n{listed}\nOfficers were trained in two towns.\n"


def test_a_sparse_page_leaves_fields_unknown() -> None:
    """Labels without values are absent fields, and the text below is never one of their values."""
    sparse = "\n".join(line for line in BULLETS.split("\n") if not line.startswith("    "))
    assert set(texts(read(sparse))) == {"title", "narrative"}
    bare = "\n".join(line.strip() for line in sparse.split("\n"))
    assert texts(read(bare)) == texts(read(sparse))


def test_an_empty_member_list_does_not_swallow_the_narrative() -> None:
    """Where the last value is missing, the narrative's first line stays in the narrative."""
    page = (
        "A Title of Words\n-\nProjects ID\nLM.0001\n-\nBenefiting Member States\n{}The team met in Kenya and Uganda.\n"
    )
    assert "benefitingMemberStates" not in read(page.format("")).values
    full = read(page.format("Kenya\nUganda\n"))
    assert texts(full)["benefitingMemberStates"] == ["Kenya", "Uganda"]
    assert texts(full)["narrative"] == ["The team met in Kenya and Uganda."]
    mistyped = read(page.format("Kenyja\n"))
    assert texts(mistyped)["benefitingMemberStates"] == ["Kenyja"], "a mistyped name is shown, not hidden in the text"


def test_spanish_status_and_type_are_told_by_value_then_by_order() -> None:
    """The ambiguous label is read by its value, even if only one is there or their order differs."""
    page = "Un título\n-\nTipo de proyecto\n{}-\nTipo de proyecto\n{}-\nProyecto ID\nPR.0001\n"
    research = "Investigación y publicaciones sobre migración"
    usual = texts(read(page.format("Finalizado\n", f"{research}\n")))
    changed = texts(read(page.format(f"{research}\n", "Finalizado\n")))
    for found in (usual, changed):
        assert (found["status"], found["projectType"]) == (["Finalizado"], [research])
    without_status = texts(read(page.format("", f"{research}\n")))
    assert "status" not in without_status
    assert without_status["projectType"] == [research]
    unknown = texts(read(page.format("Terminado del todo\n", "Otra cosa\n")))
    assert (unknown["status"], unknown["projectType"]) == (["Terminado del todo"], ["Otra cosa"])


def test_bare_values_are_told_by_form_and_words() -> None:
    """A page without labels is read: codes and sums by their form, words by our lists, a country a line."""
    record = read(BARE)
    assert texts(record) == {
        "title": ["Registers and Rosters in Armenia"],
        "region": ["Europe"],
        "projectCode": ["LM.0002"],
        "primaId": ["AM10P0001"],
        "budgetUSD": ["100,000"],
        "benefitingMemberStates": ["Armenia", "Georgia"],
        "projectType": ["Labour Migration"],
        "coverage": ["Regional"],
        "status": ["Completed"],
        "narrative": ["“Offices” on both sides kept the books of the region until 2015.\n-\nThe end of it."],
    }
    assert record.values["title"][0].language == "en"
    assert_places(record, BARE)


@pytest.mark.parametrize(
    "missing", ["Europe\n", "LM.0002\n", "100,000\n", "Armenia\nGeorgia\n", "Regional\n", "Completed\n"]
)
def test_any_bare_value_may_be_missing(missing: str) -> None:
    """Leaving one line out changes no other field."""
    whole, fewer = texts(read(BARE)), texts(read(BARE.replace(f"\n{missing}", "\n", 1)))
    gone = set(whole) - set(fewer)
    assert len(gone) == 1
    assert all(whole[name] == fewer[name] for name in fewer)


def test_bare_values_may_stand_in_any_order() -> None:
    """The order of bare values does not matter."""
    lines = BARE.split("\n")
    turned = "\n".join([*lines[:4], *reversed(lines[4:13]), *lines[13:]])
    found = texts(read(turned))
    assert found.pop("benefitingMemberStates") == ["Georgia", "Armenia"]
    assert found == {name: values for name, values in texts(read(BARE)).items() if name != "benefitingMemberStates"}


@pytest.mark.parametrize(
    ("region", "coverage", "expected"),
    [
        ("Global", "Regional", {"region": ["Global"], "coverage": ["Regional"]}),
        ("Europe", "Global", {"region": ["Europe"], "coverage": ["Global"]}),
        ("Global", "Global", {"region": ["Global"], "coverage": ["Global"]}),
        ("", "Global", {"coverage": ["Global"]}),
        ("Global", "", {"region": ["Global"]}),
    ],
)
def test_global_is_a_region_or_a_coverage(region: str, coverage: str, expected: dict[str, list[str]]) -> None:
    """The word that is in both lists fills the missing field, else the one of its position."""
    found = texts(read(BARE.replace("Europe", region).replace("Regional", coverage)))
    assert {name: found[name] for name in ("region", "coverage") if name in found} == expected


def test_a_mistyped_bare_word_keeps_its_place() -> None:
    """A line that tells nothing is given to the field that is missing there, so that linking can name it."""
    assert texts(read(BARE.replace("Labour Migration", "Labor Migrashun")))["projectType"] == ["Labor Migrashun"]
    assert texts(read(BARE.replace("100,000", "much money")))["budgetUSD"] == ["much money"]
    moved = BARE.replace("100,000\n", "").replace("Regional", "much money\nRegional")
    assert texts(read(moved))["budgetUSD"] == ["much money"], "also where the order is another"
    first = texts(read(BARE.replace("Europe", "Europa Central")))
    assert (first["region"], first["title"]) == (["Europa Central"], ["Registers and Rosters in Armenia"])
    assert texts(read(BARE.replace("LM.0002", "LM0002")))["projectCode"] == ["LM0002"]
    assert texts(read(BARE.replace("Georgia", "Georgja")))["benefitingMemberStates"] == ["Armenia", "Georgja"]


def test_a_page_of_title_countries_and_text_is_read() -> None:
    """Where a copy keeps no label and no value but the countries, these are read."""
    page = "Exchange among the ports of the coast\n\n    Kenya Mozambique\n\nThe ports met twice.\n"
    record = read(page)
    assert texts(record)["benefitingMemberStates"] == ["Kenya Mozambique"]
    assert texts(record)["narrative"] == ["The ports met twice."]


def test_labels_without_marks_and_with_colons_are_read() -> None:
    """A page copied without its dashes, or typed with colons, gives the same fields."""
    plain = "A Title\nProject Status\nCompleted\nProjects ID\nLM.0001\nBenefiting Member States\nKenya\nIt ended.\n"
    colons = "A Title\nProject Status: Completed\nProjects ID : LM.0001\nBenefiting Member States: Kenya\nIt ended.\n"
    assert texts(read(plain)) == texts(read(colons))
    assert_places(read(colons), colons)


def test_lists_and_labels_inside_the_narrative_stay_text() -> None:
    """Dashes, bullets and words that look like labels below the fields belong to the narrative."""
    body = "It has three parts.\n-\nCoverage\nA survey of four provinces was made.\n- one\n• two\n-\nthree\n* four"
    record = read(BULLETS.replace("Officers were trained in two towns.", body))
    assert texts(record)["narrative"] == [body]
    assert record.findings == ()


def test_two_pages_in_one_file_are_not_joined_in_silence() -> None:
    """A second set of fields with other values is named."""
    record = read(BULLETS + "\n" + BULLETS.replace("LM.0001", "LM.0009"))
    assert ("repeatedField", "LM.0009") in [(finding.rule, finding.value) for finding in record.findings]


def test_a_title_printed_twice_is_given_once() -> None:
    """A title doubled in its line or on two lines is one title; an item of the menu is none."""
    title = "Ports and Rosters in Namibia"
    assert texts(read(BULLETS.replace(title, title + title, 1)))["title"] == [title]
    assert texts(read(BULLETS.replace(title, f"{title}\n{title}", 1)))["title"] == [title]
    menu = "What We Do\nWhat We Do\nGet involved\nGet involved"
    assert "title" not in read(BULLETS.replace(title, menu, 1)).values


@pytest.mark.parametrize(
    "text",
    [
        "A letter.\nDear colleagues, we met in Kenya.\nYear\nYours.\n",
        "Country\nKenya\nUganda\n",
        "title,year\nSomething,2017\n",
        "- Home\n- Projects\nAfrica\nEurope\nAsia and Oceania\nRead more about our work.\n",
    ],
)
def test_what_is_no_project_page_is_refused(text: str) -> None:
    """Other texts raise, and say what was expected."""
    with pytest.raises(SourceError, match=r"page\.txt: no project record was found"):
        read(text)


def test_a_missing_last_line_end_and_odd_spaces_change_nothing() -> None:
    """A page cut after its last letter, with CR line ends or no-break spaces, gives the same values."""
    whole = texts(read(BULLETS))
    assert texts(read(BULLETS.rstrip("\n"))) == whole
    assert texts(read(BULLETS.replace("\n", "\r"))) == whole
    assert texts(read(BULLETS.replace("    ", "\u00a0   "))) == whole


SNIPPETS = [
    *BULLETS.split("\n"),
    *BARE.split("\n"),
    "-",
    "• ",
    "Global",
    "2017",
    ":",
    "Year:",
    "\r",
    "Kenya",
    "\u2028",
    "e\u0301",
]


@settings(max_examples=amount(100))
@given(st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=12)), max_size=25).map("\n".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text gives a record whose values are at their places, or a SourceError."""
    try:
        record = read(text)
    except SourceError:
        return
    assert_places(record, text)


@pytest.mark.skipif(not PAGES.is_dir(), reason="the pages with known facts are not here (IOMLD_SHARED)")
def test_every_field_of_every_known_page_is_right() -> None:
    """Precision and recall are 1 for every field, and the broken pages are refused for what is broken."""
    script = ROOT / "benchmarks" / "pages_accuracy.py"
    done = subprocess.run([sys.executable, script, PAGES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "published against the rules, or for another reason: 0" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.endswith("%")]
    assert rows
    assert all(row[-2:] == ["100.0%", "100.0%"] for row in rows)
    unasked = {row[0]: row[4] for row in rows}
    assert all(unasked[name] == "0" for name in ("prima", "start", "end", "year")), "nothing is read that is not there"
