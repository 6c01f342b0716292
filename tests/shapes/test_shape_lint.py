"""The shapes stay inside what both engines understand alike, and each rule says what it must."""

import re
from collections import Counter
from itertools import repeat

from pyoxigraph import Literal, NamedNode, Quad

from iomld.assets import asset_names, asset_text
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import DCTERMS, SH, SHAPES, local_name
from iomld.validate import PROFILES, all_rules

QUADS = tuple(quad for name in asset_names("shapes") for quad in parse(asset_text(name), TURTLE))


def _objects(predicate: str) -> list[str]:
    return [
        quad.object.value
        for quad in QUADS
        if quad.predicate.value == predicate and isinstance(quad.object, Literal | NamedNode)
    ]


def _language(quad: Quad) -> str | None:
    return quad.object.language if isinstance(quad.object, Literal) else None


def test_queries_stay_inside_the_common_ground() -> None:
    """No clock, no other graphs, nothing that SHACL-SPARQL forbids, and no variable that may stay unbound."""
    queries = _objects(f"{SH}select")
    assert len(queries) > 10
    for query in queries:
        assert not re.search(r"\b(NOW|FROM|VALUES|MINUS|SERVICE|OPTIONAL|YEAR)\b", query)
        assert query.strip().startswith(("SELECT $this ", "SELECT DISTINCT $this "))


def test_patterns_do_not_look_around() -> None:
    """XPath regular expressions have no look-around, no back-reference and no flags inside."""
    patterns = _objects(f"{SH}pattern")
    assert patterns
    assert not [pattern for pattern in patterns if "(?" in pattern or re.search(r"\\[1-9]", pattern)]


def test_nothing_is_ordered_by_engines() -> None:
    """Engines disagree on the order of years and of values of two types; one of them stops at such a pair."""
    assert not _objects(f"{SH}lessThan") + _objects(f"{SH}lessThanOrEquals")


def test_numbers_bound_numbers_alone() -> None:
    """Ranges are never set on years or days."""
    terms = ("minInclusive", "maxInclusive", "minExclusive", "maxExclusive")
    kinds = {
        quad.object.datatype.value.rsplit("#", 1)[1]
        for quad in QUADS
        if quad.predicate.value in {SH + term for term in terms} and isinstance(quad.object, Literal)
    }
    assert kinds == {"decimal", "integer"}


def test_a_rule_says_what_it_must() -> None:
    """Each rule has a name, a description, a reason, a severity, a profile and a message of whole sentences."""
    for rule in all_rules():
        assert rule.name, rule.id
        assert rule.description.endswith("."), rule.id
        assert re.fullmatch(r"[A-Z][^.]*[.]", rule.reason), rule.id
        assert rule.profiles, rule.id
        assert set(rule.profiles) <= set(PROFILES), rule.id
        assert rule.order > 0, rule.id
        assert rule.subjects, rule.id
        assert re.fullmatch(r"[A-Z].*[.]", rule.message), rule.id
        assert len(rule.message) <= 200, rule.id


def test_a_rule_is_explained_in_three_languages() -> None:
    """What a rule asks for and why: one text a language, whole sentences, French set as French is."""
    for rule in all_rules():
        for texts in (rule.descriptions, rule.reasons):
            assert sorted(texts) == ["en", "es", "fr"], rule.id
            assert len(set(texts.values())) == 3, rule.id
            assert all(re.fullmatch(r"[A-Z0-9ÀÉÊÓÚ].*[.]", text) for text in texts.values()), rule.id
            assert not re.search(r"'|[^\u00a0]:(?!\w)|[^\u202f][;?!]", texts["fr"]), rule.id


def test_a_message_names_only_what_its_query_finds() -> None:
    """A variable in a message is one that the query selects and always binds."""
    for rule in all_rules():
        named = set(re.findall(r"[?](\w+)", rule.message))
        constraint = next((quad.object for quad in QUADS if _is_constraint_of(quad, rule.id)), None)
        queries = [literal.value for literal in map(_select, QUADS, repeat(constraint)) if literal is not None]
        selected = {name for query in queries for name in re.findall(r"[?](\w+)", query.split("WHERE", maxsplit=1)[0])}
        assert named <= selected, rule.id


def _is_constraint_of(quad: Quad, rule: str) -> bool:
    return quad.subject == NamedNode(SHAPES + rule) and quad.predicate.value == f"{SH}sparql"


def _select(quad: Quad, constraint: object) -> Literal | None:
    found = quad.subject == constraint and quad.predicate.value == f"{SH}select"
    return quad.object if found and isinstance(quad.object, Literal) else None


def test_rules_stand_in_one_order() -> None:
    """No two rules have the same place, so that documents and forms list them always alike."""
    orders = Counter(rule.order for rule in all_rules())
    assert [order for order, count in orders.items() if count > 1] == []


def test_shapes_with_targets_are_in_a_profile() -> None:
    """A shape that picks its own nodes says which profiles it belongs to, or it would run in all of them."""
    targets = {f"{SH}targetClass", f"{SH}targetSubjectsOf", f"{SH}targetObjectsOf", f"{SH}targetNode"}
    targeting = {quad.subject for quad in QUADS if quad.predicate.value in targets}
    assert targeting
    assert targeting <= {quad.subject for quad in QUADS if quad.predicate.value == f"{DCTERMS}isPartOf"}


def test_severity_stands_on_the_shape() -> None:
    """On a SPARQL constraint a severity is ignored and everything becomes a Violation."""
    severe = {quad.subject for quad in QUADS if quad.predicate.value == f"{SH}severity"}
    named = {local_name(node.value) for node in severe if isinstance(node, NamedNode)}
    assert named == {rule.id for rule in all_rules()}
    assert all(isinstance(node, NamedNode) for node in severe)


def test_every_message_is_in_three_languages() -> None:
    """English, French and Spanish, each once, with the same variables; none is a copy of another."""
    messages: dict[object, list[Literal]] = {}
    for quad in QUADS:
        if quad.predicate.value == f"{SH}message" and isinstance(quad.object, Literal):
            messages.setdefault(quad.subject, []).append(quad.object)
    assert len(messages) >= len(all_rules())
    for texts in messages.values():
        assert sorted(text.language or "" for text in texts) == ["en", "es", "fr"], texts
        assert len({text.value for text in texts}) == 3, texts
        variables = {tuple(sorted(re.findall(r"\{[^}]*\}", text.value))) for text in texts}
        assert len(variables) == 1, texts
