"""What can be wrong with the form of a JSON record, as findings."""

from collections.abc import Iterable
from difflib import get_close_matches
from json import JSONDecodeError

from iomld.errors import SourceError
from iomld.model import Finding, Place, Severity

_TYPE_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


def below(place: Place, key: str) -> Place:
    """The place of a member: its pointer is one step longer; its line is found when it is needed."""
    if "~" in key or "/" in key:
        key = key.replace("~", "~0").replace("/", "~1")
    return Place(place.file, place.line, None, f"{place.pointer or ''}/{key}")


def not_json(file: str, error: JSONDecodeError) -> SourceError:
    """The whole file is no JSON."""
    return SourceError(f"{file}, line {error.lineno}, column {error.colno}: not valid JSON ({error.msg}). Correct it.")


def fault(rule: str, message: str, fix: str, place: Place, value: str | None = None) -> Finding:
    """A Violation about the form of a record."""
    return Finding(rule, Severity.VIOLATION, message, fix, value=value, place=place)


def repeated_key(key: str, place: Place) -> Finding:
    """A key stands twice in one object."""
    message = f"The key '{key}' stands twice in one object, so one value would be lost."
    return fault("repeatedKey", message, "Keep the right one.", below(place, key), key)


def unknown_key(key: str, known: Iterable[str], place: Place) -> Finding:
    """A key that no field has."""
    near = get_close_matches(key, sorted(known), n=1)
    fix = f"Did you mean '{near[0]}'?" if near else "Leave it out, or see the list of keys in the documentation."
    return Finding("unknownKey", Severity.WARNING, f"The key '{key}' is not known and was not read.", fix, place=place)


def wrong_kind(key: str, given: object, expected: str, place: Place) -> Finding:
    """A value of another JSON type than the field takes."""
    found = _TYPE_NAMES.get(type(given), "a number")
    message = f"'{key}' must be {expected}, not {found}."
    return Finding("wrongKind", Severity.VIOLATION, message, field=key, value=str(given)[:80], place=place)


def control_character(key: str, place: Place) -> Finding:
    """A text holds a character that no RDF format can carry everywhere (XML 1.0 section 2.2)."""
    message = f"'{key}' holds a control character or half of a character pair."
    return Finding("controlCharacter", Severity.VIOLATION, message, "Remove it.", field=key, place=place)
