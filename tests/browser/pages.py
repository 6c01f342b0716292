"""How tests look at a page and move on it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

PAGES = (
    "/",
    "/projects",
    "/projects?q=migration&region=africa&status=completed&budget=0-50000",
    "/projects?country=ZZ",
    "/countries",
    "/frameworks",
    "/query",
    "/query?run=1&view=chart&query=SELECT+*+%7B+VALUES+(%3Fc+%3Fn)+%7B+(%22CN%22+1)+(%22NA%22+-2)+%7D+%7D",
    "/query?run=1&view=map&query=SELECT+*+%7B+VALUES+(%3Fc+%3Fn)+%7B+(%22CN%22+1)+(%22NA%22+-2)+%7D+%7D",
    "/query?run=1&query=PREFIX+s:+%3Chttp://schema.org/%3E+SELECT+*+%7B+%3Fs+s:name+%22China%22+%7D",
    "/saved",
    "/saved/projects-of-a-region?region=asia-and-oceania",
    "/validate?example=1",
    "/downloads",
    "/changes",
    "/ontology",
    "/about",
    "/developers",
    "/docs",
    "/guide/tutorial",
    "/shapes",
    "/doc/project/PO.0105",
    "/doc/country/CN",
    "/scheme/framework/gcm",
)
# With them pages that are empty or wrong, other forms of an answer, and more lists.
ALL_PAGES = (
    *PAGES,
    "/regions",
    "/query?run=1&query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+30",
    "/query?run=1&query=DESCRIBE+%3Chttps://w3id.org/iomld/id/country/CN%3E",
    "/query?run=1&query=SELECT+%7B",
    "/saved/largest-budgets?most=many",
    "/validate",
    "/doc/country/ZZ",
    "/scheme/status",
    "/no/such/page",
)

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def tab_to(page: Page, condition: str) -> int:
    """Press Tab until the element that has the focus fits a condition; return how often that was."""
    for number in range(1, 201):
        page.keyboard.press("Tab")
        if page.evaluate(f"(e => {condition})(document.activeElement)"):
            return number
    raise AssertionError(f"Tab never came to {condition}")


@contextmanager
def listening(page: Page, listeners: Mapping[str, Callable[[Any], object]]) -> Iterator[None]:
    """Listen to events of a page that other tests use after this one."""
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]  # it wants each name of an event by itself
    try:
        yield
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
