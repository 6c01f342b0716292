"""A small RDF tree that is written as Turtle and as JSON-LD, the same triples in both, piece by piece.

Reports are trees of blank nodes, written in the order in which they were made: so the same report has the same bytes,
and a large one is never a graph in memory.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\]*')
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, slots=True)
class Name:
    """A prefixed name (`sh:Violation`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Iri:
    """An absolute IRI."""

    iri: str


@dataclass(frozen=True, slots=True)
class Said:
    """A text in a language (BCP 47)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Node:
    """A blank node.

    Attributes:
        properties: Prefixed names of properties, each with its values; properties without values are left out.
        type: Prefixed name of its class; empty for none.
    """

    properties: Iterable[tuple[str, Iterable["Term"]]] = ()
    type: str = ""


Term = Name | Iri | Node | Said | str | int | bool


def is_iri(text: str) -> bool:
    """Whether a text is an absolute IRI that Turtle can hold between angle brackets.

    >>> is_iri("urn:x:1"), is_iri("b0"), is_iri("http://x/ y")
    (True, False, False)
    """
    return _IRI.fullmatch(text) is not None


def turtle(root: Node, prefixes: Mapping[str, str]) -> Iterator[str]:
    """Write a tree as Turtle, in pieces."""
    for prefix, namespace in prefixes.items():
        yield f"@prefix {prefix}: <{namespace}> .\n"
    yield "\n"
    yield from _node(root, 0)
    yield " .\n"


def json_ld(root: Node, prefixes: Mapping[str, str]) -> Iterator[str]:
    """Write a tree as JSON-LD with its context inside, in pieces."""
    document = {"@context": dict(prefixes)} | _object(root)
    yield from json.JSONEncoder(indent=1, ensure_ascii=False).iterencode(document)
    yield "\n"


def _node(node: Node, depth: int) -> Iterator[str]:
    indent = "  " * (depth + 1)
    separator = f"[\n{indent}" if depth else "[] "
    empty = True
    if node.type:
        yield f"{separator}a {node.type}"
        separator, empty = f" ;\n{indent}", False
    for predicate, values in node.properties:
        opening = f"{separator}{predicate} "
        for value in values:
            yield opening
            yield from _term(value, depth + 1)
            opening, separator, empty = ", ", f" ;\n{indent}", False
    if depth:
        yield "[]" if empty else " ]"


def _term(term: Term, depth: int) -> Iterator[str]:
    match term:
        case Node():
            yield from _node(term, depth)
        case Name():
            yield term.name
        case Iri():
            yield f"<{term.iri}>"
        case bool():
            yield "true" if term else "false"
        case int():
            yield str(term)
        case Said():
            yield f'"{term.text.translate(_ESCAPES)}"@{term.language}'
        case str():
            yield f'"{term.translate(_ESCAPES)}"'


def _object(node: Node) -> dict[str, object]:
    found: dict[str, object] = {"@type": node.type} if node.type else {}
    for predicate, values in node.properties:
        terms = [_value(value) for value in values]
        if terms:
            found[predicate] = terms[0] if len(terms) == 1 else terms
    return found


def _value(term: Term) -> object:
    match term:
        case Node():
            return _object(term)
        case Name():
            return {"@id": term.name}
        case Iri():
            return {"@id": term.iri}
        case Said():
            return {"@value": term.text, "@language": term.language}
        case _:
            return term
