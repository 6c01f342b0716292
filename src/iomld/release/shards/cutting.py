"""The cut of a dataset into shards: groups of graphs whose part of each file for download is compressed as one piece.

The graphs of records are in the order of their IRIs, and a shard ends after each graph whose hash says so
(content-defined chunking). So the cut needs neither the number of graphs nor a history: the same graphs have the same
shards, and one changed graph changes one shard. All other graphs, which share subjects, are one shard at the end.
"""

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from iomld.release.nquads import GraphState

# A shard has 16 graphs and then, on average, 16 more. Without the first number, a changed graph would be in a shard of
# 64 on average, since large shards have more graphs to change.
_FEWEST = 16
_CUT = 16


class GraphCut:
    """Cuts sorted graphs into those of each shard.

    Attributes:
        open: The graphs after the last end.
    """

    def __init__(self) -> None:
        """Begin a shard."""
        self.open: list[str] = []

    def add(self, graphs: Iterable[str]) -> Iterator[tuple[str, ...]]:
        """The shards that end among further graphs."""
        for graph in graphs:
            self.open.append(graph)
            if len(self.open) > _FEWEST and _is_end(graph):
                yield tuple(self.open)
                self.open = []


def _is_end(graph: str) -> bool:
    return int.from_bytes(hashlib.sha256(graph.encode()).digest()[:4], "big") % _CUT == 0


def cut(graphs: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Cut all graphs of records, sorted, into those of each shard."""
    cutting = GraphCut()
    yield from cutting.add(graphs)
    if cutting.open:
        yield tuple(cutting.open)


@dataclass(frozen=True, slots=True)
class OldShards:
    """Consecutive shards of the release before in which no graph came, went or changed.

    Attributes:
        start: The number of the first.
        end: The number after the last.
    """

    start: int
    end: int


# The shards of a release in their order: those that it takes from the one before, and the graphs of each other one.
Cut = Sequence[OldShards | tuple[str, ...]]


def changed_cut(
    last: Sequence[str], graphs_of: Callable[[int], Iterable[str]], changes: Mapping[str, bool]
) -> Iterator[OldShards | tuple[str, ...]]:
    """Cut graphs that differ little from those of a release.

    Only the shards with differences are cut again, and those that follow until an end is where it was.

    Args:
        last: The last graph of each shard of records.
        graphs_of: Gives the graphs of a shard by its number.
        changes: Whether a graph of a record is there now, for each that came, went or changed.
    """
    differing: defaultdict[int, list[str]] = defaultdict(list)
    for graph in changes:
        differing[shard_of(graph, last)].append(graph)
    done, cutting = 0, GraphCut()
    for number in sorted(differing):
        if number < done:
            continue
        if done < number:
            yield OldShards(done, number)
        done = number
        while done == number or (cutting.open and done < len(last)):
            old = graphs_of(done) if done < len(last) else ()
            here = {graph for graph in old if changes.get(graph, True)}
            here.update(graph for graph in differing.get(done, ()) if changes[graph])
            yield from cutting.add(sorted(here))
            done += 1
        if cutting.open:  # there are no more shards
            yield tuple(cutting.open)
            cutting.open = []
    if done < len(last):
        yield OldShards(done, len(last))


def shard_of(graph: str, last: Sequence[str]) -> int:
    """The number of the shard that has the graph of a record, if any has it.

    Args:
        graph: The graph.
        last: The last graph of each shard of records.
    """
    return min(bisect_left(last, graph), max(0, len(last) - 1))


def fingerprint(graphs: Iterable[str], states: Mapping[str, GraphState]) -> str:
    """The hash of graphs and their hashes."""
    digest = hashlib.sha256()
    for graph in graphs:
        digest.update(f"{graph}\t{states[graph].digest}\n".encode())
    return digest.hexdigest()
