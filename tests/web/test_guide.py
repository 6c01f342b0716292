"""The guide: the documents of the project as pages, and the examples that they name as files."""

import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from tests.conftest import ROOT
from tests.serving import Server

from iomld.web.markdown import render_markdown

_LINK = re.compile(r'href="([^"]+)"')


@pytest.fixture(scope="module")
def client(bundled_server: Server) -> Iterator[httpx.Client]:
    """A client of the server of the bundled records."""
    with httpx.Client(base_url=bundled_server.address, headers={"Accept": "text/html"}, timeout=60) as client:
        yield client


def test_a_document_without_headings_has_no_contents(client: httpx.Client) -> None:
    """No empty box stands beside or above it; any other document lists its headings."""
    assert '<nav class="contents"' not in client.get("/guide/settings").text
    assert '<nav class="contents"' in client.get("/guide/validation").text


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/guide?lang=fr", "Le guide n’existe qu’en anglais."),
        ("/guide/tutorial?lang=es", "La guía solo existe en inglés."),
        ("/docs?lang=fr", "La référence de l’API n’existe qu’en anglais."),
    ],
)
def test_pages_in_english_alone_say_so(client: httpx.Client, address: str, sentence: str) -> None:
    """In the language of the reader; in English there is nothing to say."""
    assert sentence in client.get(address).text
    client.cookies.clear()
    assert "in English only" not in client.get(address.partition("?")[0]).text


def test_the_guide_is_in_the_menu(client: httpx.Client) -> None:
    """Every page links to it, and the page where records are checked to how they are prepared."""
    menu = client.get("/projects").text.partition('id="site-menu"')[2].partition("</nav>")[0]
    assert '<a href="/guide">Guide</a>' in menu
    assert '<a href="/guide/prepare-records">' in client.get("/validate").text


def test_the_cells_of_a_wide_table_have_their_headings() -> None:
    """A narrow screen shows a row as lines; a table of two columns needs no words for that."""
    wide = render_markdown("| a | b | c |\n|---|---|---|\n| 1 | 2 | |\n", str).body
    assert "<td>1</td>" in wide
    assert '<td data-label="b">2</td>' in wide
    assert "data-label" not in render_markdown("| a | b |\n|---|---|\n| 1 | 2 |\n", str).body


def test_every_link_of_the_guide_leads_somewhere(client: httpx.Client) -> None:
    """Every page is reached from the index, and every page, file and heading that they link to is there."""
    texts: dict[str, str] = {}
    waiting = ["/guide"]
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code == 200, path
        texts[path] = answer.text
        links = {link.partition("#")[0] for link in _links(answer.text)} if _is_page(path) else set()
        waiting += sorted(link for link in links if link.startswith("/") and link not in {*texts, *waiting})
    pages = {path for path in texts if _is_page(path)}
    assert {"/guide/tutorial", "/guide/use-data", "/guide/library", "/guide/contributing"} <= pages
    assert len(pages) >= len([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "decisions").glob("*.md")])
    for path in pages:
        for link in _links(texts[path]):
            page, mark, anchor = link.partition("#")
            if mark and page in pages | {""}:
                assert f'id="{anchor}"' in texts[page or path], f"{path}: {link}"


def _is_page(path: str) -> bool:
    return path.startswith("/guide") and not path.startswith(("/guide/examples/", "/guide/examples.zip"))


def _links(page: str) -> list[str]:
    """The addresses in the document of a page, without those of its frame."""
    document = page.partition('<div class="guide" lang="en">')[2].partition("</main>")[0]
    return [unescape(link) for link in _LINK.findall(document)]


def test_a_page_shows_its_document(client: httpx.Client) -> None:
    """With its title, contents and tables; comments about tests are left out, and links to code are text."""
    page = client.get("/guide/tutorial").text
    assert "<title>Your spreadsheet as a published site, in fifteen minutes · iomld</title>" in page
    assert 'href="#3-draft-a-mapping"' in page.partition('class="contents"')[2].partition("</nav>")[0]
    assert "iomld mapping draft examples/grants.csv" in page
    assert "exit status" not in page
    assert "model.py</p>" not in page
    architecture = client.get("/guide/architecture").text
    assert "(model.py)." in architecture
    assert "<th>library</th>" in architecture


def test_the_frame_has_the_language_of_the_reader(client: httpx.Client) -> None:
    """The document is marked as English in a page in French."""
    page = client.get("/guide/use-data", params={"lang": "fr"}).text
    assert '<html lang="fr"' in page
    assert '<h1 lang="en">Use the data of a site</h1>' in page


def test_examples_are_files(client: httpx.Client) -> None:
    """One by one, and all of them in an archive that unpacks to the folder which commands name."""
    assert client.get("/guide/examples/fund/iomld.toml").text.startswith("# The settings")
    answer = client.get("/guide/examples.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read("examples/grants.csv") == (ROOT / "examples" / "grants.csv").read_bytes()
    again = client.get("/guide/examples.zip", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/guide/nothing", "/guide/examples/nothing", "/guide/examples/../README.md"])
def test_what_is_not_there_says_where_to_begin(client: httpx.Client, path: str) -> None:
    """An unknown name is 404, and no name leads out of the examples."""
    answer = client.get(path.replace("..", "%2e%2e"), headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert "guide" in answer.json()["detail"]


def test_html_and_harmful_links_do_not_pass() -> None:
    """HTML in a document is left out or shown as text, and a link with a script is no link."""
    parts = ("# T", "<script>alert(1)</script>", "a <img src=x onerror=alert(1)>", "[c](javascript:alert(1))")
    text = "\n\n".join([*parts, "```\n<i>\n```"])
    body = str(render_markdown(text, lambda target: target).body)
    assert "<script" not in body
    assert "<img" not in body
    assert 'href="javascript' not in body
    assert "&lt;i&gt;" in body
