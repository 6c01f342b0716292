"""Pages of records and addresses that mean no good: nothing runs, nothing breaks, and each says what it is."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.pages import SIDEWAYS, listening
from tests.conftest import PROJECT_COUNT, run_iomld
from tests.serving import serve

pytestmark = pytest.mark.browser

# Readers take the markup of texts out of records; these elements are none that texts have, and stay.
SCRIPT = "<svg onload=alert(1)>"
PICTURE = '"><audio src=x onerror=alert(2)>'
CLOSING = "');alert(3)//{{7*7}}</title></textarea></svg><svg onload=alert(4)>"
LEAST = {
    "status": "active",
    "projectType": "PO",
    "coverage": "national",
    "budgetUSD": "1",
    "benefitingMemberStates": ["NA"],
}
ARABIC = "إدارة الهجرة في ميناءين (2018)"
RECORDS: tuple[dict[str, object], ...] = (
    {
        "projectCode": "PO.9001",
        "title": {"en": SCRIPT + PICTURE},
        "abstract": {"en": PICTURE + CLOSING},
        "narrative": {"en": f"{SCRIPT} It follows the Global Compact for Migration. {CLOSING}\n\n<iframe src=/>"},
        "region": "africa",
        "startYear": "2017",
        "source": "https://example.org/?a=%3Cscript%3E&b='-alert(5)-'",
    },
    {"projectCode": "PO.9002", "title": {"en": CLOSING}},
    {"projectCode": "PO.9003", "title": {"ar": ARABIC}, "narrative": {"ar": "خطة مشتركة للميناءين (2018)."}},
    {"projectCode": "PO.9004", "title": {"en": "\u202eturned round, and never turned back"}},
    {"projectCode": "PO.9005", "title": {"en": "W" * 500}},
    {"projectCode": "PO.9006", "title": {"en": "Neither dates nor region nor mentions"}},
    {"primaId": "NA10P9999", "title": {"fr": "Sans code"}},
)
LAST_PAGE = -(-PROJECT_COUNT // 25)  # 25 projects on each
KEYS = ("PO.9001", "PO.9002", "PO.9003", "PO.9004", "PO.9005", "PO.9006", "prima-NA10P9999")
LONG = "migration " * 1000
ADDRESSES = (
    "/",
    "/projects",
    "/countries",
    "/frameworks",
    "/doc/country/NA",
    "/scheme/region/africa",
    "/scheme/framework/gcm",
    *(f"/doc/project/{key}" for key in KEYS),
    "/projects?" + urlencode({"q": LONG}),
    "/projects?" + urlencode({"q": SCRIPT + PICTURE + CLOSING}),
    "/projects?" + urlencode({"q": "\u202e" + ARABIC}),
    "/projects?" + urlencode({"country": PICTURE, "status": SCRIPT, "region": "nowhere", "year": "x", "budget": "-"}),
    "/projects?" + urlencode([("country", f"{PICTURE}{number}") for number in range(300)]),
    "/projects?" + urlencode({"sort": PICTURE, "year_from": SCRIPT, "year_to": "-5", "no-such": PICTURE}),
    "/projects?page=-1",
    "/projects?page=1000000000",
    "/projects?page=x",
    "/query?" + urlencode({"query": SCRIPT + CLOSING, "view": PICTURE}),
    "/query?" + urlencode({"query": CLOSING, "run": "1", "view": PICTURE}),
    "/query?" + urlencode({"query": "SELECT ?t { ?p <http://purl.org/dc/terms/title> ?t }", "run": "1"}),
    "/query?" + urlencode({"query": "SELECT ?t (1 AS ?n) { ?p <http://purl.org/dc/terms/title> ?t }", "run": "1"})
    + "&view=chart",
    "/query?" + urlencode({"query": "CONSTRUCT WHERE { ?p <http://purl.org/dc/terms/title> ?t }", "run": "1"}),
    "/validate?example=" + SCRIPT,
    "/doc/project/" + "%3Cscript%3Ealert(6)%3C%2Fscript%3E",
    "/doc/country/" + "Z" * 500,
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of a release made of hostile records."""
    folder = tmp_path_factory.mktemp("hostile")
    file = folder / "records.json"
    file.write_text(json.dumps([LEAST | record for record in RECORDS]), encoding="utf-8")
    done = run_iomld("publish", file, "--to", folder / "data")
    assert done.returncode == 0, done.stderr
    with serve(folder / "data") as server:
        yield server.address


