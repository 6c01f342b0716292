"""Suggestions for a FILTER that no solution meets: other constants, other variables, ignoring case."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from iomld.browse.explain.candidates import ReleaseTerms
from iomld.browse.explain.diagnosis import EmptyPattern, Prober, joined
from iomld.browse.explain.similarity import (
    NUMBERS,
    Edit,
    cast_literal,
    edited,
    similarity_rank,
    within_edit_distance,
    written,
)
from iomld.iris import XSD
from iomld.store.sparql_syntax import Clause, QueryTree, Term
from iomld.store.sparql_tokens import Token, constant_at, query_tokens

_SIGNS = frozenset("=!<>")
_FUNCTIONS = frozenset({"LANG", "STR", "YEAR"})  # functions of a variable whose values can be queried
_MOST = 4  # suggestions for one constant
_TEXT_SEARCHES = frozenset({"CONTAINS", "STRSTARTS", "STRENDS"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """An expression and a constant that it is compared with.

    Attributes:
        expression: A variable, or its language, text or year.
        constant: The constant, with its place.
        is_equality: Whether the comparison is `=` or `!=` rather than by order.
    """

    expression: str
    constant: Term
    is_equality: bool


def comparisons(parts: QueryTree, tokens: Sequence[Token]) -> Iterator[Comparison]:
    """The comparisons of a condition with constants.

    They have the forms `?v = 1`, `1 < ?v`, `LANG(?v) = "en"`, `LANGMATCHES(LANG(?v), "en")`, `?v IN (1, 2)`.

    Args:
        parts: The query.
        tokens: The tokens of the condition.
    """
    listed = ""  # the expression before IN, within its list
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
        before = tokens[max(0, at - 8) : at]  # enough for an expression and an operator
        while at < len(tokens) and tokens[at].start < constant.end:
            at += 1
        if listed:
            yield Comparison(listed, constant, is_equality=True)
        elif found := _compared(before, tokens[at : at + 3]):
            yield Comparison(found[0], constant, is_equality=found[1])


def _compared(before: Sequence[Token], behind: Sequence[Token]) -> tuple[str, bool] | None:
    """The expression on the other side of a constant, and whether the comparison is for equality."""
    left = _operator_start(before)
    sign = "".join(piece.text for piece in before[left:])
    if sign and (expression := _expression(before[:left])):
        return expression, sign in {"=", "!="}
    if before and before[-1].text == "," and (expression := _expression(before[:-1])).startswith("LANG("):
        return expression, True
    right = next((at for at, piece in enumerate(behind) if piece.text not in _SIGNS), 0)
    if right and behind[right].kind == "variable":
        return behind[right].text, "".join(piece.text for piece in behind[:right]) in {"=", "!="}
    return None


def _operator_start(tokens: Sequence[Token]) -> int:
    """The index of the operator at the end of some tokens."""
    at = len(tokens)
    while at and tokens[at - 1].text in _SIGNS:
        at -= 1
    return at


def _expression(tokens: Sequence[Token]) -> str:
    """The variable, or function of one, at the end of some tokens."""
    if tokens and tokens[-1].word == "NOT":
        tokens = tokens[:-1]
    if tokens and tokens[-1].kind == "variable":
        return tokens[-1].text
    match [piece.word or piece.text for piece in tokens[-4:]]:
        case [function, "(", variable, ")"] if function in _FUNCTIONS and tokens[-2].kind == "variable":
            return f"{function}({variable})"
    return ""


async def condition_edits(empty: EmptyPattern, prober: Prober, known: ReleaseTerms) -> AsyncIterator[tuple[Edit, ...]]:
    """Edits of a condition with which the parts that it applies to have solutions.

    Args:
        empty: The condition.
        prober: Tests the edits.
        known: Terms of the release.
    """
    clause = empty.clause
    if clause is None:
        return
    query = empty.scope.parts.text
    tokens = [*query_tokens(query, clause.start, clause.end)]
    single = (*_without_case(query, tokens), *_by_text(tokens))
    proposed = [*_bound(empty, tokens), *((edit,) for edit in single)]
    compared = comparisons(empty.scope.parts, tokens)
    constants = [await _constants(empty, one, prober, known) for one in compared]
    proposed += [(edit,) for edits in constants for edit in edits]
    if sum(map(bool, constants)) > 1:  # all at once
        proposed.insert(0, tuple(edits[0] for edits in constants if edits))
    for edits in proposed:
        if await _holds(empty, clause, edits, prober):
            yield edits


async def _holds(empty: EmptyPattern, clause: Clause, edits: Sequence[Edit], prober: Prober) -> bool:
    moved = [Edit(edit.start - clause.start, edit.end - clause.start, edit.text) for edit in edits]
    pattern = f"{joined(empty.beside)}\n{edited(clause.text, moved)}"
    return await prober.ask(empty.scope.asking(pattern)) is True


def _bound(empty: EmptyPattern, tokens: Sequence[Token]) -> Iterator[tuple[Edit, ...]]:
    """Edits of an unbound variable to similar variables of the pattern."""
    if not empty.name:
        return
    names = {piece.text[1:] for one in empty.beside for piece in query_tokens(one.text) if piece.kind == "variable"}
    wrong = empty.name[1:].lower()
    for name in sorted(names):
        word = name.lower()
        if within_edit_distance(wrong, word) or wrong in word or word in wrong:
            yield tuple(Edit(piece.start, piece.end, f"?{name}") for piece in tokens if piece.text == empty.name)


def _without_case(query: str, tokens: Sequence[Token]) -> Iterator[Edit]:
    """Edits that make text searches ignore case."""
    for at, piece in enumerate(tokens):
        arguments = _arguments(tokens, at + 1) if piece.word in _TEXT_SEARCHES | {"REGEX"} else []
        if len(arguments) != 2:  # noqa: PLR2004  # the text and the string to find
            continue
        (where, what), end = arguments, arguments[1][-1].end
        if piece.word == "REGEX":
            yield Edit(what[0].start, end, f'{query[what[0].start : end]}, "i"')
        elif len(what) == 1 and what[0].kind == "string":
            inner = query[where[0].start : where[-1].end]
            yield Edit(where[0].start, end, f"LCASE(STR({inner})), {what[0].text.lower()}")


def _by_text(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Edits that cast the text of a variable: `xsd:integer(?year)` fails, `xsd:integer(STR(?year))` does not."""
    for name, opens, piece, closes in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if name.kind in {"name", "iri"} and piece.kind == "variable" and (opens.text, closes.text) == ("(", ")"):
            yield Edit(piece.start, piece.end, f"STR({piece.text})")


