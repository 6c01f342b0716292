"""Reviews give the same graph whether they come one after the other or all at once, and change nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Quad

from iomld.formats import rdf
from iomld.iris import IOMLD
from iomld.model import ACCEPTED, REJECTED
from iomld.pipeline.conversion import Choices, converted, load_converter
from iomld.pipeline.published import project_of
from iomld.read import read_bytes
from iomld.review.graphs import GraphReviewer
from iomld.review.reviews import MentionKey, Review, Reviews

RECORD = {
    "projectCode": "PO.9001",
    "title": {"en": "Two ports"},
    "narrative": {"en": "The GCM, objective 23 of the GCM, the MCOF, and again the GCM."},
    "mentions": [{"framework": "sacm", "quote": "the conference", "review": "rejected"}],
}
TIME = "2026-11-30T12:00:00Z"


@pytest.fixture(scope="module")
def graph() -> tuple[Quad, ...]:
    """The graph of a record with mentions of a framework, of its part and of others, one of them rejected."""
    converter = load_converter(Choices())
    (record,) = read_bytes(json.dumps(RECORD).encode(), file="in.json")
    return converted((record,), converter.linker, converter.publication).quads


@pytest.fixture(scope="module")
def none() -> GraphReviewer:
    """No reviews."""
    converter = load_converter(Choices())
    return GraphReviewer(Reviews(), converter.publication.iris, converter.linker.matcher.wholes)


decided = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([ACCEPTED, REJECTED])), max_size=6)


@given(decided)
def test_reviews_one_by_one_are_reviews_at_once(
    graph: tuple[Quad, ...], none: GraphReviewer, decisions: list[tuple[int, str]]
) -> None:
    """A project mentions the frameworks that its mentions name which nobody has rejected, with the wholes of parts."""
    mentions = project_of(graph, "PO.9001", none.iris).mentions
    reviews = Reviews()
    quads = graph
    for number, decision in decisions:
        key = MentionKey.of("PO.9001", mentions[number % len(mentions)])
        reviews = reviews.followed_by([Review(key, decision, TIME)])
        step = GraphReviewer(reviews, none.iris, none.wholes).reviewed("PO.9001", quads)
        quads = tuple(rdf.parse(step.lines, rdf.NQUADS))
    at_once = GraphReviewer(reviews, none.iris, none.wholes).reviewed("PO.9001", graph)
    assert at_once.lines == b"".join(sorted(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)))
    changed = {quad.predicate.value for quad in set(graph) ^ set(quads)}
    assert changed <= {f"{IOMLD}reviewStatus", f"{IOMLD}mentionsFramework"}
    project = project_of(quads, "PO.9001", none.iris)
    right = {mention.framework for mention in project.mentions if mention.review != REJECTED}
    assert set(project.frameworks) == right | {none.wholes[code] for code in right & none.wholes.keys()}
