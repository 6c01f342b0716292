"""What all new releases have alike, made once in a process.

The ontology, the lists and the queries contribute the same to the files of each release. Putting that together takes
more processor time than the few records of most tests. A release that is built upon another takes it from there; here
a new one, of the same graphs under the same base and fund, takes it from the one before.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import import_module

from iomld.export.shard_files import GraphLines, ShardContents, common_contents
from iomld.fund_folder import folder_in_use
from iomld.publish.build import reference_lines

_KEPT = 8  # contributions: there are as many as there are bases, funds and included graphs
_PIECES = 512
Lines = tuple[tuple[str, tuple[bytes, ...]], ...]


def remember() -> None:
    """From now on, make nothing anew that a release of this process had before."""
    jobs, run = import_module("iomld.publish.shard_jobs"), import_module("iomld.publish.run")
    jobs.common_contents, run.reference_lines = _common_contents, _reference_lines
    jobs.compressed = lru_cache(_PIECES)(jobs.compressed)


def make(base: str) -> None:
    """Make what releases of a base have alike."""
    _common_contents(_reference_lines(base), base, ())


def _common_contents(graphs: Iterable[GraphLines], base: str, included: Iterable[str]) -> ShardContents:
    return _contents(_fixed(graphs), base, tuple(included), folder_in_use().digest)


def _reference_lines(base: str) -> Iterator[tuple[str, list[bytes]]]:
    return ((graph, list(lines)) for graph, lines in _lines(base, folder_in_use().digest))


@lru_cache(_KEPT)
def _contents(graphs: Lines, base: str, included: tuple[str, ...], _fund: str) -> ShardContents:
    return common_contents(((graph, list(lines)) for graph, lines in graphs), base, included)


@lru_cache(_KEPT)
def _lines(base: str, _fund: str) -> Lines:
    return _fixed(reference_lines(base))


def _fixed(graphs: Iterable[GraphLines]) -> Lines:
    return tuple((graph, tuple(lines)) for graph, lines in graphs)
