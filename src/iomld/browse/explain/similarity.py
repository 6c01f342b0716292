"""Similarity of terms: variants of an IRI, casts of a literal, edit distance of names; and edits of a query text."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from pyoxigraph import Literal, NamedNode

from iomld.folding import fold
from iomld.iris import RDF, XSD, local_name
from iomld.store.sparql_syntax import Term, TermType

_CODE = re.compile(r"^([A-Z]{2})[\W_]?(\d+)$")
DATATYPES = tuple(XSD + name for name in ("decimal", "integer", "gYear", "date"))  # in the data, besides strings
NUMBERS = frozenset(XSD + name for name in ("integer", "decimal", "double", "float"))
_YEAR = 4  # digits
_DAY = 10  # characters
_LOCAL = re.compile(r"\w(?:[\w.\-]*[\w\-])?", re.ASCII)
_PLAIN = {
    f"{XSD}integer": re.compile(r"[+-]?\d+", re.ASCII),
    f"{XSD}decimal": re.compile(r"[+-]?\d*\.\d+", re.ASCII),
    f"{XSD}boolean": re.compile("true|false"),
}
Names = Mapping[str, frozenset[str]]  # folded names of a thing, by its IRI
SAME, SIMILAR, CLOSE = 0, 1, 2  # the same value; equal but for case and punctuation; a small edit distance
_PUNCTUATION = re.compile(r"[\W_]+")
_SHORTEST = 4  # letters; shorter words are not compared
_LONGEST = 60
_NAMING = frozenset({"label", "name", "preflabel", "title"})  # each vocabulary has its own


def iri_variants(iri: str, base: str, prefixes: Mapping[str, str]) -> Iterator[str]:
    """Likely correct forms of a misspelt IRI, the likeliest first.

    They differ in scheme, trailing slash, `doc` or `id`, and in the dot and the case of a code; a prefixed name in
    angle brackets is expanded.

    Args:
        iri: The IRI as written.
        base: Base of the data's IRIs.
        prefixes: The IRI of each prefix.

    >>> next(iri_variants("http://x.org/id/project/po0105", "https://x.org/", {}))
    'https://x.org/id/project/po0105'
    """
    if "\\" in iri:  # an escape, which is no typing mistake
        return
    scheme, sign, rest = iri.partition("://")
    if not sign:
        prefix, _, local = iri.partition(":")
        if prefix in prefixes:
            yield prefixes[prefix] + local
        return
    ours, _, place = base.partition("://")
    other = ours if rest.startswith(place) and scheme != ours else "http" if scheme == "https" else "https"
    found = []
    for one in (f"{other}://{rest}", iri):
        bare = one.rstrip("/#")
        start, slash, segment = bare.rpartition("/")
        coded = start + slash + _CODE.sub(r"\1.\2", segment.upper())
        found += [one, bare, coded, start + slash + segment.upper(), f"{bare}/"]
    for change in (("/doc/", "/id/"), ("/id/", "/doc/")):
        found += [one.replace(*change, 1) for one in found]
    yield from (one for one in dict.fromkeys(found) if one != iri)


def cast_literal(constant: Term, datatype: str) -> Literal | None:
    """A constant as a literal of a datatype; None if it is not in its value space, or already has the datatype.

    Args:
        constant: A term of a query.
        datatype: IRI of the datatype.
    """
    text = constant.value.strip()
    if constant.kind is not TermType.LITERAL or datatype in {constant.iri, f"{RDF}langString"}:
        return None
    year = text[:_YEAR]
    has_year = len(year) == _YEAR and year.isdigit() and text[_YEAR : _YEAR + 1] in {"", "-"}
    if datatype == f"{XSD}gYear" and has_year:
        text = year
    elif datatype == f"{XSD}date" and has_year:
        text = text[:_DAY] if len(text) >= _DAY else f"{year}-01-01"
    elif datatype not in NUMBERS or not text.lstrip("+-").replace(".", "", 1).isdigit():
        return None
    return Literal(text, datatype=NamedNode(datatype))


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement for a range of a text."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits applied; they must not overlap.

    >>> edited("ASK { ?s a ?t }", [Edit(6, 8, "?x"), Edit(11, 13, "<x:y>")])
    'ASK { ?x a <x:y> }'
    """
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def are_apart(edits: Iterable[Edit]) -> bool:
    """Whether no two edits overlap.

    >>> are_apart([Edit(4, 6, "?x"), Edit(6, 8, "?y")]), are_apart([Edit(4, 6, "?x"), Edit(5, 6, "")])
    (True, False)
    """
    places = sorted((edit.start, edit.end) for edit in edits)
    return all(one[1] <= other[0] for one, other in pairwise(places))


