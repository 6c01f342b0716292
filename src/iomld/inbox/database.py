"""The database of the inbox: its tables, and transactions that are on the disk when they end.

Servers and commands open it at the same time. `synchronous=FULL` lets a commit return once the disk has it.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from iomld.errors import StoreError
from iomld.messages import message

_LOG = logging.getLogger(__name__)
FILE = "inbox.sqlite"
_VERSION = 1
_ABSENT = (0, 0)  # the identity of no file
_WAIT_S = 30.0  # for another process that writes
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE token (id TEXT PRIMARY KEY, digest BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
  created TEXT NOT NULL, expires TEXT NOT NULL, allows_self INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0,
  last_used TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE submission (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, token TEXT NOT NULL, state TEXT NOT NULL,
  mode TEXT NOT NULL, received TEXT NOT NULL, changed TEXT NOT NULL, sha256 TEXT NOT NULL, digest TEXT NOT NULL,
  size_bytes INTEGER NOT NULL, tag TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', preview BLOB NOT NULL,
  data BLOB NOT NULL, mapping_name TEXT NOT NULL, mapping BLOB NOT NULL, idempotency_key TEXT, accepted INTEGER,
  UNIQUE (token, idempotency_key));
CREATE INDEX by_state ON submission (state, number);
CREATE TABLE entry (number INTEGER PRIMARY KEY, receipt TEXT NOT NULL, content TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE INDEX by_receipt ON entry (receipt, number);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
# What an earlier version of the program does not know and can leave alone.
_ADDED = """
CREATE TABLE IF NOT EXISTS session (digest BLOB PRIMARY KEY, token TEXT NOT NULL, expires TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decision (mention TEXT PRIMARY KEY, decision TEXT NOT NULL, decided TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken_decision (mention TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def has_inbox(datadir: Path) -> bool:
    """Whether a folder of releases has an inbox."""
    return (datadir / FILE).exists()


class InboxDatabase:
    """The open database; may be used from several threads."""

    def __init__(self, datadir: Path) -> None:
        """Open the database of a folder of releases, and make it if there is none.

        Raises:
            StoreError: It cannot be opened.
        """
        self.path = datadir / FILE
        self._lock = Lock()
        with self._errors():
            is_new = not self.path.exists()
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connect()
            if is_new:
                _sync_folder(datadir)

    def _connect(self) -> None:
        """Open the file that the folder has, and note which one it is."""
        address = f"{self.path.absolute().as_uri()}?mode=rw"
        self._connection = sqlite3.connect(
            address, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        self._write_to_log()
        for setting in ("synchronous = FULL", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {setting}")
        self._prepare()
        self._files = self._named_files()

    def _write_to_log(self) -> None:
        """Let changes go to a log first; SQLite does not wait here for another process that just makes the inbox."""
        until = time.monotonic() + _WAIT_S
        while not self._writes_to_log(is_last=time.monotonic() > until):
            time.sleep(0.05)

    def _writes_to_log(self, *, is_last: bool) -> bool:
        """Try it; False if another process has the inbox just now."""
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if is_last or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a statement that only reads.

        Raises:
            StoreError: The database cannot be read.
        """
        with self._lock, self._errors():
            self._follow_file()
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction, which an error undoes.

        Raises:
            StoreError: The database cannot be written, or what was written is not in the folder.
        """
        with self._lock, self._errors():
            self._follow_file()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            if self._named_files() != self._files:
                raise self._moved()

    def _named_files(self) -> tuple[tuple[int, int], ...]:
        """Device and number of the database and of its log, as the folder has them; zeros for one that is not there."""
        return tuple(map(_identity, (self.path, self.path.with_name(f"{FILE}-wal"))))

    def _follow_file(self) -> None:
        """Open the file that has replaced the open one: what is written to a file without a name is lost.

        Raises:
            StoreError: There is none, or the log alone is another one.
        """
        named = self._named_files()
        if named == self._files:
            return
        if named[0] in {_ABSENT, self._files[0]}:
            raise self._moved()
        self._connection.close()  # SQLite notices that its file has moved, and leaves the log of the new one alone
        self._connect()

    def _moved(self) -> StoreError:
        return StoreError(
            message(
                "{name}: the inbox was removed or replaced while it was in use, so nothing can be kept. Stop the "
                "server and 'iomld work', put the inbox back from a backup, and start them again.",
                name=self.path.name,
            )
        )

    def checkpoint(self) -> None:
        """Move the log into the database, so that what was removed is in no file any more."""
        with self._lock, self._errors():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _prepare(self) -> None:
        """Make the tables, unless another process just did."""
        if self._version() == 0:
            try:
                self._connection.executescript(_SCHEMA)
            except sqlite3.OperationalError:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if self._version() == 0:
                    raise
        if self._version() != _VERSION:
            raise StoreError(f"{self.path.name}: a later version of iomld made this inbox. Install that version.")
        self._connection.executescript(_ADDED)

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            # Everybody can read the error of a server; what the engine says is for whoever runs it.
            _LOG.error("%s: %s", self.path, getattr(error, "strerror", None) or error)  # no traceback
            raise StoreError(
                message(
                    "{name}: the inbox cannot be used; the log says why. Whoever runs this server can check the disk "
                    "and the permissions of the folder, or put the inbox back from a backup.",
                    name=self.path.name,
                )
            ) from error


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return _ABSENT
    return found.st_dev, found.st_ino


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
