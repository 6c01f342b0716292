"""Content negotiation by the Accept and Accept-Encoding headers (RFC 9110 sections 12.5.1 and 12.5.3).

Malformed parts of a header are ignored.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

# A comma in a quoted parameter value does not separate ranges; an unclosed quote extends to the end.
_ELEMENT = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)+', re.DOTALL)
_PARAMETER = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*"?)+', re.DOTALL)
_TCHARS = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_RANGE = re.compile(rf"{_TCHARS}/{_TCHARS}")
_CODING = re.compile(r"([!#$%&'*+\-.^_`|~0-9a-z]+)(?:\s*;\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?")
_EQUAL_WORTH: Mapping[str, float] = MappingProxyType({})
_WEIGHT = re.compile(r"[0-9]{1,9}(?:\.[0-9]*)?|\.[0-9]+")


@dataclass(frozen=True, slots=True)
class _MediaRange:
    """An element of an Accept header: `text/*;q=0.5`; of other parameters only the presence is recorded."""

    type_: str
    subtype: str
    has_parameters: bool
    quality: float

    def specificity(self, media_type: str) -> int:
        """How specifically the range matches a media type, from 0 (not at all) to 4 (exactly)."""
        type_, _, subtype = media_type.partition("/")
        if (self.type_, self.subtype) == (type_, subtype):
            return 3 if self.has_parameters else 4
        if self.subtype == "*":
            return {type_: 2, "*": 1}.get(self.type_, 0)
        return 0


def choose(accept: str | None, offers: Sequence[str], worth: Mapping[str, float] = _EQUAL_WORTH) -> str | None:
    """The offer that the client prefers, or None if it accepts none.

    The most specific range that matches an offer decides its quality; the offer of the highest quality wins, the
    earlier one at a tie. Parameters of a range (`charset`, `profile`) are ignored, except that a refused range (`q=0`)
    with parameters only refuses that variant, which we do not offer. A header that is missing, empty or without a
    valid range accepts everything.

    Args:
        accept: Value of the header, several joined with commas; None if the client sent none.
        offers: Available media types, the preferred one first; their parameters are not compared.
        worth: Quality of an offer on our side, above 0 and up to 1, the default; it is multiplied by the client's.

    >>> choose("text/html;q=0.5, text/turtle", ("text/html", "text/turtle"))
    'text/turtle'
    >>> choose("image/*", ("text/html", "text/turtle")) is None
    True
    """
    ranges = _media_ranges(accept or "")
    if not ranges:
        return offers[0] if offers else None
    best = max(offers, key=lambda offer: _quality(offer, ranges) * worth.get(offer, 1.0), default=None)
    return best if best is not None and _quality(best, ranges) > 0 else None


@lru_cache(maxsize=256)
def choose_coding(accept_encoding: str, codings: tuple[str, ...]) -> str | None:
    """The content coding that the client prefers, `identity` for no coding; None if it accepts nothing.

    Args:
        accept_encoding: Value of the header, several joined with commas; empty if the client sent none.
        codings: Available codings, the preferred one first; `*` stands for the last one, which all clients should know.

    >>> choose_coding("zstd;q=0.5, gzip", ("zstd", "gzip")), choose_coding("identity;q=0", ())
    ('gzip', None)
    """
    read = (_CODING.fullmatch(element.strip()) for element in accept_encoding.lower().split(","))
    weights = {match[1]: float(match[2] or 1) for match in read if match}
    other = weights.get("*")
    weights = dict.fromkeys(codings, 0.0) | ({codings[-1]: other or 0.0} if codings else {}) | weights
    # Acceptable, but anything that the client names is preferred.
    weights.setdefault("identity", 0.0 if other == 0 else other or 0.0005)
    best = max((*codings, "identity"), key=weights.__getitem__)
    return best if weights[best] else None


def _quality(offer: str, ranges: Sequence[_MediaRange]) -> float:
    media_type = offer.partition(";")[0].strip().lower()
    # Of equally specific ranges the one of the higher quality counts.
    specificity, quality = max((range_.specificity(media_type), range_.quality) for range_ in ranges)
    return quality if specificity else 0.0


def _media_ranges(accept: str) -> tuple[_MediaRange, ...]:
    read = (_media_range(element) for element in _ELEMENT.findall(accept))
    return tuple(range_ for range_ in read if range_ and not (range_.has_parameters and range_.quality == 0))


def _media_range(element: str) -> _MediaRange | None:
    """An element as a range, or None if it is malformed. A single `*`, which old Java clients send, means all."""
    name, *parameters = (part.strip() for part in _PARAMETER.findall(element)) if element.strip(" \t;") else ("",)
    name = "*/*" if name == "*" else name.lower()
    if not _RANGE.fullmatch(name):
        return None
    type_, _, subtype = name.partition("/")
    if type_ == "*" and subtype != "*":
        return None
    quality, has_parameters = 1.0, False
    for parameter in filter(None, parameters):
        key, _, value = parameter.partition("=")
        if key.strip().lower() != "q":
            has_parameters = True
        elif _WEIGHT.fullmatch(value.strip()):
            quality = min(1.0, float(value))
        else:
            return None
    return _MediaRange(type_, subtype, has_parameters, quality)
