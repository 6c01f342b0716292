"""The editor of the query page: marks while writing, layout, comments, names, drafts, examples, and ending a query."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.test_accessibility import faults

pytestmark = pytest.mark.browser

CHANGED = "SELECT ?mine { ?mine a ?class }"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"

# The middle of a word in the editor.
PLACE = """word => {
  const content = document.getElementById("editor").shadowRoot.querySelector(".cm-content");
  const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(word);
    if (at < 0) continue;
    const range = new Range();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + word.length);
    const { x, y, width, height } = range.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  }
}"""
# Clicks on the button as soon as it is there, and keeps what stands beside it.
CANCEL = """() => {
  const panel = document.getElementById("running");
  new MutationObserver(() => {
    if (panel.hidden) return;
    const shown = panel.querySelector("span").textContent;
    panel.querySelector("button").click();
    window.shown = shown;
  }).observe(panel, { attributes: true });
}"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without anything kept."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    """The query page, whose list of terms is there."""
    page = context.new_page()
    page.goto(address + "/query")
    with page.expect_response("**/editor/terms.json"):
        page.locator(".cm-content").click()
    return page


def write(page: Page, query: str) -> None:
    """Put a query in place of that in the editor, as a person pastes it."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query)


def point_at(page: Page, word: str) -> None:
    """Move the pointer to the first occurrence of a word in the editor."""
    page.mouse.move(*page.evaluate(PLACE, word))


def text(page: Page) -> str:
    """The text of the editor."""
    return page.input_value("#query")


def test_a_mistake_is_marked_while_it_is_written(page: Page) -> None:
    """The misspelt word is marked at its place before anything is run; corrected, the mark goes."""
    write(page, "SELCT ?a { ?a ?b ?c }")
    mark = page.locator(".cm-lintRange-error")
    expect(mark).to_have_text("SELCT")
    write(page, "SELECT ?a { ?a ?b ?c }")
    expect(mark).to_have_count(0)


def test_a_prefix_that_is_not_declared_is_declared_by_a_button(page: Page) -> None:
    """The mark says so, and its button writes the declaration of a prefix that the release knows."""
    write(page, "ASK { ?p a iomld:Project }")
    page.locator(".cm-lintRange-error", has_text="iomld:Project").hover()
    page.get_by_role("button", name="Declare it").click()
    assert text(page) == "PREFIX iomld: <https://w3id.org/iomld/ns#>\nASK { ?p a iomld:Project }"
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)


def test_keys_comment_and_format(page: Page) -> None:
    """Control and / makes a line a comment and back; Control, Shift and F lays the query out; undo takes it back."""
    query = "SELECT ?a { ?a ?b ?c . # why\n?a ?d ?e . FILTER(?e > 1) }"
    write(page, query)
    page.keyboard.press("Control+/")
    assert text(page).endswith("\n# ?a ?d ?e . FILTER(?e > 1) }")
    page.keyboard.press("Control+/")
    assert text(page) == query
    page.keyboard.press("Control+Shift+F")
    assert text(page) == "SELECT ?a {\n  ?a ?b ?c . # why\n  ?a ?d ?e .\n  FILTER(?e > 1)\n}"
    page.keyboard.press("Control+z")
    assert text(page) == query
    page.get_by_role("button", name="Format").click()
    assert text(page).count("\n") == 4


def test_the_name_of_an_iri_is_shown(page: Page) -> None:
    """A country by its prefixed name, a property by its IRI with what it means."""
    write(page, "PREFIX c: <https://w3id.org/iomld/id/country/>\nASK { ?p <https://w3id.org/iomld/ns#startYear> c:CN }")
    point_at(page, "c:CN")
    expect(page.locator(".cm-name")).to_contain_text("China")
    point_at(page, "startYear")
    expect(page.locator(".cm-name")).to_contain_text("iomld:startYear")


@pytest.mark.parametrize("width", [390, 1280])
def test_each_completion_says_what_it_means(page: Page, width: int) -> None:
    """At any width, without a choice among them; axe finds no fault in the open list, and Tab reaches and leaves it."""
    page.set_viewport_size({"width": width, "height": 800})
    write(page, "SELECT * { ?p budget")
    page.keyboard.press("Control+Space")
    options = page.locator(".cm-tooltip-autocomplete li[role=option]")
    options.first.wait_for()
    ours = options.filter(has_text="iomld:")
    assert ours.count() > 1
    assert ours.locator(".cm-description").count() == ours.count()
    assert all(box.is_visible() for box in ours.locator(".cm-description").all())
    assert faults(page, sizes=({"width": width, "height": 800},)) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('editor').shadowRoot.activeElement.role") == "listbox"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "iomld:budget" in text(page)


@pytest.mark.parametrize("language", ["fr", "es"])
def test_axe_finds_no_fault_in_completions_of_other_languages(browser: Browser, address: str, language: str) -> None:
    """The open list, in both themes."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale=language)
    page.goto(address + "/query")
    with page.expect_response("**/editor/terms.json"):
        write(page, "SELECT * { ?p budget")
    page.keyboard.press("Control+Space")
    page.locator(".cm-tooltip-autocomplete li[role=option]").first.wait_for()
    assert faults(page, sizes=({"width": 1280, "height": 800},)) == []
    page.close()


