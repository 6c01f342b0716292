"""Asking a store in this process."""

from pyoxigraph import Literal, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Store

FAILED = (OSError, RuntimeError, ValueError)  # what a query raises that parses, but names a function nobody has


def solutions(store: Store, query: str) -> QueryBoolean | QuerySolutions | QueryTriples:
    """The answer to a query."""
    return store.query(query, base_iri="http://base/", use_default_graph_as_union=" FROM " not in query)


def finds(store: Store, query: str) -> bool:
    """Whether a query finds anything."""
    match result := solutions(store, query):
        case QueryBoolean():
            return bool(result)
        case QuerySolutions() | QueryTriples():
            return next(iter(result), None) is not None


class StoreProber:
    """Asks a store, without limits; see `iomld.browse.explain.diagnosis.Prober`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ask(self, query: str) -> bool | None:
        """The answer to ASK."""
        try:
            return finds(self._store, query)
        except FAILED:
            return None

    async def terms(self, query: str) -> tuple[NamedNode | Literal, ...] | None:
        """The first column of SELECT."""
        try:
            result = solutions(self._store, query)
            assert isinstance(result, QuerySolutions)
            return tuple(term for row in result if isinstance(term := row[0], NamedNode | Literal))
        except FAILED:
            return None
