"""Downloads of the release: the whole dataset, its tables and its parts as files, with hashes and byte ranges."""

import asyncio
import base64
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from iomld.errors import NotFoundError
from iomld.export.csv import MENTIONS_FILE, PROJECTS_FILE, write_mentions, write_projects
from iomld.export.formats import write_dataset, write_subset
from iomld.export.table_schemas import METADATA_FILE, PACKAGE_FILE, write_metadata, write_package
from iomld.export.tables import ProjectSource, released_source
from iomld.formats.rdf import FORMATS, Format
from iomld.i18n import gettext_noop
from iomld.messages import message
from iomld.release import FILES, Release, ReleaseCheck
from iomld.release.integrity import READ_BYTES
from iomld.release.nquads import compressing, file_digest
from iomld.release.subsets import FORMAT_NAMES, PARTITIONINGS, Partitioning, subset_file, subset_names
from iomld.web.conditional import http_date, is_not_modified, strong_etag
from iomld.web.i18n import gettext
from iomld.web.links import WebLink, link_header
from iomld.web.openapi import responses, sample
from iomld.web.problems import ProblemError, damaged_release
from iomld.web.responses import get_route

_CSV = "text/csv; charset=utf-8"
_CSVM = "application/csvm+json"
_GZIP = "application/gzip"
_PACKAGE_LINK = WebLink("describedby", f"/downloads/{PACKAGE_FILE}", "application/json")
_SCHEMA_LINKS = {
    PROJECTS_FILE: (WebLink("describedby", f"/downloads/{METADATA_FILE}", _CSVM), _PACKAGE_LINK),
    MENTIONS_FILE: (_PACKAGE_LINK,),
}
# Of RFC 9110, section 14.1.1; 18 digits are enough for any file, and Python refuses to read very long numbers.
_RANGE = re.compile(
    r"bytes=[ \t]*([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})([ \t]*,[ \t]*([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18}))*"
)
_TYPES = (_GZIP, "text/csv", _CSVM, "application/json", *(format_.media_type for format_ in FORMATS))
_RESPONSES = responses({200: _TYPES, 206: _TYPES, 304: ()}, 404, 416, 503)
_NAME = "The name of a file listed on the downloads page."
_File = Annotated[str, PathParameter(description=_NAME, openapi_examples=sample("dataset.nq.gz"))]
_Part = Annotated[str, PathParameter(description=_NAME, openapi_examples=sample("africa.nq.gz"))]
_Folder = Annotated[str, PathParameter(description="`by-class` or `by-region`.", openapi_examples=sample("by-region"))]
_Write = Callable[[Release, BinaryIO], None]


@dataclass(frozen=True, slots=True)
class DownloadKind:
    """Content and format of a downloadable file, before compression.

    Attributes:
        media_type: Its media type.
        description: A sentence with places for the name of the format and of the part.
        format_name: Name of the format, for people.
        write: Writes the file.
        part: Name of the class or region; empty for the whole dataset.
        source: Name of the file of the release that it is generated from.
    """

    media_type: str
    description: str
    format_name: str
    write: _Write
    part: str = ""
    source: str = FILES.dataset

    def described(self, *, compressed: bool) -> str:
        """A description of the file, in the page's language."""
        text = gettext(self.description, form=self.format_name, name=self.part)
        return gettext("{file}, packed", file=text) if compressed else text


@dataclass(frozen=True, slots=True)
class Download:
    """A downloadable file of a release.

    Attributes:
        name: Its name.
        media_type: Its media type.
        description: A description for people.
        size_bytes: Its length; None before it is generated.
        sha256: Its hash; None before it is generated.
        source_sha256: The hash of the file that it is generated from; it changes only with that.
    """

    name: str
    media_type: str
    description: str
    size_bytes: int | None
    sha256: str | None = None
    source_sha256: str = ""


