"""The fixed queries of the pages. Values enter through `bound` alone, which escapes them."""

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from iomld.iris import DCTERMS, FOAF, IOMLD, SCHEMA, SKOS
from iomld.release.project_index import PROPERTIES

_PREFIXES = (
    f"PREFIX iomld: <{IOMLD}> PREFIX dcterms: <{DCTERMS}> PREFIX skos: <{SKOS}> "
    f"PREFIX schema: <{SCHEMA}> PREFIX foaf: <{FOAF}>\n"
)

# How many projects have each value of a property: ?property is bound, ?value may be.
COUNTS = (
    _PREFIXES
    + """SELECT ?value (COUNT(DISTINCT ?project) AS ?projects) WHERE {
  {values}
  ?project ?property ?value ; a iomld:Project .
} GROUP BY ?value"""
)

# Projects with a value: ?property and ?value are bound.
POINTING = (
    _PREFIXES
    + """SELECT DISTINCT ?project WHERE {
  {values}
  ?project ?property ?value ; a iomld:Project .
} ORDER BY ?project"""
)

# What filters and searches know of projects, all in one pass.
ENTRIES = (
    _PREFIXES
    + f"""SELECT ?project ?property ?value WHERE {{
  VALUES ?property {{ {" ".join(f"<{iri}>" for iri in PROPERTIES)} }}
  ?project a iomld:Project ; ?property ?value .
}}"""
)


def bound(query: str, **values: Iterable[NamedNode | Literal]) -> str:
    r"""A query with its variables bound by VALUES.

    Args:
        query: One of the constants above.
        **values: For each variable the terms that it may be. A term writes itself in SPARQL syntax, escaped.

    >>> print(bound("SELECT * { {values} }", word=[Literal('a" } #')]))
    SELECT * { VALUES ?word { "a\" } #" } }
    """
    clauses = (f"VALUES ?{name} {{ {' '.join(map(str, terms))} }}" for name, terms in values.items())
    return query.replace("{values}", " ".join(clauses))
