"""The routes `/selection/…`: the projects that match filters, as a file."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from iomld import __version__
from iomld.browse.filters import Filters
from iomld.browse.selection.files import SELECTION_FILES, SelectionFile
from iomld.browse.selection.worker import SelectionRequest
from iomld.browse.view import ReleaseView
from iomld.messages import message
from iomld.release.downloads import CSV, METADATA_FILE, METADATA_TYPE, PROJECTS_FILE
from iomld.web.client_budget import client_of, metered
from iomld.web.conditional import http_date, is_not_modified, weak_etag
from iomld.web.links import WebLink, link_header
from iomld.web.openapi import page_language_parameter, responses, sample
from iomld.web.pages.facets import list_address
from iomld.web.pages.projects import ChosenFilters, checked_filters
from iomld.web.problems import ProblemError
from iomld.web.responses import get_route
from iomld.web.selection.workers import SelectionWriter
from iomld.workers.protocol import Reply

_TYPES = tuple(dict.fromkeys(file.media_type for file in SELECTION_FILES.values()))
_RESPONSES = responses({200: _TYPES, 304: ()}, 400, 404, 422, 429, 503)
_CHUNK_BYTES = 256 * 1024
_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")
_MOST_NAME_CHARACTERS = 80
_WITH_CHARSET = frozenset({CSV, "text/turtle"})
_Name = Annotated[
    str,
    Path(
        description="The name of the file.",
        json_schema_extra={"enum": [*SELECTION_FILES]},
        openapi_examples=sample("projects.xlsx"),
    ),
]


def selection_routes(view: Callable[[], ReleaseView], writer: SelectionWriter) -> APIRouter:
    """The routes.

    Args:
        view: Gives the release that is served now, in the language of the request.
        writer: Writes the files.
    """
    router = APIRouter()

    @get_route(
        router,
        "/selection/{name}",
        "lists",
        "Get the projects that match filters as a file, with all fields",
        _RESPONSES,
        dependencies=[Depends(page_language_parameter)],
    )
    async def selection(request: Request, name: _Name, chosen: ChosenFilters) -> Response:
        """The file holds all of them, in the order of the list, or there is none: it is never cut."""
        file = _file(name)
        opened = view()
        filters = await run_in_threadpool(metered(checked_filters), request, opened, chosen.pairs())
        headers = _headers(opened, file, filters)
        modified = datetime.fromisoformat(opened.release.manifest.created)
        if is_not_modified(request.headers, headers["ETag"], modified):
            return Response(status_code=304, headers=headers)
        if request.method == "HEAD":  # only a worker learns the length, and whether the file can be written
            return StreamingResponse(iter(()), headers=headers)
        wanted = SelectionRequest(opened.release.manifest.name, opened.language, file.name, filters.pairs())
        reply = await writer.write(wanted, client_of(request.scope))
        return StreamingResponse(_chunks(reply), headers=headers | {"Content-Length": str(reply.size)})

    return router


def selection_file_name(file: str, filters: Filters, release: str) -> str:
    """The name under which a file is saved: what it holds, the filters, the release.

    >>> selection_file_name("projects.csv-metadata.json", Filters(values={"region": ("africa",)}), "20260131T-0a1b")
    'projects_region-africa_20260131T-0a1b.csv-metadata.json'
    """
    stem, _, suffix = file.partition(".")
    words = (_UNSAFE.sub("-", f"{name}-{value}").strip("-") for name, value in filters.pairs())
    query = "_".join(words)[:_MOST_NAME_CHARACTERS].rstrip("-_")
    return "_".join(filter(None, (stem, query, release))) + f".{suffix}"


def _file(name: str) -> SelectionFile:
    """A file by its name. Raises 404 if there is no such file."""
    if name not in SELECTION_FILES:
        names = ", ".join(SELECTION_FILES)
        detail = message("There is no file '{name}' of a selection. Choose one of {names}.", name=name, names=names)
        raise ProblemError(404, "no-such-selection", detail)
    return SELECTION_FILES[name]


def _headers(view: ReleaseView, file: SelectionFile, filters: Filters) -> dict[str, str]:
    manifest = view.release.manifest
    made_from = (file.name, manifest.name, view.language, list_address(filters), __version__)
    suffix = "; charset=utf-8" if file.media_type in _WITH_CHARSET else ""
    saved_as = selection_file_name(file.name, filters, manifest.name)
    links = [WebLink("collection", list_address(filters))]
    if file.name == PROJECTS_FILE:
        # The first link: the PyPI package csvw takes any other before it for metadata of something else.
        links.insert(0, WebLink("describedby", list_address(filters, f"/selection/{METADATA_FILE}"), METADATA_TYPE))
    return {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "no-cache",
        "Content-Disposition": f'attachment; filename="{saved_as}"',
        "Content-Type": file.media_type + suffix,
        "ETag": weak_etag("\n".join(made_from).encode()),
        "Last-Modified": http_date(datetime.fromisoformat(manifest.created)),
        "Link": link_header(links),
        "X-Content-Type-Options": "nosniff",
    }


def _chunks(reply: Reply) -> Iterator[bytes]:
    """The body of a reply, which is closed at the end."""
    try:
        if reply.file is None:
            yield reply.body
            return
        for offset in range(0, reply.size, _CHUNK_BYTES):
            yield os.pread(reply.file.fileno(), _CHUNK_BYTES, offset)
    finally:
        reply.close()
