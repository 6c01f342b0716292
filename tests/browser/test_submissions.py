"""Submissions in a browser by the keyboard alone: send, mend, accept, publish, and follow the receipt and back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.pages import SIDEWAYS, tab_to
from tests.browser.test_accessibility import faults
from tests.conftest import Command
from tests.web.submissions.offices import Office, office

from iomld.inbox.tokens import TokenScope

pytestmark = pytest.mark.browser

SHEET = """projectCode,title_en,status,projectType,coverage,region,startYear,endYear,allocationYear,budgetUSD,\
benefitingMemberStates
PO.0105,Sheet {number} with three faults,finished,PO,national,africa,2019,2020,2019,100 000 USD,Kennya
"""
CORRECTIONS = (("finished", "Completed"), ("100 000 USD", "100000"), ("Kennya", "Kenya"))
SUBMISSION = re.compile("/submissions/[0-9a-f]{32}$")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, few_records: Path, iomld: Command) -> Iterator[Office]:
    """A server with an inbox."""
    folder = tmp_path_factory.mktemp("desk") / "data"
    assert iomld("publish", few_records, "--to", folder).returncode == 0
    with office(folder, IOMLD_CLIENT_SECONDS="100000") as opened:
        yield opened


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def people(browser: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Page, Page]]:
    """The pages of a sender and of a reviewer, who share no cookies; with script, and without."""
    contexts = [browser.new_context(java_script_enabled=request.param) for _ in range(2)]
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def press(page: Page, name: str) -> None:
    """Come to a button or a link with a text by Tab, and press Enter."""
    tab_to(page, f"e.textContent.trim() === {name!r} && !e.closest('header')")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def sign_in(page: Page, address: str, token: str) -> None:
    """From the page for everybody to where the person begins: the form, or what waits for a review."""
    page.goto(f"{address}/submissions/new")
    press(page, "Sign in")
    tab_to(page, "e.id === 'token'")
    page.keyboard.insert_text(token)
    with page.expect_navigation(url=re.compile(r"/submissions(/new|\?state=previewed)$")):
        page.keyboard.press("Enter")


def test_the_whole_way(people: tuple[Page, Page], desk: Office, iomld: Command) -> None:
    """A sheet with three faults, each at its line; mended, previewed, accepted, published; the receipt, and back."""
    sender, reviewer = people
    sign_in(sender, desk.address, desk.sender)
    tab_to(sender, "e.id === 'text'")
    sender.keyboard.insert_text(SHEET.format(number=desk.inbox.count()))
    press(sender, "Send")
    assert sender.locator("#L2 mark").all_inner_texts() == ["finished", "100 000 USD", "Kennya"]
    tab_to(sender, "e.matches('.findings a[href=\"#L2\"]')")
    sender.keyboard.press("Enter")
    assert sender.evaluate("location.hash") == "#L2"
    tab_to(sender, "e.id === 'text'")
    text = sender.input_value("#text")
    for wrong, right in CORRECTIONS:
        text = text.replace(wrong, right)
    sender.keyboard.press("Control+a")
    sender.keyboard.insert_text(text)
    press(sender, "Only show what would change")
    assert "with three faults" in sender.locator(".project-change").inner_text()
    press(sender, "Send")
    assert SUBMISSION.search(sender.url)

    sign_in(reviewer, desk.address, desk.reviewer)
    press(reviewer, "To review")
    tab_to(reviewer, "e.closest('tbody th')")
    with reviewer.expect_navigation():
        reviewer.keyboard.press("Enter")
    assert reviewer.url == sender.url
    for _ in range(reviewer.locator(".vanishing input").count()):
        tab_to(reviewer, "e.name === 'removes' && !e.checked")
        reviewer.keyboard.press("Space")
    press(reviewer, "Accept")
    assert "accepted" in reviewer.locator(".head").inner_text()
    assert iomld("work", "--once", "--to", desk.datadir).returncode == 0

    sender.reload()
    tab_to(sender, "e.matches('[href^=\"/receipts/\"]')")
    with sender.expect_navigation():
        sender.keyboard.press("Enter")
    receipt = sender.url
    tab_to(sender, "e.matches('[href*=\"/rev/\"]')")
    revision = sender.evaluate("document.activeElement.href")
    while sender.goto(revision) and not sender.locator("[href^='/receipts/']").count():
        pass  # until the server has taken up the release
    press(sender, "Receipt of the submission")
    assert sender.url == receipt


def test_a_cookie_that_a_script_cannot_read(browser: Browser, desk: Office) -> None:
    """Chromium keeps it over http from its own machine, and forgets it when somebody signs out."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, desk.address, desk.sender)
    (cookie,) = [one for one in context.cookies() if one["name"] == "__Host-iomld-session"]
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Strict", "/")
    assert page.evaluate("document.cookie") == ""
    press(page, "Sign out")
    assert [one for one in context.cookies() if one["name"] == "__Host-iomld-session"] == []
    context.close()


def test_a_form_on_another_site(browser: Browser, desk: Office, tmp_path: Path) -> None:
    """It neither signs somebody in, nor sends records for who is signed in; a link from there leads on."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, desk.address, desk.sender)
    before = desk.inbox.count()
    other = tmp_path / "other.html"
    other.write_text(
        f"<form method=post action='{desk.address}/submissions'><input name=text value='x'><button>Send</button></form>"
        f"<a href='{desk.address}/submissions'>Submissions</a>"
    )
    page.goto(other.as_uri())
    page.get_by_role("button").click()
    page.wait_for_url(f"{desk.address}/submissions")
    assert "Another site has sent this form" in page.locator("main").inner_text()
    assert desk.inbox.count() == before
    page.goto(other.as_uri())
    page.get_by_role("link").click()
    page.wait_for_url(f"{desk.address}/submissions")
    page.get_by_role("link", name="Sign in").click()
    page.wait_for_url(f"{desk.address}/submissions")
    assert page.get_by_role("heading", level=1).inner_text() == "My submissions"
    context.close()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pages_fit_and_axe_finds_no_fault(browser: Browser, desk: Office, language: str) -> None:
    """For somebody who sends and reviews, on a desk and on a phone, in light and dark."""
    _, token = desk.new_token(*TokenScope)
    faulty = desk.submit({"projectCode": "PO.0105", "status": "nowhere"}, "replace").headers["location"]
    waiting = desk.submit({"projectCode": "PO.0105", "abstract": None, "title": {"fr": "x" * 300}}).headers["location"]
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(f"{desk.address}/sign-in")
    assert faults(page) == []
    page.fill("#token", token)
    page.locator("main button").click()
    page.wait_for_url("**/submissions/new")
    receipt = waiting.replace("submissions", "receipts")
    for path in ("/submissions/new", "/submissions", "/submissions?state=previewed", faulty, waiting, receipt):
        page.goto(desk.address + path)
        assert page.locator("html").get_attribute("lang") == language
        assert faults(page) == [], path
        for width in (320, 1920):
            page.set_viewport_size({"width": width, "height": 700})
            assert page.evaluate(SIDEWAYS) <= 0, (path, width)
    context.close()
