"""Writes the files for download of a release from its shards; a file in which nothing changed is a link."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from iomld.export.shard_files import MENTIONS_TABLE, PROJECTS_TABLE, dataset_file, file_frames, region_labels
from iomld.export.table_schemas import metadata_bytes, package_bytes
from iomld.iris import Iris, local_name
from iomld.publish.shard_plan import TABLES, PreviousShards, ReleaseShards
from iomld.release import FILES, Release
from iomld.release.downloads import METADATA_FILE, PACKAGE_FILE
from iomld.release.nquads import FileFacts
from iomld.release.pieces import contents
from iomld.release.shards import (
    PLAIN_FRAME,
    FileFrame,
    PieceSource,
    PlacedShard,
    ShardTable,
    assemble,
    write_table,
)
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
_INTERNAL = (FILES.index, FILES.contributions)  # no files for download
_WHOLE = (*(dataset_file(form) for form in FORMAT_NAMES), PROJECTS_TABLE, MENTIONS_TABLE)


@dataclass(frozen=True, slots=True)
class DownloadSet:
    """The files for download of a release.

    Attributes:
        subsets: The classes and regions.
        facts: Length and hash of each file, by name; of the whole dataset and its tables also as they are downloaded
            uncompressed, with an empty hash if they are long.
    """

    subsets: Sequence[Subset]
    facts: Mapping[str, FileFacts]

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
    table = ShardTable(
        made.made_with,
        {name: frame.lengths() for name, frame in frames.items()},
        tuple(one.shard for one in made.shards),
    )
    write_table(table, building / FILES.shards)
    writer = _FileWriter(building, made.shards, frames, _PreviousFiles(previous, made.previous, table))
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
    return DownloadSet(tuple(sorted(found, key=lambda subset: subset.file)), facts)


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


class _PreviousFiles:
    """The files of the current release, to which new ones can be links."""

    def __init__(self, release: Release | None, old: PreviousShards, table: ShardTable) -> None:
        self._release = release
        same_tables = old.table.made_with == table.made_with
        self._pieces = {
            name: sources
            for name, sources in _pieces_by_file(old.shards if old.is_alike else ()).items()
            if old.table.frames.get(name) == table.frames.get(name) and (same_tables or name not in TABLES)
        }

    def link(self, name: str, pieces: Sequence[PieceSource], path: Path) -> FileFacts | None:
        """Make a file a link to the old one if it has the same pieces; its length and hash, or None."""
        if self._release is None or self._pieces.get(name) != pieces:
            return None
        with suppress(OSError, KeyError):
            facts = FileFacts(self._release.manifest.sizes[name], self._release.manifest.files[name])
            path.parent.mkdir(exist_ok=True)
            path.hardlink_to(self._release.file(name))
            return facts
        return None

    def replace_equal(self, name: str, facts: FileFacts, path: Path) -> None:
        """Make a file that was written a link to the old one if that is equal, so that it is on the disk once."""
        if self._release and self._release.manifest.files.get(name) == facts.sha256:
            beside = path.with_name(f".{path.name}")
            with suppress(OSError):
                beside.hardlink_to(self._release.file(name))
                beside.replace(path)

    def content_hash(self, name: str) -> str:
        """The hash of the content of an old file; empty if it is not known."""
        return self._release.manifest.uncompressed_files.get(name, "") if self._release else ""


class _FileWriter:
    """Writes the files of a release, each from the pieces of all shards; may be used from several threads."""

    def __init__(
        self, building: Path, shards: Iterable[PlacedShard], frames: Mapping[str, FileFrame], previous: _PreviousFiles
    ) -> None:
        self._building, self._frames, self._previous = building, frames, previous
        self._pieces = _pieces_by_file(shards)

    def write(self, name: str) -> _WrittenFile:
        """Write a file, or link it."""
        path, pieces = self._building / name, self._pieces.get(name, [])
        frame = self._frames.get(name, PLAIN_FRAME)
        linked = self._previous.link(name, pieces, path)
        if linked is None:
            file = assemble(path, frame, pieces)
            linked, known = file.facts, ""
            self._previous.replace_equal(name, linked, path)
        else:
            known = self._previous.content_hash(name.removesuffix(".gz"))
        length = _content_length(frame, pieces)
        digest = known
        if not digest and name in _WHOLE and length <= _HASHED_BYTES:
            digest = _content_hash(path)
        return _WrittenFile(linked, FileFacts(length, digest), sum(source.piece.lines for source in pieces))


def _pieces_by_file(shards: Iterable[PlacedShard]) -> dict[str, list[PieceSource]]:
    """The pieces of each file, in the order of the shards."""
    found: defaultdict[str, list[PieceSource]] = defaultdict(list)
    for shard in shards:
        for name, source in shard.sources.items():
            found[name].append(source)
    return dict(found)


def _content_length(frame: FileFrame, pieces: Sequence[PieceSource]) -> int:
    between = len(frame.separator) * max(0, len(pieces) - 1)
    return len(frame.head) + len(frame.tail) + between + sum(source.piece.plain_length for source in pieces)


def _content_hash(path: Path) -> str:
    digest = hashlib.sha256()
    for block in contents(path):
        digest.update(block)
    return digest.hexdigest()
