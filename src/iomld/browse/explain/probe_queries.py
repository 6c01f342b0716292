"""Small queries made of the words of a query, and who asks them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pyoxigraph import Literal, NamedNode

from iomld.store.parts.clauses import Clause, QueryParts

_FOUND = 300  # terms that are looked at for one that is alike


class Prober(Protocol):
    """Asks small queries; None where there is no answer."""

    async def ask(self, query: str) -> bool | None:
        """The answer to ASK."""
        ...

    async def terms(self, query: str) -> tuple[NamedNode | Literal, ...] | None:
        """The first column of SELECT."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a part stands.

    Attributes:
        parts: The query.
        graphs: The names of the GRAPHs around it, the outermost first.
        end: Where the group ends that it stands in.
    """

    parts: QueryParts
    graphs: tuple[str, ...] = ()
    end: int = 0

    def asking(self, pattern: str) -> str:
        """A query whether a pattern finds anything here."""
        return f"{self.parts.prologue}\nASK {self.parts.dataset}\n{{ {self._within(pattern)} }}"

    def finding(self, expression: str, pattern: str, most: int = _FOUND) -> str:
        """A query for the different values that a variable or an expression has here."""
        head = f"{self.parts.prologue}\nSELECT DISTINCT ({expression} AS ?{self.parts.hidden}_) {self.parts.dataset}"
        return f"{head}\n{{ {self._within(pattern)} }} LIMIT {most}"

    def spanning(self, expression: str, pattern: str) -> str:
        """A query for the least and the greatest value that an expression has here."""
        name, inner = f"?{self.parts.hidden}_", self._within(pattern)
        ends = " UNION ".join(f"{{ SELECT ({end}({expression}) AS {name}) {{ {inner} }} }}" for end in ("MIN", "MAX"))
        return f"{self.parts.prologue}\nSELECT DISTINCT {name} {self.parts.dataset}\n{{ {ends} }} ORDER BY {name}"

    def _within(self, pattern: str) -> str:
        for name in reversed(self.graphs):
            pattern = f"GRAPH {name} {{ {pattern}\n}}"
        return f"{pattern}\n"


def joined(clauses: Sequence[Clause]) -> str:
    """Parts of a group as one text."""
    return "\n".join(clause.text for clause in clauses)
