"""Find the files that sources name: folders, patterns, and archives in gzip and zip.

Archives have limits on the number of entries, the uncompressed size and the compression ratio. Archives inside archives
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

# Suffixes of record files in folders and archives; a file that is named directly may have any suffix.
_SUFFIXES = frozenset(
    {".txt", ".html", ".htm", ".json", ".jsonl", ".ndjson", ".jsonld", ".csv", ".tsv", ".xlsx"}
    | {".xml", ".ttl", ".nt", ".nq", ".trig", ".rdf", ".zip"}
)
# What our archives of tables have besides: the sources once more, and descriptions of the columns for programs.
_BESIDE_TABLES = frozenset({"sources.csv", "csv-metadata.json", "datapackage.json"})
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_MOST_ENTRIES = 10_000
_MOST_UNCOMPRESSED_BYTES = 4 * 1024**3
# Text of records compresses at most 40 to 1; a file with a higher ratio than this is a decompression bomb.
_MOST_RATIO = 200
_RATIO_COUNTS_FROM_BYTES = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, or one entry of an archive.

    Attributes:
        name: Its name for places: `records.zip!projects.csv` for an entry.
        open: Opens it as a stream of uncompressed bytes.
        mentions: Opens the table of mentions in the same archive, for a table of projects.
    """

    name: str
    open: Callable[[], BinaryIO]
    mentions: Callable[[], BinaryIO] | None = None


def expand_sources(sources: Iterable[Path]) -> Iterator[SourceFile]:
    """The files that sources name: a file itself, the record files of a folder, the matches of a pattern; sorted.

    Raises:
        SourceError: A source does not exist, or a folder holds no record file.
    """
    for source in sources:
        for path in _paths(source):
            yield from files_of_path(path)


def files_of_path(path: Path) -> Iterator[SourceFile]:
    """The file itself, or the entries of a zip archive that is not a workbook.

    Raises:
        SourceError: The file cannot be read. An archive that is damaged or too large is one file, and raises it when
            it is opened.
    """

    def open_file() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise SourceError(
                message("{file} cannot be read ({detail}).", file=path, detail=ForeignText(error.strerror))
            ) from error

    yield from _source_files(str(path), open_file)


def files_of_bytes(data: bytes, name: str) -> Iterator[SourceFile]:
    """The file itself, or the entries of an archive, for bytes in memory. Raises as `files_of_path` does."""
    yield from _source_files(name, lambda: io.BytesIO(data))


