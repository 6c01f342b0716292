"""The SPARQL query that finds the same projects as a set of filters."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from pyoxigraph import Literal, NamedNode

from iomld.browse.filters import FACETS, Filters, budget_band
from iomld.browse.search import search_words
from iomld.folding import fold
from iomld.iris import DCTERMS, IOMLD, SCHEMA, SKOS, Iris
from iomld.release.project_index import CODED

_HEAD = f"""PREFIX dcterms: <{DCTERMS}>
PREFIX iomld: <{IOMLD}>
PREFIX schema: <{SCHEMA}>
PREFIX skos: <{SKOS}>

SELECT DISTINCT ?project WHERE {{
  ?project a iomld:Project .
"""
# The texts in which words are searched for: those of the project, and all names of what it points to.
_TEXTS = """{
      ?project dcterms:title|dcterms:abstract|dcterms:description|iomld:projectCode|iomld:primaId ?text
    } UNION {
      ?project iomld:benefitingCountry|iomld:region|iomld:mentionsFramework|iomld:projectType ?thing .
      ?thing schema:name|skos:prefLabel|skos:altLabel|skos:hiddenLabel ?text
    }"""
_YEARS = """  OPTIONAL { ?project iomld:startYear ?start }
  OPTIONAL { ?project iomld:endYear ?end }
  BIND(<http://www.w3.org/2001/XMLSchema#integer>(STR(COALESCE(?start, ?end))) AS ?first)
  BIND(<http://www.w3.org/2001/XMLSchema#integer>(STR(COALESCE(?end, ?start))) AS ?last)
"""
# Latin letters with diacritics and ligatures, which a word without them also finds.
_LETTERS = range(0xC0, 0x250)
_DIGRAPHS = ("oe", "ae", "ss", "th")


def filters_query(iris: Iris, filters: Filters) -> str:
    """The query for the projects that match filters, in no order.

    Words match regardless of case and accents. Of the characters that fold to several letters only Latin ligatures
    are found. Values are inserted as RDF terms, which escape themselves.
    """
    years = filters.values.get("year"), filters.year_from, filters.year_to
    parts = [
        *(_words_clause(word) for word in search_words(filters.words)),
        *(
            _coded_clause(iris, facet, filters.values[facet])
            for facet in FACETS
            if facet in CODED and facet in filters.values
        ),
        *((_YEARS + "".join(_year_clauses(filters)),) if any(years) else ()),
        *((_budget_clause(filters.values["budget"]),) if "budget" in filters.values else ()),
    ]
    return _HEAD + "".join(parts) + "}\n"


def _words_clause(word: str) -> str:
    return f'  FILTER EXISTS {{\n    {_TEXTS}\n    FILTER(REGEX(?text, {Literal(_pattern(word))}, "i"))\n  }}\n'


def _coded_clause(iris: Iris, facet: str, values: tuple[str, ...]) -> str:
    found = (iris.country(value) if facet == "country" else iris.concept(facet, value) for value in values)
    terms = " ".join(str(NamedNode(iri)) for iri in found)
    return f"  VALUES ?{facet} {{ {terms} }}\n  ?project iomld:{CODED[facet]} ?{facet} .\n"


def _year_clauses(filters: Filters) -> Iterator[str]:
    yield "  FILTER(?first <= ?last)\n"
    if "year" in filters.values:
        wanted = (year for year in filters.values["year"] if re.fullmatch(r"[1-9][0-9]{3}", year))
        tests = (f"(?first <= {year} && {year} <= ?last)" for year in wanted)
        yield f"  FILTER({' || '.join(tests) or 'false'})\n"
    if filters.year_from is not None:
        yield f"  FILTER(?last >= {filters.year_from})\n"
    if filters.year_to is not None:
        yield f"  FILTER(?first <= {filters.year_to})\n"


def _budget_clause(values: tuple[str, ...]) -> str:
    bands = (band for value in values if (band := budget_band(value)))
    tests = (f"(?budget >= {low}" + (f" && ?budget < {high})" if high is not None else ")") for low, high in bands)
    return f"  ?project iomld:budgetUSD ?budget .\n  FILTER({' || '.join(tests) or 'false'})\n"


def _pattern(word: str) -> str:
    r"""A regular expression that matches a text with accents in which a word begins with a folded one.

    >>> _pattern("a1")
    '(^|[^\\p{L}\\p{M}\\p{N}])[aàáâãäåāăąǎǟǡǻȁȃȧ]\\p{M}*1\\p{M}*'
    """
    return r"(^|[^\p{L}\p{M}\p{N}])" + "".join(
        _any_of(part) for part in re.findall("|".join((*_DIGRAPHS, ".")), word, re.DOTALL)
    )


def _any_of(part: str) -> str:
    others = _variants().get(part, "")
    if len(part) > 1:
        letters = "".join(_any_of(letter) for letter in part)
        return f"(?:{letters}|[{others}])" if others else letters
    one = re.sub(r"([^\w\s])", r"\\\1", part) if part.isascii() else part
    return (f"[{one}{others}]" if others else one) + r"\p{M}*"


@cache
def _variants() -> dict[str, str]:
    """The lower-case letters that fold to each letter or pair of letters."""
    found: dict[str, str] = {"'": "\u2019\u2018\u00b4\u02bc\u02b9\u2032\u0060\u201b"}
    for letter in map(chr, _LETTERS):
        if unicodedata.category(letter) == "Ll":
            key = fold(letter)
            if key != letter:
                found[key] = found.get(key, "") + letter
    return found
