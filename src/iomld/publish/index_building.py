"""Builds the database of projects of a release: that of the release before with changes, or a new one."""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from iomld.errors import StoreError
from iomld.iris import Iris
from iomld.publish.shard_plan import ReleaseShards
from iomld.release import FILES, Release
from iomld.release.project_database import VERSION, change, fill
from iomld.release.project_index import IndexedProject, read_index_line
from iomld.release.shards.assembly import PlacedShard

_MOST_CHANGED = 0.2  # of the shards; if more changed, a new database takes less time


def write_projects(path: Path, made: ReleaseShards, previous: Release | None, iris: Iris) -> None:
    """Write the database.

    Args:
        path: The file, which does not exist.
        made: The shards of the release.
        previous: The current release, or None.
        iris: IRIs under the base.

    Raises:
        StoreError: The file cannot be written.
    """
    try:
        if previous is None or not _write_changed(path, made, previous.file(FILES.projects), iris):
            path.unlink(missing_ok=True)
            with closing(sqlite3.connect(path)) as database:
                fill(database, lambda: _lines(map(made.placed, range(len(made)))), iris)
    except (OSError, sqlite3.OperationalError) as error:
        raise StoreError(f"{path.name} cannot be written ({error}). Make room on the disk.") from error


def _write_changed(path: Path, made: ReleaseShards, old: Path, iris: Iris) -> bool:
    """Copy the old database and change what changed; False if that is not possible."""
    before = frozenset(made.previous.table.fingerprints)
    come = [one for one in made.new if one.shard.fingerprint not in before]
    if not made.is_alike or not old.exists() or len(come) > _MOST_CHANGED * len(made):
        return False
    shutil.copyfile(old, path)
    with closing(sqlite3.connect(path)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            return False
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        # Most projects of a shard in which one changed are equal.
        removed, added = set(_lines(made.gone)), set(_lines(come))
        return change(database, _projects(removed - added, iris), _projects(added - removed, iris), iris)


def _projects(lines: Iterable[bytes], iris: Iris) -> list[IndexedProject]:
    """The projects in lines, always in the same order."""
    return [read_index_line(line, iris) for line in sorted(lines)]


def _lines(shards: Iterable[PlacedShard]) -> Iterator[bytes]:
    """The lines of the index in the pieces of shards."""
    for one in shards:
        source = one.sources.get(FILES.index)
        if source and source.piece.length:
            yield from source.content().splitlines(keepends=True)
