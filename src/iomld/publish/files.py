"""Writes the files for download of a release from its shards; a file in which nothing changed is a link."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from iomld.export.shard_files import MENTIONS_TABLE, PROJECTS_TABLE, dataset_file, file_frames, region_labels
from iomld.export.table_schemas import metadata_bytes, package_bytes
from iomld.iris import IOMLD, Iris, local_name
from iomld.publish.shard_plan import TABLES, ReleaseShards
from iomld.release import FILES, Manifest, Release
from iomld.release.downloads import METADATA_FILE, PACKAGE_FILE
from iomld.release.nquads import FileFacts
from iomld.release.pieces import contents
from iomld.release.shards.assembly import PLAIN_FRAME, FileFrame, OldFile, assemble
from iomld.release.shards.columns import PieceColumns
from iomld.release.shards.table import ShardTable, write_table
from iomld.release.subsets import (
    BY_CLASS,
    BY_REGION,
    FORMAT_NAMES,
    Partitioning,
    Subset,
    class_name,
    subset_file,
)

_MOST_CLASSES = 64  # with files; of a dataset with more, the largest have one
# Files that are longer uncompressed have no hash of their content: reading them would take longer than a small change.
_HASHED_BYTES = 16 << 20
_INTERNAL = (FILES.index, FILES.contributions, FILES.statistics)  # no files for download
_WHOLE = (*(dataset_file(form) for form in FORMAT_NAMES), PROJECTS_TABLE, MENTIONS_TABLE)


@dataclass(frozen=True, slots=True)
class DownloadSet:
    """The files for download of a release.

    Attributes:
        subsets: The classes and regions.
        facts: Length and hash of each file, by name; of the whole dataset and its tables also as they are downloaded
            uncompressed, with an empty hash if they are long.
        crc32: CRC-32 of each file of pieces.
        projects: The number of projects.
    """

    subsets: Sequence[Subset]
    facts: Mapping[str, FileFacts]
    crc32: Mapping[str, int]
    projects: int

    @property
    def stored(self) -> dict[str, FileFacts]:
        """Those that are in the folder of the release."""
        return {name: facts for name, facts in self.facts.items() if f"{name}.gz" not in self.facts}

    @property
    def uncompressed(self) -> dict[str, FileFacts]:
        """Those that the release contains compressed and also offers uncompressed."""
        return {name: facts for name, facts in self.facts.items() if f"{name}.gz" in self.facts}


def write_files(
    building: Path,
    made: ReleaseShards,
    previous: Release | None,
    classes: Mapping[str, int],
    *,
    processes: int,
) -> DownloadSet:
    """Write the dataset, its tables and subsets, the index and the table of shards.

    Args:
        building: The folder of the new release.
        made: The shards.
        previous: The current release, or None.
        classes: The number of instances of each class of the dataset. Classes without a name have no file.
        processes: How many files to write at the same time.
    """
    base = made.made_with["base"]
    subsets = {file: about for about in _subsets(classes, base) for file in about.files}
    names = (*_WHOLE, *_INTERNAL, *subsets)
    frames = file_frames(base, made.form, names)
    lengths = {name: frame.lengths() for name, frame in frames.items()}
    table = made.columns.table(made.made_with, lengths, made.statistics, made.texts)
    write_table(table, building / FILES.shards)
    writer = _FileWriter(building, made, table, frames, previous)
    with ThreadPoolExecutor(max(1, processes)) as threads:
        written = dict(zip(names, threads.map(writer.write, names), strict=True))
    facts = {name: one.compressed for name, one in written.items() if name not in _INTERNAL}
    facts |= {name.removesuffix(".gz"): written[name].content for name in _WHOLE}
    for name, content in ((METADATA_FILE, metadata_bytes(made.form, base)), (PACKAGE_FILE, package_bytes(made.form))):
        (building / name).write_bytes(content)
        facts[name] = FileFacts(len(content), hashlib.sha256(content).hexdigest())
    found = (
        Subset(about.partitioning, about.name, about.iri, about.label, written[name].lines, written[name].compressed)
        for name, about in subsets.items()
        if name == about.files[0]
    )
    crcs = {name: one.crc32 for name, one in written.items()}
    projects = classes.get(f"{IOMLD}Project", 0)
    return DownloadSet(tuple(sorted(found, key=lambda subset: subset.file)), facts, crcs, projects)


@dataclass(frozen=True, slots=True)
class _SubsetFiles:
    """A class or region, and its files, beginning with the one whose lines count."""

    partitioning: Partitioning
    name: str
    iri: str
    label: str

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(subset_file(self.partitioning, self.name, form) for form in self.partitioning.offered)


def _subsets(classes: Mapping[str, int], base: str) -> Iterator[_SubsetFiles]:
    iris = Iris(base)
    named = {iri: name for iri in classes if (name := class_name(iri, iris))}
    for iri in sorted(named, key=lambda iri: (-classes[iri], iri))[:_MOST_CLASSES]:
        yield _SubsetFiles(BY_CLASS, named[iri], iri, local_name(iri))
    for code, label in region_labels(base).items():
        yield _SubsetFiles(BY_REGION, code, iris.concept("region", code), label)


@dataclass(frozen=True, slots=True)
class _WrittenFile:
    """A file that was written or linked: length and hash of the file, length and hash of its content, its lines."""

    compressed: FileFacts
    content: FileFacts
    lines: int
    crc32: int


class _FileWriter:
    """Writes the files of a release, each from the pieces of all shards; may be used from several threads.

    A file with the same pieces as in the release before is a link to the old one.
    """

    def __init__(
        self,
        building: Path,
        made: ReleaseShards,
        table: ShardTable,
        frames: Mapping[str, FileFrame],
        previous: Release | None,
    ) -> None:
        self._building, self._made, self._table, self._frames = building, made, table, frames
        self._previous, self._old = previous, made.previous.table

    def write(self, name: str) -> _WrittenFile:
        """Write a file, or link it."""
        path, frame = self._building / name, self._frames.get(name, PLAIN_FRAME)
        old = self._old_file(name, frame)
        parts = old.parts(name, self._made.shards)
        known = ""
        if self._has_same_frame(name) and old.is_all(parts) and (manifest := self._link(name, path)):
            facts, crc = FileFacts(manifest.sizes[name], manifest.files[name]), manifest.crc32[name]
            known = manifest.uncompressed_files.get(name.removesuffix(".gz"), "")
        else:
            file = assemble(path, frame, parts, old)
            facts, crc = file.facts, file.file_crc
            self._replace_equal(name, facts, path)
        columns = self._table.pieces(name)
        length = _content_length(frame, columns)
        if not known and name in _WHOLE and length <= _HASHED_BYTES:
            known = _content_hash(path)
        return _WrittenFile(facts, FileFacts(length, known), sum(columns.lines), crc)

    def _old_file(self, name: str, frame: FileFrame) -> OldFile:
        """The file of the release before; without pieces if there is none."""
        if self._previous is None:
            return OldFile(self._building / name, PieceColumns.empty(), (0, 0), frame.separator, None)
        return OldFile(
            self._previous.file(name),
            self._old.pieces(name),
            self._old.frames.get(name, (0, 0)),
            frame.separator,
            self._previous.manifest.crc32.get(name),
        )

    def _has_same_frame(self, name: str) -> bool:
        same_tables = self._old.made_with == self._table.made_with
        same_frame = self._old.frames.get(name) == self._table.frames.get(name)
        return same_frame and (same_tables or name not in TABLES)

    def _link(self, name: str, path: Path) -> Manifest | None:
        """Make a file a link to the old one; the manifest that knows it, or None if that is not possible."""
        if self._previous is None or name not in self._previous.manifest.crc32:
            return None
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            path.hardlink_to(self._previous.file(name))
            return self._previous.manifest
        return None

    def _replace_equal(self, name: str, facts: FileFacts, path: Path) -> None:
        """Make a file that was written a link to the old one if that is equal, so that it is on the disk once."""
        if self._previous and self._previous.manifest.files.get(name) == facts.sha256:
            beside = path.with_name(f".{path.name}")
            with suppress(OSError):
                beside.hardlink_to(self._previous.file(name))
                beside.replace(path)


def _content_length(frame: FileFrame, columns: PieceColumns) -> int:
    pieces = len(columns.plain_lengths) - columns.plain_lengths.count(0)
    between = len(frame.separator) * max(0, pieces - 1)
    return len(frame.head) + len(frame.tail) + between + sum(columns.plain_lengths)


def _content_hash(path: Path) -> str:
    digest = hashlib.sha256()
    for block in contents(path):
        digest.update(block)
    return digest.hexdigest()
