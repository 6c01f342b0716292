"""Downloads of the release: files with length, hash and ranges.

The dataset of the current release as files: whole, with length, hash and ranges; and its parts.

What files can be fetched, and how each is written: the whole dataset, its tables, its classes and regions.
"""

import asyncio
import base64
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from iomld.errors import NotFoundError
from iomld.export.csv import MENTIONS_FILE, PROJECTS_FILE, write_mentions, write_projects
from iomld.export.formats import write_dataset, write_subset
from iomld.export.tables import ProjectSource, released
from iomld.formats.rdf import FORMATS, Format
from iomld.i18n import gettext_noop
from iomld.messages import message
from iomld.release import FILES, Release
from iomld.release.nquads import compressing, file_digest
from iomld.release.subsets import FORMAT_NAMES, PARTITIONINGS, Partitioning, subset_file, subset_names
from iomld.web.conditional import http_date, is_not_modified, strong_etag
from iomld.web.i18n import gettext
from iomld.web.openapi import responses, sample
from iomld.web.problems import ProblemError
from iomld.web.responses import get_route

_CSV = "text/csv; charset=utf-8"
_Write = Callable[[Release, BinaryIO], None]


@dataclass(frozen=True, slots=True)
class DownloadKind:
    """What a file is, and how it is written, before it is packed.

    Attributes:
        media_type: Its type.
        description: What it is, with places for the form and the name of a part.
        form: Its format, for people.
        write: Writes it.
        part: Name of the part; empty for the whole.
        source: The file of the release that it is made of.
    """

    media_type: str
    description: str
    form: str
    write: _Write
    part: str = ""
    source: str = FILES.dataset

    def described(self, *, packed: bool) -> str:
        """What the file is, in the page's language."""
        text = gettext(self.description, form=self.form, name=self.part)
        return gettext("{file}, packed", file=text) if packed else text


def whole_kinds() -> Mapping[str, DownloadKind]:
    """The files of the whole dataset and its tables, by name; each is given packed as well."""
    kinds = {
        f"dataset.{form.suffix}": DownloadKind(
            form.media_type, gettext_noop("All records, {form}"), FORMAT_NAMES[form], _dataset_in(form)
        )
        for form in FORMAT_NAMES
    }
    kinds[PROJECTS_FILE] = DownloadKind(
        _CSV, gettext_noop("Table of projects, {form}"), "CSV", _table_by(write_projects)
    )
    kinds[MENTIONS_FILE] = DownloadKind(
        _CSV, gettext_noop("Table of mentions, {form}"), "CSV", _table_by(write_mentions)
    )
    return kinds


def part_kind(release: Release, name: str) -> DownloadKind | None:
    """The file of a class or a region by its name, packed; None where the release has no such part."""
    for kind in PARTITIONINGS:
        for form in kind.offered:
            part = name.removeprefix(f"{kind.folder}/").removesuffix(f".{form.suffix}.gz")
            if subset_file(kind, part, form) == name and part in subset_names(release.manifest.files, kind):
                title = gettext_noop("Part {name}, {form}")
                return DownloadKind(
                    form.media_type,
                    title,
                    FORMAT_NAMES[form],
                    _part_in(kind, part, form),
                    part,
                    subset_file(kind, part, kind.written),
                )
    return None


def _dataset_in(form: Format) -> _Write:
    def write(release: Release, output: BinaryIO) -> None:
        write_dataset(release, form, output)

    return write


def _part_in(kind: Partitioning, name: str, form: Format) -> _Write:
    def write(release: Release, output: BinaryIO) -> None:
        write_subset(release, kind, name, form, output)

    return write


def _table_by(write: Callable[[ProjectSource, BinaryIO], None]) -> _Write:
    def write_released(release: Release, output: BinaryIO) -> None:
        write(released(release), output)

    return write_released


_GZIP = "application/gzip"
_RANGE = re.compile(
    r"bytes=[ \t]*([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})([ \t]*,[ \t]*([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18}))*"
)  # no file has more bytes, and Python reads no number of 5000 digits
_KINDS = whole_kinds()
_TYPES = (_GZIP, "text/csv", *(format_.media_type for format_ in FORMATS))
_RESPONSES = responses({200: _TYPES, 206: _TYPES, 304: ()}, 404, 416, 503)
_NAME = "The name of a file listed on the downloads page."
_File = Annotated[str, PathParameter(description=_NAME, openapi_examples=sample("dataset.nq.gz"))]
_Part = Annotated[str, PathParameter(description=_NAME, openapi_examples=sample("africa.nq.gz"))]
_Folder = Annotated[str, PathParameter(description="`by-class` or `by-region`.", openapi_examples=sample("by-region"))]


@dataclass(frozen=True, slots=True)
class Download:
    """One file that can be fetched.

    Attributes:
        name: Its name.
        media_type: Its type.
        description: What it is.
        size_bytes: Its length, where it is known already.
        sha256: Its hash, where it is known already.
        source_sha256: The hash of what it is made of; while that stays, the file stays.
    """

    name: str
    media_type: str
    description: str
    size_bytes: int | None
    sha256: str | None = None
    source_sha256: str = ""


