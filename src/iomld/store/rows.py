"""Counting the solutions of an answer while it is written.

A Python loop over the solutions doubles the cost of an answer, so the bytes are searched instead for what stands
between two solutions. In XML and TSV that is exact. In JSON a text that holds `},{`, in CSV a text with a line break
of two characters (CR LF), counts too: an answer with such texts meets the limit early, never late.
"""

from iomld.formats import results
from iomld.formats.results import ResultFormat
from iomld.workers.answer import AnswerWriter

# What marks a solution, and how many marks an answer of no solutions has (JSON: one mark less than solutions).
_MARKS = {
    results.JSON.name: (b"},{", -1),
    results.XML.name: (b"<result>", 0),
    results.CSV.name: (b"\r\n", 1),
    results.TSV.name: (b"\n", 1),
}


class TooManyRowsError(Exception):
    """The answer has more solutions than allowed."""

    def __init__(self, limit: int) -> None:
        """Name the limit."""
        super().__init__(f"more than {limit} solutions")
        self.limit = limit


class RowCounter:
    """Passes bytes on to a writer; stops when they hold too many solutions."""

    def __init__(self, writer: AnswerWriter, format_: ResultFormat, limit: int) -> None:
        """Start to count."""
        self._writer = writer
        self._mark, extra = _MARKS[format_.name]
        self._left = limit + extra
        self._limit = limit
        self._tail = b""  # a mark may lie across two pieces

    def write(self, data: bytes) -> int:
        """Pass a piece on.

        Raises:
            TooManyRowsError: It holds one solution too many.
            AnswerTooLargeError: The writer refuses it.
        """
        piece = self._tail + data
        self._left -= piece.count(self._mark)
        if self._left < 0:
            raise TooManyRowsError(self._limit)
        self._tail = piece[-(len(self._mark) - 1) :] if len(self._mark) > 1 else b""
        return self._writer.write(data)

    def flush(self) -> None:
        """Part of what file objects can do; nothing waits here."""
