"""The rules that our shapes state in SPARQL, checked in Python for speed, with the same results.

An engine runs each query for each project, and takes ten times as long for these rules as for all others together; for
`quoteLength` and `shortcutBacked` it even searches the mentions of all records in a chunk for each mention. The queries
stay in the shapes, where anyone can read and run them. The reference engine runs them, and tests compare its results
with those of this module, to the last character of a message.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from pyoxigraph import Literal, NamedNode

from iomld.formats.rdf import Term
from iomld.iris import FOAF, IOMLD, OA, PROV, SH, SHAPES, SKOS, XSD, Iris, local_name
from iomld.model import ValidationResult
from iomld.validate.engine import plain
from iomld.validate.facts import Facts, ReferenceData, year
from iomld.validate.shapes import Rule

MENTION_RULES = ("quoteLength", "shortcutBacked")

_PROJECT = f"{IOMLD}Project"
_MENTION = f"{IOMLD}FrameworkMention"
_NOTATION = f"{SKOS}notation"
_COMPONENT = f"{SH}SPARQLConstraintComponent"  # of the constraints that the shapes have for these rules
_QUOTE_PATH = f"(<{OA}hasTarget>/<{OA}hasSelector>/<{OA}exact>)"
_DIGITS = re.compile(r"[0-9]{1,9}")
_CODE_PREFIX = re.compile(r"[A-Z]{2}[.]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DIGITS = re.compile(r"[0-9]{4}")
_AMOUNT = re.compile(r"[+]?([0-9]+([.][0-9]*)?|[.][0-9]+)")
_FUND_START = 2001  # year in which the fund started
_MAX_YEARS_AHEAD = 6  # of the year in which the project was seen
_MAX_YEARS_BEFORE = 2  # of an allocation before the start of the project
_MAX_DURATION = 5  # years
_IMPLEMENTATION, _CLOSED = "2", "4"  # IATI code list ActivityStatus
_YEAR_PROPERTIES = ("startYear", "endYear", "allocationYear")


@dataclass(frozen=True, slots=True)
class RuleContext:
    """The data, besides the record, that rules depend on.

    Attributes:
        reference: Concepts and countries.
        base: The data base.
        as_of: Day in place of an unknown time of retrieval, such as `2026-11-23`; empty for none.
    """

    reference: ReferenceData
    base: str
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class _Match:
    """A value that breaks a rule, and the values of further variables in the rule's message."""

    path: str | None
    value: Term
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _ProjectFacts:
    """A project, with access to the values that rules read.

    Attributes:
        iri: Its IRI.
        facts: The record's graph.
        context: Reference data, base and day.
        years: The values of each property of years that are years, with their numbers; most rules compare them.
    """

    iri: str
    facts: Facts
    context: RuleContext
    years: Mapping[str, Sequence[tuple[Term, int]]]

    def terms(self, name: str) -> Iterator[Term]:
        return iter(self.facts.of(self.iri, IOMLD + name))

    def concept_values(self, concept: Term, predicate: str) -> Iterator[Term]:
        """The values of a concept's property in the record and in the reference data."""
        if isinstance(concept, Literal):
            return iter(())
        reference = self.context.reference.values[predicate].get(plain(concept), ())
        return iter(dict.fromkeys((*self.facts.of(plain(concept), predicate), *reference)))

    def years_seen(self) -> Iterator[int]:
        """The year of the latest retrieval of each record, or of `as_of` where no record has one."""
        is_known = False
        for record in self.facts.nodes(self.iri, f"{FOAF}isPrimaryTopicOf"):
            snapshots = self.facts.nodes(record, f"{PROV}wasDerivedFrom")
            times = [time for node in snapshots for time in self.facts.plain(node, f"{IOMLD}retrievedAt")]
            if times:
                is_known = True
                yield from _year_of(max(times))
        if not is_known and self.context.as_of:
            yield from _year_of(self.context.as_of)


