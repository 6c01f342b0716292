"""Builds the store of a release, and a store for queries if it needs one; counts solutions of the example queries."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from pyoxigraph import Quad

from iomld import assets, store
from iomld.errors import IomldError
from iomld.formats import rdf, results
from iomld.iris import SH, Iris
from iomld.publish.gather import Changes
from iomld.release import FILES, Release
from iomld.store.query_request import QueryRequest, QueryWorker
from iomld.store.query_worker import run_query

MOST_COUNTED = 200_000
_COUNT_TIMEOUT_S = 30.0
_LOG = logging.getLogger(__name__)


class StoreBuilding:
    """A store that is being built in a thread of its own; the engine does most of it without holding up others."""

    def __init__(self, building: Path, work: Future[None]) -> None:
        """Wrap the work in the folder of a new release."""
        self._building, self._work = building, work

    def finish(self, description: Iterable[Quad]) -> None:
        """Wait for the store, and add the description of the release.

        Raises:
            StoreError: The store cannot be written.
        """
        self._work.result()
        store.update_store(self._building / FILES.store, quads=description)


@contextmanager
def begin_store(
    building: Path, changes: Changes, history: Path, previous: Release | None, iris: Iris
) -> Iterator[StoreBuilding]:
    """Build the store: the previous one with changed graphs replaced, and the new history added.

    Args:
        building: The folder of the new release.
        changes: The changes.
        history: The new statements of the history, as N-Quads.
        previous: The current release, or None.
        iris: IRIs under the base.
    """
    target, stopped = building / FILES.store, Event()
    removed = [graph for graph, state in changes.changed.items() if state.revision > 1]
    removed += changes.removed

    def build() -> None:
        if previous:
            store.copy_store(previous.file(FILES.store), target)
        store.update_store(
            target,
            remove=[*removed, iris.graph("dataset")],
            files=[_lines_to_load(changes), history],
            is_wanted=lambda: not stopped.is_set(),
        )

    with ThreadPoolExecutor(1, thread_name_prefix="store") as thread:
        try:
            yield StoreBuilding(building, thread.submit(build))
        finally:
            stopped.set()


def _lines_to_load(changes: Changes) -> Path:
    """The lines of changed graphs, without those of projects that were refused in the end, or that did not change."""
    lines, changed = changes.changed_file, (changes.places[graph] for graph in changes.changed)
    kept = sorted(changed, key=lambda place: place.offset)
    if sum(place.length for place in kept) == lines.stat().st_size:
        return lines
    rest = lines.with_name(f"{lines.name}-kept")
    with lines.open("rb") as source, rest.open("wb") as target:
        for place in kept:
            source.seek(place.offset)
            target.write(source.read(place.length))
    return rest


def build_query_store(building: Path, repeated: int, graphs: Iterable[str], iris: Iris) -> int:
    """Build a store for queries if graphs repeat triples of others.

    Of our own graphs, none repeats the history or the description, so only included ones are compared with these.

    Args:
        building: The folder of the new release, with its store.
        repeated: How many triples of the dataset are repeated.
        graphs: The graphs of the dataset.
        iris: IRIs under the base.

    Returns:
        How many triples are repeated.
    """
    ours = {iris.graph(name) for name in assets.reference_graphs()}
    included = [graph for graph in graphs if graph not in ours and not graph.startswith(iris.record(""))]
    made = building / FILES.store
    repeated += sum(store.common_triples(made, included, iris.graph(name)) for name in ("prov", "dataset"))
    if repeated:
        store.build_query_store(made, building / FILES.query_store)
    return repeated


def example_counts(store: Path, base: str) -> Mapping[str, int]:
    """Count the solutions of all example queries, in one worker with a time limit.

    A publish counts them only in datasets of up to `MOST_COUNTED` quads, since the time grows with their number.

    Args:
        store: Folder of the release's store.
        base: The base IRI, ending in a slash.

    Returns:
        Number of solutions by IRI of the query; empty if counting fails, which is only logged.
    """
    quads = rdf.parse(assets.asset_text("ontology/queries.ttl", base=base), rdf.TURTLE)
    texts = {
        str(getattr(quad.subject, "value", "")): str(getattr(quad.object, "value", ""))
        for quad in quads
        if quad.predicate.value == f"{SH}select"
    }
    json_type = results.JSON.media_type
    request = QueryRequest(counting_query([*texts.values()]), json_type, json_type, None)
    try:
        answer = run_query(QueryWorker(str(store), base), request, timeout_s=_COUNT_TIMEOUT_S)
    except IomldError as error:
        _LOG.warning("the example queries were not counted: %s", error)
        return {}
    (row,) = json.loads(answer)["results"]["bindings"]
    return {iri: int(row[f"n{number}"]["value"]) for number, iri in enumerate(texts)}


def counting_query(texts: Sequence[str]) -> str:
    r"""A query that counts the solutions of several SELECT queries, as `?n0`, `?n1` … of its only solution.

    ORDER BY is left out: it takes more than half of the time and does not change the numbers.

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
    """The query without its PREFIX and ORDER BY lines."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(("PREFIX ", "ORDER BY "))).strip()
