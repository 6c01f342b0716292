"""Reviews in the graph of a project: its mentions get their status, and it mentions what no person has rejected.

The same function serves a graph that was just converted and one that was published long ago, so that both ways give the
same bytes for the same record and the same reviews.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad

from iomld.formats import rdf
from iomld.iris import IOMLD, PROV, RDF, XSD, Iris
from iomld.link.project import mentioned_frameworks
from iomld.model import Mention
from iomld.pipeline.published import project_of
from iomld.release.nquads import graph_digest
from iomld.review.matching import ReviewedMentions, reviewed_mentions
from iomld.review.reviews import MentionKey, Review, Reviews

_STATUS, _MENTIONS = f"{IOMLD}reviewStatus", f"{IOMLD}mentionsFramework"


@dataclass(frozen=True, slots=True)
class ReviewedGraph:
    """The graph of a project with its reviews.

    Attributes:
        lines: Its sorted N-Quads lines.
        digest: Their hash.
        outcome: What became of the reviews.
    """

    lines: bytes
    digest: str
    outcome: ReviewedMentions


@dataclass(frozen=True, slots=True)
class GraphReviewer:
    """Applies the reviews of a folder of releases to graphs.

    Attributes:
        reviews: The reviews.
        iris: The IRIs under the publisher's base.
        wholes: The framework of each part.
    """

    reviews: Reviews
    iris: Iris
    wholes: Mapping[str, str]

    def reviewed(self, key: str, quads: Sequence[Quad]) -> ReviewedGraph:
        """The graph of a project with its reviews; a graph whose statuses stay is not changed.

        Args:
            key: Key of the project.
            quads: Its graph.
        """
        mentions = project_of(quads, key, self.iris).mentions
        outcome = reviewed_mentions(key, mentions, self.reviews.by_project.get(key, _NO_REVIEWS))
        if outcome.mentions != mentions:
            kept = [quad for quad in quads if quad.predicate.value not in (_STATUS, _MENTIONS)]
            quads = [*kept, *self._statements(key, outcome.mentions)]
        lines = sorted(set(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)))
        return ReviewedGraph(b"".join(lines), graph_digest(lines), outcome)

    def _statements(self, key: str, mentions: Sequence[Mention]) -> Iterator[Quad]:
        iris, graph = self.iris, NamedNode(self.iris.record(key))
        for number, mention in enumerate(mentions, start=1):
            status = NamedNode(iris.concept("review", mention.review))
            yield Quad(NamedNode(iris.mention(key, number)), NamedNode(_STATUS), status, graph)
        for code in mentioned_frameworks(mentions, self.wholes):
            framework = NamedNode(iris.concept("framework", code))
            yield Quad(NamedNode(iris.project(key)), NamedNode(_MENTIONS), framework, graph)


_NO_REVIEWS: Mapping[MentionKey, Review] = {}


def review_quads(revision: str, reviews: Sequence[Review], iris: Iris) -> Iterator[Quad]:
    """Say in the provenance graph which reviews influenced a revision of a record (PROV-O); no person is named.

    Args:
        revision: IRI of the revision.
        reviews: The reviews that hold for its mentions.
        iris: The IRIs under the publisher's base.
    """
    graph = NamedNode(iris.graph("prov"))
    for review in reviews:
        node = NamedNode(iris.review(review.digest))
        framework = NamedNode(iris.concept("framework", review.mention.framework))
        ended = Literal(review.reviewed, datatype=NamedNode(f"{XSD}dateTime"))
        yield Quad(NamedNode(revision), NamedNode(f"{PROV}wasInfluencedBy"), node, graph)
        yield Quad(node, NamedNode(f"{RDF}type"), NamedNode(f"{IOMLD}Review"), graph)
        yield Quad(node, NamedNode(f"{PROV}used"), framework, graph)
        yield Quad(node, NamedNode(f"{PROV}endedAtTime"), ended, graph)
