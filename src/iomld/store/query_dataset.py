"""The RDF dataset of a query (SPARQL 1.1 Query Language, section 13): the graphs that FROM or the request names.

The engine goes through the graphs of a default graph one after the other, so a triple in two of them counts twice for
it, and so does a graph that is named twice. Here each graph is named once, and graphs that share triples are merged.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, QuerySolutions, Store

from iomld.store.query_text import FORMS, PAIRS, TOKEN

MAX_MERGED = 200_000  # quads, which take some 100 MB


class MergeTooLargeError(Exception):
    """The graphs to merge have more than `MAX_MERGED` quads."""


@dataclass(frozen=True, slots=True)
class QueryDataset:
    """The graphs of a query, each once.

    Attributes:
        default: The graphs whose merge is the default graph.
        named: The named graphs.
    """

    default: tuple[NamedNode, ...]
    named: tuple[NamedNode, ...]

    def named_graphs(self) -> list[NamedNode | BlankNode]:
        """The named graphs, as the engine takes them."""
        return [*self.named]


def dataset_of(default: Iterable[str], named: Iterable[str]) -> QueryDataset:
    """The dataset with these graphs.

    Raises:
        ValueError: A name is not an absolute IRI.
    """
    return QueryDataset(tuple(map(NamedNode, dict.fromkeys(default))), tuple(map(NamedNode, dict.fromkeys(named))))


def named_dataset(store: Store, query: str, base_iri: str | None) -> QueryDataset | None:
    """The dataset that FROM and FROM NAMED in a query name; None without them, and where only the engine can read them.

    >>> named_dataset(Store(), "PREFIX x: <http://x/> ASK FROM x:g FROM <h> FROM NAMED x:g {}", "http://x/")
    QueryDataset(default=(<NamedNode value=http://x/g>, <NamedNode value=http://x/h>), named=(<NamedNode value=http://x/g>,))
    """
    prologue, clauses = dataset_clauses(query)
    if not clauses:
        return None
    # The engine resolves prefixes and relative IRIs.
    names = " ".join(f"({clause.iri} AS ?g{number})" for number, clause in enumerate(clauses))
    try:
        found = store.query(f"{prologue}\nSELECT {names} {{}}", base_iri=base_iri)
    except SyntaxError:  # so the query has the same fault
        return None
    row = next(found) if isinstance(found, QuerySolutions) else ()
    graphs = [(clause.is_named, term.value) for clause, term in zip(clauses, row, strict=True)]
    return dataset_of(*([iri for is_named, iri in graphs if is_named == kind] for kind in (False, True)))


@dataclass(frozen=True, slots=True)
class DatasetClause:
    """A clause FROM or FROM NAMED: the IRI as the query writes it, and whether the graph is named."""

    iri: str
    is_named: bool


def dataset_clauses(query: str) -> tuple[str, tuple[DatasetClause, ...]]:
    """The prologue of a query and its clauses FROM and FROM NAMED.

    There are none, too, if one is written without a space after the keyword, which only the engine can read.

    >>> dataset_clauses("PREFIX x: <http://x/> ASK FROM x:g FROM NAMED <h> { ?s ?p 'FROM <i>' }")
    ('PREFIX x: <http://x/> ', (DatasetClause(iri='x:g', is_named=False), DatasetClause(iri='<h>', is_named=True)))
    """
    prologue, depth, clauses = "", 0, []
    tokens = (match for match in TOKEN.finditer(query) if match.lastgroup != "comment")
    for match in tokens:
        text, is_word = match.group(), match.lastgroup in {"word", "name"}
        depth += (text in PAIRS) - (text in PAIRS.values())
        if is_word and not prologue and text.upper() in FORMS:
            prologue = query[: match.start()] or " "
        elif is_word and depth == 0 and text.upper().startswith("FROM"):
            name = next(tokens, None)
            if is_named := name is not None and name.group().upper() == "NAMED":
                name = next(tokens, None)
            if len(text) > len("FROM") or name is None or name.lastgroup not in {"iri", "name"}:
                return prologue, ()
            clauses.append(DatasetClause(name.group(), is_named))
    return prologue, tuple(clauses)


def merged_dataset(store: Store, dataset: QueryDataset) -> Store:
    """A store in memory with the merge of the default graphs, each triple once, and the named graphs.

    Raises:
        MergeTooLargeError: They hold too many quads.
    """
    merged = Store()
    merged.bulk_extend(_bounded(_dataset_quads(store, dataset)))
    return merged


def _dataset_quads(store: Store, dataset: QueryDataset) -> Iterator[Quad]:
    for graph in dataset.default:
        for quad in store.quads_for_pattern(None, None, None, graph):
            yield Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())
    for graph in dataset.named:
        yield from store.quads_for_pattern(None, None, None, graph)


def _bounded(quads: Iterable[Quad]) -> Iterator[Quad]:
    for number, quad in enumerate(quads):
        if number >= MAX_MERGED:
            raise MergeTooLargeError
        yield quad
