"""A constant of a query as a literal of another datatype."""

from pyoxigraph import Literal, NamedNode

from iomld.iris import RDF, XSD
from iomld.store.parts.clauses import Term, TermKind

DATATYPES = tuple(XSD + name for name in ("decimal", "integer", "gYear", "date"))  # of the data, besides texts
NUMBERS = frozenset(XSD + name for name in ("integer", "decimal", "double", "float"))

_YEAR = 4  # digits
_DAY = 10  # characters


def cast(constant: Term, datatype: str) -> Literal | None:
    """A constant as a literal of a datatype; None where that makes no sense, or it is of that datatype already.

    Args:
        constant: A term of a query.
        datatype: IRI of the datatype.
    """
    text = constant.value.strip()
    if constant.kind is not TermKind.LITERAL or datatype in {constant.iri, f"{RDF}langString"}:
        return None
    year = text[:_YEAR]
    has_year = len(year) == _YEAR and year.isdigit() and text[_YEAR : _YEAR + 1] in {"", "-"}
    if datatype == f"{XSD}gYear" and has_year:
        text = year
    elif datatype == f"{XSD}date" and has_year:
        text = text[:_DAY] if len(text) >= _DAY else f"{year}-01-01"
    elif datatype not in NUMBERS or not text.lstrip("+-").replace(".", "", 1).isdigit():
        return None
    return Literal(text, datatype=NamedNode(datatype))
