"""Suggestions for an empty part of a query, best first; each was tested and has solutions."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pyoxigraph import NamedNode

from iomld.browse.explain.candidates import CandidateTerms, ReleaseTerms
from iomld.browse.explain.diagnosis import EmptyPattern, EmptyReason, Prober, Scope, joined
from iomld.browse.explain.filter_suggestions import comparisons, condition_edits
from iomld.browse.explain.similarity import Edit, are_apart, edited, written
from iomld.browse.explain.triple_suggestions import TripleEdits
from iomld.store.sparql_parser import query_tree
from iomld.store.sparql_syntax import Clause, QueryTree, TermType
from iomld.store.sparql_tokens import query_tokens

_FEW = 3
_MOST = 3  # suggestions for one part


async def graph_edits(
    empty: EmptyPattern, clause: Clause, candidates: CandidateTerms
) -> AsyncIterator[tuple[Edit, ...]]:
    """Graphs with a similar name and the required content; else any graph.

    Args:
        empty: The part.
        clause: Its clause, which names a graph.
        candidates: Finds the graphs.
    """
    (name,) = clause.terms
    if name.kind is not TermType.IRI:
        return
    inner = "\n".join(joined(group.clauses) for group in clause.groups)
    # The content may be wrong as well.
    for content in (inner, "?s ?p ?o") if empty.reason is EmptyReason.GRAPH else (inner,):

        def pattern(graph: str, content: str = content) -> str:
            return f"GRAPH {graph} {{ {content} }}"

        spelled = await candidates.fitting(pattern, candidates.iri_variants(name.iri))
        similar = candidates.ranked(name, await candidates.values(pattern(candidates.variable)))
        for term in (*spelled, *similar):
            yield (Edit(name.start, name.end, candidates.written(term)),)
        if spelled or similar:
            return
    if clause.groups and await candidates.holds(f"GRAPH {candidates.variable} {{ {inner} }}"):  # FROM takes no variable
        yield (Edit(name.start, name.end, candidates.scope.parts.unused("graph")),)


async def values_there(empty: EmptyPattern, prober: Prober, known: ReleaseTerms) -> tuple[str, ...]:
    """Some values that the data have instead; for an ordered comparison the minimum and maximum.

    Args:
        empty: A part.
        prober: Finds them.
        known: Terms of the release, for the prefixes.
    """
    query = _query(empty)
    found = await prober.terms(query) if query else None
    return tuple(written(term, _all_prefixes(empty.scope.parts, known)) for term in found or ())


@dataclass(frozen=True, slots=True)
class TypeMismatch:
    """A literal in a triple pattern whose property has values of other datatypes.

    Attributes:
        written: The datatype of the literal.
        found: The datatypes of the values.
        value: The lexical form of the literal.
    """

    written: str
    found: tuple[str, ...]
    value: str


async def type_mismatch(empty: EmptyPattern, prober: Prober, known: ReleaseTerms) -> TypeMismatch | None:
    """The datatypes of the values of a property, if that of the literal in the pattern is not among them.

    Args:
        empty: A part.
        prober: Finds them.
        known: Terms of the release, for the prefixes.
    """
    clause, scope = empty.clause, empty.scope
    if clause is None or empty.reason is not EmptyReason.TRIPLE or clause.terms[2].kind is not TermType.LITERAL:
        return None
    subject, predicate, literal = clause.terms
    value = f"?{scope.parts.hidden}v"
    query = scope.finding(f"DATATYPE({value})", f"{subject.text} {predicate.text} {value}", _FEW)
    found = [term for term in await prober.terms(query) or () if isinstance(term, NamedNode)]
    if not found or not literal.iri or literal.iri in {term.value for term in found}:
        return None
    prefixes = _all_prefixes(scope.parts, known)
    types = tuple(written(term, prefixes) for term in found)
    return TypeMismatch(written(NamedNode(literal.iri), prefixes), types, literal.value)


def _query(empty: EmptyPattern) -> str:
    clause, scope = empty.clause, empty.scope
    if clause is None:
        return ""
    if empty.reason is EmptyReason.TRIPLE and clause.terms[2].kind in {TermType.IRI, TermType.LITERAL}:
        subject, predicate, _ = clause.terms
        value = f"?{scope.parts.hidden}v"
        return scope.finding(value, f"{subject.text} {predicate.text} {value}", _FEW)
    if empty.reason is EmptyReason.FILTER:
        for one in comparisons(scope.parts, [*query_tokens(scope.parts.text, clause.start, clause.end)]):
            beside = joined(empty.beside)
            if one.is_equality:
                return scope.finding(one.expression, beside, _FEW)
            return scope.spanning(one.expression, beside)
    return ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A replacement for an empty part of a query.

    Attributes:
        instead: The text in the query.
        text: Its replacement.
        query: The whole query with the replacement.
        finds: Whether that query has solutions; if not, another part is empty too.
        edits: The edits of the query.
    """

    instead: str
    text: str
    query: str
    finds: bool
    edits: tuple[Edit, ...]