def _paths(source: Path) -> Iterator[Path]:
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file() and _is_record_file(path))
        if not files:
            raise SourceError(
                message(
                    "{folder} contains no record files. Files with these endings are read: {suffixes}.",
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
            raise SourceError(message("{file}: there is no such file. Check the name.", file=source))
        yield from found


def _has_pattern(source: Path) -> bool:
    return any(wildcard in str(source) for wildcard in "*?[")


def _is_record_file(path: Path) -> bool:
    inner = path.with_suffix("") if path.suffix == ".gz" else path
    return inner.suffix.lower() in _SUFFIXES


def _source_files(name: str, open_: Callable[[], BinaryIO]) -> Iterator[SourceFile]:
    with open_() as stream:
        magic = stream.read(4)
    if is_gzip(magic):
        yield SourceFile(name, lambda: _gunzip(name, open_))
    elif is_zip(magic):
        try:
            yield from _zip_entries(name, open_)
        except SourceError as error:  # of this file only: those after it are read
            yield SourceFile(name, _refusing(error))
    else:
        yield SourceFile(name, open_)


def _refusing(error: SourceError) -> Callable[[], BinaryIO]:
    """The opener of a file that cannot be read."""

    def refuse() -> BinaryIO:
        raise error

    return refuse


def not_workbook(file: str) -> SourceError | None:
    """The error for a file with the name of a workbook that is none; None for any other name."""
    if Path(file).suffix.lower() not in _WORKBOOK_SUFFIXES:
        return None
    return SourceError(
        message(
            "{file} is not an XLSX workbook: it is damaged, locked by a password, or in another format. Open it in a "
            "spreadsheet program and save it as XLSX without a password.",
            file=file,
        )
    )


def _zip_entries(name: str, open_: Callable[[], BinaryIO]) -> Iterator[SourceFile]:
    """The entries of an archive; each can be opened until the next one is requested."""
    with open_() as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise not_workbook(name) or SourceError(
                message(
                    "{file}: the zip archive is damaged ({detail}). Create it again.",
                    file=name,
                    detail=ForeignText(error),
                )
            ) from error
        with archive:
            yield from _entries(archive, name, open_)


def _entries(archive: zipfile.ZipFile, name: str, open_: Callable[[], BinaryIO]) -> Iterator[SourceFile]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if is_office_document([entry.filename for entry in entries]):
        yield SourceFile(name, open_)  # a workbook; its reader opens it
        return
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_UNCOMPRESSED_BYTES:
        raise SourceError(
            message(
                "{file}: the archive has too many entries ({count}). Split it into smaller archives.",
                file=name,
                count=len(entries),
            )
        )
    readable = {
        entry.filename: _entry_opener(archive, entry, name)
        for entry in entries
        if _is_record_file(Path(entry.filename))
    }
    if not readable:
        raise SourceError(
            message(
                "{file}: the archive contains no record files. Files with these endings are read: {suffixes}.",
                file=name,
                suffixes=", ".join(sorted(_SUFFIXES)),
            )
        )
    mentions = readable.pop("mentions.csv", None) if "projects.csv" in readable else None
    if "projects.csv" in readable:  # an archive of our tables
        readable = {entry: open_entry for entry, open_entry in readable.items() if entry not in _BESIDE_TABLES}
    for entry_name, open_entry in sorted(readable.items()):
        yield SourceFile(f"{name}!{entry_name}", open_entry, mentions if entry_name == "projects.csv" else None)


def _entry_opener(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Callable[[], BinaryIO]:
    def open_entry() -> BinaryIO:
        try:
            stream = cast("BinaryIO", archive.open(entry))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise SourceError(
                message(
                    "{file} cannot be unpacked ({detail}).", file=f"{name}!{entry.filename}", detail=ForeignText(error)
                )
            ) from error
        return _limited(stream, f"{name}!{entry.filename}", entry.compress_size)

    return open_entry


def _gunzip(name: str, open_: Callable[[], BinaryIO]) -> BinaryIO:
    size, compressed = _length(open_), open_()
    return _limited(gzip.GzipFile(fileobj=compressed), name, size, compressed=compressed)


def _length(open_: Callable[[], BinaryIO]) -> int:
    with open_() as stream:
        return stream.seek(0, io.SEEK_END)


def _limited(
    stream: BinaryIO | gzip.GzipFile, name: str, compressed_bytes: int, *, compressed: BinaryIO | None = None
) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_LimitedStream(stream, name, compressed_bytes, compressed)))


class _LimitedStream(io.RawIOBase):
    """A stream of uncompressed bytes that refuses to return more than records can have."""

    def __init__(
        self, stream: BinaryIO | gzip.GzipFile, name: str, compressed_bytes: int, compressed: BinaryIO | None
    ) -> None:
        super().__init__()
        self._stream = stream
        self._compressed = compressed
        self._name = name
        self._limit = min(_MOST_UNCOMPRESSED_BYTES, max(_RATIO_COUNTS_FROM_BYTES, compressed_bytes * _MOST_RATIO))
        self._count = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            if self._compressed is not None:
                self._compressed.close()
        super().close()

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer; we only fill it
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError, zipfile.BadZipFile) as error:
            raise SourceError(
                message(
                    "{file} cannot be unpacked ({detail}). Create the archive again.",
                    file=self._name,
                    detail=ForeignText(error),
                )
            ) from error
        self._count += len(data)
        if self._count > self._limit:
            raise SourceError(
                message(
                    "{file} unpacks to more than {limit} bytes, too much for a list of records. Split it into "
                    "several files.",
                    file=self._name,
                    limit=self._limit,
                )
            )
        buffer[: len(data)] = data
        return len(data)
