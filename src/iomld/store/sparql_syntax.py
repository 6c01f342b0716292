"""The parts of a query with their places in its text, so that each can be asked alone, or written anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class TermType(StrEnum):
    """What stands in a place of a triple pattern."""

    IRI = "iri"
    LITERAL = "literal"
    VARIABLE = "variable"  # a blank node too: a variable of its own stands for it
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Term:
    """What stands in a place of a triple pattern, or names a graph.

    Attributes:
        kind: What it is.
        text: As it is written; for a blank node a variable.
        start: Where it begins in the query.
        end: The place after it.
        iri: The whole IRI, where it is one and that is known; for a literal that of its datatype.
        value: Lexical form of a literal.
        steps: The IRIs of a path, or the IRI itself.
    """

    kind: TermType
    text: str
    start: int
    end: int
    iri: str = ""
    value: str = ""
    steps: tuple["Term", ...] = ()


class ClauseKind(StrEnum):
    """What sort of part."""

    TRIPLE = "triple"
    FILTER = "filter"
    OPTIONAL = "optional"
    MINUS = "minus"
    GRAPH = "graph"
    GROUP = "group"  # in braces; with UNION several
    BIND = "bind"
    VALUES = "values"
    SUBSELECT = "subselect"


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a group.

    Attributes:
        kind: What it is.
        start: Where it begins in the query.
        end: The place after it.
        text: What asks it alone; a triple pattern is written whole, subject and predicate too.
        terms: Subject, predicate and object of a triple pattern; the name of a graph.
        groups: What is in braces; not that of NOT EXISTS.
    """

    kind: ClauseKind
    start: int
    end: int
    text: str
    terms: tuple[Term, ...] = ()
    groups: tuple["GroupPattern", ...] = ()


@dataclass(frozen=True, slots=True)
class GroupPattern:
    """A group graph pattern, braces included."""

    start: int
    end: int
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class QueryTree:
    """A query taken apart.

    Attributes:
        text: The whole text.
        form: SELECT, CONSTRUCT, DESCRIBE or ASK.
        is_total: Whether it has one row even of nothing: aggregates, and no GROUP BY.
        prologue: BASE and PREFIX, as they are written.
        prefixes: The IRI of each prefix.
        dataset: FROM and FROM NAMED, as they are written.
        sources: The graphs that FROM names.
        described: What DESCRIBE names.
        where: The pattern; None for DESCRIBE without one.
        tail: What comes after it.
        tail_start: Where that begins.
    """

    text: str
    form: str
    is_total: bool
    prologue: str
    prefixes: Mapping[str, str]
    dataset: str
    sources: tuple[Term, ...]
    described: tuple[Term, ...]
    where: GroupPattern | None
    tail: str
    tail_start: int
    hidden: str = field(default="hidden", repr=False)  # the beginning of variables that the query does not have

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a place, counted from 1."""
        before = self.text[:offset]
        return before.count("\n") + 1, offset - before.rfind("\n")

    def unused(self, name: str) -> str:
        """A variable of a name, or of another one if the query has that."""
        return f"?{name}" if f"?{name}" not in self.text and f"${name}" not in self.text else f"?{self.hidden}_{name}"
