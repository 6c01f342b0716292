"""The SPARQL queries of the pages. Values are inserted by `bound` alone, which escapes them."""

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from iomld.iris import DCTERMS, FOAF, IOMLD, SCHEMA, SKOS, Iris
from iomld.model import ACCEPTED, REJECTED

_PREFIXES = (
    f"PREFIX iomld: <{IOMLD}> PREFIX dcterms: <{DCTERMS}> PREFIX skos: <{SKOS}> "
    f"PREFIX schema: <{SCHEMA}> PREFIX foaf: <{FOAF}>\n"
)
# The number of projects for each value of a property: ?property is bound, ?value may be.
COUNTS = (
    _PREFIXES
    + """SELECT ?value (COUNT(DISTINCT ?project) AS ?projects) WHERE {
  {values}
  ?project ?property ?value ; a iomld:Project .
} GROUP BY ?value"""
)
# The projects with a value of a property: ?property and ?value are bound.
POINTING = (
    _PREFIXES
    + """SELECT DISTINCT ?project WHERE {
  {values}
  ?project ?property ?value ; a iomld:Project .
} ORDER BY ?project"""
)
# Found by the matcher and reviewed: statuses are bound to ?status, methods of finding that are people's to ?manual.
_REVIEWED = (
    _PREFIXES
    + """SELECT ?status (COUNT(?mention) AS ?mentions) WHERE {
  {values}
  ?mention iomld:reviewStatus ?status ; iomld:matchMethod ?method .
  FILTER(?method != ?manual)
} GROUP BY ?status"""
)
_COUNT_QUERY = f"""PREFIX iomld: <{IOMLD}>
PREFIX skos: <{SKOS}>

SELECT ?thing (COUNT(DISTINCT ?project) AS ?projects) WHERE {{
  ?project a iomld:Project ; iomld:{{name}} ?thing .{{more}}
}}
GROUP BY ?thing
ORDER BY DESC(?projects) ?thing
"""
_START_QUERY = f"""PREFIX dcterms: <{DCTERMS}>
PREFIX iomld: <{IOMLD}>

SELECT ?project (SAMPLE(?name) AS ?title) WHERE {{
  ?project a iomld:Project .
  {{condition}}
  OPTIONAL {{ ?project dcterms:title ?name }}
}}
GROUP BY ?project
ORDER BY ?project
"""
_BUDGET_QUERY = f"""PREFIX iomld: <{IOMLD}>
PREFIX schema: <{SCHEMA}>

SELECT ?{{name}} ?currency (SUM(?amount) AS ?total) (COUNT(?project) AS ?projects) WHERE {{
  ?project a iomld:Project ; iomld:budget ?budget .
  ?budget schema:value ?amount ; schema:currency ?currency .
  OPTIONAL {{ ?project {{path}} ?{{name}} }}
}}
GROUP BY ?{{name}} ?currency
ORDER BY ?currency {{order}}
"""


def bound(query: str, **values: Iterable[NamedNode | Literal]) -> str:
    r"""Bind the variables of a query by VALUES.

    Args:
        query: One of the constants above.
        **values: The terms of each variable. `str` of a term is SPARQL syntax, escaped.

    >>> print(bound("SELECT * { {values} }", word=[Literal('a" } #')]))
    SELECT * { VALUES ?word { "a\" } #" } }
    """
    clauses = (f"VALUES ?{name} {{ {' '.join(map(str, terms))} }}" for name, terms in values.items())
    return query.replace("{values}", " ".join(clauses))


def countries_query() -> str:
    """The query for countries that benefit, member states and others, with their number of projects."""
    return _count_query("benefitingCountry")


def regions_query() -> str:
    """The query for regions, with their number of projects."""
    return _count_query("region")


def frameworks_query() -> str:
    """The query for frameworks that project texts name, without parts, with their number of projects."""
    return _count_query("mentionsFramework", "\n  FILTER NOT EXISTS { ?thing skos:broader ?whole }")


def reviewed_query(iris: Iris) -> str:
    """The query for the mentions that the matcher found and people have reviewed, by what they decided."""
    statuses = [NamedNode(iris.concept("review", decision)) for decision in (ACCEPTED, REJECTED)]
    return bound(_REVIEWED, status=statuses, manual=[NamedNode(iris.concept("method", "manual"))])


def budgets_by_year_query() -> str:
    """The query for the sum of budgets by start year, in each currency."""
    return _budget_query("year", "iomld:startYear", "?year")


def budgets_by_region_query() -> str:
    """The query for the sum of budgets by region, in each currency."""
    return _budget_query("region", "iomld:region", "DESC(?total)")


def start_query(year: int) -> str:
    """The query for projects that begin in a year.

    >>> '"2017"' in start_query(2017)
    True
    """
    return _START_QUERY.replace("{condition}", f'?project iomld:startYear ?year FILTER(STR(?year) = "{year:04}")')


def undated_query() -> str:
    """The query for projects without a start year."""
    return _START_QUERY.replace("{condition}", "FILTER NOT EXISTS { ?project iomld:startYear ?year }")


def _count_query(name: str, more: str = "") -> str:
    return _COUNT_QUERY.replace("{name}", name).replace("{more}", more)


def _budget_query(name: str, path: str, order: str) -> str:
    return _BUDGET_QUERY.replace("{name}", name).replace("{path}", path).replace("{order}", order)
