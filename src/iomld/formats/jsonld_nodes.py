"""Nodes and values of our JSON-LD.

A graph as JSON-LD node objects, with our keys and in a fixed order.

RDF terms as JSON-LD values: short where a key can hold them, else in expanded form.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from iomld.formats.jsonld_terms import CLASSES, KEYS, PREFIXES, TERMS, Key, KeyKind
from iomld.iris import RDF, XSD

Term = NamedNode | BlankNode | Literal | Triple
# Gives what a key writes for a term, or None for a term that the key cannot hold.
Reader = Callable[[Term], str | None]
_STRING = f"{XSD}string"


def absolute(iri: str) -> str:
    """The IRI, unchanged.

    Raises:
        ValueError: Its scheme is one of our prefixes (`schema:x`), so that JSON-LD would read another IRI.
    """
    if not iri.startswith("http") and iri.partition(":")[0] in PREFIXES:
        raise ValueError(f"<{iri}> cannot be told from a prefixed name in JSON-LD")
    return iri


def code(iri: str, start: str) -> str:
    """What follows the start of an IRI, as it is encoded; the whole IRI where the rest could be read as something else.

    >>> code("https://w3id.org/iomld/scheme/status/active", "https://w3id.org/iomld/scheme/status/")
    'active'
    >>> code("https://w3id.org/iomld/scheme/theme/source", "https://w3id.org/iomld/scheme/theme/")
    'https://w3id.org/iomld/scheme/theme/source'
    """
    rest = iri[len(start) :] if iri.startswith(start) else ""
    if not rest or rest in TERMS or ":" in rest or rest[0] == "@":
        return absolute(iri)
    return rest


def literal_reader(datatype: str) -> Reader:
    """Reads the lexical form of literals of one datatype."""

    def read(term: Term) -> str | None:
        return term.value if type(term) is Literal and term.datatype.value == datatype else None

    return read


def code_reader(start: str) -> Reader:
    """Reads IRIs as codes, see `code`."""

    def read(term: Term) -> str | None:
        return code(term.value, start) if type(term) is NamedNode else None

    return read


def read_link(term: Term) -> str | None:
    """An IRI, whole."""
    return absolute(term.value) if type(term) is NamedNode else None


def is_tagged(term: Term) -> bool:
    """Say whether a term is a text with a language, and no more (a base direction has no place in a language map)."""
    return type(term) is Literal and term.language is not None and term.direction is None


def language_map(terms: Iterable[Term], *, many: bool) -> dict[str, object]:
    """Texts by language (JSON-LD 1.1 section 4.6.2), sorted; an array where there are several, or always if `many`."""
    texts: dict[str, list[str]] = {}
    for term in terms:
        if type(term) is Literal and term.language:
            texts.setdefault(term.language, []).append(term.value)
    return {
        language: sorted(found) if many or len(found) > 1 else found[0] for language, found in sorted(texts.items())
    }


def type_names(terms: Iterable[Term]) -> list[str]:
    """Short names of classes, sorted; classes without one by their IRI."""
    return sorted([CLASSES.get(term.value) or absolute(term.value) for term in terms if type(term) is NamedNode])


def expanded(term: Term) -> dict[str, str]:
    """A term in expanded form (JSON-LD 1.1 API section 5.1): nothing about it is left to a context.

    Raises:
        ValueError: A blank node or a triple term, neither of which is published.
    """
    if type(term) is NamedNode:
        return {"@id": absolute(term.value)}
    if type(term) is not Literal:
        raise ValueError(f"{term} is neither an IRI nor a literal; nothing else is published")
    if term.language:
        tagged = {"@value": term.value, "@language": term.language}
        return tagged | {"@direction": term.direction.value} if term.direction else tagged
    if term.datatype.value == _STRING:
        return {"@value": term.value}
    return {"@value": term.value, "@type": absolute(term.datatype.value)}


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
        case KeyKind.LANGUAGE:
            return None
        case KeyKind.STRING:
            return literal_reader(f"{XSD}string")
        case KeyKind.TYPED:
            return literal_reader(key.scope)
        case KeyKind.CODE:
            return code_reader(key.scope if "://" in key.scope else base + key.scope)
        case KeyKind.LINK:
            return read_link
