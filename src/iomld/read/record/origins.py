"""Read the sources that a record states, as our exports do; they replace the file that was read as its origin.

The keys of a source are declared by `shp:GivenSource` (`shapes/given.ttl`). What is checked of the value of each stands
here, since the same is checked of sources in documents and of columns.
"""

import re
from collections.abc import Mapping
from typing import Any

from iomld.assets import load_fields
from iomld.messages import Message, message
from iomld.model import Finding, Origin, Place, Severity
from iomld.read.text import has_forbidden_character, is_web_address, utc_moment

# The attribute of `Origin` that holds the value of each key.
ORIGIN_ATTRIBUTES: Mapping[str, str] = {"mediaType": "media_type", "retrievedAt": "retrieved_at"} | {
    name: name for name in ("file", "sha256", "url")
}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_UNKNOWN_TYPE = "application/octet-stream"
_FIX = message(
    'Leave `sources` as it was exported, or empty: [{"file": "a.txt", "sha256": "…", "mediaType": "text/plain"}].'
)


def stated_origins(given: object, place: Place) -> tuple[tuple[Origin, ...], list[Finding]]:
    """Read the value of `sources`: a list of objects.

    Returns:
        The sources, or none if one of them is faulty, and a Violation `statedSource` for each fault.
    """
    if given is None:
        return (), []
    if not isinstance(given, list):
        return (), [_fault(message("'sources' must be a list."), place)]
    origins: list[Origin] = []
    findings: list[Finding] = []
    for number, item in enumerate(given, start=1):
        problem = _problem(item)
        if problem:
            findings.append(_fault(message("Source {number}: {fault}", number=number, fault=problem), place))
        else:
            origins.append(_origin(item))
    return (() if findings else tuple(origins)), findings


def source_of(node: Mapping[str, object]) -> dict[str, object] | None:
    """Convert the values of a snapshot node to an item of `sources`; None if it has no SHA-256.

    An invalid web address is omitted; a missing name or media type gets a default.

    Args:
        node: The values by property.
    """
    found = {name: node[key.iri] for name, key in load_fields().source_keys.items() if node.get(key.iri) is not None}
    sha256 = str(found.get("sha256", "")).lower()
    if not _SHA256.fullmatch(sha256):
        return None
    media_type, url = found.get("mediaType"), found.pop("url", None)
    known_type = isinstance(media_type, str) and _MEDIA_TYPE.fullmatch(media_type)
    found["file"] = found.get("file") or f"source {sha256[:12]}"
    found["sha256"] = sha256
    found["mediaType"] = media_type if known_type else _UNKNOWN_TYPE
    return found | ({"url": url} if isinstance(url, str) and is_web_address(url) else {})


def bad_source_address(url: str, place: Place | None) -> Finding:
    """A Violation for the address of a source that is not a web address."""
    problem = message("The address of a source, '{url}', is not a web address.", url=url)
    fix = message("Give the full address of the page, beginning with https://, and write [ and ] in it as %5B and %5D.")
    return Finding("sourceAddress", Severity.VIOLATION, problem, fix, value=url, place=place)


def bad_retrieval_time(text: str, place: Place | None) -> Finding:
    """A Violation for a retrieval time that is not a date and time with a time zone."""
    problem = message("The retrieval time '{time}' is not a date and time with a time zone.", time=text)
    fix = message("Write 2026-11-23T19:00:00Z.")
    return Finding("retrievalTime", Severity.VIOLATION, problem, fix, value=text, place=place)


def _problem(item: object) -> Message | None:
    if not isinstance(item, dict):
        return message("must be an object.")
    texts = {key: item[key] for key in load_fields().source_keys if item.get(key) is not None}
    if not all(isinstance(text, str) and text and not has_forbidden_character(text) for text in texts.values()):
        return message("every value must be text.")
    checks = (
        ("file" in texts, message("the name of the file is missing.")),
        (_SHA256.fullmatch(texts.get("sha256", "")), message("'sha256' must be 64 hexadecimal digits.")),
        (
            _MEDIA_TYPE.fullmatch(texts.get("mediaType", "")),
            message("'mediaType' must be a media type such as text/plain."),
        ),
        ("url" not in texts or is_web_address(texts["url"]), message("'url' must be a web address.")),
        (
            "retrievedAt" not in texts or utc_moment(texts["retrievedAt"]),
            message("'retrievedAt' must be a date and time with a time zone."),
        ),
    )
    return next((problem for holds, problem in checks if not holds), None)


def _origin(item: Mapping[str, str | None]) -> Origin:
    retrieved = item.get("retrievedAt")
    stated: dict[str, Any] = {name: item.get(key) for key, name in ORIGIN_ATTRIBUTES.items()}
    return Origin(**stated | {"retrieved_at": utc_moment(retrieved) if retrieved else None})


def _fault(problem: Message, place: Place) -> Finding:
    return Finding("statedSource", Severity.VIOLATION, problem, _FIX, field="sources", place=place)