@dataclass(frozen=True, slots=True)
class RulesInCode:
    """The active rules that are checked in code, put together once for all records.

    Attributes:
        context: Reference data, base and day.
        project_rules: The rules on projects, each with the property that is the path of its shape, and its check.
        quote_length: The rule `quoteLength`, if it is active.
        shortcut_backed: The rule `shortcutBacked`, if it is active.
        rejected: IRI of the review status of rejected mentions.
    """

    context: RuleContext
    project_rules: tuple[tuple[Rule, str | None, "_Check"], ...]
    quote_length: Rule | None
    shortcut_backed: Rule | None
    rejected: str

    def results(self, facts: Facts) -> Iterator[ValidationResult]:
        """Check the projects and mentions of one record."""
        for iri in facts.instances(_PROJECT):
            years = {name: _years(facts.of(iri, IOMLD + name)) for name in _YEAR_PROPERTIES}
            project = _ProjectFacts(iri, facts, self.context, years)
            for rule, path, check in self.project_rules:
                for match in check(project):
                    where = match.path or (path and f"<{IOMLD}{path}>")
                    yield _result(rule, iri, match.value, where, **match.variables)
        if self.quote_length:
            yield from _quote_lengths(facts, self.quote_length)
        if self.shortcut_backed:
            yield from _unbacked_shortcuts(facts, self.context.reference, self.shortcut_backed, self.rejected)


def rules_in_code(rules: Mapping[str, Rule], reference: ReferenceData, base: str, as_of: date | None) -> RulesInCode:
    """Put the active rules together.

    Args:
        rules: The active rules by id; those that are in neither `PROJECT_CHECKS` nor `MENTION_RULES` are ignored.
        reference: Concepts and countries.
        base: The data base.
        as_of: Day in place of an unknown time of retrieval.
    """
    quote_length, shortcut_backed = (rules.get(id_) for id_ in MENTION_RULES)
    return RulesInCode(
        context=RuleContext(reference, base, as_of.isoformat() if as_of else ""),
        project_rules=tuple((rules[id_], *check) for id_, check in PROJECT_CHECKS.items() if id_ in rules),
        quote_length=quote_length,
        shortcut_backed=shortcut_backed,
        rejected=Iris(base).concept("review", "rejected"),
    )


def _result(rule: Rule, node: str, value: Term, path: str | None = None, **variables: str) -> ValidationResult:
    """The result of the shape's SPARQL constraint.

    Args:
        rule: The rule.
        node: IRI of the focus node, or the label of a blank node.
        value: The value node.
        path: The path in SPARQL syntax.
        variables: Values of further variables in the rule's message.
    """
    return ValidationResult(
        focus_node=f"<{node}>" if ":" in node else f"_:{node}",
        severity=SH + rule.severity.value,
        component=_COMPONENT,
        path=path,
        value=str(value),
        source_shape=f"<{SHAPES}{rule.id}>",
        messages=(str(rule.filled(value=plain(value), **variables)),),
    )


def _years(terms: Iterable[Term]) -> list[tuple[Term, int]]:
    return [(term, number) for term in terms if (number := year(term)) is not None]


def _year_of(time: str) -> Iterator[int]:
    if digits := _FIRST_DIGITS.match(time):
        yield int(digits[0])


def _match(value: Term, path: str | None = None, **variables: str) -> _Match:
    return _Match(path, value, variables)


def _code_type(project: _ProjectFacts) -> Iterator[_Match]:
    types = [
        plain(type_) for concept in project.terms("projectType") for type_ in project.concept_values(concept, _NOTATION)
    ]
    for code in project.terms("projectCode"):
        prefix = plain(code)[:2]
        if _CODE_PREFIX.match(plain(code)) and prefix not in types:
            yield from (_match(code, prefix=prefix, type=type_) for type_ in types if len(type_) == len(prefix))


def _unlisted_states(project: _ProjectFacts) -> Iterator[_Match]:
    countries = set(project.terms("benefitingCountry"))
    return (_match(state) for state in project.terms("benefitingMemberState") if state not in countries)


def _period_order(project: _ProjectFacts) -> Iterator[_Match]:
    starts, ends = (list(filter(_is_day, project.terms(name))) for name in ("periodStart", "periodEnd"))
    if any(plain(start) > plain(end) for start in starts for end in ends):
        yield _match(NamedNode(project.iri))


