"""A review is what a person decided about one mention: that it is right (accepted) or wrong (rejected).

It is kept by the words of the mention and not by its number, since the numbers of mentions change with the text.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from iomld.model import ACCEPTED, REJECTED, Mention

DECISIONS = (ACCEPTED, REJECTED)
_DIGITS = 12  # of the hash in the name of a mention


class MentionKey(NamedTuple):
    """What a mention is known by, whatever else changes in the record.

    Attributes:
        project: Key of the project.
        framework: Code of the framework or part.
        field: The text that it is in: `narrative`, `abstract` or `title`.
        language: Language of that text.
        exact: The words.
        prefix: Words just before.
        suffix: Words just after.
    """

    project: str
    framework: str
    field: str
    language: str
    exact: str
    prefix: str
    suffix: str

    @classmethod
    def of(cls, project: str, mention: Mention) -> "MentionKey":
        """The key of a mention of a project."""
        one = mention
        return cls(project, one.framework, one.field, one.language, one.quote, one.prefix, one.suffix)

    @property
    def name(self) -> str:
        """The project and a hash of the rest, for people and tables: `PO.0105:3f2a91c07be4`.

        >>> MentionKey("PO.0105", "gcm", "narrative", "en", "GCM", "the ", " and").name
        'PO.0105:e15891a450f3'
        """
        digest = hashlib.sha256(json.dumps(self[1:], ensure_ascii=False, separators=(",", ":")).encode())
        return f"{self.project}:{digest.hexdigest()[:_DIGITS]}"

    @property
    def words(self) -> tuple[str, str]:
        """The framework and the words that name it, in whatever text and context."""
        return self.framework, self.exact


@dataclass(frozen=True, slots=True)
class Review:
    """A decision about a mention.

    Attributes:
        mention: The mention.
        decision: Code in the review scheme: `accepted` or `rejected`.
        reviewed: When it was decided (xsd:dateTime, UTC).
    """

    mention: MentionKey
    decision: str
    reviewed: str

    @property
    def digest(self) -> str:
        """A hash of the review, which names it as an activity."""
        return hashlib.sha256(json.dumps([*self.mention, self.decision, self.reviewed]).encode()).hexdigest()


def review_json(review: Review) -> dict[str, str]:
    """A review as a JSON object, in its file and in reports."""
    return {**review.mention._asdict(), "review": review.decision, "reviewed": review.reviewed}


@dataclass(frozen=True)  # without slots, for the cached property
class Reviews:
    """All reviews of a folder of releases, the oldest first; of several about a mention, the last one holds."""

    everything: tuple[Review, ...] = ()

    @cached_property
    def by_project(self) -> Mapping[str, Mapping[MentionKey, Review]]:
        """The reviews that hold, by the key of the project and the mention, in the order of the first decisions."""
        found: dict[str, dict[MentionKey, Review]] = {}
        for review in self.everything:
            found.setdefault(review.mention.project, {})[review.mention] = review
        return found

    def without_repeats(self, reviews: Iterable[Review]) -> Iterator[Review]:
        """Those of some new reviews that decide other than what holds already."""
        for review in reviews:
            held = self.by_project.get(review.mention.project, {}).get(review.mention)
            if held is None or held.decision != review.decision:
                yield review

    def followed_by(self, reviews: Iterable[Review]) -> "Reviews":
        """These reviews and later ones."""
        return Reviews((*self.everything, *reviews))


NO_REVIEWS = Reviews()
