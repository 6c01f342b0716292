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
    place_release,
    publisher_lock,
    rising_clock,
    served_name,
    switch_to,
    way_out,
)
from iomld.release.integrity import (
    READ_BYTES,
    ReleaseCheck,
    open_whole_release,
    readable_release,
    require_whole,
    roll_back,
    whole_release,
)
from iomld.release.pruning import PruningPlan, ReleaseUse, prune, pruning_plan
from iomld.release.served import release_name, release_names

__all__ = [
    "FILES",
    "READ_BYTES",
    "Manifest",
    "PruningPlan",
    "Release",
    "ReleaseCheck",
    "ReleaseUse",
    "begin_release",
    "current_name",
    "current_release",
    "finish_release",
    "open_release",
    "open_whole_release",
    "place_release",
    "prune",
    "pruning_plan",
    "publisher_lock",
    "readable_release",
    "release_name",
    "release_names",
    "require_whole",
    "rising_clock",
    "roll_back",
    "served_name",
    "switch_to",
    "way_out",
    "whole_release",
]
