"""The targets of shapes (SHACL section 2.1.3), and the number of focus nodes that they have in a data graph."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad

from iomld.formats.rdf import Term
from iomld.iris import OWL, RDF, RDFS, SH
from iomld.validate.engine import plain

_TYPE, SUBCLASS = f"{RDF}type", f"{RDFS}subClassOf"
_CLASS, _NODE, _OBJECTS, _SUBJECTS = (
    SH + name for name in ("targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf")
)
TARGETS = (_CLASS, _NODE, _OBJECTS, _SUBJECTS)
_QUERIED_TARGETS = frozenset({f"{SH}target", f"{SH}targetWhere"})
_SHAPE_CLASSES = {NamedNode(f"{SH}NodeShape"), NamedNode(f"{SH}PropertyShape")}
_CLASSES = {NamedNode(f"{RDFS}Class"), NamedNode(f"{OWL}Class")}

# Pairs of subject and object, by property.
_Pairs = Mapping[str, Sequence[tuple[Term, Term]]]
# The direct and indirect subclasses of each class that has any.
Subclasses = Mapping[Term, frozenset[Term]]


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of shapes.

    Attributes:
        groups: Shapes with the same targets, in N-Triples syntax, and these targets: each the property that states it
            and its value. Where a target is a query, only an engine can find its nodes; that group has None.
        properties: The properties of the data that decide which nodes are focus nodes.
    """

    groups: tuple[tuple[tuple[str, ...], tuple[tuple[str, Term], ...] | None], ...]
    properties: frozenset[str]


def targets_of(shapes: Iterable[Quad], *, inactive: Collection[str] = ()) -> Targets:
    """The targets of the shapes that are not deactivated.

    Args:
        shapes: The shapes graph.
        inactive: IRIs of further shapes that are not to be counted.
    """
    stated: defaultdict[Term, set[tuple[str, Term]]] = defaultdict(set)
    types: defaultdict[Term, set[Term]] = defaultdict(set)
    queried: set[Term] = set()
    off: set[Term] = {NamedNode(iri) for iri in inactive}
    for quad in shapes:
        name = quad.predicate.value
        if name in TARGETS:
            stated[quad.subject].add((name, quad.object))
        elif name in _QUERIED_TARGETS:
            queried.add(quad.subject)
        elif name == _TYPE:
            types[quad.subject].add(quad.object)
        elif name == f"{SH}deactivated" and plain(quad.object) in {"true", "1"}:
            off.add(quad.subject)
    for shape, classes in types.items():
        if classes & _SHAPE_CLASSES and classes & _CLASSES:
            stated[shape].add((_CLASS, shape))
    grouped: defaultdict[frozenset[tuple[str, Term]] | None, list[str]] = defaultdict(list)
    for shape in {*stated, *queried} - off:
        grouped[None if shape in queried else frozenset(stated[shape])].append(str(shape))
    named = {plain(value) for shape in stated for name, value in stated[shape] if name in (_OBJECTS, _SUBJECTS)}
    return Targets(
        groups=tuple(
            (tuple(shapes), None if targets is None else tuple(targets)) for targets, shapes in grouped.items()
        ),
        properties=frozenset({*named, _TYPE, SUBCLASS}),
    )


class FocusNodeCounter:
    """Counts the focus nodes of each shape in one or more data graphs; a node of several graphs counts in each."""

    def __init__(self, targets: Targets, *, subclasses: Subclasses | None = None, described_only: bool = False) -> None:
        """Begin with none.

        Args:
            targets: The targets of the shapes.
            subclasses: Subclasses besides those that the data state.
            described_only: Whether only nodes count that the data describe.
        """
        self._targets = targets
        self._subclasses = subclasses or {}
        # Instances and subjects are described anyway.
        names = {name for _, group in targets.groups for name, _ in group or ()}
        self._described_only = described_only and bool(names & {_NODE, _OBJECTS})
        self._counts = [0] * len(targets.groups)

    def add(self, data: Iterable[Quad]) -> None:
        """Count the focus nodes in a data graph."""
        properties, pairs = self._targets.properties, defaultdict[str, list[tuple[Term, Term]]](list)
        described: set[Term] = set()
        for quad in data:
            name = quad.predicate.value
            if name in properties:
                pairs[name].append((quad.subject, quad.object))
            if self._described_only:
                described.add(quad.subject)
        instances = _instances(pairs[_TYPE])
        below = _all_subclasses(pairs[SUBCLASS], self._subclasses)
        for number, (_, group) in enumerate(self._targets.groups):
            nodes = {node for name, value in group or () for node in _focus_nodes(name, value, pairs, instances, below)}
            self._counts[number] += len(nodes & described if self._described_only else nodes)

    def by_shape(self) -> dict[str, int | None]:
        """The number of focus nodes by shape, in N-Triples syntax; None where the target is a query."""
        groups = zip(self._targets.groups, self._counts, strict=True)
        counts = {shape: None if group is None else count for (shapes, group), count in groups for shape in shapes}
        return dict(sorted(counts.items()))


def _focus_nodes(
    name: str, value: Term, pairs: _Pairs, instances: Mapping[Term, Collection[Term]], below: Subclasses
) -> Iterator[Term]:
    """The nodes that one target selects."""
    if name == _CLASS:
        for class_ in (value, *below.get(value, ())):
            yield from instances.get(class_, ())
    elif name == _NODE:
        yield value
    else:
        yield from (pair[name == _OBJECTS] for pair in pairs.get(plain(value), ()))


def all_subclasses(statements: Iterable[Quad]) -> Subclasses:
    """The direct and indirect subclasses that statements of `rdfs:subClassOf` give each class."""
    return _all_subclasses([(quad.subject, quad.object) for quad in statements], {})


def _instances(types: Iterable[tuple[Term, Term]]) -> Mapping[Term, set[Term]]:
    found: defaultdict[Term, set[Term]] = defaultdict(set)
    for node, class_ in types:
        found[class_].add(node)
    return found


def _all_subclasses(pairs: Sequence[tuple[Term, Term]], others: Subclasses) -> Subclasses:
    """Those of pairs of a class and the class above it, and others."""
    if not pairs:
        return others
    below: defaultdict[Term, set[Term]] = defaultdict(set)
    for subclass, superclass in pairs:
        below[superclass].add(subclass)
    for superclass, subclasses in others.items():
        below[superclass] |= subclasses
    return {class_: _reached(class_, below) for class_ in tuple(below)}


def _reached(class_: Term, below: Mapping[Term, set[Term]]) -> frozenset[Term]:
    found: set[Term] = set()
    pending = [class_]
    while pending:
        new = below.get(pending.pop(), set()) - found
        found |= new
        pending += new
    return frozenset(found)
