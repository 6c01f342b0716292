"""Rules of the shapes that are checked in Python and not by the engines, with the same outcome.

The rules on projects that our shapes say in SPARQL, checked here in code with the same outcome.

An engine takes ten times as long for these rules as for all others together, since it runs each query for each project.
The queries stay in the shapes, where anyone can read and run them; the reference engine runs them, and tests hold both
against each other, to the last character of a message.

Two rules of the shapes that are checked here and not by the engines, with the same outcome.

`quoteLength` and `shortcutBacked` join several nodes of a mention. As SPARQL, an engine looks through the mentions of
all records of a chunk for each mention; here one walk over a record's quads is enough.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pyoxigraph import Literal, NamedNode

from iomld.iris import FOAF, IOMLD, OA, PROV, SKOS, XSD, Iris, local_name
from iomld.validate.engine import Result, plain
from iomld.validate.facts import Facts, ReferenceData, Term, year
from iomld.validate.shapes import Rule

_PROJECT = f"{IOMLD}Project"
_CODE_AND_TYPE = re.compile(r"[A-Z]{2}[.]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_FOUR = re.compile(r"[0-9]{4}")
_AMOUNT = re.compile(r"[+]?([0-9]+([.][0-9]*)?|[.][0-9]+)")
_FIRST_YEAR = 2001  # of the fund
_YEARS_AHEAD = 6
_YEARS_BEFORE = 2  # that money may be allocated before a project starts
_LONG = 5
_YEARS = ("startYear", "endYear", "allocationYear")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules compare a project with.

    Attributes:
        reference: Concepts and countries.
        base: The data base.
        as_of: Day to judge against where the time of retrieval is not known, as `2026-11-23`; empty: none.
    """

    reference: ReferenceData
    base: str
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class _RuleMatch:
    """What a rule has against a value, with the variables of its message."""

    path: str | None
    value: Term
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _ProjectFacts:
    """A project as the rules see it."""

    iri: str
    facts: Facts
    around: Surroundings

    def all(self, name: str) -> Iterator[Term]:
        return iter(self.facts.of(self.iri, IOMLD + name))

    def years(self, name: str) -> Iterator[tuple[Term, int]]:
        for term in self.all(name):
            number = year(term)
            if number is not None:
                yield term, number

    def described(self, concept: Term, predicate: str) -> Iterator[Term]:
        """What the record and the reference data say of a concept."""
        if isinstance(concept, Literal):
            return iter(())
        known = self.around.reference.values[predicate].get(plain(concept), ())
        return iter(dict.fromkeys((*self.facts.of(plain(concept), predicate), *known)))

    def seen_in(self) -> Iterator[int]:
        """Years in which the project was seen: the latest retrieval of each record, else the day that was given."""
        known = False
        for record in self.facts.nodes(self.iri, f"{FOAF}isPrimaryTopicOf"):
            snapshots = self.facts.nodes(record, f"{PROV}wasDerivedFrom")
            times = [time for node in snapshots for time in self.facts.plain(node, f"{IOMLD}retrievedAt")]
            if times:
                known = True
                yield from _year_of(max(times))
        if not known and self.around.as_of:
            yield from _year_of(self.around.as_of)


def project_results(facts: Facts, around: Surroundings, rules: Mapping[str, Rule]) -> Iterator[Result]:
    """Check the projects of one record.

    Args:
        facts: The record's graph.
        around: What rules compare with.
        rules: The active rules by id; those of `CHECKS` that are among them are checked.
    """
    active = [(rules[id_], path, check) for id_, (path, check) in CHECKS.items() if id_ in rules]
    for iri in facts.instances(_PROJECT):
        project = _ProjectFacts(iri, facts, around)
        for rule, path, check in active:
            for found in check(project):
                yield Result(
                    focus_node=iri,
                    path=found.path or (path and IOMLD + path),
                    value=plain(found.value),
                    rule=rule.id,
                    severity=rule.severity,
                    message=rule.filled(value=plain(found.value), **found.variables),
                    component="SPARQLConstraintComponent",
                )


def _year_of(time: str) -> Iterator[int]:
    digits = _FIRST_FOUR.match(time)
    if digits:
        yield int(digits[0])


def _rule_match(value: Term, path: str | None = None, **variables: str) -> _RuleMatch:
    return _RuleMatch(path, value, variables)


