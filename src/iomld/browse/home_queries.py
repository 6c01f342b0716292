"""The queries behind the figures of the home page: each finds as many rows as the figure says."""

from iomld.iris import DCTERMS, IOMLD, SKOS

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
