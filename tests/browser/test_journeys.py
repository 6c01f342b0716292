"""The main journeys through the site by keyboard alone, and again where no script runs."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.pages import tab_to

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that may use the clipboard; with script, and without."""
    allowed = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(
        java_script_enabled=request.param, viewport={"width": 1280, "height": 900}, permissions=allowed
    )
    yield context.new_page()
    context.close()


def test_projects_of_a_country_are_found_by_words_and_filters(page: Page, address: str) -> None:
    """Words from the home page, a box that is ticked, a chip that takes it away; the first result opens."""
    page.goto(address + "/")
    tab_to(page, "e.id === 'q'")
    page.keyboard.type("China")
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects?q=China*")
    found = _count(page)
    assert found > 0
    tab_to(page, "e.name === 'country' && e.value === 'CN'")
    page.keyboard.press("Space")
    if not page.evaluate("document.documentElement.classList.contains('js')"):
        tab_to(page, "e.textContent === 'Show projects'")
        page.keyboard.press("Enter")
    page.wait_for_url("**country=CN*")
    page.wait_for_selector("#found:not([aria-busy])")
    assert 0 < _count(page) <= found
    assert page.get_by_role("list", name="Filters that are on").inner_text().count("China") == 2
    tab_to(page, "e.textContent.includes('Country: China')")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "country" not in url)
    assert _count(page) == found
    tab_to(page, "e.closest('.results h3')")
    title = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_url("**/doc/project/*")
    assert page.get_by_role("heading", level=1).inner_text() == title


def test_a_project_is_found_and_downloaded_in_few_steps(page: Page, address: str) -> None:
    """From the home page to the Turtle of the first result with fewer than 15 Tabs, by the links that skip."""
    page.goto(address + "/")
    tabs = _skip(page) + tab_to(page, "e.id === 'q'")
    page.keyboard.insert_text("Guatemala")
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects?q=Guatemala*")
    tabs += _skip(page) + tab_to(page, "e.closest('.results h3')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/doc/project/*")
    tabs += _skip(page) + tab_to(page, "e.textContent === 'Turtle'")
    assert tabs < 15
    page.keyboard.press("Enter")
    page.wait_for_url("**.ttl")


def test_a_file_is_checked_in_few_steps(page: Page, address: str) -> None:
    """From the page to the findings."""
    page.goto(address + "/validate")
    tabs = _skip(page) + tab_to(page, "e.id === 'file'")
    table = b"projectCode,title_en,status\nPO.9001,A title,finished\n"
    page.set_input_files("#file", {"name": "my.csv", "mimeType": "text/csv", "buffer": table})
    tabs += tab_to(page, "e.textContent === 'Check'")
    assert tabs < 15
    page.keyboard.press("Enter")
    assert page.get_by_role("status").inner_text().startswith("Records with violations would be refused")


def test_a_query_is_run_and_its_answer_saved_in_few_steps(page: Page, address: str) -> None:
    """From the page to a file: the answer has the focus as soon as it is there."""
    page.goto(address + "/query")
    tabs = _skip(page) + tab_to(page, "e.name === 'run'")
    page.keyboard.press("Enter")
    page.wait_for_url("**/query?*run=1*#answer")
    tabs += tab_to(page, "e.textContent === 'CSV'")
    assert tabs < 15
    with page.expect_download():
        page.keyboard.press("Enter")


