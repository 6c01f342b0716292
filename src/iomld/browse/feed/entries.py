"""The entries of the feed for feed readers: what each revision of a record changed, in words."""

from dataclasses import dataclass
from functools import partial

from pyoxigraph import Literal, NamedNode

from iomld.browse.feed.pages import FeedPage, feed_pages
from iomld.browse.project.revisions import RevisionChange, ledger_of, revision_changes
from iomld.browse.view import ReleaseView
from iomld.iris import DCTERMS
from iomld.ledger.entries import RevisionKind
from iomld.ledger.index import IndexedRevision

_MOST = 50  # entries of a page


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A revision of a record.

    Attributes:
        iri: Its IRI.
        key: Key of the project.
        number: Number of the revision.
        kind: What was done with the record.
        title: The title in English, or else in another language; of a withdrawal a sentence.
        language: The language of the title.
        created: When it was made (xsd:dateTime, UTC).
        summary: What was done, in English.
    """

    iri: str
    key: str
    number: int
    kind: RevisionKind
    title: str
    language: str
    created: str
    summary: str


@dataclass(frozen=True, slots=True)
class RemovedEntry:
    """A revision that is not to be shown any more: its record was withdrawn, or its content erased.

    Attributes:
        iri: Its IRI.
        when: When that was (xsd:dateTime, UTC).
        reason: What was done, in English.
    """

    iri: str
    when: str
    reason: str


def entry_pages(view: ReleaseView) -> tuple[FeedPage, ...]:
    """The pages of the feed, oldest first; an erasure is a page without entries."""
    erasures = _erasures(view)
    erased = {one.entry: FeedPage(one.entry, 1, one.created, 1) for one in erasures}
    return tuple(sorted((*feed_pages(view, _MOST), *erased.values()), key=lambda page: (page.run, page.number)))


def newest_pages(pages: tuple[FeedPage, ...]) -> tuple[FeedPage, ...]:
    """The last pages, as many as are needed for a full document, which has fewer than two pages; oldest first."""
    count, first = 0, len(pages)
    while first and count < _MOST:
        first -= 1
        count += pages[first].revisions
    return pages[first:]


def page_entries(view: ReleaseView, page: FeedPage) -> tuple[FeedEntry, ...]:
    """The entries of a page. A revision whose content was erased is none.

    Args:
        view: The release, in English.
        page: The page.

    Raises:
        StoreError: The ledger is damaged.
    """
    shown = (one for one in _members(view, page) if one.revision.kind is not RevisionKind.ERASE)
    return tuple(map(partial(_entry, view), shown))


def removed_entries(view: ReleaseView, page: FeedPage) -> tuple[RemovedEntry, ...]:
    """The entries of earlier pages that are not to be shown any more, because of what a run did."""
    withdrawn = (one for one in _members(view, page) if one.revision.kind is RevisionKind.DELETE)
    erased = (one for one in _erasures(view) if one.entry == page.run)
    return (
        *(_removed(view, one, one.revision.revision - 1, "{key} was withdrawn.") for one in withdrawn),
        *(_removed(view, one, one.revision.revision, "This content of {key} was erased.") for one in erased),
    )


def _members(view: ReleaseView, page: FeedPage) -> tuple[IndexedRevision, ...]:
    ledger, start = ledger_of(view), (page.number - 1) * _MOST
    return ledger.revisions_of_run(page.run, view.iris.record(""), start=start, most=_MOST) if ledger else ()


def _erasures(view: ReleaseView) -> tuple[IndexedRevision, ...]:
    ledger = ledger_of(view)
    return tuple(one for one in ledger.erasures() if _key(view, one)) if ledger else ()


def _key(view: ReleaseView, found: IndexedRevision) -> str:
    return view.iris.record_key(found.revision.graph) or ""


def _removed(view: ReleaseView, found: IndexedRevision, number: int, reason: str) -> RemovedEntry:
    key = _key(view, found)
    return RemovedEntry(view.iris.revision(key, number), found.created, reason.format(key=key))


def _entry(view: ReleaseView, found: IndexedRevision) -> FeedEntry:
    key, number, kind = _key(view, found), found.revision.revision, found.revision.kind
    (change,) = revision_changes(view, key, newest=1, upto=number)
    if kind is RevisionKind.DELETE:
        title, language = f"{key} was withdrawn", "en"
    else:
        title, language = _title(view, change, key)
    return FeedEntry(
        iri=view.iris.revision(key, number),
        key=key,
        number=number,
        kind=kind,
        title=title,
        language=language,
        created=found.created,
        summary=_summary(view, change, key),
    )


def _title(view: ReleaseView, change: RevisionChange, key: str) -> tuple[str, str]:
    """The title of a record and its language; its key if it has none."""
    project, predicate = NamedNode(view.iris.project(key)), f"{DCTERMS}title"
    titles = (one.object for one in change.content if one.subject == project and one.predicate.value == predicate)
    found = {one.language or "": one.value for one in titles if isinstance(one, Literal)}
    language = min(found, key=lambda one: (one != "en", one), default="en")
    return (f"{key}: {found[language]}" if found else key), language


def _summary(view: ReleaseView, change: RevisionChange, key: str) -> str:
    fields = ", ".join(one.label for one in change.differences)
    match change.kind:
        case RevisionKind.DELETE:
            return f"{key} was withdrawn. {_reason(view, key, change.number)}".strip()
        case RevisionKind.CREATE:
            return f"{key} was published."
        case RevisionKind.RESTORE:
            done = "Earlier values of {key} were restored"
        case _:
            done = "{key} was changed"
    return f"{done.format(key=key)}: {fields}." if fields else f"{done.format(key=key)}."


def _reason(view: ReleaseView, key: str, number: int) -> str:
    """Why a record was withdrawn, as whoever did it wrote it."""
    withdrawal = view.reader.about(f"{view.iris.record(key)}#withdrawal-{number}", graph=view.iris.graph("prov"))
    reasons = (quad.object for quad in withdrawal if quad.predicate.value == f"{DCTERMS}description")
    return next((reason.value for reason in reasons if isinstance(reason, Literal)), "")
