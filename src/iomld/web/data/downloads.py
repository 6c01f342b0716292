"""Downloads of the release: the whole dataset, its tables and its parts as files, with hashes and byte ranges."""

import asyncio
import base64
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from iomld.formats.rdf import FORMATS
from iomld.messages import message
from iomld.release import Release, ReleaseCheck
from iomld.release.downloads import (
    CSV,
    MENTIONS_FILE,
    METADATA_FILE,
    METADATA_TYPE,
    PACKAGE_FILE,
    PROJECTS_FILE,
    DownloadFile,
    dataset_files,
    download_facts,
    downloads_of,
    is_held,
)
from iomld.release.nquads import FileFacts, file_digest, open_gzip
from iomld.web.conditional import http_date, is_not_modified, strong_etag
from iomld.web.data.parameters import ReleaseParameters
from iomld.web.links import WebLink, link_header
from iomld.web.openapi import responses, sample
from iomld.web.problems import ProblemError, damaged_release
from iomld.web.releases.archive import MOST_OPEN
from iomld.web.releases.request import release_headers, release_of, with_release
from iomld.web.responses import get_route

_GZIP = "application/gzip"
_PACKAGE_LINK = WebLink("describedby", f"/downloads/{PACKAGE_FILE}", "application/json")
_SCHEMA_LINKS = {
    PROJECTS_FILE: (WebLink("describedby", f"/downloads/{METADATA_FILE}", METADATA_TYPE), _PACKAGE_LINK),
    MENTIONS_FILE: (_PACKAGE_LINK,),
}
# Of RFC 9110, section 14.1.1; 18 digits are enough for any file, and Python refuses to read very long numbers.
_RANGE = re.compile(
    r"bytes=[ \t]*([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})([ \t]*,[ \t]*([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18}))*"
)
_TYPES = (_GZIP, CSV, METADATA_TYPE, "application/json", *(format_.media_type for format_ in FORMATS))
_RESPONSES = responses({200: _TYPES, 206: _TYPES, 304: ()}, 400, 404, 410, 416, 429, 503)
_NAME = "The name of a file listed on the downloads page."
_File = Annotated[str, PathParameter(description=_NAME, openapi_examples=sample("dataset.nq.gz"))]
_Part = Annotated[str, PathParameter(description=_NAME, openapi_examples=sample("africa.nq.gz"))]
_Folder = Annotated[str, PathParameter(description="`by-class` or `by-region`.", openapi_examples=sample("by-region"))]


@dataclass(frozen=True, slots=True)
class Download:
    """A file for download of a release.

    Attributes:
        file: The file.
        facts: Its length and hash; of long content that is downloaded uncompressed, the hash is empty.
    """

    file: DownloadFile
    facts: FileFacts


class DownloadFiles:
    """The files for download of a release.

    A release holds them compressed. Those that are downloaded uncompressed are decompressed on first download, then
    kept in a folder.
    """

    def __init__(self, folder: Path) -> None:
        """Keep decompressed files in a folder."""
        self._folder = folder
        self._locks: dict[str, asyncio.Lock] = {}
        self._digests: dict[Path, str] = {}
        self._check: ReleaseCheck | None = None

    def keep_in(self, folder: Path) -> None:
        """Keep these files in another folder from now on."""
        self._folder = folder

    def find(self, release: Release, name: str) -> Download | None:
        """A file by its name; None if there is no such file."""
        file = downloads_of(release.manifest.files).get(name)
        if file is None or not is_held(release.manifest, file):
            return None
        return Download(file, download_facts(release.manifest, file))

    async def path_of(self, release: Release, download: Download) -> Path:
        """The path of a file, which is decompressed if necessary.

        Raises:
            ProblemError: The file of the release, or one that it is made from, is damaged.
        """
        file = download.file
        is_there = file.name == file.held_name
        path = release.file(file.name) if is_there else self._folder / release.manifest.name / file.name
        async with self._locks.setdefault(str(path), asyncio.Lock()):
            if is_there:
                await run_in_threadpool(self._require_whole, release, file.name)
            elif not path.exists():
                await run_in_threadpool(self._make, release, file, path)
        return path

    async def sha256(self, download: Download, path: Path) -> str:
        """The SHA-256 of a file, in hexadecimal digits; it is read once if it is not known."""
        if download.facts.sha256:
            return download.facts.sha256
        if path not in self._digests:
            self._digests[path] = await run_in_threadpool(file_digest, path)
        return self._digests[path]

    def _make(self, release: Release, file: DownloadFile, path: Path) -> None:
        """Write a file under a temporary name, then rename it, so that no incomplete file is served."""
        self._require_whole(release, file.held_name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_oldest(self._folder)
        temporary = path.with_name(f".{path.name}")
        with temporary.open("wb") as output, open_gzip(release.file(file.held_name)) as content:
            shutil.copyfileobj(content, output)
        temporary.replace(path)

    def _require_whole(self, release: Release, name: str) -> None:
        """Check a file of a release, which is read only if it changed since it was checked."""
        if self._check is None or self._check.release != release:
            self._check = ReleaseCheck(release)
        if damage := self._check.damage_of(name):
            raise damaged_release(damage, release)


def _remove_oldest(folder: Path) -> None:
    """Remove the files of all but the releases of which files were decompressed last, so that they do not add up."""
    oldest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-MOST_OPEN]
    for path in oldest:
        shutil.rmtree(path, ignore_errors=True)