def test_a_record_is_taken_as_turtle(page: Page, address: str) -> None:
    """It opens on the page, where a button copies it; without script its link gives the same text."""
    page.goto(address + "/projects?country=CN")
    tab_to(page, "e.closest('.results h3')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/doc/project/*")
    tab_to(page, "e.tagName === 'SUMMARY' && e.textContent.includes('Turtle')")
    page.keyboard.press("Enter")
    shown = page.locator("#turtle")
    shown.wait_for()
    turtle = shown.inner_text()
    assert "iomld:benefitingMemberState cty:CN" in turtle
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.textContent") == "Copy":
        page.keyboard.press("Enter")
        page.locator("[data-copy=turtle]", has_text="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == turtle
    else:
        assert page.evaluate("document.activeElement.textContent") == "Download"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "turtle"  # the keyboard can scroll it
        page.goto(page.url)
        tab_to(page, "e.textContent === 'Turtle'")
        page.keyboard.press("Enter")
        page.wait_for_url("**.ttl")
        assert page.locator("pre").inner_text() == turtle


def test_rows_are_drawn_and_downloaded(page: Page, address: str) -> None:
    """An example by Enter, then its chart, then its whole answer as a file."""
    page.goto(address + "/query")
    tab_to(page, "e.textContent === 'Money by region'")
    page.keyboard.press("Enter")
    page.wait_for_url("**run=1*")
    rows = _count(page)
    tab_to(page, "e.textContent === 'Chart'")
    page.keyboard.press("Enter")
    page.wait_for_url("**view=chart*")
    assert page.locator(".chart").count() == 2
    assert page.locator(".chart").first.locator("li").count() == rows
    tab_to(page, "e.textContent === 'The rows as a table'")
    page.keyboard.press("Enter")
    assert page.get_by_role("cell", name="Africa").is_visible()
    page.goto(page.url)
    tab_to(page, "e.textContent === 'CSV'")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) == rows + 1


def test_a_mistake_in_a_query_is_a_key_away_from_rows(page: Page, address: str) -> None:
    """Nothing is found, the page says why, and its link runs what was meant."""
    mistaken = "PREFIX+s:+%3Chttp://schema.org/%3E+SELECT+*+%7B+%3Fcountry+s:name+%22China%22+%7D"
    for _ in range(20):  # an explanation has a second; on a busy machine the next one goes on with what was found
        page.goto(f"{address}/query?run=1&query={mistaken}")
        if page.get_by_text("Not every part of the query could be checked.").count() == 0:
            break
    assert page.get_by_role("status").inner_text().startswith("0 rows")
    tab_to(page, "e.textContent.startsWith('Run this instead')")
    page.keyboard.press("Enter")
    page.wait_for_url("**%22China%22%40en*")
    assert page.get_by_role("status").inner_text().startswith("1 row")
    assert "China" in page.get_by_role("table", name="Rows of the answer").inner_text()


def test_a_query_is_written_run_and_downloaded_by_keyboard(browser: Browser, address: str) -> None:
    """Completion writes terms and their prefix, the table appears, Enter on CSV saves it; nobody else is asked."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("request", lambda request: None if request.url.startswith(address) else faults.append(request.url))
    page.goto(address + "/query")
    with page.expect_response("**/editor/terms.json"):
        tab_to(page, "e.id === 'editor'")
    page.keyboard.press("Control+a")
    page.keyboard.type("SELECT ?p ?b { ?p a Proj")
    _complete(page, "iomld:Project")
    page.keyboard.type(" ; dollars")
    _complete(page, "iomld:budgetUSD")
    page.keyboard.type(" ?b")
    page.keyboard.press("Escape")
    written = "PREFIX iomld: <https://w3id.org/iomld/ns#>\nSELECT ?p ?b { ?p a iomld:Project ; iomld:budgetUSD ?b}"
    assert page.input_value("#query") == written
    tab_to(page, "e.name === 'run'")  # Tab leaves the editor
    page.keyboard.press("Enter")
    page.wait_for_url("**/query?*run=1*")
    assert page.get_by_role("status").inner_text().partition(" ")[2].startswith("rows in")
    tab_to(page, "e.textContent === 'CSV'")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0] == "p,b"
    assert len(lines) - 1 == int(page.get_by_role("status").inner_text().partition(" ")[0])
    assert faults == []
    page.close()


def _skip(page: Page) -> int:
    """Go on by the link that skips to the content; return the number of Tabs to it."""
    tabs = tab_to(page, "e.matches('.skip')")
    page.keyboard.press("Enter")
    return tabs


def _count(page: Page) -> int:
    """The number that the page announces."""
    text = page.get_by_role("status").inner_text()
    match = re.match(r"[\d,]+", text)
    assert match, text
    return int(match[0].replace(",", ""))


def _complete(page: Page, name: str) -> None:
    """Take the first completion, which must be the one that is wanted."""
    page.locator(".cm-tooltip-autocomplete li[aria-selected]", has_text=name).first.wait_for()
    # The editor takes none that is younger than 75 ms, so that nobody takes one by mistake: let it be older.
    page.clock.set_system_time(page.evaluate("Date.now()") / 1000 + 1)
    page.keyboard.press("Enter")
