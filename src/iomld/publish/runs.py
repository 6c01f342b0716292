"""What every run does with a folder of releases: it locks the folder and opens the ledger, and ends with an entry."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from iomld import release
from iomld.ledger.entries import EntryDraft, GraphRevision, RevisionKind, RunKind, entry_names
from iomld.ledger.index import LedgerIndex
from iomld.ledger.opening import writable_ledger
from iomld.publish.gather import Changes
from iomld.release.nquads import GraphState
from iomld.temporary import temporary_folder


@dataclass(frozen=True, slots=True)
class LockedFolder:
    """A folder of releases that no other publisher can change.

    Attributes:
        ledger: Its ledger, with an entry for each release.
        now: Gives the time in whole seconds; it is later than all releases and entries, and never goes back.
        scratch: A folder for temporary files.
    """

    ledger: LedgerIndex
    now: Callable[[], datetime]
    scratch: Path


@contextmanager
def locked_folder(datadir: Path, clock: Callable[[], datetime]) -> Iterator[LockedFolder]:
    """Lock a folder of releases, and put right what a crash left behind.

    Args:
        datadir: The folder.
        clock: The clock of the machine.

    Raises:
        StoreError: The folder cannot be written or is in use, or its ledger is damaged.
    """
    with (
        release.publisher_lock(datadir),
        closing(writable_ledger(datadir)) as ledger,
        temporary_folder("publish") as scratch,
    ):
        names = (*release.release_names(datadir), *entry_names(datadir))
        yield LockedFolder(ledger, release.rising_clock(names, clock), scratch)


def draft_of_entry(name: str, created: str, changes: Changes, known: Mapping[str, GraphState], run: Path) -> EntryDraft:
    """What the ledger says of a run.

    Args:
        name: Name of the release that it makes.
        created: The time of the release (xsd:dateTime, UTC).
        changes: The changes.
        known: The states of the graphs of the current release.
        run: A gzip file with what the run adds to the provenance graph.
    """

    def content(graph: str) -> bytes:
        place = changes.places[graph]
        with changes.changed_file.open("rb") as file:
            file.seek(place.offset)
            return file.read(place.length)

    return EntryDraft(
        name=name,
        kind=changes.run,
        created=created,
        revisions=tuple(sorted(_revisions(changes, known))),
        content=content,
        run=run,
    )


def _revisions(changes: Changes, known: Mapping[str, GraphState]) -> Iterator[GraphRevision]:
    changed = RevisionKind.RESTORE if changes.run is RunKind.ROLLBACK else RevisionKind.UPDATE
    for graph, state in changes.changed.items():
        kind = changed if graph in known or changed is RevisionKind.RESTORE else RevisionKind.CREATE
        yield GraphRevision(graph, state.revision, kind, state.digest)
    for graph, number in changes.removed.items():
        yield GraphRevision(graph, number, RevisionKind.DELETE, "")
