"""What values there are in the place of one that nothing has, where no other one was probably meant."""

from iomld.browse.explain.comparisons import comparisons
from iomld.browse.explain.diagnosis import Empty, Reason
from iomld.browse.explain.probe_queries import Prober, joined
from iomld.browse.explain.rewriting import written
from iomld.store.parts.clauses import TermKind
from iomld.store.parts.pieces import pieces

_FEW = 3


async def values_there(empty: Empty, prober: Prober) -> tuple[str, ...]:
    """Some values as the query may write them; where their order counts, the least and the greatest.

    Args:
        empty: A part.
        prober: Finds them.
    """
    query = _query(empty)
    found = await prober.terms(query) if query else None
    return tuple(written(term, empty.scope.parts.prefixes) for term in found or ())


def _query(empty: Empty) -> str:
    clause, scope = empty.clause, empty.scope
    if clause is None:
        return ""
    if empty.reason is Reason.TRIPLE and clause.terms[2].kind in {TermKind.IRI, TermKind.LITERAL}:
        subject, predicate, _ = clause.terms
        value = f"?{scope.parts.hidden}v"
        return scope.finding(value, f"{subject.text} {predicate.text} {value}", _FEW)
    if empty.reason is Reason.FILTER:
        for one in comparisons(scope.parts, [*pieces(scope.parts.text, clause.start, clause.end)]):
            beside = joined(empty.beside)
            if one.is_equality:
                return scope.finding(one.expression, beside, _FEW)
            return scope.spanning(one.expression, beside)
    return ""
