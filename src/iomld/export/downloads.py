"""Writes the files for download of a release, and measures them, also those that are downloaded uncompressed."""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from iomld.export.csv import write_tables
from iomld.export.formats import write_rdf
from iomld.export.stored_quads import StoredQuads
from iomld.export.table_schemas import write_metadata, write_package
from iomld.export.tables import stored_source
from iomld.formats import rdf
from iomld.release import FILES
from iomld.release.downloads import (
    MENTIONS_FILE,
    METADATA_FILE,
    PROJECTS_FILE,
    Content,
    DownloadFile,
    column_files,
    dataset_files,
    subset_downloads,
)
from iomld.release.nquads import FileFacts, compressing, file_facts
from iomld.release.subsets import Subset, subset_file

_BUFFER_BYTES = 1 << 16


class DownloadWriter:
    """Writes files for download from the files that a release has first: the dataset and its subsets."""

    def __init__(self, folder: Path, base: str) -> None:
        """Write from the files of a release, finished or not.

        Args:
            folder: The folder of the release.
            base: The data base of its IRIs.
        """
        self._folder, self._base = folder, base
        self._source = stored_source(StoredQuads(folder / FILES.dataset, rdf.NQUADS, base))

    def write(self, file: DownloadFile, path: Path) -> None:
        """Write one file that the release does not contain.

        Args:
            file: The file.
            path: Its place.

        Raises:
            StoreError: The file that it is written from is missing or damaged.
        """
        with _measured(file, path, {}) as output:
            if file.content is Content.TABLE:
                with Path(os.devnull).open("wb") as other:
                    tables = {PROJECTS_FILE: other, MENTIONS_FILE: other, file.plain_name: output}
                    write_tables(self._source, tables[PROJECTS_FILE], tables[MENTIONS_FILE])
            else:
                self._write_content(file, output)

    def write_all(self, subsets: Iterable[Subset]) -> Mapping[str, FileFacts]:
        """Write every file for download that is not there yet into the folder.

        Args:
            subsets: The subsets, whose first files are there.

        Returns:
            Length and hash of each new file, and of the content of compressed files of the whole dataset by their name
            without the suffix.
        """
        parts = (file for one in subsets for file in subset_downloads(one.partitioning, one.name))
        found: dict[str, FileFacts] = {}
        tables: list[DownloadFile] = []
        for file in (*dataset_files(), *column_files(), *parts):
            path = self._folder / file.name
            if file.name != file.held_name or path.exists():
                continue
            if file.content is Content.TABLE:
                tables.append(file)
                continue
            with _measured(file, path, found) as output:
                self._write_content(file, output)
        with ExitStack() as stack:  # both from one pass over the projects
            outputs = {
                file.plain_name: stack.enter_context(_measured(file, self._folder / file.name, found))
                for file in tables
            }
            write_tables(self._source, outputs[PROJECTS_FILE], outputs[MENTIONS_FILE])
        return found

    def _write_content(self, file: DownloadFile, output: BinaryIO) -> None:
        if file.format:
            write_rdf(self._stored(file), file.format, output)
        elif file.name == METADATA_FILE:
            write_metadata(self._source, self._base, output)
        else:
            write_package(self._source, output)

    def _stored(self, file: DownloadFile) -> StoredQuads:
        """The file that one in another format is converted from."""
        if file.partitioning is None:
            return StoredQuads(self._folder / FILES.dataset, rdf.NQUADS, self._base)
        written = file.partitioning.written
        return StoredQuads(self._folder / subset_file(file.partitioning, file.subset, written), written, self._base)


@contextmanager
def _measured(file: DownloadFile, path: Path, found: dict[str, FileFacts]) -> Iterator[BinaryIO]:
    """A stream into a file, compressed if need be; what was measured is added to what was found.

    The stream is buffered, so that gzip gets the same blocks of the same content, and gives the same bytes.
    """
    with path.open("wb") as raw:
        if not file.is_compressed:
            yield raw
        else:
            with compressing(raw) as compressed:
                measured = _MeasuredOutput(cast("BinaryIO", compressed))
                with io.BufferedWriter(cast("io.RawIOBase", measured), _BUFFER_BYTES) as output:
                    yield cast("BinaryIO", output)
            if file.content is not Content.SUBSET:
                found[file.plain_name] = measured.facts
    found[file.name] = file_facts(path)


class _MeasuredOutput(io.RawIOBase):
    """Measures what is written to a stream, which it leaves open."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._digest, self._size_bytes = hashlib.sha256(), 0

    @property
    def facts(self) -> FileFacts:
        """Length and hash of what was written."""
        return FileFacts(self._size_bytes, self._digest.hexdigest())

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # any buffer of bytes does
        self._digest.update(data)
        self._size_bytes += len(data)
        self._output.write(data)
        return len(data)
