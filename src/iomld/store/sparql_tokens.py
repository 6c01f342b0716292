"""The tokens of a SPARQL query, and its RDF terms.

The tokens of a query one after the other, with their places; for who takes it apart.

Reading the terms of a query: IRIs, literals, variables, blank nodes and property paths, with their places.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from iomld.iris import RDF, XSD
from iomld.store.query_text import TOKEN
from iomld.store.sparql_syntax import QueryTree, Term, TermType

_NUMBER = re.compile(r"[+-]?(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?")
_DEEPEST = 40  # brackets in brackets
_OPENING, _CLOSING = frozenset("{(["), frozenset("})]")


class UnsupportedSyntaxError(Exception):
    """The query has a part that is not taken apart here, or it is no query."""


@dataclass(frozen=True, slots=True)
class Token:
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


def pieces(query: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
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
        yield Token(kind, text, match.start())


class TokenStream:
    """The tokens of a query, to be taken in order."""

    def __init__(self, query: str, tokens: Iterable[Token]) -> None:
        """Begin at the first.

        Raises:
            UnclearError: Brackets are nested deeply.
        """
        self.query = query
        self._all = [*tokens]
        depths = accumulate((one.word in _OPENING) - (one.word in _CLOSING) for one in self._all)
        if max(depths, default=0) > _DEEPEST:
            raise UnsupportedSyntaxError("nested deeply")
        self._at = 0

    @property
    def next(self) -> Token:
        """The token that comes next; an empty one at the end."""
        return self._all[self._at] if self._at < len(self._all) else Token("", "", len(self.query))

    @property
    def end(self) -> int:
        """The place after the token that was taken last."""
        return self._all[self._at - 1].end if self._at else 0

    def take(self, *words: str) -> Token:
        """The next token; it must be one of these keywords or signs, if any are given.

        Raises:
            UnclearError: It is not, or there is none.
        """
        piece = self.next
        if not piece.kind or (words and piece.word not in words):
            raise UnsupportedSyntaxError(f"{piece.text!r} at {piece.start}")
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


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SIGNS = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}
_STRING = f"{XSD}string"
_LONGEST = 5  # tokens of a literal with its datatype, and what follows
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def constant_at(parts: QueryTree, tokens: Sequence[Token], at: int) -> Term | None:
    """The IRI or the literal that begins with a token of a query; None where there is none, or it names a function."""
    try:
        reader = TermReader(TokenStream(parts.text, tokens[at : at + _LONGEST]), parts.prefixes, parts.hidden)
        term = reader.term()
    except UnsupportedSyntaxError:
        return None
    return None if term.kind is TermType.VARIABLE or reader.pieces.next.word == "(" else term


class TermReader:
    """Reads terms one after the other."""

    def __init__(self, pieces: TokenStream, prefixes: Mapping[str, str], hidden: str) -> None:
        """Begin where the tokens are.

        Args:
            pieces: The tokens.
            prefixes: Prefixes by name; more may join while tokens are read.
            hidden: The beginning of variables that stand for blank nodes.
        """
        self.pieces, self.prefixes, self.hidden = pieces, prefixes, hidden

    def predicate(self) -> Term:
        """A variable, an IRI or a path."""
        pieces = self.pieces
        if pieces.next.kind == "variable":
            return self.term()
        start = pieces.next.start
        steps: list[Term] = []
        self._path(steps)
        text = self.pieces.query[start : pieces.end]
        if len(steps) == 1 and steps[0].text == text:
            return steps[0]
        return Term(TermType.PATH, text, start, pieces.end, steps=tuple(steps))

    def _path(self, steps: list[Term]) -> None:
        """A property path: its IRIs join the steps."""
        pieces = self.pieces
        while True:
            while pieces.took("^", "!"):
                pass
            if pieces.took("("):
                if pieces.next.word != ")":
                    self._path(steps)
                pieces.take(")")
            else:
                steps.append(self.iri())
            if pieces.next.word in {"*", "+", "?"}:
                pieces.take()
            if not pieces.took("/", "|"):
                return

    def iri(self) -> Term:
        """An IRI."""
        piece = self.pieces.take()
        if piece.text == "a":
            iri = f"{RDF}type"
        elif piece.kind in {"iri", "name"}:
            iri = self._expanded(piece)
        else:
            raise UnsupportedSyntaxError(piece.text)
        term = Term(TermType.IRI, piece.text, piece.start, piece.end, iri)
        return Term(TermType.IRI, piece.text, piece.start, piece.end, iri, steps=(term,))

    def _expanded(self, piece: Token) -> str:
        """A whole IRI; empty where it is relative."""
        if piece.kind == "iri":
            return piece.text[1:-1] if _ABSOLUTE.match(piece.text, 1) else ""
        prefix, _, local = piece.text.partition(":")
        return self.prefixes[prefix] + _ESCAPED.sub(r"\1", local) if prefix in self.prefixes else ""

    def term(self) -> Term:
        """An IRI, a literal, or a variable."""
        piece = self.pieces.next
        if piece.kind == "variable":
            self.pieces.take()
            return Term(TermType.VARIABLE, piece.text, piece.start, piece.end)
        if piece.kind == "name" and piece.text.startswith("_:"):
            self.pieces.take()
            label = re.sub(r"\W", "_", piece.text[2:])
            return Term(TermType.VARIABLE, f"?{self.hidden}_{label}", piece.start, piece.end)
        if piece.kind in {"iri", "name"}:
            return self.iri()
        return self._literal()

    def _literal(self) -> Term:
        piece = self.pieces.take()
        if piece.kind == "string":
            return self._string(piece)
        if piece.kind == "number":
            names = ("double", "decimal", "integer")
            fits = ("e" in piece.text.lower(), "." in piece.text, True)
            datatype = XSD + next(name for name, is_it in zip(names, fits, strict=True) if is_it)
        elif piece.word in {"TRUE", "FALSE"}:
            datatype = f"{XSD}boolean"
        else:
            raise UnsupportedSyntaxError(piece.text)
        return Term(TermType.LITERAL, piece.text, piece.start, piece.end, datatype, piece.text)

    def _string(self, piece: Token) -> Term:
        pieces = self.pieces
        width = 3 if piece.text[:3] in {"'''", '"""'} and len(piece.text) >= 6 else 1  # noqa: PLR2004  # its quotes
        value = _ESCAPED.sub(lambda match: _SIGNS.get(match[1], match[1]), piece.text[width:-width])
        datatype = _STRING
        if pieces.next.kind == "language":
            pieces.take()
            datatype = f"{RDF}langString"
        elif pieces.took("^"):
            pieces.take("^")
            datatype = self.iri().iri
        text = self.pieces.query[piece.start : pieces.end]
        return Term(TermType.LITERAL, text, piece.start, pieces.end, datatype, value)
