"""The figures of a release count each triple and subject once, whichever graphs and shards repeat it."""

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Triple
from tests.conftest import DATA

from iomld.formats import rdf
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline, outcomes
from iomld.publish.run import PublishRequest, publish_sources
from iomld.read import expand_sources, read_source
from iomld.release import FILES, Release, current_release
from iomld.release.shards import cutting
from iomld.release.shards.table import read_table
from iomld.release.statistics import Statistics, StatisticsCount

VOID = "http://rdfs.org/ns/void#"


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """The stages, loaded once."""
    return load_pipeline(Choices(profile="published"))


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut shards of about four graphs, so that some projects share one and others do not."""
    monkeypatch.setattr(cutting, "_FEWEST", 1)
    monkeypatch.setattr(cutting, "_CUT", 4)


def counted(release: Release) -> Statistics:
    """The statistics of the dataset from its lines in order."""
    count = StatisticsCount(release.manifest.base)
    for line in sorted(gzip.decompress(release.file(FILES.dataset).read_bytes()).splitlines(keepends=True)):
        count.add(line)
    return count.result()


def described(release: Release) -> Iterator[tuple[str, str, int]]:
    """The numbers of the whole dataset, of classes and of properties in the description."""
    graph: dict[str, dict[str, list[str]]] = {}
    for quad in rdf.parse(release.file(FILES.description).read_bytes(), rdf.TURTLE):
        values = graph.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, [])  # type: ignore[union-attr]  # no blank nodes
        values.append(quad.object.value)  # type: ignore[union-attr]  # no quoted triples
    for about in graph.values():
        for kind, unit in (("class", "entities"), ("property", "triples")):
            if f"{VOID}{kind}" in about:
                yield kind, about[f"{VOID}{kind}"][0], int(about[f"{VOID}{unit}"][0])


def check(release: Release, repeated: int) -> None:
    """Compare all figures with those of the lines."""
    expected = counted(release)
    assert release.manifest.quads - expected.triples == release.manifest.repeated_triples == repeated
    numbers = {(kind, iri): number for kind, iri, number in described(release)}
    assert {iri: n for (kind, iri), n in numbers.items() if kind == "class"} == expected.classes
    assert {iri: n for (kind, iri), n in numbers.items() if kind == "property"} == expected.properties
    text = release.file(FILES.description).read_text(encoding="utf-8")
    for name, number in (
        ("triples", expected.triples),
        ("distinctSubjects", expected.subjects),
        ("entities", expected.entities),
    ):
        assert f"void:{name} {number} ;" in text or f"void:{name} {number} ." in text, name


def stated(pipeline: Pipeline, count: int) -> list[Triple]:
    """What some bundled records state of their projects and budgets, without saying where it comes from."""
    records = islice(read_source(*expand_sources([DATA / "projects-en.json"]), pipeline.read_options()), count)
    iris = pipeline.publication.iris
    return [
        quad.triple
        for outcome in outcomes(((record,) for record in records), pipeline)
        for quad in outcome.quads
        if str(quad.subject)[1:-1] in {iris.project(outcome.merged.key), iris.budget(outcome.merged.key)}
        and not str(quad.object).startswith((f"<{iris.record('')}", f"<{iris.project(outcome.merged.key)}#m"))
    ]


def test_what_graphs_have_in_common_counts_once(pipeline: Pipeline, tmp_path: Path) -> None:
    """A file without sources is itself the source of all its projects; an included graph repeats a project, too."""
    triples = stated(pipeline, 16)
    (tmp_path / "all.nt").write_bytes(rdf.serialize(triples, rdf.NTRIPLES))
    more = [*triples[:3], Triple(triples[0].subject, NamedNode("http://x/more"), Literal("one"))]
    (tmp_path / "more.ttl").write_bytes(rdf.serialize(more, rdf.TURTLE))
    request = PublishRequest([tmp_path / "all.nt"], tmp_path / "to", "Us", include=[tmp_path / "more.ttl"], processes=1)
    report = publish_sources(request, pipeline)
    release = current_release(tmp_path / "to")
    assert release is not None
    assert report.published > 8
    assert len(read_table(release.file(FILES.shards))) > 2
    # The type, hash, media type and name of the file, and what the included graph repeats.
    check(release, 4 * (report.published - 1) + 3)

    half = rdf.serialize(triples[: len(triples) // 2], rdf.NTRIPLES)
    (tmp_path / "other.nt").write_bytes(half.replace(b'"@en .', b' again"@en .'))
    other = publish_sources(PublishRequest([tmp_path / "other.nt"], tmp_path / "to", "Us", processes=1), pipeline)
    changed = len(other.changed)
    assert 0 < changed < report.published
    grown = current_release(tmp_path / "to")
    assert grown is not None
    # Now the projects come from two files.
    check(grown, 4 * (report.published - changed - 1) + 4 * (changed - 1) + 3)
