"""Opens the ledger for a publisher, after putting right what a crash left behind.

A run writes its entry, gives its release a name, and switches to it, in this order. After a crash in between, the
newest entry is one whose release was never served: both are removed, as if the run had not begun. After a crash between
the switch and the line in `log/served`, that line is added.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from iomld.ledger.entries import entry_names, ledger_folder, read_entry, remove_unfinished, was_served
from iomld.ledger.erasure import finish_erasures
from iomld.ledger.index import LedgerIndex, forget_entry, required_index, update_index
from iomld.ledger.takeover import take_over
from iomld.release.folder import CURRENT, REMOVING, current_name
from iomld.release.served import note_served, release_folder, release_names


def writable_ledger(datadir: Path) -> LedgerIndex:
    """The ledger, up to date and with an entry for each release; call under `publisher_lock`, and close it.

    Raises:
        StoreError: The ledger is damaged.
    """
    remove_unfinished(datadir)
    _note_switch(datadir)
    _remove_unserved(datadir)
    finish_erasures(datadir)
    update_index(datadir)
    newest = max(entry_names(datadir), default="")
    if lacking := [name for name in release_names(datadir) if name > newest]:
        take_over(datadir, lacking)
    return required_index(datadir)


def _note_switch(datadir: Path) -> None:
    """Note when the current release was switched to, if that is not noted: after a crash, or by hand."""
    served = current_name(datadir)
    if served in release_names(datadir):
        switched = (datadir / CURRENT).lstat().st_mtime
        note_served(datadir, served, datetime.fromtimestamp(switched, UTC))


def _remove_unserved(datadir: Path) -> None:
    """Remove the newest entry and its release if that was never served."""
    name = max(entry_names(datadir), default="")
    folder = ledger_folder(datadir) / name
    if not name or was_served(datadir, name, read_entry(folder)[0].kind):
        return
    forget_entry(datadir, name)  # first, so that it never has what is not there
    for place in (release_folder(datadir, name), folder):
        hidden = place.with_name(f"{REMOVING}{name}")
        if place.is_dir():
            place.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)
