"""Mentions of frameworks that wait for a review, a page at a time, and reviews whose passage moved or is gone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from iomld.browse.queries import bound
from iomld.browse.view import ReleaseView
from iomld.iris import IOMLD
from iomld.model import Project
from iomld.pipeline.published import project_of
from iomld.review.journal import read_reviews
from iomld.review.matching import reviewed_mentions
from iomld.review.reviews import Review, Reviews
from iomld.review.tables import MentionFilter, MentionRow, mention_rows

_PROJECTS = 10  # of a page
_MOST_LOOKED_AT = 200  # projects with reviews that are read to find those whose passage is gone
_COUNT = f"SELECT (COUNT(?mention) AS ?mentions) WHERE {{ {{values}} ?mention <{IOMLD}reviewStatus> ?status }}"
_NEXT = f"""SELECT DISTINCT ?project WHERE {{
  {{values}}
  ?mention <{IOMLD}reviewStatus> ?status ; <{IOMLD}aboutProject> ?project .
  FILTER(STR(?project) > STR(?after))
}} ORDER BY STR(?project) LIMIT {_PROJECTS + 1}"""


@dataclass(frozen=True, slots=True)
class MentionPage:
    """Some mentions with the same status of review, those of a few projects.

    Attributes:
        rows: The mentions, by project, in the order of their places.
        total: Number of all mentions with this status.
        after: Key of the last project of the page, after which the next page begins; empty on the last page.
        orphaned: Reviews whose words name the framework nowhere in the project any more.
        recorded: Decisions about these mentions that only the next release has, by the name of the mention.
    """

    rows: tuple[MentionRow, ...]
    total: int
    after: str
    orphaned: tuple[Review, ...]
    recorded: Mapping[str, str]


def mention_page(view: ReleaseView, status: str, after: str) -> MentionPage:
    """The mentions with a status of review.

    Args:
        view: The release.
        status: Code in the review scheme.
        after: Key of the project after which the page begins; empty for the first page.
    """
    node = NamedNode(view.iris.concept("review", status))
    (count,) = view.reader.select(bound(_COUNT, status=[node]))
    found = view.reader.select(bound(_NEXT, status=[node], after=[Literal(view.iris.project(after) if after else "")]))
    keys = [key for row in found if (key := view.iris.project_key(row["project"].value))]
    reviews = read_reviews(view.release.path)
    rows = tuple(mention_rows(_projects(view, keys[:_PROJECTS]), reviews, MentionFilter(review=status)))
    return MentionPage(
        rows=tuple({row.key: row for row in rows}.values()),
        total=int(count["mentions"].value),
        after=keys[_PROJECTS - 1] if len(keys) > _PROJECTS else "",
        orphaned=tuple(_orphaned(view, reviews)),
        recorded=_recorded(view, rows),
    )


def recorded_decision(view: ReleaseView, name: str) -> str:
    """The decision about a mention that the folder of releases has, by its name; empty if nobody has decided."""
    held = _newest_reviews(view).by_project.get(name.rpartition(":")[0], {})
    return next((review.decision for key, review in held.items() if key.name == name), "")


def has_mention(view: ReleaseView, name: str) -> bool:
    """Whether a mention is published, by its name (`MentionKey.name`)."""
    rows = mention_rows(_projects(view, [name.rpartition(":")[0]]), Reviews(), MentionFilter())
    return any(row.key.name == name for row in rows)


def _projects(view: ReleaseView, keys: list[str]) -> Iterator[Project]:
    for key in keys:
        quads = view.reader.graph(view.iris.record(key))
        if quads:
            yield project_of(quads, key, view.iris)


def _recorded(view: ReleaseView, rows: Iterable[MentionRow]) -> dict[str, str]:
    held = _newest_reviews(view).by_project
    found = ((row, held.get(row.key.project, {}).get(row.key)) for row in rows)
    return {row.key.name: one.decision for row, one in found if one and one.decision != row.mention.review}


def _newest_reviews(view: ReleaseView) -> Reviews:
    """The reviews in the folder of releases, which the next release has."""
    return read_reviews(view.release.path.parent.parent)


def _orphaned(view: ReleaseView, reviews: Reviews) -> Iterator[Review]:
    """The reviews of published projects whose passage is gone, those of the first projects that have reviews."""
    for project in _projects(view, sorted(reviews.by_project)[:_MOST_LOOKED_AT]):
        yield from reviewed_mentions(project.key, project.mentions, reviews.by_project[project.key]).orphaned
