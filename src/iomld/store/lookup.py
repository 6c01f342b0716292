"""Lookups: queries of a few triple patterns, answered in the server process in a bounded number of steps.

A worker spends a tenth as long on such a query as its way to the worker and back takes. So `read_lookup` recognizes
lookups by their text, and `lookup_json` evaluates them over the indexes of the store. Nothing could interrupt it there,
so it counts its steps and gives up after a limit. Workers answer all other queries.

The parser covers a small part of the grammar (SPARQL 1.1 Query Language, section 19.8). Wherever it is not certain that
the engine would read the query in the same way, it rejects the query; so it does with invalid ones, for which the
engine then gives the reason.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from json.encoder import encode_basestring as _quoted
from typing import NamedTuple

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Store, Triple

from iomld.iris import RDF, XSD

_MAX_LENGTH = 2_000  # characters
_MAX_PATTERNS = 8
_MAX_LIMIT = 2**64 - 1  # of the engine
_MAX_STEPS = 200  # a step is a search in an index or a quad found by it, some 2 µs
_UNSELECTIVE = 5  # the rank of a pattern without a known subject or object, which would scan the store
_TYPE = NamedNode(f"{RDF}type")
_STRING = f"{XSD}string"

# White space and comments as in the grammar. Escapes, long strings, blank nodes and unknown punctuation become tokens
# that the parser rejects.
_TOKEN = re.compile(
    r"""\#[^\r\n]*
      | <[A-Za-z][A-Za-z0-9+.\-]*:[^<>"{}|^`\\\x00-\x20]*>
      | "[^"\\\r\n]*"(?:@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^<[A-Za-z][A-Za-z0-9+.\-]*:[^<>"{}|^`\\\x00-\x20]*>)?
      | [?$][A-Za-z0-9_]+
      | [A-Za-z](?:[^\s<>"'{}()\[\],;.?$\#]|\.(?=[^\s<>"'{}()\[\],;.?$\#]))*
      | [0-9]+
      | [^ \t\r\n]
    """,
    re.VERBOSE,
)
_PREFIXED_NAME = re.compile(r"([A-Za-z][A-Za-z0-9_\-]*:)((?:[A-Za-z0-9_][A-Za-z0-9_\-]*)?)")

# A term, or a variable as its name.
PatternTerm = NamedNode | BlankNode | Literal | str
Pattern = tuple[PatternTerm, PatternTerm, PatternTerm]
_FoundTerm = NamedNode | BlankNode | Literal | Triple
_Solution = dict[str, _FoundTerm]
_NOT_SUBJECTS = (Literal, Triple)  # no triple has one of these as its subject
_NOT_PREDICATES = (BlankNode, Literal, Triple)


class _NoLookupError(Exception):
    """The query is no lookup, or not certainly one."""


class _UnsupportedTermError(Exception):
    """A solution has a term that this module does not serialize."""


class Lookup(NamedTuple):  # quicker to make than a dataclass
    """A SELECT or ASK query over a basic graph pattern.

    Attributes:
        variables: The variables that SELECT projects; None for ASK.
        patterns: Subject, predicate and object of each triple pattern.
        distinct: Whether equal solutions are merged.
        limit: Maximum number of solutions; None for all.
    """

    variables: tuple[str, ...] | None
    patterns: tuple[Pattern, ...]
    distinct: bool = False
    limit: int | None = None


def read_lookup(query: str) -> Lookup | None:
    """Parse a query; None where it is not certainly a lookup.

    >>> read_lookup('SELECT ?s { ?s <x:p> "a"@en } LIMIT 5').limit
    5
    >>> read_lookup("SELECT * { ?s <x:p> ?o FILTER(?o > 1) }")
    """
    if len(query) > _MAX_LENGTH:
        return None
    tokens = [token for token in _TOKEN.findall(query) if token[0] != "#"]
    try:
        return _LookupParser(tokens).lookup()
    except (_NoLookupError, ValueError):  # from pyoxigraph, of invalid IRIs and language tags
        return None


class _LookupParser:
    def __init__(self, tokens: list[str]) -> None:
        # Gives the next token, or an empty one at the end; faster than a method.
        self._next: Callable[[], str] = partial(next, iter(tokens), "")
        self._prefixes: dict[str, str] = {}

    def lookup(self) -> Lookup:
        """Parse the whole query."""
        form = self._prologue()
        variables, distinct = self._projection(form)
        patterns = self._patterns()
        if variables == ():
            variables = tuple(dict.fromkeys(term for pattern in patterns for term in pattern if isinstance(term, str)))
        limit = self._limit()
        if variables is None and limit is not None:  # an ASK without solutions where LIMIT is 0
            raise _NoLookupError
        return Lookup(variables, patterns, distinct, limit)

    def _prologue(self) -> str:
        """Parse the prefixes; return the keyword after them, in capitals."""
        while (word := self._next().upper()) == "PREFIX":
            name = _PREFIXED_NAME.fullmatch(self._next())
            if not name or name[2]:
                raise _NoLookupError
            self._prefixes[name[1]] = self._iri(self._next()).value
        return word

    def _projection(self, form: str) -> tuple[tuple[str, ...] | None, bool]:
        """Parse up to the opening brace: the variables, none of them for `*`, and whether they are DISTINCT."""
        word, variables, distinct, is_all = self._next(), [], False, False
        if form == "SELECT":
            if word.upper() == "DISTINCT":
                word, distinct = self._next(), True
            if word == "*":
                word, is_all = self._next(), True
            while not is_all and word[:1] in {"?", "$"} and len(word) > 1:
                variables.append(word[1:])
                word = self._next()
            if not is_all and (not variables or len(set(variables)) < len(variables)):
                raise _NoLookupError
        elif form != "ASK":
            raise _NoLookupError
        if word.upper() == "WHERE":
            word = self._next()
        if word != "{":
            raise _NoLookupError
        return (tuple(variables) if form == "SELECT" else None), distinct

    def _patterns(self) -> tuple[Pattern, ...]:
        """Parse the triple patterns and the closing brace."""
        patterns: list[Pattern] = []
        word = self._next()
        while word != "}":
            subject = self._term(word)
            if isinstance(subject, Literal):
                raise _NoLookupError
            end = ";"
            while end == ";":
                word = self._next()
                predicate = _TYPE if word == "a" else self._term(word)
                if isinstance(predicate, Literal):
                    raise _NoLookupError
                end = ","
                while end == ",":
                    patterns.append(_pattern(subject, predicate, self._term(self._next())))
                    end = self._next()
            word = self._next() if end == "." else end
            if end not in {".", "}"}:
                raise _NoLookupError
        if not 0 < len(patterns) <= _MAX_PATTERNS:
            raise _NoLookupError
        return tuple(patterns)

    def _limit(self) -> int | None:
        """Parse what follows the pattern, up to the end."""
        limit = None
        word = self._next()
        if word.upper() == "LIMIT":
            limit, word = int(self._next()), self._next()
            if limit > _MAX_LIMIT:
                raise _NoLookupError
        if word:
            raise _NoLookupError
        return limit

    def _term(self, token: str) -> PatternTerm:
        first = token[:1]
        if first in {"?", "$"}:
            if len(token) > 1:
                return token[1:]
        elif first == "<":
            return self._iri(token)
        elif first == '"':
            return _literal(token)
        elif (name := _PREFIXED_NAME.fullmatch(token)) and name[1] in self._prefixes:
            return NamedNode(self._prefixes[name[1]] + name[2])
        raise _NoLookupError

    @staticmethod
    def _iri(token: str) -> NamedNode:
        if len(token) < 3:  # noqa: PLR2004  # a lone bracket
            raise _NoLookupError
        return NamedNode(token[1:-1])


def _pattern(subject: PatternTerm, predicate: PatternTerm, object_: PatternTerm) -> Pattern:
    """A pattern; one with the same variable twice is rejected."""
    if (isinstance(object_, str) and subject == object_) or (
        isinstance(predicate, str) and predicate in {subject, object_}
    ):
        raise _NoLookupError
    return subject, predicate, object_


def _literal(token: str) -> Literal:
    value, quote, rest = token[1:].rpartition('"')
    if not quote:
        raise _NoLookupError
    if rest.startswith("@"):
        return Literal(value, language=rest[1:])
    if rest:
        return Literal(value, datatype=NamedNode(rest[3:-1]))
    return Literal(value)


def lookup_json(
    store: Store, lookup: Lookup, *, max_rows: int, default_graph: DefaultGraph | None = None
) -> bytes | None:
    """Answer a lookup over the default graph, in SPARQL 1.1 Query Results JSON Format.

    Args:
        store: The store to search.
        lookup: The parsed query.
        max_rows: Maximum number of solutions, before DISTINCT and LIMIT.
        default_graph: The default graph that the store holds; None for the union of its named graphs, of which no two
            hold the same triple.

    Returns:
        The answer; None where it takes more than 200 steps, has too many solutions, or has quoted triples or literals
        with a base direction.
    """
    steps = _MAX_STEPS
    solutions: list[_Solution] = [{}]
    for rank, (subject, predicate, object_), unbound in _evaluation_order(lookup.patterns):
        if rank == _UNSELECTIVE:
            return None
        joined: list[_Solution] = []
        for solution in solutions:
            s = solution.get(subject) if isinstance(subject, str) else subject
            p = solution.get(predicate) if isinstance(predicate, str) else predicate
            o = solution.get(object_) if isinstance(object_, str) else object_
            if isinstance(s, _NOT_SUBJECTS) or isinstance(p, _NOT_PREDICATES):
                continue
            for quad in store.quads_for_pattern(s, p, o, default_graph):
                steps -= 1
                if steps < 0:
                    return None
                joined.append({**solution, **{name: quad[position] for name, position in unbound}})
            steps -= 1
        if steps < 0:
            return None
        solutions = joined
        if not solutions:
            break
    try:
        return _json_answer(lookup, solutions) if len(solutions) <= max_rows else None
    except _UnsupportedTermError:
        return None


def _evaluation_order(patterns: tuple[Pattern, ...]) -> Iterator[tuple[int, Pattern, list[tuple[str, int]]]]:
    """The patterns, most selective first: rank, pattern, and the variables it binds with their positions."""
    remaining, bound = [*patterns], set[str]()
    while remaining:
        rank, index = min([(_rank(pattern, bound), index) for index, pattern in enumerate(remaining)])
        pattern = remaining.pop(index)
        unbound = [(term, at) for at, term in enumerate(pattern) if isinstance(term, str) and term not in bound]
        yield rank, pattern, unbound
        bound.update([name for name, _ in unbound])


def _rank(pattern: Pattern, bound: set[str]) -> int:
    """A rough rank of how many quads a pattern matches; lower ranks are evaluated first."""
    subject, predicate, object_ = pattern
    if not isinstance(subject, str) or subject in bound:
        return 0
    if isinstance(object_, str):
        return 2 if object_ in bound else _UNSELECTIVE
    if isinstance(object_, Literal):
        return 1
    return 4 if predicate == _TYPE else 3


def _json_answer(lookup: Lookup, solutions: list[_Solution]) -> bytes:
    if lookup.variables is None:
        return b'{"head":{},"boolean":true}' if solutions else b'{"head":{},"boolean":false}'
    names = lookup.variables
    if lookup.distinct:
        solutions = [*{tuple(map(solution.get, names)): solution for solution in solutions}.values()]
    bindings = ",".join(
        "{" + ",".join([f'"{name}":{_json_term(solution[name])}' for name in names if name in solution]) + "}"
        for solution in solutions[: lookup.limit]
    )
    variables = ",".join([f'"{name}"' for name in names])  # ASCII letters, digits and _, see `_TOKEN`
    return f'{{"head":{{"vars":[{variables}]}},"results":{{"bindings":[{bindings}]}}}}'.encode()


def _json_term(term: _FoundTerm) -> str:
    """Serialize a term.

    Raises:
        _UnsupportedTermError: It is not a term of RDF 1.1.
    """
    if isinstance(term, NamedNode):
        return f'{{"type":"uri","value":{_quoted(term.value)}}}'
    if isinstance(term, BlankNode):
        return f'{{"type":"bnode","value":{_quoted(term.value)}}}'
    if isinstance(term, Triple) or term.direction is not None:
        raise _UnsupportedTermError
    if term.language:
        return f'{{"type":"literal","value":{_quoted(term.value)},"xml:lang":"{term.language}"}}'
    datatype = term.datatype.value
    more = "" if datatype == _STRING else f',"datatype":{_quoted(datatype)}'
    return f'{{"type":"literal","value":{_quoted(term.value)}{more}}}'
