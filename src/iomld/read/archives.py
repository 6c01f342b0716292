"""The files that are named on a command line or sent in: folders, patterns, and archives in gzip and zip.

Archives have limits on the number of entries, the unpacked size and the compression ratio. Archives inside archives
are not opened.
"""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from iomld.errors import SourceError
from iomld.messages import ForeignText, message
from iomld.read.detect import is_gzip, is_office_document, is_zip

# Suffixes of the files that are looked for in folders and archives; a file that is named itself may have any.
_SUFFIXES = frozenset(
    {".txt", ".html", ".htm", ".json", ".jsonl", ".ndjson", ".jsonld", ".csv", ".tsv", ".xlsx"}
    | {".xml", ".ttl", ".nt", ".nq", ".trig", ".rdf", ".zip"}
)
_MOST_ENTRIES = 10_000
_MOST_INFLATED = 4 * 1024**3
# Text of records compresses at most 40 to 1; a file with a higher ratio than this is a decompression bomb.
_MOST_RATIO = 200
_RATIO_COUNTS_FROM = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, or one entry of an archive.

    Attributes:
        name: Its name for places: `records.zip!projects.csv` for an entry.
        open: Opens it as a stream of uncompressed bytes.
        mentions: Opens the table of mentions that an archive holds beside a table of projects.
    """

    name: str
    open: Callable[[], BinaryIO]
    mentions: Callable[[], BinaryIO] | None = None


def expand_sources(sources: Iterable[Path]) -> Iterator[SourceFile]:
    """The files that the sources name: files as they are, folders and patterns by their record files, sorted.

    Raises:
        SourceError: A source does not exist, a folder holds no record file, or an archive cannot be opened.
    """
    for source in sources:
        for path in _files(source):
            yield from files_of_path(path)


def files_of_path(path: Path) -> Iterator[SourceFile]:
    """The file itself, or the entries of a zip archive that is no workbook.

    Raises:
        SourceError: The file cannot be read, or the archive is damaged or too large.
    """

    def opened() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise SourceError(
                message("{file}: cannot be read ({detail}).", file=path, detail=ForeignText(error.strerror))
            ) from error

    yield from _opened_files(str(path), opened)


def files_of_bytes(data: bytes, name: str) -> Iterator[SourceFile]:
    """The same for a file held in memory."""
    yield from _opened_files(name, lambda: io.BytesIO(data))


def _files(source: Path) -> Iterator[Path]:
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file() and _is_record_file(path))
        if not files:
            raise SourceError(
                message(
                    "{folder}: no record files here. Looked for {suffixes}.",
                    folder=source,
                    suffixes=", ".join(sorted(_SUFFIXES)),
                )
            )
        yield from files
    elif source.exists():
        yield source
    else:
        found = (
            sorted(Path(source.anchor or ".").glob(str(source.relative_to(source.anchor))))
            if _has_pattern(source)
            else []
        )
        if not found:
            raise SourceError(message("{file}: no such file. Check the name.", file=source))
        yield from found


def _has_pattern(source: Path) -> bool:
    return any(mark in str(source) for mark in "*?[")


def _is_record_file(path: Path) -> bool:
    inner = path.with_suffix("") if path.suffix == ".gz" else path
    return inner.suffix.lower() in _SUFFIXES


def _opened_files(name: str, opened: Callable[[], BinaryIO]) -> Iterator[SourceFile]:
    with opened() as stream:
        magic = stream.read(4)
    if is_gzip(magic):
        yield SourceFile(name, lambda: _unzipped(name, opened))
    elif is_zip(magic):
        yield from _zip_entries(name, opened)
    else:
        yield SourceFile(name, opened)


def _zip_entries(name: str, opened: Callable[[], BinaryIO]) -> Iterator[SourceFile]:
    """The entries of an archive; they can be opened until the next one is asked for."""
    with opened() as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise SourceError(
                message(
                    "{file}: the zip archive is damaged ({detail}). Make it anew.", file=name, detail=ForeignText(error)
                )
            ) from error
        with archive:
            yield from _entries(archive, name, opened)


def _entries(archive: zipfile.ZipFile, name: str, opened: Callable[[], BinaryIO]) -> Iterator[SourceFile]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if is_office_document([entry.filename for entry in entries]):
        yield SourceFile(name, opened)  # a workbook; its reader opens it
        return
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_INFLATED:
        raise SourceError(
            message(
                "{file}: the archive holds too much ({count} entries). Send it in smaller parts.",
                file=name,
                count=len(entries),
            )
        )
    readable = {
        entry.filename: _entry(archive, entry, name) for entry in entries if _is_record_file(Path(entry.filename))
    }
    if not readable:
        raise SourceError(
            message(
                "{file}: no record files in the archive. Looked for {suffixes}.",
                file=name,
                suffixes=", ".join(sorted(_SUFFIXES)),
            )
        )
    mentions = readable.pop("mentions.csv", None) if "projects.csv" in readable else None
    for entry_name, entry_opened in sorted(readable.items()):
        yield SourceFile(f"{name}!{entry_name}", entry_opened, mentions if entry_name == "projects.csv" else None)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            stream = cast("BinaryIO", archive.open(entry))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise SourceError(
                message(
                    "{file}: cannot be unpacked ({detail}).", file=f"{name}!{entry.filename}", detail=ForeignText(error)
                )
            ) from error
        return _inflated(stream, f"{name}!{entry.filename}", entry.compress_size)

    return opened


def _unzipped(name: str, opened: Callable[[], BinaryIO]) -> BinaryIO:
    size, packed = _packed_size(opened), opened()
    return _inflated(gzip.GzipFile(fileobj=packed), name, size, below=packed)


def _packed_size(opened: Callable[[], BinaryIO]) -> int:
    with opened() as stream:
        return stream.seek(0, io.SEEK_END)


def _inflated(
    stream: BinaryIO | gzip.GzipFile, name: str, packed_bytes: int, *, below: BinaryIO | None = None
) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_Counted(stream, name, packed_bytes, below)))


class _Counted(io.RawIOBase):
    """Unpacked bytes, counted; refuses to give more than records can hold."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, name: str, packed_bytes: int, below: BinaryIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._below = below
        self._name = name
        self._allowed = min(_MOST_INFLATED, max(_RATIO_COUNTS_FROM, packed_bytes * _MOST_RATIO))
        self._count = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            if self._below is not None:
                self._below.close()
        super().close()

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer; we only fill it
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError, zipfile.BadZipFile) as error:
            raise SourceError(
                message(
                    "{file}: cannot be unpacked ({detail}). Make the archive anew.",
                    file=self._name,
                    detail=ForeignText(error),
                )
            ) from error
        self._count += len(data)
        if self._count > self._allowed:
            raise SourceError(
                message(
                    "{file}: unpacks to more than {limit} bytes, which no list of records does.",
                    file=self._name,
                    limit=self._allowed,
                )
            )
        buffer[: len(data)] = data
        return len(data)
