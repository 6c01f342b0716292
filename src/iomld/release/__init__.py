"""Releases on disk: immutable folders, and a symbolic link to the one that is served."""

from iomld.release.folder import (
    FILES,
    Manifest,
    Release,
    begin_release,
    current_release,
    finish_release,
    next_release_name,
    open_release,
    publisher_lock,
    release_names,
    switch_to,
)

__all__ = [
    "FILES",
    "Manifest",
    "Release",
    "begin_release",
    "current_release",
    "finish_release",
    "next_release_name",
    "open_release",
    "publisher_lock",
    "release_names",
    "switch_to",
]
