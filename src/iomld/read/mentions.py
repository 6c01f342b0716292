"""Read the framework mentions that a JSON record carries: framework, quote, prefix, suffix, language, position."""

from collections.abc import Mapping

from iomld.model import Finding, GivenMention, Place, Severity
from iomld.read.plain_text import has_forbidden_character, is_language_tag

_FIX = 'Write {"framework": "gcm", "quote": "Global Compact for Migration", "language": "en"}.'


def given_mentions(given: object, place: Place) -> tuple[tuple[GivenMention, ...], list[Finding]]:
    """Read the value of `mentions`; each faulty one is a finding and the others are kept."""
    if given is None:
        return (), []
    if not isinstance(given, list):
        return (), [_fault("'mentions' must be a list.", _at(place, None))]
    mentions: list[GivenMention] = []
    findings: list[Finding] = []
    for number, item in enumerate(given):
        at = _at(place, number)
        if not isinstance(item, dict):
            findings.append(_fault("A mention must be an object.", at))
            continue
        mention = _mention(item, at)
        if isinstance(mention, Finding):
            findings.append(mention)
        else:
            mentions.append(mention)
    return tuple(mentions), findings


def _mention(item: Mapping[str, object], place: Place) -> GivenMention | Finding:
    texts = {key: item.get(key, "") for key in ("framework", "quote", "prefix", "suffix")}
    if not all(isinstance(text, str) for text in texts.values()):
        return _fault("Framework, quote, prefix and suffix of a mention must be texts.", place)
    if not texts["framework"] or not texts["quote"]:
        return _fault("A mention needs the code of its framework and the words that name it.", place)
    if any(has_forbidden_character(str(text)) for text in texts.values()):
        return _fault("A mention holds a control character or half of a character pair. Remove it.", place)
    language = item.get("language", "en")
    if not (isinstance(language, str) and is_language_tag(language)):
        return _fault(f"The language of a mention must be a tag such as 'en', not '{language}'.", place)
    position = item.get("position")
    # Numbers arrive as the digits that were written; see `iomld.read.records`.
    if position is not None and not (isinstance(position, str) and position.isascii() and position.isdigit()):
        return _fault(f"The position of a mention must be a whole number from 0, not '{position}'.", place)
    return GivenMention(
        framework=str(texts["framework"]),
        quote=str(texts["quote"]),
        prefix=str(texts["prefix"]),
        suffix=str(texts["suffix"]),
        language=language,
        position=int(position) if isinstance(position, str) else None,
        place=place,
    )


def _at(place: Place, number: int | None) -> Place:
    below = "" if number is None else f"/{number}"
    return Place(place.file, line=place.line, pointer=f"{place.pointer or ''}/mentions{below}")


def _fault(message: str, place: Place) -> Finding:
    return Finding("mentionForm", Severity.VIOLATION, message, _FIX, field="mentions", place=place)
