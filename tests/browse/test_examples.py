"""The example queries of a release: each runs on the bundled records and finds something."""

from pathlib import Path

import pytest

from iomld.assets import asset_text
from iomld.browse.examples import ExampleQuery, example_groups, example_queries
from iomld.browse.view import ReleaseView, open_view
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import DCTERMS, DEFAULT_BASE, RDFS, SH
from iomld.publish.store_building import counting_query, example_counts
from iomld.release import current_release

TEXT = asset_text("ontology/queries.ttl")
NAMES = sorted({quad.subject.value for quad in parse(TEXT, TURTLE) if quad.predicate.value == f"{SH}select"})


@pytest.fixture(scope="module")
def opened(datadir: Path) -> ReleaseView:
    """The bundled records, published."""
    current = current_release(datadir)
    assert current is not None
    return open_view(current)


@pytest.fixture(scope="module")
def examples(opened: ReleaseView) -> dict[str, ExampleQuery]:
    """The examples by IRI."""
    return {example.iri: example for example in example_queries(opened)}


@pytest.mark.parametrize("iri", NAMES)
def test_every_example_finds_something(opened: ReleaseView, examples: dict[str, ExampleQuery], iri: str) -> None:
    """Each example gives at least one solution on the bundled records, as many as the release says."""
    found = list(opened.reader.select(examples[iri].text))
    assert found
    assert len(found) == examples[iri].solutions


def test_counting_sorts_nothing() -> None:
    """The ORDER BY of an example is where the count can omit it, since sorting takes longer than matching."""
    texts = [quad.object.value for quad in parse(TEXT, TURTLE) if quad.predicate.value == f"{SH}select"]
    assert sum("ORDER BY" in text for text in texts) > len(texts) / 2
    counting = counting_query(texts)
    assert counting.count("SELECT (COUNT(*) AS ?n") == len(texts)
    assert "ORDER BY" not in counting


def test_what_cannot_be_counted_stops_nothing(tmp_path: Path) -> None:
    """Where the worker has no answer there are no counts, and no error."""
    assert example_counts(tmp_path / "none", DEFAULT_BASE) == {}


def test_every_example_is_described_in_three_languages() -> None:
    """Each query has exactly one comment and one description in each language, and one place in the order."""
    quads = list(parse(TEXT, TURTLE))
    for iri in NAMES:
        said = [quad for quad in quads if quad.subject.value == iri]
        comments = [quad.object.language for quad in said if quad.predicate.value == f"{RDFS}comment"]
        described = [quad.object.language for quad in said if quad.predicate.value == f"{DCTERMS}description"]
        assert sorted(comments) == sorted(described) == ["en", "es", "fr"], iri
    orders = sorted(int(quad.object.value) for quad in quads if quad.predicate.value == f"{SH}order")
    assert orders == list(range(1, len(NAMES) + 1))


def test_every_example_is_in_a_group(opened: ReleaseView) -> None:
    """No example falls through to the last group, which has no subject, and none is in two."""
    groups = example_groups(opened)
    assert [group.name for group in groups] == [
        "Projects",
        "Money",
        "Frameworks and mentions",
        "Sources and identifiers",
    ]
    assert sorted(example.iri for group in groups for example in group.examples) == NAMES