def written(term: NamedNode | Literal, prefixes: Mapping[str, str]) -> str:
    """A term in SPARQL syntax, abbreviated by the prefixes of the query.

    >>> written(Literal("2018", datatype=NamedNode(XSD + "gYear")), {"xsd": XSD})
    '"2018"^^xsd:gYear'
    """
    if isinstance(term, NamedNode):
        return _short(term.value, prefixes)
    datatype = term.datatype.value
    if datatype in _PLAIN and _PLAIN[datatype].fullmatch(term.value):
        return term.value
    text = str(term)
    return text.removesuffix(f"<{datatype}>") + _short(datatype, prefixes) if text.endswith(f"<{datatype}>") else text


def literal_text(text: str) -> str:
    """A plain string in SPARQL syntax."""
    return str(Literal(text))


def _short(iri: str, prefixes: Mapping[str, str]) -> str:
    for name, start in sorted(prefixes.items(), key=lambda one: -len(one[1])):
        local = iri.removeprefix(start)
        if start and iri.startswith(start) and _LOCAL.fullmatch(local):
            return f"{name}:{local}"
    return str(NamedNode(iri))


def similarity_rank(written: Term, found: NamedNode | Literal, names: Names) -> int | None:
    """The similarity of a term to one in a query: `SAME`, `SIMILAR` or `CLOSE`; None if they are not similar.

    Args:
        written: An IRI or a literal of a query.
        found: A term of the data.
        names: Names of countries and concepts.
    """
    asked = written.iri if written.kind is TermType.IRI else written.value
    given = found.value
    if _bare(asked) == _bare(given) or (isinstance(found, Literal) and _is_same_number(asked, given)):
        return SAME
    word, other = bare_word(asked), bare_word(given)
    if word and (word == other or word in names.get(given, ())):
        return SIMILAR
    return CLOSE if within_edit_distance(word, other) else None


def is_misspelt(written: str, found: str) -> bool:
    """Whether two terms of one vocabulary differ by one letter or digit.

    >>> is_misspelt("http://x/ns#tye", "http://x/ns#type"), is_misspelt("http://x/ns#type", "http://y/ns#type")
    (True, False)
    """
    word, other = local_name(written), local_name(found)
    is_one_vocabulary = word and written.removesuffix(word) == found.removesuffix(other)
    return bool(is_one_vocabulary) and abs(len(word) - len(other)) <= 1 and _distance(word, other, 1) <= 1


def relation(written: str, found: str) -> int | None:
    """How two properties are related: 0 if both state names, 1 if one word is part of the other; None if unrelated.

    >>> relation("http://x/label", "http://y/title"), relation("http://x/country", "http://x/benefitingCountry")
    (0, 1)
    """
    word, other = sorted((bare_word(written), bare_word(found)), key=len)
    if word == other:
        return None
    if {word, other} <= _NAMING:
        return 0
    return 1 if len(word) >= _SHORTEST and word in other else None


def bare_word(text: str) -> str:
    """The last segment of an IRI, or a text, folded: without case, accents and punctuation.

    >>> bare_word("https://example.org/id/project/PO.0105")
    'po0105'
    """
    is_iri = "://" in text and " " not in text
    return _PUNCTUATION.sub("", fold(local_name(text.rstrip("/#")) if is_iri else text))


def within_edit_distance(one: str, other: str) -> bool:
    """Whether the edit distance of two words is small: one letter in four, two at most; a swap counts as one.

    >>> within_edit_distance("benefitingcontry", "benefitingcountry"), within_edit_distance("status", "region")
    (True, False)
    """
    most = min(2, min(len(one), len(other)) // _SHORTEST)
    if not most or max(len(one), len(other)) > _LONGEST or abs(len(one) - len(other)) > most:
        return False
    if any(letter.isdigit() for letter in one + other):
        return False  # words with different numbers mean different things
    return _distance(one, other, most) <= most


def _distance(one: str, other: str, most: int) -> int:
    """The edit distance of two words, with swaps of neighbours (optimal string alignment), or more than `most`."""
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
        if min(*before, *last) > most:  # the distance cannot decrease any more
            return most + 1
    return last[-1]


def _bare(iri: str) -> str:
    """An IRI without its common mistakes: the scheme, a trailing slash, `doc` for `id`."""
    if "://" not in iri:
        return iri
    return iri.partition("://")[2].rstrip("/#").replace("/doc/", "/id/", 1)


def _is_same_number(one: str, other: str) -> bool:
    with suppress(InvalidOperation):
        return Decimal(one.strip()) == Decimal(other.strip())
    return False
