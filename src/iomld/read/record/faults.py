"""What can be wrong with the form of a JSON record, as findings."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from json import JSONDecodeError

from iomld.errors import SourceError
from iomld.model import Finding, ForeignText, Message, Place, Severity, message

_TYPE_NAMES: Mapping[type, Message | str] = {
    dict: message("an object"),
    list: message("a list"),
    str: message("a text"),
    bool: message("true or false"),
    type(None): "null",
}


def below(place: Place, key: str) -> Place:
    """The place of a member: its pointer is one step longer; its line is found when it is needed."""
    if "~" in key or "/" in key:
        key = key.replace("~", "~0").replace("/", "~1")
    return Place(place.file, place.line, None, f"{place.pointer or ''}/{key}")


def not_json(file: str, error: JSONDecodeError) -> SourceError:
    """The whole file is no JSON."""
    return SourceError(
        message(
            "{file}, line {line}, column {column}: not valid JSON ({detail}). Correct it.",
            file=file,
            line=error.lineno,
            column=error.colno,
            detail=ForeignText(error.msg),
        )
    )


def fault(rule: str, problem: Message, fix: Message, place: Place, value: str | None = None) -> Finding:
    """A Violation about the form of a record."""
    return Finding(rule, Severity.VIOLATION, problem, fix, value=value, place=place)


def repeated_key(key: str, place: Place) -> Finding:
    """A key stands twice in one object."""
    problem = message("The key '{key}' stands twice in one object, so one value would be lost.", key=key)
    return fault("repeatedKey", problem, message("Keep the right one."), below(place, key), key)


def unknown_key(key: str, known: Iterable[str], place: Place) -> Finding:
    """A key that no field has."""
    near = get_close_matches(key, sorted(known), n=1)
    fix = (
        message("Did you mean '{name}'?", name=near[0])
        if near
        else message("Leave it out, or see the list of keys in the documentation.")
    )
    return Finding(
        "unknownKey",
        Severity.WARNING,
        message("The key '{key}' is not known and was not read.", key=key),
        fix,
        place=place,
    )


def wrong_kind(key: str, given: object, expected: Message, place: Place) -> Finding:
    """A value of another JSON type than the field takes."""
    found = _TYPE_NAMES.get(type(given), message("a number"))
    problem = message("'{key}' must be {expected}, not {found}.", key=key, expected=expected, found=found)
    return Finding("wrongKind", Severity.VIOLATION, problem, field=key, value=str(given)[:80], place=place)


def control_character(key: str, place: Place) -> Finding:
    """A text holds a character that no RDF format can carry everywhere (XML 1.0 section 2.2)."""
    problem = message("'{key}' holds a control character or half of a character pair.", key=key)
    return Finding("controlCharacter", Severity.VIOLATION, problem, message("Remove it."), field=key, place=place)
