"""The Validate page in a browser: from an example to a record that conforms, by keyboard, with script and without."""

import io
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Browser, Page
from tests.browser.pages import SIDEWAYS, tab_to

pytestmark = pytest.mark.browser

CORRECTIONS = (("finished", "Completed"), ("2017", "2020"), ("100 000 USD", "100000"), ("Kennya", "Kenya"))


@pytest.mark.parametrize(
    ("example", "script"),
    [("text of a page", True), ("text of a page", False), ("CSV", True), ("JSON", False)],
)
def test_an_example_is_corrected_by_keyboard(browser: Browser, address: str, example: str, *, script: bool) -> None:
    """Load it, check it, go from a finding to its line and on to the text, correct it, check again: it conforms."""
    context = browser.new_context(java_script_enabled=script, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(address + "/validate")
    tab_to(page, f"e.textContent === '{example}'")
    page.keyboard.press("Enter")
    page.wait_for_url("**/validate?example=*")
    _check(page)
    assert page.get_by_role("status").inner_text().startswith("Records with violations would be refused")
    assert page.evaluate(SIDEWAYS) <= 0
    tab_to(page, "e.matches('.findings a[href^=\"#\"]')")
    page.keyboard.press("Enter")
    target = page.evaluate("location.hash")
    assert page.locator(f"{target} .note").inner_text().startswith("✕ Violation")
    tab_to(page, "e.matches('.file-name a')")
    page.keyboard.press("Enter")
    tab_to(page, "e.id === 'text' || e.id === 'file'")
    _correct(page)
    _check(page)
    assert page.get_by_role("status").inner_text().startswith("This can be published")
    context.close()


def test_the_page_of_a_workbook_fits_a_small_phone_and_gives_it_back(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    """Cells are marked, a wide row scrolls by itself, and the workbook with comments is a file."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(("projectCode", "title_en", "status", "projectType", "coverage", "startYear", "endYear", "budgetUSD"))
    sheet.append(("PO.9001", "A title", "finished", "what", "where", 2019, 2017, "100 000 USD"))
    book.save(tmp_path / "my.xlsx")
    page = browser.new_page(viewport={"width": 320, "height": 640})
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.goto(address + "/validate")
    page.set_input_files("#file", tmp_path / "my.xlsx")
    page.get_by_role("button", name="Check", exact=True).click()
    assert page.locator("td.err mark", has_text="finished").is_visible()
    assert page.evaluate(SIDEWAYS) <= 0
    with page.expect_download() as download:
        page.get_by_role("button", name="workbook with comments").click()
    assert download.value.suggested_filename == "my-report.xlsx"
    said = load_workbook(io.BytesIO(download.value.path().read_bytes())).worksheets[0]["C2"].comment
    assert said is not None
    assert "Write one of" in said.text
    assert faults == []
    page.close()


def _check(page: Page) -> None:
    """Come to the button by Tab and press Enter."""
    tab_to(page, "e.textContent === 'Check'")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _correct(page: Page) -> None:
    """Write the corrected text in place of the whole one."""
    if page.evaluate("document.activeElement.id") != "text":  # the link gave the focus to the text itself
        page.keyboard.press("Shift+Tab")
    text = page.input_value("#text")
    for wrong, right in CORRECTIONS:
        text = text.replace(wrong, right)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
