"""Labels that the site added later: a Warning at their line, and their values in no field."""

import pytest
from tests.read.test_page_layouts import BULLETS, LEXICON, ORIGIN, read, texts

from iomld.model import Finding, Record
from iomld.read.page.html import read_html

PAIRS = [
    ("Start Date", "2018"),
    ("Project Status", "Completed"),
    ("Project Type", "Labour Migration"),
    ("IDF Region", "Africa"),
    ("Projects ID", "LM.0009"),
    ("Benefiting Member States", "Namibia South Africa"),
]
AIMS = "One port asked.\nThe other agreed.\nA third one may join.\nIt has not said so."
ADDED = ("Harbour Master", "Office of Tides")
TITLE, BODY = "Tide Tables for Two Ports", "Two ports share their tables.\nThe tables follow the 2030 Agenda."


def dashes(pairs: list[tuple[str, str]]) -> str:
    """A page with a dash before each label."""
    return TITLE + "\n" + "".join(f"-\n{label}\n{value}\n" for label, value in pairs) + BODY


def bullets(pairs: list[tuple[str, str]]) -> str:
    """A page with a bullet before each label and indented values."""
    return TITLE + "\n\n" + "".join(f"  • {label}\n    {value}\n" for label, value in pairs) + "\n" + BODY


def flat_bullets(pairs: list[tuple[str, str]]) -> str:
    """The same without indents."""
    return TITLE + "\n\n" + "".join(f"• {label}\n{value}\n" for label, value in pairs) + "\n" + BODY


def markup(form: str, pairs: list[tuple[str, str]]) -> str:
    """A saved page with the fields in one form of markup."""
    items = "\n".join(form.format(*pair) for pair in pairs)
    body = "".join(f"<p>{line}</p>" for line in BODY.split("\n"))
    main = f"<h1>{TITLE}</h1><ul>{items}</ul><div class='text'>{body}</div>"
    return f"<html lang='en'><body><main>{main}</main></body></html>"


def unknown(record: Record) -> list[Finding]:
    """The findings about labels that are not known."""
    return [finding for finding in record.findings if finding.rule == "unknownLabel"]


@pytest.mark.parametrize("at", range(len(PAIRS) + 1))
@pytest.mark.parametrize("page", [dashes, bullets, flat_bullets])
def test_a_new_label_changes_no_other_field(page: object, at: int) -> None:
    """Wherever the site puts it, every field stays, and the Warning is at its line."""
    assert callable(page)
    added = page([*PAIRS[:at], ADDED, *PAIRS[at:]])
    record = read(added)
    assert texts(record) == texts(read(page(PAIRS)))
    (finding,) = unknown(record)
    assert finding.value == ADDED[1]
    assert finding.place is not None
    assert ADDED[0] in added.split("\n")[(finding.place.line or 0) - 1]


@pytest.mark.parametrize("at", [0, 3, len(PAIRS)])
@pytest.mark.parametrize(
    "form", ["<li><div>{}</div><div>{}</div></li>", "<li><b>{}</b> <span>{}</span></li>", "<dt>{}</dt><dd>{}</dd>"]
)
def test_a_new_label_of_a_saved_page(form: str, at: int) -> None:
    """Elements like those of the known labels, beside them, hold labels too."""

    def saved(pairs: list[tuple[str, str]]) -> Record:
        html = markup(form, pairs).replace("ul>", "dl>") if "<dt>" in form else markup(form, pairs)
        return read_html(html.encode(), ORIGIN, file="page.html", lexicon=LEXICON)

    record = saved([*PAIRS[:at], ADDED, *PAIRS[at:]])
    assert texts(record) == texts(saved(PAIRS))
    assert [finding.value for finding in unknown(record)] == [ADDED[1]]


@pytest.mark.parametrize(
    ("added", "value"),
    [
        ("-\nGrant Number\nPO.7777\n", "PO.7777"),
        ("-\nHarbour Master: Office of Tides\n", "Office of Tides"),
        ("-\nHarbour Master\n", None),
        (f"-\nAims\n{AIMS}\n", AIMS.replace("\n", " ")),
    ],
)
def test_values_of_any_form_belong_to_their_label(added: str, value: str | None) -> None:
    """A code, a sum of several lines or nothing at all under a new label is no value of a known field."""
    page = dashes(PAIRS)
    record = read(page.replace("-\nIDF Region", f"{added}-\nIDF Region"))
    assert texts(record) == texts(read(page))
    assert [finding.value for finding in unknown(record)] == [value]


def test_a_misspelt_label_is_named() -> None:
    """The right label is offered; the value is not taken for it."""
    record = read(dashes(PAIRS).replace("IDF Region", "IDF Regoin"))
    (finding,) = unknown(record)
    assert "region" not in record.values
    assert str(finding.fix) == "If 'IDF Region' was meant, correct the spelling."


@pytest.mark.parametrize(
    "text",
    [
        "-\nOur Work\nOur Work on tides and more\n-\nJoin us\nJoin us\n- Tides\n" + dashes(PAIRS),
        dashes(PAIRS) + "\n-\nFirst item\n-\nSecond item\n",
        BULLETS + "\n  • First item\n    goes on\n",
    ],
)
def test_menus_and_lists_have_no_labels(text: str) -> None:
    """A dash or bullet above the title, or in the text, begins an item and no field."""
    assert unknown(read(text)) == []


def test_the_end_that_the_site_invented() -> None:
    """French pages without a start year end in 2024, whatever they ended in: that year is left out."""
    page = "Marées\n-\nDate de fin\n2024\n-\nStatut du projet\nAchevé\n-\nProjet ID\nLM.0009\n"
    record = read(page)
    assert "endYear" not in record.values
    assert [(f.rule, f.field, f.value) for f in record.findings] == [("falseEndYear", "endYear", "2024")]
    started = read(page.replace("-\nDate de fin", "-\nDate de début\n2023\n-\nDate de fin"))
    assert texts(started)["endYear"] == ["2024"]
    assert texts(read(page.replace("2024", "2019")))["endYear"] == ["2019"]
