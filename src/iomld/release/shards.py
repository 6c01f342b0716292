"""The shards of a dataset: groups of graphs whose part of each file for download is compressed as one piece.

The graphs of records are in the order of their IRIs, and a shard ends after each graph whose hash says so
(content-defined chunking). So the cut needs neither the number of graphs nor a history: the same graphs have the same
shards, and one changed graph changes one shard. All other graphs, which share subjects, are one shard at the end.

A release keeps the table of its shards. The next one copies the pieces of shards with the same graphs from its files.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from iomld.errors import StoreError
from iomld.release.nquads import GraphState
from iomld.release.pieces import NO_PIECE, GzipAssembly, Piece, compressed, first_offset
from iomld.release.statistics import Statistics

# A shard has 16 graphs and then, on average, 16 more. Without the first number, a changed graph would be in a shard of
# 64 on average, since large shards have more graphs to change.
_FEWEST = 16
_CUT = 16
_VERSION = 4


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard of a release.

    Attributes:
        fingerprint: Hash of its graphs and their hashes; equal shards have equal pieces.
        pieces: Its piece of each file in which it has one, by the name of the file.
        statistics: The statistics of its graphs.
        texts: The fields and languages of their texts.
        shared: Subjects that other graphs may have too; one that several of its graphs have is there several times.
    """

    fingerprint: str
    pieces: Mapping[str, Piece]
    statistics: Statistics
    texts: frozenset[tuple[str, str]]
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileFrame:
    """What a file has besides the content of shards.

    Attributes:
        head: Content before it.
        separator: Content between that of two shards.
        tail: Content after it.
    """

    head: bytes = b""
    separator: bytes = b""
    tail: bytes = b""

    def lengths(self) -> tuple[int, int]:
        """The lengths of head and separator when compressed."""
        return len(compressed(self.head)[0]), len(compressed(self.separator)[0])


PLAIN_FRAME = FileFrame()


@dataclass(frozen=True, slots=True)
class ShardTable:
    """The shards of a release in their order.

    Attributes:
        made_with: What decides the content of pieces besides the graphs: versions, base, lists, headings of tables.
        frames: The compressed lengths of head and separator of each file that has them, by its name.
        shards: The shards; the last has the graphs that are not of records.
    """

    made_with: Mapping[str, str] = field(default_factory=dict)
    frames: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    shards: Sequence[Shard] = ()

    def offsets(self, name: str) -> Iterator[int]:
        """Where the piece of each shard begins in a file."""
        head, separator = self.frames.get(name, (0, 0))
        place, is_first = first_offset() + head, True
        for shard in self.shards:
            piece = shard.pieces.get(name, NO_PIECE)
            if piece.length and not is_first:
                place += separator
            is_first = is_first and not piece.length
            yield place
            place += piece.length


