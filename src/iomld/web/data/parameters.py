"""Parameters that choose the representation of a document: its format, its JSON-LD profile, labels beside it."""

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self

from fastapi import Depends, Path, Query, Request

from iomld.formats.rdf import FORMATS
from iomld.messages import message
from iomld.web.links import LINKSET, LINKSET_SUFFIX
from iomld.web.openapi import HTML, Text, sample
from iomld.web.problems import ProblemError

_START = "http://www.w3.org/ns/json-ld#"
PROFILES = ("framed", "compacted", "expanded", "flattened")
_RANGE = re.compile(r"application/ld\+json((?:\s*;\s*[^;,\"\s]+=(?:\"[^\"]*\"|[^;,\"\s]*))+)", re.IGNORECASE)
_PROFILE = re.compile(r";\s*profile=(?:\"([^\"]*)\"|([^;,\"\s]*))", re.IGNORECASE)
_SUFFIXES = (*(format_.suffix for format_ in FORMATS), LINKSET_SUFFIX)
_FORMATS = (
    *dict.fromkeys(word for format_ in FORMATS for word in (format_.suffix, format_.name, format_.media_type)),
    *("linkset", LINKSET_SUFFIX, LINKSET),
)
NAMED = "The name in the IRI, optionally with the suffix of a format: `.ttl`."
CODED = "The code, optionally with the suffix of a format: `.ttl`."

Labels = Annotated[
    str,
    Query(description="With `1`, labels of the resources that the document points to are added.", examples=["0", "1"]),
]
_Profile = Annotated[
    Text,
    Query(
        default_factory=lambda: None,
        description="The profile of JSON-LD.",
        json_schema_extra={"enum": [*PROFILES], "default": PROFILES[0]},
    ),
]


@dataclass(frozen=True, slots=True)
class RequestedForm:
    """The form of a document that an address asks for.

    Attributes:
        name: A suffix, name or media type of a format; None where the Accept header decides.
        profile: The profile of JSON-LD that the address names.
    """

    name: str | None = None
    profile: str | None = None

    def suffixed(self, suffix: str | None) -> Self:
        """The same with the suffix of the path, which comes first."""
        return replace(self, name=suffix or self.name)

    def jsonld_profile(self, request: Request) -> str | None:
        """The name of the JSON-LD profile, by `?profile=` or the Accept header (JSON-LD 1.1 section 6.1).

        Raises:
            ProblemError: `?profile=` names one that we do not have (406).
        """
        if self.profile is None:
            return next(iter(_accepted(request.headers.get("accept", ""))), None)
        name = self.profile.removeprefix(_START)
        if name not in PROFILES:
            detail = message("JSON-LD comes in the profiles {names}.", names=", ".join(PROFILES))
            raise ProblemError(406, "not-acceptable", detail)
        return name


def _format(formats: tuple[str, ...]) -> Any:  # noqa: ANN401  # what FastAPI declares its parameters with
    return Query(
        default_factory=lambda: None,
        alias="format",
        description="The format, by suffix, name or media type. By default, `Accept` decides.",
        json_schema_extra={"enum": [*formats]},
        openapi_examples=sample("turtle"),
    )


def _suffix(suffixes: tuple[str, ...]) -> Any:  # noqa: ANN401  # what FastAPI declares its parameters with
    return Path(
        description="The suffix of a format.",
        json_schema_extra={"enum": [*suffixes]},
        openapi_examples=sample("ttl"),
    )


async def _by_parameter(
    format_: Annotated[Text, _format((*_FORMATS, "html", HTML))], profile: _Profile
) -> RequestedForm:
    return RequestedForm(format_, profile)


async def _by_suffix(suffix: Annotated[str, _suffix((*_SUFFIXES, "html"))], profile: _Profile) -> RequestedForm:
    return RequestedForm(suffix, profile)


async def _data_by_parameter(format_: Annotated[Text, _format(_FORMATS)], profile: _Profile) -> RequestedForm:
    return RequestedForm(format_, profile)


async def _data_by_suffix(suffix: Annotated[str, _suffix(_SUFFIXES)], profile: _Profile) -> RequestedForm:
    return RequestedForm(suffix, profile)


AskedForm = Annotated[RequestedForm, Depends(_by_parameter)]
SuffixedForm = Annotated[RequestedForm, Depends(_by_suffix)]
AskedDataForm = Annotated[RequestedForm, Depends(_data_by_parameter)]
"""The form of a document that has no page."""
SuffixedDataForm = Annotated[RequestedForm, Depends(_data_by_suffix)]


def asks_labels(labels: str) -> bool:
    """Whether a value of `labels` asks for them."""
    return labels in {"1", "true"}


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
