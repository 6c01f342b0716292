"""Reconstruction: which graphs a release had, and what its history was, from the ledger.

The graphs of a release are those of the release that it was made from, with what its run changed. That is the release
that was served before it was first served, which need not be the one before it: `rollback --at-once` goes back.
"""

from pathlib import Path

from iomld.errors import StoreError
from iomld.ledger.entries import RevisionKind, RunKind, ledger_folder, read_entry
from iomld.ledger.index import IndexedRevision, LedgerIndex
from iomld.release.folder import FILES, open_release
from iomld.release.served import release_names, served_lines

_COPIED_BYTES = 1 << 20


def released_graphs(datadir: Path, ledger: LedgerIndex, name: str) -> dict[str, IndexedRevision]:
    """The revision of each graph of a release, by its IRI; compare it with the hash of the release.

    Args:
        datadir: Folder of the releases.
        ledger: Its ledger.
        name: Name of the release.

    Raises:
        StoreError: The ledger is damaged.
    """
    found: dict[str, IndexedRevision] = {}
    for run in _lineage(datadir, name):
        for one in ledger.revisions_of_run(run):
            if one.revision.kind is RevisionKind.DELETE:
                found.pop(one.revision.graph, None)
            else:
                found[one.revision.graph] = one
    return found


def _lineage(datadir: Path, name: str) -> list[str]:
    """A release and those that it was made from, oldest first."""
    served = [line.release for line in served_lines(datadir)]
    lineage: list[str] = []
    while name in served:
        lineage.append(name)
        served = served[: served.index(name)]
        name = served[-1] if served else ""
    return lineage[::-1]


def write_history_until(datadir: Path, ledger: LedgerIndex, name: str, target: Path) -> None:
    """Write the history of a release: that of the newest release without later runs, or with those before it.

    Args:
        datadir: Folder of the releases, with one release at least.
        ledger: Its ledger.
        name: Name of the release.
        target: The file to write.

    Raises:
        StoreError: A later release was made without a ledger, or the newest one or the ledger is damaged.
    """
    newest = open_release(datadir, release_names(datadir)[-1])
    history = newest.file(FILES.history)
    later = ledger.runs_after(name, until=newest.manifest.name)
    without = [run for run in ledger.entries() if name < run <= newest.manifest.name and _is_taken_over(datadir, run)]
    if without:
        raise StoreError(
            f"{datadir}: the release {name} cannot be restored, because {without[0]}, which came after it, was made "
            "by a version of iomld that kept no ledger."
        )
    tail = b"".join(run.read_bytes() for run in later)
    rest = history.stat().st_size - len(tail)
    with history.open("rb") as source, target.open("wb") as output:
        while copied := source.read(min(_COPIED_BYTES, rest - output.tell())):
            output.write(copied)
        if source.read() != tail:
            raise StoreError(f"{history}: the history does not end with the runs of the ledger. Run 'verify --all'.")
        for run in ledger.runs_after(newest.manifest.name, until=name):
            output.write(run.read_bytes())


def _is_taken_over(datadir: Path, run: str) -> bool:
    return read_entry(ledger_folder(datadir) / run)[0].kind is RunKind.TAKE_OVER
