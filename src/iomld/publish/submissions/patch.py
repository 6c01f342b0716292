"""Patches: records with only what changes, merged into the published records (RFC 7396, JSON Merge Patch).

A key that a patch does not have stays as it is published, and `null` removes it; lists are replaced whole.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from json import JSONDecodeError, JSONDecoder
from typing import Any

from iomld.assets import load_fields
from iomld.errors import SourceError
from iomld.messages import message
from iomld.model import BUDGET_FIELDS, Finding, Place, Project, Record
from iomld.pipeline.records import record_json
from iomld.read import located
from iomld.read.text import has_forbidden_character

_MEDIA_TYPE = "application/json"
_IN_DOLLARS = "budgetUSD"
_FORM = message("A patch is a record in JSON, a list of records, or a record on each line. Send it like that.")
Json = dict[str, Any]


def patched_records(data: bytes, name: str, published: Callable[[str], Project | None]) -> bytes:
    """The whole records that patches make of the published ones, as a JSON list.

    The patch is a source of each, with the sources of the published record; those that a patch states are not taken.

    Args:
        data: The patches.
        name: Name of the file, for the source.
        published: Gives the published project with a key; None if there is none.

    Raises:
        SourceError: The data is not of that form.
    """
    try:
        return _merged(data, name, published)
    except RecursionError as error:
        raise SourceError(_FORM) from error


def _merged(data: bytes, name: str, published: Callable[[str], Project | None]) -> bytes:
    records: dict[str, Json] = {}
    for number, patch in enumerate(_patches(data)):
        key = _key(patch) or f"\0{number}"
        base = _without_replaced(records.get(key) or _base(published(key), data, name), patch)
        records[key] = merge_patch(base, patch) | {"sources": base["sources"]}
    return json.dumps([*records.values()], indent=1).encode()


def placed_as_sent(findings: Iterable[Finding], sent: Sequence[Record]) -> Iterator[Finding]:
    """The findings about a merged record, each with its place in what was sent.

    Args:
        findings: The findings.
        sent: The patches of the record, as records.

    Yields:
        Each finding; it has no line if it is about what was published before.
    """
    known = {
        (one.rule, str(one.message)): located(one, record).place for record in reversed(sent) for one in record.findings
    }
    for one in findings:
        place = known.get((one.rule, str(one.message))) or _place_of_field(one, sent)
        yield replace(one, place=place or (Place(one.place.file) if one.place else None))


def _place_of_field(finding: Finding, sent: Sequence[Record]) -> Place | None:
    """The place of the value that a patch has for the field of a finding; None if no patch has it."""
    for record in reversed(sent):
        for value in record.values.get(finding.field or "", ()):
            return located(replace(finding, place=value.place), record).place
    return None


def merge_patch(target: object, patch: object) -> Any:  # noqa: ANN401  # a value of JSON
    """The result of a patch (RFC 7396, section 2).

    >>> merge_patch({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": [4]}})
    {'b': {'c': [4], 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def _patches(data: bytes) -> Iterator[Json]:
    """The patches in a list, in one object, or on lines; numbers keep the digits that were written."""
    decoder = JSONDecoder(parse_float=str, parse_int=str)
    try:
        text = data.decode("utf-8-sig")
        try:
            found = decoder.decode(text)
        except JSONDecodeError:
            found = [decoder.decode(line) for line in text.splitlines() if line.strip()]
    except (UnicodeDecodeError, JSONDecodeError) as error:
        raise SourceError(_FORM) from error
    patches = found if isinstance(found, list) else [found]
    if not all(isinstance(patch, dict) for patch in patches):
        raise SourceError(_FORM)
    yield from patches


def _key(record: Mapping[str, object]) -> str:
    """The key of the project that a record is about, as `merge.record_key` has it; empty if it has no identifier.

    An identifier that is no text, such as half of a character, is none; the reader reports it.
    """
    given = (str(record.get(key) or "").strip() for key in ("projectCode", "primaId"))
    code, prima = ("" if has_forbidden_character(text) else text for text in given)
    return code or (f"prima-{prima}" if prima else "")


def _base(project: Project | None, data: bytes, name: str) -> Json:
    """The published record that is patched, with the patch as a source; only that for a new record."""
    base: Json = {"sources": []} if project is None else record_json(project)
    source = {"file": name, "sha256": hashlib.sha256(data).hexdigest(), "mediaType": _MEDIA_TYPE}
    return base | {"sources": [*(one for one in base["sources"] if one["sha256"] != source["sha256"]), source]}


def _without_replaced(base: Json, patch: Json) -> Json:
    """A record without what a patch replaces under another key.

    That is an amount that is written in two ways, and mentions in texts that change: those in the new text are found
    again.
    """
    others: frozenset[str] = frozenset()
    if _IN_DOLLARS in patch:
        others = frozenset(BUDGET_FIELDS) - {_IN_DOLLARS}
    elif not patch.keys().isdisjoint(BUDGET_FIELDS):
        others = frozenset({_IN_DOLLARS})
    left = {key: value for key, value in base.items() if key not in others}
    if "mentions" in left:
        left["mentions"] = [one for one in left["mentions"] if not _is_changed(one, patch)]
    return left


def _is_changed(mention: Mapping[str, str], patch: Json) -> bool:
    """Whether a patch changes the text that a mention is in; the mentions in the new text are found again."""
    field = mention.get("field", "")
    if field not in load_fields().texts or field not in patch:
        return False
    texts = patch[field]
    return not isinstance(texts, dict) or mention.get("language") in texts
