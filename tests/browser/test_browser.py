"""Pages in a real browser: quiet, self-contained, readable on a small phone, by keyboard, in both colour themes."""

import math
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize
from tests.browser.pages import ALL_PAGES, PAGES, SIDEWAYS

pytestmark = pytest.mark.browser

MANY_ROWS = "/query?run=1&query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+600"
PHONE: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 800}
FOOT = "scrollY + document.querySelector('footer').getBoundingClientRect().bottom"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"

MOST_FIRST_BYTES = 150_000


@pytest.mark.parametrize("path", [*ALL_PAGES, MANY_ROWS])
def test_a_first_visit_is_quiet_light_and_fits_a_small_phone(browser: Browser, address: str, path: str) -> None:
    """No message in the console, no request to elsewhere, no failed request, no sideways scroll at 320 px.

    Nor on a desk in the dark. The page with all that it needs, as it travels, is under 150 KB; only the query page
    brings an editor.
    """
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    faults: list[str] = []
    finished: list[Request] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else faults.append(request.url))
    page.on("response", lambda response: None if response.ok else faults.append(f"{response.status} {response.url}"))
    page.on("requestfinished", lambda request: finished.append(request))  # noqa: PLW0108  # it takes no built-in
    answer = page.goto(address + path, wait_until="networkidle")
    assert answer is not None
    assert page.evaluate(SIDEWAYS) <= 0
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(SIDEWAYS) <= 0
    assert faults == [] or not answer.ok  # Chromium says of each answer that is an error that it is one
    sizes = [request.sizes() for request in finished]
    weight = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    assert 0 < weight < (MOST_FIRST_BYTES if not path.startswith("/query") else math.inf)
    context.close()


def test_the_theme_follows_the_system_and_the_switch(browser: Browser, address: str) -> None:
    """Dark where the system is dark; the switch turns it, and the choice stays on the next page."""
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(address + "/about")
    dark = page.evaluate(BACKGROUND)
    page.click("#site-theme")
    light = page.evaluate(BACKGROUND)
    assert light != dark
    page.goto(address + "/projects")
    assert page.evaluate(BACKGROUND) == light
    context.close()


def test_without_script_pages_work(browser: Browser, address: str) -> None:
    """The search form answers, the phone menu opens, and buttons that need the script are not there."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 700})
    page = context.new_page()
    page.goto(address + "/")
    assert not page.locator("#site-theme").is_visible()
    page.get_by_role("button", name="Menu").click()
    assert page.locator("#site-menu a", has_text="Downloads").is_visible()
    page.goto(address + "/")
    page.fill("#q", "PO.0105")
    page.press("#q", "Enter")
    assert page.get_by_role("status").inner_text().startswith("1 project")
    page.get_by_role("link", name="Supporting China").click()
    assert page.url == f"{address}/doc/project/PO.0105"
    context.close()


def test_the_keyboard_reaches_everything(browser: Browser, address: str) -> None:
    """The first stop is the skip link; each stop is visible and has a ring; none holds the keyboard."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address + "/validate?example=1")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => { const e = document.activeElement, b = e.getBoundingClientRect(), s = getComputedStyle(e);
            return [e.tagName + (e.id || e.textContent.trim()), b.width > 0 && b.height > 0, s.outlineStyle]; }"""
        )
        if stop[0].startswith("BODY"):
            break
        seen.append(stop)
    names = [name for name, _, _ in seen]
    assert "TEXTAREAtext" in names
    assert any("What is missing" in name for name in names)
    assert all(visible and ring != "none" for _, visible, ring in seen), seen
    page.close()


def test_records_are_checked_on_the_page(browser: Browser, address: str) -> None:
    """The example with mistakes, sent by the form, comes back with findings beside its lines."""
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.goto(address + "/validate?example=1")
    page.get_by_role("button", name="Check").click()
    assert page.get_by_role("status").inner_text().startswith("Records with violations would be refused")
    assert page.locator(".lines .err .note").count() > 2
    assert page.evaluate(SIDEWAYS) <= 0
    page.close()


def test_without_script_the_query_form_answers(browser: Browser, address: str) -> None:
    """The first example, sent by the form, gives a table; an example runs on click; a mistake keeps the query."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 700})
    page = context.new_page()
    page.goto(address + "/query")
    page.get_by_role("button", name="Run the query").click()
    assert "rows in" in page.get_by_role("status").inner_text()
    assert page.locator("#answer tbody tr").count() > 3
    assert page.evaluate(SIDEWAYS) <= 0
    page.get_by_role("link", name="Money by region").click()
    assert page.get_by_role("columnheader", name="usDollars").is_visible()
    attachment = "getComputedStyle(document.querySelector('.rows')).backgroundAttachment"
    assert "local" in page.evaluate(attachment)  # shadows at the sides show that more columns follow
    page.fill("#query", "SELECT ?a { ?a ??b ?c }")
    page.get_by_role("button", name="Run the query").click()
    assert page.get_by_role("status").inner_text().startswith("Line 1, column ")
    assert page.input_value("#query").strip() == "SELECT ?a { ?a ??b ?c }"
    context.close()


