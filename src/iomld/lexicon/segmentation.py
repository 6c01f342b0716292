"""Segment a list of names without separators, so that a long name is preferred to a shorter one inside it.

The list is a sequence of atoms, its smallest words. Each sequence of atoms that is a known name is an arc; the best
reading is the cheapest path of arcs from the first atom to the last (dynamic programming). An atom left over costs more
than any name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Arc(NamedTuple):
    """A sequence of atoms read as a name.

    Attributes:
        start: First atom, from 0.
        end: The atom after the last.
        code: Code of the country; empty for a word that only joins names (`and`).
        rank: Rank of the name: 0 preferred, 1 alternative, 2 hidden.
    """

    start: int
    end: int
    code: str
    rank: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The segmentation of a list.

    Attributes:
        arcs: The best reading, in the order of the list.
        leftovers: Sequences of atoms (start, end) that are not a name.
        rivals: Sequences of atoms (start, end) with several readings of different meaning, and these as codes.
    """

    arcs: tuple[Arc, ...]
    leftovers: tuple[tuple[int, int], ...]
    rivals: tuple[tuple[int, int, tuple[tuple[str, ...], ...]], ...]


_LEFTOVER_COST = 1_000_000  # above the cost of any reading without leftovers
_NAME_COST = 1_000
_MOST_READINGS = 64  # of one sequence; more are not needed to tell that it is ambiguous


def best_reading(size: int, arcs: Mapping[int, Sequence[Arc]]) -> Reading:
    """Choose the reading with the fewest atoms left over, then the fewest and best names.

    Args:
        size: Number of atoms.
        arcs: The arcs that start at each atom.
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
    """The sequences that have several readings of different meaning."""
    useful = _complete_arcs(size, arcs)
    start = reach = 0
    for at in range(size + 1):
        if at >= reach and at > start:  # every reading has a boundary here
            readings = _meanings(start, at, useful)
            if len(readings) > 1:
                yield start, at, readings
            start = at
        reach = max([reach, *(arc.end for arc in useful.get(at, ()))])


def _complete_arcs(size: int, arcs: Mapping[int, Sequence[Arc]]) -> dict[int, list[Arc]]:
    """The arcs that belong to a reading of the whole list without leftovers."""
    forward = {0}
    for start in range(size):
        if start in forward:
            forward.update(arc.end for arc in arcs.get(start, ()))
    backward = {size}
    useful: dict[int, list[Arc]] = {}
    for start in range(size - 1, -1, -1):
        complete = [arc for arc in arcs.get(start, ()) if arc.end in backward and start in forward]
        if complete:
            useful[start] = complete
            backward.add(start)
    return useful


def _meanings(start: int, end: int, useful: Mapping[int, Sequence[Arc]]) -> tuple[tuple[str, ...], ...]:
    """The different sets of codes that a sequence can be read as, regardless of their order."""
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
