"""Finds the saved query that an address names, of today or of a release, and reads its parameters from a request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlencode

from iomld.browse.view import Link, ReleaseView, link_to, links_by_name
from iomld.formats.rdf import FORMATS
from iomld.messages import message
from iomld.saved.answers import SavedAnswer, answers_of
from iomld.saved.decorators import QueryFileError
from iomld.saved.folder import Pin, pins, saved_queries, version_in
from iomld.saved.parameters import Parameter, ParameterError, ParameterType, Value
from iomld.saved.query import SavedQuery, parse_saved_query
from iomld.web.problems import OF_OTHER_TIMES, ProblemError
from iomld.web.sparql.protocol import single

QUERY_SUFFIX, CFF_SUFFIX, BIBTEX_SUFFIX = "rq", "cff", "bib"
SUFFIXES = (QUERY_SUFFIX, CFF_SUFFIX, BIBTEX_SUFFIX, *(format_.suffix for format_ in FORMATS))
OPTIONS = ("format", "timeout", "download")
PARAMETER = "parameter"  # the kind of the problem with a value
_LANGUAGE = "lang"
_LIST = message("See all saved queries"), "/saved"


@dataclass(frozen=True, slots=True)
class SavedAddress:
    """The last segment of an address below `/saved`: `NAME`, `NAME@RELEASE`, with or without a suffix.

    Attributes:
        name: Name of the query.
        release: Name of the release; empty for the one that is served.
        suffix: What is wanted of it instead of its answer; empty for the answer.
    """

    name: str
    release: str = ""
    suffix: str = ""

    @property
    def path(self) -> str:
        """The path of the answer."""
        return f"/saved/{self.name}" + (f"@{self.release}" if self.release else "")


def saved_address(segment: str) -> SavedAddress:
    """Take a segment apart.

    >>> saved_address("budgets@20261130T112033Z-12ab34cd.cff")
    SavedAddress(name='budgets', release='20261130T112033Z-12ab34cd', suffix='cff')
    """
    stem, _, suffix = segment.rpartition(".")
    if not stem or suffix not in SUFFIXES:
        stem, suffix = segment, ""
    name, _, release = stem.partition("@")
    # With an "@" at its end, no query has this name.
    return SavedAddress(name if release else stem, release, suffix)


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """A saved query with the release that it is asked of.

    Attributes:
        query: The query.
        view: The release.
        recorded: Its answer in the release with this text; None if it was saved or changed after the release was made.
        is_fixed: Whether the address names the release.
        is_pinned: Whether the release is kept for it.
    """

    query: SavedQuery
    view: ReleaseView
    recorded: SavedAnswer | None
    is_fixed: bool
    is_pinned: bool

    @property
    def release(self) -> str:
        """Name of the release."""
        return self.view.release.manifest.name

    def iri(self, values: Mapping[str, Value]) -> str:
        """The IRI of the answer with some values, which names the release."""
        return self.view.iris.saved_query(self.query.name, self.release) + query_string(self.query.given(values))


def query_string(texts: Mapping[str, str]) -> str:
    """Parameters as the end of an address; empty without any.

    >>> query_string({"region": "asia"})
    '?region=asia'
    """
    return f"?{urlencode(texts)}" if texts else ""


def current_version(datadir: Path, view: ReleaseView, name: str) -> SavedVersion:
    """A saved query of today, asked of the release that is served.

    Raises:
        ProblemError: There is none (404), or its file has a fault (503).
    """
    query = _usable(name, lambda: saved_queries(datadir).find(name))
    if query is None:
        names = [one.name for one in saved_queries(datadir).queries]
        close = get_close_matches(name[:80], names, n=1)
        detail = (
            message("There is no saved query “{name}”. Did you mean “{close}”?", name=name[:80], close=close[0])
            if close
            else message(
                "There is no saved query “{name}”. All of them are listed at {path}.", name=name[:80], path=_LIST[1]
            )
        )
        raise ProblemError(404, "unknown-query", detail, onward=_LIST)
    recorded = answers_of(view.release).get(name)
    is_same = recorded is not None and recorded.text == query.text
    is_pinned = Pin(name, view.release.manifest.name) in pins(datadir)
    if not recorded and is_pinned:
        recorded = version_in(datadir, view.release, name)
        is_same = recorded is not None and recorded.text == query.text
    return SavedVersion(query, view, recorded if is_same else None, is_fixed=False, is_pinned=is_pinned)


def fixed_version(datadir: Path, view: ReleaseView, name: str) -> SavedVersion:
    """A saved query as it was in a release, or as it was pinned to it.

    Raises:
        ProblemError: There is none (404), or its text cannot be read any more (503).
    """
    release = view.release.manifest.name
    recorded = version_in(datadir, view.release, name)
    if recorded is None:
        detail = message(
            "The release {release} has no saved query “{name}”; it may have been saved later. Whoever runs this server "
            "can pin it to this release.",
            release=release,
            name=name[:80],
        )
        raise ProblemError(404, "unknown-query", detail, onward=_LIST)
    query = _usable(name, lambda: parse_saved_query(name, recorded.text))
    assert query is not None  # noqa: S101  # only finding may give none
    return SavedVersion(query, view, recorded, is_fixed=True, is_pinned=Pin(name, release) in pins(datadir))


def _usable(name: str, find: Callable[[], SavedQuery | None]) -> SavedQuery | None:
    try:
        return find()
    except QueryFileError as error:
        detail = message(
            "The saved query “{name}” cannot be used: {fault} Whoever runs this server can mend its file.",
            name=name,
            fault=error.message,
        )
        raise ProblemError(503, "query-file", detail) from error


# -- parameters --------------------------------------------------------------------------------------------------------


def given_texts(query: SavedQuery, parameters: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The texts of the parameters that a request gives to the query.

    Raises:
        ProblemError: A parameter is given twice, or asks for another time (400).
    """
    texts: dict[str, str] = {}
    for name in parameters:
        if name in OPTIONS or name == _LANGUAGE:
            continue
        if name.lower() in OF_OTHER_TIMES:
            detail = message(
                "To ask another release, write its name into the path: /saved/{query}@RELEASE. Remove “{name}”.",
                query=query.name,
                name=name,
            )
            raise ProblemError(400, "unknown-parameter", detail)
        texts[name] = single(parameters, name) or ""
    return texts


