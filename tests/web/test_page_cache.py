"""Pages that are written once for a release."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event

from tests.browse.released import make_release

from iomld.browse.view import open_view
from iomld.web.i18n import PageRequest, language_addresses, making
from iomld.web.templating import PageCache


def test_a_page_is_written_once_for_what_it_depends_on(tmp_path: Path) -> None:
    """Release, language and what else is named tell pages apart; the query of the address does not."""
    view, kept, written = open_view(make_release(tmp_path)), PageCache(), count()

    def page(language: str = "en", query: str = "", depends_on: str = "") -> bytes:
        with making(PageRequest(language, "/ontology", query)):
            return kept.page(view, lambda: b"%d" % next(written), depends_on)

    first = page()
    others = [page("fr"), page(depends_on="a.example")]
    assert len({first, *others}) == 3
    assert [page(), page("fr"), page(depends_on="a.example")] == [first, *others]
    assert [page(query=f"x={number}") for number in range(100)] == [first] * 100
    assert kept.page(replace(view), lambda: b"another release") == b"another release"


def test_a_kept_page_links_to_its_languages_without_other_parameters(tmp_path: Path) -> None:
    """What one reader put into the address does not come back to another."""
    view, kept = open_view(make_release(tmp_path)), PageCache()
    with making(PageRequest("en", "/ontology", "x=secret")):
        page = kept.page(view, lambda: repr(language_addresses()).encode())
    assert b"/ontology?lang=fr" in page
    assert b"secret" not in page


def test_requests_at_once_wait_for_one_page(tmp_path: Path) -> None:
    """While a page is being written, others that ask for it do not write it too."""
    view, kept, written = open_view(make_release(tmp_path)), PageCache(), count()
    begun, go_on = Event(), Event()

    def make() -> bytes:
        begun.set()
        assert go_on.wait(60)
        return b"%d" % next(written)

    with ThreadPoolExecutor() as threads:
        pages = [threads.submit(kept.page, view, make) for _ in range(4)]
        assert begun.wait(60)
        go_on.set()
        assert [page.result() for page in pages] == [b"0"] * 4