class DownloadFiles:
    """Makes the files of a release when they are first asked for, and keeps them while the server runs.

    N-Quads packed is the release's own dataset file, and each part is there in one format; the others are written from
    these into the folder of `keep_in`.
    """

    def __init__(self, folder: Path) -> None:
        """Start with no file made."""
        self._folder = folder
        self._locks: dict[str, asyncio.Lock] = {}
        self._digests: dict[Path, str] = {}

    def keep_in(self, folder: Path) -> None:
        """Keep the files in another folder from now on."""
        self._folder = folder

    def listed(self, release: Release) -> tuple[Download, ...]:
        """All files of a release that hold the whole."""
        return tuple(
            self._download(release, name, kind) for plain, kind in _KINDS.items() for name in (plain, f"{plain}.gz")
        )

    def find(self, release: Release, name: str) -> Download | None:
        """A file by its name, of the whole or of a part; None where there is no such file."""
        kind = _kind(release, name)
        return self._download(release, name, kind) if kind else None

    def sha256(self, release: Release, name: str) -> str | None:
        """The hash of a file, in hexadecimal digits; None until the file is made."""
        if name == FILES.dataset.removesuffix(".gz"):
            return release.manifest.content_sha256
        return release.manifest.files[name] if _is_held(release, name) else self._digests.get(self._path(release, name))

    async def file(self, release: Release, name: str) -> Path:
        """The path of a file; made now if it is not there.

        Raises:
            NotFoundError: There is no such file.
        """
        path, kind = self._path(release, name), _kind(release, name)
        if kind is None:
            raise NotFoundError(message("There is no download '{name}'.", name=name))
        async with self._locks.setdefault(str(path), asyncio.Lock()):
            if not path.exists():
                await run_in_threadpool(_make, release, kind, path)
            if self.sha256(release, name) is None:
                self._digests[path] = await run_in_threadpool(file_digest, path)
        return path

    def _download(self, release: Release, name: str, kind: DownloadKind) -> Download:
        path, packed = self._path(release, name), name.endswith(".gz")
        return Download(
            name,
            _GZIP if packed else kind.media_type,
            kind.described(packed=packed),
            path.stat().st_size if path.exists() else None,
            self.sha256(release, name),
            release.manifest.files[kind.source],
        )

    def _path(self, release: Release, name: str) -> Path:
        if _is_held(release, name):
            return release.file(name)
        return self._folder / release.manifest.name / name


def download_routes(release: Callable[[], Release], files: DownloadFiles) -> APIRouter:
    """`/downloads/…`."""
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
        known = files.find(served, name)
        if known is None and "/" in name:
            detail = message("There is no part '{name}' of this release. See /downloads.", name=name)
            raise ProblemError(404, "no-such-download", detail)
        if known is None:
            names = ", ".join(file.name for file in files.listed(served))
            detail = message("There is no download '{name}'. There are: {names}.", name=name, names=names)
            raise ProblemError(404, "no-such-download", detail)
        etag = strong_etag(f"{known.source_sha256}/{name}".encode())
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
        headers["Repr-Digest"] = _digest_field(files.sha256(served, name) or "")
        _check_range(request, path.stat().st_size)
        return FileResponse(path, media_type=known.media_type, filename=path.name, headers=headers)

    return router


def _kind(release: Release, name: str) -> DownloadKind | None:
    return _KINDS.get(name.removesuffix(".gz")) or part_kind(release, name)


def _is_held(release: Release, name: str) -> bool:
    """Say whether a file for downloading is one of the release's own."""
    return name == FILES.dataset or ("/" in name and name in release.manifest.files)


def _make(release: Release, kind: DownloadKind, path: Path) -> None:
    """Write a file beside its place, then rename it, so that no half of it is ever served."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}")
    with beside.open("wb") as raw:
        if path.suffix == ".gz":
            with compressing(raw) as file:
                kind.write(release, cast("BinaryIO", file))
        else:
            kind.write(release, raw)
    shutil.move(beside, path)


def _digest_field(sha256: str) -> str:
    """The hash of the whole file, as RFC 9530 writes it; it is the same for a part."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def _check_range(request: Request, size_bytes: int) -> None:
    """Leave out a Range that is none (RFC 9110 section 14.2); refuse one that begins behind the end."""
    asked = request.headers.get("range")
    if asked is not None and not _RANGE.fullmatch(asked):
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
        return
    if asked is None or "if-range" in request.headers:
        return
    parts = [part.strip() for part in asked.partition("=")[2].split(",")]
    if not any(_is_inside(part, size_bytes) for part in parts):
        detail = message("The file has {size} bytes. Ask for a part of it.", size=size_bytes)
        raise ProblemError(416, "range", detail, headers={"Content-Range": f"bytes */{size_bytes}"})


def _is_inside(part: str, size_bytes: int) -> bool:
    first, _, last = part.partition("-")
    return int(first) < size_bytes and (not last or int(first) <= int(last)) if first else int(last) > 0
