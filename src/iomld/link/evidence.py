"""Collects the mentions of a project: those found in its texts and those that its record states, without duplicates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from iomld.lexicon.words import ConceptTable
from iomld.link.frameworks import FrameworkMatcher, context
from iomld.messages import alternatives, message
from iomld.model import UNREVIEWED, Finding, GivenMention, Mention, Severity, Text, language_rank

_FIELDS = ("narrative", "abstract", "title")


def link_mentions(
    narratives: Sequence[Text],
    abstracts: Sequence[Text],
    given: Sequence[GivenMention],
    matcher: FrameworkMatcher,
    frameworks: ConceptTable,
) -> tuple[tuple[Mention, ...], tuple[Finding, ...]]:
    """Collect all mentions of a project.

    Args:
        narratives: The narrative in each language.
        abstracts: The abstract in each language.
        given: Mentions that the record states, in any of its texts.
        matcher: Finds the names of frameworks.
        frameworks: The codes and names of frameworks and parts.

    Returns:
        The mentions in narratives, then in abstracts, then in titles; in each by language and position, those of
        unknown position last. And a Violation `unknownFramework` for each given mention of an unknown framework.
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
        added = _completed(mention, code, values.get((mention.field, mention.language)), matcher)
        found = _with_mention(found, added, matcher.wholes)
    return tuple(sorted(found, key=_order)), tuple(findings)


def _completed(given: GivenMention, code: str, text: str | None, matcher: FrameworkMatcher) -> Mention:
    """A given mention with its position if we have the text; method and confidence are the record's, else computed."""
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
        review=given.review,
        others=given.others,
    )
    if text is None:
        return mention
    start = _position(given, text)
    if start is None:
        return replace(mention, start=None)
    prefix, suffix = context(text, start, start + len(given.quote))
    return replace(mention, start=start, prefix=prefix, suffix=suffix)


def _position(given: GivenMention, text: str) -> int | None:
    """The position of the quote: the given one, else the one after the given prefix, else its only occurrence."""
    positions = tuple(_occurrences(given.quote, text))
    if given.position in positions:
        return given.position
    if given.prefix.strip():
        prefix = given.prefix.strip()
        following = tuple(at for at in positions if text[:at].rstrip().endswith(prefix))
        positions = following or positions
    return positions[0] if len(positions) == 1 else None


def _occurrences(quote: str, text: str) -> Iterator[int]:
    at = text.find(quote) if quote else -1
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def _with_mention(found: Sequence[Mention], added: Mention, wholes: Mapping[str, str]) -> list[Mention]:
    """The mentions with one more unless it is a duplicate; a part of a framework replaces the framework itself."""
    same = [mention for mention in found if _is_duplicate(mention, added, wholes)]
    if not same:
        return [*found, added]
    if added.framework in wholes and all(mention.framework not in wholes for mention in same):
        return [*(mention for mention in found if mention not in same), added]
    return [_reviewed_as(added, mention) if mention in same else mention for mention in found]


def _reviewed_as(stated: Mention, found: Mention) -> Mention:
    """A mention that was found and is also stated, with the review that the statement has."""
    is_reviewed = stated.review != UNREVIEWED and stated.framework == found.framework
    return replace(found, review=stated.review) if is_reviewed else found


def _is_duplicate(one: Mention, other: Mention, wholes: Mapping[str, str]) -> bool:
    """Whether two mentions name the same framework, or a framework and its part, in the same words of a text."""
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
    """Sort key: text, language, position; mentions of unknown position come last and keep their order."""
    text = _FIELDS.index(mention.field) if mention.field in _FIELDS else len(_FIELDS)
    if mention.start is None:
        return text, True, 0, "", 0
    return text, False, *language_rank(mention.language), mention.start


def _unknown(mention: GivenMention, frameworks: ConceptTable) -> Finding:
    closest = frameworks.closest(mention.framework)
    return Finding(
        rule="unknownFramework",
        severity=Severity.VIOLATION,
        message=message("“{value}” is not in the list of policy frameworks.", value=mention.framework),
        fix=message("Did you mean {names}?", names=alternatives(closest))
        if closest
        else message("Write the code of a framework, such as gcm."),
        field="mentions",
        value=mention.framework,
        place=mention.place,
    )