def _code_type(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    types = [plain(type_) for concept in project.all("projectType") for type_ in project.described(concept, _NOTATION)]
    for code in project.all("projectCode"):
        prefix = plain(code)[:2]
        if _CODE_AND_TYPE.match(plain(code)) and prefix not in types:
            yield from (_rule_match(code, prefix=prefix, type=type_) for type_ in types if len(type_) == len(prefix))


def _both_written(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    countries = set(project.all("benefitingCountry"))
    return (_rule_match(state) for state in project.all("benefitingMemberState") if state not in countries)


def _period_order(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    starts, ends = (list(filter(_is_day, project.all(name))) for name in ("periodStart", "periodEnd"))
    if any(plain(start) > plain(end) for start in starts for end in ends):
        yield _rule_match(NamedNode(project.iri))


def _is_day(term: Term) -> bool:
    is_date = isinstance(term, Literal) and term.datatype.value == f"{XSD}date"
    return is_date and _DAY.fullmatch(plain(term)) is not None


def _year_order(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    if any(project.all("periodStart")) and any(project.all("periodEnd")):
        return
    for end_term, end in project.years("endYear"):
        for term, start in project.years("startYear"):
            if start > end:
                yield _rule_match(term, end=plain(end_term))


def _year_floor(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    for name in _YEARS:
        yield from (_rule_match(term, IOMLD + name) for term, number in project.years(name) if number < _FIRST_YEAR)


def _year_range(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    for seen in project.seen_in():
        for name in _YEARS:
            late = (term for term, number in project.years(name) if number > seen + _YEARS_AHEAD)
            yield from (_rule_match(term, IOMLD + name) for term in late)


def _allocation_outside(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    for term, allocated in project.years("allocationYear"):
        for start_term, start in project.years("startYear"):
            for end_term, end in project.years("endYear"):
                if start <= end and not start - _YEARS_BEFORE <= allocated <= end:
                    yield _rule_match(term, start=plain(start_term), end=plain(end_term))


def _allocation_before(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    for term, allocated in project.years("allocationYear"):
        for start_term, start in project.years("startYear"):
            if start - _YEARS_BEFORE <= allocated < start:
                yield _rule_match(term, start=plain(start_term))


def _long_run(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    for term, end in project.years("endYear"):
        for start_term, start in project.years("startYear"):
            if start >= _FIRST_YEAR and end - start > _LONG:
                yield _rule_match(term, start=plain(start_term))


def _active_after_end(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    if _has_status(project, "active"):
        for seen in project.seen_in():
            yield from (_rule_match(term) for term, end in project.years("endYear") if end < seen - 1)


def _completed_before_end(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    if _has_status(project, "completed"):
        for seen in project.seen_in():
            yield from (_rule_match(term) for term, end in project.years("endYear") if end > seen)


def _has_status(project: _ProjectFacts, code: str) -> bool:
    return Iris(project.around.base).concept("status", code) in project.facts.nodes(project.iri, f"{IOMLD}status")


def _usual_amount(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    amounts = [(term, Decimal(plain(term))) for term in project.all("budgetUSD") if _is_amount(term)]
    for concept in project.all("coverage") if amounts else ():
        for coverage in project.described(concept, _NOTATION):
            for floor in project.described(concept, f"{IOMLD}budgetFloor"):
                for ceiling in project.described(concept, f"{IOMLD}budgetCeiling"):
                    limits = {"floor": plain(floor), "ceiling": plain(ceiling), "coverage": plain(coverage)}
                    yield from (
                        _rule_match(term, **limits) for term, amount in amounts if _is_outside(amount, floor, ceiling)
                    )


def _is_outside(amount: Decimal, floor: Term, ceiling: Term) -> bool:
    are_limits = _AMOUNT.fullmatch(plain(floor)) and _AMOUNT.fullmatch(plain(ceiling))
    return are_limits is not None and amount > 0 and not Decimal(plain(floor)) <= amount <= Decimal(plain(ceiling))


def _is_amount(term: Term) -> bool:
    is_decimal = isinstance(term, Literal) and term.datatype.value == f"{XSD}decimal"
    return is_decimal and _AMOUNT.fullmatch(plain(term)) is not None


def _bound(bound: str, year_name: str) -> Callable[[_ProjectFacts], Iterator[_RuleMatch]]:
    """The rule that the bound of a period falls in its year."""

    def check(project: _ProjectFacts) -> Iterator[_RuleMatch]:
        for day in project.all(bound):
            for term in project.all(year_name):
                if plain(day)[:4] != plain(term):
                    yield _rule_match(day, year=plain(term))

    return check


def _iati_key(project: _ProjectFacts) -> Iterator[_RuleMatch]:
    for key in project.all("candidateIatiIdentifier"):
        for code in project.all("projectCode"):
            if plain(key) != f"XM-DAC-47066-{plain(code)}":
                yield _rule_match(key, code=plain(code))


_NOTATION = f"{SKOS}notation"

# Each rule by id, with the property that its shape has as its path.
CHECKS: Mapping[str, tuple[str | None, Callable[[_ProjectFacts], Iterator[_RuleMatch]]]] = {
    "codeType": ("projectCode", _code_type),
    "benefBoth": ("benefitingMemberState", _both_written),
    "periodStart": (None, _period_order),
    "yearOrder": ("startYear", _year_order),
    "yearFloor": ("startYear", _year_floor),
    "yearRange": ("endYear", _year_range),
    "allocOutside": ("allocationYear", _allocation_outside),
    "allocBefore": ("allocationYear", _allocation_before),
    "longRun": ("endYear", _long_run),
    "statusPast": ("endYear", _active_after_end),
    "statusFuture": ("endYear", _completed_before_end),
    "budgetBounds": ("budgetUSD", _usual_amount),
    "boundsStart": ("periodStart", _bound("periodStart", "startYear")),
    "boundsEnd": ("periodEnd", _bound("periodEnd", "endYear")),
    "iatiKey": ("candidateIatiIdentifier", _iati_key),
}


MENTION_RULES = ("quoteLength", "shortcutBacked")

_MENTION = f"{IOMLD}FrameworkMention"
_DIGITS = re.compile(r"[0-9]{1,9}")


def mention_results(facts: Facts, reference: ReferenceData, rules: Mapping[str, Rule], base: str) -> Iterator[Result]:
    """Check the mentions of one record.

    Args:
        facts: The record's graph.
        reference: The frameworks, and which are parts of which.
        rules: The active rules by id; those of `MENTION_RULES` that are among them are checked.
        base: The data base.
    """
    if "quoteLength" in rules:
        yield from _quote_lengths(facts, rules["quoteLength"])
    if "shortcutBacked" in rules:
        rejected = Iris(base).concept("review", "rejected")
        yield from _unbacked_shortcuts(facts, reference, rules["shortcutBacked"], rejected)


def _quote_lengths(facts: Facts, rule: Rule) -> Iterator[Result]:
    """STRLEN counts code points (SPARQL 1.1 section 17.4.3.2), as Python does."""
    for mention in facts.instances(_MENTION):
        for quote, span in _passages(facts, mention):
            if len(quote) != span:
                message = rule.filled(value=quote, length=str(len(quote)), span=str(span))
                yield Result(mention, None, quote, rule.id, rule.severity, message, "SPARQLConstraintComponent")


def _passages(facts: Facts, mention: str) -> Iterator[tuple[str, int]]:
    """Each quote of a mention with the length that its positions give, where there are both."""
    for target in facts.nodes(mention, f"{OA}hasTarget"):
        selectors = facts.nodes(target, f"{OA}hasSelector")
        quotes = [quote for selector in selectors for quote in facts.literals(selector, f"{OA}exact")]
        spans = [span for selector in selectors for span in _spans(facts, selector)]
        yield from ((quote, span) for quote in quotes for span in spans)


def _spans(facts: Facts, selector: str) -> Iterator[int]:
    for start in facts.plain(selector, f"{OA}start"):
        for end in facts.plain(selector, f"{OA}end"):
            if _DIGITS.fullmatch(start) and _DIGITS.fullmatch(end):  # other forms are the business of mentionPosition
                yield int(end) - int(start)


def _unbacked_shortcuts(facts: Facts, reference: ReferenceData, rule: Rule, rejected: str) -> Iterator[Result]:
    named: defaultdict[str, set[str]] = defaultdict(set)
    for mention in facts.values[f"{IOMLD}aboutProject"]:
        if rejected in facts.nodes(mention, f"{IOMLD}reviewStatus"):
            continue
        for body in facts.nodes(mention, f"{OA}hasBody"):
            for project in facts.nodes(mention, f"{IOMLD}aboutProject"):
                named[project] |= {body} | reference.wholes.get(body, frozenset())
    for project in facts.instances(f"{IOMLD}Project"):
        for framework in facts.nodes(project, f"{IOMLD}mentionsFramework"):
            if framework in reference.frameworks and framework not in named[project]:
                message = rule.filled(code=local_name(framework))
                path = f"{IOMLD}mentionsFramework"
                yield Result(project, path, framework, rule.id, rule.severity, message, "SPARQLConstraintComponent")
