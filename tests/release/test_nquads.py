"""The history as a gzip file that grows, and the table of graphs."""

import gzip
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from iomld.release.nquads import GraphState, append_gzip, read_graphs, write_graphs


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
