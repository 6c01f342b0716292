"""How like a term of a query is to a term of the data: what somebody wrote, and what was probably meant."""

import re
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation

from pyoxigraph import Literal, NamedNode

from iomld.folding import fold
from iomld.iris import local_name
from iomld.store.parts.clauses import Term, TermKind

Names = Mapping[str, frozenset[str]]  # what a thing is called besides its IRI, folded
SAME, ALIKE, CLOSE = 0, 1, 2  # another spelling of the same; the same but for case and signs; a few letters differ

_SIGNS = re.compile(r"[\W_]+")
_SHORT = 4  # letters; of a shorter word nothing can be told
_LONG = 60
_NAMING = frozenset({"label", "name", "preflabel", "title"})  # for which each vocabulary has its own


def likeness(written: Term, found: NamedNode | Literal, names: Names) -> int | None:
    """How like a term is to what was written, `SAME`, `ALIKE` or `CLOSE`; None where it is another thing.

    Args:
        written: An IRI or a literal of a query.
        found: A term of the data.
        names: Names of things.
    """
    asked = written.iri if written.kind is TermKind.IRI else written.value
    given = found.value
    if _bare(asked) == _bare(given) or (isinstance(found, Literal) and _is_same_number(asked, given)):
        return SAME
    word, other = bare_word(asked), bare_word(given)
    if word and (word == other or word in names.get(given, ())):
        return ALIKE
    return CLOSE if is_close(word, other) else None


def is_misspelt(written: str, found: str) -> bool:
    """Say whether a term of a vocabulary is written with a letter or digit too many, too few, or another one.

    >>> is_misspelt("http://x/ns#tye", "http://x/ns#type"), is_misspelt("http://x/ns#type", "http://y/ns#type")
    (True, False)
    """
    word, other = local_name(written), local_name(found)
    is_one_vocabulary = word and written.removesuffix(word) == found.removesuffix(other)
    return bool(is_one_vocabulary) and abs(len(word) - len(other)) <= 1 and _distance(word, other, 1) <= 1


def relation(written: str, found: str) -> int | None:
    """Whether a property may be meant by another one: 0 if both name things, 1 if one word is part of the other.

    >>> relation("http://x/label", "http://y/title"), relation("http://x/country", "http://x/benefitingCountry")
    (0, 1)
    """
    word, other = sorted((bare_word(written), bare_word(found)), key=len)
    if word == other:
        return None
    if {word, other} <= _NAMING:
        return 0
    return 1 if len(word) >= _SHORT and word in other else None


def bare_word(text: str) -> str:
    """The last segment of an IRI, or a text, without case, accents and signs.

    >>> bare_word("https://example.org/id/project/PO.0105")
    'po0105'
    """
    is_iri = "://" in text and " " not in text
    return _SIGNS.sub("", fold(local_name(text.rstrip("/#")) if is_iri else text))


def is_close(one: str, other: str) -> bool:
    """Say whether two words differ by few letters: one in four, two at most, swapped ones as one.

    >>> is_close("benefitingcontry", "benefitingcountry"), is_close("status", "region")
    (True, False)
    """
    most = min(2, min(len(one), len(other)) // _SHORT)
    if not most or max(len(one), len(other)) > _LONG or abs(len(one) - len(other)) > most:
        return False
    if any(letter.isdigit() for letter in one + other):
        return False  # another number is another thing
    return _distance(one, other, most) <= most


def _distance(one: str, other: str, most: int) -> int:
    """Letters to change, add, leave out or swap with their neighbour (optimal string alignment), or too many."""
    before: list[int] = []
    last: list[int] = [*range(len(other) + 1)]
    for i, letter in enumerate(one, 1):
        row: list[int] = [i]
        for j, with_ in enumerate(other, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != with_))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == with_:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
        if min(*before, *last) > most:  # it only grows from here
            return most + 1
    return last[-1]


def _bare(iri: str) -> str:
    """An IRI without what people get wrong: the scheme, a slash at the end, `doc` for `id`."""
    if "://" not in iri:
        return iri
    return iri.partition("://")[2].rstrip("/#").replace("/doc/", "/id/", 1)


def _is_same_number(one: str, other: str) -> bool:
    with suppress(InvalidOperation):
        return Decimal(one.strip()) == Decimal(other.strip())
    return False
