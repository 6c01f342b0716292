"""Read the keys of one record in JSON; they are those of the framed JSON-LD."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from iomld.assets import load_fields
from iomld.messages import Message, message
from iomld.model import BUDGET_FIELDS, DOLLARS, NO_FUNDER, Finding, Origin, Place, Record, Severity, Value
from iomld.read.record.locate import pointer_step
from iomld.read.record.mentions import given_mentions
from iomld.read.record.origins import bad_retrieval_time, bad_source_address, stated_origins
from iomld.read.table.money import split_heading
from iomld.read.text import (
    has_forbidden_character,
    is_language_tag,
    is_web_address,
    lines_of,
    normalized,
    plain_text,
    utc_moment,
)

_LINE_BREAK = re.compile(r"(?<![ \t])[ \t]*[\r\n][ \t\r\n]*")  # the look behind keeps long rows of blanks quick
# Keys of a downloaded record that are no fields; like the fields that the publisher computes, they are ignored.
_FRAME_KEYS = frozenset({"@context", "id", "type", "language", "included"})
_OTHER_KEYS = frozenset({"mentions", "source", "sources"})  # they are read by functions of their own
_TYPE_NAMES: Mapping[type, Message | str] = {
    dict: message("an object"),
    list: message("a list"),
    str: message("a text"),
    bool: message("true or false"),
    type(None): "null",
}


def read_content(
    content: Mapping[str, object],
    origin: Origin,
    place: Place,
    *,
    raw: str = "",
    findings: Iterable[Finding] = (),
) -> Record:
    """Read the keys of one record.

    Args:
        content: Keys and values of a record; numbers as the digits that were written.
        origin: The bytes it came from.
        place: The place of the record; the pointers of its values begin with this one's.
        raw: The text of the record.
        findings: What was found before its keys were read.
    """
    values, faults = _values(content, place)
    mentions, mention_faults = given_mentions(content.get("mentions"), place)
    origin, source_faults = _with_source(origin, content.get("source"), place)
    stated, stated_faults = (
        stated_origins(content["sources"], below(place, "sources")) if "sources" in content else ((), ())
    )
    return Record(
        values,
        origin,
        place,
        raw=raw,
        mentions=mentions,
        findings=(*findings, *faults, *mention_faults, *source_faults, *stated_faults),
        stated_origins=stated,
    )


def _values(content: Mapping[str, object], place: Place) -> tuple[dict[str, tuple[Value, ...]], list[Finding]]:
    values: dict[str, tuple[Value, ...]] = {}
    findings: list[Finding] = []
    fields = load_fields()
    texts, known, lists = fields.texts, fields.given, fields.lists  # asked for each key
    language = content.get("language", "en")
    file, line, steps = place.file, place.line, f"{place.pointer or ''}/"
    for key, given in content.items():
        if key not in known:
            if key not in _OTHER_KEYS and key not in _FRAME_KEYS and key not in fields.computed:
                findings.append(unknown_key(key, (*known, *_OTHER_KEYS), below(place, key)))
            continue
        at = Place(file, line, None, steps + key)  # a key of ours needs no escape in a pointer
        if key in texts:
            found, faults = _texts(key, given, at, default=str(language), long=fields.by_key[key].long)
        elif key == "budget" and isinstance(given, dict):
            found, faults = _plain(key, given.get("amount"), below(at, "amount"))
            currency, more = _plain("budgetCurrency", given.get("currency"), below(at, "currency"))
            if currency:
                values["budgetCurrency"] = values.get("budgetCurrency", ()) + currency
            faults += more
        elif key in lists and isinstance(given, list):
            found, faults = _list(key, given, at)
        else:
            found, faults = _plain(key, given, at)
        findings += faults
        if found:
            values[key] = values[key] + found if key in values else found
    return values, findings


def _texts(
    key: str, given: object, place: Place, *, default: str, long: bool
) -> tuple[tuple[Value, ...], list[Finding]]:
    """A language map, or one text in the record's language."""
    if isinstance(given, str):
        given = {default: given}
    if not isinstance(given, dict):
        return (), [wrong_kind(key, given, message('a language map such as {"en": "…"}'), place)]
    values: list[Value] = []
    findings: list[Finding] = []
    for language, text in given.items():
        at = below(place, language)
        if not is_language_tag(language):
            fix = message('Use a language tag such as "en", "fr" or "es".')
            findings.append(
                fault(
                    "languageTag", message("'{language}' is not a language tag.", language=language), fix, at, language
                )
            )
        elif not isinstance(text, str):
            findings.append(wrong_kind(key, text, message("a text"), at))
        elif has_forbidden_character(plain := plain_text(text)):
            findings.append(control_character(key, at))
        elif text.strip():
            values.append(Value(_published_form(plain, long=long), at, language))
    return tuple(values), findings


def clean_text(field: str, text: str) -> str:
    r"""A text in its published form: without markup, a narrative in paragraphs, any other text on one line.

    Spaces inside a line, no-break spaces included, stay as they are, so that a published text reads back the same.

    >>> clean_text("title", " Two \n lines : one  title ")
    'Two lines : one  title'
    """
    return _published_form(plain_text(text), long=load_fields().by_key[field].long)


