"""The check of the ledger: the chain of its entries, and the content of every revision."""

from dataclasses import dataclass
from pathlib import Path

from iomld.errors import StoreError
from iomld.ledger.entries import (
    EntryHead,
    LedgerEntry,
    chain_fault,
    entry_names,
    ledger_folder,
    read_content,
    read_entry,
    read_revisions,
    run_file,
)


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What a check of the ledger found.

    Attributes:
        entries: Number of the entries.
        revisions: Number of the revisions whose content was read.
        faults: What is wrong, a sentence for each entry at most.
    """

    entries: int
    revisions: int
    faults: tuple[str, ...]


def check_ledger(datadir: Path) -> LedgerCheck:
    """Read the whole ledger.

    An erased content is no fault: its piece is empty, and a later entry says why.

    Args:
        datadir: Folder of the releases.
    """
    faults: list[str] = []
    revisions = 0
    names = entry_names(datadir)
    last: EntryHead | None = None
    for name in names:
        folder = ledger_folder(datadir) / name
        try:
            entry, sha256 = read_entry(folder)
            if fault := chain_fault(folder, entry, last):
                faults.append(fault)
            last = EntryHead(name, sha256)
            run_file(folder, entry)
            revisions += _read_contents(folder, entry)
        except StoreError as error:
            faults.append(str(error))
    return LedgerCheck(len(names), revisions, tuple(faults))


def _read_contents(folder: Path, entry: LedgerEntry) -> int:
    """Read the content of each revision, and return how many there are."""
    count = 0
    for revision, place in read_revisions(folder, entry):
        if place and place.piece.length:
            read_content(folder, place, revision.digest)
            count += 1
    return count
