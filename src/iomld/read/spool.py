"""A temporary database of records, which groups the records of a project in bounded memory.

Language versions of a project may come from different files. The spool returns records by key, in the order in which
the keys were first seen.
"""

import pickle
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self

from iomld.errors import StoreError
from iomld.model import Record

_SCHEMA = """
CREATE TABLE keys (number INTEGER PRIMARY KEY, key TEXT UNIQUE);
CREATE TABLE records (key INTEGER, number INTEGER, record BLOB, PRIMARY KEY (key, number)) WITHOUT ROWID;
"""


class PackedRecord(NamedTuple):
    """A record as bytes, as the spool and processes that read for each other have it.

    Attributes:
        key: Its key; empty if it has none.
        data: The record.
    """

    key: str
    data: bytes


def packed(record: Record, key: str) -> PackedRecord:
    """Pack a record and its key."""
    return PackedRecord(key, pickle.dumps(record, pickle.HIGHEST_PROTOCOL))


def unpacked(data: bytes) -> Record:
    """The record in bytes that `packed` made, here or in a process that works for this one; never those of others."""
    record: Record = pickle.loads(data)  # noqa: S301  # see above
    return record


class RecordSpool:
    """Holds records while all sources are read; a context manager that closes the database."""

    def __init__(self) -> None:
        # An empty name is a temporary database: in memory while small, in an unnamed file when it grows.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def __len__(self) -> int:
        return self._count

    def projects(self) -> int:
        """The number of keys, and of records without one."""
        (number,) = self._db.execute("SELECT COUNT(*) FROM keys").fetchone()
        return int(number)

    def add(self, record: PackedRecord) -> None:
        """Add a record under its key; each record without a key is a group of its own.

        Raises:
            StoreError: The temporary file has no room left.
        """
        self._count += 1
        name = record.key or f"\0{self._count}"
        try:
            self._db.execute("INSERT OR IGNORE INTO keys (key) VALUES (?)", (name,))
            self._db.execute(
                "INSERT INTO records SELECT number, ?, ? FROM keys WHERE key = ?", (self._count, record.data, name)
            )
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"the temporary file of records cannot be written ({error}). "
                "Make room, or name a temporary folder with more of it in TMPDIR."
            ) from error

    def group(self, key: str) -> tuple[bytes, ...]:
        """The packed records with a key."""
        rows = self._db.execute(
            "SELECT record FROM records WHERE key = (SELECT number FROM keys WHERE key = ?) ORDER BY number", (key,)
        )
        return tuple(data for (data,) in rows)

    def groups(self) -> Iterator[tuple[bytes, ...]]:
        """The packed records of each key, keys in the order in which they were first seen."""
        group: list[bytes] = []
        last: int | None = None
        for key, data in self._db.execute("SELECT key, record FROM records ORDER BY key, number"):
            if key != last and group:
                yield tuple(group)
                group = []
            last = key
            group.append(data)
        if group:
            yield tuple(group)
