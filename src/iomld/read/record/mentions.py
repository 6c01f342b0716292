"""Read the framework mentions that a record states, in JSON or as rows of a table.

Keys: framework, quote, prefix, suffix, language, field, position, method, confidence.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from iomld.messages import Message, message
from iomld.model import Finding, GivenMention, Place, Severity
from iomld.read.text import has_forbidden_character, is_language_tag

MENTION_FIELDS = ("narrative", "abstract", "title")
_FIX = message('Write {"framework": "gcm", "quote": "Global Compact for Migration", "language": "en"}.')
_POSITION = re.compile(r"[0-9]{1,9}")
_METHOD = re.compile(r"[a-z]+(-[a-z]+)*")
_CONFIDENCE = re.compile(r"0(\.[0-9]{1,12})?|1(\.0{1,12})?")


def given_mentions(given: object, place: Place) -> tuple[tuple[GivenMention, ...], list[Finding]]:
    """Read the value of `mentions`; a faulty mention becomes a finding, the others are read."""
    if given is None:
        return (), []
    if not isinstance(given, list):
        return (), [_fault(message("'mentions' must be a list."), _at(place, None))]
    mentions: list[GivenMention] = []
    findings: list[Finding] = []
    for number, item in enumerate(given):
        at = _at(place, number)
        if not isinstance(item, dict):
            findings.append(_fault(message("A mention must be an object."), at))
            continue
        mention = given_mention(item, partial(_mention_place, at))
        if isinstance(mention, Finding):
            findings.append(mention)
        else:
            mentions.append(mention)
    return tuple(mentions), findings


def given_mention(item: Mapping[str, object], place_of: Callable[[str], Place]) -> GivenMention | Finding:
    """Read one mention.

    Args:
        item: Its keys with texts; numbers as the digits that were written; keys without a value are absent.
        place_of: Gives the place of the value of a key.

    Returns:
        The mention, or its fault.
    """
    fault = _text_fault(item, place_of) or _form_fault(item, place_of)
    if fault:
        return fault
    position, confidence = item.get("position"), item.get("confidence")
    return GivenMention(
        framework=str(item["framework"]),
        quote=str(item["quote"]),
        prefix=str(item.get("prefix", "")),
        suffix=str(item.get("suffix", "")),
        language=str(item.get("language", "en")),
        position=None if position is None else int(str(position)),
        place=place_of("framework"),
        field=str(item.get("field", "narrative")),
        method=str(item["method"]) if item.get("method") is not None else None,
        confidence=None if confidence is None else Decimal(str(confidence)),
    )


def _text_fault(item: Mapping[str, object], place_of: Callable[[str], Place]) -> Finding | None:
    """The first fault in the texts of a mention."""
    texts = {key: item.get(key, "") for key in ("framework", "quote", "prefix", "suffix")}
    wrong = next((key for key, text in texts.items() if not isinstance(text, str)), None)
    if wrong:
        return _fault(message("The framework, quote, prefix and suffix of a mention must be text."), place_of(wrong))
    missing = next((key for key in ("framework", "quote") if not texts[key]), None)
    if missing:
        return _fault(
            message("A mention needs the code of its framework and the quote that names it."), place_of(missing)
        )
    control = next((key for key, text in texts.items() if has_forbidden_character(str(text))), None)
    if control:
        problem = message("A mention contains a control character or half of a surrogate pair. Remove it.")
        return _fault(problem, place_of(control))
    return None


def _form_fault(item: Mapping[str, object], place_of: Callable[[str], Place]) -> Finding | None:
    """The first fault in the language, the field and the numbers of a mention."""
    language = item.get("language", "en")
    if not (isinstance(language, str) and is_language_tag(language)):
        problem = message("The language of a mention must be a tag such as 'en', not '{language}'.", language=language)
        return _fault(problem, place_of("language"))
    if item.get("field", "narrative") not in MENTION_FIELDS:
        problem = message(
            "The field of a mention must be {fields}, not '{field}'.",
            fields=", ".join(MENTION_FIELDS),
            field=item.get("field"),
        )
        return _fault(problem, place_of("field"))
    # Numbers are texts of the digits that were written; see `iomld.read.record.json_files`.
    for word, form, meaning in (
        (message("position"), _POSITION, message("a whole number from 0")),
        (message("method"), _METHOD, message("a code such as 'manual'")),
        (message("confidence"), _CONFIDENCE, message("a number from 0 to 1")),
    ):
        value = item.get(word.id)
        if value is not None and not (isinstance(value, str) and form.fullmatch(value)):
            return _fault(
                message(
                    "The {key} of a mention must be {meaning}, not '{value}'.", key=word, meaning=meaning, value=value
                ),
                place_of(word.id),
            )
    return None


def _mention_place(place: Place, key: str) -> Place:
    """The place of a fault in JSON: that of the mention, whatever the key."""
    del key
    return place


def _at(place: Place, number: int | None) -> Place:
    below = "" if number is None else f"/{number}"
    return Place(place.file, line=place.line, pointer=f"{place.pointer or ''}/mentions{below}")


def _fault(problem: Message, place: Place) -> Finding:
    return Finding("mentionForm", Severity.VIOLATION, problem, _FIX, field="mentions", place=place)
