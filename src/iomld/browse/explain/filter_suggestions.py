"""What was probably meant by a condition that nothing meets: other constants, other variables, without case."""

from collections.abc import AsyncIterator, Iterator, Sequence

from pyoxigraph import Literal, NamedNode

from iomld.browse.explain.casting import NUMBERS, cast
from iomld.browse.explain.comparisons import Comparison, comparisons
from iomld.browse.explain.diagnosis import Empty
from iomld.browse.explain.probe_queries import Prober, joined
from iomld.browse.explain.release_terms import Known
from iomld.browse.explain.rewriting import Edit, edited, written
from iomld.browse.explain.similarity import is_close, likeness
from iomld.iris import XSD
from iomld.store.parts.clauses import Clause, Term
from iomld.store.parts.pieces import Piece, pieces

_MOST = 4  # proposals for one place
_WITHIN = frozenset({"CONTAINS", "STRSTARTS", "STRENDS"})


async def condition_edits(empty: Empty, prober: Prober, known: Known) -> AsyncIterator[tuple[Edit, ...]]:
    """Edits of a condition that leave something of the parts it is laid on.

    Args:
        empty: The condition.
        prober: Tries them.
        known: Names of things.
    """
    clause = empty.clause
    if clause is None:
        return
    query = empty.scope.parts.text
    tokens = [*pieces(query, clause.start, clause.end)]
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


async def _holds(empty: Empty, clause: Clause, edits: Sequence[Edit], prober: Prober) -> bool:
    moved = [Edit(edit.start - clause.start, edit.end - clause.start, edit.text) for edit in edits]
    pattern = f"{joined(empty.beside)}\n{edited(clause.text, moved)}"
    return await prober.ask(empty.scope.asking(pattern)) is True


def _bound(empty: Empty, tokens: Sequence[Piece]) -> Iterator[tuple[Edit, ...]]:
    """Variables of the pattern with a name close to one that nothing binds."""
    if not empty.name:
        return
    names = {piece.text[1:] for one in empty.beside for piece in pieces(one.text) if piece.kind == "variable"}
    wrong = empty.name[1:].lower()
    for name in sorted(names):
        word = name.lower()
        if is_close(wrong, word) or wrong in word or word in wrong:
            yield tuple(Edit(piece.start, piece.end, f"?{name}") for piece in tokens if piece.text == empty.name)


def _without_case(query: str, tokens: Sequence[Piece]) -> Iterator[Edit]:
    """Functions that look for a text, with case not looked at."""
    for at, piece in enumerate(tokens):
        arguments = _arguments(tokens, at + 1) if piece.word in _WITHIN | {"REGEX"} else []
        if len(arguments) != 2:  # noqa: PLR2004  # where, and what
            continue
        (where, what), end = arguments, arguments[1][-1].end
        if piece.word == "REGEX":
            yield Edit(what[0].start, end, f'{query[what[0].start : end]}, "i"')
        elif len(what) == 1 and what[0].kind == "string":
            inner = query[where[0].start : where[-1].end]
            yield Edit(where[0].start, end, f"LCASE(STR({inner})), {what[0].text.lower()}")


def _by_text(tokens: Sequence[Piece]) -> Iterator[Edit]:
    """Casts of variables, by way of their text: `xsd:integer(?year)` fails, `xsd:integer(STR(?year))` does not."""
    for name, opens, piece, closes in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if name.kind in {"name", "iri"} and piece.kind == "variable" and (opens.text, closes.text) == ("(", ")"):
            yield Edit(piece.start, piece.end, f"STR({piece.text})")


def _arguments(tokens: Sequence[Piece], at: int) -> list[list[Piece]]:
    """The arguments in the brackets that open here."""
    if at >= len(tokens) or tokens[at].word != "(":
        return []
    found: list[list[Piece]] = [[]]
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


async def _constants(empty: Empty, compared: Comparison, prober: Prober, known: Known) -> list[Edit]:
    """Constants that may stand in place of one: like it and among the values, or of their datatype."""
    scope = empty.scope
    values = await prober.terms(scope.finding(compared.expression, joined(empty.beside))) or ()
    constant = compared.constant
    found: list[NamedNode | Literal] = []
    if compared.is_equality:
        ranks = [(rank, one) for one in values if (rank := likeness(constant, one, known.names)) is not None]
        found += [one for _, one in sorted(ranks, key=lambda one: one[0])]
        if not found and compared.expression.startswith("LANG("):
            spoken = [one for one in values if one.value]
            found += [one for one in spoken if constant.value.lower().startswith(one.value.lower())] or spoken
    kinds = {one.datatype.value for one in values if isinstance(one, Literal)}
    if not found or not compared.is_equality:
        found += [one for kind in sorted(kinds) if (one := cast(constant, _comparable(kind, constant)))]
    texts = dict.fromkeys(written(one, scope.parts.prefixes) for one in found)
    return [Edit(constant.start, constant.end, text) for text in [*texts][:_MOST]]


def _comparable(datatype: str, constant: Term) -> str:
    """A datatype that compares with one and is easily written: numbers compare whatever their datatype."""
    if datatype not in NUMBERS:
        return datatype
    return f"{XSD}decimal" if "." in constant.value else f"{XSD}integer"
