"""Examples on the pages: queries that each answer something, and a record with mistakes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """A query and what it asks, in a few words."""

    title: str
    text: str


EXAMPLE_QUERIES = (
    ExampleQuery(
        "Frameworks by number of projects",
        """PREFIX iomld: <https://w3id.org/iomld/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?framework ?name (COUNT(DISTINCT ?project) AS ?projects) WHERE {
  ?project iomld:mentionsFramework ?framework .
  ?framework skos:prefLabel ?name .
  FILTER(LANG(?name) = "en")
}
GROUP BY ?framework ?name
ORDER BY DESC(?projects) ?name
""",
    ),
    ExampleQuery(
        "Projects of one member state",
        """PREFIX iomld: <https://w3id.org/iomld/ns#>
PREFIX dcterms: <http://purl.org/dc/terms/>

SELECT ?project ?title ?start WHERE {
  ?project iomld:benefitingMemberState ?state ;
    dcterms:title ?title .
  ?state iomld:iso2 "GT" .
  OPTIONAL { ?project iomld:startYear ?start }
}
ORDER BY ?start ?title
""",
    ),
    ExampleQuery(
        "Money by region",
        """PREFIX iomld: <https://w3id.org/iomld/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?region (COUNT(?project) AS ?projects) (SUM(?budget) AS ?usDollars) WHERE {
  ?project iomld:region/skos:prefLabel ?region ;
    iomld:budgetUSD ?budget .
  FILTER(LANG(?region) = "en")
}
GROUP BY ?region
ORDER BY DESC(?usDollars)
""",
    ),
    ExampleQuery(
        "Quotes that name a framework",
        """PREFIX iomld: <https://w3id.org/iomld/ns#>
PREFIX oa: <http://www.w3.org/ns/oa#>

SELECT ?project ?framework ?quote ?confidence WHERE {
  ?mention iomld:aboutProject ?project ;
    oa:hasBody ?framework ;
    iomld:confidence ?confidence ;
    oa:hasTarget/oa:hasSelector/oa:exact ?quote .
}
ORDER BY ?project ?quote
""",
    ),
)

EXAMPLE_RECORD = """{
  "projectCode": "PO.9001",
  "title": {"en": "An example with mistakes"},
  "status": "finished",
  "projectType": "PO",
  "coverage": "national",
  "region": "africa",
  "startYear": "2019",
  "endYear": "2017",
  "budgetUSD": "100 000 USD",
  "benefitingMemberStates": ["Kenia"]
}
"""
