"""A query with other words in some places, and terms as a query writes them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from pyoxigraph import Literal, NamedNode

from iomld.iris import XSD

_LOCAL = re.compile(r"\w(?:[\w.\-]*[\w\-])?", re.ASCII)
_PLAIN = {
    f"{XSD}integer": re.compile(r"[+-]?\d+", re.ASCII),
    f"{XSD}decimal": re.compile(r"[+-]?\d*\.\d+", re.ASCII),
    f"{XSD}boolean": re.compile("true|false"),
}


@dataclass(frozen=True, slots=True)
class Edit:
    """Other words for a part of a text."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with all edits made; they do not overlap.

    >>> edited("ASK { ?s a ?t }", [Edit(6, 8, "?x"), Edit(11, 13, "<x:y>")])
    'ASK { ?x a <x:y> }'
    """
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def are_apart(edits: Iterable[Edit]) -> bool:
    """Whether no edit is of words that another one is of.

    >>> are_apart([Edit(4, 6, "?x"), Edit(6, 8, "?y")]), are_apart([Edit(4, 6, "?x"), Edit(5, 6, "")])
    (True, False)
    """
    places = sorted((edit.start, edit.end) for edit in edits)
    return all(one[1] <= other[0] for one, other in pairwise(places))


def written(term: NamedNode | Literal, prefixes: Mapping[str, str]) -> str:
    """A term in SPARQL, as short as the prefixes of the query allow.

    >>> written(Literal("2018", datatype=NamedNode(XSD + "gYear")), {"xsd": XSD})
    '"2018"^^xsd:gYear'
    """
    if isinstance(term, NamedNode):
        return _short(term.value, prefixes)
    datatype = term.datatype.value
    if datatype in _PLAIN and _PLAIN[datatype].fullmatch(term.value):
        return term.value
    text = str(term)
    return text.removesuffix(f"<{datatype}>") + _short(datatype, prefixes) if text.endswith(f"<{datatype}>") else text


def literal_text(text: str) -> str:
    """A plain string in SPARQL."""
    return str(Literal(text))


def _short(iri: str, prefixes: Mapping[str, str]) -> str:
    for name, start in sorted(prefixes.items(), key=lambda one: -len(one[1])):
        local = iri.removeprefix(start)
        if start and iri.startswith(start) and _LOCAL.fullmatch(local):
            return f"{name}:{local}"
    return str(NamedNode(iri))
