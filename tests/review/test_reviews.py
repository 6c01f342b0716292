"""Reviews are found again in the mentions of today, and in their file, whatever their words are."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.errors import StoreError
from iomld.model import ACCEPTED, REJECTED, UNREVIEWED, Mention
from iomld.review.journal import read_reviews, write_reviews
from iomld.review.matching import reviewed_mentions
from iomld.review.reviews import MentionKey, Review, Reviews, review_json

KEY = MentionKey("PO.0105", "gcm", "narrative", "en", "GCM", "the ", " and")
LATER = "2026-11-30T12:00:00Z"
REVIEW = Review(KEY, REJECTED, LATER)
# Texts as readers let them through: no control characters and no halves of surrogate pairs.
words = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=6)
keys = st.builds(
    MentionKey,
    st.just("PO.0105"),
    st.sampled_from(["gcm", "gcm-objective-2", "mcof"]),
    st.sampled_from(["narrative", "abstract", "title"]),
    st.sampled_from(["en", "pt-br"]),
    words.filter(bool),
    words,
    words,
)
# Few words, so that some mentions have the same words, and some even the same context.
close_keys = st.builds(
    KEY._replace, framework=st.sampled_from(["gcm", "mcof"]), exact=st.sampled_from("ab"), prefix=st.sampled_from("xy")
)
decisions = st.sampled_from([ACCEPTED, REJECTED])


def mention(key: MentionKey, review: str = UNREVIEWED) -> Mention:
    """A mention that has a key."""
    _, framework, field, language, exact, prefix, suffix = key
    return Mention(framework, exact, prefix, suffix, field, language, None, "acronym", Decimal("0.85"), review)


def latest(*reviews: Review) -> dict[MentionKey, Review]:
    """The reviews of the project that hold."""
    return dict(Reviews(reviews).by_project.get("PO.0105", {}))


def test_a_review_holds_for_the_mention_with_its_words_and_context() -> None:
    """The position does not matter; other mentions keep the review that their record states."""
    other = mention(KEY._replace(suffix=" or"), ACCEPTED)
    outcome = reviewed_mentions("PO.0105", [other, mention(KEY)], latest(REVIEW))
    assert [one.review for one in outcome.mentions] == [ACCEPTED, REJECTED]
    assert (outcome.applied, outcome.moved, outcome.orphaned) == ((REVIEW,), (), ())


def test_the_last_review_of_a_mention_holds() -> None:
    """A decision can be taken back by another one; both stay in the file."""
    again = Review(KEY, ACCEPTED, LATER)
    assert latest(REVIEW, again) == {KEY: again}
    assert list(Reviews((REVIEW, again)).without_repeats([again])) == []
    assert list(Reviews((REVIEW, again)).without_repeats([REVIEW])) == [REVIEW]


def test_the_same_words_in_another_context_are_asked_about_again() -> None:
    """The review has moved until somebody reviews one of these mentions."""
    elsewhere = KEY._replace(prefix="this ", field="abstract")
    outcome = reviewed_mentions("PO.0105", [mention(elsewhere)], latest(REVIEW))
    assert (outcome.mentions[0].review, outcome.moved, outcome.orphaned) == (UNREVIEWED, (REVIEW,), ())
    answered = latest(REVIEW, Review(elsewhere, REJECTED, LATER))
    outcome = reviewed_mentions("PO.0105", [mention(elsewhere)], answered)
    assert (outcome.mentions[0].review, outcome.moved, outcome.orphaned) == (REJECTED, (), ())


def test_a_review_of_words_that_are_gone_is_orphaned() -> None:
    """The same words for another framework are not those that were reviewed."""
    outcome = reviewed_mentions("PO.0105", [mention(KEY._replace(framework="mcof"))], latest(REVIEW))
    assert (outcome.applied, outcome.moved, outcome.orphaned) == ((), (), (REVIEW,))


@given(st.lists(st.tuples(close_keys, decisions)), st.lists(close_keys))
def test_no_review_is_lost_and_nothing_else_is_reviewed(
    decided: list[tuple[MentionKey, str]], present: list[MentionKey]
) -> None:
    """Each review holds, has moved, is orphaned, or was answered for all mentions of its words; only one of these."""
    reviews = latest(*(Review(key, decision, LATER) for key, decision in decided))
    outcome = reviewed_mentions("PO.0105", list(map(mention, present)), reviews)
    expected = [reviews[key].decision if key in reviews else UNREVIEWED for key in present]
    assert [one.review for one in outcome.mentions] == expected
    named = [*outcome.applied, *outcome.moved, *outcome.orphaned]
    assert len(named) == len(set(named))
    for review in set(reviews.values()) - set(named):
        assert all(key in reviews for key in present if key.words == review.mention.words)
    again = reviewed_mentions("PO.0105", outcome.mentions, reviews)
    assert again == outcome


@given(st.lists(st.builds(Review, keys, decisions, st.just(LATER))))
def test_the_file_gives_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, reviews: list[Review]) -> None:
    """Whatever the words are; and the names of different mentions differ."""
    folder = tmp_path_factory.mktemp("reviews")
    assert read_reviews(folder) == Reviews()
    write_reviews(Reviews(tuple(reviews)), folder)
    assert read_reviews(folder) == Reviews(tuple(reviews))
    assert [path.name for path in folder.iterdir()] == ["reviews.jsonl"]
    names = {review.mention.name for review in reviews}
    assert len(names) == len({review.mention for review in reviews})


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ("[1]", "not a JSON object"),
        ('{"review": "rejected"}', "its keys are not project"),
        (json.dumps(review_json(REVIEW) | {"by": "A. Person"}), "see 'by'"),
        (json.dumps(review_json(REVIEW) | {"exact": ""}), "'exact' cannot be ''"),
        (json.dumps(review_json(REVIEW) | {"exact": ["GCM"]}), "'exact' is not a text"),
        (json.dumps(review_json(REVIEW) | {"prefix": "\ud800"}), "'prefix' is not a text, or has a control"),
        (json.dumps(review_json(REVIEW) | {"project": "\x00"}), "'project' is not a text, or has a control"),
        (json.dumps(review_json(REVIEW) | {"field": "budget"}), "'field' cannot be 'budget'"),
        (json.dumps(review_json(REVIEW) | {"language": "en> <x"}), "'language' cannot be"),
        (json.dumps(review_json(REVIEW) | {"review": "unreviewed"}), "'review' cannot be 'unreviewed'"),
        (json.dumps(review_json(REVIEW) | {"reviewed": "2026-11-30"}), "'reviewed' cannot be '2026-11-30'"),
        ("\udcff\udcfe", "not a JSON object"),
    ],
)
def test_a_line_that_is_no_review_is_named(line: str, fault: str, tmp_path: Path) -> None:
    """With its number and its fault; an empty line is none."""
    good = json.dumps(review_json(REVIEW)).encode()
    path = tmp_path / "reviews.jsonl"
    path.write_bytes(good + b"\n\n" + line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(StoreError) as caught:
        read_reviews(tmp_path)
    assert str(caught.value).startswith(f"{path}, line 3: this is no review of a mention: ")
    assert fault in str(caught.value)