def given_values(version: SavedVersion, texts: Mapping[str, str]) -> Mapping[str, Value]:
    """The value of each parameter.

    Raises:
        ProblemError: One is of the wrong type, is in none of our lists, or does not exist (400).
    """
    query = version.query
    try:
        values = query.values(texts)
    except ParameterError as error:
        raise ProblemError(400, PARAMETER, error.message, parameter=error.parameter[:80]) from error
    for parameter in query.parameters:
        if parameter.name in texts:
            _check_listed(version.view, parameter, values[parameter.name])
    return values


def _check_listed(view: ReleaseView, parameter: Parameter, value: Value) -> None:
    """Check that a code is in the list that the default is in: another one finds nothing, without a word."""
    listed = listed_links(view, parameter)
    if not listed or not value.value.startswith(parameter.namespace) or any(one.iri == value.value for one in listed):
        return
    text = parameter.text_of(value)
    codes = [link.code for link in listed]
    close = get_close_matches(text[:80], codes, n=3, cutoff=0.4) or codes[:3]
    detail = message(
        "The parameter “{name}” is “{text}”, which is not in the list of {list}. The closest codes are: {names}.",
        name=parameter.name,
        text=text[:60],
        list=parameter.namespace,
        names=", ".join(close),
    )
    raise ProblemError(400, PARAMETER, detail, parameter=parameter.name)


def listed_links(view: ReleaseView, parameter: Parameter) -> tuple[Link, ...]:
    """What a parameter may be, with names in the language of the view, if it is an IRI in one of our lists."""
    if parameter.type is not ParameterType.IRI:
        return ()
    if parameter.choices:
        links = [link_to(view, choice.value) for choice in parameter.choices]
        return tuple(link for link in links if link)
    if parameter.namespace == view.iris.country(""):
        return links_by_name(view, map(view.iris.country, view.vocabulary.countries))
    for scheme, concepts in view.vocabulary.concepts.items():
        if parameter.namespace == view.iris.concept(scheme, ""):
            return links_by_name(view, (view.iris.concept(scheme, code) for code in concepts))
    return ()
