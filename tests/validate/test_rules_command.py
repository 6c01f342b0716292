"""`iomld rules`."""

import json

from tests.conftest import run_iomld

from iomld.validate import all_rules
from iomld.validate.reading_rules import reading_rules
from iomld.validate.shapes import load_examples


def test_every_rule_is_explained() -> None:
    """Each rule of the shapes comes with all that is known of it and two examples; those of reading follow."""
    done = run_iomld("rules", "--format", "json")
    assert done.returncode == 0
    rules = json.loads(done.stdout)
    ids = [rule.id for rule in all_rules()]
    assert [rule["id"] for rule in rules] == [*ids, *(rule.id for rule in reading_rules(ids))]
    for rule in rules[: len(ids)]:
        assert all(rule[key] for key in ("severity", "profiles", "checks", "why", "message", "example", "passing"))
        assert rule["example"]["without"] or rule["example"]["added"]
    assert rules[-1] == {
        "id": "unreadable",
        "stage": "reading",
        "severity": "Violation",
        "worst": "Violation",
        "when": "The record could not be checked.",
    }


def test_one_rule_for_a_terminal() -> None:
    """A rule that is named is shown alone, with the triples that make it fail, and those that make it pass."""
    done = run_iomld("rules", "regionalTwo")
    assert done.stdout.splitlines() == [
        "regionalTwo · Warning · submission, published",
        "  checks A project of regional coverage has at least two benefiting states, as the fund asks.",
        "  why    One state alone shows that the coverage is wrong or that part of the list was lost.",
        "  says   Coverage is regional, but only one benefiting state is listed; the fund asks for at least",
        "         two. Check the list in the source.",
        "  fails  Regional with one state",
        "         - <id/project/PO.9001> iomld:coverage",
        "         + <id/project/PO.9001> iomld:coverage <scheme/coverage/regional> .",
        "  passes Regional with two states",
        "         - <id/project/PO.9001> iomld:coverage",
        (
            "         + <id/project/PO.9001> iomld:coverage <scheme/coverage/regional> ; "
            "iomld:benefitingMemberState cty:MN ; iomld:benefitingCountry cty:MN ."
        ),
    ]


def test_a_rule_of_reading_for_a_terminal() -> None:
    """It is explained by its name, as findings have it, in each format; of two severities both are named."""
    assert run_iomld("rules", "unknownStatus").stdout.splitlines() == [
        "unknownStatus · Violation · reading",
        "  when   The status is not in the list.",
    ]
    assert run_iomld("rules", "duplicateColumn", "--format", "markdown").stdout.startswith(
        "## duplicateColumn\n\nWarning, Violation; reading. Two columns"
    )


def test_every_rule_with_an_example_of_its_own_exists() -> None:
    """`passes` in the examples names rules, in examples that pass."""
    passing = [example for example in load_examples() if example.passes]
    assert {id_ for example in passing for id_ in example.passes} <= {rule.id for rule in all_rules()}
    assert not any(example.finds for example in passing)


def test_rules_as_markdown() -> None:
    """A section a rule, ready for a document."""
    sections = run_iomld("rules", "title", "budget", "--format", "markdown").stdout
    assert sections.startswith("## title\n\nViolation; submission, published. The project has a title")
    assert "\n## budget\n" in sections
    assert "```diff\n- <id/project/PO.9001> dcterms:title\n```" in sections


def test_a_rule_that_does_not_exist() -> None:
    """The command says so and could not run."""
    done = run_iomld("rules", "colour")
    assert done.returncode == 2
    assert "there is no rule 'colour'" in done.stderr
