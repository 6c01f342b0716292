"""Pages on paper, in the system's own colours, with more contrast, and with less motion."""

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

COLOURS = """names => names.map(name => {
  const made = document.createElement("i");
  made.style.color = name;
  document.body.append(made);
  const colour = getComputedStyle(made).color;
  made.remove();
  return colour;
})"""
LIGHTNESS = """(element, name) => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = getComputedStyle(element)[name];
  canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data.slice(0, 3).reduce((sum, part) => sum + part, 0) / 3;
}"""
MOVING = """() => [...document.querySelectorAll("*")].map(element => getComputedStyle(element)).filter(
  style => style.transitionDuration !== "0s" || style.animationName !== "none" || style.scrollBehavior === "smooth"
).length"""


@pytest.mark.parametrize("chosen", [None, "dark"])
def test_paper_is_white(browser: Browser, address: str, chosen: str | None) -> None:
    """Dark text on white, by the system's dark theme and by the switch; what can only be clicked is left out."""
    page = browser.new_page(color_scheme="dark")
    page.goto(address + "/projects?region=africa")
    if chosen:
        page.evaluate("theme => document.documentElement.dataset.theme = theme", chosen)
    page.emulate_media(media="print")
    for place in ("body", ".results", "h1"):
        assert page.locator(place).first.evaluate(LIGHTNESS, "color") < 60, place
    assert page.locator("body").evaluate(LIGHTNESS, "backgroundColor") == 255
    assert page.locator(".results").evaluate(LIGHTNESS, "backgroundColor") == 255
    assert page.locator(".results h3 a").first.is_visible()
    for clicked in (".top", "#filters", "#facet-panel", ".facet-btn", ".pager", ".sorting", ".asdata"):
        assert not page.locator(clicked).is_visible(), clicked
    page.close()


def test_paper_shows_the_rows_under_a_chart(browser: Browser, address: str) -> None:
    """The table that is folded on the screen is printed; the query stands above."""
    page = browser.new_page()
    page.goto(
        address + "/query?run=1&view=chart&query=SELECT+*+%7B+VALUES+(%3Fc+%3Fn)+%7B+(%22CN%22+1)+(%22NA%22+2)+%7D+%7D"
    )
    assert not page.get_by_role("cell", name="NA").is_visible()
    page.emulate_media(media="print")
    assert page.get_by_role("cell", name="NA").is_visible()
    assert page.locator("#editor").is_visible()
    assert not page.get_by_role("button", name="Run the query").is_visible()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_take_the_colours_of_the_system(browser: Browser, address: str, scheme: str) -> None:
    """With forced colours no text of a drawing and no bar keeps a colour of ours."""
    page = browser.new_page()
    page.emulate_media(forced_colors="active", color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address + "/")
    text, paper = page.evaluate(COLOURS, ["CanvasText", "Canvas"])
    fill = "all => [...new Set(all.map(element => getComputedStyle(element).fill))]"
    assert page.locator(".fig text, .years text, .years rect:not(.reach), .fig svg svg").evaluate_all(fill) == [text]
    assert page.locator(".fig .node").evaluate_all(fill) == [paper]
    assert page.locator(".map .dot").first.evaluate_all(fill) != page.locator(".map .land").evaluate_all(fill)
    page.goto(address + "/projects")
    border = "element => getComputedStyle(element).borderBottomWidth"
    assert page.locator(".nav a[aria-current]").evaluate(border) == "2px"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_more_contrast_is_given_where_it_is_wanted(browser: Browser, address: str, scheme: str) -> None:
    """Text, muted text and lines have more contrast with the background than usual."""
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address + "/doc/project/PO.0105")
    found = []
    for wanted in ("no-preference", "more"):
        page.emulate_media(contrast="more" if wanted == "more" else "no-preference")
        ground = page.locator("body").evaluate(LIGHTNESS, "backgroundColor")
        parts = [("body", "color"), (".facts dt", "color"), (".card", "borderTopColor")]
        found.append([abs(page.locator(place).first.evaluate(LIGHTNESS, name) - ground) for place, name in parts])
    assert all(more > usual for usual, more in zip(*found, strict=True)), found
    page.close()


def test_nothing_moves_where_less_motion_is_wanted(browser: Browser, address: str) -> None:
    """No transition, no animation, no smooth scrolling."""
    page = browser.new_page(reduced_motion="reduce")
    for path in ("/", "/doc/project/PO.0105", "/validate?example=1"):
        page.goto(address + path)
        assert page.evaluate(MOVING) == 0
    page.close()