class DownloadFiles:
    """The files of a release: generated on first download, then kept in a folder.

    The compressed N-Quads of the dataset, and each part in one format, are files of the release itself; the others are
    generated from them.
    """

    def __init__(self, folder: Path) -> None:
        """Keep generated files in a folder."""
        self._folder = folder
        self._locks: dict[str, asyncio.Lock] = {}
        self._digests: dict[Path, str] = {}
        self._check: ReleaseCheck | None = None

    def keep_in(self, folder: Path) -> None:
        """Keep generated files in another folder from now on."""
        self._folder = folder

    def listed(self, release: Release) -> tuple[Download, ...]:
        """The files of the whole dataset and its tables, each also compressed."""
        return tuple(
            self._download(release, name, kind)
            for plain, kind in _dataset_kinds().items()
            for name in (plain, f"{plain}.gz")
        )

    def find(self, release: Release, name: str) -> Download | None:
        """A file by its name, of the whole dataset or of a part; None if there is no such file."""
        kind = _kind(release, name)
        return self._download(release, name, kind) if kind else None

    def sha256(self, release: Release, name: str) -> str | None:
        """The SHA-256 of a file, in hexadecimal digits; None before the file is generated."""
        if name == FILES.dataset.removesuffix(".gz"):
            return release.manifest.content_sha256
        if _is_of_release(release, name):
            return release.manifest.files[name]
        return self._digests.get(self._path(release, name))

    async def file(self, release: Release, name: str) -> Path:
        """The path of a file, which is generated if necessary.

        Raises:
            NotFoundError: There is no such file.
            ProblemError: The file of the release, or one that it is generated from, is damaged.
        """
        path, kind = self._path(release, name), _kind(release, name)
        if kind is None:
            raise NotFoundError(message("There is no download '{name}'.", name=name))
        async with self._locks.setdefault(str(path), asyncio.Lock()):
            if _is_of_release(release, name):
                await run_in_threadpool(self._require_whole, release, name)
            elif not path.exists():
                await run_in_threadpool(self._require_whole, release)
                await run_in_threadpool(_generate, release, kind, path)
            if self.sha256(release, name) is None:
                self._digests[path] = await run_in_threadpool(file_digest, path)
        return path

    def _require_whole(self, release: Release, name: str | None = None) -> None:
        """Check a file of a release, or all of them; a file is read only if it changed since it was checked."""
        if self._check is None or self._check.release != release:
            self._check = ReleaseCheck(release)
        check = self._check
        found = check.damages(read_bytes=READ_BYTES) if name is None else filter(None, [check.damage_of(name)])
        for damage in found:
            raise damaged_release(damage, release)

    def _download(self, release: Release, name: str, kind: DownloadKind) -> Download:
        path, compressed = self._path(release, name), name.endswith(".gz")
        return Download(
            name,
            _GZIP if compressed else kind.media_type,
            kind.described(compressed=compressed),
            path.stat().st_size if path.exists() else None,
            self.sha256(release, name),
            release.manifest.files[kind.source],
        )

    def _path(self, release: Release, name: str) -> Path:
        if _is_of_release(release, name):
            return release.file(name)
        return self._folder / release.manifest.name / name


def download_routes(release: Callable[[], Release], files: DownloadFiles) -> APIRouter:
    """Routes of `/downloads/`.

    Args:
        release: Gives the release that is served now.
        files: Its files.
    """
    router = APIRouter()

    @get_route(router, "/downloads/{name}", "dataset", "Download the whole dataset, or its tables", _RESPONSES)
    async def download(name: _File, request: Request) -> Response:
        """`Range` requests a part of the file; `Repr-Digest` has the SHA-256 of the whole file."""
        return await answer(name, request)

    @get_route(
        router,
        "/downloads/{folder}/{name}",
        "dataset",
        "Download the resources of one class, or the projects of one region",
        _RESPONSES,
    )
    async def download_part(folder: _Folder, name: _Part, request: Request) -> Response:
        return await answer(f"{folder}/{name}", request)

    async def answer(name: str, request: Request) -> Response:
        served = release()
        file = _find(served, files, name)
        etag = strong_etag(f"{file.source_sha256}/{name}".encode())
        modified = datetime.fromisoformat(served.manifest.created)
        headers = {
            "ETag": etag,
            "Last-Modified": http_date(modified),
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "public, max-age=300, no-transform",
        }
        if is_not_modified(request.headers, etag, modified):
            return Response(status_code=304, headers=headers)
        path = await files.file(served, name)
        if name in _SCHEMA_LINKS:
            headers["Link"] = link_header(_SCHEMA_LINKS[name])
        headers["Repr-Digest"] = _digest_field(files.sha256(served, name) or "")
        _check_range(request, path.stat().st_size)
        return FileResponse(path, media_type=file.media_type, filename=path.name, headers=headers)

    return router


