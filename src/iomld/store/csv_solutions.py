"""SPARQL 1.1 Query Results CSV, quoted as RFC 4180 has it: the engine's writer leaves IRIs with commas unquoted."""

import csv
from io import StringIO
from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Triple

_CHUNK_ROWS = 500


class TooManyRowsError(Exception):
    """The answer has more solutions than allowed."""

    def __init__(self, limit: int) -> None:
        """Keep the limit, for the message."""
        super().__init__(f"more than {limit} solutions")
        self.limit = limit


class _Output(Protocol):
    def write(self, data: bytes, /) -> int: ...


def write_csv(solutions: QuerySolutions, output: _Output, *, max_rows: int) -> None:
    """Write solutions as a table, with the names of the variables in its first row.

    Raises:
        TooManyRowsError: There are more than `max_rows`.
    """
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([variable.value for variable in solutions.variables])
    for number, solution in enumerate(solutions, start=1):
        if number > max_rows:
            raise TooManyRowsError(max_rows)
        writer.writerow([_field(term) for term in solution])
        if number % _CHUNK_ROWS == 0:
            output.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
    output.write(text.getvalue().encode())


def _field(term: NamedNode | BlankNode | Literal | Triple | None) -> str:
    match term:
        case None:
            return ""
        case NamedNode() | Literal():
            return term.value
        case _:  # `_:b0`, and `<<( s p o )>>`
            return str(term)
