"""The form at `/validate` that makes one record: generated from the fields, and checked like any other record."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from markupsafe import escape
from tests.serving import Server

from iomld.assets import load_fields
from iomld.model import TEXT_LANGUAGES

pytestmark = pytest.mark.server

FILLED = {
    "record.projectCode": "PO.9001",
    "record.title.en": "Safer Ports",
    "record.title.fr": "",
    "record.status": "completed",
    "record.projectType": "PO",
    "record.coverage": "national",
    "record.region": "africa",
    "record.startYear": "2018",
    "record.endYear": "2020",
    "record.allocationYear": "2017",
    "record.budget": "100000",
    "record.budgetCurrency": "EUR",
    "record.unheard": "of",
}


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as asking:
        yield asking


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_each_field_has_an_input_with_its_label_and_its_help(client: httpx.Client, language: str) -> None:
    """In the language of the page, each help is tied to its input, and codes are chosen from their list."""
    page = client.get(f"/validate?lang={language}").text
    client.cookies.clear()
    names = set(re.findall(r'name="record\.([\w.]+)"', page))
    fields = load_fields()
    texts = {f"{key}.{tag}" for key in fields.texts for tag in TEXT_LANGUAGES}
    assert names == texts | (fields.given.keys() - fields.texts)
    for key, field in fields.given.items():
        assert field.name(language) in unescape(page), key
        assert unescape(page).count(f">{field.note(language)}") == 1, key
    helped = set(re.findall(r'aria-describedby="(record-[\w-]+)"', page))
    assert helped == set(re.findall(r'<small [^>]*id="(record-[\w-]+)"', page))
    assert helped == {f"record-{name.replace('.', '-')}-help" for name in names}
    title = re.search(r'id="record-title-fr-help">([^<]*)', page)
    assert title
    assert "Protection des migrants dans le Pacifique" in title[1]
    assert re.search(r'<select id="record-benefitingMemberStates"[^>]* multiple', page)
    assert re.search(r'<textarea id="record-narrative-en"', page)


@pytest.mark.parametrize("states", [["KE"], ["KE", "GH"], []])
def test_a_filled_form_is_checked_like_any_record(client: httpx.Client, states: list[str]) -> None:
    """The filled fields become a record; missing and contradictory values are found."""
    form = FILLED | {"record.benefitingMemberStates": states}
    report = client.post("/validate", data=form).json()
    assert report["records"] == 1
    assert report["conforms"] is (states == ["KE"]), report["results"]


def test_the_page_of_the_report_shows_the_record(client: httpx.Client) -> None:
    """It can be corrected as text, and an empty form is told so."""
    page = client.post("/validate", data=FILLED, headers={"Accept": "text/html"}).text
    assert "&#34;title&#34;" in page or "&quot;title&quot;" in page
    empty = client.post("/validate", data=dict.fromkeys(FILLED, ""))
    assert empty.status_code == 400
    assert empty.json()["type"].endswith("nothing-sent")


def test_the_form_comes_back_filled_in(client: httpx.Client) -> None:
    """After a check, each input has the value that was sent, choices too, and the form is open."""
    form = FILLED | {"record.benefitingMemberStates": ["KE", "GH"], "record.theme": "x"}
    page = client.post("/validate", data=form, headers={"Accept": "text/html"}).text
    assert '<details class="own" id="record" open>' in page
    assert re.search(r'name="record.projectCode" type="text" value="PO.9001"', page)
    assert re.search(r'name="record.title.en"[^>]*value="Safer Ports"', page)
    chosen = re.findall(r'<option value="(\w+)" selected>', page.partition('id="record"')[2].partition("</details>")[0])
    assert {"completed", "national", "africa", "KE", "GH"} <= set(chosen)


@pytest.mark.parametrize(
    ("text", "words", "mark"),
    [
        (
            '{"projectCode": "PO.1",\n "title": }',
            "Pasted text, line 2, column 11: this is not valid JSON.",
            "<mark>}</mark>",
        ),
        ("", "Nothing was sent.", ""),
        ("hello world", "no project record was found", ""),
        ("<html><p>hello", "", ""),
        ("@prefix s: <http://schema.org/> .\n<a> s:b .", "line 2, column", '<li id="L2" class="err">'),
        ("a,b\n1,2", "", ""),
    ],
)
def test_what_cannot_be_read_keeps_its_text(client: httpx.Client, text: str, words: str, mark: str) -> None:
    """A browser gets the form back as it was with the place; programs get the same problem as before."""
    page = client.post("/validate", data={"text": text, "profile": "published"}, headers={"Accept": "text/html"})
    assert page.status_code == 400
    assert f">{escape(text)}</textarea>" in page.text
    assert '<option value="published" selected>' in page.text
    assert words in unescape(page.text)
    assert mark in page.text
    problem = client.post("/validate", data={"text": text})
    assert problem.status_code == 400
    assert problem.headers["content-type"] == "application/problem+json"