@pytest.mark.parametrize("path", ADDRESSES, ids=lambda path: path[:60])
def test_nothing_runs_and_nothing_breaks(page_in: Callable[[str], Page], hostile: str, path: str) -> None:
    """No dialog, no error, no request to elsewhere, one heading, and no sideways scroll at 320 px."""
    page = page_in("en")
    page.set_viewport_size({"width": 320, "height": 640})
    faults: list[str] = []
    listeners: dict[str, Callable[[Any], object]] = {
        "dialog": lambda dialog: (faults.append(f"dialog {dialog.message}"), dialog.dismiss()),
        "console": lambda message: faults.append(f"console {message.text}"),
        "pageerror": lambda error: faults.append(f"error {error}"),
        "request": lambda request: None if request.url.startswith(hostile) else faults.append(request.url),
    }
    with listening(page, listeners):
        answer = page.goto(hostile + path, wait_until="networkidle")
    assert answer is not None
    assert answer.status in {200, 400, 404}
    _faultless(faults, answer.status)
    assert page.locator("h1").count() == 1
    assert page.locator("script:not([src], [type='application/ld+json']), iframe, [onerror], [onload]").count() == 0
    assert "49" not in page.title()
    assert page.evaluate(SIDEWAYS) <= 0


def test_a_title_is_shown_as_it_is_written(browser: Browser, hostile: str) -> None:
    """Markup is text, in the list and on the page of the project."""
    page = browser.new_page()
    page.goto(hostile + "/projects")
    page.get_by_role("link", name=SCRIPT).click()
    assert page.get_by_role("heading", level=1).inner_text() == SCRIPT + PICTURE
    assert CLOSING in page.locator(".prose").inner_text()
    page.close()


def test_words_from_right_to_left_keep_their_direction(browser: Browser, hostile: str) -> None:
    """Titles and texts follow the direction of their own script; text beside them keeps its direction."""
    page = browser.new_page()
    page.goto(hostile + "/doc/project/PO.9003")
    directions = "(all => all.map(e => getComputedStyle(e).direction))"
    assert page.locator("h1").evaluate_all(directions) == ["rtl"]
    assert set(page.locator(".narrative p").evaluate_all(directions)) == {"rtl"}
    assert page.locator("main").evaluate_all(directions) == ["ltr"]
    page.goto(hostile + "/projects")
    assert page.locator(".results h3", has_text=ARABIC).evaluate_all(directions) == ["rtl"]
    page.close()


def test_what_is_not_known_is_left_out(browser: Browser, hostile: str) -> None:
    """A record without dates, region or mentions has no empty heading, no None, and says no years."""
    page = browser.new_page()
    page.goto(hostile + "/doc/project/PO.9006")
    text = page.locator("main").inner_text()
    assert "None" not in text
    for absent in ("Years", "Frameworks named in the text"):
        assert absent not in text
    assert page.locator("h2:empty, dd:empty, ul:empty, ol:empty").count() == 0
    page.close()


@pytest.mark.parametrize(("number", "shown"), [("-1", 1), ("0", 1), ("x", 1), ("1000000000", 1)])
def test_a_page_that_is_not_there_gives_one_that_is(browser: Browser, address: str, number: str, shown: int) -> None:
    """An invalid page number gives the first page."""
    page = browser.new_page()
    page.goto(f"{address}/projects?page={number}")
    assert page.get_by_role("status").inner_text().endswith(f"page {shown} of {LAST_PAGE}.")
    assert page.locator(".results li").count() > 0
    page.close()


def test_a_page_behind_the_last_is_not_found(browser: Browser, address: str) -> None:
    """The error says how many pages there are, and the page offers to search."""
    page = browser.new_page()
    page.goto(f"{address}/projects?page=999")
    assert page.get_by_text(f"The last page is {LAST_PAGE}.").is_visible()
    assert page.get_by_role("search").count() > 0
    page.close()


def _faultless(faults: list[str], status: int) -> None:
    """Chromium says of each answer that is an error that it is one; nothing else may be said."""
    expected = [fault for fault in faults if f"status of {status}" in fault] if status != 200 else []
    assert [fault for fault in faults if fault not in expected] == []
