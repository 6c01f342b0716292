"""Names of the countries, frameworks, regions and project types: which of them a text is, and which are similar to it.

What a text is, the linker's lexicon and matcher decide, as for records.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

from pyoxigraph import Literal, NamedNode

from iomld.browse.reconciliation.entities import CODED_TYPES, EntityType
from iomld.browse.view import ReleaseView
from iomld.folding import fold
from iomld.iris import IOMLD
from iomld.link.frameworks import FrameworkMatcher
from iomld.model import TEXT_LANGUAGES
from iomld.pipeline.conversion import Choices, load_converter
from iomld.store.oxigraph import StoreReader
from iomld.vocab import Label

_MOST_COMPARED = 24  # names whose similarity is computed, of those that share the most trigrams
_LONGEST_COMPARED = 200  # characters
_LONGEST_NAME = 400  # characters; no name in the lists is as long
_PART_OF_NAME = 0.6  # similarity of a name with words that are part of it, at least
_TRIGRAM = 3
_indexing = Lock()


class Code(NamedTuple):
    """A code, and the type of entities that it is one of."""

    type: EntityType
    code: str


@dataclass(frozen=True, slots=True, eq=False)
class NameIndex:
    """The names in the controlled lists of a release.

    Attributes:
        names: Each folded name with what it names.
        codes: What has a folded name or a notation; several codes where it is ambiguous.
        identifiers: Countries by further codes: ISO 3166-1 alpha-3 in capitals, and M49.
        trigrams: The places in `names` of the names with a trigram.
    """

    names: tuple[tuple[str, Code], ...]
    codes: Mapping[str, frozenset[Code]]
    identifiers: Mapping[str, str]
    trigrams: Mapping[str, tuple[int, ...]]


_indexes: WeakKeyDictionary[StoreReader, NameIndex] = WeakKeyDictionary()


def named_codes(view: ReleaseView, text: str, types: Collection[EntityType]) -> frozenset[Code]:
    """What has a text as its name or its code, in any language; several codes where it is ambiguous.

    Args:
        view: The release.
        text: The text, which is a name as a whole.
        types: The types of entities that count.
    """
    index, linker = _index_of(view), load_converter(Choices(base=view.iris.base)).linker
    if len(text) > _LONGEST_NAME:
        return frozenset()
    found = {one for one in index.codes.get(fold(text), ()) if one.type in types and one.type != EntityType.COUNTRY}
    if EntityType.COUNTRY in types:
        states = linker.lexicon.gazetteer.states(text)
        codes = {index.identifiers.get(text, ""), *(() if states.leftovers else states.codes)} - {""}
        found |= {Code(EntityType.COUNTRY, code) for code in codes}
    if EntityType.FRAMEWORK in types:
        found |= {Code(EntityType.FRAMEWORK, code) for code in _framework_codes(linker.matcher, text)}
    return frozenset(found)


def may_be_cut(view: ReleaseView, text: str, code: Code) -> bool:
    """Whether a text may also be the beginning of the name of another country; Guinea may be Guinea-Bissau."""
    gazetteer = load_converter(Choices(base=view.iris.base)).linker.lexicon.gazetteer
    return code.type is EntityType.COUNTRY and bool(gazetteer.begun(text) - {code.code})


def similar_codes(view: ReleaseView, text: str, types: Collection[EntityType]) -> dict[Code, float]:
    """What has a name similar to a text, with the similarity of its closest name, 0 to 1; 1 is an equal folded name."""
    index, key = _index_of(view), fold(text[:_LONGEST_COMPARED])
    shared = Counter(place for trigram in _trigrams(key) for place in index.trigrams.get(trigram, ()))
    wanted = {place: count for place, count in shared.items() if index.names[place][1].type in types}
    close = sorted(wanted, key=lambda place: (_distance(wanted[place], index.names[place][0], key), place))
    similarities: dict[Code, float] = {}
    for place in close[:_MOST_COMPARED]:
        name, code = index.names[place]
        similarities[code] = max(similarity(key, name), similarities.get(code, 0.0))
    return similarities


def beginning_codes(view: ReleaseView, prefix: str, types: Collection[EntityType]) -> Iterator[Code]:
    """What has a name, or a word in it, that begins with a text; all for an empty one. Each once, in no fixed order."""
    start = fold(prefix)
    names = (code for name, code in _index_of(view).names if name.startswith(start) or f" {start}" in name)
    yield from dict.fromkeys(code for code in names if code.type in types)


def similarity(one: str, other: str) -> float:
    """The similarity of two folded names, 0 to 1; a name with all words of the other is fairly similar to it.

    >>> similarity("korea", "republic of korea") > similarity("korea", "eritrea") > 0.4
    True
    """
    ratio = SequenceMatcher(None, one, other, autojunk=False).ratio()
    words, others = set(one.split()), set(other.split())
    if words and words < others:
        return max(ratio, _PART_OF_NAME + (1 - _PART_OF_NAME) * len(one) / max(len(other), len(one) + 1))
    return ratio


def _framework_codes(matcher: FrameworkMatcher, text: str) -> set[str]:
    """The frameworks that a text as a whole names: the one of the first language in which it is a name."""
    for language in TEXT_LANGUAGES:
        for match in matcher.matches(text, language):
            if (match.start, match.end) == (0, len(text)):
                return set(match.codes)
    return set()


def _index_of(view: ReleaseView) -> NameIndex:
    """The index of a release, made on first use and kept as long as it is open."""
    with _indexing:
        if view.reader not in _indexes:
            _indexes[view.reader] = _indexed(view)
        return _indexes[view.reader]


def _indexed(view: ReleaseView) -> NameIndex:
    names = tuple(sorted({(name, code) for name, code in _named(view) if name}))
    codes: dict[str, set[Code]] = {}
    trigrams: dict[str, list[int]] = {}
    for place, (name, code) in enumerate(names):
        codes.setdefault(name, set()).add(code)
        for trigram in _trigrams(name):
            trigrams.setdefault(trigram, []).append(place)
    return NameIndex(
        names,
        {name: frozenset(found) for name, found in codes.items()},
        _country_identifiers(view),
        {trigram: tuple(places) for trigram, places in trigrams.items()},
    )


def _named(view: ReleaseView) -> Iterator[tuple[str, Code]]:
    """All folded names, and the notations of concepts; codes of countries count in capitals alone."""
    lists: Iterator[tuple[Code, tuple[Label, ...]]] = (
        (Code(type_, code), one.labels)
        for type_ in CODED_TYPES
        for code, one in (
            view.vocabulary.countries if type_ is EntityType.COUNTRY else view.vocabulary.concepts.get(type_, {})
        ).items()
    )
    for code, labels in lists:
        yield from ((fold(label.text), code) for label in labels)
        if code.type is not EntityType.COUNTRY:
            yield fold(code.code), code


def _country_identifiers(view: ReleaseView) -> dict[str, str]:
    graph, start = view.iris.graph("countries"), view.iris.country("")
    return {
        quad.object.value: quad.subject.value.removeprefix(start)
        for name in ("iso3", "m49")
        for quad in view.reader.fitting(predicate=IOMLD + name, graph=graph)
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal)
    }


def _trigrams(text: str) -> set[str]:
    padded = f" {text} "
    return {padded[at : at + _TRIGRAM] for at in range(len(padded) - _TRIGRAM + 1)}


def _distance(shared: int, name: str, text: str) -> float:
    """A distance of a name and a text by the trigrams that they share; a text that is part of a name is near it."""
    lengths = len(name) + len(text) + 2
    return min(1 - 2 * shared / lengths, 1.3 - shared / (len(text) or 1))
