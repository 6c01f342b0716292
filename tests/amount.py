"""How much tests try: how many of what has no end, such as made-up texts, and which of many that are alike."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

_TIMES = float(os.environ.get("IOMLD_TEST_AMOUNT", "1"))
Thing = TypeVar("Thing")
Trait = TypeVar("Trait")


def amount(usual: int) -> int:
    """A number of things to try: the usual one, or by IOMLD_TEST_AMOUNT so many times more."""
    return max(1, round(usual * _TIMES))


def telling(things: Mapping[Thing, Iterable[Trait]]) -> list[Thing]:
    """Few things that together have all traits: each has one that the things before it had not, or not often enough."""
    chosen: list[Thing] = []
    had: Counter[Trait] = Counter()
    for thing, traits in things.items():
        own = set(traits)
        if any(had[trait] < amount(1) for trait in own):
            chosen.append(thing)
            had.update(own)
    return chosen
