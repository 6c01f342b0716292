"""A parser that turns the text of a SPARQL query into a syntax tree with positions.

It follows the grammar of SPARQL 1.1 Query Language, section 19.8, but is no judge of it: whether a query is valid is
the engine's decision. Queries with SERVICE, lists in triple patterns or quoted triples are not parsed.
"""

from collections.abc import Iterator

from iomld.store.sparql_syntax import Clause, ClauseKind, GroupPattern, QueryTree, Term, TermType
from iomld.store.sparql_tokens import TermReader, TokenStream, UnsupportedSyntaxError, query_tokens

_MAX_LENGTH = 10_000  # characters; nobody writes longer queries by hand
_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})


def query_tree(query: str) -> QueryTree | None:
    """Parse a query; None where it is too long, invalid or uses syntax that is not supported.

    >>> query_tree("ASK { ?s a <x:A>; ?p 1 }").where.clauses[1].text
    '?s ?p 1 .'
    """
    if len(query) > _MAX_LENGTH:
        return None
    try:
        return _QueryParser(query).tree()
    except UnsupportedSyntaxError:
        return None


class _QueryParser:
    def __init__(self, query: str) -> None:
        self._query = query
        self._stream = TokenStream(query, query_tokens(query))
        self._prefixes: dict[str, str] = {}
        self._hidden = "hidden"  # see `QueryTree.hidden`
        while self._hidden in query:
            self._hidden += "_"
        self._terms = TermReader(self._stream, self._prefixes, self._hidden)
        self._blank_nodes = 0

    # -- the query ---------------------------------------------------------------------------------------------------

    def tree(self) -> QueryTree:
        """Parse the whole query."""
        stream = self._stream
        self._prologue()
        prologue = self._query[: stream.end]
        form = stream.take("SELECT", "CONSTRUCT", "DESCRIBE", "ASK").word
        head = stream.end
        described = tuple(self._head(form))
        start = stream.next.start
        sources = tuple(self._sources())
        dataset = self._query[start : stream.end] if stream.end > start else ""
        where = None
        if stream.took("WHERE") or stream.next.word == "{":
            where = self._group()
        elif form != "DESCRIBE":
            raise UnsupportedSyntaxError(form)
        end = stream.end
        return QueryTree(
            text=self._query,
            form=form,
            is_total=self._is_total(head, start, end),
            prologue=prologue,
            prefixes=self._prefixes,
            dataset=dataset,
            sources=sources,
            described=described,
            where=self._with_values(where),
            tail=self._query[end:],
            tail_start=end,
            hidden=self._hidden,
        )

    def _is_total(self, head: int, start: int, tail: int) -> bool:
        """Whether the projection has an aggregate and the tail no GROUP BY."""
        projection = {token.word for token in query_tokens(self._query, head, start)}
        return bool(projection & _AGGREGATES) and all(
            token.word != "GROUP" for token in query_tokens(self._query, tail)
        )

    def _prologue(self) -> None:
        stream = self._stream
        while stream.next.word in {"BASE", "PREFIX"}:
            if stream.take().word == "PREFIX":
                name = stream.take()
                if name.kind != "name" or not name.text.endswith(":"):
                    raise UnsupportedSyntaxError(name.text)
                self._prefixes[name.text[:-1]] = stream.next.text[1:-1]
            if stream.take().kind != "iri":
                raise UnsupportedSyntaxError("no IRI")

    def _head(self, form: str) -> Iterator[Term]:
        """Consume what stands between the query form and the dataset clause; yield the IRIs that DESCRIBE names."""
        stream = self._stream
        if form == "CONSTRUCT" and stream.next.word == "{":
            stream.skip_brackets()
        while form in {"SELECT", "DESCRIBE"} and stream.next.kind and stream.next.word not in {"FROM", "WHERE", "{"}:
            if stream.next.word == "(":
                stream.skip_brackets()
            elif form == "DESCRIBE" and stream.next.kind in {"iri", "name"}:
                yield self._terms.iri()
            elif stream.next.kind == "variable" or stream.next.word in {"*", "DISTINCT", "REDUCED"}:
                stream.take()
            else:
                return

    def _sources(self) -> Iterator[Term]:
        while self._stream.took("FROM"):
            self._stream.took("NAMED")
            yield self._terms.iri()

    def _with_values(self, where: GroupPattern | None) -> GroupPattern | None:
        """Add the VALUES clause after the query to the pattern, which it joins; not where solutions are grouped."""
        grouped = False
        while where and self._stream.next.kind:
            grouped = grouped or self._stream.next.word in {"GROUP", "HAVING"}
            if self._stream.next.word == "VALUES" and not grouped:
                return GroupPattern(where.start, where.end, (*where.clauses, self._values()))
            self._stream.take()
        return where

    # -- groups ------------------------------------------------------------------------------------------------------

    def _group(self) -> GroupPattern:
        stream = self._stream
        start = stream.take("{").start
        if stream.next.word == "SELECT":
            return self._subselect(start)
        clauses: list[Clause] = []
        while not stream.took("}"):
            clauses += self._clauses()
        return GroupPattern(start, stream.end, tuple(clauses))

    def _subselect(self, start: int) -> GroupPattern:
        stream = self._stream
        inner = stream.take("SELECT").start
        for _ in self._head("SELECT"):
            pass
        stream.took("WHERE")
        group = self._group()
        while stream.next.word != "}":
            if stream.next.word in {"{", "(", "["}:
                stream.skip_brackets()
            else:
                stream.take()
        text = f"{{ {self._query[inner : stream.end]} }}"
        clause = Clause(ClauseKind.SUBSELECT, inner, stream.end, text, groups=(group,))
        stream.take("}")
        return GroupPattern(start, stream.end, (clause,))

    def _clauses(self) -> Iterator[Clause]:
        stream = self._stream
        start, word = stream.next.start, stream.next.word
        if word in {"OPTIONAL", "MINUS", "GRAPH"}:
            stream.take()
            name = (self._terms.term(),) if word == "GRAPH" else ()
            group = self._group()
            yield self._clause(ClauseKind(word.lower()), start, name, (group,))
        elif word == "FILTER":
            groups = self._filter()
            yield self._clause(ClauseKind.FILTER, start, (), groups)
        elif word == "BIND":
            stream.take()
            stream.skip_brackets()
            yield self._clause(ClauseKind.BIND, start)
        elif word == "VALUES":
            yield self._values()
        elif word == "{":
            yield self._clause(ClauseKind.GROUP, start, (), tuple(self._union()))
        elif word in {"SERVICE", "LATERAL", "<", "("}:
            raise UnsupportedSyntaxError(word)
        elif not stream.took("."):
            yield from self._triples()

    def _clause(
        self, kind: ClauseKind, start: int, terms: tuple[Term, ...] = (), groups: tuple[GroupPattern, ...] = ()
    ) -> Clause:
        end = self._stream.end
        return Clause(kind, start, end, self._query[start:end], terms, groups)

    def _values(self) -> Clause:
        stream = self._stream
        start = stream.take("VALUES").start
        if stream.next.kind == "variable":
            stream.take()
        else:
            stream.skip_brackets()
        stream.skip_brackets()
        return self._clause(ClauseKind.VALUES, start)

    def _union(self) -> Iterator[GroupPattern]:
        yield self._group()
        while self._stream.took("UNION"):
            yield self._group()

    def _filter(self) -> tuple[GroupPattern, ...]:
        """Consume a FILTER; the group of its EXISTS, where it is one."""
        stream = self._stream
        stream.take("FILTER")
        if stream.took("EXISTS"):
            return (self._group(),)
        if stream.took("NOT"):
            stream.take("EXISTS")
        elif stream.next.word != "(":
            stream.take()  # name of a function
        stream.skip_brackets()
        return ()

    # -- triple patterns ---------------------------------------------------------------------------------------------

    def _triples(self) -> Iterator[Clause]:
        stream = self._stream
        is_list = stream.next.word == "["
        clauses: list[Clause] = []
        subject = self._node(clauses)
        if not (is_list and stream.next.word in {".", "}"}):
            self._properties(subject, clauses)
        yield from clauses

    def _node(self, clauses: list[Clause]) -> Term:
        """Read a subject or an object; append the triple patterns inside the brackets of a blank node."""
        stream = self._stream
        if stream.next.word != "[":
            return self._terms.term()
        start = stream.take("[").start
        self._blank_nodes += 1
        node = Term(TermType.VARIABLE, f"?{self._hidden}{self._blank_nodes}", start, start + 1)
        if stream.next.word != "]":
            self._properties(node, clauses)
        stream.take("]")
        return node

    def _properties(self, subject: Term, clauses: list[Clause]) -> None:
        stream = self._stream
        start = subject.start
        while True:
            predicate = self._terms.predicate()
            self._objects(start, subject, predicate, clauses)
            if stream.next.word != ";":
                return
            while stream.took(";"):
                pass
            if stream.next.word in {".", "}", "]"}:
                return
            start = stream.next.start

    def _objects(self, start: int, subject: Term, predicate: Term, clauses: list[Clause]) -> None:
        stream = self._stream
        while True:
            inner: list[Clause] = []
            object_ = self._node(inner)
            terms = (subject, predicate, object_)
            text = " ".join(term.text for term in terms)
            clauses += [Clause(ClauseKind.TRIPLE, start, stream.end, f"{text} .", terms), *inner]
            if not stream.took(","):
                return
            start = stream.next.start
