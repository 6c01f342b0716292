"""A table with headings of its own at `POST /validate`: its mapping is a second file, or text in the form."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from tests.serving import Server

pytestmark = pytest.mark.server

TABLE = b"Ref;Name;Stage;Where\nPO.9001;Safer Ports;Closed;Kennya / Regional\n"
MAPPING = b"""[columns]
Ref = "projectCode"
Name = "title_en"
Stage = { column = "status", values = { "closed" = "completed" } }
Where = { column = "benefitingMemberStates", separator = "/", values = { "regional" = "-" } }
[constants]
coverage = "nowhere"
"""
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as asking:
        yield asking


def sent(mapping: bytes | str, name: str | None = "m.toml", table: bytes = TABLE) -> dict[str, object]:
    """A form with a table and its mapping, as a file unless it has no name."""
    return {"file": ("grants.csv", table), "mapping": (name, mapping)}


def places(answer: httpx.Response) -> dict[str, tuple[str, int | None, str | None]]:
    """File, line and cell of each finding, by its rule."""
    found = answer.json()["results"]
    return {one["rule"]: (one["source"]["file"], one["source"].get("line"), one["source"].get("cell")) for one in found}


@pytest.mark.parametrize("name", ["m.toml", None])
def test_a_mapping_goes_with_a_table(client: httpx.Client, name: str | None) -> None:
    """As a file or as text; findings have the cells of the table, and the lines of the mapping."""
    answer = client.post("/validate", files=sent(MAPPING, name))
    assert answer.status_code == 200
    found = places(answer)
    assert found["unknownState"] == ("grants.csv", 2, "D2")
    assert found["unknownCoverage"] == (name or "mapping", 7, None)
    assert "unknownStatus" not in found
    assert client.post("/validate", files={"file": ("grants.csv", TABLE)}).status_code == 400


def test_the_page_keeps_the_mapping(client: httpx.Client) -> None:
    """Without script: cells are marked, the form has the mapping again, and files are made with it."""
    page = client.post("/validate", files=sent(MAPPING), headers=PAGE).text
    assert "Kennya / Regional" in page
    assert re.search(r'<textarea id="mapping"[^>]*>\[columns\]', page)
    form = page.split('<form class="downloads"')[1].split("</form>", maxsplit=1)[0]
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    hidden = {name: (None, unescape(value)) for name, value in [*fields, ("format", "json")]}
    assert places(client.post("/validate", files=hidden))["unknownCoverage"] == ("m.toml", 7, None)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (b'[columns]\nRef = "projectCode"\nRef = "status"\n', "m.toml, line 3: “Ref” is defined twice"),
        (b'[columns.Ref]\ncolumn = "budget"\ncurrency = "EURO"\n', "m.toml, line 3: “EURO” is not a currency code"),
        (b"\x00\x01\x02", "m.toml, line 1: not valid TOML"),
        (b"[" * 500_000, "m.toml"),
        (b".".join([b"a"] * 400_000) + b" = 1", "m.toml, line 1: the line has more than 100 dots"),
        (b"#" * (1024 * 1024 + 1), "m.toml is larger than 1048576 bytes"),
    ],
    ids=["twice", "currency", "binary", "nested", "dotted", "large"],
)
def test_a_mapping_that_cannot_be_used_is_400_with_its_line(client: httpx.Client, mapping: bytes, words: str) -> None:
    """One sentence, the same as on the command line; the next upload is checked."""
    answer = client.post("/validate", files=sent(mapping))
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["type"].endswith("mapping-unusable")
    assert problem["detail"].startswith(words), problem["detail"]
    assert client.post("/validate", files=sent(MAPPING)).status_code == 200


def test_a_cell_that_breaks_a_form_is_400_with_its_cell(client: httpx.Client) -> None:
    """The whole column is refused, once."""
    mapping = b'[columns]\nRef = "projectCode"\nName = { column = "startDate", format = "dd/MM/yyyy" }\n'
    table = b"Ref;Name\nPO.9001;01/02/2020\nPO.9002;13/13/2020\n"
    problem = client.post("/validate", files=sent(mapping, table=table)).json()
    assert problem["status"] == 400
    assert problem["detail"].startswith(
        "grants.csv, line 3, cell B3: “13/13/2020” is not a date in the format dd/MM/yyyy."
    )


def test_a_mapping_goes_with_our_rules_alone(client: httpx.Client) -> None:
    """Shapes of the client check graphs, which have no headings."""
    shapes = {"shapes": (None, "@prefix sh: <http://www.w3.org/ns/shacl#> .")}
    problem = client.post("/validate", files=sent(MAPPING) | shapes).json()
    assert (problem["status"], problem["type"].rpartition("/")[2]) == (400, "mapping-and-shapes")
