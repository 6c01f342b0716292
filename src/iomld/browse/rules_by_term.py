"""Which rules of the shapes bear on a term of the ontology."""

from collections.abc import Mapping
from functools import cache

from pyoxigraph import NamedNode, Quad

from iomld.assets import asset_names, asset_text
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import SH, local_name
from iomld.validate import Rule, all_rules


@cache
def rules_by_term() -> Mapping[str, tuple[Rule, ...]]:
    """For IRIs of classes and properties the rules that bear on them, in the order of the rules.

    A property has the rules that look at its values. A class has those of the shapes that look at its things, and
    those that want a thing of the class.
    """
    quads = [quad for name in asset_names("shapes") for quad in parse(asset_text(name), TURTLE)]
    targets = _pairs(quads, f"{SH}targetClass")
    parts = _pairs(quads, f"{SH}property")
    found = {
        *((class_, shape) for shape, class_ in targets),
        *((class_, part) for shape, class_ in targets for whole, part in parts if whole == shape),
        *((class_, shape) for shape, class_ in _pairs(quads, f"{SH}class")),
    }
    by_term: dict[str, list[Rule]] = {}
    for rule in all_rules():
        for term in dict.fromkeys(
            (*rule.subjects, *(class_ for class_, shape in found if local_name(shape) == rule.id))
        ):
            by_term.setdefault(term, []).append(rule)
    return {term: tuple(rules) for term, rules in by_term.items()}


def _pairs(quads: list[Quad], predicate: str) -> list[tuple[str, str]]:
    """IRIs that a property joins."""
    return [
        (quad.subject.value, quad.object.value)
        for quad in quads
        if quad.predicate.value == predicate
        and isinstance(quad.subject, NamedNode)
        and isinstance(quad.object, NamedNode)
    ]
