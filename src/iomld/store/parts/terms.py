"""Reading the terms of a query: IRIs, literals, variables, blank nodes and property paths, with their places."""

import re
from collections.abc import Mapping, Sequence

from iomld.iris import RDF, XSD
from iomld.store.parts.clauses import QueryParts, Term, TermKind
from iomld.store.parts.pieces import Piece, Pieces, UnclearError

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SIGNS = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}
_STRING = f"{XSD}string"
_LONGEST = 5  # tokens of a literal with its datatype, and what follows
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def constant_at(parts: QueryParts, tokens: Sequence[Piece], at: int) -> Term | None:
    """The IRI or the literal that begins with a token of a query; None where there is none, or it names a function."""
    try:
        reader = TermReader(Pieces(parts.text, tokens[at : at + _LONGEST]), parts.prefixes, parts.hidden)
        term = reader.term()
    except UnclearError:
        return None
    return None if term.kind is TermKind.VARIABLE or reader.pieces.next.word == "(" else term


class TermReader:
    """Reads terms one after the other."""

    def __init__(self, pieces: Pieces, prefixes: Mapping[str, str], hidden: str) -> None:
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
        return Term(TermKind.PATH, text, start, pieces.end, steps=tuple(steps))

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
            raise UnclearError(piece.text)
        term = Term(TermKind.IRI, piece.text, piece.start, piece.end, iri)
        return Term(TermKind.IRI, piece.text, piece.start, piece.end, iri, steps=(term,))

    def _expanded(self, piece: Piece) -> str:
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
            return Term(TermKind.VARIABLE, piece.text, piece.start, piece.end)
        if piece.kind == "name" and piece.text.startswith("_:"):
            self.pieces.take()
            label = re.sub(r"\W", "_", piece.text[2:])
            return Term(TermKind.VARIABLE, f"?{self.hidden}_{label}", piece.start, piece.end)
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
            raise UnclearError(piece.text)
        return Term(TermKind.LITERAL, piece.text, piece.start, piece.end, datatype, piece.text)

    def _string(self, piece: Piece) -> Term:
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
        return Term(TermKind.LITERAL, text, piece.start, pieces.end, datatype, value)