def _is_day(term: Term) -> bool:
    is_date = isinstance(term, Literal) and term.datatype.value == f"{XSD}date"
    return is_date and _DAY.fullmatch(plain(term)) is not None


def _year_order(project: _ProjectFacts) -> Iterator[_Match]:
    if any(project.terms("periodStart")) and any(project.terms("periodEnd")):
        return
    for end_term, end in project.years["endYear"]:
        for term, start in project.years["startYear"]:
            if start > end:
                yield _match(term, end=plain(end_term))


def _year_floor(project: _ProjectFacts) -> Iterator[_Match]:
    for name in _YEAR_PROPERTIES:
        yield from (_match(term, f"<{IOMLD}{name}>") for term, number in project.years[name] if number < _FUND_START)


def _year_range(project: _ProjectFacts) -> Iterator[_Match]:
    for seen in project.years_seen():
        for name in _YEAR_PROPERTIES:
            late = (term for term, number in project.years[name] if number > seen + _MAX_YEARS_AHEAD)
            yield from (_match(term, f"<{IOMLD}{name}>") for term in late)


def _allocation_outside(project: _ProjectFacts) -> Iterator[_Match]:
    for term, allocated in project.years["allocationYear"]:
        for start_term, start in project.years["startYear"]:
            for end_term, end in project.years["endYear"]:
                if start <= end and not start - _MAX_YEARS_BEFORE <= allocated <= end:
                    yield _match(term, start=plain(start_term), end=plain(end_term))


def _allocation_before(project: _ProjectFacts) -> Iterator[_Match]:
    for term, allocated in project.years["allocationYear"]:
        for start_term, start in project.years["startYear"]:
            if start - _MAX_YEARS_BEFORE <= allocated < start:
                yield _match(term, start=plain(start_term))


def _long_run(project: _ProjectFacts) -> Iterator[_Match]:
    for term, end in project.years["endYear"]:
        for start_term, start in project.years["startYear"]:
            if start >= _FUND_START and end - start > _MAX_DURATION:
                yield _match(term, start=plain(start_term))


def _active_after_end(project: _ProjectFacts) -> Iterator[_Match]:
    if _has_status(project, _IMPLEMENTATION):
        for seen in project.years_seen():
            yield from (_match(term) for term, end in project.years["endYear"] if end < seen - 1)


def _completed_before_end(project: _ProjectFacts) -> Iterator[_Match]:
    if _has_status(project, _CLOSED):
        for seen in project.years_seen():
            yield from (_match(term) for term, end in project.years["endYear"] if end > seen)


def _has_status(project: _ProjectFacts, code: str) -> bool:
    """Whether a status of the project has this code in IATI."""
    codes = (term for status in project.terms("status") for term in project.concept_values(status, f"{IOMLD}iatiCode"))
    return any(plain(term) == code for term in codes)


def _unusual_amount(project: _ProjectFacts) -> Iterator[_Match]:
    amounts = [(term, Decimal(plain(term))) for term in project.terms("budgetUSD") if _is_amount(term)]
    for concept in project.terms("coverage") if amounts else ():
        for coverage in project.concept_values(concept, _NOTATION):
            for floor in project.concept_values(concept, f"{IOMLD}budgetFloor"):
                for ceiling in project.concept_values(concept, f"{IOMLD}budgetCeiling"):
                    limits = {"floor": plain(floor), "ceiling": plain(ceiling), "coverage": plain(coverage)}
                    yield from (
                        _match(term, **limits) for term, amount in amounts if _is_outside(amount, floor, ceiling)
                    )


def _is_outside(amount: Decimal, floor: Term, ceiling: Term) -> bool:
    are_limits = _AMOUNT.fullmatch(plain(floor)) and _AMOUNT.fullmatch(plain(ceiling))
    return are_limits is not None and amount > 0 and not Decimal(plain(floor)) <= amount <= Decimal(plain(ceiling))


def _is_amount(term: Term) -> bool:
    is_decimal = isinstance(term, Literal) and term.datatype.value == f"{XSD}decimal"
    return is_decimal and _AMOUNT.fullmatch(plain(term)) is not None


