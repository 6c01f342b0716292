"""Tokens of a SPARQL query, and a reader of its terms: IRIs, literals, variables, blank nodes and property paths.

Every token and term carries its offset in the query.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from iomld.iris import RDF, XSD
from iomld.store.query_text import TOKEN
from iomld.store.sparql_syntax import QueryTree, Term, TermType

_NUMBER = re.compile(r"[+-]?(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?")
_MAX_DEPTH = 40  # of nested brackets
_OPENING, _CLOSING = frozenset("{(["), frozenset("})]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_CONSTANT_TOKENS = 5  # the most tokens of a literal with its datatype, and the token after them


class UnsupportedSyntaxError(Exception):
    """The query does not parse, or uses syntax that this parser does not support."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a query.

    Attributes:
        kind: `iri`, `string`, `variable`, `language`, `name`, `word`, `number` or `other`; empty at the end.
        text: Its text.
        start: Offset of its first character.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset after its last character."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """A keyword in capitals, or a punctuation mark; empty for other tokens."""
        return self.text.upper() if self.kind == "word" else self.text if self.kind == "other" else ""


def query_tokens(query: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens between two offsets of a query, without comments."""
    at, stop = start, len(query) if end is None else end
    while match := TOKEN.search(query, at, stop):
        kind, text, at = match.lastgroup or "other", match.group(), match.end()
        if kind == "comment":
            continue
        if text[0] in "+-.0123456789" and (number := _NUMBER.match(query, match.start(), stop)):
            kind, text, at = "number", number.group(), number.end()
        while kind == "name" and text.endswith(".") and not text.endswith("\\."):  # a name cannot end in a dot
            text, at = text[:-1], at - 1
        yield Token(kind, text, match.start())


class TokenStream:
    """The tokens of a query, consumed in order."""

    def __init__(self, query: str, tokens: Iterable[Token]) -> None:
        """Start at the first token.

        Raises:
            UnsupportedSyntaxError: Brackets are nested too deeply.
        """
        self.query = query
        self._tokens = [*tokens]
        if max(accumulate(map(_depth_change, self._tokens)), default=0) > _MAX_DEPTH:
            raise UnsupportedSyntaxError("nested too deeply")
        self._position = 0

    @property
    def next(self) -> Token:
        """The next token, not consumed; an empty token at the end."""
        at_end = self._position >= len(self._tokens)
        return Token("", "", len(self.query)) if at_end else self._tokens[self._position]

    @property
    def end(self) -> int:
        """Offset after the token consumed last."""
        return self._tokens[self._position - 1].end if self._position else 0

    def take(self, *words: str) -> Token:
        """Consume the next token; where words are given, it must be one of these keywords or punctuation marks.

        Raises:
            UnsupportedSyntaxError: It is not, or there is no token left.
        """
        token = self.next
        if not token.kind or (words and token.word not in words):
            raise UnsupportedSyntaxError(f"{token.text!r} at {token.start}")
        self._position += 1
        return token

    def took(self, *words: str) -> bool:
        """Consume the next token if it is one of these keywords or punctuation marks; say whether it was."""
        if self.next.word not in words or not self.next.kind:
            return False
        self._position += 1
        return True

    def skip_brackets(self) -> None:
        """Consume an opening bracket, its contents and its closing bracket.

        Raises:
            UnsupportedSyntaxError: The next token is no opening bracket, or it is not closed.
        """
        self.take("{", "(", "[")
        depth = 1
        while depth:
            depth += _depth_change(self.take())


def _depth_change(token: Token) -> int:
    return (token.word in _OPENING) - (token.word in _CLOSING)


def constant_at(tree: QueryTree, tokens: Sequence[Token], index: int) -> Term | None:
    """The IRI or literal that starts at this index of the tokens; None for other tokens and for names of functions."""
    stream = TokenStream(tree.text, tokens[index : index + _CONSTANT_TOKENS])
    try:
        term = TermReader(stream, tree.prefixes, tree.hidden).term()
    except UnsupportedSyntaxError:
        return None
    return None if term.kind is TermType.VARIABLE or stream.next.word == "(" else term


