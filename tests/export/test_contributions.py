"""The contributions of graphs are found again in the contents of their shard."""

from itertools import islice
from pathlib import Path

from iomld.export.contributions import joined_contents, split_contents
from iomld.export.shard_files import PROJECTS_TABLE, graph_contents, with_columns
from iomld.export.stored_quads import released_quads
from iomld.export.tables import columns_for
from iomld.formats import rdf
from iomld.release import FILES, current_release


def test_the_contents_of_a_shard_are_taken_apart(datadir: Path) -> None:
    """What was joined is split into the same contributions, of which one can get other columns."""
    release = current_release(datadir)
    assert release is not None
    base = release.manifest.base
    narrow, wide = columns_for({}), columns_for({("title", "fr"): 1, ("narrative", "en"): 1})
    graphs = [
        (graph, sorted(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)))
        for graph, quads in islice(released_quads(release).record_graphs(), 5)
    ]
    made = [graph_contents(graph, lines, base, narrow) for graph, lines in graphs]
    shard = joined_contents(made, base)
    found = list(split_contents(shard.files))
    assert found == made
    assert joined_contents(found, base) == shard
    assert shard.files[FILES.dataset] == b"".join(line for _, lines in graphs for line in lines)
    widened = [with_columns(one, base, wide) for one in found]
    assert widened == [graph_contents(graph, lines, base, wide) for graph, lines in graphs]
    assert [one.files[PROJECTS_TABLE] for one in widened] != [one.files[PROJECTS_TABLE] for one in found]
