"""Releases on disk: immutable folders, and a symbolic link to the one that is served."""

from iomld.release.folder import (
    FILES,
    Manifest,
    Release,
    begin_release,
    current_release,
    finish_release,
    open_release,
    publisher_lock,
    release_name,
    release_names,
    rising_clock,
    switch_to,
)

__all__ = [
    "FILES",
    "Manifest",
    "Release",
    "begin_release",
    "current_release",
    "finish_release",
    "open_release",
    "publisher_lock",
    "release_name",
    "release_names",
    "rising_clock",
    "switch_to",
]
