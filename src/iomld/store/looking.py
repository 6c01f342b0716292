"""Answering a lookup from the indexes of a store, in counted steps."""

import json
from collections.abc import Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Store, Triple

from iomld.iris import XSD
from iomld.store.lookup import TYPE, Lookup, Pattern, Place

_MOST_STEPS = 200  # a step is a search in an index, or a quad that it finds: some 2 µs
_STRING = f"{XSD}string"
_NOTHING_KNOWN = 5
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_Term = NamedNode | BlankNode | Literal | Triple
_Row = dict[str, _Term]


class _NotHereError(Exception):
    """The lookup is not answered here: it takes too many steps, or finds a term that is not written here."""


def lookup_json(store: Store, lookup: Lookup, *, max_rows: int) -> bytes | None:
    """The answer over the union of all graphs, in SPARQL 1.1 Query Results JSON Format.

    None where that takes more than 200 steps or gives more solutions than it may, or where quoted triples or texts with
    a direction are found: workers answer these. What stands in several graphs is found as often, as by the engine.
    """
    steps = iter(range(_MOST_STEPS))
    rows: list[_Row] = [{}]
    left, known = [*lookup.patterns], set[str]()
    try:
        while left and rows:
            width, at = min((_width(pattern, known), at) for at, pattern in enumerate(left))
            if width == _NOTHING_KNOWN:
                return None
            pattern = left.pop(at)
            free = {place: at for at, place in enumerate(pattern) if isinstance(place, str) and place not in known}
            rows = [joined for row in rows for joined in _joined(store, pattern, row, free, steps)]
            known.update(free)
        return _serialized(lookup, rows) if len(rows) <= max_rows else None
    except _NotHereError:
        return None


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


def _joined(store: Store, pattern: Pattern, row: _Row, free: dict[str, int], steps: Iterator[int]) -> list[_Row]:
    """The solutions that a row and a pattern make together.

    Args:
        store: Where to look.
        pattern: The pattern.
        row: Values of the variables that are known.
        free: The other variables of the pattern, with the place where each stands.
        steps: As many as may still be taken.

    Raises:
        _NotHereError: The steps are used up.
    """
    subject, predicate, value = _bound(pattern[0], row), _bound(pattern[1], row), _bound(pattern[2], row)
    if isinstance(subject, Literal | Triple) or not isinstance(predicate, NamedNode | None):
        return []
    _take(steps)
    joined: list[_Row] = []
    for quad in store.quads_for_pattern(subject, predicate, value, None):
        _take(steps)
        joined.append(row | {name: quad[at] for name, at in free.items()})
    return joined


def _take(steps: Iterator[int]) -> None:
    if next(steps, None) is None:
        raise _NotHereError


def _bound(place: Place, row: _Row) -> _Term | None:
    return row.get(place) if isinstance(place, str) else place


def _serialized(lookup: Lookup, rows: list[_Row]) -> bytes:
    if lookup.variables is None:
        return b'{"head":{},"boolean":true}' if rows else b'{"head":{},"boolean":false}'
    names = lookup.variables
    if lookup.distinct:
        rows = [*{tuple(row.get(name) for name in names): row for row in rows}.values()]
    bindings = [{name: _as_json(row[name]) for name in names if name in row} for row in rows[: lookup.limit]]
    return _JSON.encode({"head": {"vars": names}, "results": {"bindings": bindings}}).encode()


def _as_json(term: _Term) -> dict[str, str]:
    """A term.

    Raises:
        _NotHereError: It is none of RDF 1.1.
    """
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "bnode", "value": term.value}
    if isinstance(term, Triple) or term.direction is not None:
        raise _NotHereError
    written = {"type": "literal", "value": term.value}
    if term.language:
        return written | {"xml:lang": term.language}
    datatype = term.datatype.value
    return written if datatype == _STRING else written | {"datatype": datatype}
