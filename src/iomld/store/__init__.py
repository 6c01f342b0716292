"""The quad store of a release: written once, then opened read-only and queried in workers."""

from iomld.store.oxigraph import (
    build_query_store,
    build_store,
    common_triples,
    copy_store,
    graph_quads,
    open_read_only,
    optimize_store,
    quads_by_graph,
    sorted_graphs,
    subjects_of,
    update_store,
)

__all__ = [
    "build_query_store",
    "build_store",
    "common_triples",
    "copy_store",
    "graph_quads",
    "open_read_only",
    "optimize_store",
    "quads_by_graph",
    "sorted_graphs",
    "subjects_of",
    "update_store",
]
