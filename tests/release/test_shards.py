"""Pieces and shards: files put together from pieces are ordinary gzip files, and a small change changes few."""

import gzip
import hashlib
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.errors import StoreError
from iomld.release.nquads import GraphState
from iomld.release.pieces import NO_PIECE, GzipAssembly, compressed, content_of, contents
from iomld.release.shards import (
    FileFrame,
    PieceSource,
    Shard,
    ShardTable,
    assemble,
    cut,
    fingerprint,
    placed_shards,
    read_table,
    write_table,
)
from iomld.release.statistics import StatisticsCount, added_up

FRAME = FileFrame(b"[\n", b",\n", b"\n]\n")
NOTHING = StatisticsCount("http://x/").result()
NAME = "some.gz"


def shard(number: int, content: bytes) -> Shard:
    """A shard with one piece."""
    piece = compressed(content)[1]
    return Shard(
        str(number),
        {NAME: piece} if content else {},
        NOTHING,
        frozenset({("title", str(number))}),
        (f"http://{number}",),
    )


def written(folder: Path, frame: FileFrame, parts: list[bytes]) -> Path:
    """A file of pieces that lie in a file of their own each."""
    sources: list[PieceSource] = []
    for number, content in enumerate(parts):
        data, piece = compressed(content)
        path = folder / f"piece-{number}"
        path.write_bytes(data)
        sources.append(PieceSource(path, 0, piece))
    assemble(folder / NAME, frame, sources)
    return folder / NAME


@given(parts=st.lists(st.binary(max_size=2000), max_size=6), frame=st.sampled_from([FRAME, FileFrame()]))
def test_pieces_make_one_member(parts: list[bytes], frame: FileFrame, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any reader finds the contents in order, with separators between those that have any, and nothing after them."""
    folder = tmp_path_factory.mktemp("pieces")
    file = written(folder, frame, parts)
    expected = frame.head + frame.separator.join(filter(None, parts)) + frame.tail
    member = zlib.decompressobj(31)
    assert member.decompress(file.read_bytes()) == expected
    assert member.eof
    assert not member.unused_data
    assert b"".join(contents(file)) == expected


@given(parts=st.lists(st.binary(max_size=500), min_size=1, max_size=6), frame=st.sampled_from([FRAME, FileFrame()]))
def test_the_table_says_where_pieces_are(
    parts: list[bytes], frame: FileFrame, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The table reads back as it was written, and the pieces of a file can be read and copied with it."""
    folder = tmp_path_factory.mktemp("table")
    file = written(folder, frame, parts)
    shards = tuple(shard(number, content) for number, content in enumerate(parts))
    table = ShardTable({"iomld": "1"}, {NAME: frame.lengths()}, shards)
    write_table(table, folder / "table")
    assert read_table(folder / "table") == table
    placed = placed_shards(read_table(folder / "table"), folder)
    found = [
        content_of(source.path, source.offset, source.piece) if (source := one.sources.get(NAME)) else b""
        for one in placed
    ]
    assert found == parts
    again = folder / "again.gz"
    assemble(again, frame, (one.sources[NAME] for one in placed if NAME in one.sources))
    assert again.read_bytes() == file.read_bytes()


def test_facts_are_those_of_the_file(tmp_path: Path) -> None:
    """Length and hash are those of the bytes on disk, and a piece knows its lines."""
    with GzipAssembly(tmp_path / NAME) as file:
        file.add(b"one\n")
        file.add(b"two\nthree\n")
    assert file.facts.size_bytes == (tmp_path / NAME).stat().st_size
    assert file.facts.sha256 == hashlib.sha256((tmp_path / NAME).read_bytes()).hexdigest()
    assert compressed(b"one\ntwo\nthree\n")[1][1::2] == (14, 3)
    assert gzip.decompress((tmp_path / NAME).read_bytes()) == b"one\ntwo\nthree\n"
    assert compressed(b"") == (b"", NO_PIECE)


def test_damage_is_told(tmp_path: Path) -> None:
    """A piece with other bytes, a file cut short, and a broken table each give a sentence with the file."""
    data, piece = compressed(b"some content\n" * 20)
    path = tmp_path / "piece"
    path.write_bytes(compressed(b"other content\n" * 20)[0])
    with pytest.raises(StoreError, match="piece: the file is damaged"):
        content_of(path, 0, piece)
    path.write_bytes(data[:-5])
    with pytest.raises(StoreError, match="cut short"):
        assemble(tmp_path / NAME, FileFrame(), [PieceSource(path, 0, piece)])
    (tmp_path / "table").write_bytes(gzip.compress(b'{"version":4}\n'))
    with pytest.raises(StoreError, match="table: the file is damaged"):
        read_table(tmp_path / "table")
    assert read_table(tmp_path / "none") == ShardTable()


def test_one_graph_changes_few_shards() -> None:
    """Shards are alike in size, and one graph more changes the shard that it is in and seldom those that follow."""
    dice = random.Random(5)  # noqa: S311  # no secret
    graphs = sorted(f"http://x/{number:06}" for number in dice.sample(range(100_000), 3000))
    before = list(cut(graphs))
    assert [graph for shard in before for graph in shard] == graphs
    assert len(before) > 3000 / 40
    assert max(map(len, before)) < 150
    for number in dice.sample(range(100_000), 40):
        after = set(cut(sorted({*graphs, f"http://x/{number:06}"})))
        assert len(set(before) - after) < 5


def test_a_fingerprint_is_that_of_names_and_hashes() -> None:
    """Another hash of a graph, or another graph, gives another fingerprint; the number of a revision does not."""
    states = {"a": GraphState("1", 1), "b": GraphState("2", 1)}
    one = fingerprint(["a", "b"], states)
    assert one == fingerprint(["a", "b"], states | {"b": GraphState("2", 7)})
    assert len({one, fingerprint(["a"], states), fingerprint(["a", "b"], states | {"b": GraphState("3", 1)})}) == 3


def test_statistics_add_up() -> None:
    """What two parts have in common counts once."""
    lines = [
        f"<http://x/id/{one}> <http://p> <http://o/{one}> <http://{graph}> .\n".encode()
        for one, graph in ("aA", "bA", "aB")
    ]
    counted = []
    for some in (lines[:2], lines[2:], lines[:1], lines[2:], [lines[0], lines[2]]):
        count = StatisticsCount("http://x/")
        for line in some:
            count.add(line)
        counted.append(count.result())
    whole = added_up(counted[:2], twice=counted[2:4], once=counted[4:])
    assert (whole.triples, whole.subjects, whole.entities) == (2, 2, 2)
    assert whole.properties == {"http://p": 2}
    assert whole.size_bytes == sum(map(len, lines))
    assert type(whole).from_json(whole.to_json()) == whole
