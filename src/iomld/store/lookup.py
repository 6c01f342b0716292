"""Triple-pattern queries that are answered in the server process, in a bounded number of steps.

Lookups: queries of a few triple patterns that the indexes answer at once, found out by their text.

What a worker does for such a query takes a tenth of what the way there and back takes. So it is answered where it
arrives, if the steps are few; it is the counting of steps that makes it safe there, as nothing could stop it. All
other queries, and those that turn out to need more steps, belong to the workers.

The reader below knows a small part of the grammar (SPARQL 1.1 Query Language, section 19.8): where it is not sure
that the engine would read the same, it leaves the query. A text that is no query is left too, so the engine says why.

Answering a lookup from the indexes of a store, in counted steps.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from json.encoder import encode_basestring as _quoted

from pyoxigraph import BlankNode, Literal, NamedNode, Store, Triple

from iomld.iris import RDF, XSD

_LONGEST = 2_000  # characters
_MOST_PATTERNS = 8
# Space and comments are what the grammar says. An escape, a long string or a blank node makes a token that no rule
# below takes, and so does a sign that this does not know.
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
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9_\-]*:)((?:[A-Za-z0-9_][A-Za-z0-9_\-]*)?)")
TYPE = NamedNode(f"{RDF}type")

# What stands in a place of a pattern: a term, or the name of a variable.
Place = NamedNode | BlankNode | Literal | str
Pattern = tuple[Place, Place, Place]


class _OtherError(Exception):
    """The text is no lookup, or not surely one."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A query of triple patterns that are all to match.

    Attributes:
        variables: What SELECT names; None for ASK.
        patterns: Subject, predicate and object of each pattern.
        distinct: Whether equal solutions count once.
        limit: Most solutions; None for all.
    """

    variables: tuple[str, ...] | None
    patterns: tuple[Pattern, ...]
    distinct: bool = False
    limit: int | None = None


def read_lookup(query: str) -> Lookup | None:
    """Read a query; None where it is not surely a lookup.

    >>> read_lookup('SELECT ?s { ?s <x:p> "a"@en } LIMIT 5').limit
    5
    >>> read_lookup("SELECT * { ?s <x:p> ?o FILTER(?o > 1) }")
    """
    if len(query) > _LONGEST:
        return None
    tokens = [token for token in _TOKEN.findall(query) if token[0] != "#"]
    try:
        return _LookupParser(tokens).lookup()
    except (_OtherError, ValueError):  # pyoxigraph says ValueError of what is no IRI, and of what is no language
        return None


class _LookupParser:
    def __init__(self, tokens: list[str]) -> None:
        # The next token, or an empty one; no method is as quick.
        self._next: Callable[[], str] = partial(next, iter(tokens), "")
        self._prefixes: dict[str, str] = {}

    def lookup(self) -> Lookup:
        """The whole query."""
        word = self._prologue()
        variables, distinct = self._head(word)
        patterns = self._patterns()
        if variables == ():
            found = {place for pattern in patterns for place in pattern if isinstance(place, str)}
            variables = tuple(sorted(found))  # as the engine orders those of `*`
        limit = self._limit()
        if variables is None and limit is not None:  # the limit bears on what is asked
            raise _OtherError
        return Lookup(variables, patterns, distinct, limit)

    def _prologue(self) -> str:
        """Read the prefixes; the word after them, in capitals."""
        while (word := self._next().upper()) == "PREFIX":
            name = _NAME.fullmatch(self._next())
            if not name or name[2]:
                raise _OtherError
            self._prefixes[name[1]] = self._iri(self._next()).value
        return word

    def _head(self, form: str) -> tuple[tuple[str, ...] | None, bool]:
        """What is asked for, and whether only once each; no variables for `*`. The brace after it is taken."""
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
                raise _OtherError
        elif form != "ASK":
            raise _OtherError
        if word.upper() == "WHERE":
            word = self._next()
        if word != "{":
            raise _OtherError
        return (tuple(variables) if form == "SELECT" else None), distinct

    def _patterns(self) -> tuple[Pattern, ...]:
        """The triple patterns up to the closing brace, which is taken."""
        patterns: list[Pattern] = []
        word = self._next()
        while word != "}":
            subject = self._term(word)
            if isinstance(subject, Literal):
                raise _OtherError
            end = ";"
            while end == ";":
                word = self._next()
                predicate = TYPE if word == "a" else self._term(word)
                if isinstance(predicate, Literal):
                    raise _OtherError
                end = ","
                while end == ",":
                    patterns.append(_without_repeats(subject, predicate, self._term(self._next())))
                    end = self._next()
            word = self._next() if end == "." else end
            if end not in {".", "}"}:
                raise _OtherError
        if not 0 < len(patterns) <= _MOST_PATTERNS:
            raise _OtherError
        return tuple(patterns)

    def _limit(self) -> int | None:
        """What comes after the pattern, to the end."""
        limit = None
        word = self._next()
        if word.upper() == "LIMIT":
            limit, word = int(self._next()), self._next()
        if word:
            raise _OtherError
        return limit

    def _term(self, token: str) -> Place:
        first = token[:1]
        if first in {"?", "$"}:
            if len(token) > 1:
                return token[1:]
        elif first == "<":
            return self._iri(token)
        elif first == '"':
            return _literal(token)
        elif (name := _NAME.fullmatch(token)) and name[1] in self._prefixes:
            return NamedNode(self._prefixes[name[1]] + name[2])
        raise _OtherError

    @staticmethod
    def _iri(token: str) -> NamedNode:
        if len(token) < 3:  # noqa: PLR2004  # a bracket alone
            raise _OtherError
        return NamedNode(token[1:-1])


def _without_repeats(*pattern: Place) -> Pattern:
    """A pattern in which no variable stands twice."""
    subject, predicate, value = pattern
    if (isinstance(value, str) and subject == value) or (isinstance(predicate, str) and predicate in {subject, value}):
        raise _OtherError
    return subject, predicate, value


def _literal(token: str) -> Literal:
    value, quote, rest = token[1:].rpartition('"')
    if not quote:
        raise _OtherError
    if rest.startswith("@"):
        return Literal(value, language=rest[1:])
    if rest:
        return Literal(value, datatype=NamedNode(rest[3:-1]))
    return Literal(value)


_MOST_STEPS = 200  # a step is a search in an index, or a quad that it finds: some 2 µs
_STRING = f"{XSD}string"
_NOTHING_KNOWN = 5

_Term = NamedNode | BlankNode | Literal | Triple
_Row = dict[str, _Term]


class _NotHereError(Exception):
    """The lookup is not answered here: it finds a term that is not written here."""


def lookup_json(store: Store, lookup: Lookup, *, max_rows: int) -> bytes | None:
    """The answer over the union of all graphs, in SPARQL 1.1 Query Results JSON Format.

    None where that takes more than 200 steps or gives more solutions than it may, or where quoted triples or texts with
    a direction are found: workers answer these. What stands in several graphs is found as often, as by the engine.
    """
    steps = _MOST_STEPS
    rows: list[_Row] = [{}]
    for width, (subject, predicate, value), free in _in_order(lookup.patterns):
        if width == _NOTHING_KNOWN:
            return None
        joined: list[_Row] = []
        for row in rows:
            a = row.get(subject) if isinstance(subject, str) else subject
            b = row.get(predicate) if isinstance(predicate, str) else predicate
            c = row.get(value) if isinstance(value, str) else value
            if isinstance(a, Literal | Triple) or not isinstance(b, NamedNode | None):
                continue
            for quad in store.quads_for_pattern(a, b, c, None):
                steps -= 1
                if steps < 0:
                    return None
                joined.append({**row, **{name: quad[at] for name, at in free}})
            steps -= 1
        if steps < 0:
            return None
        rows = joined
        if not rows:
            break
    try:
        return _serialized(lookup, rows) if len(rows) <= max_rows else None
    except _NotHereError:
        return None


def _in_order(patterns: tuple[Pattern, ...]) -> Iterator[tuple[int, Pattern, list[tuple[str, int]]]]:
    """The patterns, what finds least first: how much it finds, itself, and its new variables with their places."""
    left, known = [*patterns], set[str]()
    while left:
        width, at = min([(_width(pattern, known), at) for at, pattern in enumerate(left)])
        pattern = left.pop(at)
        free = [(place, at) for at, place in enumerate(pattern) if isinstance(place, str) and place not in known]
        yield width, pattern, free
        known.update([name for name, _ in free])


def _width(pattern: Pattern, known: set[str]) -> int:
    """How much a pattern may find, roughly; what finds least is searched first."""
    subject, predicate, value = pattern
    if not isinstance(subject, str) or subject in known:
        return 0
    if isinstance(value, str):
        return 2 if value in known else _NOTHING_KNOWN
    if isinstance(value, Literal):
        return 1
    return 4 if predicate == TYPE else 3


def _serialized(lookup: Lookup, rows: list[_Row]) -> bytes:
    if lookup.variables is None:
        return b'{"head":{},"boolean":true}' if rows else b'{"head":{},"boolean":false}'
    names = lookup.variables
    if lookup.distinct:
        rows = [*{tuple(row.get(name) for name in names): row for row in rows}.values()]
    bindings = ",".join(
        "{" + ",".join([f'"{name}":{_as_json(row[name])}' for name in names if name in row]) + "}"
        for row in rows[: lookup.limit]
    )
    variables = ",".join([f'"{name}"' for name in names])  # ASCII letters, digits and _, as `lookup` reads them
    return f'{{"head":{{"vars":[{variables}]}},"results":{{"bindings":[{bindings}]}}}}'.encode()


def _as_json(term: _Term) -> str:
    """A term.

    Raises:
        _NotHereError: It is none of RDF 1.1.
    """
    if isinstance(term, NamedNode):
        return f'{{"type":"uri","value":{_quoted(term.value)}}}'
    if isinstance(term, BlankNode):
        return f'{{"type":"bnode","value":{_quoted(term.value)}}}'
    if isinstance(term, Triple) or term.direction is not None:
        raise _NotHereError
    if term.language:
        return f'{{"type":"literal","value":{_quoted(term.value)},"xml:lang":"{term.language}"}}'
    datatype = term.datatype.value
    more = "" if datatype == _STRING else f',"datatype":{_quoted(datatype)}'
    return f'{{"type":"literal","value":{_quoted(term.value)}{more}}}'
