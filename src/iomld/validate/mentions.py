"""Two rules of the shapes that are checked here and not by the engines, with the same outcome.

`quoteLength` and `shortcutBacked` join several nodes of a mention. As SPARQL, an engine looks through the mentions of
all records of a chunk for each mention; here one walk over a record's quads is enough.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyoxigraph import Quad

from iomld.iris import IOMLD, OA, RDF, Iris, local_name
from iomld.validate.port import Result
from iomld.validate.reference_data import ReferenceData
from iomld.validate.shapes import Rule
from iomld.validate.terms import plain

CHECKED_HERE = ("quoteLength", "shortcutBacked")

_TYPE = f"{RDF}type"
_MENTION = f"{IOMLD}FrameworkMention"
_FACTS = frozenset(
    {_TYPE}
    | {IOMLD + term for term in ("aboutProject", "mentionsFramework", "reviewStatus")}
    | {OA + term for term in ("hasBody", "hasTarget", "hasSelector", "exact", "start", "end")}
)

# For each property, for each subject, the values: IRIs or lexical forms.
_Facts = Mapping[str, Mapping[str, Sequence[str]]]


def mention_results(
    quads: Iterable[Quad], reference: ReferenceData, rules: Mapping[str, Rule], base: str
) -> Iterator[Result]:
    """Check the mentions of one record.

    Args:
        quads: The record's graph.
        reference: The frameworks, and which are parts of which.
        rules: The active rules by id; those of `CHECKED_HERE` that are among them are checked.
        base: The data base.
    """
    facts = _facts(quads)
    if "quoteLength" in rules:
        yield from _quote_lengths(facts, rules["quoteLength"])
    if "shortcutBacked" in rules:
        rejected = Iris(base).concept("review", "rejected")
        yield from _unbacked_shortcuts(facts, reference, rules["shortcutBacked"], rejected)


def _facts(quads: Iterable[Quad]) -> _Facts:
    facts: dict[str, defaultdict[str, list[str]]] = {predicate: defaultdict(list) for predicate in _FACTS}
    for quad in quads:
        values = facts.get(quad.predicate.value)
        if values is not None:
            values[plain(quad.subject)].append(plain(quad.object))
    return facts


def _quote_lengths(facts: _Facts, rule: Rule) -> Iterator[Result]:
    """STRLEN counts code points (SPARQL 1.1 section 17.4.3.2), as Python does."""
    for mention, classes in facts[_TYPE].items():
        if _MENTION not in classes:
            continue
        for quote, span in _passages(facts, mention):
            if len(quote) != span:
                message = _filled(rule, value=quote, length=str(len(quote)), span=str(span))
                yield Result(mention, None, quote, rule.id, rule.severity, message, "SPARQLConstraintComponent")


def _passages(facts: _Facts, mention: str) -> Iterator[tuple[str, int]]:
    """Each quote of a mention with the length that its positions give, where there are both."""
    for target in facts[f"{OA}hasTarget"].get(mention, ()):
        selectors = facts[f"{OA}hasSelector"].get(target, ())
        quotes = [quote for selector in selectors for quote in facts[f"{OA}exact"].get(selector, ())]
        spans = [span for selector in selectors for span in _spans(facts, selector)]
        yield from ((quote, span) for quote in quotes for span in spans)


def _spans(facts: _Facts, selector: str) -> Iterator[int]:
    for start in facts[f"{OA}start"].get(selector, ()):
        for end in facts[f"{OA}end"].get(selector, ()):
            if start.isdecimal() and end.isdecimal():  # other forms are the business of mentionPosition
                yield int(end) - int(start)


def _unbacked_shortcuts(facts: _Facts, reference: ReferenceData, rule: Rule, rejected: str) -> Iterator[Result]:
    named: defaultdict[str, set[str]] = defaultdict(set)
    for mention, projects in facts[f"{IOMLD}aboutProject"].items():
        if rejected in facts[f"{IOMLD}reviewStatus"].get(mention, ()):
            continue
        for body in facts[f"{OA}hasBody"].get(mention, ()):
            for project in projects:
                named[project] |= {body} | reference.wholes.get(body, frozenset())
    for project, frameworks in facts[f"{IOMLD}mentionsFramework"].items():
        for framework in dict.fromkeys(frameworks):
            if framework in reference.descriptions and framework not in named[project]:
                message = _filled(rule, value=local_name(framework))
                path = f"{IOMLD}mentionsFramework"
                yield Result(project, path, framework, rule.id, rule.severity, message, "SPARQLConstraintComponent")


def _filled(rule: Rule, **values: str) -> str:
    message = rule.message
    for name, value in values.items():
        message = message.replace(f"{{?{name}}}", value)
    return message
