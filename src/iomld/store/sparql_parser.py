"""Taking a query apart (SPARQL 1.1 Query Language, section 19.8, rules 1 to 108), with the place of each part.

The engine says whether a query is one; here only its parts are found. What is not known (SERVICE, lists in triple
patterns, quoted triples) is not taken apart.
"""

from collections.abc import Iterator

from iomld.store.sparql_syntax import Clause, ClauseKind, GroupPattern, QueryTree, Term, TermType
from iomld.store.sparql_tokens import TermReader, TokenStream, UnsupportedSyntaxError, pieces

_LONGEST = 10_000  # characters; nobody writes longer ones by hand

_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})


def query_tree(query: str) -> QueryTree | None:
    """Take a query apart; None where it has parts that are not taken apart.

    >>> query_parts("ASK { ?s a <x:A>; ?p 1 }").where.clauses[1].text
    '?s ?p 1 .'
    """
    if len(query) > _LONGEST:
        return None
    try:
        return _QueryParser(query).parts()
    except UnsupportedSyntaxError:
        return None


class _QueryParser:
    def __init__(self, query: str) -> None:
        self._query = query
        self._pieces = TokenStream(query, pieces(query))
        self._prefixes: dict[str, str] = {}
        self._hidden = "hidden"
        while self._hidden in query:
            self._hidden += "_"
        self._terms = TermReader(self._pieces, self._prefixes, self._hidden)
        self._count = 0

    # -- the query ---------------------------------------------------------------------------------------------------

    def parts(self) -> QueryTree:
        """The whole query."""
        pieces = self._pieces
        self._prologue()
        prologue = self._query[: pieces.end]
        form = pieces.take("SELECT", "CONSTRUCT", "DESCRIBE", "ASK").word
        head = pieces.end
        described = tuple(self._head(form))
        start = pieces.next.start
        sources = tuple(self._sources())
        dataset = self._query[start : pieces.end] if pieces.end > start else ""
        where = None
        if pieces.took("WHERE") or pieces.next.word == "{":
            where = self._group()
        elif form != "DESCRIBE":
            raise UnsupportedSyntaxError(form)
        end = pieces.end
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
        """Whether there are aggregates between two places, and no GROUP BY after another."""
        heading = {piece.word for piece in pieces(self._query, head, start)}
        return bool(heading & _AGGREGATES) and all(piece.word != "GROUP" for piece in pieces(self._query, tail))

    def _prologue(self) -> None:
        pieces = self._pieces
        while pieces.next.word in {"BASE", "PREFIX"}:
            if pieces.take().word == "PREFIX":
                name = pieces.take()
                if name.kind != "name" or not name.text.endswith(":"):
                    raise UnsupportedSyntaxError(name.text)
                self._prefixes[name.text[:-1]] = pieces.next.text[1:-1]
            if pieces.take().kind != "iri":
                raise UnsupportedSyntaxError("no IRI")

    def _head(self, form: str) -> Iterator[Term]:
        """What stands between the form and the dataset; what DESCRIBE names."""
        pieces = self._pieces
        if form == "CONSTRUCT" and pieces.next.word == "{":
            pieces.skip_brackets()
        while form in {"SELECT", "DESCRIBE"} and pieces.next.kind and pieces.next.word not in {"FROM", "WHERE", "{"}:
            if pieces.next.word == "(":
                pieces.skip_brackets()
            elif form == "DESCRIBE" and pieces.next.kind in {"iri", "name"}:
                yield self._terms.iri()
            elif pieces.next.kind == "variable" or pieces.next.word in {"*", "DISTINCT", "REDUCED"}:
                pieces.take()
            else:
                return

    def _sources(self) -> Iterator[Term]:
        while self._pieces.took("FROM"):
            self._pieces.took("NAMED")
            yield self._terms.iri()

    def _with_values(self, where: GroupPattern | None) -> GroupPattern | None:
        """The pattern with the VALUES after the query, which joins what is found; not so where rows are grouped."""
        grouped = False
        while where and self._pieces.next.kind:
            grouped = grouped or self._pieces.next.word in {"GROUP", "HAVING"}
            if self._pieces.next.word == "VALUES" and not grouped:
                return GroupPattern(where.start, where.end, (*where.clauses, self._values()))
            self._pieces.take()
        return where

    # -- groups ------------------------------------------------------------------------------------------------------

    def _group(self) -> GroupPattern:
        pieces = self._pieces
        start = pieces.take("{").start
        if pieces.next.word == "SELECT":
            return self._subselect(start)
        clauses: list[Clause] = []
        while not pieces.took("}"):
            clauses += self._clauses()
        return GroupPattern(start, pieces.end, tuple(clauses))

    def _subselect(self, start: int) -> GroupPattern:
        pieces = self._pieces
        inner = pieces.take("SELECT").start
        for _ in self._head("SELECT"):
            pass
        pieces.took("WHERE")
        group = self._group()
        while pieces.next.word != "}":
            if pieces.next.word in {"{", "(", "["}:
                pieces.skip_brackets()
            else:
                pieces.take()
        text = f"{{ {self._query[inner : pieces.end]} }}"
        clause = Clause(ClauseKind.SUBSELECT, inner, pieces.end, text, groups=(group,))
        pieces.take("}")
        return GroupPattern(start, pieces.end, (clause,))

    def _clauses(self) -> Iterator[Clause]:
        pieces = self._pieces
        start, word = pieces.next.start, pieces.next.word
        if word in {"OPTIONAL", "MINUS", "GRAPH"}:
            pieces.take()
            name = (self._terms.term(),) if word == "GRAPH" else ()
            group = self._group()
            yield self._clause(ClauseKind(word.lower()), start, name, (group,))
        elif word == "FILTER":
            groups = self._filter()
            yield self._clause(ClauseKind.FILTER, start, (), groups)
        elif word == "BIND":
            pieces.take()
            pieces.skip_brackets()
            yield self._clause(ClauseKind.BIND, start)
        elif word == "VALUES":
            yield self._values()
        elif word == "{":
            yield self._clause(ClauseKind.GROUP, start, (), tuple(self._united()))
        elif word in {"SERVICE", "LATERAL", "<", "("}:
            raise UnsupportedSyntaxError(word)
        elif not pieces.took("."):
            yield from self._triples()

    def _clause(
        self, kind: ClauseKind, start: int, terms: tuple[Term, ...] = (), groups: tuple[GroupPattern, ...] = ()
    ) -> Clause:
        end = self._pieces.end
        return Clause(kind, start, end, self._query[start:end], terms, groups)

    def _values(self) -> Clause:
        pieces = self._pieces
        start = pieces.take("VALUES").start
        if pieces.next.kind == "variable":
            pieces.take()
        else:
            pieces.skip_brackets()
        pieces.skip_brackets()
        return self._clause(ClauseKind.VALUES, start)

    def _united(self) -> Iterator[GroupPattern]:
        yield self._group()
        while self._pieces.took("UNION"):
            yield self._group()

    def _filter(self) -> tuple[GroupPattern, ...]:
        """A condition; what must exist for it."""
        pieces = self._pieces
        pieces.take("FILTER")
        if pieces.took("EXISTS"):
            return (self._group(),)
        if pieces.took("NOT"):
            pieces.take("EXISTS")
        elif pieces.next.word != "(":
            pieces.take()  # a function
        pieces.skip_brackets()
        return ()

    # -- triple patterns ---------------------------------------------------------------------------------------------

    def _triples(self) -> Iterator[Clause]:
        pieces = self._pieces
        is_list = pieces.next.word == "["
        found: list[Clause] = []
        subject = self._node(found)
        if not (is_list and pieces.next.word in {".", "}"}):
            self._properties(subject, found)
        yield from found

    def _node(self, found: list[Clause]) -> Term:
        """A subject or an object; what is said in the brackets of a blank node joins what was found."""
        pieces = self._pieces
        if pieces.next.word != "[":
            return self._terms.term()
        start = pieces.take("[").start
        self._count += 1
        node = Term(TermType.VARIABLE, f"?{self._hidden}{self._count}", start, start + 1)
        if pieces.next.word != "]":
            self._properties(node, found)
        pieces.take("]")
        return node

    def _properties(self, subject: Term, found: list[Clause]) -> None:
        pieces = self._pieces
        start = subject.start
        while True:
            predicate = self._terms.predicate()
            self._targets(start, subject, predicate, found)
            if pieces.next.word != ";":
                return
            while pieces.took(";"):
                pass
            if pieces.next.word in {".", "}", "]"}:
                return
            start = pieces.next.start

    def _targets(self, start: int, subject: Term, predicate: Term, found: list[Clause]) -> None:
        pieces = self._pieces
        while True:
            inner: list[Clause] = []
            target = self._node(inner)
            terms = (subject, predicate, target)
            text = " ".join(term.text for term in terms)
            found += [Clause(ClauseKind.TRIPLE, start, pieces.end, f"{text} .", terms), *inner]
            if not pieces.took(","):
                return
            start = pieces.next.start
