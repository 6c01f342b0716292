"""Oxigraph stores on disk: built, copied, changed, read.

Oxigraph stores on disk: built, copied with hard links, changed graph by graph, read.

A store is written by one process, under a name that nobody else knows yet; afterwards it is only read, by many.

Reading a release's store in-process: graphs, what is said of a subject, and small fixed queries.

Queries that strangers write run in workers that can be ended (`iomld.store.query_worker`), except lookups, whose
steps are counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store

from iomld.errors import StoreError
from iomld.store.lookup import lookup_json, read_lookup


def build_store(path: Path, source: Path | Iterable[Quad]) -> int:
    """Make a compact store from N-Quads or from quads.

    Args:
        path: Folder of the new store; must not hold one.
        source: An N-Quads file (not compressed), or the quads.

    Returns:
        Number of quads in the store.

    Raises:
        StoreError: There is a store already, the file does not parse, or the disk refuses.
    """
    if (path / "CURRENT").exists():  # RocksDB's own mark of a database
        raise StoreError(f"{path}: there is a store already; choose another folder.")
    files, quads = ([source], ()) if isinstance(source, Path) else ([], source)
    size = update_store(path, files=files, quads=quads)
    optimize_store(path)
    return size


def copy_store(old: Path, new: Path) -> None:
    """Copy a store with hard links, which costs milliseconds; the old one may be served meanwhile.

    Raises:
        StoreError: The old store cannot be read, or the new folder exists or is on another file system.
    """
    if new.exists():
        raise StoreError(f"{new}: exists already; choose another folder.")
    with _faults(old):
        Store.read_only(str(old)).backup(str(new))


def update_store(
    path: Path, *, remove: Iterable[str] = (), files: Iterable[Path] = (), quads: Iterable[Quad] = ()
) -> int:
    """Take whole graphs out of a store, then put quads in; a store that is not there yet is made.

    Args:
        path: The store; nobody else may have it open.
        remove: IRIs of the graphs to take out; those that are not there are passed over.
        files: N-Quads files to put in (not compressed).
        quads: Quads to put in.

    Returns:
        Number of quads in the store after.

    Raises:
        StoreError: The store cannot be opened for writing, a file does not parse, or the disk refuses.
    """
    with _faults(path):
        store = Store(str(path))
        for iri in remove:
            store.remove_graph(NamedNode(iri))
        for file in files:
            store.bulk_load(path=str(file), format=RdfFormat.N_QUADS)
        store.bulk_extend(quads)
        store.flush()
        return len(store)


def optimize_store(path: Path) -> None:
    """Compact a store, which makes reading faster; costs about three seconds for 1.5 million quads.

    Raises:
        StoreError: The store cannot be opened for writing.
    """
    with _faults(path):
        store = Store(str(path))
        store.optimize()
        store.flush()


def open_read_only(path: Path) -> Store:
    """Open a store that nobody writes; many processes may do so at once.

    Raises:
        StoreError: There is no store, or it is damaged.
    """
    with _faults(path):
        return Store.read_only(str(path))


def sorted_graphs(store: Store) -> list[str]:
    """IRIs of the named graphs, sorted by code point."""
    return sorted(graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode))


def graph_quads(store: Store, iri: str) -> Iterator[Quad]:
    """The quads of one named graph, in no order that means anything."""
    return store.quads_for_pattern(None, None, None, NamedNode(iri))


def quads_by_graph(store: Store) -> Iterator[tuple[str, list[Quad]]]:
    """Each named graph with its quads, graphs sorted; one graph at a time is in memory."""
    for iri in sorted_graphs(store):
        yield iri, list(graph_quads(store, iri))


def literals_of(path: Path, predicate: str) -> Iterator[tuple[str, str]]:
    """Subject IRI and literal value of each triple with this predicate, in any graph.

    Raises:
        StoreError: There is no store, or it is damaged.
    """
    store = open_read_only(path)
    for quad in store.quads_for_pattern(None, NamedNode(predicate), None, None):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal):
            yield quad.subject.value, quad.object.value


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(f"{path}: no store here. Publish first, or name the right folder.") from error
    except OSError as error:
        raise StoreError(f"{path}: the store cannot be used: {error}") from error
    except SyntaxError as error:
        raise StoreError(f"{path}: the quads do not parse: {error.msg}") from error


Term = NamedNode | Literal


class StoreReader:
    """A store that is only read; may be used from many threads at once."""

    def __init__(self, path: Path) -> None:
        """Open the store.

        Raises:
            StoreError: There is no store, or it is damaged.
        """
        self._store = open_read_only(path)

    def graph(self, iri: str) -> tuple[Quad, ...]:
        """The quads of a named graph, in no order that means anything; none where there is no such graph."""
        return tuple(graph_quads(self._store, iri))

    def has_graph(self, iri: str) -> bool:
        """Say whether there is a named graph.

        Raises:
            ValueError: The name is no absolute IRI.
        """
        return self._store.contains_named_graph(NamedNode(iri))

    def about(self, subject: str, *, graph: str | None = None) -> tuple[Quad, ...]:
        """The quads with a subject, in all graphs or in one."""
        name = NamedNode(graph) if graph else None
        return tuple(self._store.quads_for_pattern(NamedNode(subject), None, None, name))

    def pointing(self, predicate: str, target: str, *, graph: str | None = None) -> tuple[Quad, ...]:
        """The quads with a predicate and an object, in all graphs or in one."""
        name = NamedNode(graph) if graph else None
        return tuple(self._store.quads_for_pattern(None, NamedNode(predicate), NamedNode(target), name))

    def fitting(
        self, *, predicate: str | None = None, target: str | None = None, graph: str | None = None
    ) -> Iterator[Quad]:
        """The quads that fit what is given, one after the other; to be taken in the thread that asks."""
        pattern = (NamedNode(iri) if iri else None for iri in (predicate, target, graph))
        return iter(self._store.quads_for_pattern(None, *pattern))

    def lookup(self, query: str, *, max_rows: int) -> bytes | None:
        """Answer a query that is a lookup, as JSON; None for all other queries, whatever they are.

        Args:
            query: Any text.
            max_rows: Solutions that the answer may have.
        """
        lookup = read_lookup(query)
        return lookup_json(self._store, lookup, max_rows=max_rows) if lookup else None

    def select(self, query: str) -> Iterator[Mapping[str, Term]]:
        """The solutions of a SELECT query over the union of all graphs; unbound variables are left out.

        Args:
            query: One of our own queries, whole. Nothing stops it, so it must be a small one.

        Raises:
            StoreError: The query is no SELECT or does not parse, which is our mistake.
        """
        try:
            result = self._store.query(query, use_default_graph_as_union=True)
        except SyntaxError as error:
            raise StoreError(f"a query of ours does not parse: {error.msg}") from error
        if not isinstance(result, QuerySolutions):
            raise StoreError("a query of ours is no SELECT")
        names = [variable.value for variable in result.variables]
        # All solutions are taken at once: they must not be touched from another thread.
        rows = [{name: term for name in names if isinstance(term := row[name], Term)} for row in result]
        return iter(rows)
