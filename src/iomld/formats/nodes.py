"""A graph as JSON-LD node objects, with our keys and in a fixed order."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from pyoxigraph import NamedNode, Quad

from iomld.formats.terms import KEYS, Key, Kind
from iomld.formats.values import (
    Reader,
    Term,
    absolute,
    code_reader,
    expanded,
    is_tagged,
    language_map,
    literal_reader,
    read_link,
    type_names,
)
from iomld.iris import RDF, XSD

# What is embedded where: a tree of keys. Any other link is a plain IRI.
Frame = Mapping[str, "Frame"]
NOTHING: Frame = {}

# Subject, then property, then values; all by their IRIs.
Descriptions = dict[str, dict[str, list[Term]]]

_TYPE = f"{RDF}type"
_RANKS = {
    iri: tuple(rank for rank, key in enumerate(KEYS) if key.iri == iri and not key.reverse)
    for iri in {key.iri for key in KEYS}
}
_REVERSE_RANKS = tuple(rank for rank, key in enumerate(KEYS) if key.reverse)


def descriptions(quads: Iterable[Quad]) -> Descriptions:
    """What is said of each subject; graph names are not looked at.

    Raises:
        ValueError: A subject is a blank node or a triple term, neither of which is published.
    """
    found: Descriptions = {}
    last = ""
    properties: dict[str, list[Term]] = {}  # quads of one subject come together as a rule
    for quad in quads:
        subject = quad.subject
        if type(subject) is not NamedNode:
            raise ValueError(f"{subject} is no IRI; only what has an IRI is published")
        if (iri := subject.value) != last:
            last, properties = iri, found.setdefault(iri, {})
        predicate = quad.predicate.value
        if predicate in properties:
            properties[predicate].append(quad.object)
        else:
            properties[predicate] = [quad.object]
    return found


class NodeWriter:
    """Writes the nodes of one graph, and keeps in mind which; it lives for one document.

    Attributes:
        written: IRIs of the nodes written so far.
    """

    def __init__(self, graph: Descriptions, *, base: str) -> None:
        self._graph = graph
        self._readers = _readers(base)
        self.written: set[str] = set()

    def node(self, iri: str, frame: Frame, *, said: tuple[str, str] | None = None) -> dict[str, object]:
        """The node object of a subject of the graph.

        Args:
            iri: The subject.
            frame: What to embed in it.
            said: A property and its value that the place of the node says already, by a reverse key.
        """
        self.written.add(iri)
        keyed = self._reversed(iri, frame) if frame else {}
        full: dict[str, object] = {}
        types: list[str] = []
        for predicate, terms in self._graph[iri].items():
            left = terms if len(terms) == 1 else list(dict.fromkeys(terms))
            if predicate == _TYPE:
                types = type_names(left)
                left = [term for term in left if type(term) is not NamedNode]
            elif said and predicate == said[0]:
                left = [term for term in left if not (type(term) is NamedNode and term.value == said[1])]
            for rank in _RANKS.get(predicate, ()):
                left = self._hold(left, rank, frame, keyed)
                if not left:
                    break
            if left:
                full[absolute(predicate)] = [expanded(term) for term in sorted(left, key=str)]
        node: dict[str, object] = {"id": absolute(iri)}
        if types:
            node["type"] = types if len(types) > 1 else types[0]
        for rank in sorted(keyed):
            node[KEYS[rank].name] = keyed[rank]
        if full:
            node.update(sorted(full.items()))
        return node

    def _hold(self, terms: list[Term], rank: int, frame: Frame, keyed: dict[int, object]) -> list[Term]:
        """Put what a key can hold under it; give back what it cannot."""
        key, read = KEYS[rank], self._readers[rank]
        if read is None:
            tagged = [term for term in terms if is_tagged(term)]
            if tagged:
                keyed[rank] = language_map(tagged, many=key.many)
            return [] if len(tagged) == len(terms) else [term for term in terms if not is_tagged(term)]
        texts: list[str] = []
        left: list[Term] = []
        for term in terms:
            text = read(term)
            if text is None:
                left.append(term)
            else:
                texts.append(text)
        if texts:
            inner = frame.get(key.name) if frame else None
            values = sorted(texts) if inner is None else [self._embedded(text, inner) for text in sorted(texts)]
            keyed[rank] = values if key.many or len(values) > 1 else values[0]
        return left

    def _embedded(self, iri: str, frame: Frame) -> object:
        return self.node(iri, frame) if iri in self._graph else iri

    def _reversed(self, iri: str, frame: Frame) -> dict[int, object]:
        """The nodes that point here by a reverse key of the frame; mentions by number, the shorter IRI first."""
        keyed: dict[int, object] = {}
        for rank in _REVERSE_RANKS:
            key = KEYS[rank]
            if key.name not in frame:
                continue
            here = NamedNode(iri)
            found = [node for node, properties in self._graph.items() if here in properties.get(key.iri, ())]
            found.sort(key=lambda node: (len(node), node))
            if found:
                keyed[rank] = [self.node(node, frame[key.name], said=(key.iri, iri)) for node in found]
        return keyed


@lru_cache(maxsize=8)
def _readers(base: str) -> tuple[Reader | None, ...]:
    """The reader of each key; None for language maps."""
    return tuple(_reader(key, base) for key in KEYS)


def _reader(key: Key, base: str) -> Reader | None:
    match key.kind:
        case Kind.LANGUAGE:
            return None
        case Kind.STRING:
            return literal_reader(f"{XSD}string")
        case Kind.TYPED:
            return literal_reader(key.scope)
        case Kind.CODE:
            return code_reader(key.scope if "://" in key.scope else base + key.scope)
        case Kind.LINK:
            return read_link