def _find(release: Release, files: DownloadFiles, name: str) -> Download:
    """A file by its name. Raises 404 if there is no such file."""
    file = files.find(release, name)
    if file is not None:
        return file
    if "/" in name:
        detail = message("There is no part '{name}' of this release. See /downloads.", name=name)
        raise ProblemError(404, "no-such-download", detail)
    names = ", ".join(file.name for file in files.listed(release))
    detail = message("There is no download '{name}'. Choose one of {names}.", name=name, names=names)
    raise ProblemError(404, "no-such-download", detail)


@cache
def _dataset_kinds() -> Mapping[str, DownloadKind]:
    """The files of the whole dataset and its tables, by name without `.gz`."""
    kinds = {
        f"dataset.{format_.suffix}": DownloadKind(
            format_.media_type, gettext_noop("All records, {form}"), name, _dataset_writer(format_)
        )
        for format_, name in FORMAT_NAMES.items()
    }
    kinds[PROJECTS_FILE] = DownloadKind(
        _CSV, gettext_noop("Table of projects, {form}"), "CSV", _table_writer(write_projects)
    )
    kinds[MENTIONS_FILE] = DownloadKind(
        _CSV, gettext_noop("Table of mentions, {form}"), "CSV", _table_writer(write_mentions)
    )
    return kinds


@cache
def _schema_kinds() -> Mapping[str, DownloadKind]:
    """The descriptions of the tables for programs, by name; tables link to them, and no list shows them."""
    return {
        METADATA_FILE: DownloadKind(_CSVM, gettext_noop("Columns of the tables, {form}"), "CSVW", _write_metadata),
        PACKAGE_FILE: DownloadKind(
            "application/json",
            gettext_noop("Columns of the tables, {form}"),
            "Data Package",
            _table_writer(write_package),
        ),
    }


def _write_metadata(release: Release, output: BinaryIO) -> None:
    write_metadata(released_source(release), release.manifest.base, output)


def _part_kind(release: Release, name: str) -> DownloadKind | None:
    """The compressed file of a class or a region by its name; None if the release has no such part."""
    for partitioning in PARTITIONINGS:
        for format_ in partitioning.offered:
            part = name.removeprefix(f"{partitioning.folder}/").removesuffix(f".{format_.suffix}.gz")
            is_name = subset_file(partitioning, part, format_) == name
            if is_name and part in subset_names(release.manifest.files, partitioning):
                return DownloadKind(
                    format_.media_type,
                    gettext_noop("Part {name}, {form}"),
                    FORMAT_NAMES[format_],
                    _part_writer(partitioning, part, format_),
                    part,
                    subset_file(partitioning, part, partitioning.written),
                )
    return None


def _dataset_writer(format_: Format) -> _Write:
    def write(release: Release, output: BinaryIO) -> None:
        write_dataset(release, format_, output)

    return write


def _part_writer(partitioning: Partitioning, name: str, format_: Format) -> _Write:
    def write(release: Release, output: BinaryIO) -> None:
        write_subset(release, partitioning, name, format_, output)

    return write


def _table_writer(write: Callable[[ProjectSource, BinaryIO], None]) -> _Write:
    def write_released(release: Release, output: BinaryIO) -> None:
        write(released_source(release), output)

    return write_released


def _kind(release: Release, name: str) -> DownloadKind | None:
    return _dataset_kinds().get(name.removesuffix(".gz")) or _schema_kinds().get(name) or _part_kind(release, name)


def _is_of_release(release: Release, name: str) -> bool:
    """Whether a file is one of the release itself."""
    return name == FILES.dataset or ("/" in name and name in release.manifest.files)


def _generate(release: Release, kind: DownloadKind, path: Path) -> None:
    """Write a file under a temporary name, then rename it, so that no incomplete file is served."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    with temporary.open("wb") as raw:
        if path.suffix == ".gz":
            with compressing(raw) as file:
                kind.write(release, cast("BinaryIO", file))
        else:
            kind.write(release, raw)
    shutil.move(temporary, path)


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
