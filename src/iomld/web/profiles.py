"""Which JSON-LD a client asks for: framed unless it names a profile (JSON-LD 1.1 section 6.1, media type)."""

import re

from fastapi import Request

from iomld.model import message
from iomld.web.problems import ProblemError

_START = "http://www.w3.org/ns/json-ld#"
PROFILES = ("framed", "compacted", "expanded", "flattened")
_RANGE = re.compile(r"application/ld\+json((?:\s*;\s*[^;,\"\s]+=(?:\"[^\"]*\"|[^;,\"\s]*))+)", re.IGNORECASE)
_PROFILE = re.compile(r";\s*profile=(?:\"([^\"]*)\"|([^;,\"\s]*))", re.IGNORECASE)


def profile_of(request: Request) -> str | None:
    """The name of the profile that a request asks for, by `?profile=` or in the Accept header; None for no wish.

    Raises:
        ProblemError: `?profile=` names one that we do not have (406).
    """
    asked = request.query_params.get("profile")
    if asked is not None:
        name = asked.removeprefix(_START)
        if name not in PROFILES:
            detail = message("JSON-LD comes in the profiles {names}.", names=", ".join(PROFILES))
            raise ProblemError(406, "not-acceptable", detail)
        return name
    return next(iter(_accepted(request.headers.get("accept", ""))), None)


def profile_type(name: str) -> str:
    """The media type of JSON-LD in a profile.

    >>> profile_type("expanded")
    'application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"'
    """
    return f'application/ld+json;profile="{_START}{name}"'


def _accepted(accept: str) -> list[str]:
    """Names of our profiles in an Accept header; a profile may be a list of IRIs."""
    values = [
        quoted or plain for parameters in _RANGE.findall(accept) for quoted, plain in _PROFILE.findall(parameters)
    ]
    names = [iri.removeprefix(_START) for value in values for iri in value.split() if iri.startswith(_START)]
    return [name for name in names if name in PROFILES]
