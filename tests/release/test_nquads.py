"""The history as a gzip file that grows, and the table of graphs."""

import gzip
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from iomld.release.nquads import GraphState, join_gzip, read_graphs, write_graphs, write_gzip


def test_joined_gzip_files_are_one(tmp_path: Path) -> None:
    """Their lines are read one after the other, and the files stay as they were."""
    write_gzip([b"one\n"], tmp_path / "1.gz")
    write_gzip([b"two\n"], tmp_path / "2.gz")
    before = (tmp_path / "1.gz").read_bytes()
    join_gzip((tmp_path / "1.gz", tmp_path / "2.gz"), tmp_path / "3.gz")
    assert gzip.decompress((tmp_path / "3.gz").read_bytes()) == b"one\ntwo\n"
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
