"""Releases on disk: immutable folders, and a symbolic link to the one that is served."""

from iomld.release.folder import (
    FILES,
    Manifest,
    Release,
    begin_release,
    current_name,
    current_release,
    finish_release,
    open_release,
    publisher_lock,
    release_name,
    release_names,
    rising_clock,
    served_name,
    switch_to,
    way_out,
)
from iomld.release.integrity import ReleaseCheck, readable_release, roll_back, whole_release

__all__ = [
    "FILES",
    "Manifest",
    "Release",
    "ReleaseCheck",
    "begin_release",
    "current_name",
    "current_release",
    "finish_release",
    "open_release",
    "publisher_lock",
    "readable_release",
    "release_name",
    "release_names",
    "rising_clock",
    "roll_back",
    "served_name",
    "switch_to",
    "way_out",
    "whole_release",
]
