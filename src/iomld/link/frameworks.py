"""Finds mentions of policy frameworks in a text, with the words that name them and a confidence."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, partial
from typing import NamedTuple

from iomld.folding import Folded, fold, folded
from iomld.link.framework_parts import FrameworkParts, NumberedPassage, build_parts
from iomld.link.issuer_names import issuer_variants
from iomld.link.name_matcher import FoundName, NameFinder, build_finder, name_key, plain_name, plural_key
from iomld.link.numbered_names import NumberedNames, numbered_names
from iomld.link.other_meanings import OtherMeanings
from iomld.model import Mention
from iomld.vocab import Concept, Label, LabelKind, Vocabulary

# Fewer than the 32 characters that a mention may keep, so that a cut word at the end never crosses them.
_CONTEXT = 30
_CACHED_NAMES = 4096  # resolved names, each under a kilobyte
_LONG_NAME_SPACES = 2  # shorter names may be common words, so a capital or a digit is required

# A national "migration governance framework" or any "regional conference on migration" is none of these.
_OWNER = "International Organization for Migration"
_FORMAL_KINDS = frozenset({"process"})
_RESOLUTION = re.compile(r"A/RES/([0-9]+/[0-9]+)")
_SMALL_WORD = 3  # letters of a word that has no capital in a title
_WORD = re.compile(r"[^\W_]+")

_EXACT, _VARIANT, _ACRONYM, _MANUAL = "exact-label", "variant-label", "acronym", "manual"
_CONFIDENCE = {LabelKind.PREFERRED: Decimal("0.99"), LabelKind.ALTERNATIVE: Decimal("0.98")}
_VARIANT_CONFIDENCE = Decimal("0.9")
_ACRONYM_CONFIDENCE = Decimal("0.85")
_RANKS = {LabelKind.PREFERRED: 0, LabelKind.ALTERNATIVE: 1, LabelKind.HIDDEN: 2}


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of a framework.

    Attributes:
        code: Code of the framework or part; empty for a decoy.
        text: The name, as in the vocabulary.
        language: Its language.
        kind: Which kind of label it is.
        plain: The folded name with single spaces.
        key: The key of the name (`name_key`).
        is_acronym: Whether it is one word, all in capitals or with at least two.
        is_formal: Whether common words such as "migration governance framework" are this name only with capitals.
        is_shared: Whether it stands for several frameworks together.
    """

    code: str
    text: str
    language: str
    kind: LabelKind
    plain: str
    key: str
    is_acronym: bool
    is_formal: bool
    is_shared: bool = False

    def fits(self, words: str) -> bool:
        """Whether words of a text can be this name: acronyms must be equal, names of common words need capitals."""
        if self.is_acronym:
            return words == self.text
        if self.is_formal:
            return _is_written_as_name(words, self.language)
        if self.plain.count(" ") >= _LONG_NAME_SPACES:
            return True
        return any(character.isupper() or character.isdigit() for character in words)


class NamedFramework(NamedTuple):
    """What a name refers to.

    Attributes:
        codes: Code of the framework, or of each that the name stands for; none for a decoy.
        method: Code in the method scheme.
        confidence: 0 to 1.
    """

    codes: tuple[str, ...]
    method: str
    confidence: Decimal


class Match(NamedTuple):
    """A passage of a text, or of a folded text, that names a framework.

    Attributes:
        codes: Code of the framework, or of the frameworks or parts that are named.
        start: Start of the passage, in code points from 0.
        end: Its end.
        method: Code in the method scheme.
        confidence: 0 to 1.
    """

    codes: tuple[str, ...]
    start: int
    end: int
    method: str
    confidence: Decimal

    def in_text(self, source: Folded) -> "Match":
        """The same with places in the text that was folded."""
        if not source.breaks:
            return self
        start, end = source.original(self.start), source.original(self.end)
        return Match(self.codes, start, end, self.method, self.confidence)


