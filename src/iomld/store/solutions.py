"""Writes the solutions of a query, up to a number of them.

The engine writes all formats but CSV, where it leaves IRIs with commas unquoted (RFC 4180).
"""

import csv
from io import StringIO

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Triple

from iomld.formats import results
from iomld.formats.results import ResultFormat
from iomld.workers.handler import AnswerWriter

_CHUNK_ROWS = 500  # of CSV, encoded at once
# The bytes that separate solutions, and how many of them a result without solutions has. JSON has one less than it has
# solutions.
_SEPARATORS = {
    results.JSON.name: (b"},{", -1),
    results.XML.name: (b"<result>", 0),
    results.TSV.name: (b"\n", 1),
}


class TooManyRowsError(Exception):
    """The answer has more solutions than allowed."""

    def __init__(self, limit: int) -> None:
        """Keep the limit, for the message."""
        super().__init__(f"more than {limit} solutions")
        self.limit = limit


class RowCounter:
    """Passes a serialized result on to a writer, and counts its solutions to enforce a limit.

    A Python loop over the solutions would double the cost of an answer, so this counts separators in the bytes. In XML
    and TSV the count is exact. In JSON a literal that contains `},{` counts too: results with such literals reach the
    limit early, never late.
    """

    def __init__(self, writer: AnswerWriter, format_: ResultFormat, limit: int) -> None:
        """Start at zero solutions."""
        self._writer = writer
        self._separator, extra = _SEPARATORS[format_.name]
        self._remaining = limit + extra
        self._limit = limit
        self._tail = b""  # a separator may be split between two chunks

    def write(self, data: bytes) -> int:
        """Pass a chunk on.

        Raises:
            TooManyRowsError: The result has more solutions than allowed.
            AnswerTooLargeError: The result is larger than the writer allows.
        """
        searched = self._tail + data
        self._remaining -= searched.count(self._separator)
        if self._remaining < 0:
            raise TooManyRowsError(self._limit)
        self._tail = searched[-(len(self._separator) - 1) :] if len(self._separator) > 1 else b""
        return self._writer.write(data)

    def flush(self) -> None:
        """Do nothing; part of the interface of files."""


def write_csv(solutions: QuerySolutions, output: AnswerWriter, *, max_rows: int) -> None:
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
