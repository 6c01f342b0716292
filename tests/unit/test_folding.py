"""Names that differ only in case, accents, apostrophes, dashes or spaces are the same name."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iomld.folding import fold, folded

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from('éœ\u00b4\u2019\u2013\u00a0\u0301ßﬁ½¹ "-')), max_size=60)


@pytest.mark.parametrize(
    "spelling",
    ["Côte d'Ivoire", "Côte d\u2019Ivoire", "Côte d\u00b4Ivoire", "Côte d\u02bcIvoire", "COTE\u00a0D'IVOIRE"],
)
def test_apostrophes_accents_and_spaces_do_not_count(spelling: str) -> None:
    """All printed forms of one name have one key."""
    assert fold(spelling) == "cote d'ivoire"


@pytest.mark.parametrize("dash", "-\u2010\u2011\u2013\u2014 \u2009")
def test_dashes_and_spaces_join_to_one_space(dash: str) -> None:
    """A lost hyphen is no other name."""
    assert fold(f"Guinée{dash} Bissau") == "guinee bissau"


def test_ligatures_are_their_letters() -> None:
    """A ligature and its letters are the same name."""
    assert fold("main-d\u2019œuvre") == fold("MAIN D'OEUVRE")


def test_raised_digits_are_no_part_of_a_name() -> None:
    """A footnote mark behind a name is a space."""
    assert folded("GCM¹").text == "gcm "


@given(TEXTS)
@example("\u0bca")  # a Tamil vowel of two signs, neither of which is a letter by itself
def test_composed_and_decomposed_texts_fold_alike(text: str) -> None:
    """NFC and NFD of one text have one key."""
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(TEXTS)
def test_places_lead_back_to_the_character_they_come_from(text: str) -> None:
    """The stretch of the original under each folded character folds to what stands there."""
    source = folded(text)
    places = [source.original(index) for index in range(len(source.text) + 1)]
    assert places == sorted(places)
    assert places[-1] == len(text)
    for start, end in pairwise(places):
        if start < end:
            assert folded(text[start:end]).text.startswith(source.text[places.index(start)])


@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    """A key is its own key."""
    assert fold(fold(text)) == fold(text)
