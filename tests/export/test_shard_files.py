"""What graphs contribute to files: compared with the lines of the dataset, and for graphs that share subjects."""

import gzip
import json
from collections import defaultdict

import pytest

from iomld.export.shard_files import common_contents
from iomld.formats import rdf
from iomld.iris import IOMLD, RDF, SKOS, Iris
from iomld.release import FILES, Release
from iomld.release.subsets import class_name

B = "http://x/"
TYPE = f"<{RDF}type>"


def lines(release: Release, name: str) -> list[bytes]:
    """The lines of a compressed file."""
    return gzip.decompress(release.file(name).read_bytes()).splitlines()


def triple(line: bytes) -> bytes:
    """A line of N-Quads without its graph."""
    return line[: line.rindex(b" <")] + b" ."


def test_classes_have_what_is_said_of_their_things(release: Release) -> None:
    """Each file of a class has the triples of the subjects of that class, and each class of ours has one."""
    by_class: defaultdict[bytes, set[bytes]] = defaultdict(set)
    about: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for line in lines(release, FILES.dataset):
        subject, predicate, value = line.split(b" ", 3)[:3]
        about[subject].add(triple(line))
        if predicate.decode() == TYPE:
            by_class[value].add(subject)
    iris, found = Iris(release.manifest.base), 0
    for iri, subjects in by_class.items():
        if name := class_name(iri[1:-1].decode(), iris):
            found += 1
            written = lines(release, f"by-class/{name}.nt.gz")
            assert set(written) == set().union(*(about[subject] for subject in subjects))
            assert len(written) == len(set(written))
    assert found == len(list(release.path.glob("by-class/*.nt.gz"))) > 10


def test_regions_have_the_graphs_of_their_projects(release: Release) -> None:
    """A project in two regions is in both; besides there are the region and its countries."""
    base, all_lines = release.manifest.base, lines(release, FILES.dataset)
    for file in release.path.glob("by-region/*.nq.gz"):
        region = f"<{base}scheme/region/{file.name.removesuffix('.nq.gz')}>".encode()
        parts = [line.split(b" ", 3) for line in all_lines]
        graphs = {
            line[line.rindex(b" <") :]
            for line, one in zip(all_lines, parts, strict=True)
            if one[1:3] == [f"<{IOMLD}region>".encode(), region]
        }
        around = {region, *(one[0] for one in parts if one[1:3] == [f"<{IOMLD}inRegion>".encode(), region])}
        expected = {
            line for line in all_lines if line[line.rindex(b" <") :] in graphs or line.partition(b" ")[0] in around
        }
        assert set(lines(release, f"by-region/{file.name}")) == expected


@pytest.mark.parametrize("start", ["dataset", "by-region/africa", "by-class/Project", "by-class/skos-Concept"])
def test_all_formats_say_the_same(start: str, release: Release) -> None:
    """N-Triples, Turtle and JSON-LD have the same triples."""
    read = {
        form: set(
            rdf.serialize(
                rdf.parse(gzip.decompress(release.file(f"{start}.{form.suffix}.gz").read_bytes()), form), rdf.NTRIPLES
            ).splitlines()
        )
        for form in (rdf.NTRIPLES, rdf.TURTLE, rdf.JSONLD)
    }
    assert read[rdf.TURTLE] == read[rdf.NTRIPLES]
    assert read[rdf.JSONLD] == read[rdf.NTRIPLES]


def quad(subject: str, predicate: str, value: str, graph: str) -> bytes:
    """A line of N-Quads."""
    return f"<{B}{subject}> <{predicate}> {value} <{B}{graph}> .\n".encode()


def test_graphs_that_are_not_of_records_are_put_together() -> None:
    """A triple in two graphs appears once without its graph, and a subject in two graphs is one node."""
    more = "graph/include/more"
    graphs = {
        "graph/countries": [
            quad("id/country/KE", f"{RDF}type", f"<{IOMLD}MemberState>", "graph/countries"),
            quad("id/country/KE", f"{IOMLD}inRegion", f"<{B}scheme/region/africa>", "graph/countries"),
        ],
        "graph/schemes": [quad("scheme/region/africa", f"{RDF}type", f"<{SKOS}Concept>", "graph/schemes")],
        more: [
            quad("scheme/region/africa", f"{RDF}type", f"<{SKOS}Concept>", more),
            quad("scheme/region/africa", f"{IOMLD}note", '"one"', more),
            quad("id/project/C", f"{IOMLD}region", f"<{B}scheme/region/africa>", more),
        ],
    }
    found = common_contents([(B + name, some) for name, some in graphs.items()], B, [B + more])
    assert found.files["by-class/skos-Concept.nt.gz"].count(b"\n") == 2
    assert found.files["by-region/africa.nq.gz"].splitlines(keepends=True) == sorted(
        line for some in graphs.values() for line in some if b"/id/project/C" not in line.partition(b" ")[0]
    )
    (node,) = (one for one in json.loads(b"[" + found.files["dataset.jsonld.gz"] + b"]") if "africa" in one["id"])
    assert node[f"{IOMLD}note"] == [{"@value": "one"}]
    assert tuple(one.iri for one in found.shared) == (f"{B}id/project/C", f"{B}scheme/region/africa")
    assert (found.statistics.triples, found.statistics.size_bytes) == (
        5,
        sum(len(line) for some in graphs.values() for line in some),
    )
