"""The tokens of a query one after the other, with their places; for who takes it apart."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from iomld.store.scan import TOKEN

_NUMBER = re.compile(r"[+-]?(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?")
_DEEPEST = 40  # brackets in brackets
_OPENING, _CLOSING = frozenset("{(["), frozenset("})]")


class UnclearError(Exception):
    """The query has a part that is not taken apart here, or it is no query."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A token.

    Attributes:
        kind: `iri`, `string`, `variable`, `language`, `name`, `word`, `number`, `other`; empty at the end.
        text: The token.
        start: Where it begins.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place after it."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The keyword in capitals; a sign as it is; empty for all else."""
        return self.text.upper() if self.kind == "word" else self.text if self.kind == "other" else ""


def pieces(query: str, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """The tokens of a part of a query, without comments."""
    at, stop = start, len(query) if end is None else end
    while match := TOKEN.search(query, at, stop):
        kind, text, at = match.lastgroup or "other", match.group(), match.end()
        if kind == "comment":
            continue
        if text[0] in "+-.0123456789" and (number := _NUMBER.match(query, match.start(), stop)):
            kind, text, at = "number", number.group(), number.end()
        while kind == "name" and text.endswith(".") and not text.endswith("\\."):  # a name does not end so
            text, at = text[:-1], at - 1
        yield Piece(kind, text, match.start())


class Pieces:
    """The tokens of a query, to be taken in order."""

    def __init__(self, query: str, tokens: Iterable[Piece]) -> None:
        """Begin at the first.

        Raises:
            UnclearError: Brackets are nested deeply.
        """
        self.query = query
        self._all = [*tokens]
        depths = accumulate((one.word in _OPENING) - (one.word in _CLOSING) for one in self._all)
        if max(depths, default=0) > _DEEPEST:
            raise UnclearError("nested deeply")
        self._at = 0

    @property
    def next(self) -> Piece:
        """The token that comes next; an empty one at the end."""
        return self._all[self._at] if self._at < len(self._all) else Piece("", "", len(self.query))

    @property
    def end(self) -> int:
        """The place after the token that was taken last."""
        return self._all[self._at - 1].end if self._at else 0

    def take(self, *words: str) -> Piece:
        """The next token; it must be one of these keywords or signs, if any are given.

        Raises:
            UnclearError: It is not, or there is none.
        """
        piece = self.next
        if not piece.kind or (words and piece.word not in words):
            raise UnclearError(f"{piece.text!r} at {piece.start}")
        self._at += 1
        return piece

    def took(self, *words: str) -> bool:
        """Take the next token if it is one of these keywords or signs."""
        if self.next.word not in words or not self.next.kind:
            return False
        self._at += 1
        return True

    def skip_brackets(self) -> None:
        """Pass by what is in brackets, from the one that opens to the one that closes.

        Raises:
            UnclearError: No bracket opens here, or it is not closed.
        """
        self.take("{", "(", "[")
        depth = 1
        while depth:
            piece = self.take()
            depth += (piece.word in _OPENING) - (piece.word in _CLOSING)
