"""Reports as files, asked for by the form of the page with what was checked; nothing is kept in between."""

import io
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from openpyxl import Workbook, load_workbook
from tests.serving import Server

from iomld.check.checker import UploadReport
from iomld.check.report import Basis, Tally
from iomld.check.reports import REPORT_FORMATS
from iomld.messages import Message
from iomld.model import Finding, Place, Severity
from iomld.web.data.upload import Rules, Upload
from iomld.web.pages.validate import validation_page

pytestmark = pytest.mark.server

RECORD = '{\r\n "projectCode": "PO.9999",\n "budgetUSD": "100 000 USD €"\n}'.encode()
SHAPES = (
    "@prefix sh: <http://www.w3.org/ns/shacl#> .\n<urn:x> a sh:NodeShape ; sh:targetNode <urn:y> ; sh:class <urn:z> ."
)
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of a server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, timeout=60) as asking:
        yield asking


@pytest.fixture(autouse=True)
def _forget_the_language(client: httpx.Client) -> Iterator[None]:
    """A language that is chosen stays chosen, by a cookie."""
    yield
    client.cookies.clear()


def _fields(page: str) -> dict[str, str]:
    """The hidden fields of the form for files."""
    form = page.split('<form class="downloads"')[1].split("</form>", maxsplit=1)[0]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in found}


def _sent(fields: dict[str, str]) -> dict[str, tuple[None, str]]:
    return {name: (None, value) for name, value in fields.items()}


def test_every_report_of_a_page_is_a_file(client: httpx.Client) -> None:
    """Each button gives the report of the same bytes, as a file with a name of its own."""
    file = {"file": ("my <records>.json", RECORD)}
    page = client.post("/validate?lang=fr", files=file, headers=PAGE).text
    buttons = re.findall(r'name="format" value="(\w+)"', page)
    assert {format_.name for format_ in REPORT_FORMATS} == set(buttons)
    fields = _fields(page)
    for name in buttons:
        answer = client.post("/validate", files=_sent(fields | {"format": name}), headers=PAGE)
        assert answer.status_code == 200
        assert answer.headers["content-language"] == "fr"
        assert re.fullmatch(r'attachment; filename="my-records-report\.\w+"', answer.headers["content-disposition"])
        if name != "html":
            direct = client.post("/validate", params={"format": name, "lang": "fr"}, files=file)
            assert answer.content == direct.content
            assert "content-disposition" not in direct.headers


def test_the_form_itself_can_ask_for_a_file(client: httpx.Client) -> None:
    """Format, language and profile are fields; the page of a report keeps the last two."""
    form = {"text": (None, RECORD.decode()), "lang": (None, "es"), "profile": (None, "published")}
    answer = client.post("/validate", files=form | {"format": (None, "json")}, headers=PAGE)
    assert answer.headers["content-disposition"] == 'attachment; filename="pasted-text-report.json"'
    assert answer.json()["profile"] == "published"
    page = client.post("/validate", files=form | {"format": (None, "")}, headers=PAGE).text
    assert '<option value="published" selected>' in page
    assert '<option value="es" lang="es" selected>' in page


def test_shapes_of_the_sender_come_along(client: httpx.Client) -> None:
    """The file says that it was checked against them."""
    form = {"text": (None, "<urn:y> <urn:p> 1 ."), "shapes": ("mine.ttl", SHAPES)}
    fields = _fields(client.post("/validate", files=form, headers=PAGE).text)
    report = client.post("/validate", files=_sent(fields | {"format": "json"})).json()
    assert (report["profile"], report["counts"]["Violation"]) == ("mine.ttl", 1)


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"format": "pdf"}, 406), ({"lang": "de"}, 400), ({"profile": "mine"}, 400), ({"data": "no base64!"}, 400)],
)
def test_fields_that_say_nothing_known_are_refused(client: httpx.Client, fields: dict[str, str], status: int) -> None:
    """With a problem that says what there is."""
    answer = client.post("/validate", files=_sent({"text": "{}"} | fields))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ([("file", ("a.json", RECORD)), ("file", ("b.json", RECORD))], "“file” / “text”"),
        ([("file", ("a.json", RECORD)), ("text", (None, "{}"))], "“file” / “text”"),
        ([("text", (None, "{}")), ("text", (None, "{}"))], "“file” / “text”"),
        ([("file", ("a.json", RECORD)), ("text", ("b.json", RECORD))], "“file” / “text”"),
        ([("file", ("a.json", RECORD)), ("data", (None, "e30="))], "“file” / “text”"),
        ([("text", (None, "{}")), ("mapping", ("m.toml", b"a=1")), ("mapping", (None, "b=1"))], "“mapping”"),
        ([("text", (None, "{}")), ("shapes", ("s.ttl", SHAPES)), ("shapes", ("t.ttl", SHAPES))], "“shapes”"),
        ([("text", (None, "{}")), ("shapes", (None, "published")), ("shapes_data", (None, "e30="))], "“shapes”"),
    ],
)
def test_nothing_is_read_of_a_form_with_several_parts(client: httpx.Client, parts: list[Any], names: str) -> None:
    """None of them is lost without a word; a page keeps what was pasted."""
    problem = client.post("/validate", files=parts)
    assert (problem.status_code, problem.json()["type"].rpartition("/")[2]) == (400, "several-parts")
    assert f"more than one of {names}," in problem.json()["detail"]
    page = client.post("/validate", files=parts, headers=PAGE)
    assert page.status_code == 400
    assert 'class="fault"' in page.text


