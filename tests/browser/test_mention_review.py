"""Mentions reviewed in a browser: by the keyboard with script, by the buttons without, and readable in every size."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.pages import SIDEWAYS, tab_to
from tests.browser.test_accessibility import faults
from tests.conftest import ROOT, Command
from tests.web.submissions.offices import Office, office

pytestmark = pytest.mark.browser

WAITING = re.compile("not published yet")
PRESS_AT_ONCE = """keys => keys.forEach(
  key => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })))"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Iterator[Office]:
    """A server of one project with mentions, which has an inbox."""
    folder = tmp_path_factory.mktemp("desk") / "data"
    assert iomld("publish", ROOT / "tests" / "golden" / "page.txt", "--to", folder).returncode == 0
    with office(folder, IOMLD_CLIENT_SECONDS="100000") as opened:
        yield opened


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def reviewer(browser: Browser, request: pytest.FixtureRequest, desk: Office) -> Iterator[Page]:
    """The page of a reviewer who is signed in; with script, and without."""
    context = browser.new_context(java_script_enabled=request.param)
    page = context.new_page()
    page.goto(f"{desk.address}/sign-in?next=/review/mentions")
    page.fill("#token", desk.reviewer)
    page.press("#token", "Enter")
    expect(page.locator("#mentions > li").first).to_be_visible()
    yield page
    for mention in desk.inbox.decisions.waiting():
        desk.inbox.decisions.undo(mention)
    context.close()


def focused(page: Page) -> str:
    """The id of the element that has the focus."""
    found: str = page.evaluate("document.activeElement.id")
    return found


@pytest.mark.parametrize("reviewer", [True], indirect=True)
def test_keys_move_and_decide(reviewer: Page, desk: Office) -> None:
    """J and k or arrows move, a accepts, r rejects and both go on to the next, u takes back, ? shows the keys."""
    page = reviewer
    one, two, three = (page.locator("#mentions > li").nth(at).get_attribute("id") or "" for at in range(3))
    for key, place in (("j", two), ("ArrowDown", three), ("k", two), ("ArrowUp", one), ("k", one)):
        page.keyboard.press(key)
        assert focused(page) == place
    for key, word, place in (("a", "accepted", two), ("r", "rejected", three)):
        with page.expect_navigation(url=f"**#{place}"):
            page.keyboard.press(key)
        assert focused(page) == place
        assert word in set(desk.inbox.decisions.waiting().values())
    page.keyboard.press("k")
    with page.expect_navigation():
        page.keyboard.press("u")
    assert set(desk.inbox.decisions.waiting().values()) == {"accepted"}
    page.keyboard.press("?")
    assert page.locator("#keys").get_attribute("open") is not None
    tab_to(page, "e.matches('#keys summary')")
    page.keyboard.press("r")  # no mention has the focus
    assert set(desk.inbox.decisions.waiting().values()) == {"accepted"}


@pytest.mark.parametrize("reviewer", [True], indirect=True)
def test_keys_decide_once_for_each_page(reviewer: Page, desk: Office) -> None:
    """The keys that follow before the next page is there decide nothing, and neither does a key that is held."""
    page = reviewer
    with page.expect_navigation():
        page.evaluate(PRESS_AT_ONCE, ["a", "a", "r"])
    assert [*desk.inbox.decisions.waiting().values()] == ["accepted"]
    with page.expect_navigation():
        page.keyboard.down("r")
    decided = desk.inbox.decisions.waiting()
    page.keyboard.down("r")  # a second time without being released: a repetition
    page.keyboard.press("j")
    assert page.locator("#mentions").get_attribute("aria-busy") is None
    assert desk.inbox.decisions.waiting() == decided
    page.keyboard.up("r")
    with page.expect_navigation():
        page.keyboard.press("r")
    assert len(desk.inbox.decisions.waiting()) == len(decided) + 1


def test_buttons_decide(reviewer: Page, desk: Office) -> None:
    """Also without script: Accept, Reject, Undo."""
    first = reviewer.locator("#mentions > li").first
    for name, waiting in (("Accept", {"accepted"}), ("Reject", {"rejected"}), ("Undo", set())):
        first.get_by_role("button", name=name).click()
        expect(first.get_by_text(WAITING)).to_have_count(len(waiting))
        assert set(desk.inbox.decisions.waiting().values()) == waiting


@pytest.mark.parametrize("reviewer", [True], indirect=True)
def test_the_page_has_no_faults(reviewer: Page) -> None:
    """For axe-core, light and dark, in each size; nothing goes beyond 320 pixels, in any language."""
    assert faults(reviewer) == []
    reviewer.set_viewport_size({"width": 320, "height": 700})
    for language in ("en", "fr", "es"):
        reviewer.goto(f"{reviewer.url.partition('?')[0].partition('#')[0]}?lang={language}")
        assert reviewer.evaluate(SIDEWAYS) == 0
