"""What a condition compares, read from its tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iomld.store.parts.clauses import QueryParts, Term
from iomld.store.parts.pieces import Piece
from iomld.store.parts.terms import constant_at

_SIGNS = frozenset("=!<>")
_READ = frozenset({"LANG", "STR", "YEAR"})  # functions of a variable whose values are asked for


@dataclass(frozen=True, slots=True)
class Comparison:
    """An expression and a constant that it is compared with.

    Attributes:
        expression: A variable, or its language, text or year.
        constant: The constant, with its place.
        is_equality: Whether they are to be equal or not; else the order counts.
    """

    expression: str
    constant: Term
    is_equality: bool


def comparisons(parts: QueryParts, tokens: Sequence[Piece]) -> Iterator[Comparison]:
    """What a condition compares: `?v = 1`, `1 < ?v`, `LANG(?v) = "en"`, `LANGMATCHES(LANG(?v), "en")`, `?v IN (1, 2)`.

    Args:
        parts: The query.
        tokens: Those of the condition.
    """
    listed = ""  # the expression before IN, while its list lasts
    at = 0
    while at < len(tokens):
        if tokens[at].word == "IN":
            listed = _expression(tokens[:at])
        elif tokens[at].word == ")":
            listed = ""
        constant = constant_at(parts, tokens, at)
        if constant is None:
            at += 1
            continue
        before = tokens[max(0, at - 8) : at]  # of which an expression and a sign are the last
        while at < len(tokens) and tokens[at].start < constant.end:
            at += 1
        if listed:
            yield Comparison(listed, constant, is_equality=True)
        elif found := _compared(before, tokens[at : at + 3]):
            yield Comparison(found[0], constant, is_equality=found[1])


def _compared(before: Sequence[Piece], behind: Sequence[Piece]) -> tuple[str, bool] | None:
    """The expression that stands on one side of a constant, and whether equality is asked for."""
    left = _last(before)
    sign = "".join(piece.text for piece in before[left:])
    if sign and (expression := _expression(before[:left])):
        return expression, sign in {"=", "!="}
    if before and before[-1].text == "," and (expression := _expression(before[:-1])).startswith("LANG("):
        return expression, True
    right = next((at for at, piece in enumerate(behind) if piece.text not in _SIGNS), 0)
    if right and behind[right].kind == "variable":
        return behind[right].text, "".join(piece.text for piece in behind[:right]) in {"=", "!="}
    return None


def _last(tokens: Sequence[Piece]) -> int:
    """Where the signs begin that tokens end with."""
    at = len(tokens)
    while at and tokens[at - 1].text in _SIGNS:
        at -= 1
    return at


def _expression(tokens: Sequence[Piece]) -> str:
    """A variable, or a function of one, at the end of some tokens."""
    if tokens and tokens[-1].word == "NOT":
        tokens = tokens[:-1]
    if tokens and tokens[-1].kind == "variable":
        return tokens[-1].text
    match [piece.word or piece.text for piece in tokens[-4:]]:
        case [function, "(", variable, ")"] if function in _READ and tokens[-2].kind == "variable":
            return f"{function}({variable})"
    return ""
