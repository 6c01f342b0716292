"""The rules of the shapes as a page shows them: what each asks for, and an example that fails and one that passes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from iomld.model import Finding
from iomld.validate import Rule, all_rules, load_validator
from iomld.validate.examples import Example, failing_examples, passing_example

_LONGEST = 200  # characters of a line of an example


@dataclass(frozen=True, slots=True)
class Tried:
    """An example and what was said about it.

    Attributes:
        names: What is special about it, by language.
        taken_out: Subject and property of the triples that a record without a fault loses.
        put_in: The lines of Turtle that it gets.
        findings: What the rule says, each sentence once; nothing where it passes.
    """

    names: Mapping[str, str]
    taken_out: tuple[str, ...]
    put_in: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """One rule with an example that fails and one that passes, both checked."""

    rule: Rule
    fails: Tried
    passes: Tried


@cache
def rule_entries() -> tuple[RuleEntry, ...]:
    """All rules, in their order; the examples are checked once, a fifth of a second."""
    failing = failing_examples()
    return tuple(
        RuleEntry(rule, _tried(rule, failing[rule.id]), _tried(rule, passing_example(rule))) for rule in all_rules()
    )


def _tried(rule: Rule, example: Example) -> Tried:
    found = (finding for finding in _validator(example.profile).check(example.graph()) if finding.rule == rule.id)
    return Tried(
        names=example.names,
        taken_out=example.without,
        put_in=tuple(map(_cut, _lines(example))),
        findings=tuple({str(finding.message): finding for finding in found}.values()),
    )


_validator = cache(load_validator)


def _lines(example: Example) -> Iterator[str]:
    return (line for line in example.added.splitlines() if line.strip())


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 2]} …"