def _published_form(text: str, *, long: bool) -> str:
    if long:
        return normalized(lines_of(text))
    text = text.strip()
    # Few texts have a line break; the pattern is tried at each character.
    return unicodedata.normalize("NFC", _LINE_BREAK.sub(" ", text) if "\n" in text or "\r" in text else text)


def _plain(key: str, given: object, place: Place) -> tuple[tuple[Value, ...], list[Finding]]:
    """One string or number."""
    if given is None:
        return (), []
    if not isinstance(given, str):
        return (), [wrong_kind(key, given, message("a text or a number"), place)]
    given = plain_text(given)
    if has_forbidden_character(given):
        return (), [control_character(key, place)]
    given = given.strip()
    return ((Value(given, place),) if given else ()), []


def _list(key: str, given: list[object], place: Place) -> tuple[tuple[Value, ...], list[Finding]]:
    """The strings or numbers of a field that takes several."""
    if key == "fundedBy" and not given:
        return (Value(NO_FUNDER, place),), []
    values: list[Value] = []
    findings: list[Finding] = []
    for number, item in enumerate(given):
        at = below(place, str(number))
        found, faults = _list(key, item, at) if isinstance(item, list) else _plain(key, item, at)
        values += found
        findings += faults
    return tuple(values), findings


def _with_source(origin: Origin, given: object, place: Place) -> tuple[Origin, list[Finding]]:
    """The origin with the address and retrieval time that the record states."""
    if given is None:
        return origin, []
    at = below(place, "source")
    source = {"url": given} if isinstance(given, str) else given
    if not isinstance(source, dict):
        return origin, [wrong_kind("source", given, message('an address or {"url": "https://…"}'), at)]
    url, retrieved = source.get("url"), source.get("retrievedAt")
    findings = [
        wrong_kind(f"source/{key}", value, message("a text"), below(at, key))
        for key, value in (("url", url), ("retrievedAt", retrieved))
        if value is not None and not isinstance(value, str)
    ]
    if isinstance(url, str) and not is_web_address(url):
        findings.append(bad_source_address(url, below(at, "url")))
        url = None
    moment = utc_moment(retrieved) if isinstance(retrieved, str) else None
    if isinstance(retrieved, str) and moment is None:
        findings.append(bad_retrieval_time(retrieved, below(at, "retrievedAt")))
    address = url if isinstance(url, str) else None
    return Origin(origin.file, origin.sha256, origin.media_type, address, moment), findings


def below(place: Place, key: str) -> Place:
    """The place of a member: its pointer is one step longer; its line is looked up on demand (`located`)."""
    return Place(place.file, place.line, None, f"{place.pointer or ''}/{pointer_step(key)}")


def fault(rule: str, problem: Message, fix: Message, place: Place, value: str | None = None) -> Finding:
    """A Violation about the form of a record."""
    return Finding(rule, Severity.VIOLATION, problem, fix, value=value, place=place)


def repeated_key(key: str, place: Place) -> Finding:
    """A Violation for a key that stands twice in one object."""
    problem = message("The key '{key}' appears twice in one object, so one of its values would be lost.", key=key)
    return fault("repeatedKey", problem, message("Keep the right one."), below(place, key), key)


def unknown_key(key: str, known: Iterable[str], place: Place) -> Finding:
    """A Warning for a key that is not the name of a field."""
    base, currency = split_heading(key)
    near = get_close_matches(key, sorted(known), n=1)
    # `budgetEUR` is like `budgetUSD`; nothing but dollars is to be called dollars.
    if near and near[0] in BUDGET_FIELDS and (currency or abs(len(near[0]) - len(key)) > 1 or near[0] == "budgetUSD"):
        near = []
    if currency and currency != DOLLARS and base.lower() in ("budget", "amount"):
        fix = message("Write it as budget, with {currency} as budgetCurrency.", currency=currency)
    elif near:
        fix = message("Did you mean '{name}'?", name=near[0])
    else:
        fix = message("Remove it, or look up the list of keys in the documentation.")
    return Finding(
        "unknownKey",
        Severity.WARNING,
        message("The key '{key}' is unknown and was not read.", key=key),
        fix,
        place=place,
    )


def wrong_kind(key: str, given: object, expected: Message, place: Place) -> Finding:
    """A Violation for a value of a JSON type that the field does not take."""
    found = _TYPE_NAMES.get(type(given), message("a number"))
    problem = message("'{key}' must be {expected}, not {found}.", key=key, expected=expected, found=found)
    return Finding("wrongKind", Severity.VIOLATION, problem, field=key, value=str(given)[:80], place=place)


def control_character(key: str, place: Place) -> Finding:
    """A Violation for a text with a character that not all RDF formats can carry (XML 1.0 section 2.2)."""
    problem = message("'{key}' contains a control character or half of a surrogate pair.", key=key)
    return Finding("controlCharacter", Severity.VIOLATION, problem, message("Remove it."), field=key, place=place)
