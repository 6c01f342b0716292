"""Terms without their RDF syntax, as rules compare them and people read them."""

from pyoxigraph import BlankNode, Literal, NamedNode, Triple


def plain(term: NamedNode | BlankNode | Literal | Triple) -> str:
    """The IRI, the label of the blank node, or the lexical form; a quoted triple as it is written.

    >>> plain(Literal("PO.0105"))
    'PO.0105'
    """
    return str(term) if isinstance(term, Triple) else term.value
