"""RDF terms as JSON-LD values: short where a key can hold them, else in expanded form."""

from collections.abc import Callable, Iterable

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iomld.formats.terms import CLASSES, PREFIXES, TERMS
from iomld.iris import XSD

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
