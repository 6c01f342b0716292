"""Saved queries as files for programs: their list, their text and description, and the citation of an answer."""

import json
from collections.abc import Mapping
from pathlib import Path

from fastapi import Request
from pyoxigraph import Quad
from starlette.responses import Response

from iomld.browse.view import ReleaseView, arranged
from iomld.formats import rdf
from iomld.formats.negotiate import choose
from iomld.iris import SH
from iomld.messages import message
from iomld.saved.answers import answers_of
from iomld.saved.description import query_quads
from iomld.saved.folder import SavedQueries, pins, saved_queries
from iomld.saved.parameters import Value
from iomld.saved.query import SavedQuery
from iomld.web.data.documents import turtle_bytes
from iomld.web.openapi import HTML
from iomld.web.pages.render import page_response
from iomld.web.problems import ProblemError
from iomld.web.responses import answer
from iomld.web.saved.citations import BIBTEX_TYPE, CFF_TYPE, answer_citation, citation_file
from iomld.web.saved.pages import list_html
from iomld.web.saved.versions import BIBTEX_SUFFIX, CFF_SUFFIX, QUERY_SUFFIX, SavedVersion
from iomld.web.sparql.protocol import QUERY

IMMUTABLE = "public, max-age=31536000, immutable"  # RFC 8246
JSON_TYPE = "application/json"
LIST_OFFERS = (JSON_TYPE, *(format_.media_type for format_ in rdf.FORMATS))


def file_response(request: Request, version: SavedVersion, suffix: str, values: Mapping[str, Value]) -> Response:
    """What a suffix asks for: the query as it was saved, its citation, or its description.

    Raises:
        ProblemError: The answer cannot be cited yet (404).
    """
    headers = {"Cache-Control": IMMUTABLE} if version.is_fixed else {}
    match suffix:
        case _ if suffix == QUERY_SUFFIX:
            return answer(request, version.query.text.encode(), f"{QUERY}; charset=utf-8", headers=headers)
        case _ if suffix in {CFF_SUFFIX, BIBTEX_SUFFIX}:
            if version.recorded is None:
                raise _not_citable(version)
            if suffix == CFF_SUFFIX:
                return answer(request, citation_file(version, values), CFF_TYPE, headers=headers)
            entry = answer_citation(version, values).bibtex.encode() + b"\n"
            return answer(request, entry, f"{BIBTEX_TYPE}; charset=utf-8", headers=headers)
        case _:
            format_ = rdf.by_suffix(suffix) or rdf.TURTLE
            quads = query_quads(
                version.query,
                version.view.iris,
                version.release if version.is_fixed else "",
                version.recorded if version.is_fixed else None,
            )
            return _description(request, version.view, quads, format_, headers)


def _not_citable(version: SavedVersion) -> ProblemError:
    detail = message(
        "The query “{name}” was saved or changed after the release {release} was made. It can be cited once there is a "
        "new release, or once whoever runs this server has pinned it to this one.",
        name=version.query.name,
        release=version.release,
    )
    return ProblemError(404, "not-citable", detail)


def _description(
    request: Request, view: ReleaseView, quads: tuple[Quad, ...], format_: rdf.Format, headers: Mapping[str, str]
) -> Response:
    quads, is_turtle = arranged(quads, first=""), format_ is rdf.TURTLE
    body = turtle_bytes(quads, view.iris.prefixes() | {"sh": SH}) if is_turtle else rdf.serialize(quads, format_)
    media_type = f"{format_.media_type}; charset=utf-8" if is_turtle else format_.media_type
    return answer(request, body, media_type, headers={"Vary": "Accept", **headers})


def list_response(request: Request, view: ReleaseView, datadir: Path, format_: str | None) -> Response:
    """The list in the format that is asked for.

    Raises:
        ProblemError: There is no such format (406).
    """
    saved = saved_queries(datadir)
    if format_:
        chosen = HTML if format_ == "html" else JSON_TYPE if format_ == "json" else format_
        known = rdf.by_name(chosen) or rdf.by_suffix(chosen) or rdf.by_media_type(chosen)
    else:
        chosen = choose(request.headers.get("accept"), (*LIST_OFFERS, HTML)) or ""
        known = rdf.by_media_type(chosen)
    if chosen == HTML:
        return page_response(request, list_html(view, saved, pins(datadir)))
    if chosen == JSON_TYPE:
        return answer(request, _list_json(view, saved), JSON_TYPE, headers={"Vary": "Accept"})
    if known is None:
        raise not_acceptable(LIST_OFFERS)
    quads = tuple(quad for query in saved.queries for quad in query_quads(query, view.iris))
    return _description(request, view, quads, known, {})


def not_acceptable(offers: tuple[str, ...]) -> ProblemError:
    """The error for formats that are not offered (406)."""
    detail = message(
        "This is available as {forms}. Ask for one of them in the Accept header, or add ?format=json.",
        forms=", ".join((*offers, HTML)),
    )
    return ProblemError(406, "not-acceptable", detail)


def _list_json(view: ReleaseView, saved: SavedQueries) -> bytes:
    recorded = answers_of(view.release)

    def described(query: SavedQuery) -> dict[str, object]:
        found = recorded.get(query.name)
        is_same = found is not None and found.text == query.text
        return {
            "name": query.name,
            "title": query.title,
            "summary": query.summary,
            "keywords": [*query.tags],
            "form": query.form,
            "sha256": query.sha256,
            "address": f"/saved/{query.name}",
            "version": view.iris.saved_query(query.name, view.release.manifest.name) if is_same else None,
            "rows": found.facts.rows if found and is_same and found.facts else None,
            "parameters": [
                {
                    "name": one.name,
                    "type": one.type.value,
                    "language": one.language or None,
                    "default": one.text_of(one.default),
                    "choices": [one.text_of(choice) for choice in one.choices],
                }
                for one in query.parameters
            ],
        }

    faults = [{"file": one.file, "line": one.line or None, "fault": str(one.fault)} for one in saved.faults]
    document = {
        "release": view.release.manifest.name,
        "queries": [described(query) for query in saved.queries],
        "faults": faults,
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
