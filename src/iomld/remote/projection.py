"""Puts the current release into a remote store: changes the dataset that nobody reads, checks it, and points to it.

A push can be interrupted at any moment and run again. Before a graph is changed, it is written down as unknown, so that
the next push puts it again; and servers follow the pointer, which is moved last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from pyoxigraph import Literal, NamedNode

from iomld.errors import StoreError
from iomld.progress import NO_PROGRESS, Progress, phases_of
from iomld.release import FILES, Release
from iomld.release.nquads import read_graphs
from iomld.remote.dataset import COUNT_GRAPHS, Holdings, RemoteDataset, RemoteStore
from iomld.remote.pointer import (
    UNKNOWN,
    Pointer,
    dataset_graphs,
    owner_of,
    push_lock,
    read_pointer,
    record_graphs,
    unread_dataset,
    write_pointer,
)
from iomld.store.oxigraph import StoreReader

PUSHING, VERIFYING = phases_of(("pushing", "graphs"), ("verifying", ""))


@dataclass(frozen=True, slots=True)
class Push:
    """What a push did.

    Attributes:
        pointer: What servers follow now.
        put: Number of graphs that were put.
        dropped: Number of graphs that were removed.
        is_new: Whether the pointer was moved.
    """

    pointer: Pointer
    put: int = 0
    dropped: int = 0
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The graphs that a dataset is to hold: the hash of each, and its number of triples."""

    digests: Mapping[str, str]
    counts: Mapping[str, int]

    def changes(self, held: Holdings, known: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """The graphs to put, and those to remove."""
        put = [
            graph
            for graph, digest in self.digests.items()
            if known.get(graph) != digest or held.graphs.get(graph) != self.counts[graph]
        ]
        return put, sorted(held.graphs.keys() - self.digests.keys())


def push_release(
    datadir: Path,
    current: Release,
    store: RemoteStore,
    *,
    replaces: bool = False,
    patience_s: float = 30.0,
    progress: Progress = NO_PROGRESS,
) -> Push:
    """Bring the current release into a remote store, and have servers follow.

    Args:
        datadir: The folder of releases.
        current: Its current release, which was checked.
        store: The remote store.
        replaces: Whether to take the store over from another publisher, and to put all graphs again.
        patience_s: Seconds to wait for servers that still read the dataset to be changed.
        progress: Is told how the work goes on.

    Raises:
        StoreError: The remote store cannot be used, belongs to another publisher, or does not hold afterwards what it
            should. Servers then still answer from the release before.
    """
    with push_lock(datadir):
        before = read_pointer(datadir)
        name = current.manifest.name
        if current.manifest.repeated_triples:  # which a union of graphs counts twice
            pointer = Pointer(name, None)
            if pointer != before:
                write_pointer(datadir, pointer)
            return Push(pointer, is_new=pointer != before)
        reader = StoreReader(current.file(FILES.store))
        wanted = _wanted(current, reader)
        if before and before.release == name and before.dataset is not None and not replaces:
            served = store.dataset(before.dataset)
            if served.holdings().graphs == wanted.counts:
                return Push(before, is_new=False)
        idle = 1 if before and before.dataset == 0 else 0
        with unread_dataset(datadir, idle, patience_s=patience_s):
            work = _DatasetPush(datadir, idle, store.dataset(idle), wanted, reader)
            put, dropped, excluded = work.run(progress, replaces=replaces)
            pointer = Pointer(name, idle, excluded)
            write_pointer(datadir, pointer)
        return Push(pointer, put, dropped)


def dataset_fault(current: Release, dataset: RemoteDataset) -> str:
    """What a dataset lacks of a release, or has too much, in a sentence; empty if it holds the release.

    Raises:
        RemoteError: It cannot be asked.
    """
    return _difference(dataset, dataset.holdings(), _counts(StoreReader(current.file(FILES.store))))


class _DatasetPush:
    """A push to one dataset."""

    def __init__(
        self, datadir: Path, number: int, dataset: RemoteDataset, wanted: _Wanted, reader: StoreReader
    ) -> None:
        self._datadir, self._number, self._dataset = datadir, number, dataset
        self._wanted, self._reader = wanted, reader
        self._owner = owner_of(datadir)

    def run(self, progress: Progress, *, replaces: bool) -> tuple[int, int, tuple[str, ...]]:
        """Change the dataset and check it; the numbers of graphs put and removed, and the server's own graphs."""
        held = self._dataset.holdings()
        known = dataset_graphs(self._datadir, self._number)
        if not replaces:
            self._require_ours(held, known or {})
        put, dropped = self._wanted.changes(held, {} if replaces else known or {})
        if put or dropped or held.mark:
            self._dataset.set_mark(self._owner)
            self._require_mark()
            unknown = dict.fromkeys((*put, *dropped), UNKNOWN)
            record_graphs(self._datadir, self._number, {**(known or {}), **unknown})
            progress.begin(PUSHING, len(put))
            with TemporaryFile() as body:
                for graph in progress.counted(put):
                    body.seek(0)
                    body.truncate()
                    self._reader.write_graph(graph, body)
                    body.flush()
                    self._dataset.put(graph, body)
            for graph in dropped:
                self._dataset.drop(graph)
            self._require_mark()
            self._dataset.remove_mark()
        progress.begin(VERIFYING)
        after = self._dataset.holdings()
        if fault := _difference(self._dataset, after, self._wanted.counts):
            raise StoreError(fault)
        self._require_union(after.excluded)
        record_graphs(self._datadir, self._number, self._wanted.digests)
        return len(put), len(dropped), after.excluded

    def _require_ours(self, held: Holdings, known: Mapping[str, str]) -> None:
        if held.mark and held.mark != self._owner:
            raise self._not_ours("another publisher is changing it, or was interrupted")
        if strange := sorted(held.graphs.keys() - known.keys()):
            raise self._not_ours(f"it holds the graph {strange[0]}, which was not put there from {self._datadir}")

    def _require_mark(self) -> None:
        if not self._dataset.is_marked(self._owner):
            raise self._not_ours("another publisher is changing it at the same time")

    def _not_ours(self, reason: str) -> StoreError:
        return StoreError(
            f"{self._dataset.address}: the remote store is not changed: {reason}. Give each publisher two datasets of "
            "its own; if nobody else needs what is there, 'iomld remote push --replace' removes it."
        )

    def _require_union(self, excluded: tuple[str, ...]) -> None:
        """Require that queries without GRAPH find each triple of all graphs once."""
        found, wanted = self._dataset.size(excluded), sum(self._wanted.counts.values())
        if found != wanted:
            raise StoreError(
                f"{self._dataset.address}: the default graph of queries has {found:,} triples, but all graphs together "
                f"have {wanted:,}. Start the server so that its default graph is the union of the named graphs (for "
                "Oxigraph: --union-default-graph), then run 'iomld remote push'."
            )


def _wanted(current: Release, reader: StoreReader) -> _Wanted:
    """The graphs of a release; those with the clock in them have no hash, and count as changed in each release."""
    counts = _counts(reader)
    digests = {name: state.digest for name, state in read_graphs(current.file(FILES.graphs)).items()}
    return _Wanted({graph: digests.get(graph, current.manifest.name) for graph in sorted(counts)}, counts)


def _counts(reader: StoreReader) -> dict[str, int]:
    """The number of triples of each graph of a release."""
    counts = {}
    for row in reader.select(COUNT_GRAPHS):
        match row:
            case {"g": NamedNode(value=graph), "n": Literal(value=number)}:
                counts[graph] = int(number)
    return counts


def _difference(dataset: RemoteDataset, held: Holdings, counts: Mapping[str, int]) -> str:
    """How the graphs of a dataset differ from those of a release, in a sentence; empty if they do not."""
    if held.graphs == counts and not held.mark:
        return ""
    graphs = sorted(one for one in held.graphs.keys() | counts.keys() if held.graphs.get(one) != counts.get(one))
    if not graphs:
        return f"{dataset.address}: a push to the remote store did not end. Run 'iomld remote push'."
    first = graphs[0]
    return (
        f"{dataset.address}: the remote store does not hold the release: {len(graphs)} of its graphs differ, such as "
        f"{first} ({held.graphs.get(first, 0):,} triples instead of {counts.get(first, 0):,}). Run 'iomld remote push "
        "--replace'; if that does not help, the server changes what it is given and cannot be used."
    )