@dataclass(frozen=True, slots=True)
class FrameworkMatcher:
    """Finds the names of all frameworks.

    Attributes:
        names: Finds each name in a folded text.
        resolve: Gives the framework of a matched name, from the folded name, the words of the text and the language.
        numbered: Finds lists of frameworks whose names differ in their number alone.
        parts: The numbered parts.
        wholes: The framework of each part.
        others: Tells where a name means something else.
    """

    names: NameFinder
    resolve: Callable[[str, str, str], NamedFramework | None]
    numbered: NumberedNames
    parts: FrameworkParts
    wholes: Mapping[str, str]
    others: OtherMeanings

    def matches(self, text: str, language: str) -> Iterator[Match]:
        """Find the names in a text: leftmost, longest, never overlapping, whole words.

        A name is looked up in the language of the text, then in English, then in other languages if it is unambiguous
        there. Acronyms are looked up in the language of the text and in English, in English only if no other language
        has another meaning for them. Words of a decoy are skipped.

        Args:
            text: The text, as published.
            language: Its language (BCP 47).
        """
        source = folded(text)
        primary = language.partition("-")[0].lower()
        at = 0
        for listed in (*self.numbered.lists(source.text), None):
            for match in self._names(text, source, primary, at, listed.start if listed else len(text)):
                at = match.end
                yield match.in_text(source)
            if listed and listed.start >= at:
                at = listed.end
                yield Match(listed.codes, listed.start, at, _VARIANT, _VARIANT_CONFIDENCE).in_text(source)

    def _names(self, text: str, source: Folded, language: str, at: int, until: int) -> Iterator[Match]:
        """The names that start in a part of a text, with their places in the folded text."""
        searched = f" {source.text}"
        done = at
        while (found := self.names.find(searched, at)) and found.start < until:
            start, end = found.start, found.end
            if '"' in found.words:
                start, end = _quoted(source.text, start, end)
                start = max(start, done)
            words = text[source.original(start) : source.original(end)]
            named = self.resolve(found.words, words, language)
            if named is None and (shorter := self._shorter(searched, found, text, source, language)):
                found, named = shorter
                end = found.end
            if named is None:
                at = found.start + 1
            elif not named.codes:
                at = self._after_decoy(searched, found)
            elif self._means_other(named, text, words, source.text, start, end):
                at = end
            else:
                part = self._part(named.codes[0], source.text, start, end, done)
                if part is None and source.text[end : end + 1].isdigit():
                    at = found.start + 1
                    continue
                codes = part.codes if part else named.codes
                start, end = (part.start, part.end) if part else (start, end)
                at = done = end
                yield Match(codes, start, end, named.method, named.confidence)

    def _shorter(
        self, searched: str, found: FoundName, text: str, source: Folded, language: str
    ) -> tuple[FoundName, NamedFramework] | None:
        """The longest name that begins where another name was found that means nothing here."""
        start, last = found.start, searched.rfind(" ", 0, found.end)
        while last > start and (other := self.names.find(searched[: last + 1], start)) and other.start == start:
            words = text[source.original(start) : source.original(other.end)]
            if named := self.resolve(other.words, words, language):
                return other, named
            last = searched.rfind(" ", 0, other.end)
        return None

    def _part(self, framework: str, text: str, start: int, end: int, done: int) -> NumberedPassage | None:
        """The parts that are named beside a name, or after it with no other name between."""
        if part := self.parts.around(framework, text, start, end, after=done):
            return part
        distant = self.parts.distant(framework, text, start, end)
        following = self.names.find(f" {text}", end) if distant else None
        return None if distant and following and following.start < distant.end else distant

    def _means_other(  # the text, and the folded text with the place of the name
        self, named: NamedFramework, text: str, words: str, source: str, start: int, end: int
    ) -> bool:
        """Whether a name means something else in this text."""
        if named.method == _ACRONYM:
            return self.others.is_other(named.codes[0], words, text)
        return self.others.is_common(words, source, start, end)

    def mentions(self, text: str, language: str, field: str) -> Iterator[Mention]:
        """The matches in a text as mentions, with their context."""
        for match in self.matches(text, language):
            prefix, suffix = context(text, match.start, match.end)
            for code in match.codes:
                yield Mention(
                    framework=code,
                    quote=text[match.start : match.end],
                    prefix=prefix,
                    suffix=suffix,
                    field=field,
                    language=language,
                    start=match.start,
                    method=match.method,
                    confidence=match.confidence,
                )

    def evidence(self, quote: str, framework: str, language: str) -> tuple[str, Decimal]:
        """Method and confidence with which a quote names a framework or part; `manual` if it is none of its names."""
        for match in self.matches(quote, language):
            known = {self.wholes.get(code, code) for code in match.codes}
            if match.start == 0 and match.end == len(quote) and self.wholes.get(framework, framework) in known:
                return match.method, match.confidence
        return _MANUAL, Decimal(1)

    def _after_decoy(self, searched: str, decoy: FoundName) -> int:
        """Where to continue: after a decoy, unless a name starts inside it and extends beyond it."""
        inside = self.names.find(searched, decoy.start + 1)
        if inside and inside.start < decoy.end < inside.end:
            return inside.start
        return decoy.end


