"""Erasure: the content of a revision is removed from the ledger, and an entry says when and why.

The chain holds hashes and no content, so it stays whole. The entry comes first. Then the two files with contents are
written beside the old ones and put in their place; what a crash leaves unfinished is finished by the next run.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from iomld.errors import NotFoundError, StoreError
from iomld.ledger.entries import (
    CONTENTS,
    PIECES,
    EntryDraft,
    GraphRevision,
    RevisionKind,
    RunKind,
    entry_names,
    ledger_folder,
    prepare_entry,
    read_entry,
    read_revisions,
)
from iomld.ledger.index import IndexedRevision, LedgerIndex, commit_entry, update_places
from iomld.release.folder import FILES
from iomld.release.history import xsd_moment
from iomld.release.nquads import graph_digest, read_graphs
from iomld.release.pieces import NO_PIECE, GzipAssembly, Piece, piece_bytes
from iomld.release.served import release_folder, release_name, release_names, sync

_NEW = ".new"


class Erasure(NamedTuple):
    """What to erase, and why.

    Attributes:
        graph: IRI of the graph.
        number: Number of the revision.
        reason: The reason, a sentence for readers of the ledger.
    """

    graph: str
    number: int
    reason: str


def erase(datadir: Path, ledger: LedgerIndex, erasure: Erasure, now: Callable[[], datetime]) -> tuple[int, ...]:
    """Erase the content of a revision; call under `publisher_lock`.

    Args:
        datadir: Folder of the releases.
        ledger: Its ledger, up to date.
        erasure: What to erase.
        now: Gives the time.

    Returns:
        Numbers of the other revisions that still have the same content.

    Raises:
        NotFoundError: There is no such revision, or it has no content.
        StoreError: A release still contains it, or the ledger is damaged.
    """
    found = _erasable(datadir, ledger, erasure)
    moment = now()
    draft = EntryDraft(
        name=release_name(moment, graph_digest((f"{erasure.graph} {erasure.number}".encode(),))),
        kind=RunKind.ERASE,
        created=xsd_moment(moment),
        revisions=(GraphRevision(erasure.graph, erasure.number, RevisionKind.ERASE, found.revision.digest),),
        content=lambda _: b"",
        reason=erasure.reason,
    )
    commit_entry(datadir, prepare_entry(datadir, draft, ledger.head))
    _remove_content(ledger_folder(datadir) / found.entry, {(erasure.graph, erasure.number)})
    update_places(datadir, found.entry)
    return tuple(
        one.revision.revision
        for one in ledger.revisions(erasure.graph)
        if one.place and one.revision.digest == found.revision.digest
    )


def _erasable(datadir: Path, ledger: LedgerIndex, erasure: Erasure) -> IndexedRevision:
    """The revision, if its content can be erased."""
    found = ledger.find(erasure.graph, erasure.number)
    if found is None or found.place is None:
        state = "has no content" if found else "is not in the ledger"
        raise NotFoundError(f"revision {erasure.number} of <{erasure.graph}> {state}. Nothing was erased.")
    holding = [name for name in release_names(datadir) if _is_in(datadir, name, found, ledger)]
    if holding:
        raise StoreError(
            f"{datadir}: this content, or a report with its values, is still in {len(holding)} releases, of which the "
            f"newest is {holding[-1]}. Publish other values or withdraw the record, remove these releases with "
            "'iomld releases prune', and erase it then."
        )
    return found


def _is_in(datadir: Path, name: str, found: IndexedRevision, ledger: LedgerIndex) -> bool:
    """Whether a release has the content, or its report says which values of it were changed."""
    graph, number, _, digest = found.revision
    following = ledger.find(graph, number + 1)
    if following and following.entry == name and following.revision.has_content:
        return True
    state = read_graphs(release_folder(datadir, name) / FILES.graphs).get(graph)
    return state is not None and state.digest == digest


def finish_erasures(datadir: Path) -> None:
    """Finish what a crash left unfinished; call under `publisher_lock`.

    Raises:
        StoreError: The ledger is damaged.
    """
    names = entry_names(datadir)
    if not names:
        return
    folder = ledger_folder(datadir) / names[-1]  # a run begins only after the one before is finished
    entry, _ = read_entry(folder)
    if entry.kind is RunKind.ERASE:
        erased = {(one.graph, one.revision) for one, _ in read_revisions(folder, entry)}
        for name in names[:-1]:
            if _remove_content(ledger_folder(datadir) / name, erased):
                update_places(datadir, name)


def _remove_content(folder: Path, erased: set[tuple[str, int]]) -> bool:
    """Remove the content of revisions from an entry, if it is there; return whether the entry has one of them."""
    if (folder / f"{PIECES}{_NEW}").exists():  # both were complete
        _replace(folder)
    rows = [(one, place) for one, place in read_revisions(folder, read_entry(folder)[0]) if place]
    held = [place for one, place in rows if (one.graph, one.revision) in erased]
    if not any(place.piece.length for place in held):
        return bool(held)
    kept: list[Piece] = []
    with GzipAssembly(folder / "contents.tmp") as contents:
        for one, place in rows:
            is_erased = (one.graph, one.revision) in erased
            kept.append(NO_PIECE if is_erased else place.piece)
            if not is_erased:
                contents.append(piece_bytes(folder / CONTENTS, place.offset, place.piece), place.piece)
    pieces = "".join(" ".join(map(str, piece)) + "\n" for piece in kept)
    (folder / "pieces.tmp").write_text(pieces, encoding="ascii")
    for temporary, name in (("contents.tmp", CONTENTS), ("pieces.tmp", PIECES)):
        sync(folder / temporary)
        (folder / temporary).replace(folder / f"{name}{_NEW}")
    _replace(folder)
    return True


def _replace(folder: Path) -> None:
    """Put the new files in place of the old ones, the contents first, since pieces say where contents are."""
    for name in (CONTENTS, PIECES):
        new = folder / f"{name}{_NEW}"
        if new.exists():
            new.replace(folder / name)
    sync(folder)
