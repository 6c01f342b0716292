"""Sorted lines: the same quads give the same bytes, in bounded memory."""

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.release import nquads
from iomld.release.nquads import GraphState, SortedLines, append_gzip, read_graphs, read_gzip, write_graphs, write_gzip


def line(subject: str, graph: str = "http://g/1") -> bytes:
    """An N-Quads line."""
    return f'<{subject}> <http://p> "x y ." <{graph}> .\n'.encode()


def test_lines_that_went_to_disk_come_back_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs on disk and lines in memory are merged into one order."""
    monkeypatch.setattr(nquads, "_BUFFER_LINES", 3)
    collected = SortedLines(tmp_path)
    given_lines = [line(f"http://s/{number}") for number in (5, 3, 9, 1, 7, 2, 8)]
    for one in given_lines:
        collected.add([one])
    assert list(collected) == sorted(given_lines)


def test_equal_lines_give_equal_bytes_and_doubles_go(tmp_path: Path) -> None:
    """Two files of the same lines are the same bytes; a double is written once; classes are counted."""
    rdf_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    typed = f"<http://s> <{rdf_type}> <http://class> <http://g> .\n".encode()
    written = [
        write_gzip([line("http://a"), line("http://a"), typed], tmp_path / name, base="http://ours/")
        for name in ("1.gz", "2.gz")
    ]
    assert written[0] == written[1]
    assert (written[0].lines, dict(written[0].statistics.classes)) == (2, {"http://class": 1})
    assert (tmp_path / "1.gz").read_bytes() == (tmp_path / "2.gz").read_bytes()
    assert list(read_gzip(tmp_path / "1.gz")) == [line("http://a"), typed]


def test_history_grows_by_members_of_one_gzip(tmp_path: Path) -> None:
    """Appended lines are read after the old ones, and the old file stays as it was."""
    append_gzip([b"one\n"], None, tmp_path / "1.gz")
    before = (tmp_path / "1.gz").read_bytes()
    append_gzip([b"two\n"], tmp_path / "1.gz", tmp_path / "2.gz")
    assert gzip.decompress((tmp_path / "2.gz").read_bytes()) == b"one\ntwo\n"
    assert (tmp_path / "1.gz").read_bytes() == before


@given(
    st.dictionaries(
        st.text("abcxyz/", min_size=1, max_size=20).map("http://{}".format),
        st.tuples(st.integers(0, 16**64 - 1).map("{:064x}".format), st.integers(1, 9)),
    )
)
def test_the_table_of_graphs_reads_back(table: dict[str, tuple[str, int]]) -> None:
    """What is written is what is read."""
    graphs = {name: GraphState(digest, revision) for name, (digest, revision) in table.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graphs"
        write_graphs(graphs, path)
        assert read_graphs(path) == graphs
