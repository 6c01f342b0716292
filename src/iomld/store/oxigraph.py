"""Oxigraph stores on disk: build, copy, update and read them.

One process writes a store, under a name that no other process knows yet; afterwards it is read-only, for many.

`StoreReader` reads a store in the server process: graphs, quads by pattern and our own small queries. Queries from
clients run in workers that can be killed (`iomld.store.query_worker`), except lookups, whose steps are bounded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store

from iomld.errors import StoreError
from iomld.store.lookup import lookup_json, read_lookup

_BATCH_BYTES = 64 << 20  # about four thousand records, for which memory of six times as much is needed
_TRANSACTION_BYTES = 4 << 20
_BATCHES_TO_COMPACT = 8
_DATABASE_MARK = "CURRENT"  # of RocksDB
Term = NamedNode | Literal  # blank nodes and quoted triples do not occur in published data


def build_store(path: Path, source: Path | Iterable[Quad]) -> None:
    """Build a compact store from an N-Quads file or from quads.

    Args:
        path: Folder of the new store; must not contain a store.
        source: An N-Quads file (not compressed), or the quads.

    Raises:
        StoreError: There is a store already, the file does not parse, or writing fails.
    """
    if (path / _DATABASE_MARK).exists():
        raise StoreError(f"{path}: there is a store already; choose another folder.")
    files, quads = ([source], ()) if isinstance(source, Path) else ([], source)
    update_store(path, files=files, quads=quads)
    optimize_store(path)


def copy_store(old: Path, new: Path) -> None:
    """Copy a store with hard links, which takes milliseconds; the old one may be in use meanwhile.

    Raises:
        StoreError: The old store cannot be read, or the new folder exists or is on another file system.
    """
    if new.exists():
        raise StoreError(f"{new}: exists already; choose another folder.")
    with _store_errors(old):
        Store.read_only(str(old)).backup(str(new))


def update_store(
    path: Path,
    *,
    remove: Iterable[str] = (),
    files: Iterable[Path] = (),
    quads: Iterable[Quad] = (),
    is_wanted: Callable[[], bool] = lambda: True,
) -> None:
    """Remove whole graphs from a store, then add quads; the store is created if there is none.

    A large file is loaded in batches, since memory grows with a batch, and the store is compacted afterwards.

    Args:
        path: Folder of the store; no other process may have it open.
        remove: IRIs of the graphs to remove; unknown ones are ignored.
        files: N-Quads files to add (not compressed).
        quads: Quads to add.
        is_wanted: Asked before each batch whether to go on.

    Raises:
        StoreError: The store cannot be opened for writing, a file does not parse, or writing fails.
    """
    is_new = not (path / _DATABASE_MARK).exists()
    with _store_errors(path):
        store = Store(str(path))
        for iri in remove:
            store.remove_graph(NamedNode(iri))
        batches = 0
        for file in files:
            batches += _load_batches(store, file, is_wanted, is_new=is_new)
        store.bulk_extend(quads)
        store.flush()
        if batches >= _BATCHES_TO_COMPACT and is_wanted():
            store.optimize()
            store.flush()


def _load_batches(store: Store, file: Path, is_wanted: Callable[[], bool], *, is_new: bool) -> int:
    """Load a file in batches of whole lines; return their number."""
    number = 0
    with file.open("rb") as lines:
        while is_wanted() and (batch := lines.read(_BATCH_BYTES) + lines.readline()):
            number += 1
            if not is_new and number == 1 and len(batch) < _TRANSACTION_BYTES:
                store.load(batch, RdfFormat.N_QUADS)  # leaves nothing to compact, but takes more room
            else:
                store.bulk_load(batch, RdfFormat.N_QUADS)
    return number


def optimize_store(path: Path) -> None:
    """Compact a store, which makes reading faster; takes about three seconds for 1.5 million quads.

    Raises:
        StoreError: The store cannot be opened for writing.
    """
    with _store_errors(path):
        store = Store(str(path))
        store.optimize()
        store.flush()


def build_query_store(source: Path, path: Path) -> None:
    """Build a store with the named graphs of another, and with each of their triples once in its default graph.

    The engine goes through the graphs of a union one after the other, so a triple in two of them counts twice for it.
    Nearly all files of a copy with hard links would be written anew, and it would be larger than a new store.

    Args:
        source: Folder of the store; its default graph is empty.
        path: Folder of the new store.

    Raises:
        StoreError: The old store cannot be read, there is a new one already, or writing fails.
    """
    quads = iter(open_read_only(source))
    build_store(path, (copy for quad in quads for copy in (quad, Quad(quad.subject, quad.predicate, quad.object))))


def common_triples(path: Path, graphs: Iterable[str], other: str) -> int:
    """How many triples of one graph are also in others.

    Args:
        path: Folder of the store.
        graphs: IRIs of the others; the time depends on their size.
        other: IRI of the one.

    Raises:
        StoreError: There is no store, or it is damaged.
    """
    opened, name = open_read_only(path), NamedNode(other)
    quads = (quad for graph in graphs for quad in graph_quads(opened, graph))
    return len({quad.triple for quad in quads if Quad(quad.subject, quad.predicate, quad.object, name) in opened})


def has_default_graph(store: Store) -> bool:
    """Say whether a store has a default graph of its own; in others it is the union of the named graphs."""
    return next(store.quads_for_pattern(None, None, None, DefaultGraph()), None) is not None


def open_read_only(path: Path) -> Store:
    """Open a store for reading; many processes may do so at once, but none may write to it.

    Raises:
        StoreError: There is no store, or it is damaged.
    """
    with _store_errors(path):
        return Store.read_only(str(path))


def sorted_graphs(store: Store) -> list[str]:
    """IRIs of the named graphs, sorted by code point."""
    return sorted(graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode))


def graph_quads(store: Store, iri: str) -> Iterator[Quad]:
    """The quads of one named graph, in no particular order."""
    return store.quads_for_pattern(None, None, None, NamedNode(iri))


def quads_by_graph(store: Store) -> Iterator[tuple[str, list[Quad]]]:
    """Each named graph with its quads, sorted by graph; only one graph at a time is in memory."""
    for iri in sorted_graphs(store):
        yield iri, list(graph_quads(store, iri))


def subjects_of(store: Store, predicate: str, text: str) -> Iterator[str]:
    """Subject IRI of each triple with this predicate and plain literal, over all graphs."""
    for quad in store.quads_for_pattern(None, NamedNode(predicate), Literal(text), None):
        if isinstance(quad.subject, NamedNode):
            yield quad.subject.value


def is_corruption(error: Exception) -> bool:
    """Whether an error of the library says that a file is damaged; it may be raised whenever one is read."""
    return isinstance(error, RuntimeError) and str(error).startswith("Corruption: ")


@contextmanager
def _store_errors(path: Path) -> Iterator[None]:
    """Translate errors of the library into `StoreError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(f"{path}: no store here. Publish first, or name the right folder.") from error
    except OSError as error:
        raise StoreError(
            f"{path}: the store cannot be used: {error}. Make sure that the disk has room and can be written."
        ) from error
    except RuntimeError as error:
        if not is_corruption(error):
            raise
        raise StoreError(
            f"{path}: the store is damaged ({error}). 'iomld releases verify' names the damaged files."
        ) from error
    except SyntaxError as error:
        raise StoreError(f"{path}: the quads do not parse: {error.msg}") from error


class StoreReader:
    """A store opened read-only; may be used from many threads at once."""

    def __init__(self, path: Path, queries: Path | None = None) -> None:
        """Open the store.

        Args:
            path: Folder of the store.
            queries: Folder of another store with the same named graphs for queries and lookups; None for the same one.

        Raises:
            StoreError: There is no store, or it is damaged.
        """
        self._path = path
        self._store = open_read_only(path)
        self._queried = self._store if queries is None or queries == path else open_read_only(queries)
        self._default_graph = DefaultGraph() if has_default_graph(self._queried) else None

    def graph(self, iri: str) -> tuple[Quad, ...]:
        """The quads of a named graph, in no particular order; empty where there is no such graph."""
        with _store_errors(self._path):
            return tuple(graph_quads(self._store, iri))

    def write_graph(self, iri: str, output: BinaryIO) -> None:
        """Write a named graph as N-Triples, in bounded memory."""
        with _store_errors(self._path):
            self._store.dump(output, RdfFormat.N_TRIPLES, from_graph=NamedNode(iri))

    def has_graph(self, iri: str) -> bool:
        """Say whether the store has a named graph.

        Raises:
            ValueError: The name is not an absolute IRI.
        """
        return self._store.contains_named_graph(NamedNode(iri))

    def about(self, subject: str, *, graph: str | None = None) -> tuple[Quad, ...]:
        """The quads with this subject, in all graphs or in one."""
        name = NamedNode(graph) if graph else None
        with _store_errors(self._path):
            return tuple(self._store.quads_for_pattern(NamedNode(subject), None, None, name))

    def pointing(self, predicate: str, target: str, *, graph: str | None = None) -> tuple[Quad, ...]:
        """The quads with this predicate and object, in one graph or in all; then, of a triple in several, one."""
        name = NamedNode(graph) if graph else None
        with _store_errors(self._path):
            quads = self._store.quads_for_pattern(None, NamedNode(predicate), NamedNode(target), name)
            return tuple({quad.triple: quad for quad in quads}.values())

    def fitting(
        self, *, predicate: str | None = None, target: str | None = None, graph: str | None = None
    ) -> Iterator[Quad]:
        """Iterate over the quads that match a pattern; consume the iterator in the thread that calls this."""
        pattern = (NamedNode(iri) if iri else None for iri in (predicate, target, graph))
        with _store_errors(self._path):
            yield from self._store.quads_for_pattern(None, *pattern)

    def lookup(self, query: str, *, max_rows: int) -> bytes | None:
        """Answer a lookup as JSON; None for all other queries, and for invalid ones.

        Args:
            query: The text of a query.
            max_rows: Maximum number of solutions.
        """
        lookup = read_lookup(query)
        if lookup is None:
            return None
        try:
            return lookup_json(self._queried, lookup, max_rows=max_rows, default_graph=self._default_graph)
        except RuntimeError as error:
            if is_corruption(error):
                return None  # a worker says what is wrong
            raise

    def select(self, query: str) -> Iterator[Mapping[str, Term]]:
        """The solutions of a SELECT query over all triples; unbound variables are omitted.

        Args:
            query: A complete query of our own; a fast one, since nothing can interrupt it.

        Raises:
            StoreError: The query is not a SELECT or does not parse, which is a bug of ours.
        """
        with _store_errors(self._path):
            try:
                result = self._queried.query(query, use_default_graph_as_union=self._default_graph is None)
            except SyntaxError as error:
                raise StoreError(f"a query of ours does not parse: {error.msg}") from error
            if not isinstance(result, QuerySolutions):
                raise StoreError("a query of ours is no SELECT")
            names = [variable.value for variable in result.variables]
            # Solutions must not be used from another thread, so they are copied here.
            rows = [{name: term for name in names if isinstance(term := row[name], Term)} for row in result]
        return iter(rows)
