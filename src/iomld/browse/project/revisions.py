"""The revisions of records as the ledger of the folder of releases has them: what each said, and what it changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from weakref import WeakKeyDictionary

from pyoxigraph import NamedNode, Quad

from iomld.browse.project.differences import NamedDifference, named_difference
from iomld.browse.view import ReleaseView, arranged
from iomld.formats import rdf
from iomld.ledger.entries import RevisionKind
from iomld.ledger.index import IndexedRevision, LedgerIndex, open_served_index
from iomld.pipeline.differences import field_differences
from iomld.store.oxigraph import StoreReader


@dataclass(frozen=True, slots=True)
class RecordRevision:
    """A revision of a project's record.

    Attributes:
        key: Key of the project.
        number: Number of the revision, from 1.
        kind: What was done with the record.
        created: When it was published or removed (xsd:dateTime, UTC).
        release: Name of the release that it was made for.
        quads: Its content, in a graph with the IRI of the revision; empty if the record was removed, or if the content
            was erased.
    """

    key: str
    number: int
    kind: RevisionKind
    created: str
    release: str
    quads: tuple[Quad, ...]

    @property
    def is_gone(self) -> bool:
        """Whether there is no content to be read."""
        return self.kind in {RevisionKind.DELETE, RevisionKind.ERASE}


class RevisionTime(NamedTuple):
    """When a revision was published or removed."""

    number: int
    created: datetime


@dataclass(frozen=True, slots=True)
class RevisionChange:
    """What a revision changed.

    Attributes:
        number: Number of the revision.
        kind: What was done with the record.
        created: When (xsd:dateTime, UTC).
        release: Name of the release that it was made for.
        differences: The fields with other values than in the revision before; empty for the first, for one that removed
            the record, and if the content of either is not known.
        content: Its own content; empty if it has none.
    """

    number: int
    kind: RevisionKind
    created: str
    release: str
    differences: tuple[NamedDifference, ...]
    content: tuple[Quad, ...] = ()


def record_revision(view: ReleaseView, key: str, number: int) -> RecordRevision | None:
    """A revision of a project's record; None if the ledger has none of that number.

    Raises:
        StoreError: The ledger is damaged.
    """
    ledger = ledger_of(view)
    found = ledger.find(view.iris.record(key), number) if ledger else None
    if ledger is None or found is None:
        return None
    revision = found.revision
    return RecordRevision(
        key=key,
        number=number,
        kind=revision.kind,
        created=found.created,
        release=found.entry,
        quads=arranged(_content(view, ledger, found, key), first=view.iris.project(key)),
    )


def revision_changes(
    view: ReleaseView, key: str, *, newest: int, upto: int | None = None
) -> tuple[RevisionChange, ...]:
    """What the newest revisions of a record changed, the newest first; empty if the folder has no ledger.

    Args:
        view: The release.
        key: Key of the project.
        newest: How many revisions at most.
        upto: The number of the newest; None for the newest of all.

    Raises:
        StoreError: The ledger is damaged.
    """
    ledger = ledger_of(view)
    if ledger is None:
        return ()
    revisions = [
        one for one in ledger.revisions(view.iris.record(key)) if upto is None or one.revision.revision <= upto
    ]
    pairs = list(zip((None, *revisions), revisions, strict=False))[-newest:]
    return tuple(_change(view, ledger, key, before, after) for before, after in reversed(pairs))


def revision_times(view: ReleaseView, key: str) -> tuple[RevisionTime, ...]:
    """When each revision of a record in the ledger was made, oldest first; those without content are among them."""
    ledger = ledger_of(view)
    found = ledger.revisions(view.iris.record(key)) if ledger else ()
    return tuple(RevisionTime(one.revision.revision, datetime.fromisoformat(one.created)) for one in found)


def newest_revision(view: ReleaseView, key: str) -> int:
    """The number of the newest revision of a record, by the ledger; 0 if there is none."""
    ledger = ledger_of(view)
    return ledger.latest(view.iris.record(key)) if ledger else 0


def _change(
    view: ReleaseView, ledger: LedgerIndex, key: str, before: IndexedRevision | None, after: IndexedRevision
) -> RevisionChange:
    old = _content(view, ledger, before, key) if before else ()
    new = _content(view, ledger, after, key)
    found = field_differences(old, new, key, view.iris) if old and new else ()
    return RevisionChange(
        number=after.revision.revision,
        kind=after.revision.kind,
        created=after.created,
        release=after.entry,
        differences=tuple(named_difference(view, one.shortened()) for one in found),
        content=new,
    )


def _content(view: ReleaseView, ledger: LedgerIndex, found: IndexedRevision, key: str) -> tuple[Quad, ...]:
    graph = NamedNode(view.iris.revision(key, found.revision.revision))
    quads = rdf.parse(ledger.content(found), rdf.NQUADS)
    return tuple(Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads)


def ledger_of(view: ReleaseView) -> LedgerIndex | None:
    """The ledger beside the release; opened once for each open release."""
    if view.reader not in _ledgers and (opened := open_served_index(view.release.path.parent.parent)):
        _ledgers[view.reader] = opened
    return _ledgers.get(view.reader)


_ledgers: WeakKeyDictionary[StoreReader, LedgerIndex] = WeakKeyDictionary()