def build_matcher(vocabulary: Vocabulary) -> FrameworkMatcher:
    """Prepare to find the names of all frameworks and decoys.

    Preferred names of parts are headings of common words ("Human rights") and are left out. So are other names of parts
    that consist of the name of the framework and a number, since `FrameworkParts` finds these.
    """
    frameworks = vocabulary.concepts.get("framework", {})
    wholes = {code: concept.broader for code, concept in frameworks.items() if concept.broader}
    parts = build_parts(frameworks)
    states = vocabulary.countries.values()
    countries = frozenset(plain_name(fold(label.text)) for state in states for label in state.labels)
    names = [_alias("", label, is_formal=False) for label in vocabulary.decoys]
    symbols = Counter(concept.symbol for concept in frameworks.values())
    part_names: list[Alias] = []
    for code, concept in frameworks.items():
        if code in wholes:
            part_names += [
                _alias(code, label, is_formal=False)
                for label in concept.labels
                if label.kind is not LabelKind.PREFERRED
            ]
        else:
            is_formal = concept.issuer == _OWNER or concept.kind in _FORMAL_KINDS
            names += [_alias(code, label, is_formal=is_formal) for label in concept.labels]
            names += [_alias(code, label, is_formal=False) for label in _symbols(concept, symbols)]
    names += _with_issuer(names, frameworks)
    texts: dict[str, list[str]] = {}
    for alias in names:
        texts.setdefault(alias.code, []).append(fold(alias.text))
    names += [
        alias for alias in part_names if not _is_read_by_number(alias, texts.get(wholes[alias.code], ()), wholes, parts)
    ]
    return _matcher(names, parts, wholes, countries)


def context(text: str, start: int, end: int) -> tuple[str, str]:
    """The whole words directly before and after a passage, with spaces, at most 32 characters each.

    >>> context("the ongoing discussions of the GCM and other texts", 31, 34)
    ('ongoing discussions of the ', ' and other texts')
    """
    before, after = text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]
    if start > _CONTEXT and not text[start - _CONTEXT - 1].isspace():
        before = before.lstrip() if before[:1].isspace() else "".join(before.split(None, 1)[1:])
    if end + _CONTEXT < len(text) and not text[end + _CONTEXT].isspace():
        after = after.rstrip() if after[-1:].isspace() else "".join(after.rsplit(None, 1)[:-1])
    return before, after


def _alias(code: str, label: Label, *, is_formal: bool) -> Alias:
    text = label.text
    is_acronym = " " not in text and (text.isupper() or sum(map(str.isupper, text)) > 1)
    plain = plain_name(fold(text))
    return Alias(code, text, label.language, label.kind, plain, name_key(plain), is_acronym, is_formal)


def _symbols(concept: Concept, frameworks: Mapping[str | None, int]) -> Iterator[Label]:
    """The symbol of a framework's document, if no other framework has it, and the number of a resolution in it."""
    if concept.symbol and frameworks[concept.symbol] == 1:
        symbol = concept.symbol
        yield Label(symbol, "en", LabelKind.HIDDEN)
        if resolution := _RESOLUTION.fullmatch(symbol):
            yield Label(f"General Assembly Resolution {resolution[1]}", "en", LabelKind.HIDDEN)
            yield Label(f"Résolution {resolution[1]} de l’Assemblée générale", "fr", LabelKind.HIDDEN)
            yield Label(f"Resolución {resolution[1]} de la Asamblea General", "es", LabelKind.HIDDEN)


def _with_issuer(names: Sequence[Alias], frameworks: Mapping[str, Concept]) -> list[Alias]:
    """Names with their issuer elsewhere; an English name whose rest is a name by itself needs none."""
    keys = {alias.key for alias in names}
    found: dict[tuple[str, str], Alias] = {}
    for alias in names:
        issuer = frameworks[alias.code].issuer if alias.code else None
        for text, rest in issuer_variants(alias.text, alias.language, issuer) if alias.code else ():
            plain = plain_name(fold(text))
            key = name_key(plain)
            if key in keys or (alias.code, key) in found:
                continue
            if alias.language != "en" or name_key(fold(rest)) not in keys:
                variant = replace(alias, text=text, plain=plain, key=key, kind=LabelKind.HIDDEN)
                found[alias.code, key] = variant
    return list(found.values())


def _is_written_as_name(words: str, language: str) -> bool:
    """Whether words look like a name: with an abbreviation, or a capital first and, in English, at most words.

    French and Spanish write the noun of a name small: "le processus de Rabat".
    """
    content = [word for word in _WORD.findall(words) if len(word) > _SMALL_WORD or word.isupper()]
    if any(word.isupper() and len(word) > 1 for word in content):
        return True
    capitals = [not word[0].islower() for word in content]
    if language != "en" and len(capitals) > 1 and all(capitals[1:]):
        return True
    return capitals[:1] == [True] and (language != "en" or 2 * sum(capitals) >= len(capitals))