def _outside_year(bound: str, year_name: str) -> Callable[[_ProjectFacts], Iterator[_Match]]:
    """The check that a bound of the period is in the year of this property."""

    def check(project: _ProjectFacts) -> Iterator[_Match]:
        for day in project.terms(bound):
            for term in project.terms(year_name):
                if plain(day)[:4] != plain(term):
                    yield _match(day, year=plain(term))

    return check


def _iati_key(project: _ProjectFacts) -> Iterator[_Match]:
    for key in project.terms("candidateIatiIdentifier"):
        for code in project.terms("projectCode"):
            if not plain(key).endswith(f"-{plain(code)}"):
                yield _match(key, code=plain(code))


_Check: TypeAlias = Callable[[_ProjectFacts], Iterator[_Match]]
# The check of each rule on projects, and the property that is the path of its shape, by id of the rule.
PROJECT_CHECKS: Mapping[str, tuple[str | None, _Check]] = {
    "codeType": ("projectCode", _code_type),
    "benefBoth": ("benefitingMemberState", _unlisted_states),
    "periodStart": (None, _period_order),
    "yearOrder": ("startYear", _year_order),
    "yearFloor": ("startYear", _year_floor),
    "yearRange": ("endYear", _year_range),
    "allocOutside": ("allocationYear", _allocation_outside),
    "allocBefore": ("allocationYear", _allocation_before),
    "longRun": ("endYear", _long_run),
    "statusPast": ("endYear", _active_after_end),
    "statusFuture": ("endYear", _completed_before_end),
    "budgetBounds": ("budgetUSD", _unusual_amount),
    "boundsStart": ("periodStart", _outside_year("periodStart", "startYear")),
    "boundsEnd": ("periodEnd", _outside_year("periodEnd", "endYear")),
    "iatiKey": ("candidateIatiIdentifier", _iati_key),
}


def _quote_lengths(facts: Facts, rule: Rule) -> Iterator[ValidationResult]:
    """Compare lengths in code points, which STRLEN counts (SPARQL 1.1 section 17.4.3.2) as Python does."""
    for mention in facts.instances(_MENTION):
        for quote, span in _quotes_and_spans(facts, mention):
            length = len(plain(quote))
            if length != span:
                yield _result(rule, mention, quote, _QUOTE_PATH, length=str(length), span=str(span))


def _quotes_and_spans(facts: Facts, mention: str) -> Iterator[tuple[Term, int]]:
    """Each quote of a mention with the length that follows from its start and end, if it has both."""
    for target in facts.nodes(mention, f"{OA}hasTarget"):
        selectors = facts.nodes(target, f"{OA}hasSelector")
        quotes = [quote for one in selectors for quote in facts.of(one, f"{OA}exact") if isinstance(quote, Literal)]
        spans = [span for selector in selectors for span in _spans(facts, selector)]
        yield from ((quote, span) for quote in quotes for span in spans)


def _spans(facts: Facts, selector: str) -> Iterator[int]:
    for start in facts.plain(selector, f"{OA}start"):
        for end in facts.plain(selector, f"{OA}end"):
            if _DIGITS.fullmatch(start) and _DIGITS.fullmatch(end):  # the rule mentionPosition checks other forms
                yield int(end) - int(start)


def _unbacked_shortcuts(
    facts: Facts, reference: ReferenceData, rule: Rule, rejected: str
) -> Iterator[ValidationResult]:
    mentioned: defaultdict[str, set[str]] = defaultdict(set)
    for mention in facts.values.get(f"{IOMLD}aboutProject", ()):
        if rejected in facts.nodes(mention, f"{IOMLD}reviewStatus"):
            continue
        for body in facts.nodes(mention, f"{OA}hasBody"):
            for project in facts.nodes(mention, f"{IOMLD}aboutProject"):
                mentioned[project] |= {body} | reference.wholes.get(body, frozenset())
    for project in facts.instances(_PROJECT):
        for framework in facts.nodes(project, f"{IOMLD}mentionsFramework"):
            if framework in reference.frameworks and framework not in mentioned[project]:
                path = f"<{IOMLD}mentionsFramework>"
                yield _result(rule, project, NamedNode(framework), path, code=local_name(framework))
