"""Releases on disk: immutable folders, and one symbolic link that says which of them is served."""

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
