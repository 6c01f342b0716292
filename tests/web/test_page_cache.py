"""Pages that are written once for a release."""

from dataclasses import replace
from itertools import count
from pathlib import Path

from tests.browse.released import make_release

from iomld.browse.view import open_view
from iomld.web.i18n import PageRequest, making
from iomld.web.templating import PageCache


def test_a_page_is_written_once_for_what_it_depends_on(tmp_path: Path) -> None:
    """Release, language, address and what else is named tell pages apart; the same is not written again."""
    view, kept, written = open_view(make_release(tmp_path)), PageCache(), count()

    def page(language: str = "en", query: str = "", depends_on: str = "") -> bytes:
        with making(PageRequest(language, "/ontology", query)):
            return kept.page(view, lambda: b"%d" % next(written), depends_on)

    first = page()
    others = [page("fr"), page(query="lang=fr"), page(depends_on="a.example")]
    assert len({first, *others}) == 4
    assert [page(), page("fr"), page(depends_on="a.example")] == [first, others[0], others[2]]
    assert kept.page(replace(view), lambda: b"another release") == b"another release"


def test_addresses_that_mean_nothing_do_not_pile_up(tmp_path: Path) -> None:
    """However many addresses are asked for, few pages are kept, and each answer is right."""
    view, kept = open_view(make_release(tmp_path)), PageCache()
    for number in range(100):
        with making(PageRequest("en", "/ontology", f"x={number}")):
            assert kept.page(view, lambda number=number: b"%d" % number) == b"%d" % number  # type: ignore[misc]  # bound now
    with making(PageRequest("en", "/ontology", "x=0")):
        assert kept.page(view, lambda: b"written anew") == b"written anew"
