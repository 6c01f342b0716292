"""How many solutions each example query has in a new release; counted where a query can be ended."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from iomld.assets import asset_text
from iomld.errors import IomldError
from iomld.formats import results
from iomld.formats.rdf import TURTLE, parse
from iomld.iris import SH
from iomld.store.query import run_query
from iomld.store.request import QueryRequest, QueryWorker

_LIMIT_S = 30.0
_LOG = logging.getLogger(__name__)


def example_counts(store: Path, base: str) -> Mapping[str, int]:
    """Count the solutions of all example queries, in one worker that ends after half a minute.

    Args:
        store: Folder of the release's store.
        base: The data base, ending in a slash.

    Returns:
        Solutions by IRI of the query; empty where they cannot be counted, which stops no publish.
    """
    quads = parse(asset_text("ontology/queries.ttl", base=base), TURTLE)
    texts = {
        str(getattr(quad.subject, "value", "")): str(getattr(quad.object, "value", ""))
        for quad in quads
        if quad.predicate.value == f"{SH}select"
    }
    json_type = results.JSON.media_type
    request = QueryRequest(counting_query([*texts.values()]), json_type, json_type, None)
    try:
        answer = run_query(QueryWorker(str(store), base), request, timeout_s=_LIMIT_S)
    except IomldError as error:
        _LOG.warning("the example queries were not counted: %s", error)
        return {}
    (row,) = json.loads(answer)["results"]["bindings"]
    return {iri: int(row[f"n{number}"]["value"]) for number, iri in enumerate(texts)}


def counting_query(texts: Sequence[str]) -> str:
    r"""One query whose one solution has, as `?n0`, `?n1` …, how many solutions each SELECT query has.

    The order of solutions does not change their number and takes more than half of the time, so it is left out.

    >>> print(counting_query(["PREFIX x: <http://x/>\nSELECT ?s { ?s x:p 1 }\nORDER BY ?s"]))
    PREFIX x: <http://x/>
    SELECT * {
    { SELECT (COUNT(*) AS ?n0) { { SELECT ?s { ?s x:p 1 } } } }
    }
    """
    lines = [line for text in texts for line in text.splitlines()]
    prologue = sorted({line for line in lines if line.startswith("PREFIX ")})
    counts = (
        f"{{ SELECT (COUNT(*) AS ?n{number}) {{ {{ {_without_order(text)} }} }} }}" for number, text in enumerate(texts)
    )
    return "\n".join([*prologue, "SELECT * {", *counts, "}"])


def _without_order(text: str) -> str:
    """The query without its prologue and its own ORDER BY, which stand at the beginnings of lines."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(("PREFIX ", "ORDER BY "))).strip()
