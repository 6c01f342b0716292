"""Words of a list become codes."""

import pytest

from iomld.link.concepts import read_concept
from iomld.link.project import Linker
from iomld.model import Place, Severity, Value
from iomld.vocab import Vocabulary

PLACE = Place("page.txt", line=9)


@pytest.mark.parametrize("word", ["completed", "COMPLETED", "Achevé", "acheve", "Finalizado", " Completed"])
def test_codes_and_words_of_three_languages_are_known(linker: Linker, word: str) -> None:
    """A notation or a name in any language gives the code."""
    assert linker.lexicon.concepts["status"].code(word) == "completed"


def test_an_unknown_word_names_the_closest(linker: Linker) -> None:
    """A typing error is answered with the word that was meant."""
    code, (finding,) = read_concept(
        Value("Completd", PLACE), linker.lexicon.concepts["status"], field="status", rule="unknownStatus"
    )
    assert code is None
    assert (finding.rule, finding.severity, finding.place) == ("unknownStatus", Severity.VIOLATION, PLACE)
    assert (finding.value, str(finding.fix)) == ("Completd", "Closest: Completed.")


def test_a_word_like_none_is_answered_with_a_short_list(linker: Linker) -> None:
    """Where nothing is close and the list is short, the list is shown."""
    _, (finding,) = read_concept(
        Value("???", PLACE), linker.lexicon.concepts["status"], field="status", rule="unknownStatus"
    )
    assert str(finding.fix) == "Write one of: Active, Completed."


def test_every_name_of_the_real_lists_gives_its_concept(real: Vocabulary, real_linker: Linker) -> None:
    """No name of a status, type, coverage or region is lost or taken by another."""
    for scheme in ("status", "type", "coverage", "region"):
        for code, concept in real.concepts[scheme].items():
            words = [code, *(label.text for label in concept.labels)]
            assert {real_linker.lexicon.concepts[scheme].code(word) for word in words} == {code}
