"""No two projects share an identifier."""

from iomld.model import Severity
from iomld.validate import Identifiers, all_rules, duplicate_identifiers


def test_projects_that_share_nothing() -> None:
    """Missing identifiers are not shared ones."""
    assert (
        duplicate_identifiers([Identifiers("A", "A"), Identifiers("B", "B", "CN10P0002"), Identifiers("C", "C")]) == {}
    )


def test_each_sharer_is_told_of_the_others() -> None:
    """Of three projects with one PRIMA identifier, each hears of the two others."""
    found = duplicate_identifiers(Identifiers(key, key, "CN10P0002") for key in ("A", "B", "C"))
    assert list(found) == ["A", "B", "C"]
    (first, second) = found["B"]
    assert (first.rule, first.severity, first.field, first.value) == (
        "primaUnique",
        Severity.VIOLATION,
        "primaId",
        "CN10P0002",
    )
    assert "also used by A." in first.message
    assert "also used by C." in second.message


def test_codes_and_prima_identifiers_are_told_apart() -> None:
    """A code that equals a PRIMA identifier is no duplicate; a code used under two keys is."""
    found = duplicate_identifiers([Identifiers("A", "X", "Y"), Identifiers("B", "Y"), Identifiers("C", "X")])
    assert [(key, finding.rule) for key, (finding,) in found.items()] == [("A", "codeUnique"), ("C", "codeUnique")]


def test_messages_are_those_of_the_shapes() -> None:
    """Code and shapes say the same."""
    templates = {rule.id: rule.message for rule in all_rules()}
    found = duplicate_identifiers([Identifiers("A", "X", "Y"), Identifiers("B", "X", "Y")])
    for finding in found["A"]:
        expected = templates[finding.rule].replace("{?value}", finding.value or "").replace("{?other}", "B")
        assert finding.message == expected
