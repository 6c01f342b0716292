"""A browser, and a server for it."""

import asyncio
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


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """Chromium of this machine, and the event loop that Playwright has in this thread."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; install the package 'chromium-headless-shell' to run these tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)
        browser.close()


@pytest.fixture(scope="module")
def browser(chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """Chromium; between the modules with tests of pages no event loop runs, so that other tests can run theirs."""
    browser, loop = chromium
    asyncio._set_running_loop(loop)
    yield browser
    for context in browser.contexts:
        context.close()
    asyncio._set_running_loop(None)


@pytest.fixture(scope="module")
def page_in(browser: Browser) -> Callable[[str], Page]:
    """One page for each language, which goes from address to address; a new one takes three times as long."""
    return cache(lambda language: browser.new_page(locale=language))
