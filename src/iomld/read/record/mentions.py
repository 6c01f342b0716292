"""Read the framework mentions that a record states, in JSON or as rows of a table.

Their keys are declared by `shp:GivenMention` (`shapes/given.ttl`); the kind of each decides which values it takes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from iomld.assets import load_fields
from iomld.fields.declared import Field, FieldKind
from iomld.fund_folder import cached
from iomld.messages import Message, message
from iomld.model import UNREVIEWED, Finding, GivenMention, Place, Severity, canonical_decimal
from iomld.read.text import has_forbidden_character, is_language_tag, is_web_address, utc_moment

# The keys that code knows by name: their attributes of `Mention`. All others are in `Mention.others`.
_NAMES = ("framework", "quote", "prefix", "suffix", "language", "field", "method", "confidence", "review")
MENTION_ATTRIBUTES: Mapping[str, str] = {"position": "start"} | {name: name for name in _NAMES}
_FIX = message('Write {"framework": "gcm", "quote": "Global Compact for Migration", "language": "en"}.')
# The form of the values of a kind, where the shape of the key has no pattern.
_FORMS = {
    FieldKind.YEAR: r"[0-9]{4}",
    FieldKind.DAY: r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    FieldKind.AMOUNT: r"-?[0-9]{1,18}([.][0-9]{1,12})?",
    FieldKind.INTEGER: r"-?[0-9]{1,18}",
}
_CHECKS: Mapping[FieldKind, Callable[[str], object]] = {
    FieldKind.LANGUAGE: is_language_tag,
    FieldKind.LINK: is_web_address,
    FieldKind.MOMENT: utc_moment,
}


@dataclass(frozen=True, slots=True)
class _KeyForms:
    """The keys of a mention by what is checked of their values, in the order of the checks.

    Attributes:
        texts: Those with free texts, and codes that the linker looks up.
        required: Those of them that a mention must have.
        formed: The others, each with a check of its form.
        others: Those that no code knows by name.
    """

    texts: tuple[str, ...]
    required: tuple[str, ...]
    formed: tuple[tuple[str, Callable[[str], object]], ...]
    others: tuple[Field, ...]


@cached
def _key_forms() -> _KeyForms:
    keys = tuple(load_fields().mention_keys.values())
    checks = [(key, _check(key)) for key in keys]
    return _KeyForms(
        texts=tuple(key.key for key, check in checks if check is None),
        required=tuple(key.key for key, check in checks if check is None and key.required),
        formed=tuple((key.key, check) for key, check in checks if check is not None),
        others=tuple(key for key in keys if key.key not in MENTION_ATTRIBUTES),
    )


def _check(key: Field) -> Callable[[str], object] | None:
    """A function that says whether a text is a value of a key; None for keys that take any text."""
    if key.choices:
        return key.choices.__contains__
    if key.kind in _CHECKS:
        return _CHECKS[key.kind]
    form = key.pattern or _FORMS.get(key.kind, "")
    return re.compile(form.removeprefix("^").removesuffix("$")).fullmatch if form else None


def is_spaced(name: str) -> bool:
    """Whether spaces around the values of a key count: they are parts of a text."""
    key = load_fields().mention_keys.get(name)
    return key is not None and key.kind is FieldKind.STRING and name in _key_forms().texts


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
        item: Its keys with texts; numbers as the digits that were written; keys without a value are absent or null.
        place_of: Gives the place of the value of a key.

    Returns:
        The mention, or its fault.
    """
    stated = {key: value for key, value in item.items() if value is not None}
    forms = _key_forms()
    fault = _text_fault(stated, forms, place_of) or _form_fault(stated, forms, place_of)
    if fault:
        return fault
    position, confidence, method = stated.get("position"), stated.get("confidence"), stated.get("method")
    return GivenMention(
        framework=str(stated["framework"]),
        quote=str(stated["quote"]),
        prefix=str(stated.get("prefix", "")),
        suffix=str(stated.get("suffix", "")),
        language=str(stated.get("language", "en")),
        position=None if position is None else int(str(position)),
        place=place_of("framework"),
        field=str(stated.get("field", "narrative")),
        method=None if method is None else str(method),
        confidence=None if confidence is None else Decimal(str(confidence)),
        review=str(stated.get("review", UNREVIEWED)),
        others=tuple((key.key, _canonical(key, str(stated[key.key]))) for key in forms.others if key.key in stated),
    )


def _canonical(key: Field, text: str) -> str:
    """The lexical form of a value in the graph."""
    match key.kind:
        case FieldKind.AMOUNT:
            return canonical_decimal(Decimal(text))
        case FieldKind.INTEGER:
            return str(int(text))
        case FieldKind.MOMENT:
            return utc_moment(text) or text
        case _:
            return text


def _text_fault(item: Mapping[str, object], forms: _KeyForms, place_of: Callable[[str], Place]) -> Finding | None:
    """The first fault in the texts of a mention."""
    texts = {key: item.get(key, "") for key in forms.texts}
    wrong = next((key for key, text in texts.items() if not isinstance(text, str)), None)
    if wrong:
        return _fault(message("The {key} of a mention must be text.", key=wrong), place_of(wrong))
    missing = next((key for key in forms.required if not texts[key]), None)
    if missing:
        return _fault(
            message("A mention needs the code of its framework and the quote that names it."), place_of(missing)
        )
    control = next((key for key, text in texts.items() if has_forbidden_character(str(text))), None)
    if control:
        problem = message("A mention contains a control character or half of a surrogate pair. Remove it.")
        return _fault(problem, place_of(control))
    return None


def _form_fault(item: Mapping[str, object], forms: _KeyForms, place_of: Callable[[str], Place]) -> Finding | None:
    """The first fault in the values that have a form; numbers are texts of the digits that were written."""
    for key, is_right in forms.formed:
        value = item.get(key)
        if value is None or (isinstance(value, str) and is_right(value)):
            continue
        problem = message(
            "The {key} of a mention must be {meaning}, not '{value}'.",
            key=key,
            meaning=_meaning(load_fields().mention_keys[key]),
            value=value,
        )
        return _fault(problem, place_of(key))
    return None


def _meaning(key: Field) -> Message | str:
    """What the values of a key are."""
    if key.choices:
        return ", ".join(key.choices)
    match key.kind:
        case FieldKind.LANGUAGE:
            return message("a tag such as 'en'")
        case FieldKind.INTEGER:
            return message("a whole number from 0")
        case FieldKind.AMOUNT if key.most == "1":
            return message("a number from 0 to 1")
        case FieldKind.CONCEPT:
            return message("a code such as '{example}'", example=key.example)
        case _:
            return message("a value such as '{example}'", example=key.example)


def _mention_place(place: Place, key: str) -> Place:
    """The place of a fault in JSON: that of the mention, whatever the key."""
    del key
    return place


def _at(place: Place, number: int | None) -> Place:
    below = "" if number is None else f"/{number}"
    return Place(place.file, line=place.line, pointer=f"{place.pointer or ''}/mentions{below}")


def _fault(problem: Message, place: Place) -> Finding:
    return Finding("mentionForm", Severity.VIOLATION, problem, _FIX, field="mentions", place=place)
