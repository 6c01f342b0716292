"""The words of the lists, as readers look them up."""

import pytest

from iomld.assets import load_vocabulary
from iomld.lexicon.words import NO_WORDS, Lexicon, build_lexicon


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """The words of the bundled lists."""
    return build_lexicon(load_vocabulary())


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Completed", ("status",)),
        ("achevé", ("status",)),
        ("Global", ("coverage", "region")),
        ("PO", ("projectType",)),
        ("Kenya", ()),
        ("", ()),
    ],
)
def test_a_word_gives_the_fields_that_list_it(lexicon: Lexicon, text: str, fields: tuple[str, ...]) -> None:
    """Names count in any language and case, notations too."""
    assert lexicon.fields_of(text) == fields


def test_a_run_of_countries_is_nothing_but_countries(lexicon: Lexicon) -> None:
    """With any separator or none; a word that is no country, or no name at all, makes it something else."""
    assert lexicon.are_countries("Namibia South Africa, Kenya and Uganda")
    assert lexicon.are_countries("GuineaGuinea-Bissau")
    assert not lexicon.are_countries("Kenya and others")
    assert not lexicon.are_countries("and")
    assert lexicon.resembles_country("Chinna")
    assert not lexicon.resembles_country("Ports and Rosters")


def test_without_words_nothing_is_known() -> None:
    """The lexicon of no vocabulary finds no name."""
    assert NO_WORDS.fields_of("Completed") == ()
    assert not NO_WORDS.are_countries("Kenya")
    assert not NO_WORDS.are_countries("and")
    assert not NO_WORDS.resembles_country("Kenya")
