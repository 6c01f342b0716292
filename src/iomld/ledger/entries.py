"""Entries of the ledger: for each run, the graphs that it wrote, with their revisions and their content.

An entry is a folder `log/NAME` beside the releases, with the name of the release that the run made:

- `graphs`: a line for each graph that the run wrote or removed: IRI, revision, kind, and hash of its N-Quads
- `contents.nq.gz`: their N-Quads, a piece for each graph (`iomld.release.pieces`), in the order of `graphs`
- `pieces`: the lengths of these pieces
- `run.nq.gz`: what the run added to the provenance graph; those of all entries, one after the other, are the history
- `entry.json`: the time, what the run did, the SHA-256 of `graphs` and `run.nq.gz`, and that of the entry before

So each entry vouches for all entries before it, and its hash is in the manifest of its release. The contents are
vouched for by the hashes in `graphs`; they can be erased, and the chain stays whole.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from iomld.errors import StoreError
from iomld.release.folder import current_name
from iomld.release.nquads import file_digest, graph_digest
from iomld.release.pieces import GzipAssembly, Piece, content_of, first_offset
from iomld.release.served import LEDGER, served_lines, sync

ENTRY, GRAPHS, CONTENTS, PIECES, RUN = "entry.json", "graphs", "contents.nq.gz", "pieces", "run.nq.gz"
_BUILDING = ".building-"


class RevisionKind(StrEnum):
    """What a run did with a graph (the names are those of Activity Streams 2.0, but for the last two)."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"
    RESTORE = "Restore"
    ERASE = "Erase"


class RunKind(StrEnum):
    """What a run did."""

    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    ROLLBACK = "rollback"
    REVIEW = "review"  # of mentions
    TAKE_OVER = "take-over"  # of a release that an earlier version made without an entry
    ERASE = "erase"


class GraphRevision(NamedTuple):
    """A revision of a graph.

    Attributes:
        graph: IRI of the graph.
        revision: Its number, from 1.
        kind: What was done with the graph.
        digest: Hash of its N-Quads; empty if the graph was removed.
    """

    graph: str
    revision: int
    kind: RevisionKind
    digest: str

    @property
    def has_content(self) -> bool:
        """Whether the entry holds the N-Quads."""
        return self.kind in {RevisionKind.CREATE, RevisionKind.UPDATE, RevisionKind.RESTORE}


