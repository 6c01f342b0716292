"""The index of the ledger: which entry holds which revision of a graph. It is made from the entries alone.

A publisher keeps it up to date; servers read it. If it is removed, the next publisher makes it again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from iomld.errors import StoreError
from iomld.ledger.entries import (
    ContentPlace,
    EntryHead,
    GraphRevision,
    PreparedEntry,
    RevisionKind,
    RunKind,
    chain_fault,
    entry_names,
    ledger_folder,
    read_content,
    read_entry,
    read_revisions,
    run_file,
    was_served,
)
from iomld.release.pieces import Piece

_FILE = "index.sqlite"
_VERSION = 1
_SCHEMA = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE entry (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, created TEXT NOT NULL,
  sha256 TEXT NOT NULL);
CREATE TABLE revision (graph TEXT, revision INTEGER, entry INTEGER, kind TEXT, digest TEXT,
  offset INTEGER, length INTEGER, plain_length INTEGER, crc INTEGER, lines INTEGER,
  PRIMARY KEY (graph, revision)) WITHOUT ROWID;
CREATE INDEX by_entry ON revision (entry, graph);
"""
# They hide tables of the same names. An entry of the kind RunKind.ERASE has no revisions.
_SERVED_VIEWS = """
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE last_served (number INTEGER NOT NULL);
CREATE TEMP VIEW entry AS
  SELECT * FROM main.entry WHERE kind = 'erase' OR number <= (SELECT number FROM last_served);
CREATE TEMP VIEW revision AS
  SELECT * FROM main.revision WHERE entry <= (SELECT number FROM last_served);
"""
_COLUMNS = """
SELECT revision.graph, revision.revision, revision.kind, revision.digest, offset, length, plain_length, crc, lines,
  entry.name, entry.kind, entry.created
FROM revision JOIN entry ON entry.number = revision.entry"""
_SELECT = f"{_COLUMNS} WHERE graph = ?"
_AFTER_ALL = chr(0x10FFFF)  # no IRI begins with it


class IndexedRun(NamedTuple):
    """A run that has revisions.

    Attributes:
        name: Name of its entry, which is that of the release.
        created: The time of the release (xsd:dateTime, UTC).
        revisions: Number of the revisions.
    """

    name: str
    created: str
    revisions: int


class RunPart(NamedTuple):
    """A part of the revisions of a run.

    Attributes:
        name: Name of the entry, which is that of the release.
        part: Number of the part, from 1.
        created: The time of the release (xsd:dateTime, UTC).
        revisions: Number of the revisions that are meant.
    """

    name: str
    part: int
    created: str
    revisions: int


class IndexedRevision(NamedTuple):
    """A revision, and where it is in the ledger.

    Attributes:
        revision: The revision.
        entry: Name of its entry, which is that of the release.
        run: What the run did.
        created: The time of the release (xsd:dateTime, UTC).
        place: Where its content is; None if it has none.
    """

    revision: GraphRevision
    entry: str
    run: RunKind
    created: str
    place: ContentPlace | None


