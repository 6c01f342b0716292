"""The rules of the shapes with checked examples, and the validation of a published record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import Quad

from iomld.assets import load_vocabulary
from iomld.browse.view import ReleaseView
from iomld.fund_folder import cached, folder_in_use, own_folder, using
from iomld.model import Finding
from iomld.validate import Rule, all_rules, load_validator
from iomld.validate.shapes import RuleExample, failing_examples, passing_example

_LONGEST = 200  # characters of a line of an example
_PROFILE = "published"


@dataclass(frozen=True, slots=True)
class TriedExample:
    """An example of a rule and its findings.

    Attributes:
        names: Its description, by language.
        taken_out: Subject and property of the triples that are removed from a valid record.
        put_in: The lines of Turtle that are added to it.
        findings: Findings of the rule, each sentence once; none if the example passes.
    """

    names: Mapping[str, str]
    taken_out: tuple[str, ...]
    put_in: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule with an example that fails and one that passes, both checked; rules of a fund folder have none."""

    rule: Rule
    fails: TriedExample | None = None
    passes: TriedExample | None = None


@cached
def rule_entries() -> tuple[RuleEntry, ...]:
    """All rules in their order; checking the examples takes a tenth of a second, so they are cached."""
    rules = tuple(_rules_by_id().values())
    with using(own_folder()):  # whose lists the examples use
        found = _Findings()
        return tuple(_entry(rule, found) for rule in rules)


@cached
def _rules_by_id() -> Mapping[str, Rule]:
    """All rules, with their texts in each language."""
    return {rule.id: rule for rule in all_rules()}


def publisher_of_examples() -> Mapping[str, str] | None:
    """The name, by language, of the fund that the records of the examples are of; None if its folder is in use."""
    if folder_in_use().is_own:
        return None
    with using(own_folder()):
        fund = load_vocabulary().fund
    return fund.names.texts if fund else None


class _Findings(dict[str, tuple[Finding, ...]]):
    """The findings of examples by their names; many rules have the same passing example."""

    def of(self, example: RuleExample) -> tuple[Finding, ...]:
        """The findings of an example."""
        if example.name not in self:
            self[example.name] = load_validator(example.profile).check(example.graph())
        return self[example.name]


def _entry(rule: Rule, found: _Findings) -> RuleEntry:
    failing = failing_examples().get(rule.id)
    if failing is None:
        return RuleEntry(rule)
    passing = passing_example(rule)
    return RuleEntry(
        rule,
        _tried(rule, failing, found.of(failing)),
        _tried(rule, passing, found.of(passing)),
    )


def _tried(rule: Rule, example: RuleExample, findings: tuple[Finding, ...]) -> TriedExample:
    found = (finding for finding in findings if finding.rule == rule.id)
    return TriedExample(
        names=example.names,
        taken_out=example.without,
        put_in=tuple(map(_cut, _lines(example))),
        findings=tuple({str(finding.message): finding for finding in found}.values()),
    )


def _lines(example: RuleExample) -> Iterator[str]:
    return (line for line in example.added.splitlines() if line.strip())


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 2]} …"


@dataclass(frozen=True, slots=True)
class Revalidation:
    """The result of validating a published record.

    Attributes:
        holding: The rules without findings, in their order.
        findings: The findings, the worst first, without duplicates.
    """

    holding: tuple[Rule, ...]
    findings: tuple[Finding, ...]

    def count(self, severity: str) -> int:
        """The number of findings of a severity, by its name."""
        return sum(finding.severity == severity for finding in self.findings)


def check_record(view: ReleaseView, quads: Sequence[Quad]) -> Revalidation | None:
    """Validate a project's graph, in less than a millisecond; None if the fast engine is missing.

    Rules across projects, and rules about texts that are not in the graph, were checked when it was published.
    """
    validator = load_validator(_PROFILE, base=view.iris.base)
    if validator.fallback_reason:
        return None
    found = {(finding.rule, str(finding.message)): finding for finding in validator.check(quads)}
    broken = {rule for rule, _ in found}
    holding = (_rules_by_id()[id_] for id_ in validator.shapes.rules if id_ not in broken)
    return Revalidation(tuple(holding), tuple(found.values()))