class ContentPlace(NamedTuple):
    """Where the N-Quads of a revision are: the beginning of a piece of `contents.nq.gz`, and the piece."""

    offset: int
    piece: Piece


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry of the ledger.

    Attributes:
        name: Its name, which is that of the release that the run made.
        kind: What the run did.
        created: The time of the release (xsd:dateTime, UTC).
        previous: Name of the entry before; None for the first.
        previous_sha256: SHA-256 of the `entry.json` of the entry before; empty for the first.
        files: SHA-256 of `graphs`, and of `run.nq.gz` if there is one.
        reason: The reason for an erasure; else empty.
    """

    name: str
    kind: RunKind
    created: str
    previous: str | None
    previous_sha256: str
    files: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EntryHead:
    """The newest entry of the ledger, which a new one follows: its name and the SHA-256 of its `entry.json`."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """What a new entry says.

    Attributes:
        name: Name of the release that the run makes.
        kind: What the run did.
        created: The time of the release (xsd:dateTime, UTC).
        revisions: The revisions, sorted by graph.
        content: Gives the N-Quads of a graph.
        run: A gzip file with what the run adds to the provenance graph, as N-Quads; None if it adds nothing.
        reason: The reason for an erasure; else empty.
    """

    name: str
    kind: RunKind
    created: str
    revisions: Sequence[GraphRevision]
    content: Callable[[str], bytes]
    run: Path | None = None
    reason: str = ""


class PreparedEntry:
    """An entry that is written, but not yet part of the ledger."""

    def __init__(self, building: Path, entry: LedgerEntry) -> None:
        """Wrap the folder of an entry that is complete but for its name."""
        self._building, self.entry = building, entry

    @property
    def sha256(self) -> str:
        """The SHA-256 of its `entry.json`."""
        return file_digest(self._building / ENTRY)

    def commit(self) -> None:
        """Make it part of the ledger."""
        self._building.rename(self._building.with_name(self.entry.name))
        sync(self._building.parent)


def ledger_folder(datadir: Path) -> Path:
    """The folder of the ledger of a folder of releases."""
    return datadir / LEDGER


def entry_names(datadir: Path) -> tuple[str, ...]:
    """Names of all entries, oldest first."""
    folder = ledger_folder(datadir)
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))


def was_served(datadir: Path, name: str, kind: RunKind) -> bool:
    """Whether the newest entry belongs to the ledger: it erases, or its release is or was served.

    Args:
        datadir: Folder of the releases.
        name: Name of the entry.
        kind: What its run did.

    Raises:
        StoreError: The list of served releases is damaged.
    """
    if kind is RunKind.ERASE or name == current_name(datadir):
        return True
    return name in {line.release for line in served_lines(datadir)}


def remove_unfinished(datadir: Path) -> None:
    """Remove entries that are unfinished after a failure or a crash; call under `publisher_lock`."""
    for leftover in ledger_folder(datadir).glob(f"{_BUILDING}*"):
        shutil.rmtree(leftover)


def prepare_entry(datadir: Path, draft: EntryDraft, head: EntryHead | None) -> PreparedEntry:
    """Write an entry beside the others; call under `publisher_lock`.

    Args:
        datadir: Folder of the releases.
        draft: What it says.
        head: The entry before; None if there is none.
    """
    building = ledger_folder(datadir) / f"{_BUILDING}{draft.name}"
    building.mkdir(parents=True)
    (building / GRAPHS).write_text("".join(map(_line, draft.revisions)), encoding="utf-8", newline="\n")
    if draft.run:
        shutil.copyfile(draft.run, building / RUN)
    kept = (draft.content(one.graph) for one in draft.revisions if one.has_content)
    _write_contents(building, kept)
    entry = LedgerEntry(
        name=draft.name,
        kind=draft.kind,
        created=draft.created,
        previous=head.name if head else None,
        previous_sha256=head.sha256 if head else "",
        files={name: file_digest(building / name) for name in (GRAPHS, RUN) if (building / name).exists()},
        reason=draft.reason,
    )
    (building / ENTRY).write_text(json.dumps(asdict(entry), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in (*building.iterdir(), building):
        sync(path)
    return PreparedEntry(building, entry)


def _write_contents(folder: Path, contents: Iterable[bytes]) -> None:
    with GzipAssembly(folder / CONTENTS) as file, (folder / PIECES).open("w", encoding="ascii") as pieces:
        for content in contents:
            pieces.write(" ".join(map(str, file.add(content))) + "\n")


def _line(revision: GraphRevision) -> str:
    return f"{revision.graph}\t{revision.revision}\t{revision.kind}\t{revision.digest}\n"


def read_entry(folder: Path) -> tuple[LedgerEntry, str]:
    """Read `entry.json` of an entry and compute its SHA-256.

    Raises:
        StoreError: It is missing or damaged.
    """
    path = folder / ENTRY
    try:
        content = path.read_bytes()
        values = json.loads(content)
        entry = LedgerEntry(**{**values, "kind": RunKind(values["kind"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path, str(error)) from error
    return entry, hashlib.sha256(content).hexdigest()


def chain_fault(folder: Path, entry: LedgerEntry, before: EntryHead | None) -> str:
    """What is wrong with the place of an entry in the chain; empty if it follows the one before it.

    Args:
        folder: Its folder.
        entry: The entry.
        before: The entry before; None if it is the first.
    """
    expected = (folder.name, before.name, before.sha256) if before else (folder.name, None, "")
    if (entry.name, entry.previous, entry.previous_sha256) == expected:
        return ""
    if before is None and entry.previous:
        fault = f"the entry before this one, {entry.previous}, is missing from the ledger."
    else:
        follows = f"follow {before.name}, which is before it" if before else "have the name of its folder"
        fault = f"this entry of the ledger does not {follows}. An entry is missing or was changed."
    return f"{folder}: {fault} Copy the folder 'log' back from a backup."


def read_revisions(folder: Path, entry: LedgerEntry) -> Iterator[tuple[GraphRevision, ContentPlace | None]]:
    """The revisions of an entry, each with the place of its content, if it has any.

    Raises:
        StoreError: A file is missing or is not as it was written.
    """
    _check(folder / GRAPHS, entry.files.get(GRAPHS, ""))
    try:
        places = _places(folder / PIECES)
        with (folder / GRAPHS).open(encoding="utf-8", newline="\n") as file:
            for line in file:
                graph, number, kind, digest = line.rstrip("\n").split("\t")
                revision = GraphRevision(graph, int(number), RevisionKind(kind), digest)
                yield revision, next(places) if revision.has_content else None
    except (OSError, ValueError, TypeError, StopIteration) as error:
        raise _damaged(folder / PIECES, str(error) or "it is cut short") from error


def _places(path: Path) -> Iterator[ContentPlace]:
    offset = first_offset()
    with path.open(encoding="ascii") as file:
        for line in file:
            length, plain_length, crc, lines = map(int, line.split())
            yield ContentPlace(offset, Piece(length, plain_length, crc, lines))
            offset += length


def read_content(folder: Path, place: ContentPlace, digest: str) -> bytes:
    """The N-Quads of a revision.

    Args:
        folder: The folder of the entry.
        place: Where they are.
        digest: Their hash.

    Raises:
        StoreError: They are missing or damaged.
    """
    content = content_of(folder / CONTENTS, place.offset, place.piece)
    if graph_digest((content,)) != digest:
        raise _damaged(folder / CONTENTS, f"at byte {place.offset}")
    return content


def run_file(folder: Path, entry: LedgerEntry) -> Path | None:
    """The gzip file with what the run of an entry added to the provenance graph; None if it added nothing.

    Raises:
        StoreError: The file is missing or is not as it was written.
    """
    if RUN not in entry.files:
        return None
    _check(folder / RUN, entry.files[RUN])
    return folder / RUN


def _check(path: Path, digest: str) -> None:
    try:
        found = file_digest(path)
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    if found != digest:
        raise _damaged(path, "it does not have the SHA-256 of its entry")


def _damaged(path: Path, reason: str) -> StoreError:
    return StoreError(f"{path}: this file of the ledger is damaged ({reason}). Copy it back from a backup.")
