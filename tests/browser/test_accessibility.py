"""No page has a fault that axe-core finds, in both colour themes, on a desk and on a phone."""

from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.looking import ALL_PAGES

pytestmark = pytest.mark.browser

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SIZES = ({"width": 1280, "height": 800}, {"width": 390, "height": 844})


@pytest.mark.parametrize("language", ["fr", "es"])
@pytest.mark.parametrize("path", ["/", "/projects?country=CN", "/doc/project/PO.0105", "/validate?example=1"])
def test_axe_finds_no_fault_in_other_languages(browser: Browser, address: str, path: str, language: str) -> None:
    """Pages in French and Spanish say which parts are in another language, and their longer words have room."""
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(address + path)
    assert page.locator("html").get_attribute("lang") == language
    assert faults(page) == []
    context.close()


@pytest.mark.parametrize("path", ALL_PAGES)
def test_axe_finds_no_fault(browser: Browser, address: str, path: str) -> None:
    """Each page in light and dark, 1280 and 390 px wide."""
    page = browser.new_page()
    page.goto(address + path)
    assert faults(page) == []
    page.close()


@pytest.mark.parametrize("example", ["json", "csv", "text"])
def test_axe_finds_no_fault_in_a_report(browser: Browser, address: str, example: str) -> None:
    """The page with findings beside the lines, and beside the cells."""
    page = browser.new_page()
    page.goto(f"{address}/validate?example={example}")
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_role("status").wait_for()
    assert faults(page) == []
    page.close()


def test_axe_finds_no_fault_in_the_phone_menu(browser: Browser, address: str) -> None:
    """The menu and the panel of filters, opened."""
    page = browser.new_page(viewport=SIZES[1])
    page.goto(address + "/projects")
    page.get_by_role("button", name="Menu").click()
    assert faults(page, sizes=SIZES[1:]) == []
    page.keyboard.press("Escape")
    page.locator(".facet-btn").click()
    assert faults(page, sizes=SIZES[1:]) == []
    page.close()


def test_axe_is_awake(browser: Browser) -> None:
    """A page with a fault is found out, so that silence means something."""
    page = browser.new_page()
    page.set_content("<p><img src='x.png'></p>" + "<p>Dark</p>" * 9 + "<p style='color: #ccc'>Pale</p>")
    found = faults(page, sizes=SIZES[:1])
    assert any("image-alt" in fault for fault in found)
    assert any("color-contrast" in fault for fault in found)
    page.close()


def faults(page: Page, sizes: tuple[Any, ...] = SIZES) -> list[str]:
    """What axe-core finds in both themes at some sizes: theme, width, rule, and the elements.

    Where a theme shows the same elements as the one before, only what it may change is looked at: colours.
    """
    page.evaluate(_axe())
    found = []
    for size in sizes:
        page.set_viewport_size(size)
        seen = None
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            shown = page.evaluate(SHOWN)
            for rule, targets in page.evaluate(RUN, [list(RULES), shown == seen]):
                found.append(f"{scheme} {size['width']} {rule}: {targets}")
            seen = shown
    return found


# Colours fade into each other when the theme changes; axe looks when they have arrived. Colours of all texts would take
# it five times as long as all else. So of texts that look the same, in elements of the same classes, it looks at three:
# rows may take turns.
RUN = """async ([tags, onlyColours]) => {
  for (const motion of document.getAnimations()) motion.finish();
  const kind = element => {
    const { color, backgroundColor, backgroundImage, fontSize, fontWeight, opacity } = getComputedStyle(element);
    const look = [color, backgroundColor, backgroundImage, fontSize, fontWeight, opacity];
    const above = element.parentElement ? kinds.get(element.parentElement) : "";
    return `${above} > ${element.localName}.${element.getAttribute("class")} ${look}`;
  };
  const kinds = new Map(), seen = new Map(), shown = [];
  for (const element of document.querySelectorAll("*")) {
    const name = kind(element);
    kinds.set(element, name);
    const isText = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!isText && !element.matches("input, select, textarea")) continue;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    if (seen.get(name) <= 3 && document.body.contains(element)) shown.push(element);
  }
  const run = async (context, isWanted) => {
    const runOnly = { type: "rule", values: axe.getRules(tags).filter(isWanted).map(rule => rule.ruleId) };
    return (await axe.run(context, { runOnly, resultTypes: ["violations"] })).violations;
  };
  const isOfColours = rule => rule.tags.includes("cat.color");
  const violations = shown.length ? await run({ include: shown }, isOfColours) : [];
  if (!onlyColours) violations.push(...await run(document, rule => !isOfColours(rule)));
  return violations.map(one => [one.id, one.nodes.slice(0, 5).map(node => node.target.join(" ")).join(", ")]);
}"""


SHOWN = """() => [...document.querySelectorAll("*")].map(
  element => Number(element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
).join("")"""


@cache
def _axe() -> str:
    """The text of axe-core; the pages' policy forbids a script element, so it is evaluated from outside."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
