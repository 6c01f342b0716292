"""How tests look at a page and move on it."""

from playwright.sync_api import Page

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def tab_to(page: Page, condition: str) -> None:
    """Press Tab until the element that has the focus fits a condition."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"(e => {condition})(document.activeElement)"):
            return
    raise AssertionError(f"Tab never came to {condition}")
