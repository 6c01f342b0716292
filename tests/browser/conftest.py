"""A browser, and a server for it."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.serving import Server

# The shell comes first: without the windows of a desktop it takes less than half the processor time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def address(bundled_server: Server) -> str:
    """The address of a server of the bundled records."""
    return bundled_server.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of this machine; while it is there no other event loop can run, so it goes with its module."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; install the package 'chromium-headless-shell' to run these tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page_in(browser: Browser) -> Callable[[str], Page]:
    """One page for each language, which goes from address to address; a new one takes three times as long."""
    return cache(lambda language: browser.new_page(locale=language))
