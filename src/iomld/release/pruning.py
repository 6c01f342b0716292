"""Removes old releases of a folder, but neither the current one nor one that a running server has open.

A release is renamed to a hidden name before its files are removed. So after a crash it is listed either whole or not at
all, and the next publish or pruning removes the rest.
"""

import fcntl
import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from iomld.release.digests import forget_removed
from iomld.release.folder import REMOVING
from iomld.release.integrity import whole_release
from iomld.release.served import release_folder, release_names, sync

_NAMED = re.compile(r"\d{8}T\d{6}Z-\w+")  # a folder with any other name was not made by a publish, and stays


class ReleaseUse:
    """Says to other processes that a release is in use, until it ends; the kernel ends it with the process."""

    def __init__(self, release: Path) -> None:
        """Begin the use.

        Args:
            release: The folder of the release. Where the file system has no locks, nothing is said.
        """
        self._folder: int | None = os.open(release, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):
            fcntl.flock(self._folder, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def end(self) -> None:
        """End the use."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None


@dataclass(frozen=True, slots=True)
class PruningPlan:
    """Which old releases can be removed.

    Attributes:
        removed: Names of the releases to remove, oldest first.
        used: Names of those that would be removed, if a running server did not have them open.
        freed_bytes: Size of the files that only the releases to remove have.
    """

    removed: tuple[str, ...]
    used: tuple[str, ...]
    freed_bytes: int


def pruning_plan(datadir: Path, keep: int, *, kept: Collection[str] = ()) -> PruningPlan:
    """Choose the releases to remove: all but the newest, the current one, and those in use.

    Args:
        datadir: Folder of the releases.
        keep: How many of the newest releases stay; the current one stays in any case.
        kept: Names of others that stay in any case.

    Raises:
        StoreError: There are releases, but none of them is the current one, or that one is damaged; what would be
            removed may then be all that is left.
    """
    current = whole_release(datadir)
    served = current and current.manifest.name
    names = [name for name in release_names(datadir) if _NAMED.fullmatch(name)]
    old = [name for name in names[:-keep] if name != served and name not in kept]
    used = tuple(name for name in old if _is_used(release_folder(datadir, name)))
    removed = tuple(name for name in old if name not in used)
    return PruningPlan(removed, used, _freed_bytes([release_folder(datadir, name) for name in removed]))


def prune(datadir: Path, keep: int, *, kept: Collection[str] = ()) -> PruningPlan:
    """Remove old releases; call under `publisher_lock`.

    Args:
        datadir: Folder of the releases.
        keep: How many of the newest releases stay; the current one stays in any case.
        kept: Names of others that stay in any case.

    Returns:
        What was removed. A release that a server opened meanwhile is among those in use.
    """
    plan = pruning_plan(datadir, keep, kept=kept)
    for name in plan.removed:
        place = release_folder(datadir, name)
        place.rename(place.with_name(f"{REMOVING}{name}"))
    releases = release_folder(datadir, "")
    if releases.is_dir():
        sync(releases)
    for leftover in releases.glob(f"{REMOVING}*"):
        shutil.rmtree(leftover)
    forget_removed(releases)
    return plan


def _is_used(release: Path) -> bool:
    with _opened(release) as folder:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return False
    return False


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _freed_bytes(folders: Sequence[Path]) -> int:
    """The size of the files of which all hard links are in these folders."""
    files = [path.lstat() for folder in folders for path in folder.rglob("*") if path.is_file()]
    links = Counter((file.st_dev, file.st_ino) for file in files)
    sizes = {(file.st_dev, file.st_ino): file for file in files}
    return sum(file.st_size for inode, file in sizes.items() if links[inode] == file.st_nlink)
