"""The dataset of the current release as files: whole, with length, hash and ranges."""

import asyncio
import gzip
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from iomld.export.dataset import write_dataset
from iomld.formats import rdf
from iomld.formats.rdf import Format
from iomld.release import FILES, Release
from iomld.web.problems import ProblemError

_FORMATS = (rdf.NQUADS, rdf.NTRIPLES, rdf.TURTLE, rdf.JSONLD)
_GZIP = "application/gzip"


@dataclass(frozen=True, slots=True)
class Download:
    """One file that can be fetched: its name, what it is, and its size in bytes where it was made already."""

    name: str
    media_type: str
    description: str
    size_bytes: int | None


class DownloadFiles:
    """Makes the files of a release when they are first asked for, and keeps them while the server runs.

    N-Quads packed is the release's own dataset file; the others are written from it into the folder of `keep_in`.
    """

    def __init__(self, folder: Path) -> None:
        """Start with no file made."""
        self._folder = folder
        self._locks: dict[str, asyncio.Lock] = {}

    def keep_in(self, folder: Path) -> None:
        """Keep the files in another folder from now on."""
        self._folder = folder

    def listed(self, release: Release) -> tuple[Download, ...]:
        """All files of a release."""
        return tuple(
            Download(
                name,
                _GZIP if name.endswith(".gz") else format_.media_type,
                f"All records, {format_.name}{', packed' if name.endswith('.gz') else ''}",
                path.stat().st_size if (path := self._path(release, name)).exists() else None,
            )
            for format_ in _FORMATS
            for name in (f"dataset.{format_.suffix}", f"dataset.{format_.suffix}.gz")
        )

    async def file(self, release: Release, name: str) -> Path:
        """The path of a file; made now if it is not there."""
        path = self._path(release, name)
        async with self._locks.setdefault(str(path), asyncio.Lock()):
            if not path.exists():
                await run_in_threadpool(_make, release, name, path)
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
        """Fetch the whole dataset."""
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
            "Cache-Control": "public, max-age=300",
        }
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        path = await files.file(served, name)
        return FileResponse(path, media_type=known.media_type, filename=name, headers=headers)

    return router


def _make(release: Release, name: str, path: Path) -> None:
    """Write a file beside its place, then rename it, so that no half of it is ever served."""
    packed = name.endswith(".gz")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{name}")
    with beside.open("wb") as raw:
        if packed:
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as file:
                write_dataset(release, _format(name), cast("BinaryIO", file))
        else:
            write_dataset(release, _format(name), raw)
    shutil.move(beside, path)


def _format(name: str) -> Format:
    suffix = name.removesuffix(".gz").removeprefix("dataset.")
    return next(format_ for format_ in _FORMATS if format_.suffix == suffix)
