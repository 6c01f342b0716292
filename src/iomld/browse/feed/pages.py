"""The pages of the feeds: each run has one, or several if it made many revisions. A page never gets more revisions."""

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from iomld.browse.project.revisions import ledger_of
from iomld.browse.view import ReleaseView
from iomld.ledger.entries import EntryHead
from iomld.ledger.index import IndexedRun
from iomld.store.oxigraph import StoreReader


@dataclass(frozen=True, slots=True)
class FeedPage:
    """The place of a page of a feed.

    Attributes:
        run: Name of the run.
        number: Number of the page among those of the run, from 1.
        created: Time of the run (xsd:dateTime, UTC).
        revisions: Number of the revisions on it.
    """

    run: str
    number: int
    created: str
    revisions: int

    def path(self, root: str) -> str:
        """Its path on the server, under the path of the feed."""
        return f"{root}/{self.run}" + (f"/{self.number}" if self.number > 1 else "")


def feed_pages(view: ReleaseView, most: int) -> tuple[FeedPage, ...]:
    """The pages of a feed, oldest first.

    Args:
        view: The release.
        most: Number of the revisions on a page, at most.
    """
    ledger = ledger_of(view)
    runs = ledger.runs(view.iris.record("")) if ledger else ()
    return tuple(page for run in runs for page in _pages(run, most))


def latest_pages(view: ReleaseView, most: int) -> tuple[FeedPage, ...]:
    """Those pages that have the newest revision of a record, oldest first, each with the number of these revisions.

    A page only loses revisions, so a client that has read it need not read it again.

    Args:
        view: The release.
        most: Number of the revisions of all pages, as in `feed_pages`.
    """
    ledger = ledger_of(view)
    head = ledger.head if ledger else None
    if ledger is None or head is None:
        return ()
    known = _latest.get(view.reader)
    if known is None or known[:2] != (head, most):
        found = ledger.newest_by_part(view.iris.record(""), most)
        pages = tuple(FeedPage(one.name, one.part, one.created, one.revisions) for one in found)
        _latest[view.reader] = known = (head, most, pages)
    return known[2]


# The pages since the last entry of the ledger: clients ask every second, and all revisions are read for them.
_latest: WeakKeyDictionary[StoreReader, tuple[EntryHead, int, tuple[FeedPage, ...]]] = WeakKeyDictionary()


def _pages(run: IndexedRun, most: int) -> Iterator[FeedPage]:
    for start in range(0, run.revisions, most):
        yield FeedPage(run.name, start // most + 1, run.created, min(most, run.revisions - start))
