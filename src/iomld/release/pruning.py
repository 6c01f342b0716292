"""Removes old releases of a folder, but neither the current one nor one that a running server has open.

What a release can be restored from stays in a folder `pruned/NAME` beside the releases: its manifest, description,
tombstones, reviews, fund folder, and what saved queries answered. The rest is made from the ledger, which has the
content of every graph.

A release is renamed to a hidden name before its files are removed. So after a crash it is listed either whole or not at
all, and the next publish or pruning removes the rest.
"""

import errno
import fcntl
import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from iomld.errors import NotFoundError, StoreError
from iomld.release.digests import forget_removed
from iomld.release.folder import FILES, REMOVING, Manifest, Release, read_manifest
from iomld.release.integrity import whole_release
from iomld.release.served import release_folder, release_names, sync

_PRUNED = "pruned"
_LINKING = ".linking-"
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
_KEPT = (
    FILES.manifest,
    FILES.manifest_digest,
    FILES.description,
    FILES.tombstones,
    FILES.reviews,
    FILES.saved_queries,
)
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
        _keep_for_restore(datadir, name, place)
        place.rename(place.with_name(f"{REMOVING}{name}"))
    releases = release_folder(datadir, "")
    if releases.is_dir():
        sync(releases)
    for leftover in releases.glob(f"{REMOVING}*"):
        shutil.rmtree(leftover)
    forget_removed(releases)
    return plan


def pruned_names(datadir: Path) -> tuple[str, ...]:
    """Names of the releases that were pruned and can be restored, oldest first."""
    folder = _kept_folder(datadir, "")
    if not folder.is_dir():
        return ()
    kept = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    return tuple(sorted(kept.difference(release_names(datadir))))


def pruned_release(datadir: Path, name: str) -> Release:
    """What was kept of a release that was pruned: its manifest, description, tombstones, reviews, fund folder.

    Raises:
        NotFoundError: Nothing was kept of a release of this name.
        StoreError: The manifest is damaged.
    """
    names = pruned_names(datadir)
    if name not in names:
        raise NotFoundError(
            f"{datadir}: no release '{name}' that was pruned and can be restored. "
            + (f"There are: {', '.join(names[-5:])}." if names else "None was pruned.")
        )
    path = _kept_folder(datadir, name)
    manifest, fault = read_manifest(path)
    if manifest is None:
        raise StoreError(f"{path}: the release cannot be restored. {fault} Copy the folder back from a backup.")
    return Release(path, manifest)


def pruned_manifests(datadir: Path) -> dict[str, tuple[Manifest | None, str]]:
    """The manifest of each release that was pruned; None, and what is wrong with it, if it is damaged."""
    return {name: read_manifest(_kept_folder(datadir, name)) for name in pruned_names(datadir)}


def _keep_for_restore(datadir: Path, name: str, release: Path) -> None:
    """Keep what a release is restored from, as hard links, which need hardly any space on disk.

    Nothing is kept of a release whose manifest is damaged, since nobody could tell whether it is restored rightly, and
    on a disk that is too full even for links, since then space matters more.

    Args:
        datadir: Folder of the releases.
        name: Name of the release.
        release: Its folder.
    """
    kept = _kept_folder(datadir, name)
    if kept.exists() or read_manifest(release)[0] is None:
        return
    building = kept.with_name(f"{_LINKING}{name}")
    if building.exists():  # after a crash
        shutil.rmtree(building)
    try:
        building.mkdir(parents=True)
        for file in _KEPT:
            if (release / file).exists():
                os.link(release / file, building / file)
        if (release / FILES.fund).is_dir():
            shutil.copytree(release / FILES.fund, building / FILES.fund, copy_function=os.link)
        sync(building)
        building.rename(kept)
        for parent in (kept.parent, datadir):
            sync(parent)
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise


def _kept_folder(datadir: Path, name: str) -> Path:
    return datadir / _PRUNED / name


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
