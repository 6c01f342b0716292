"""Pieces and shards: files put together from pieces are ordinary gzip files, and a small change changes few."""

import gzip
import hashlib
import json
import random
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.errors import StoreError
from iomld.iris import IOMLD, SKOS
from iomld.release.nquads import GraphState
from iomld.release.pieces import NO_PIECE, GzipAssembly, compressed, content_of, contents
from iomld.release.shards import cutting
from iomld.release.shards.assembly import FileFrame, NewShard, OldFile, PieceSource, PlacedShard, assemble
from iomld.release.shards.columns import PieceColumns
from iomld.release.shards.cutting import OldShards, changed_cut, cut, fingerprint
from iomld.release.shards.sums import Shard, ShardSums, SharedSubject
from iomld.release.shards.table import ShardTable, TableColumns, read_table, write_table
from iomld.release.statistics import StatisticsCount, StatisticsTotals

FRAME = FileFrame(b"[\n", b",\n", b"\n]\n")
PLAIN = FileFrame()
NOTHING = StatisticsCount("http://x/").result()
NAME = "some.gz"
CONTENTS = st.lists(st.binary(max_size=500), min_size=1, max_size=6)


def shard(number: int, content: bytes) -> Shard:
    """A shard with one piece."""
    piece = compressed(content)[1]
    sums = ShardSums(NOTHING, frozenset({("title", str(number))}), (SharedSubject(f"http://{number}", 2**64 - 1),))
    return Shard(str(number), {NAME: piece} if content else {}, sums)


def placed(folder: Path, number: int, content: bytes) -> PlacedShard:
    """A shard whose piece lies in a file of its own."""
    made, path = shard(number, content), folder / f"piece-{number}-{len(content)}"
    path.write_bytes(compressed(content)[0])
    return PlacedShard(made, {name: PieceSource(path, 0, piece) for name, piece in made.pieces.items()})


def nothing(frame: FileFrame) -> OldFile:
    """In place of a file of a release before."""
    return OldFile(Path("none"), PieceColumns.empty(), (0, 0), frame.separator, None)


def written(folder: Path, frame: FileFrame, parts: list[bytes]) -> OldFile:
    """A file of new pieces."""
    shards = [NewShard(placed(folder, number, content), ()) for number, content in enumerate(parts)]
    file = assemble(folder / NAME, frame, nothing(frame).parts(NAME, shards), nothing(frame))
    columns = PieceColumns.empty()
    for content in parts:
        columns.append(compressed(content)[1])
    return OldFile(folder / NAME, columns, frame.lengths(), frame.separator, file.file_crc)


