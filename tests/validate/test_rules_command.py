"""`iomld rules`."""

import json

from tests.conftest import run_iomld

from iomld.validate import all_rules


def test_every_rule_is_explained() -> None:
    """Each rule comes with its severity, profiles, what it checks, why, its message and an example that fails."""
    done = run_iomld("rules", "--format", "json")
    assert done.returncode == 0
    rules = json.loads(done.stdout)
    assert [rule["id"] for rule in rules] == [rule.id for rule in all_rules()]
    for rule in rules:
        assert all(rule[key] for key in ("severity", "profiles", "checks", "why", "message", "example"))
        assert rule["example"]["without"] or rule["example"]["added"]


def test_one_rule_for_a_terminal() -> None:
    """A rule that is named is shown alone, with the triples that make it fail."""
    done = run_iomld("rules", "regionalTwo")
    assert done.stdout.splitlines() == [
        "regionalTwo · Warning · submission, published",
        "  checks A project of regional coverage has at least two benefiting states, as the fund asks.",
        "  why    One state alone shows that the coverage is wrong or that part of the list was lost.",
        "  says   Coverage is regional, but only one benefiting state is listed; the fund asks for at least",
        "         two. Check the list on the page.",
        "  fails  Regional with one state",
        "         - <id/project/PO.9001> iomld:coverage",
        "         + <id/project/PO.9001> iomld:coverage <scheme/coverage/regional> .",
    ]


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