def test_a_changed_query_survives(page: Page, address: str) -> None:
    """A reload and a visit elsewhere bring it back; an example keeps it in the list, from which it is put back."""
    write(page, CHANGED)
    page.reload()
    assert text(page) == CHANGED
    page.goto(address + "/about")
    page.get_by_role("link", name="Query", exact=True).first.click()
    assert text(page) == CHANGED
    page.get_by_role("link", name="Money by region").click()
    page.wait_for_url("**run=1*")
    assert "region" in text(page)
    notice = page.locator("#kept")
    expect(notice).to_be_visible()
    notice.get_by_role("button").click()
    assert text(page) == CHANGED
    page.keyboard.press("Control+z")
    assert "region" in text(page)


def test_queries_that_were_run_are_listed_until_they_are_cleared(page: Page, address: str) -> None:
    """The newest first, each once; nothing of them is sent anywhere."""
    for query in ("ASK { ?first ?b ?c }", "ASK { ?second ?b ?c }", "ASK { ?first ?b ?c }"):
        page.goto(f"{address}/query?run=1&query={quote(query)}")
    panel = page.locator("#queries")
    panel.locator("summary").click()
    assert panel.locator("code").all_inner_texts() == ["ASK { ?first ?b ?c }", "ASK { ?second ?b ?c }"]
    panel.locator("button", has_text="second").click()
    assert text(page) == "ASK { ?second ?b ?c }"
    panel.get_by_role("button", name="Clear the list").click()
    expect(panel).to_be_hidden()
    assert page.evaluate("localStorage.getItem('iomld.queries')") is None


def test_damaged_storage_stops_nothing(page: Page, context: BrowserContext, address: str) -> None:
    """Whatever another script left there, the editor works."""
    for damaged in ("{", "null", '{"past": 3, "text": [1]}', '{"past": [null, {"text": 1}]}'):
        page.evaluate("text => localStorage.setItem('iomld.queries', text)", damaged)
        fresh = context.new_page()
        fresh.goto(address + "/query")
        write(fresh, CHANGED)
        assert text(fresh) == CHANGED
        fresh.close()
        page.evaluate("localStorage.clear()")


def test_examples_and_rows_are_filtered(page: Page, address: str) -> None:
    """By words of title, description and query; accents and case do not matter; empty groups go."""
    page.get_by_label("Search the examples").fill("GUATEMALA")
    assert page.locator(".example:visible").count() == 1
    assert page.locator("[data-group]:visible h3").all_inner_texts() == ["Projects"]
    query = 'SELECT * { VALUES (?a ?b) { (1 "Élan") (2 "vital") } }'
    page.goto(f"{address}/query?run=1&query={quote(query)}")
    page.get_by_label("Filter the rows shown").fill("elan")
    assert page.locator("#rows tbody tr:visible").all_inner_texts() == ["1\tÉlan"]
    expect(page.locator("#sifted")).to_have_text("1 of 2 rows")


def test_a_running_query_shows_its_time_and_is_ended(page: Page, address: str) -> None:
    """The button ends the query in its worker too, not the limit of time, which would be a 503."""
    stopped = _metric(address, 'iomld_http_requests_total{method="GET",route="/query",status="503"}')
    write(page, SLOW)
    page.evaluate(CANCEL)  # Playwright itself would wait for the answer
    page.keyboard.press("Control+Enter")
    page.wait_for_function("window.shown")
    assert page.evaluate("window.shown").startswith("Running for ")
    page.wait_for_function("fetch('/metrics').then(a => a.text()).then(text => /workers_busy 0/.test(text))")
    assert _metric(address, 'iomld_http_requests_total{method="GET",route="/query",status="503"}') == stopped
    assert text(page) == SLOW


def _metric(address: str, name: str) -> float:
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)
