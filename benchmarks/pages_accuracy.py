"""Read pages whose facts are known through all stages, and say how many of the facts were found.

A folder holds pages (`NNN.txt` or `NNN.html`) and beside each its facts (`NNN.json`): `title`, `code`, `prima`,
`budget`, `start`, `end`, `year`, `status`, `type`, `coverage`, `region`, `states` (ISO codes in order), `frameworks`
(codes of wholes) and `lang`. `refused` says whether the page must be refused, `how` which of its fields is broken.
A fact of null is not asked for: what is read there counts as unasked, neither right nor wrong.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from iomld.errors import SourceError
from iomld.link.project import Linker
from iomld.model import Finding, Project, Severity
from iomld.pipeline.conversion import Choices, Outcome
from iomld.pipeline.stages import Pipeline, load_pipeline, outcomes
from iomld.read import read_bytes

# What the facts call a broken field, and the fields of a record that a refusal may then name.
_BROKEN = {
    "years": ("startYear", "endYear", "allocationYear"),
    "budget": ("budgetUSD",),
    "code": ("projectCode",),
    "prima": ("primaId",),
    "title": ("title",),
    "status": ("status",),
    "type": ("projectType",),
    "coverage": ("coverage", "benefitingMemberStates"),
    "states": ("benefitingMemberStates", "benefitingCountries"),
    "state": ("benefitingMemberStates", "benefitingCountries"),
    "country": ("benefitingMemberStates", "benefitingCountries"),
}
# The facts that a broken field makes untrue of the page.
_LOST = {"years": ("start", "end", "year"), "state": ("states",), "country": ("states",)}

_READ: dict[str, Callable[[Project], object]] = {
    "title": lambda project: project.titles[0].value if project.titles else None,
    "code": lambda project: project.code,
    "prima": lambda project: project.prima_id,
    "start": lambda project: project.start_year,
    "end": lambda project: project.end_year,
    "year": lambda project: project.allocation_year,
    "budget": lambda project: project.budget.amount if project.budget else None,
    "status": lambda project: project.status,
    "type": lambda project: project.project_type,
    "coverage": lambda project: project.coverage,
    "region": lambda project: project.region,
    "states": lambda project: project.member_states,
    "lang": lambda project: project.titles[0].language if project.titles else None,
}


@dataclass(slots=True)
class Tally:
    """What was found of one field over all pages."""

    asked: int = 0
    found: int = 0
    right: int = 0
    unasked: int = 0
    wrong: list[str] = field(default_factory=list)

    def precision(self) -> float:
        """Right of what was found."""
        return self.right / self.found if self.found else 1.0

    def recall(self) -> float:
        """Right of what was asked."""
        return self.right / self.asked if self.asked else 1.0


@dataclass(slots=True)
class Result:
    """What was found on all pages.

    Attributes:
        fields: A tally a field.
        refused: For each refused page its reasons.
        faults: Pages refused without need, published against the rules, or refused for another reason.
    """

    fields: dict[str, Tally]
    refused: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def measure(folder: Path, pipeline: Pipeline) -> Result:
    """Read every page of a folder by itself and compare it with its facts."""
    result = Result({name: Tally() for name in (*_READ, "frameworks")})
    for path in sorted(path for path in folder.iterdir() if path.suffix in {".txt", ".html"}):
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        try:
            records = tuple(read_bytes(path.read_bytes(), file=path.name, options=pipeline.read_options()))
        except SourceError as error:
            result.faults.append(str(error))
            _count_missing(facts, result, path.name)
            continue
        (outcome,) = outcomes([records], pipeline)
        _compare(outcome.project, facts, pipeline.linker, result.fields, path.name)
        _refusals(outcome, facts, result, path.name)
    return result


def _count_missing(facts: Mapping[str, object], result: Result, page: str) -> None:
    for name, tally in result.fields.items():
        if facts.get(name) is not None and not (name == "frameworks" and not facts[name]):
            tally.asked += 1
            tally.wrong.append(f"{page}: nothing read")


def _compare(
    project: Project, facts: Mapping[str, object], linker: Linker, tallies: Mapping[str, Tally], page: str
) -> None:
    broken = str(facts.get("how", ""))
    lost = _LOST.get(broken, (broken,)) if facts.get("refused") else ()
    for name, read in _READ.items():
        if name not in lost:
            _count(tallies[name], _asked(name, facts.get(name), linker), read(project) or None, page)
    wholes = frozenset(linker.matcher.wholes.get(code, code) for code in project.frameworks)
    wanted = facts.get("frameworks")
    _count_set(tallies["frameworks"], frozenset(wanted) if isinstance(wanted, list) else frozenset(), wholes, page)


def _asked(name: str, fact: object, linker: Linker) -> object:
    """A fact in the form that a project gives it."""
    if fact is None:
        return None
    if name == "budget":
        return Decimal(str(fact))
    if name == "region":
        return linker.lexicon.concepts["region"].code(str(fact))
    return tuple(fact) or None if isinstance(fact, list) else fact


def _count(tally: Tally, asked: object, found: object, page: str) -> None:
    if asked is None:
        tally.unasked += found is not None
        return
    tally.asked += 1
    tally.found += found is not None
    tally.right += asked == found
    if asked != found:
        tally.wrong.append(f"{page}: {found!r} instead of {asked!r}")


def _count_set(tally: Tally, asked: frozenset[str], found: frozenset[str], page: str) -> None:
    tally.asked += len(asked)
    tally.found += len(found)
    tally.right += len(asked & found)
    if asked != found:
        tally.wrong.append(f"{page}: {sorted(found - asked)} too many, {sorted(asked - found)} missing")


def _refusals(outcome: Outcome, facts: Mapping[str, object], result: Result, page: str) -> None:
    violations = [finding for finding in outcome.findings if finding.severity is Severity.VIOLATION]
    reasons = f"{page}: {'; '.join(map(_reason, violations))}"
    if violations:
        result.refused.append(reasons)
    if bool(violations) != bool(facts.get("refused")):
        result.faults.append(reasons if violations else f"{page}: published, though it must be refused")
    elif violations:
        may = _BROKEN.get(str(facts.get("how", "")))
        if may and not any(finding.field in may for finding in violations):
            result.faults.append(f"{reasons} (expected: {', '.join(may)})")


def _reason(finding: Finding) -> str:
    line = finding.place.line if finding.place else None
    return f"line {line}, {finding.rule}: {finding.message}"


def report(result: Result) -> Iterator[str]:
    """The result as lines for people."""
    yield f"{'field':<12} {'asked':>6} {'found':>6} {'right':>6} {'unasked':>8} {'precision':>10} {'recall':>8}"
    for name, tally in result.fields.items():
        counts = f"{tally.asked:>6} {tally.found:>6} {tally.right:>6} {tally.unasked:>8}"
        yield f"{name:<12} {counts} {tally.precision():>10.1%} {tally.recall():>8.1%}"
    wrong = Counter({name: len(tally.wrong) for name, tally in result.fields.items()})
    for name in (name for name, number in wrong.items() if number):
        yield f"\nwrong {name}:"
        yield from (f"  {line}" for line in result.fields[name].wrong)
    yield f"\nrefused: {len(result.refused)}"
    yield from (f"  {line}" for line in result.refused)
    yield f"\nrefused without need, published against the rules, or for another reason: {len(result.faults)}"
    yield from (f"  {line}" for line in result.faults)


def main() -> int:
    """Print the measure of a folder; 1 where anything is wrong, 2 where there is no folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="pages with their facts")
    folder: Path = parser.parse_args().folder
    if not folder.is_dir():
        print(f"{folder}: no such folder. Name a folder of pages and facts.", file=sys.stderr)
        return 2
    result = measure(folder, load_pipeline(Choices(profile="published")))
    print("\n".join(report(result)))
    return int(bool(result.faults) or any(tally.wrong for tally in result.fields.values()))


if __name__ == "__main__":
    sys.exit(main())
