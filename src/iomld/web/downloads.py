"""The dataset of the current release as files: whole, with length, hash and ranges."""

import asyncio
import base64
import gzip
import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from iomld.export.csv_files import MENTIONS_FILE, PROJECTS_FILE, write_mentions, write_projects
from iomld.export.dataset import write_dataset
from iomld.export.source import TableSource, released
from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.release import FILES, Release
from iomld.release.lines import file_digest
from iomld.web.problems import ProblemError
from iomld.web.words import key, said

_FORMATS = (rdf.NQUADS, rdf.NTRIPLES, rdf.TURTLE, rdf.JSONLD)
_GZIP = "application/gzip"
_CSV = "text/csv; charset=utf-8"
_RANGE = re.compile(
    r"bytes=[ \t]*([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})([ \t]*,[ \t]*([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18}))*"
)  # no file has more bytes, and Python reads no number of 5000 digits


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a file is, and how it is written, before it is packed."""

    media_type: str
    description: str
    form: str
    write: Callable[[Release, BinaryIO], None]


def _dataset_in(form: Format) -> Callable[[Release, BinaryIO], None]:
    def write(release: Release, output: BinaryIO) -> None:
        write_dataset(release, form, output)

    return write


def _table_by(write: Callable[[TableSource, BinaryIO], None]) -> Callable[[Release, BinaryIO], None]:
    def write_released(release: Release, output: BinaryIO) -> None:
        write(released(release), output)

    return write_released


def _kinds() -> dict[str, _Kind]:
    kinds = {
        f"dataset.{form.suffix}": _Kind(form.media_type, key("All records, {form}"), form.name, _dataset_in(form))
        for form in _FORMATS
    }
    kinds[PROJECTS_FILE] = _Kind(_CSV, key("Table of projects, {form}"), "CSV", _table_by(write_projects))
    kinds[MENTIONS_FILE] = _Kind(_CSV, key("Table of mentions, {form}"), "CSV", _table_by(write_mentions))
    return kinds


_KINDS = _kinds()


def _described(kind: _Kind, name: str) -> str:
    """What a file is, in the page's language."""
    text = said(kind.description, form=kind.form)
    return said(key("{file}, packed"), file=text) if name.endswith(".gz") else text


@dataclass(frozen=True, slots=True)
class Download:
    """One file that can be fetched: its name, what it is, and its size and SHA-256 where they are known already."""

    name: str
    media_type: str
    description: str
    size_bytes: int | None
    sha256: str | None = None


class DownloadFiles:
    """Makes the files of a release when they are first asked for, and keeps them while the server runs.

    N-Quads packed is the release's own dataset file; the others are written from it into the folder of `keep_in`.
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
        """All files of a release."""
        return tuple(
            Download(
                name,
                _GZIP if name.endswith(".gz") else kind.media_type,
                _described(kind, name),
                path.stat().st_size if (path := self._path(release, name)).exists() else None,
                self.sha256(release, name),
            )
            for plain, kind in _KINDS.items()
            for name in (plain, f"{plain}.gz")
        )

    def sha256(self, release: Release, name: str) -> str | None:
        """The hash of a file, in hexadecimal digits; None until the file is made."""
        if name == FILES.dataset:
            return release.manifest.files[FILES.dataset]
        if name == FILES.dataset.removesuffix(".gz"):
            return release.manifest.content_sha256
        return self._digests.get(self._path(release, name))

    async def file(self, release: Release, name: str) -> Path:
        """The path of a file; made now if it is not there."""
        path = self._path(release, name)
        async with self._locks.setdefault(str(path), asyncio.Lock()):
            if not path.exists():
                await run_in_threadpool(_make, release, name, path)
            if self.sha256(release, name) is None:
                self._digests[path] = await run_in_threadpool(file_digest, path)
        return path

    def _path(self, release: Release, name: str) -> Path:
        if name == FILES.dataset:
            return release.file(FILES.dataset)
        return self._folder / release.manifest.name / name


def download_routes(release: Callable[[], Release], files: DownloadFiles) -> APIRouter:
    """`/downloads/…`."""
    router = APIRouter()

    @router.get("/downloads/{name}", tags=["data"])
    @router.head("/downloads/{name}", include_in_schema=False)
    async def download(name: str, request: Request) -> Response:
        """Fetch the whole dataset, or its tables."""
        served = release()
        known = next((file for file in files.listed(served) if file.name == name), None)
        if known is None:
            names = ", ".join(file.name for file in files.listed(served))
            raise ProblemError(404, "no-such-download", f"There is no download '{name}'. There are: {names}.")
        etag = f'"{hashlib.sha256(f"{served.manifest.content_sha256}/{name}".encode()).hexdigest()[:32]}"'
        headers = {
            "ETag": etag,
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "public, max-age=300, no-transform",
        }
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        path = await files.file(served, name)
        headers["Repr-Digest"] = _digest_field(files.sha256(served, name) or "")
        _check_range(request, path.stat().st_size)
        return FileResponse(path, media_type=known.media_type, filename=name, headers=headers)

    return router


def _make(release: Release, name: str, path: Path) -> None:
    """Write a file beside its place, then rename it, so that no half of it is ever served."""
    packed, kind = name.endswith(".gz"), _KINDS[name.removesuffix(".gz")]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{name}")
    with beside.open("wb") as raw:
        if packed:
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as file:
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
        detail = f"The file has {size_bytes} bytes. Ask for a part of it."
        raise ProblemError(416, "range", detail, headers={"Content-Range": f"bytes */{size_bytes}"})


def _is_inside(part: str, size_bytes: int) -> bool:
    first, _, last = part.partition("-")
    return int(first) < size_bytes and (not last or int(first) <= int(last)) if first else int(last) > 0
