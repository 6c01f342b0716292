"""Declares the parameters that select the representation of a document: format, JSON-LD profile, labels."""

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self

from fastapi import Depends, Path, Query, Request

from iomld.formats.rdf import FORMATS
from iomld.messages import message
from iomld.web.links import LINKSET, LINKSET_SUFFIX
from iomld.web.openapi import HTML, Text, nothing, sample
from iomld.web.problems import ProblemError, require_present
from iomld.web.releases.choice import AS_OF, RELEASE
from iomld.web.releases.request import choice_of, choose_release

JSONLD_PROFILES = ("framed", "compacted", "expanded", "flattened")
NAMED = "The name in the IRI, optionally with the suffix of a format: `.ttl`."
CODED = "The code, optionally with the suffix of a format: `.ttl`."

_PROFILE_NAMESPACE = "http://www.w3.org/ns/json-ld#"  # JSON-LD 1.1, section 6.1
# A media range of JSON-LD with parameters, and the profile among these (RFC 9110, section 12.5.1).
_JSONLD_RANGE = re.compile(r"application/ld\+json((?:\s*;\s*[^;,\"\s]+=(?:\"[^\"]*\"|[^;,\"\s]*))+)", re.IGNORECASE)
_PROFILE_PARAMETER = re.compile(r";\s*profile=(?:\"([^\"]*)\"|([^;,\"\s]*))", re.IGNORECASE)
_SUFFIXES = (*(format_.suffix for format_ in FORMATS), LINKSET_SUFFIX)
_FORMATS = (
    *dict.fromkeys(word for format_ in FORMATS for word in (format_.suffix, format_.name, format_.media_type)),
    *("linkset", LINKSET_SUFFIX, LINKSET),
)

Labels = Annotated[
    str,
    Query(description="With `1`, labels of the resources that the document points to are added.", examples=["0", "1"]),
]
_Release = Annotated[
    Text,
    Query(
        default_factory=lambda: None,
        alias=RELEASE,
        description="The name of a release; the answer is from its data instead of the data of today.",
    ),
]
_AsOf = Annotated[
    Text,
    Query(
        default_factory=lambda: None,
        alias=AS_OF,
        description="A time with a zone; the answer is from the release that was served then.",
        json_schema_extra={"format": "date-time"},
    ),
]
_Profile = Annotated[
    Text,
    Query(
        default_factory=nothing,
        description="The profile of JSON-LD.",
        json_schema_extra={"enum": [*JSONLD_PROFILES], "default": JSONLD_PROFILES[0]},
    ),
]


@dataclass(frozen=True, slots=True)
class RequestedFormat:
    """The format that an address requests.

    Attributes:
        name: A suffix, name or media type of a format; None if the Accept header decides.
        profile: The JSON-LD profile that the address names.
        suffix: The suffix of the path, if that requests the format.
    """

    name: str | None = None
    profile: str | None = None
    suffix: str | None = None

    def suffixed(self, suffix: str | None) -> Self:
        """The same with the suffix of the path, which overrides `?format=`."""
        return replace(self, name=suffix or self.name, suffix=suffix)

    def jsonld_profile(self, request: Request) -> str | None:
        """The name of the JSON-LD profile, by `?profile=` or the Accept header (JSON-LD 1.1, section 6.1).

        Raises:
            ProblemError: `?profile=` names an unknown profile (406).
        """
        if self.profile is None:
            return next(iter(_accepted_profiles(request.headers.get("accept", ""))), None)
        name = self.profile.removeprefix(_PROFILE_NAMESPACE)
        if name not in JSONLD_PROFILES:
            detail = message(
                "JSON-LD is available in the profiles {names}. Ask for one of them.", names=", ".join(JSONLD_PROFILES)
            )
            raise ProblemError(406, "not-acceptable", detail)
        return name


def _format(formats: tuple[str, ...]) -> Any:  # noqa: ANN401  # the return type of FastAPI's own functions
    return Query(
        default_factory=nothing,
        alias="format",
        description="The format, by suffix, name or media type. By default, `Accept` decides.",
        json_schema_extra={"enum": [*formats]},
        openapi_examples=sample("turtle"),
    )


def _suffix(suffixes: tuple[str, ...]) -> Any:  # noqa: ANN401  # the return type of FastAPI's own functions
    return Path(
        description="The suffix of a format.",
        json_schema_extra={"enum": [*suffixes]},
        openapi_examples=sample("ttl"),
    )


async def _by_parameter(
    request: Request, format_: Annotated[Text, _format((*_FORMATS, "html", HTML))], profile: _Profile
) -> RequestedFormat:
    require_present(request)
    return RequestedFormat(format_, profile)


async def _by_suffix(
    request: Request, suffix: Annotated[str, _suffix((*_SUFFIXES, "html"))], profile: _Profile
) -> RequestedFormat:
    require_present(request)
    return RequestedFormat(suffix, profile)


async def _chosen_release(
    request: Request,
    release: _Release,  # noqa: ARG001  # declared for the description; the choice is made by all values
    as_of: _AsOf,  # noqa: ARG001  # as above
) -> None:
    choice = choice_of(request)
    if choice is not None:
        await choose_release(request, choice)


async def _by_parameter_of_release(
    request: Request,
    format_: Annotated[Text, _format((*_FORMATS, "html", HTML))],
    profile: _Profile,
    release: _Release,
    as_of: _AsOf,
) -> RequestedFormat:
    await _chosen_release(request, release, as_of)
    return RequestedFormat(format_, profile)


async def _by_suffix_of_release(
    request: Request,
    suffix: Annotated[str, _suffix((*_SUFFIXES, "html"))],
    profile: _Profile,
    release: _Release,
    as_of: _AsOf,
) -> RequestedFormat:
    await _chosen_release(request, release, as_of)
    return RequestedFormat(suffix, profile)


FormatParameters = Annotated[RequestedFormat, Depends(_by_parameter)]
SuffixedFormat = Annotated[RequestedFormat, Depends(_by_suffix)]
ReleaseFormatParameters = Annotated[RequestedFormat, Depends(_by_parameter_of_release)]
"""The format of a document of any release."""
ReleaseSuffixedFormat = Annotated[RequestedFormat, Depends(_by_suffix_of_release)]
ReleaseParameters = Annotated[None, Depends(_chosen_release)]
"""The release alone."""


def wants_labels(labels: str) -> bool:
    """Whether the value of `labels` requests labels."""
    return labels in {"1", "true"}


def profile_type(name: str) -> str:
    """The media type of JSON-LD in a profile.

    >>> profile_type("expanded")
    'application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"'
    """
    return f'application/ld+json;profile="{_PROFILE_NAMESPACE}{name}"'


def _accepted_profiles(accept: str) -> list[str]:
    """Names of the profiles in an Accept header that we serve; the parameter may be a list of IRIs."""
    values = [
        quoted or plain
        for parameters in _JSONLD_RANGE.findall(accept)
        for quoted, plain in _PROFILE_PARAMETER.findall(parameters)
    ]
    names = [
        iri.removeprefix(_PROFILE_NAMESPACE)
        for value in values
        for iri in value.split()
        if iri.startswith(_PROFILE_NAMESPACE)
    ]
    return [name for name in names if name in JSONLD_PROFILES]
