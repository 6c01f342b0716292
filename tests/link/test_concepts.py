"""Words that no list has become findings."""

from iomld.link.project import Linker
from iomld.link.values import read_concept
from iomld.model import Place, Severity, Value

PLACE = Place("page.txt", line=9)


def test_an_unknown_word_names_the_closest(linker: Linker) -> None:
    """A typing error is answered with the word that was meant."""
    code, (finding,) = read_concept(
        Value("Completd", PLACE), linker.lexicon.concepts["status"], field="status", rule="unknownStatus"
    )
    assert code is None
    assert (finding.rule, finding.severity, finding.place) == ("unknownStatus", Severity.VIOLATION, PLACE)
    assert (finding.value, str(finding.fix)) == ("Completd", "Did you mean Completed?")


def test_a_word_like_none_is_answered_with_a_short_list(linker: Linker) -> None:
    """Where nothing is close and the list is short, the list is shown."""
    _, (finding,) = read_concept(
        Value("???", PLACE), linker.lexicon.concepts["status"], field="status", rule="unknownStatus"
    )
    assert str(finding.fix) == "Write one of: Active, Completed."