def _matcher(
    names: Iterable[Alias], parts: FrameworkParts, wholes: Mapping[str, str], countries: frozenset[str]
) -> FrameworkMatcher:
    names = tuple(names)
    owners: dict[tuple[str, str], set[str]] = {}
    for alias in names:
        owners.setdefault((alias.text, alias.language), set()).add(alias.code)
    aliases: dict[str, list[Alias]] = {}
    for alias in names:
        is_shared = len(owners[alias.text, alias.language]) > 1
        aliases.setdefault(alias.key, []).append(replace(alias, is_shared=True) if is_shared else alias)
    finder = build_finder(fold(alias.text) for group in aliases.values() for alias in group)
    # The same few names recur; the cache saves 15 µs for each match.
    resolve = lru_cache(maxsize=_CACHED_NAMES)(partial(_resolved, aliases))
    named = [alias for group in aliases.values() for alias in group if alias.code]
    numbered = numbered_names((alias.plain, alias.code) for alias in named)
    texts: dict[str, list[str]] = {}
    for alias in named:
        texts.setdefault(alias.code, []).append(alias.text)
    others = OtherMeanings({code: tuple(found) for code, found in texts.items()}, countries)
    return FrameworkMatcher(finder, resolve, numbered, parts, wholes, others)


def _resolved(aliases: Mapping[str, Sequence[Alias]], found: str, words: str, language: str) -> NamedFramework | None:
    """The framework that words name in a language, or None if there is none or several."""
    usable = [alias for alias in aliases.get(name_key(found), ()) if alias.fits(words)]
    for group in _by_priority(usable, language):
        # Frameworks can share a hidden name in the plural, which stands for all of them: "Global Compacts".
        shared = [alias for alias in group if plural_key(alias.plain) == plural_key(found)]
        single = [alias for alias in group if not alias.is_shared]
        if len({alias.code for alias in shared}) > 1 and all(alias.is_shared for alias in shared):
            codes = tuple(sorted({alias.code for alias in shared}))
            return NamedFramework(codes, *_evidence(shared[0], found))
        if len({alias.code for alias in single}) == 1:
            alias = min(single, key=lambda alias: _distance(alias, found, words))
            return NamedFramework((alias.code,) if alias.code else (), *_evidence(alias, found))
        if single:
            return None
    return None


def _is_read_by_number(alias: Alias, names: Iterable[str], wholes: Mapping[str, str], parts: FrameworkParts) -> bool:
    """Whether a name of a part is a name of its framework and a number, with nothing else."""
    text = fold(alias.text)
    for name in names:
        start = text.find(name)
        passage = parts.around(wholes[alias.code], text, start, start + len(name)) if start >= 0 else None
        if passage and alias.code in passage.codes and (passage.start, passage.end) == (0, len(text)):
            return True
    return False


def _by_priority(usable: list[Alias], language: str) -> Iterator[list[Alias]]:
    """The names in groups, by the priority of their languages."""
    yield [alias for alias in usable if alias.language == language]
    foreign = [alias for alias in usable if alias.language not in {language, "en"}]
    yield [
        alias
        for alias in usable
        if alias.language == "en" and not (alias.is_acronym and any(other.code != alias.code for other in foreign))
    ]
    yield [alias for alias in foreign if not alias.is_acronym]


def _distance(alias: Alias, found: str, words: str) -> tuple[bool, bool, int]:
    """Sort key for names of the same key: equality of the folded name, of the words, the kind of label."""
    return alias.plain != plain_name(found), alias.text.casefold() != words.casefold(), _RANKS[alias.kind]


def _evidence(alias: Alias, found: str) -> tuple[str, Decimal]:
    """Method and confidence of a match."""
    if alias.is_acronym:
        return _ACRONYM, _ACRONYM_CONFIDENCE
    if alias.kind is LabelKind.HIDDEN or '"' in found or alias.plain != plain_name(found):
        return _VARIANT, _VARIANT_CONFIDENCE
    return _EXACT, _CONFIDENCE[alias.kind]


def _quoted(text: str, start: int, end: int) -> tuple[int, int]:
    """Extend a name to a quotation mark that it lacks on one side (“Soderkoping” process)."""
    if text.count('"', start, end) % 2:
        for opening in ('"', '" '):
            if text.endswith(opening, 0, start):
                return start - len(opening), end
        if text.startswith('"', end):
            return start, end + 1
    return start, end
