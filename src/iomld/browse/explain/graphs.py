"""What was probably meant by the name of a graph that is not there, or lacks what others have."""

from collections.abc import AsyncIterator

from iomld.browse.explain.candidates import Trying
from iomld.browse.explain.diagnosis import Empty, Reason
from iomld.browse.explain.probe_queries import joined
from iomld.browse.explain.rewriting import Edit
from iomld.store.parts.clauses import Clause, TermKind


async def graph_edits(empty: Empty, clause: Clause, trying: Trying) -> AsyncIterator[tuple[Edit, ...]]:
    """Graphs of a name that is alike, and that have what is asked for; or any graph.

    Args:
        empty: The part.
        clause: The same, which names a graph.
        trying: Tries the graphs.
    """
    (name,) = clause.terms
    if name.kind is not TermKind.IRI:
        return
    inner = "\n".join(joined(group.clauses) for group in clause.groups)
    # What is asked for may be wrong too.
    for content in (inner, "?s ?p ?o") if empty.reason is Reason.GRAPH else (inner,):
        spelled = await trying.fitting(lambda graph: f"GRAPH {graph} {{ {content} }}", trying.respelled(name.iri))  # noqa: B023  # called at once
        alike = trying.ranked(name, await trying.values(f"GRAPH {trying.meant} {{ {content} }}"))
        for term in (*spelled, *alike):
            yield (Edit(name.start, name.end, trying.written(term)),)
        if spelled or alike:
            return
    if clause.groups and await trying.holds(f"GRAPH {trying.meant} {{ {inner} }}"):  # FROM takes no variable
        yield (Edit(name.start, name.end, trying.scope.parts.unused("graph")),)
