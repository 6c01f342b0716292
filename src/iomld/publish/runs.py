"""What every run has: a locked folder with its ledger, what a release is built from, and an entry at the end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from iomld import release
from iomld.assets import load_fields
from iomld.convert import Publication
from iomld.iris import Iris
from iomld.ledger.entries import EntryDraft, GraphRevision, RevisionKind, RunKind, entry_names
from iomld.ledger.index import LedgerIndex
from iomld.ledger.opening import writable_ledger
from iomld.publish.gather import Changes
from iomld.release import Release
from iomld.release.nquads import GraphState
from iomld.temporary import temporary_folder

utc_now: Callable[[], datetime] = partial(datetime.now, UTC)


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


@dataclass(frozen=True, slots=True)
class ReleaseContext:
    """What a release is built from, besides the changes.

    Attributes:
        datadir: Folder of the releases.
        previous: The current release, or None.
        publication: The publisher's decisions.
        publisher: Name of the publisher.
        contact: Address for questions; can be empty.
        versions: Version of iomld, and hashes of its shapes and vocabularies.
        folder: The locked folder of releases.
        started: Start of the run.
        ended: Its end: the time of the release, its revisions and its withdrawals.
        processes: How many files to write at the same time.
        first_issued: Time of the first release (xsd:dateTime); if empty, as the previous release states it, or else
            that of this one.
    """

    datadir: Path
    previous: Release | None
    publication: Publication
    publisher: str
    contact: str
    versions: Mapping[str, str]
    folder: LockedFolder
    started: datetime
    ended: datetime
    processes: int = 1
    first_issued: str = ""


@dataclass(frozen=True, slots=True)
class PublishingSettings:
    """What every run without sources is told of the folder, the publisher and the software.

    Attributes:
        datadir: Folder of the releases.
        license: IRI of the licence of the records.
        publisher: Name of the publisher.
        contact: Address for questions; can be empty.
        version: Version of the software.
        clock: Gives the time now; times of releases never go back, whatever it gives.
    """

    datadir: Path
    license: str
    publisher: str
    contact: str
    version: str
    clock: Callable[[], datetime] = utc_now


def context_without_sources(
    settings: PublishingSettings, current: Release, content: Release, folder: LockedFolder, started: datetime
) -> ReleaseContext:
    """What a run without sources builds its release from.

    Args:
        settings: The publisher's settings.
        current: The current release.
        content: The release whose shapes and lists the records were published with.
        folder: The locked folder of releases.
        started: Start of the run.
    """
    return ReleaseContext(
        datadir=settings.datadir,
        previous=current,
        publication=Publication(Iris(current.manifest.base), settings.license, settings.version, load_fields()),
        publisher=settings.publisher,
        contact=settings.contact,
        versions={**content.manifest.versions, "iomld": settings.version},
        folder=folder,
        started=started,
        ended=folder.now(),
    )


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
