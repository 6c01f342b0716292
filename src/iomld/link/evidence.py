"""The mentions of a project: those found in its texts and those that its record carries, each place once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from iomld.lexicon.words import ConceptTable
from iomld.link.frameworks import FrameworkMatcher, context
from iomld.messages import message
from iomld.model import Finding, GivenMention, Mention, Severity, Text

_LANGUAGES = ("en", "fr", "es")
_FIELDS = ("narrative", "abstract", "title")


def link_mentions(
    narratives: Sequence[Text],
    abstracts: Sequence[Text],
    given: Sequence[GivenMention],
    matcher: FrameworkMatcher,
    frameworks: ConceptTable,
) -> tuple[tuple[Mention, ...], tuple[Finding, ...]]:
    """Gather all mentions of a project.

    Args:
        narratives: The narrative in each language.
        abstracts: The abstract in each language.
        given: Mentions that the record carries, in any of its texts.
        matcher: The names of frameworks.
        frameworks: The codes and names of frameworks and parts.

    Returns:
        Mentions in the narratives by language and place, then those whose place is not known; likewise those in the
        abstracts, and given ones in titles; and a Violation `unknownFramework` for each given mention of none of our
        frameworks.
    """
    searched = [("narrative", text) for text in narratives] + [("abstract", text) for text in abstracts]
    found = [mention for name, text in searched for mention in matcher.mentions(text.value, text.language, name)]
    values = {(name, text.language): text.value for name, text in searched}
    findings: list[Finding] = []
    for mention in given:
        code = frameworks.code(mention.framework)
        if code is None:
            findings.append(_unknown(mention, frameworks))
            continue
        added = _given(mention, code, values.get((mention.field, mention.language)), matcher)
        found = _with(found, added, matcher.wholes)
    return tuple(sorted(found, key=_order)), tuple(findings)


def _given(given: GivenMention, code: str, text: str | None, matcher: FrameworkMatcher) -> Mention:
    """A mention of the record, with its place in the text where we have it; the record's own evidence goes first."""
    method, confidence = matcher.evidence(given.quote, code, given.language)
    mention = Mention(
        framework=code,
        quote=given.quote,
        prefix=given.prefix,
        suffix=given.suffix,
        field=given.field,
        language=given.language,
        start=given.position,
        method=given.method or method,
        confidence=confidence if given.confidence is None else given.confidence,
    )
    if text is None:
        return mention
    start = _place(given, text)
    if start is None:
        return replace(mention, start=None)
    prefix, suffix = context(text, start, start + len(given.quote))
    return replace(mention, start=start, prefix=prefix, suffix=suffix)


def _place(given: GivenMention, text: str) -> int | None:
    """Where the quote stands: at the place given, else after the prefix given, else where it stands alone."""
    places = tuple(_occurrences(given.quote, text))
    if given.position in places:
        return given.position
    if given.prefix.strip():
        prefix = given.prefix.strip()
        places = tuple(place for place in places if text[:place].rstrip().endswith(prefix)) or places
    return places[0] if len(places) == 1 else None


def _occurrences(quote: str, text: str) -> Iterator[int]:
    at = text.find(quote) if quote else -1
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def _with(found: Sequence[Mention], added: Mention, wholes: Mapping[str, str]) -> list[Mention]:
    """The mentions with one more, unless it is there; of a framework and its part at one place the part stays."""
    same = [mention for mention in found if _is_same(mention, added, wholes)]
    if not same:
        return [*found, added]
    if added.framework in wholes and all(mention.framework not in wholes for mention in same):
        return [*(mention for mention in found if mention not in same), added]
    return list(found)


def _is_same(one: Mention, other: Mention, wholes: Mapping[str, str]) -> bool:
    """Whether two mentions of one text say the same of the same words."""
    if (one.field, one.language) != (other.field, other.language):
        return False
    if one.start is None or other.start is None:
        return one.start is other.start and (one.framework, one.quote, one.prefix, one.suffix) == (
            other.framework,
            other.quote,
            other.prefix,
            other.suffix,
        )
    related = (
        one.framework == other.framework
        or one.framework == wholes.get(other.framework)
        or (other.framework == wholes.get(one.framework))
    )
    overlap = one.start < other.start + len(other.quote) and other.start < one.start + len(one.quote)
    return related and overlap


def _order(mention: Mention) -> tuple[int, bool, int, str, int]:
    """By text, then by language and place; those without a place come last and stay in their order."""
    text = _FIELDS.index(mention.field) if mention.field in _FIELDS else len(_FIELDS)
    if mention.start is None:
        return text, True, 0, "", 0
    known = _LANGUAGES.index(mention.language) if mention.language in _LANGUAGES else len(_LANGUAGES)
    return text, False, known, mention.language, mention.start


def _unknown(mention: GivenMention, frameworks: ConceptTable) -> Finding:
    near = frameworks.closest(mention.framework)
    return Finding(
        rule="unknownFramework",
        severity=Severity.VIOLATION,
        message=message("“{value}” is no policy framework of the list.", value=mention.framework),
        fix=message("Closest: {names}.", names=", ".join(near))
        if near
        else message("Write the code of a framework, such as gcm."),
        field="mentions",
        value=mention.framework,
        place=mention.place,
    )
