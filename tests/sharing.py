"""Folders that are made once and read by many tests, in whichever process of the run these are."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first test that wants it makes; those of the other processes of this run wait for it.

    Args:
        factory: pytest's own.
        name: Name of the folder, which says what is in it: whoever gives the same name gets the same folder.
        make: Fills the folder, which is empty. If it fails, the next test tries again.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each process has a folder of its own in the one of the run
    folder = base / name
    done = folder.with_suffix(".done")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel frees it, however the process ends
        if not done.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            done.touch()
    return folder
