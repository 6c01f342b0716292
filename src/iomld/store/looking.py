"""Answering a lookup from the indexes of a store, in counted steps."""

from collections.abc import Iterator
from json.encoder import encode_basestring as _quoted

from pyoxigraph import BlankNode, Literal, NamedNode, Store, Triple

from iomld.iris import XSD
from iomld.store.lookup import TYPE, Lookup, Pattern

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
