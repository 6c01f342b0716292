"""Temporary folders that outlive their process only until the next one: what a crash leaves behind is removed.

Each folder is locked as long as its process lives; the kernel frees the lock, however the process ends. A folder gets
its name only when it is locked, so that nobody takes a new one for a leftover.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "iomld-temporary-"  # no folder of another kind is taken for a leftover, as those are not locked
_NEW_PREFIX = "iomld-new-"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """A folder for temporary files, removed at the end; before, leftovers of all purposes are removed.

    Args:
        purpose: Part of its name, `iomld-temporary-PURPOSE-…`.

    Raises:
        OSError: The system's temporary folder cannot be written.
    """
    parent = Path(tempfile.gettempdir())
    _remove_leftovers(parent)
    new = Path(tempfile.mkdtemp(prefix=_NEW_PREFIX, dir=parent))
    handle = os.open(new, _OPEN)
    try:
        _lock(handle)
        folder = new.rename(new.with_name(new.name.replace(_NEW_PREFIX, f"{_PREFIX}{purpose}-")))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def _remove_leftovers(parent: Path) -> None:
    """Remove the folders of processes of this user that have ended; whatever cannot be removed stays."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            handle = os.open(folder, _OPEN)
            try:
                if os.fstat(handle).st_uid == os.geteuid() and _lock(handle):
                    shutil.rmtree(folder)
            finally:
                os.close(handle)


def _lock(handle: int) -> bool:
    """Lock a folder; False if it is in use. A file system without locks (NFS) has folders that are always in use."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
