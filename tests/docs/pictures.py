"""The pictures in README.md: `python -m tests.docs.pictures` takes them anew, from the bundled records."""

import base64
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.conftest import DATA, ROOT, run_iomld
from tests.serving import serve

FOLDER = ROOT / "docs" / "images"
LARGEST_BYTES = 60_000
DESK, PHONE = (1200, 750), (390, 780)
_QUALITIES = range(82, 20, -10)
_QUERY = """PREFIX iomld: <https://w3id.org/iomld/ns#>

SELECT ?state (COUNT(?project) AS ?projects) WHERE {
  ?project iomld:benefitingMemberState ?state .
}
GROUP BY ?state
ORDER BY DESC(?projects)
"""


def _stay(_: Page) -> None:
    """The page as it opens."""


def _check(page: Page) -> None:
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_role("status").wait_for()


def _to_answer(page: Page) -> None:
    page.locator("#editor").wait_for()
    page.locator("#ask").evaluate("form => scrollTo(0, form.getBoundingClientRect().top + scrollY - 24)")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    Attributes:
        name: File name without its ending.
        path: The page.
        act: What is done before it is taken.
        scheme: Colour theme.
        size: Width and height of the window.
    """

    name: str
    path: str
    act: Callable[[Page], None] = _stay
    scheme: Literal["light", "dark"] = "light"
    size: tuple[int, int] = DESK


PICTURES = (
    Picture("home", "/"),
    Picture("projects", "/projects?q=migration&region=africa"),
    Picture("project", "/doc/project/PO.0105"),
    Picture("query", "/query?" + urlencode({"query": _QUERY, "run": "1", "view": "map"}), _to_answer),
    Picture("validate", "/validate?example=1", _check),
    Picture("home-dark", "/", scheme="dark"),
    Picture("project-phone", "/doc/project/PO.0105", size=PHONE),
)


def take(browser: Browser, address: str, picture: Picture) -> bytes:
    """A picture as WebP, at the best quality that keeps it small."""
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=picture.scheme, locale="en", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address + picture.path, wait_until="networkidle")
    picture.act(page)
    page.evaluate("document.fonts.ready")
    session = context.new_cdp_session(page)
    for quality in _QUALITIES:
        shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
        image = base64.b64decode(shot["data"])
        if len(image) < LARGEST_BYTES:
            break
    context.close()
    return image


def main() -> None:
    """Publish the bundled records, serve them, and take each picture."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        done = run_iomld("publish", DATA, "--to", folder)
        if done.returncode:
            raise SystemExit(done.stderr)
        with serve(Path(folder)) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
            for picture in PICTURES:
                file = FOLDER / f"{picture.name}.webp"
                file.write_bytes(take(browser, server.address, picture))
                print(f"{file.relative_to(ROOT)}  {file.stat().st_size:,} bytes")  # noqa: T201  # a tool for the terminal
            browser.close()


if __name__ == "__main__":
    main()