def cut(graphs: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Cut sorted graphs into those of each shard."""
    shard: list[str] = []
    for graph in graphs:
        shard.append(graph)
        if len(shard) > _FEWEST and int.from_bytes(hashlib.sha256(graph.encode()).digest()[:4], "big") % _CUT == 0:
            yield tuple(shard)
            shard = []
    if shard:
        yield tuple(shard)


def fingerprint(graphs: Iterable[str], states: Mapping[str, GraphState]) -> str:
    """The hash of graphs and their hashes."""
    digest = hashlib.sha256()
    for graph in graphs:
        digest.update(f"{graph}\t{states[graph].digest}\n".encode())
    return digest.hexdigest()


class PieceSource(NamedTuple):
    """A piece in a file: of the previous release, or of this run."""

    path: Path
    offset: int
    piece: Piece


@dataclass(frozen=True, slots=True)
class PlacedShard:
    """A shard, and the place of its piece of each file."""

    shard: Shard
    sources: Mapping[str, PieceSource]


def placed_shards(table: ShardTable, folder: Path) -> tuple[PlacedShard, ...]:
    """The shards of a release, with the places of their pieces.

    Args:
        table: The table of its shards.
        folder: The release.
    """
    names = {name for shard in table.shards for name in shard.pieces}
    places = {name: (folder / name, tuple(table.offsets(name))) for name in names}
    placed: list[PlacedShard] = []
    for number, shard in enumerate(table.shards):
        sources: dict[str, PieceSource] = {}
        for name, piece in shard.pieces.items():
            path, offsets = places[name]
            sources[name] = PieceSource(path, offsets[number], piece)
        placed.append(PlacedShard(shard, sources))
    return tuple(placed)


def assemble(path: Path, frame: FileFrame, parts: Iterable[PieceSource]) -> GzipAssembly:
    """Write a file from the pieces of its shards.

    Args:
        path: The file.
        frame: What it has besides.
        parts: The pieces in their order.

    Returns:
        The closed file, with its length and hash.
    """
    with GzipAssembly(path) as file:
        if frame.head:
            file.add(frame.head)
        is_first = True
        for run in _runs((part for part in parts if part.piece.length), is_joined=not frame.separator):
            if frame.separator and not is_first:
                file.add(frame.separator)
            is_first = False
            file.copy(run[0].path, run[0].offset, [part.piece for part in run])
        if frame.tail:
            file.add(frame.tail)
    return file


def _runs(parts: Iterable[PieceSource], *, is_joined: bool) -> Iterator[list[PieceSource]]:
    """Pieces that follow each other in one file, to be copied at once; each alone if there is something between."""
    run: list[PieceSource] = []
    for part in parts:
        if run and not (
            is_joined and part.path == run[-1].path and part.offset == run[-1].offset + run[-1].piece.length
        ):
            yield run
            run = []
        run.append(part)
    if run:
        yield run


def write_table(table: ShardTable, path: Path) -> None:
    """Write the table as compressed JSON: a line with what all shards have in common, then a line for each.

    A piece has the number of its file in the first line.
    """
    files = sorted({name for shard in table.shards for name in shard.pieces})
    numbers = {name: number for number, name in enumerate(files)}
    head = {"madeWith": dict(table.made_with), "frames": dict(table.frames), "files": files}
    with GzipAssembly(path) as output:
        output.add(_line({"version": _VERSION, **head}))
        output.add(b"".join(_line(_shard_json(shard, numbers)) for shard in table.shards))


def has_table(path: Path) -> bool:
    """Whether a release has a table of this version; one of an earlier version has none, or another."""
    try:
        with gzip.open(path, "rb") as file:
            return bool(json.loads(file.readline())["version"] == _VERSION)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return False


def read_table(path: Path) -> ShardTable:
    """Read the table of a release; an empty one if it has none, or one of another version.

    Raises:
        StoreError: It is damaged.
    """
    if not path.exists():
        return ShardTable()
    try:
        with gzip.open(path, "rb") as file:
            head, *lines = map(json.loads, file)
        if head["version"] != _VERSION:
            return ShardTable()
        frames = {name: (lengths[0], lengths[1]) for name, lengths in head["frames"].items()}
        return ShardTable(head["madeWith"], frames, tuple(_read_shard(line, head["files"]) for line in lines))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: the file is damaged ({error}). Copy it back from a backup.") from error


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _shard_json(shard: Shard, numbers: Mapping[str, int]) -> dict[str, object]:
    return {
        "fingerprint": shard.fingerprint,
        "pieces": sorted((numbers[name], *piece) for name, piece in shard.pieces.items()),
        "statistics": shard.statistics.to_json(),
        "texts": sorted(shard.texts),
        "shared": shard.shared,
    }


# Typing the parsed JSON would add nothing to the check of the file's hash.
def _read_shard(values: dict[str, Any], files: Sequence[str]) -> Shard:
    return Shard(
        fingerprint=values["fingerprint"],
        pieces={files[number]: Piece(*piece) for number, *piece in values["pieces"]},
        statistics=Statistics.from_json(values["statistics"]),
        texts=frozenset((name, language) for name, language in values["texts"]),
        shared=tuple(values["shared"]),
    )