def _arguments(tokens: Sequence[Token], at: int) -> list[list[Token]]:
    """The arguments in the brackets that open at an index."""
    if at >= len(tokens) or tokens[at].word != "(":
        return []
    found: list[list[Token]] = [[]]
    depth = 1
    for piece in tokens[at + 1 :]:
        depth += (piece.word == "(") - (piece.word == ")")
        if not depth:
            return found if all(found) else []
        if piece.word == "," and depth == 1:
            found.append([])
        else:
            found[-1].append(piece)
    return []


async def _constants(empty: EmptyPattern, compared: Comparison, prober: Prober, known: ReleaseTerms) -> list[Edit]:
    """Edits of a constant: to similar ones among the values, or to the datatype of the values."""
    scope = empty.scope
    values = await prober.terms(scope.finding(compared.expression, joined(empty.beside))) or ()
    constant = compared.constant
    found: list[NamedNode | Literal] = []
    if compared.is_equality:
        ranks = [(rank, one) for one in values if (rank := similarity_rank(constant, one, known.names)) is not None]
        found += [one for _, one in sorted(ranks, key=lambda one: one[0])]
        if not found and compared.expression.startswith("LANG("):
            spoken = [one for one in values if one.value]
            found += [one for one in spoken if constant.value.lower().startswith(one.value.lower())] or spoken
    kinds = {one.datatype.value for one in values if isinstance(one, Literal)}
    if not found or not compared.is_equality:
        found += [one for kind in sorted(kinds) if (one := cast_literal(constant, _comparable(kind, constant)))]
    texts = dict.fromkeys(written(one, scope.parts.prefixes) for one in found)
    return [Edit(constant.start, constant.end, text) for text in [*texts][:_MOST]]


def _comparable(datatype: str, constant: Term) -> str:
    """A datatype comparable with another and easily written, since numbers of all datatypes are comparable."""
    if datatype not in NUMBERS:
        return datatype
    return f"{XSD}decimal" if "." in constant.value else f"{XSD}integer"
