"""Writes a graph as JSON-LD node objects with our keys, in a fixed order.

A value is in short form if its key can hold it, else in expanded form.
"""

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from iomld.formats.jsonld_frame import Frame
from iomld.formats.jsonld_terms import CLASSES, PREFIXES, DocumentKeys, Key, KeyKind
from iomld.iris import RDF, XSD

Term = NamedNode | BlankNode | Literal | Triple
# Gives the short form of a term under a key, or None if the key cannot hold the term.
Reader = Callable[[Term], str | None]
_STRING = f"{XSD}string"

# The values of each property of each subject; subjects and properties by IRI.
Descriptions = dict[str, dict[str, list[Term]]]

_TYPE = f"{RDF}type"


def absolute(iri: str) -> str:
    """The IRI, unchanged.

    Raises:
        ValueError: Its scheme is one of our prefixes (`schema:x`), so JSON-LD would read it as another IRI.
    """
    if not iri.startswith("http") and iri.partition(":")[0] in PREFIXES:
        raise ValueError(f"<{iri}> would be read as a prefixed name in JSON-LD")
    return iri


def code(iri: str, start: str, terms: Collection[str]) -> str:
    """The rest of an IRI after its start, still encoded; the whole IRI if the rest would be read as something else.

    >>> code("https://w3id.org/iomld/scheme/status/active", "https://w3id.org/iomld/scheme/status/", {"source"})
    'active'
    >>> code("https://w3id.org/iomld/scheme/theme/source", "https://w3id.org/iomld/scheme/theme/", {"source"})
    'https://w3id.org/iomld/scheme/theme/source'
    """
    rest = iri[len(start) :] if iri.startswith(start) else ""
    if not rest or rest in terms or ":" in rest or rest[0] == "@":
        return absolute(iri)
    return rest


def literal_reader(datatype: str) -> Reader:
    """A reader of the lexical form of literals of one datatype."""

    def read(term: Term) -> str | None:
        return term.value if type(term) is Literal and term.datatype.value == datatype else None

    return read


def code_reader(start: str, terms: Collection[str]) -> Reader:
    """A reader of IRIs as codes, see `code`."""

    def read(term: Term) -> str | None:
        return code(term.value, start, terms) if type(term) is NamedNode else None

    return read


def read_link(term: Term) -> str | None:
    """The reader of whole IRIs."""
    return absolute(term.value) if type(term) is NamedNode else None


def is_tagged(term: Term) -> bool:
    """Whether a term fits into a language map: a text with a language, and without a base direction."""
    return type(term) is Literal and term.language is not None and term.direction is None


def language_map(terms: Iterable[Term], *, many: bool) -> dict[str, object]:
    """A sorted language map (JSON-LD 1.1 section 4.6.2); several texts of a language, or all if `many`, are arrays."""
    texts: dict[str, list[str]] = {}
    for term in terms:
        if type(term) is Literal and term.language:
            texts.setdefault(term.language, []).append(term.value)
    return {
        language: sorted(found) if many or len(found) > 1 else found[0] for language, found in sorted(texts.items())
    }


def type_names(terms: Iterable[Term]) -> list[str]:
    """The short names of classes, sorted; the IRI of classes without one."""
    return sorted([CLASSES.get(term.value) or absolute(term.value) for term in terms if type(term) is NamedNode])


def expanded(term: Term) -> dict[str, str]:
    """A term in expanded form, independent of any context (JSON-LD 1.1 API section 5.1).

    Raises:
        ValueError: The term is a blank node or a triple term; these are never published.
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


def descriptions(quads: Iterable[Quad]) -> Descriptions:
    """The values of each property of each subject; graph names are ignored.

    Raises:
        ValueError: A subject is a blank node or a triple term; these are never published.
    """
    found: Descriptions = {}
    last = ""
    properties: dict[str, list[Term]] = {}  # of the last subject: its quads are usually adjacent
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
    """Writes the nodes of one document, and remembers which were written.

    Attributes:
        written: IRIs of the nodes written so far.
    """

    def __init__(self, graph: Descriptions, keys: DocumentKeys, *, base: str) -> None:
        self._graph = graph
        self._keys = keys
        self._readers = _readers(keys, base)
        self.written: set[str] = set()

    def node(self, iri: str, frame: Frame, *, implied: tuple[str, str] | None = None) -> dict[str, object]:
        """The node object of a subject of the graph.

        Args:
            iri: The subject.
            frame: What to embed in it.
            implied: A property and its value that are left out, since a reverse key states them.
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
            elif implied and predicate == implied[0]:
                left = [term for term in left if not (type(term) is NamedNode and term.value == implied[1])]
            for rank in self._keys.ranks.get(predicate, ()):
                left = self._add_values(left, rank, frame, keyed)
                if not left:
                    break
            if left:
                full[absolute(predicate)] = [expanded(term) for term in sorted(left, key=str)]
        node: dict[str, object] = {"id": absolute(iri)}
        if types:
            node["type"] = types if len(types) > 1 else types[0]
        for rank in sorted(keyed):
            node[self._keys.rows[rank].name] = keyed[rank]
        if full:
            node.update(sorted(full.items()))
        return node

    def _add_values(self, terms: list[Term], rank: int, frame: Frame, keyed: dict[int, object]) -> list[Term]:
        """Add the values that a key can have to the node; return the others."""
        key, read = self._keys.rows[rank], self._readers[rank]
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
        """The nodes under reverse keys of the frame; the shorter IRI first, which sorts mentions by number."""
        keyed: dict[int, object] = {}
        for rank in self._keys.reverse_ranks:
            key = self._keys.rows[rank]
            if key.name not in frame:
                continue
            subject = NamedNode(iri)
            found = [node for node, properties in self._graph.items() if subject in properties.get(key.iri, ())]
            found.sort(key=lambda node: (len(node), node))
            if found:
                keyed[rank] = [self.node(node, frame[key.name], implied=(key.iri, iri)) for node in found]
        return keyed


@lru_cache(maxsize=8)
def _readers(keys: DocumentKeys, base: str) -> tuple[Reader | None, ...]:
    """The reader of each key; None for language maps."""
    return tuple(_reader(key, base, keys.terms) for key in keys.rows)


def _reader(key: Key, base: str, terms: Collection[str]) -> Reader | None:
    match key.kind:
        case KeyKind.LANGUAGE:
            return None
        case KeyKind.STRING:
            return literal_reader(f"{XSD}string")
        case KeyKind.TYPED:
            return literal_reader(key.scope)
        case KeyKind.CODE:
            return code_reader(key.scope if "://" in key.scope else base + key.scope, terms)
        case KeyKind.LINK:
            return read_link
