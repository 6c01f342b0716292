"""Cut a run of names into names: over the whole run, so that a long name is never lost to a short one inside it.

A run is a chain of atoms, words that nothing can split. Each stretch of atoms that is a known name is an arc; the best
reading is the cheapest path of arcs from the first atom to the last (dynamic programming). Words left over cost more
than anything else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Arc(NamedTuple):
    """A stretch of atoms read as a name.

    Attributes:
        start: First atom, from 0.
        end: The atom after the last.
        code: What the name stands for; empty for a word that only joins names (`and`).
        rank: How good the name is: 0 preferred, 1 alternative, 2 hidden.
    """

    start: int
    end: int
    code: str
    rank: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How a run was cut.

    Attributes:
        arcs: The best reading, in the order of the run.
        leftovers: Stretches of atoms (start, end) that are no name.
        rivals: Where the run can be cut in several ways that mean different things: for each such stretch its
            atoms (start, end) and the readings, each as the codes.
    """

    arcs: tuple[Arc, ...]
    leftovers: tuple[tuple[int, int], ...]
    rivals: tuple[tuple[int, int, tuple[tuple[str, ...], ...]], ...]


_LEFTOVER_COST = 1_000_000  # above the cost of any reading that leaves nothing over
_NAME_COST = 1_000
_MOST_READINGS = 64  # of one stretch; more say nothing new about whether it is ambiguous


def best_reading(size: int, arcs: Mapping[int, Sequence[Arc]]) -> Reading:
    """Choose the reading with the fewest atoms left over, then the fewest and best names.

    Args:
        size: Number of atoms.
        arcs: For each first atom the arcs that start there.
    """
    costs = [0] + [_LEFTOVER_COST * (size + 1)] * size
    back: list[Arc | None] = [None] * (size + 1)
    for start in range(size):
        steps = [*arcs.get(start, ()), None]
        for arc in steps:
            end = arc.end if arc else start + 1
            cost = costs[start] + (_NAME_COST * bool(arc.code) + arc.rank if arc else _LEFTOVER_COST)
            if cost < costs[end]:
                costs[end], back[end] = cost, arc
    chosen, leftovers = _trace(size, back)
    rivals = () if leftovers else tuple(_rivals(size, arcs))
    return Reading(chosen, leftovers, rivals)


def _trace(size: int, back: Sequence[Arc | None]) -> tuple[tuple[Arc, ...], tuple[tuple[int, int], ...]]:
    chosen: list[Arc] = []
    leftovers: list[tuple[int, int]] = []
    at = size
    while at:
        arc = back[at]
        if arc:
            chosen.append(arc)
            at = arc.start
            continue
        at -= 1
        if leftovers and leftovers[-1][0] == at + 1:
            leftovers[-1] = (at, leftovers[-1][1])
        else:
            leftovers.append((at, at + 1))
    return tuple(arc for arc in reversed(chosen) if arc.code), tuple(reversed(leftovers))


def _rivals(size: int, arcs: Mapping[int, Sequence[Arc]]) -> Iterator[tuple[int, int, tuple[tuple[str, ...], ...]]]:
    """The stretches that can be cut in ways that mean different things."""
    useful = _complete(size, arcs)
    start = reach = 0
    for at in range(size + 1):
        if at >= reach and at > start:  # every reading has a cut here
            readings = _meanings(start, at, useful)
            if len(readings) > 1:
                yield start, at, readings
            start = at
        reach = max([reach, *(arc.end for arc in useful.get(at, ()))])


def _complete(size: int, arcs: Mapping[int, Sequence[Arc]]) -> dict[int, list[Arc]]:
    """The arcs that lie on some reading of the whole run."""
    forward = {0}
    for start in range(size):
        if start in forward:
            forward.update(arc.end for arc in arcs.get(start, ()))
    backward = {size}
    useful: dict[int, list[Arc]] = {}
    for start in range(size - 1, -1, -1):
        kept = [arc for arc in arcs.get(start, ()) if arc.end in backward and start in forward]
        if kept:
            useful[start] = kept
            backward.add(start)
    return useful


def _meanings(start: int, end: int, useful: Mapping[int, Sequence[Arc]]) -> tuple[tuple[str, ...], ...]:
    """The different sets of codes that a stretch can be read as; the order of the names is no difference."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    open_paths: list[tuple[int, tuple[str, ...]]] = [(start, ())]
    for _ in range(_MOST_READINGS * (end - start)):
        if not open_paths:
            break
        at, codes = open_paths.pop()
        if at == end:
            found.setdefault(tuple(sorted(codes)), codes)
            continue
        open_paths += [(arc.end, (*codes, arc.code) if arc.code else codes) for arc in useful[at]]
    return tuple(found.values())