def download_routes(release: Callable[[], Release], files: DownloadFiles) -> APIRouter:
    """Routes of `/downloads/`.

    Args:
        release: Gives the release that is served now.
        files: Its files.
    """
    router = APIRouter()

    @get_route(router, "/downloads/{name}", "dataset", "Download the whole dataset, or its tables", _RESPONSES)
    async def download(name: _File, request: Request, _: ReleaseParameters) -> Response:
        """`Range` requests a part of the file; `Repr-Digest` has the SHA-256 of the whole file."""
        return await answer(name, request)

    @get_route(
        router,
        "/downloads/{folder}/{name}",
        "dataset",
        "Download the resources of one class, or the projects of one region",
        _RESPONSES,
    )
    async def download_part(folder: _Folder, name: _Part, request: Request, _: ReleaseParameters) -> Response:
        return await answer(f"{folder}/{name}", request)

    async def answer(name: str, request: Request) -> Response:
        served = release_of(request, release())
        download = _find(served, files, name)
        known = download.facts.sha256 or served.manifest.name
        etag = strong_etag(f"{known}/{name}".encode())
        modified = datetime.fromisoformat(served.manifest.created)
        headers = {
            "ETag": etag,
            "Last-Modified": http_date(modified),
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "public, max-age=300, no-transform",
        } | release_headers(request)
        if is_not_modified(request.headers, etag, modified):
            return Response(status_code=304, headers=headers)
        path = await files.path_of(served, download)
        if name in _SCHEMA_LINKS:
            headers["Link"] = link_header(_schema_links(name, with_release(request)))
        headers["Repr-Digest"] = _digest_field(await files.sha256(download, path))
        _check_range(request, path.stat().st_size)
        return FileResponse(path, media_type=_media_type(download.file), filename=path.name, headers=headers)

    return router


def _schema_links(name: str, version: str) -> Iterator[WebLink]:
    """The links from a table to its descriptions, in the same release."""
    return (replace(link, href=f"{link.href}{version}") for link in _SCHEMA_LINKS[name])


def _find(release: Release, files: DownloadFiles, name: str) -> Download:
    """A file by its name. Raises 404 if there is no such file."""
    found = files.find(release, name)
    if found is not None:
        return found
    if "/" in name:
        detail = message("There is no part '{name}' of this release. See /downloads.", name=name)
        raise ProblemError(404, "no-such-download", detail)
    names = ", ".join(file.name for file in dataset_files())
    detail = message("There is no download '{name}'. Choose one of {names}.", name=name, names=names)
    raise ProblemError(404, "no-such-download", detail)


def _media_type(file: DownloadFile) -> str:
    if file.is_compressed:
        return _GZIP
    return f"{file.media_type}; charset=utf-8" if file.media_type == CSV else file.media_type


def _digest_field(sha256: str) -> str:
    """The value of Repr-Digest (RFC 9530): the hash of the whole file, also for a range of it."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def _check_range(request: Request, size_bytes: int) -> None:
    """Ignore an invalid Range (RFC 9110, section 14.2); raise 416 for one that begins after the end of the file."""
    value = request.headers.get("range")
    if value is not None and not _RANGE.fullmatch(value):
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
        return
    if value is None or "if-range" in request.headers:
        return
    ranges = [text.strip() for text in value.partition("=")[2].split(",")]
    if not any(_is_satisfiable(text, size_bytes) for text in ranges):
        detail = message("The file has {size} bytes. Ask for a part of it.", size=size_bytes)
        raise ProblemError(416, "range", detail, headers={"Content-Range": f"bytes */{size_bytes}"})


def _is_satisfiable(range_: str, size_bytes: int) -> bool:
    """Whether a range, `0-99`, `100-` or `-100`, has bytes of the file."""
    first, _, last = range_.partition("-")
    return int(first) < size_bytes and (not last or int(first) <= int(last)) if first else int(last) > 0
