"""Read records from JSON and JSON Lines: one object, an array of objects, or an object on each line.

Numbers keep the digits that were written: 100000.00 is read as the string "100000.00".
"""

import hashlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from json import JSONDecodeError, JSONDecoder

from iomld.messages import message
from iomld.model import Finding, Origin, Place, Record
from iomld.read.record.framed import is_framed, unframed
from iomld.read.record.json_faults import json_reason, not_json
from iomld.read.record.json_record import fault, read_content, repeated_key

LONGEST_LINE_BYTES = 8 * 1024 * 1024
_MEDIA_TYPE = "application/json"


def read_records(text: str, *, file: str, name: str) -> Iterator[Record]:
    """Read every record of a JSON text.

    Args:
        text: The whole text.
        file: The file's name for places.
        name: The file's name without its folder, for the origin.

    Raises:
        SourceError: The text is not JSON; the message says where. In JSON Lines only the malformed line is refused.
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
        yield _record(text[start:end], _bytes(text[start:end]), place, name=name)


def _array(text: str, start: int, *, file: str, name: str) -> Iterator[Record]:
    """The records of one array; lines are counted from record to record."""
    decoder, line, counted, number = _decoder(), 1, 0, 0
    at = _skip(text, start + 1)
    while text[at : at + 1] not in ("]", ""):
        try:
            _, end = decoder.raw_decode(text, at)
        except JSONDecodeError as error:
            raise not_json(file, error) from error
        line, counted = line + text.count("\n", counted, at), at
        column = at - text.rfind("\n", 0, at)
        place = Place(file, line=line, column=column, pointer=f"/{number}")
        yield _record(text[at:end], _bytes(text[at:end]), place, name=name)
        at, number = _skip(text, end), number + 1
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    if text[at : at + 1] != "]" or text[at + 1 :].strip():
        raise not_json(file, JSONDecodeError("Expecting ',' or ']'", text, min(at, len(text) - 1)))


def read_lines(lines: Iterable[bytes], *, file: str, name: str, first_line: int = 1) -> Iterator[Record]:
    """Read JSON Lines as a stream, in bounded memory; a line that is not a record is refused alone.

    Args:
        lines: The lines, with or without their line ends.
        file: The file's name for places.
        name: The file's name without its folder, for the origin.
        first_line: The number of the first of the lines in the file.
    """
    for number, line in enumerate(lines, start=first_line):
        place = Place(file, line=number, column=1, pointer="")
        if len(line) > LONGEST_LINE_BYTES:
            finding = fault(
                "lineTooLong",
                message("The line is longer than {number} bytes.", number=LONGEST_LINE_BYTES),
                message("Shorten it."),
                place,
            )
            yield _refused(finding, line, name)
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            yield _refused(
                fault("notText", message("The line is not UTF-8."), message("Save the file as UTF-8."), place),
                line,
                name,
            )
            continue
        if text.strip():
            data = line.removeprefix(BOM_UTF8) if number == 1 else line
            yield _record(text, data.rstrip(b"\r\n"), place, name=name)


def _refused(finding: Finding, line: bytes, name: str) -> Record:
    """The record of a line that cannot be read at all."""
    place = finding.place or Place(name)
    origin = Origin(name, hashlib.sha256(line).hexdigest(), _MEDIA_TYPE)
    return Record({}, origin, place, findings=(finding,))


def _record(raw: str, data: bytes, place: Place, *, name: str) -> Record:
    origin = Origin(name, hashlib.sha256(data).hexdigest(), _MEDIA_TYPE)
    repeated: list[str] = []
    try:
        content = _decoder(repeated).decode(raw.strip())
    except JSONDecodeError as error:
        finding = fault(
            "notJson",
            message("This line is not valid JSON. {reason}", reason=json_reason(error)),
            message("Correct it."),
            place,
            raw,
        )
        return Record({}, origin, place, raw=raw, findings=(finding,))
    except RecursionError:
        finding = fault(
            "nestedTooDeeply",
            message("The record is nested too deeply."),
            message("Use fewer levels of nesting."),
            place,
        )
        return Record({}, origin, place, findings=(finding,))
    if not isinstance(content, dict):
        finding = fault(
            "notARecord",
            message("A record must be a JSON object."),
            message("Write { … } with the keys of the record."),
            place,
        )
        return Record({}, origin, place, raw=raw, findings=(finding,))
    faults = [repeated_key(key, place) for key in repeated]
    if is_framed(content):
        content = unframed(content)
    return read_content(content, origin, place, raw=raw, findings=faults)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoder(repeated: list[str] | None = None) -> JSONDecoder:
    """A decoder that keeps the digits of numbers, and adds the keys that stand twice in an object to `repeated`."""

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        content = dict(items)
        if repeated is not None and len(content) < len(items):
            keys = [key for key, _ in items]
            repeated.extend(sorted({key for key in keys if keys.count(key) > 1}))
        return content

    return JSONDecoder(object_pairs_hook=pairs, parse_float=str, parse_int=str)


def _looks_like_lines(text: str) -> bool:
    """Say whether any line is a JSON object by itself."""
    for line in text.split("\n"):
        try:
            if isinstance(_decoder().decode(line), dict):
                return True
        except JSONDecodeError:
            continue
    return False


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