@given(parts=st.lists(st.binary(max_size=2000), max_size=6), frame=st.sampled_from([FRAME, PLAIN]))
def test_pieces_make_one_member(parts: list[bytes], frame: FileFrame, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any reader finds the contents in order, with separators between those that have any, and nothing after them."""
    file = written(tmp_path_factory.mktemp("pieces"), frame, parts).path
    expected = frame.head + frame.separator.join(filter(None, parts)) + frame.tail
    member = zlib.decompressobj(31)
    assert member.decompress(file.read_bytes()) == expected
    assert member.eof
    assert not member.unused_data
    assert b"".join(contents(file)) == expected


@given(parts=CONTENTS, frame=st.sampled_from([FRAME, PLAIN]))
def test_the_table_says_where_pieces_are(
    parts: list[bytes], frame: FileFrame, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The table reads back as it was written, and the pieces of a file can be read with it."""
    folder = tmp_path_factory.mktemp("table")
    file = written(folder, frame, parts).path
    filled = TableColumns([NAME], ShardTable())
    for number, content in enumerate(parts):
        filled.append(shard(number, content), f"http://{number}", number)
    totals = StatisticsTotals()
    table = filled.table({"iomld": "1"}, {NAME: frame.lengths()}, totals, {("title", "en"): 1})
    write_table(table, folder / "table")
    again = read_table(folder / "table")
    assert again.statistics.to_json() == totals.to_json()
    assert replace(again, statistics=totals) == table
    pieces, places = again.pieces(NAME), again.places(NAME)
    found = [
        content_of(file, places.start(number), pieces.piece(number)) if pieces.lengths[number] else b""
        for number in range(len(again))
    ]
    assert found == parts


@given(data=st.data(), parts=CONTENTS, frame=st.sampled_from([FRAME, PLAIN]))
def test_copied_and_new_pieces_make_the_same_file(
    data: st.DataObject, parts: list[bytes], frame: FileFrame, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is taken from the old file, the new one has the bytes of one that is all new, or is the old one."""
    folder, again = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("again")
    old = written(folder, frame, parts)
    wanted = [data.draw(st.sampled_from([one, one, b"other" + one])) for one in parts]
    shards: list[OldShards | NewShard] = []
    for number, (before, now) in enumerate(zip(parts, wanted, strict=True)):
        is_kept = before == now and data.draw(st.booleans())
        made = OldShards(number, number + 1) if is_kept else NewShard(placed(folder, number, now), (), number)
        shards.append(made)
    chosen = old.parts(NAME, shards)
    assert old.is_all(chosen) == (parts == wanted)
    file = assemble(again / NAME, frame, chosen, old)
    expected = written(tmp_path_factory.mktemp("whole"), frame, wanted)
    assert (again / NAME).read_bytes() == expected.path.read_bytes()
    assert file.file_crc == expected.crc


def test_a_damaged_file_is_not_copied(tmp_path: Path) -> None:
    """A byte that is not as it was is noticed, also in a piece that is not copied."""
    old = written(tmp_path, FRAME, [b"one\n" * 9, b"two\n" * 9])
    content = bytearray(old.path.read_bytes())
    content[-20] ^= 1
    old.path.write_bytes(content)
    for number in (0, 1):
        with pytest.raises(StoreError, match=r"some\.gz: the file is damaged"):
            assemble(tmp_path / "new", FRAME, [OldShards(number, number + 1)], old)


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
        assemble(tmp_path / NAME, PLAIN, [PieceSource(path, 0, piece)], nothing(PLAIN))
    filled = TableColumns([NAME], ShardTable())
    filled.append(shard(1, b"some"), None, 1)
    write_table(filled.table({}, {}, StatisticsTotals(), {}), tmp_path / "table")
    (tmp_path / "table").write_bytes((tmp_path / "table").read_bytes()[:-1])
    with pytest.raises(StoreError, match="table: the file is damaged"):
        read_table(tmp_path / "table")
    for content in (b'{"version":4}\n', gzip.compress(b'{"version":4}\n')):
        (tmp_path / "table").write_bytes(content)
        assert len(read_table(tmp_path / "table")) == 0
    assert len(read_table(tmp_path / "none")) == 0


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


@given(data=st.data())
def test_a_change_cuts_as_everything_does(data: st.DataObject) -> None:
    """Graphs that come, go and change give the shards of all graphs cut at once, and most are not looked at."""
    names = st.integers(0, 400).map("http://x/{:03}".format)
    graphs = data.draw(st.sets(names, max_size=300))
    changes = {name: data.draw(st.booleans()) for name in data.draw(st.sets(names, max_size=8))}
    changes = {name: is_there for name, is_there in changes.items() if is_there or name in graphs}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "_FEWEST", 2)
        patch.setattr(cutting, "_CUT", 4)
        before = tuple(cut(sorted(graphs)))
        after = tuple(cut(sorted((graphs | changes.keys()) - {name for name in changes if not changes[name]})))
        read: list[int] = []

        def graphs_of(number: int) -> tuple[str, ...]:
            read.append(number)
            return before[number]

        found: list[tuple[str, ...]] = []
        for one in changed_cut([one[-1] for one in before], graphs_of, changes):
            found += before[one.start : one.end] if isinstance(one, OldShards) else [one]
    assert tuple(found) == after
    assert len(set(read)) == len(read)
    assert bool(read) <= bool(changes)


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
    totals = StatisticsTotals()
    for part in (*counted[:2], counted[4]):
        totals.add(part)
    totals.add(counted[4], -1)
    for part, sign in ((counted[2], -1), (counted[3], -1), (counted[4], 1)):
        totals.correct(part, sign)
    whole = totals.result()
    assert (whole.triples, whole.subjects, whole.entities) == (2, 2, 2)
    assert whole.properties == {"http://p": 2}
    assert whole.size_bytes == sum(map(len, lines))
    assert type(whole).from_json(whole.to_json()) == whole
    assert StatisticsTotals.from_json(json.loads(json.dumps(totals.to_json()))).to_json() == totals.to_json()


def test_statistics_that_are_taken_away_leave_nothing() -> None:
    """A country, a day or a link to another dataset that no part has any more is gone."""
    lines = [
        f"<http://x/id/1> <{IOMLD}benefitingCountry> <http://x/id/country/CN> <http://g> .\n".encode(),
        f'<http://x/id/1> <{IOMLD}periodStart> "2001-01-01" <http://g> .\n'.encode(),
        f"<http://x/id/1> <{SKOS}exactMatch> <http://y/1> <http://g> .\n".encode(),
    ]
    count, totals = StatisticsCount("http://x/"), StatisticsTotals()
    for line in lines:
        count.add(line)
    for sign in (1, 1, -1):
        totals.add(count.result(), sign)
    assert totals.result() == count.result()
    totals.add(count.result(), -1)
    assert totals.result() == NOTHING
    assert totals.to_json() == StatisticsTotals().to_json()
