"""The fixed SPARQL queries of the pages. Values enter through `bound` alone, which escapes them."""

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
_COUNTED = f"""PREFIX iomld: <{IOMLD}>
PREFIX skos: <{SKOS}>

SELECT ?thing (COUNT(DISTINCT ?project) AS ?projects) WHERE {{
  ?project a iomld:Project ; iomld:{{name}} ?thing .{{more}}
}}
GROUP BY ?thing
ORDER BY DESC(?projects) ?thing
"""
_STARTED = f"""PREFIX dcterms: <{DCTERMS}>
PREFIX iomld: <{IOMLD}>

SELECT ?project (SAMPLE(?name) AS ?title) WHERE {{
  ?project a iomld:Project .
  {{condition}}
  OPTIONAL {{ ?project dcterms:title ?name }}
}}
GROUP BY ?project
ORDER BY ?project
"""


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


def states_query() -> str:
    """Member states that benefit, with their number of projects."""
    return _counted("benefitingMemberState")


def regions_query() -> str:
    """Regions of projects, with their number of projects."""
    return _counted("region")


def frameworks_query() -> str:
    """Frameworks that project texts name, without their parts, with their number of projects."""
    return _counted("mentionsFramework", "\n  FILTER NOT EXISTS { ?thing skos:broader ?whole }")


def start_query(year: int) -> str:
    """Projects that begin in a year.

    >>> '"2017"' in start_query(2017)
    True
    """
    return _STARTED.replace("{condition}", f'?project iomld:startYear ?year FILTER(STR(?year) = "{year:04}")')


def undated_query() -> str:
    """Projects without a start year."""
    return _STARTED.replace("{condition}", "FILTER NOT EXISTS { ?project iomld:startYear ?year }")


def _counted(name: str, more: str = "") -> str:
    return _COUNTED.replace("{name}", name).replace("{more}", more)
