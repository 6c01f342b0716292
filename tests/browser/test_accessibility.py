"""No page has a fault that axe-core finds, in both colour themes, on a desk and on a phone."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize
from tests.browser.pages import ALL_PAGES

pytestmark = pytest.mark.browser

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES: tuple[ViewportSize, ...] = ({"width": 1280, "height": 800}, {"width": 390, "height": 844})


@pytest.mark.parametrize("language", ["fr", "es"])
@pytest.mark.parametrize("path", ["/", "/projects?country=CN", "/doc/project/PO.0105", "/validate?example=1"])
def test_axe_finds_no_fault_in_other_languages(
    page_in: Callable[[str], Page], address: str, path: str, language: str
) -> None:
    """Pages in French and Spanish say which parts are in another language, and longer words have room on a phone.

    Colours are those of the English page.
    """
    page = _set(page_in(language))
    page.goto(address + path)
    assert page.locator("html").get_attribute("lang") == language
    assert faults(page, sizes=SIZES[1:], schemes=("light",)) == []


@pytest.mark.parametrize("path", ALL_PAGES)
def test_axe_finds_no_fault(page_in: Callable[[str], Page], address: str, path: str) -> None:
    """Each page in light and dark, 1280 and 390 px wide."""
    page = _set(page_in("en"))
    page.goto(address + path)
    assert faults(page) == []


@pytest.mark.parametrize("example", ["text", "csv"])
def test_axe_finds_no_fault_in_a_report(page_in: Callable[[str], Page], address: str, example: str) -> None:
    """The page with findings beside the lines, and beside the cells."""
    page = _set(page_in("en"))
    page.goto(f"{address}/validate?example={example}")
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_role("status").wait_for()
    assert faults(page) == []


def test_axe_finds_no_fault_in_the_phone_menu(browser: Browser, address: str) -> None:
    """The menu and the panel of filters, opened over few results."""
    page = browser.new_page(viewport=SIZES[1])
    page.goto(address + "/projects?q=migration&region=africa&status=completed&budget=0-50000")
    page.get_by_role("button", name="Menu").click()
    assert faults(page, sizes=SIZES[1:]) == []
    page.keyboard.press("Escape")
    page.locator(".facet-btn").click()
    assert faults(page, sizes=SIZES[1:]) == []
    page.close()


def test_axe_is_awake(browser: Browser) -> None:
    """A page with a fault is found out, so that silence means something."""
    page = browser.new_page()
    small = "<button style='width: 9px; height: 9px; padding: 0; border: 0; margin: 0'>x</button>"
    page.set_content(
        f"<p><img src='x.png'></p>{'<p>Dark</p>' * 9}<p style='color: #ccc'>Pale</p>"
        f"<p style='font-size: 0'>{small * 2}</p>"
    )
    found = faults(page, sizes=SIZES[:1])
    assert any("image-alt" in fault for fault in found)
    assert any("color-contrast" in fault for fault in found)
    assert any("target-size" in fault for fault in found)
    page.close()


def _set(page: Page) -> Page:
    """A page that other tests had, on a desk and in light again."""
    page.set_viewport_size(SIZES[0])
    page.emulate_media(color_scheme="light")
    return page


def faults(
    page: Page, sizes: tuple[ViewportSize, ...] = SIZES, schemes: tuple[Literal["light", "dark"], ...] = SCHEMES
) -> list[str]:
    """What axe-core finds in some themes at some sizes: theme, width, rule, and the elements.

    The first look is at the structure of all elements. The others are at three of rows that are alike: at their colours
    in each theme, at their places in each size, and at their structure again where other elements are shown.
    """
    page.evaluate(_axe())
    page.set_viewport_size(sizes[0])
    found = _violations(page, "structure")
    before = page.evaluate(THIN)
    for size in sizes:
        page.set_viewport_size(size)
        kinds = {"colours", "places"}
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            if (shown := page.evaluate(SHOWN)) != before:
                kinds |= {"structure", "places"}
            found += [f"{scheme} {size['width']} {fault}" for fault in _violations(page, *kinds)]
            kinds, before = {"colours"}, shown
    page.evaluate(RESTORE)
    return found


def _violations(page: Page, *kinds: str) -> list[str]:
    """What axe-core finds now with some kinds of rules."""
    new, violations = page.evaluate(RUN, [list(RULES), kinds, _LOOKS])
    _LOOKS.update(new)
    return [f"{rule}: {targets}" for rule, targets in violations]


# How many texts of each look were looked at, on all pages so far; each theme has its own colours.
_LOOKS: dict[str, int] = {}

SHOWN = """[...document.querySelectorAll("*")].map(
  element => Number(element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
).join("")"""
_HASH = """text => {
  let [a, b] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x9e3779b1);
    b = Math.imul(b ^ text.charCodeAt(at), 0x85ebca6b) + a | 0;
  }
  return `${a} ${b}`;
}"""

# Colours fade into each other when the theme changes; axe looks when they have arrived. Colours of all texts would take
# it five times as long as all else. So of texts that look the same, in elements of the same classes, it looks at three:
# rows may take turns, and pages share their head and foot. What counts of the size of a text is whether it is large
# (WCAG 2.2, 1.4.3). The rules on colours and places make axe find out first what lies where, which for all elements
# takes longer than all other rules.
RUN = f"""async ([tags, kinds, looks]) => {{
  for (const motion of document.getAnimations()) motion.finish();
  const hash = {_HASH};
  const isText = node => node.nodeType === Node.TEXT_NODE && node.data.trim();
  const names = new Map(), counts = {{}};
  let isNew = false;
  for (const element of kinds.includes("colours") ? document.querySelectorAll("*") : []) {{
    const {{ color, backgroundColor, backgroundImage, fontSize, fontWeight, opacity }} = getComputedStyle(element);
    const isLarge = parseFloat(fontSize) >= (fontWeight >= 700 ? 18.66 : 24);
    const look = [color, backgroundColor, backgroundImage, isLarge, opacity];
    const above = names.get(element.parentElement);
    const name = hash(`${{above}} > ${{element.localName}}.${{element.getAttribute("class")}} ${{look}}`);
    names.set(element, name);
    element.removeAttribute("data-look");
    if (![...element.childNodes].some(isText) && !element.matches("input, select, textarea")) continue;
    const count = (counts[name] ?? looks[name] ?? 0) + 1;
    if (count > 3 || !document.body.contains(element)) continue;
    counts[name] = count;
    element.setAttribute("data-look", isNew = true);
  }}
  for (const element of document.querySelectorAll("[data-look] *")) element.setAttribute("data-look", true);
  const kind = ({{ ruleId, tags }}) =>
    tags.includes("cat.color") ? "colours" : ruleId === "target-size" ? "places" : "structure";
  const rules = axe.getRules(tags).filter(rule => kinds.includes(kind(rule)) && (isNew || kind(rule) !== "colours"));
  if (!rules.length) return [counts, []];
  axe.configure({{ rules: [
    {{ id: "color-contrast", selector: "[data-look]" }},
    {{ id: "link-in-text-block", selector: "a[href][data-look], [role=link][data-look]" }},
  ] }});
  const runOnly = {{ type: "rule", values: rules.map(rule => rule.ruleId) }};
  const {{ violations }} = await axe.run(document, {{ runOnly, resultTypes: ["violations"] }});
  const targets = nodes => nodes.slice(0, 5).map(node => node.target.join(" ")).join(", ");
  return [counts, violations.map(({{ id, nodes }}) => [id, targets(nodes)])];
}}"""

# Takes away what has three like it before it under the same element: of the same names, classes and attributes, with
# and without text in the same places. Gives what is shown.
THIN = f"""() => {{
  const hash = {_HASH};
  window.taken ??= [];
  const name = element => {{
    const counts = {{}}, parts = [element.localName, element.className.baseVal ?? element.className];
    for (const {{ name, value }} of element.attributes) if (name !== "data-look") parts.push(name, Boolean(value));
    for (const node of [...element.childNodes]) {{
      const part = node.nodeType === Node.ELEMENT_NODE ? name(node) : Boolean(node.data?.trim());
      counts[part] = (counts[part] ?? 0) + 1;
      if (counts[part] <= 3) {{
        parts.push(part);
      }} else if (node.nodeType === Node.ELEMENT_NODE) {{
        taken.push([element, node, node.nextSibling]);
        node.remove();
      }}
    }}
    return hash(parts.join());
  }};
  name(document.body);
  return {SHOWN};
}}"""
RESTORE = "() => { while (taken.length) { const [above, node, next] = taken.pop(); above.insertBefore(node, next); } }"


@cache
def _axe() -> str:
    """The text of axe-core; the pages' policy forbids a script element, so it is evaluated from outside."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
