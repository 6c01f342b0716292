"""What was probably meant by a part of a query that finds nothing; each proposal was tried and finds something."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from iomld.browse.explain.candidates import Trying
from iomld.browse.explain.diagnosis import Empty, Reason
from iomld.browse.explain.filter_suggestions import condition_edits
from iomld.browse.explain.graphs import graph_edits
from iomld.browse.explain.probe_queries import Prober, Scope, joined
from iomld.browse.explain.release_terms import Known
from iomld.browse.explain.rewriting import Edit, are_apart, edited
from iomld.browse.explain.triple_suggestions import TripleEdits
from iomld.store.parts.structure import query_parts

_MOST = 3  # proposals for one part


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be written instead.

    Attributes:
        instead: What stands in the query.
        text: What may stand there.
        query: The whole query with it.
        finds: Whether that query finds something; if not, another part is empty too.
        edits: What makes the query of the one that was asked.
    """

    instead: str
    text: str
    query: str
    finds: bool
    edits: tuple[Edit, ...]


async def suggestions(empty: Empty, prober: Prober, known: Known) -> tuple[Suggestion, ...]:
    """What may be written instead of an empty part, best first.

    Args:
        empty: The part.
        prober: Tries it.
        known: Terms of the release.
    """
    text = empty.scope.parts.text
    found = dict[str, Suggestion]()
    async for unsorted in _edits(empty, prober, known):
        edits = tuple(sorted(unsorted, key=lambda edit: edit.start))
        query = edited(text, edits)
        if query not in found:
            finds = await _finds(query, prober)
            instead = _together(text[edit.start : edit.end] for edit in edits)
            found[query] = Suggestion(instead, _together(edit.text for edit in edits), query, finds, edits)
        if len(found) == _MOST:
            break
    return tuple(sorted(found.values(), key=lambda one: not one.finds))


def _together(texts: Iterable[str]) -> str:
    """Words of several places, each once."""
    return " … ".join(dict.fromkeys(text.strip() for text in texts if text))


async def meant_query(text: str, found: Sequence[Sequence[Suggestion]], prober: Prober) -> str:
    """The query that was probably meant; empty where none is known that finds something.

    Args:
        text: The query that finds nothing.
        found: What may be written instead of each of its empty parts.
        prober: Tries what takes the place of all of them.
    """
    first = [one[0] for one in found if one]
    for one in first:
        if one.finds:
            return one.query
    edits = tuple(edit for one in first for edit in one.edits)
    query = edited(text, edits) if len(first) > 1 and are_apart(edits) else ""
    return query if query and await _finds(query, prober) else ""


async def _finds(query: str, prober: Prober) -> bool:
    """Whether the whole pattern of a query finds something."""
    parts = query_parts(query)
    if parts is None:
        return False
    if parts.where is None:
        return True  # a DESCRIBE of what was tried
    return await prober.ask(Scope(parts).asking(joined(parts.where.clauses))) is True


async def _edits(empty: Empty, prober: Prober, known: Known) -> AsyncIterator[tuple[Edit, ...]]:
    """Edits that are known to leave something of the part."""
    if empty.clause is None:
        return
    if empty.reason in {Reason.FILTER, Reason.FILTERS, Reason.UNBOUND}:
        async for edits in condition_edits(empty, prober, known):
            yield edits
    elif empty.reason in {Reason.GRAPH, Reason.ELSEWHERE}:
        async for edits in graph_edits(empty, empty.clause, Trying(empty.scope, prober, known)):
            yield edits
    elif empty.clause.terms:
        async for edits in TripleEdits(empty, prober, known).edits(empty.clause):
            yield edits
