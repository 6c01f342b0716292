"""Read records in JSON: one object, an array of objects, or one object a line (JSON Lines).

Keys are those of the framed JSON-LD; values are codes or page words, numbers or strings. Numbers keep the
digits that were written: 100000.00 is read as the string "100000.00".
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from json import JSONDecodeError, JSONDecoder

from iomld.errors import SourceError
from iomld.messages import ForeignText, Message, message
from iomld.model import FIELDS, STATE_FIELDS, TEXT_FIELDS, Finding, Origin, Place, Record, Severity, Value
from iomld.read.record.framed import is_framed, unframed
from iomld.read.record.mentions import given_mentions
from iomld.read.record.origins import stated_origins
from iomld.read.text import has_forbidden_character, is_language_tag, is_web_address, lines_of, normalised, utc_moment

_BREAK = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
LONGEST_LINE_BYTES = 8 * 1024 * 1024

# Keys of a downloaded record that the publisher computes again; they are not read.
_COMPUTED = frozenset(
    {"@context", "id", "type", "periodStart", "periodEnd", "budget", "fundedBy", "managingOfficeCountry"}
    | {"mentionsFrameworks", "candidateIatiIdentifier", "record", "language", "included"}
)
_KNOWN = frozenset(FIELDS) | {"mentions", "source", "sources"}
_TYPE_NAMES: Mapping[type, Message | str] = {
    dict: message("an object"),
    list: message("a list"),
    str: message("a text"),
    bool: message("true or false"),
    type(None): "null",
}


def read_records(text: str, *, file: str, name: str) -> Iterator[Record]:
    """Read every record of a JSON text.

    Args:
        text: The whole text.
        file: The file's name for places.
        name: The file's name without its folder, for the origin.

    Raises:
        SourceError: The text is not JSON; the message says where. In JSON Lines only the broken line is refused.
    """
    start = len(text) - len(text.lstrip())
    if text[start] == "[":
        yield from _array(text, start, file=file, name=name)
        return
    try:
        _, end = _decoder().raw_decode(text, start)
    except JSONDecodeError as error:
        if not _looks_like_lines(text):
            raise not_json(file, error) from error
        end = start
    if text[end:].strip():
        yield from read_lines(text.encode().split(b"\n"), file=file, name=name)
    else:
        place = Place(file, line=text.count("\n", 0, start) + 1, column=1, pointer="")
        yield _record(text[start:end], place, name=name)


def _array(text: str, start: int, *, file: str, name: str) -> Iterator[Record]:
    """The records of one array; line numbers are counted as we go."""
    decoder, line, counted, number = _decoder(), 1, 0, 0
    at = _skip(text, start + 1)
    while text[at : at + 1] not in ("]", ""):
        try:
            _, end = decoder.raw_decode(text, at)
        except JSONDecodeError as error:
            raise not_json(file, error) from error
        line, counted = line + text.count("\n", counted, at), at
        column = at - text.rfind("\n", 0, at)
        yield _record(text[at:end], Place(file, line=line, column=column, pointer=f"/{number}"), name=name)
        at, number = _skip(text, end), number + 1
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    if text[at : at + 1] != "]" or text[at + 1 :].strip():
        raise not_json(file, JSONDecodeError("Expecting ',' or ']'", text, min(at, len(text) - 1)))


def read_lines(lines: Iterable[bytes], *, file: str, name: str) -> Iterator[Record]:
    """Read JSON Lines as they come, in bounded memory; a line that is no record is refused by itself.

    Args:
        lines: The lines, with or without their ends.
        file: The file's name for places.
        name: The file's name without its folder, for the origin.
    """
    for number, line in enumerate(lines, start=1):
        place = Place(file, line=number, column=1, pointer="")
        if len(line) > LONGEST_LINE_BYTES:
            finding = fault(
                "lineTooLong",
                message("The line is longer than {number} bytes.", number=LONGEST_LINE_BYTES),
                message("Shorten it."),
                place,
            )
            yield _faulty(finding, line, name)
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            yield _faulty(
                fault("notText", message("The line is not UTF-8."), message("Save the file as UTF-8."), place),
                line,
                name,
            )
            continue
        if text.strip():
            yield _record(text, place, name=name)


def _faulty(finding: Finding, line: bytes, name: str) -> Record:
    """A record of which nothing can be read."""
    place = finding.place or Place(name)
    origin = Origin(name, hashlib.sha256(line).hexdigest(), "application/json")
    return Record({}, origin, place, findings=(finding,))


def _record(raw: str, place: Place, *, name: str) -> Record:
    data = raw.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(data).hexdigest()
    origin = Origin(name, digest, "application/json")
    repeated: list[str] = []
    try:
        content = _decoder(repeated).decode(raw.strip())
    except JSONDecodeError as error:
        finding = fault(
            "notJson",
            message("This line is not JSON: {reason}.", reason=ForeignText(error.msg)),
            message("Correct it."),
            place,
            raw,
        )
        return Record({}, origin, place, raw=raw, findings=(finding,))
    except RecursionError:
        finding = fault(
            "nestedTooDeeply", message("The record is nested too deeply."), message("Write it flat."), place
        )
        return Record({}, origin, place, findings=(finding,))
    if not isinstance(content, dict):
        finding = fault(
            "notARecord",
            message("A record must be a JSON object."),
            message("Write { … } with the record's keys."),
            place,
        )
        return Record({}, origin, place, raw=raw, findings=(finding,))
    record = read_content(unframed(content) if is_framed(content) else content, origin, place)
    faults = tuple(repeated_key(key, place) for key in repeated)
    return replace(record, raw=raw, findings=(*faults, *record.findings))


def read_content(content: Mapping[str, object], origin: Origin, place: Place) -> Record:
    """Read the keys of one record.

    Args:
        content: Keys and values of a record; numbers as the digits that were written.
        origin: The bytes it came from.
        place: Where it stands; the pointers of its values begin with this one's.
    """
    values, faults = _values(content, place)
    mentions, mention_faults = given_mentions(content.get("mentions"), place)
    origin, source_faults = _with_source(origin, content.get("source"), place)
    stated, stated_faults = stated_origins(content.get("sources"), below(place, "sources"))
    return Record(
        values,
        origin,
        place,
        mentions=mentions,
        findings=(*faults, *mention_faults, *source_faults, *stated_faults),
        stated_origins=stated,
    )


def _values(content: Mapping[str, object], place: Place) -> tuple[dict[str, tuple[Value, ...]], list[Finding]]:
    values: dict[str, tuple[Value, ...]] = {}
    findings: list[Finding] = []
    language = content.get("language", "en")
    for key, given in content.items():
        at = below(place, key)
        if key in TEXT_FIELDS:
            found, faults = _texts(key, given, at, default=str(language))
        elif key in FIELDS:
            found, faults = _plain(key, given, at)
        else:
            if key not in _KNOWN and key not in _COMPUTED:
                findings.append(unknown_key(key, _KNOWN, at))
            continue
        findings += faults
        if found:
            values[key] = found
    return values, findings


def _texts(key: str, given: object, place: Place, *, default: str) -> tuple[tuple[Value, ...], list[Finding]]:
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
                fault("languageTag", message("'{language}' is no language tag.", language=language), fix, at, language)
            )
        elif not isinstance(text, str):
            findings.append(wrong_kind(key, text, message("a text"), at))
        elif has_forbidden_character(text):
            findings.append(control_character(key, at))
        elif text.strip():
            values.append(Value(clean_text(key, text), at, language))
    return tuple(values), findings


def clean_text(field: str, text: str) -> str:
    r"""A text in its published form: a narrative by paragraphs, any other text on one line.

    Spaces inside a line stay as they are, no-break spaces too, so that a text that was published reads back the same.

    >>> clean_text("title", " Two \n lines : one  title ")
    'Two lines : one  title'
    """
    if field == "narrative":
        return normalised(lines_of(text))
    return unicodedata.normalize("NFC", _BREAK.sub(" ", text.strip()))


def _plain(key: str, given: object, place: Place) -> tuple[tuple[Value, ...], list[Finding]]:
    """One string or number, or several where the field holds states."""
    if key in STATE_FIELDS and isinstance(given, list):
        values: list[Value] = []
        findings: list[Finding] = []
        for number, item in enumerate(given):
            found, faults = _plain(key, item, below(place, str(number)))
            values += found
            findings += faults
        return tuple(values), findings
    if given is None:
        return (), []
    if not isinstance(given, str):
        return (), [wrong_kind(key, given, message("a text or a number"), place)]
    if has_forbidden_character(given):
        return (), [control_character(key, place)]
    return ((Value(given.strip(), place),) if given.strip() else ()), []


def _with_source(origin: Origin, given: object, place: Place) -> tuple[Origin, list[Finding]]:
    """The origin with the address and retrieval time that the record states."""
    at = below(place, "source")
    if given is None:
        return origin, []
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
        fix = message("Give the full address of the page, beginning with https://.")
        problem = message("The source address '{url}' is no web address.", url=url)
        findings.append(fault("sourceAddress", problem, fix, below(at, "url"), url))
        url = None
    moment = utc_moment(retrieved) if isinstance(retrieved, str) else None
    if isinstance(retrieved, str) and moment is None:
        problem = message("The retrieval time '{time}' is no date and time with a time zone.", time=retrieved)
        findings.append(
            fault("retrievalTime", problem, message("Write 2026-11-23T19:00:00Z."), below(at, "retrievedAt"), retrieved)
        )
    return replace(origin, url=url if isinstance(url, str) else None, retrieved_at=moment), findings


def _decoder(repeated: list[str] | None = None) -> JSONDecoder:
    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        content = dict(items)
        if repeated is not None and len(content) < len(items):
            keys = [key for key, _ in items]
            repeated.extend(sorted({key for key in keys if keys.count(key) > 1}))
        return content

    return JSONDecoder(object_pairs_hook=pairs, parse_float=str, parse_int=str)


def _looks_like_lines(text: str) -> bool:
    """Say whether some line is a JSON object by itself."""
    for line in text.split("\n"):
        try:
            if isinstance(json.loads(line), dict):
                return True
        except JSONDecodeError:
            continue
    return False


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


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
