"""The syntax tree of a SPARQL query, each node with its position in the text.

The positions allow a clause to be evaluated on its own, and an edit to replace exactly its text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class TermType(StrEnum):
    """The kinds of term in a triple pattern."""

    IRI = "iri"
    LITERAL = "literal"
    VARIABLE = "variable"  # a blank node too: it is replaced by a variable of its own
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Term:
    """A term or path in a triple pattern, or the name of a graph.

    Attributes:
        kind: Its kind.
        text: Its text in the query; for a blank node the variable that replaces it.
        start: Offset of its first character in the query.
        end: Offset after its last character.
        iri: The absolute IRI, empty where it is relative or its prefix is unknown; of a literal, the datatype's IRI.
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
    """The kinds of clause in a group graph pattern."""

    TRIPLE = "triple"
    FILTER = "filter"
    OPTIONAL = "optional"
    MINUS = "minus"
    GRAPH = "graph"
    GROUP = "group"  # a group in braces, or several joined by UNION
    BIND = "bind"
    VALUES = "values"
    SUBSELECT = "subselect"


@dataclass(frozen=True, slots=True)
class Clause:
    """An element of a group graph pattern.

    Attributes:
        kind: Its kind.
        start: Offset of its first character in the query.
        end: Offset after its last character.
        text: A text that evaluates it alone; a triple pattern is completed with its subject and predicate.
        terms: Subject, predicate and object of a triple pattern; the name of a GRAPH clause.
        groups: The groups in braces inside it, except that of NOT EXISTS.
    """

    kind: ClauseKind
    start: int
    end: int
    text: str
    terms: tuple[Term, ...] = ()
    groups: tuple["GroupPattern", ...] = ()


@dataclass(frozen=True, slots=True)
class GroupPattern:
    """A group graph pattern; its offsets include the braces."""

    start: int
    end: int
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class QueryTree:
    """A parsed query.

    Attributes:
        text: The text of the query.
        form: SELECT, CONSTRUCT, DESCRIBE or ASK.
        is_total: Whether it has one solution even over no data: it has aggregates and no GROUP BY.
        prologue: The text of BASE and PREFIX.
        prefixes: The IRI of each prefix.
        dataset: The text of FROM and FROM NAMED.
        sources: The graphs named by FROM and FROM NAMED.
        described: The IRIs named by DESCRIBE.
        where: The WHERE clause; None for DESCRIBE without one.
        tail: The text after the WHERE clause.
        tail_start: Offset of the tail.
        hidden: Start of the names of added variables; no name in the query starts so.
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
    hidden: str = field(default="hidden", repr=False)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        before = self.text[:offset]
        return before.count("\n") + 1, offset - before.rfind("\n")

    def unused(self, name: str) -> str:
        """A variable with this name, or with a derived name where the query uses it already."""
        return f"?{name}" if f"?{name}" not in self.text and f"${name}" not in self.text else f"?{self.hidden}_{name}"