class TermReader:
    """Reads terms and property paths from a stream of tokens."""

    def __init__(self, stream: TokenStream, prefixes: Mapping[str, str], hidden: str) -> None:
        """Start at the next token of the stream.

        Args:
            stream: The tokens.
            prefixes: The IRI of each prefix; the caller may add to them while reading.
            hidden: Start of the names of the variables that replace blank nodes.
        """
        self._stream, self._prefixes, self._hidden = stream, prefixes, hidden

    def predicate(self) -> Term:
        """Read a variable, an IRI or a path."""
        stream = self._stream
        if stream.next.kind == "variable":
            return self.term()
        start = stream.next.start
        steps: list[Term] = []
        self._path(steps)
        text = stream.query[start : stream.end]
        if len(steps) == 1 and steps[0].text == text:
            return steps[0]
        return Term(TermType.PATH, text, start, stream.end, steps=tuple(steps))

    def _path(self, steps: list[Term]) -> None:
        """Read a property path and append its IRIs to the steps."""
        stream = self._stream
        while True:
            while stream.took("^", "!"):
                pass
            if stream.took("("):
                if stream.next.word != ")":
                    self._path(steps)
                stream.take(")")
            else:
                steps.append(self.iri())
            if stream.next.word in {"*", "+", "?"}:
                stream.take()
            if not stream.took("/", "|"):
                return

    def iri(self) -> Term:
        """Read an IRI."""
        token = self._stream.take()
        if token.text == "a":
            iri = f"{RDF}type"
        elif token.kind in {"iri", "name"}:
            iri = self._expanded(token)
        else:
            raise UnsupportedSyntaxError(token.text)
        term = Term(TermType.IRI, token.text, token.start, token.end, iri)
        return Term(TermType.IRI, token.text, token.start, token.end, iri, steps=(term,))

    def _expanded(self, token: Token) -> str:
        """The absolute IRI; empty where it is relative or its prefix is unknown."""
        if token.kind == "iri":
            return token.text[1:-1] if _ABSOLUTE.match(token.text, 1) else ""
        prefix, _, local = token.text.partition(":")
        return self._prefixes[prefix] + _ESCAPED.sub(r"\1", local) if prefix in self._prefixes else ""

    def term(self) -> Term:
        """Read an IRI, a literal, a variable or a labelled blank node."""
        token = self._stream.next
        if token.kind == "variable":
            self._stream.take()
            return Term(TermType.VARIABLE, token.text, token.start, token.end)
        if token.kind == "name" and token.text.startswith("_:"):
            self._stream.take()
            label = re.sub(r"\W", "_", token.text[2:])
            return Term(TermType.VARIABLE, f"?{self._hidden}_{label}", token.start, token.end)
        if token.kind in {"iri", "name"}:
            return self.iri()
        return self._literal()

    def _literal(self) -> Term:
        token = self._stream.take()
        if token.kind == "string":
            return self._string(token)
        if token.kind == "number":
            names = ("double", "decimal", "integer")
            matches = ("e" in token.text.lower(), "." in token.text, True)
            datatype = XSD + names[matches.index(True)]
        elif token.word in {"TRUE", "FALSE"}:
            datatype = f"{XSD}boolean"
        else:
            raise UnsupportedSyntaxError(token.text)
        return Term(TermType.LITERAL, token.text, token.start, token.end, datatype, token.text)

    def _string(self, token: Token) -> Term:
        stream = self._stream
        width = 3 if token.text[:3] in {"'''", '"""'} and len(token.text) >= 6 else 1  # noqa: PLR2004  # both quotes
        value = _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), token.text[width:-width])
        datatype = f"{XSD}string"
        if stream.next.kind == "language":
            stream.take()
            datatype = f"{RDF}langString"
        elif stream.took("^"):
            stream.take("^")
            datatype = self.iri().iri
        text = self._stream.query[token.start : stream.end]
        return Term(TermType.LITERAL, text, token.start, stream.end, datatype, value)
