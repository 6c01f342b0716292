"""Reading a release's store in-process: graphs, what is said of a subject, and small fixed queries.

Queries that strangers write run in workers that can be ended (`iomld.store.query`), but for lookups, whose steps are
counted.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions

from iomld.errors import StoreError
from iomld.store.looking import lookup_json
from iomld.store.lookup import read_lookup
from iomld.store.oxigraph import graph_quads, open_read_only

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
