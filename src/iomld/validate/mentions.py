"""Two rules of the shapes that are checked here and not by the engines, with the same outcome.

`quoteLength` and `shortcutBacked` join several nodes of a mention. As SPARQL, an engine looks through the mentions of
all records of a chunk for each mention; here one walk over a record's quads is enough.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from iomld.iris import IOMLD, OA, Iris, local_name
from iomld.validate.facts import Facts
from iomld.validate.port import Result
from iomld.validate.reference_data import ReferenceData
from iomld.validate.shapes import Rule

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
