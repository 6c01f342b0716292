"""Reference graphs that are published as they are: their names, their blank nodes, and what they may not replace."""

import gzip
import json
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat
from tests.conftest import Command
from tests.e2e.test_publish import PAGE

from iomld.browse.view import open_view
from iomld.release import current_release

BASE = "https://w3id.org/iomld/"
TURTLE = "<http://x/a> <http://x/p> [ <http://x/q> 1 ] , <relative> , _:b . _:b <urn:says> 'two' ."
TRIG = (
    "<http://x/g> { <http://x/a> <http://x/p> 1 } <http://x/a> <http://x/p> 2 . _:g { <http://x/a> <http://x/p> _:g }"
)


def file(folder: Path, name: str, content: str) -> Path:
    """A file to include."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def quads(datadir: Path) -> list[Quad]:
    """The quads of the dump whose subject is not ours."""
    text = gzip.decompress((datadir / "current" / "dataset.nq.gz").read_bytes())
    return [quad for quad in pyoxigraph.parse(text, RdfFormat.N_QUADS) if "/ns#" not in str(quad)]


def of_graph(datadir: Path, name: str) -> set[str]:
    """The triples of one graph, as text."""
    return {str(quad.triple) for quad in quads(datadir) if quad.graph_name == NamedNode(name)}


def test_a_graph_is_published_without_any_record(tmp_path: Path, iomld: Command) -> None:
    """Triples without a graph get one named after the file, blank nodes become IRIs, and the release says so."""
    done = iomld("publish", "--include", file(tmp_path, "my file.ttl", TURTLE), "--to", tmp_path / "to")
    assert done.returncode == 0, done.stderr
    assert "included          1 graphs" in done.stdout
    graph = f"{BASE}graph/include/my%20file.ttl"
    report = json.loads((tmp_path / "to" / "current" / "report.json").read_text())
    assert report["included"] == [graph]
    node = f"<{BASE}.well-known/genid/my%20file.ttl"
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    assert of_graph(tmp_path / "to", graph) == {
        f"<http://x/a> <http://x/p> {node}-1>",
        f"<http://x/a> <http://x/p> {node}-2>",
        f"<http://x/a> <http://x/p> <{BASE}graph/include/relative>",
        f'{node}-1> <http://x/q> "1"^^{integer}',
        f'{node}-2> <urn:says> "two"',
    }


def test_named_graphs_keep_their_names(tmp_path: Path, iomld: Command) -> None:
    """TriG and N-Quads go where they say; a graph that is named by a blank node gets an IRI too."""
    trig = file(tmp_path, "a.trig", TRIG)
    lines = file(tmp_path, "b.nq", "<http://x/a> <http://x/p> '3' <http://x/h> .".replace("'", '"'))
    done = iomld("publish", "--include", trig, "--include", lines, "--to", tmp_path / "to")
    assert done.returncode == 0, done.stderr
    found = {(quad.graph_name, quad.object) for quad in quads(tmp_path / "to") if quad.subject.value == "http://x/a"}
    node = NamedNode(f"{BASE}.well-known/genid/a.trig-1")
    assert found == {
        (NamedNode("http://x/g"), Literal(1)),
        (NamedNode(f"{BASE}graph/include/a.trig"), Literal(2)),
        (node, node),
        (NamedNode("http://x/h"), Literal("3")),
    }
    assert not any(isinstance(term, BlankNode) for quad in quads(tmp_path / "to") for term in quad)


def test_publishing_again_replaces_only_what_changed(tmp_path: Path, iomld: Command) -> None:
    """The same file makes no new release; a changed one replaces its graph, in the store too, and records stay."""
    to = tmp_path / "to"
    reference = file(tmp_path, "a.ttl", TURTLE)
    first = iomld("publish", PAGE, "--include", reference, "--to", to)
    again = iomld("publish", "--include", reference, "--to", to)
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert "no new release" in again.stdout
    reference.write_text("<http://x/a> <http://x/p> <http://x/new> .")
    assert iomld("publish", "--include", reference, "--to", to).returncode == 0
    graph = f"{BASE}graph/include/a.ttl"
    assert of_graph(to, graph) == {"<http://x/a> <http://x/p> <http://x/new>"}
    current = current_release(to)
    assert current is not None
    assert current.manifest.projects == 1
    assert [str(quad.triple) for quad in open_view(current).reader.graph(graph)] == [*of_graph(to, graph)]


def test_a_dry_run_includes_nothing(tmp_path: Path, iomld: Command) -> None:
    """The output names what would be included, and no folder is created."""
    done = iomld("publish", "--include", file(tmp_path, "a.ttl", TURTLE), "--dry-run", "--to", tmp_path / "to")
    assert (done.returncode, (tmp_path / "to").exists()) == (0, False)
    assert "included          1 graphs" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.ttl", "<http://x/a> <http://x/p>", "line 1"),
        ("a.ttl", "# nothing", "holds no triple"),
        ("a.rdf", "<rdf/>", ".nq, .trig or .ttl"),
        ("a.trig", f"<{BASE}graph/ontology> {{ <http://x/a> <http://x/p> 1 }}", "made by iomld"),
        ("a.trig", f"<{BASE}doc/project/PO.1> {{ <http://x/a> <http://x/p> 1 }}", "made by iomld"),
    ],
)
def test_a_file_that_cannot_be_included_is_refused(
    name: str, content: str, words: str, tmp_path: Path, iomld: Command
) -> None:
    """One line on standard error names the file and the reason; nothing is published."""
    done = iomld("publish", PAGE, "--include", file(tmp_path, name, content), "--to", tmp_path / "to")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert name in done.stderr
    assert words in done.stderr
    assert not (tmp_path / "to" / "current").exists()


def test_a_missing_file_and_no_source_at_all_are_told(tmp_path: Path, iomld: Command) -> None:
    """A file that is not there is named; a call without SOURCE and file says what to name."""
    missing = iomld("publish", "--include", tmp_path / "missing.ttl", "--to", tmp_path / "to")
    nothing = iomld("publish", "--to", tmp_path / "to")
    assert (missing.returncode, nothing.returncode) == (2, 2)
    assert "missing.ttl: cannot be read" in missing.stderr
    assert "--include" in nothing.stderr