def test_a_file_replaces_the_text_that_the_page_has_shown(client: httpx.Client) -> None:
    """Who corrects a file and chooses it again sends the text too; one who changed the text is asked what counts."""
    record = b'{"projectCode": "PO.9001",\n "title": {"en": "One & two"}}'
    page = client.post("/validate", files={"file": ("first.json", record)}, headers=PAGE).text
    shown = re.findall(r'name="shown" value="(\w+)"', page)
    assert len(shown) == 1
    text = record.decode().replace("\n", "\r\n")  # as browsers send it
    form = {"file": ("second.json", RECORD), "shown": (None, shown[0])}
    report = client.post("/validate", files=form | {"text": (None, text)})
    assert "second.json" in report.text
    assert client.post("/validate", files=form | {"text": (None, f"{text} x")}).status_code == 400


def test_the_form_opens_with_what_the_address_asks_for(client: httpx.Client) -> None:
    """GET /validate is in the language of the findings, and keeps profile and format."""
    page = client.get("/validate", params={"lang": "fr", "profile": "published", "format": "csv"})
    assert page.headers["content-language"] == "fr"
    assert "Collez des fiches" in page.text
    for chosen in ('value="fr" lang="fr"', 'value="published"', 'value="csv"'):
        assert f"<option {chosen} selected>" in page.text
    client.cookies.clear()
    by_header = client.get("/validate", headers={"Accept-Language": "es"})
    assert "Pegue fichas" in by_header.text
    assert "Accept-Language" in by_header.headers["vary"]


def test_a_large_upload_is_not_put_into_the_page() -> None:
    """The form can still ask for a file."""
    report = Tally().report(Basis("submission", "shacl", "0", {}), projects=0)
    large = validation_page(UploadReport(report), Upload("x.bin", b"\0" * 1_000_000, Rules()))
    assert '<form class="downloads"' not in large
    assert "choose its form below" in large
    assert '<select id="format"' in large


def test_the_page_of_a_report_has_a_bound_and_says_what_it_leaves_out() -> None:
    """However large the upload and however many its findings, the page stays small, and the rest is named."""
    line = "<&>'\"" * 100
    tally = Tally(cap=1000)
    for number in range(2000):
        place = Place("x.csv", number + 1, 1, excerpt=line)
        tally.add_finding(Finding("budget", Severity.WARNING, Message(line), value=line, place=place))
    report = tally.report(Basis("submission", "shacl", "0", {}), projects=0)
    upload = Upload("x.csv", f"{line}\n".encode() * 20_000, Rules(name="s.ttl", data=f"# {line}\n".encode() * 9000))
    page = validation_page(UploadReport(report), upload)
    assert len(page) < 5_000_000
    assert page.split('<ol class="findings')[1].split("</ol>")[0].count("<li>") == 500
    assert "keep this report as a file, which lists 1,000." in page
    for sentence in ("more lines with findings", "The text is too long", "The shapes are too long"):
        assert sentence in page
    small = validation_page(UploadReport(report), Upload("x.csv", b"a,b", Rules(profile="published")))
    assert "too long" not in small


def test_a_workbook_comes_back_with_comments(client: httpx.Client) -> None:
    """From the button of its page and by `?format=xlsx`; what is no workbook is refused with a reason."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("projectCode", "title_en", "budgetUSD"), ("PO.9001", "One", "100 000 USD")):
        sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    page = client.post("/validate", files={"file": ("my.xlsx", packed.getvalue())}, headers=PAGE).text
    assert "workbook with comments</button>" in page
    answer = client.post("/validate", files=_sent(_fields(page) | {"format": "xlsx"}), headers=PAGE)
    assert answer.headers["content-disposition"] == 'attachment; filename="my-report.xlsx"'
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    said = load_workbook(io.BytesIO(answer.content)).worksheets[0]["C2"].comment
    assert said is not None
    assert "Write 100000.00" in said.text
    assert client.post("/validate?format=xlsx", content=packed.getvalue()).status_code == 200
    refused = client.post("/validate?format=xlsx", content=RECORD)
    assert (refused.status_code, "only a workbook" in refused.json()["detail"]) == (400, True)