async def suggestions(empty: EmptyPattern, prober: Prober, known: ReleaseTerms) -> tuple[Suggestion, ...]:
    """Suggestions for an empty part, best first.

    Args:
        empty: The part.
        prober: Tests the suggestions.
        known: Terms of the release.
    """
    tree = empty.scope.parts
    text = tree.text
    found = dict[str, Suggestion]()
    async for unsorted in _edits(empty, prober, known):
        prefixes = _other_prefixes(tree, known)
        edits = tuple(_abbreviated(edit, prefixes) for edit in sorted(unsorted, key=lambda edit: edit.start))
        query = _edited(tree, edits, known)
        if query not in found:
            finds = await _finds(query, prober)
            instead = _together(text[edit.start : edit.end] for edit in edits)
            found[query] = Suggestion(instead, _together(edit.text for edit in edits), query, finds, edits)
        if len(found) == _MOST:
            break
    return tuple(sorted(found.values(), key=lambda one: not one.finds))


def _together(texts: Iterable[str]) -> str:
    """The distinct texts of several edits, joined."""
    return " … ".join(dict.fromkeys(text.strip() for text in texts if text))


async def meant_query(
    tree: QueryTree, found: Sequence[Sequence[Suggestion]], prober: Prober, known: ReleaseTerms
) -> str:
    """The query that was probably meant; empty if no corrected query has solutions.

    Args:
        tree: The query without solutions.
        found: The suggestions for each of its empty parts.
        prober: Tests combinations of suggestions.
        known: Terms of the release, for the prefixes.
    """
    first = [one[0] for one in found if one]
    for one in first:
        if one.finds:
            return one.query
    edits = tuple(edit for one in first for edit in one.edits)
    query = _edited(tree, edits, known) if len(first) > 1 and are_apart(edits) else ""
    return query if query and await _finds(query, prober) else ""


def _other_prefixes(tree: QueryTree, known: ReleaseTerms) -> Mapping[str, str]:
    """The prefixes of the release that the query does not declare."""
    return {name: iri for name, iri in known.prefixes.items() if name not in tree.prefixes}


def _all_prefixes(tree: QueryTree, known: ReleaseTerms) -> Mapping[str, str]:
    return {**known.prefixes, **tree.prefixes}


def _abbreviated(edit: Edit, prefixes: Mapping[str, str]) -> Edit:
    """An edit with prefixed names in place of IRIs."""
    text = edit.text
    for token in reversed([*query_tokens(text)]):
        if token.kind == "iri" and ":" in token.text and "\\" not in token.text:
            text = text[: token.start] + written(NamedNode(token.text[1:-1]), prefixes) + text[token.end :]
    return replace(edit, text=text)


def _edited(tree: QueryTree, edits: Sequence[Edit], known: ReleaseTerms) -> str:
    """The query with some edits, and with the declarations of prefixes that they need, as completion adds them."""
    names = {
        token.text.partition(":")[0] for edit in edits for token in query_tokens(edit.text) if token.kind == "name"
    }
    prefixes = _other_prefixes(tree, known)
    declarations = "".join(f"PREFIX {name}: <{prefixes[name]}>\n" for name in sorted(names & prefixes.keys()))
    return declarations + edited(tree.text, sorted(edits, key=lambda edit: edit.start))


async def _finds(query: str, prober: Prober) -> bool:
    """Whether the whole pattern of a query has solutions."""
    parts = query_tree(query)
    if parts is None:
        return False
    if parts.where is None:
        return True  # a DESCRIBE of terms that were tested
    return await prober.ask(Scope(parts).asking(joined(parts.where.clauses))) is True


async def _edits(empty: EmptyPattern, prober: Prober, known: ReleaseTerms) -> AsyncIterator[tuple[Edit, ...]]:
    """Edits with which the part has solutions."""
    if empty.clause is None:
        return
    if empty.reason in {EmptyReason.FILTER, EmptyReason.FILTERS, EmptyReason.UNBOUND}:
        async for edits in condition_edits(empty, prober, known):
            yield edits
    elif empty.reason in {EmptyReason.GRAPH, EmptyReason.ELSEWHERE}:
        async for edits in graph_edits(empty, empty.clause, CandidateTerms(empty.scope, prober, known)):
            yield edits
    elif empty.clause.terms:
        async for edits in TripleEdits(empty, prober, known).edits(empty.clause):
            yield edits