def test_a_mistake_is_underlined_at_its_place(browser: Browser, address: str) -> None:
    """The word that the sentence speaks of is marked; Control and Enter asks again."""
    page = browser.new_page()
    page.goto(address + "/query?run=1&query=SELECT+%3Fa+%7B%0A++%3Fa+%3Curn:%F0%9F%8C%8D%3E+foo:bar+.+%7D")
    marked = page.locator(".cm-lintRange-error")
    marked.wait_for()
    assert page.get_by_role("status").inner_text().startswith("Line 2, column ")
    assert marked.inner_text() == "foo:bar"
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("ASK {")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**query=ASK*")
    assert page.get_by_role("status").inner_text().startswith("Yes")
    page.close()


def test_columns_sort(browser: Browser, address: str) -> None:
    """A column goes up, down, and back to the order of the answer; numbers go by their value."""
    page = browser.new_page()
    page.goto(address + "/query?run=1&query=SELECT+%3Fn+%7B+VALUES+%3Fn+%7B+9+100+20+%7D+%7D")
    head = page.get_by_role("columnheader", name="n")
    cells = page.locator("#answer td")
    given = cells.all_inner_texts()
    for order, texts in (("ascending", ["9", "20", "100"]), ("descending", ["100", "20", "9"]), (None, given)):
        head.get_by_role("button").click()
        assert (head.get_attribute("aria-sort"), cells.all_inner_texts()) == (order, texts)
    page.close()


def test_the_copy_button_copies_the_iri(browser: Browser, address: str) -> None:
    """The IRI under the dataset's base lands on the clipboard."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address + "/doc/project/PO.0105")
    page.click('[data-copy="thing-iri"]')
    page.wait_for_function("document.querySelector('[data-copy=thing-iri]').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "https://w3id.org/iomld/id/project/PO.0105"
    context.close()


def test_a_record_is_copied_as_json_ld(browser: Browser, address: str) -> None:
    """The opened source is the document; nobody needs to select it."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address + "/doc/project/PO.0105")
    page.get_by_text("Show the whole record as JSON-LD").click()
    page.click('[data-copy="json-ld"]')
    page.wait_for_function("document.querySelector('[data-copy=json-ld]').textContent === 'Copied'")
    served = page.request.get(address + "/doc/project/PO.0105.jsonld").text()
    assert page.evaluate("navigator.clipboard.readText()") == served
    context.close()


def test_a_bar_of_the_home_page_shows_its_projects(browser: Browser, address: str) -> None:
    """A click on a year gives the projects that begin in it, by a query."""
    page = browser.new_page()
    page.goto(address + "/")
    page.get_by_label("2017: ").click()
    assert "rows" in page.get_by_role("status").inner_text()
    assert "2017" in page.locator("#query").input_value()
    page.close()


def test_a_circle_of_the_map_leads_to_its_country(browser: Browser, address: str) -> None:
    """A click on the circle of China opens its page, without script too."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_label("China: ").click()
        assert page.url.endswith("/doc/country/CN")
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize("language", ["fr", "es"])
@pytest.mark.parametrize("path", [*PAGES, MANY_ROWS])
def test_longer_words_fit_a_small_phone(page_in: Callable[[str], Page], address: str, path: str, language: str) -> None:
    """French and Spanish pages do not scroll sideways at 320 px."""
    page = page_in(language)
    page.set_viewport_size(PHONE)
    page.goto(address + path)
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate(SIDEWAYS) <= 0


def test_a_language_is_chosen_without_script_and_stays(browser: Browser, address: str) -> None:
    """The link in the header changes the page, keeps its filters, and holds on the next page."""
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(address + "/projects?region=africa")
    page.locator(".langs summary").click()
    page.get_by_role("link", name="Français").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Projets"
    assert "region=africa" in page.url
    page.goto(address + "/countries")
    assert page.get_by_role("heading", level=1).inner_text() == "Pays"
    context.close()


def test_filters_and_order_apply_at_once(browser: Browser, address: str) -> None:
    """The list, its number, the address and the filters change; the focus stays, Back brings the list before."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address + "/projects")
    everything = page.inner_text("#found-total")
    page.locator("#all-country summary").click()
    assert page.evaluate(f"document.documentElement.scrollHeight - ({FOOT})") < 1
    page.locator("[name=status][value=completed]").check()
    page.wait_for_url("**/projects?status=completed")
    page.wait_for_selector("#found:not([aria-busy])")
    assert page.inner_text("#found-total") != everything
    assert page.evaluate("document.activeElement.value") == "completed"
    assert page.locator("#all-country[open]").count() == 1
    assert not page.get_by_role("button", name="Show projects").is_visible()
    page.select_option("#sort", "title")
    page.wait_for_url("**sort=title")
    page.evaluate("history.go(-2)")
    page.wait_for_url("**/projects")
    page.wait_for_load_state()
    assert page.inner_text("#found-total") == everything
    page.close()