class LedgerIndex:
    """The open index of a ledger; may be used from several threads."""

    def __init__(self, datadir: Path, database: sqlite3.Connection) -> None:
        """Wrap an open database.

        Args:
            datadir: Folder of the releases.
            database: The database, which may be used from other threads.
        """
        self._datadir, self._database, self._lock = datadir, database, Lock()

    @property
    def head(self) -> EntryHead | None:
        """The newest entry; None if there is none."""
        row = self._row("SELECT name, sha256 FROM entry ORDER BY number DESC LIMIT 1")
        return EntryHead(*row) if row else None

    def entries(self) -> tuple[str, ...]:
        """Names of all entries, oldest first."""
        return tuple(name for (name,) in self._rows("SELECT name FROM entry ORDER BY number"))

    def runs_after(self, name: str, *, until: str = "") -> Iterator[Path]:
        """The gzip files with what runs after an entry added to the provenance graph, oldest first.

        Args:
            name: Name of the entry; of a release without one, the runs of all entries with later names.
            until: Name of the last entry; if empty, the newest one.

        Raises:
            StoreError: A file is damaged.
        """
        for later in self.entries():
            if later > name and (not until or later <= until):
                folder = ledger_folder(self._datadir) / later
                if run := run_file(folder, read_entry(folder)[0]):
                    yield run

    def latest(self, graph: str) -> int:
        """The highest number of a revision of a graph; 0 if there is none."""
        row = self._row("SELECT max(revision) FROM revision WHERE graph = ?", graph)
        return int(row[0] or 0) if row else 0

    def find(self, graph: str, number: int) -> IndexedRevision | None:
        """A revision of a graph; None if there is none of that number."""
        row = self._row(f"{_SELECT} AND revision = ?", graph, number)
        return _revision(row) if row else None

    def revisions(self, graph: str) -> tuple[IndexedRevision, ...]:
        """All revisions of a graph, oldest first."""
        return tuple(map(_revision, self._rows(f"{_SELECT} ORDER BY revision", graph)))

    def runs(self, beginning: str) -> tuple[IndexedRun, ...]:
        """The runs that have revisions of graphs whose IRIs begin with a text, oldest first.

        Args:
            beginning: The text, at least one character.
        """
        rows = self._rows(
            "SELECT entry.name, entry.created, count(*) FROM revision JOIN entry ON entry.number = revision.entry "
            "WHERE graph >= ? AND graph < ? GROUP BY entry.number ORDER BY entry.number",
            *_range(beginning),
        )
        return tuple(IndexedRun(*row) for row in rows)

    def newest_by_part(self, beginning: str, size: int) -> tuple[RunPart, ...]:
        """The parts of runs that have the newest revision of a graph whose IRI begins with a text, oldest first.

        Args:
            beginning: The text, at least one character.
            size: Number of the revisions of a part, by graph, of which the last one of a run may have less.
        """
        rows = self._rows(
            "SELECT entry.name, (place - 1) / ? + 1 AS part, entry.created, count(*) FROM ("
            "  SELECT graph, revision, entry, row_number() OVER (PARTITION BY entry ORDER BY graph) AS place"
            "  FROM revision WHERE graph >= ? AND graph < ?) AS placed "
            "JOIN entry ON entry.number = placed.entry "
            "WHERE revision = (SELECT max(revision) FROM revision AS other WHERE other.graph = placed.graph) "
            "GROUP BY entry.number, part ORDER BY entry.number, part",
            size,
            *_range(beginning),
        )
        return tuple(RunPart(*row) for row in rows)

    def revisions_of_run(
        self, name: str, beginning: str = "", *, start: int = 0, most: int = -1
    ) -> tuple[IndexedRevision, ...]:
        """The revisions of a run, by graph.

        Args:
            name: Name of the entry.
            beginning: What the IRIs of the graphs begin with.
            start: Number of the first, from 0.
            most: How many at most; without a bound if it is negative.
        """
        rows = self._rows(
            f"{_COLUMNS} WHERE entry.name = ? AND graph >= ? AND graph < ? ORDER BY graph LIMIT ? OFFSET ?",
            name,
            *_range(beginning),
            most,
            start,
        )
        return tuple(map(_revision, rows))

    def erasures(self) -> tuple[IndexedRevision, ...]:
        """The erasures of contents, oldest first: which revision was erased, by which entry, and when.

        Raises:
            StoreError: An entry is damaged.
        """
        rows = self._rows("SELECT name, created FROM entry WHERE kind = ? ORDER BY number", RunKind.ERASE)
        folders = ((ledger_folder(self._datadir) / name, created) for name, created in rows)
        return tuple(
            IndexedRevision(revision, folder.name, RunKind.ERASE, created, None)
            for folder, created in folders
            for revision, _ in read_revisions(folder, read_entry(folder)[0])
        )

    def content(self, found: IndexedRevision) -> bytes:
        """The N-Quads of a revision; empty if the graph was removed or the content was erased.

        Raises:
            StoreError: They are damaged.
        """
        if found.place is None:
            return b""
        return read_content(ledger_folder(self._datadir) / found.entry, found.place, found.revision.digest)

    def newest_served(self) -> int | None:
        """Number of the newest entry, or of the one before it if that was not served yet; None if there is none."""
        rows = self._rows("SELECT number, name, kind FROM entry ORDER BY number DESC LIMIT 2")
        served = (number for number, name, kind in rows if was_served(self._datadir, name, RunKind(kind)))
        return next(served, 0) if rows else None

    def hide_after(self, number: int) -> None:
        """Answer from now on as if there were no later entries but those that erase."""
        with self._lock, self._database:
            self._database.executescript(_SERVED_VIEWS)
            self._database.execute("INSERT INTO last_served VALUES (?)", (number,))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _row(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        rows = self._rows(statement, *values)
        return rows[0] if rows else None

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(
                f"{_path(self._datadir)}: cannot be read ({error}). Remove it; the next publish makes it again."
            ) from error


def _range(beginning: str) -> tuple[str, str]:
    """The bounds of the texts that begin with a text."""
    return beginning, beginning[:-1] + chr(ord(beginning[-1]) + 1) if beginning else _AFTER_ALL


def _revision(row: tuple[Any, ...]) -> IndexedRevision:
    graph, number, kind, digest, offset, length, plain_length, crc, lines, name, run, created = row
    place = None if offset is None else ContentPlace(offset, Piece(length, plain_length, crc, lines))
    return IndexedRevision(GraphRevision(graph, number, RevisionKind(kind), digest), name, RunKind(run), created, place)


def _path(datadir: Path) -> Path:
    return ledger_folder(datadir) / _FILE


def open_index(datadir: Path) -> LedgerIndex | None:
    """The index of a ledger, for reading; None if there is none, or one of another version."""
    path = _path(datadir)
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    except sqlite3.Error:
        return None
    try:
        if database.execute("PRAGMA user_version").fetchone() == (_VERSION,):
            return LedgerIndex(datadir, database)
    except sqlite3.Error:
        pass
    database.close()
    return None


def open_served_index(datadir: Path) -> LedgerIndex | None:
    """The index of a ledger, for those who read it while others publish; None if `open_index` has none.

    It has no newest entry whose release was not served yet: after a crash, that entry is removed, and its numbers are
    given to other contents. Views with the names of the tables hide it from all questions.
    """
    index = open_index(datadir)
    if index and (number := index.newest_served()) is not None:
        index.hide_after(number)
    return index


def required_index(datadir: Path) -> LedgerIndex:
    """The index of a ledger that was just brought up to date; an empty one for a ledger without entries.

    Raises:
        StoreError: It cannot be opened.
    """
    if not entry_names(datadir):
        database = sqlite3.connect(":memory:", check_same_thread=False)
        database.executescript(_SCHEMA)
        return LedgerIndex(datadir, database)
    index = open_index(datadir)
    if index is None:
        raise StoreError(f"{_path(datadir)}: cannot be opened. Check the permissions of the folder and the disk.")
    return index


def update_index(datadir: Path) -> None:
    """Bring the index up to date with the entries; call under `publisher_lock`.

    Raises:
        StoreError: An entry is missing, damaged, or does not follow the one before.
    """
    names = entry_names(datadir)
    path = _path(datadir)
    known = open_index(datadir)
    indexed: tuple[str, ...] = ()
    if known:
        with closing(known):
            indexed = known.entries()
    else:
        path.unlink(missing_ok=True)
    missing = [name for name in indexed if name not in set(names)]
    if missing:
        raise StoreError(
            f"{ledger_folder(datadir) / missing[0]}: this entry of the ledger is missing. "
            "Copy the folder back from a backup."
        )
    if names == indexed:
        return
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        if not known:
            database.executescript(_SCHEMA)
        with database:
            for name in names[len(indexed) :]:
                _add_entry(database, datadir, name)


def commit_entry(datadir: Path, entry: PreparedEntry) -> None:
    """Make an entry part of the ledger and its index, before its release is served; call under `publisher_lock`."""
    entry.commit()
    update_index(datadir)


def update_places(datadir: Path, name: str) -> None:
    """Read again where the contents of an entry are, after one was erased; call under `publisher_lock`."""
    known = open_index(datadir)
    if known is None:
        return
    known.close()
    folder = ledger_folder(datadir) / name
    rows = [
        (place.offset, *place.piece, one.graph, one.revision)
        for one, place in read_revisions(folder, read_entry(folder)[0])
        if place and place.piece.length
    ]
    with closing(sqlite3.connect(_path(datadir))) as database, database:
        database.executemany(
            "UPDATE revision SET offset = ?, length = ?, plain_length = ?, crc = ?, lines = ? "
            "WHERE graph = ? AND revision = ?",
            rows,
        )


def forget_entry(datadir: Path, name: str) -> None:
    """Remove an entry that is to be removed from the index; call under `publisher_lock`."""
    known = open_index(datadir)
    if known is None:
        return
    known.close()
    with closing(sqlite3.connect(_path(datadir))) as database, database:
        database.execute("DELETE FROM revision WHERE entry = (SELECT number FROM entry WHERE name = ?)", (name,))
        database.execute("DELETE FROM entry WHERE name = ?", (name,))


def _add_entry(database: sqlite3.Connection, datadir: Path, name: str) -> None:
    folder = ledger_folder(datadir) / name
    entry, sha256 = read_entry(folder)
    last = database.execute("SELECT name, sha256 FROM entry ORDER BY number DESC LIMIT 1").fetchone()
    if fault := chain_fault(folder, entry, EntryHead(*last) if last else None):
        raise StoreError(fault)
    number = database.execute(
        "INSERT INTO entry (name, kind, created, sha256) VALUES (?, ?, ?, ?)",
        (name, entry.kind, entry.created, sha256),
    ).lastrowid
    rows = tuple(read_revisions(folder, entry))
    for revision, _ in rows:
        if revision.kind is RevisionKind.ERASE:
            database.execute(
                "UPDATE revision SET kind = ?, offset = NULL WHERE graph = ? AND revision = ?",
                (RevisionKind.ERASE, revision.graph, revision.revision),
            )
    database.executemany("INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _database_rows(number, rows))


def _database_rows(
    entry: int | None, rows: tuple[tuple[GraphRevision, ContentPlace | None], ...]
) -> Iterator[tuple[object, ...]]:
    for one, place in rows:
        if one.kind is not RevisionKind.ERASE:
            at = (place.offset, *place.piece) if place else (None,) * 5
            yield (one.graph, one.revision, entry, str(one.kind), one.digest, *at)
