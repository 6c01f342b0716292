"""What becomes of the reviews of a project in the mentions that its texts have now: a pure function over values.

A review holds for each mention with its key. If there is none, but the same words name the same framework in another
context, the review has *moved*: these mentions are unreviewed, and a person is asked again. If there is no such mention
either, the review is *orphaned*. Neither is ever dropped: if the text comes back, so does the review.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from iomld.model import UNREVIEWED, Mention
from iomld.review.reviews import MentionKey, Review


@dataclass(frozen=True, slots=True)
class ReviewedMentions:
    """The mentions of a project with its reviews.

    Attributes:
        mentions: The mentions in their order, each with its review.
        applied: The reviews that hold for one of them or several.
        moved: Those whose words are in another context now, which nobody has reviewed.
        orphaned: Those whose words name the framework nowhere in the project any more.
    """

    mentions: tuple[Mention, ...]
    applied: tuple[Review, ...] = ()
    moved: tuple[Review, ...] = ()
    orphaned: tuple[Review, ...] = ()


def reviewed_mentions(
    project: str, mentions: Sequence[Mention], reviews: Mapping[MentionKey, Review]
) -> ReviewedMentions:
    """Apply the reviews of a project to its mentions.

    A mention without a review in `reviews` keeps the one that its record states.

    Args:
        project: Key of the project.
        mentions: Its mentions, in any order.
        reviews: The reviews that hold, by the mention.
    """
    keys = [MentionKey.of(project, mention) for mention in mentions]
    reviewed = tuple(
        replace(mention, review=reviews[key].decision) if key in reviews else mention
        for key, mention in zip(keys, mentions, strict=True)
    )
    present = frozenset(keys)
    contexts = {key.words for key in keys}
    open_words = {key.words for key, mention in zip(keys, reviewed, strict=True) if mention.review == UNREVIEWED}
    absent = [review for key, review in reviews.items() if key not in present]
    return ReviewedMentions(
        mentions=reviewed,
        applied=tuple(review for key, review in reviews.items() if key in present),
        moved=tuple(review for review in absent if review.mention.words in open_words),
        orphaned=tuple(review for review in absent if review.mention.words not in contexts),
    )
