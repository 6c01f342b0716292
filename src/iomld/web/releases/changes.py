"""The route `/changes`: what differs between two releases, as a page, JSON, a table or an RDF Patch."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from iomld import __version__
from iomld.browse.project.differences import named_difference
from iomld.browse.view import ReleaseView
from iomld.export.difference_formats import DIFFERENCE_FORMATS, DifferenceFormat
from iomld.export.differences import ReleaseDifference
from iomld.formats.negotiate import choose
from iomld.messages import Quantity, message
from iomld.pipeline.differences import Change
from iomld.web.conditional import http_date, is_not_modified, weak_etag
from iomld.web.i18n import current_page, page_language
from iomld.web.openapi import HTML, Text, page_language_parameter, responses
from iomld.web.pages.frame import page_html
from iomld.web.problems import ProblemError, require_present
from iomld.web.releases.archive import ReleaseArchive
from iomld.web.releases.choice import ReleaseChoice, created
from iomld.web.responses import get_route

_FORMATS = {name: DIFFERENCE_FORMATS[name] for name in ("json", "csv", "rdf-patch")}
_OFFERS = {format_.media_type: format_ for format_ in _FORMATS.values()}
_SHOWN = 100  # projects on the page
_MOST_PROJECTS = 5000  # whose values are compared for one request, in ten seconds or so
_Since = Annotated[
    Text,
    Query(
        default_factory=lambda: None,
        description="The name of the release to begin from. By default, the one before `until`, if there is one.",
    ),
]
_Until = Annotated[
    Text,
    Query(
        default_factory=lambda: None,
        description="The name of the other release. By default, the one that is served.",
    ),
]
_Format = Annotated[
    Text,
    Query(
        default_factory=lambda: None,
        alias="format",
        description="The format, by name or media type. By default, `Accept` decides.",
        json_schema_extra={"enum": [*_FORMATS, *_OFFERS, "html", HTML]},
    ),
]


def change_routes(view: Callable[[], ReleaseView], archive: ReleaseArchive, *, max_bytes: int) -> APIRouter:
    """The route.

    Args:
        view: Gives the release that is served now, in the language of the page.
        archive: Finds other releases.
        max_bytes: Largest answer.
    """
    router = APIRouter()

    @get_route(
        router,
        "/changes",
        "lists",
        "Get what differs between two releases, by project and field",
        responses({200: (*_OFFERS, HTML), 304: ()}, 400, 404, 406, 410, 422, 503),
        dependencies=[Depends(require_present), Depends(page_language_parameter)],
    )
    def changes(request: Request, since: _Since, until: _Until, format_: _Format) -> Response:
        """JSON and the table have the old and new values of each field.

        An RDF Patch applied to the quads of `since` gives exactly those of `until`, as in the file `dataset.nq.gz`.
        """
        chosen = _chosen_format(request, format_)
        opened = view()
        difference = _difference(archive, opened, since, until)
        headers = _headers(difference, chosen, opened.release.manifest.name)
        if is_not_modified(request.headers, headers["ETag"], _modified(difference)):
            return Response(status_code=304, headers=headers)
        if chosen is None:
            body, media_type = _page(opened, difference), f"{HTML}; charset=utf-8"
        else:
            body, media_type = _body(difference, chosen, max_bytes), chosen.media_type
        headers |= {"Content-Type": media_type, "Content-Length": str(len(body))}
        return Response(b"" if request.method == "HEAD" else body, headers=headers)

    return router


def _chosen_format(request: Request, name: str | None) -> DifferenceFormat | None:
    """The format of the answer; None for the page. Raises 406 if there is no such format."""
    if name:
        found = _FORMATS.get(name) or _OFFERS.get(name)
        is_page = name in {"html", HTML}
    else:
        accepted = choose(request.headers.get("accept"), (*_OFFERS, HTML))
        found, is_page = _OFFERS.get(accepted or ""), accepted == HTML
    if found is None and not is_page:
        detail = message(
            "Differences are available as {forms}. Ask for one of them in the Accept header, or add ?format=json.",
            forms=", ".join((*_OFFERS, HTML)),
        )
        raise ProblemError(406, "not-acceptable", detail)
    return found


def _difference(archive: ReleaseArchive, view: ReleaseView, since: str | None, until: str | None) -> ReleaseDifference:
    """The difference that is asked for. Raises 404 for an unknown release, and 410 for one that was removed."""
    new = view.release if until is None else archive.find(ReleaseChoice(until))
    before = since if since is not None else new.manifest.previous
    return ReleaseDifference(None if before is None else archive.find(ReleaseChoice(before)), new)


def _modified(difference: ReleaseDifference) -> datetime:
    return max(created(one) for one in (difference.old, difference.new) if one)


def _headers(difference: ReleaseDifference, format_: DifferenceFormat | None, served: str) -> dict[str, str]:
    """The headers of an answer, which depends on the releases, the format and the version of the program alone.

    A page also depends on its language and on the release that is served, which it names.
    """
    names = (difference.since or "", difference.until)
    form = format_.media_type if format_ else f"{HTML} {current_page()} {served}"
    language = {} if format_ else {"Content-Language": page_language()}
    return {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "no-cache",
        "ETag": weak_etag("\n".join((*names, form, __version__)).encode()),
        "Last-Modified": http_date(_modified(difference)),
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
    } | language


def _body(difference: ReleaseDifference, format_: DifferenceFormat, max_bytes: int) -> bytes:
    """The whole answer. Raises 422 if it is too large, or would take too long."""
    if format_ is not _FORMATS["rdf-patch"] and difference.counts.projects > _MOST_PROJECTS:
        detail = message(
            "{count} projects differ, more than {limit}. Ask for an RDF Patch with ?format=rdf-patch, for releases "
            "that are closer together, or take the whole dataset.",
            count=Quantity(difference.counts.projects),
            limit=Quantity(_MOST_PROJECTS),
        )
        raise ProblemError(422, "too-many-changes", detail)
    body = bytearray()
    for chunk in format_.chunks(difference):
        body += chunk
        if len(body) > max_bytes:
            detail = message(
                "The difference is larger than {size} MiB, the limit. Ask for releases that are closer together, or "
                "take the whole dataset.",
                size=f"{max_bytes / (1 << 20):g}",
            )
            raise ProblemError(422, "too-many-changes", detail)
    return bytes(body)


def _page(view: ReleaseView, difference: ReleaseDifference) -> bytes:
    """The page with the first projects that differ."""
    records = (one for one in difference.graphs() if one.is_record)
    projects = [difference.project(one) for one in islice(records, _SHOWN)]
    shown = [[named_difference(view, field.shortened()) for field in one.shown_fields] for one in projects]
    return page_html(
        view,
        "changes.html",
        since=difference.old and difference.old.manifest,
        until=difference.new.manifest,
        counts=difference.counts,
        projects=tuple(zip(projects, shown, strict=True)),
        forms=tuple(_FORMATS),
        is_there={one.key: one.change is not Change.REMOVED for one in projects},
    )
