"""Builds a release from the previous one and the changes."""

import heapq
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pyoxigraph import Literal, Quad

from iomld import assets, release, store
from iomld.convert import Publication
from iomld.errors import IomldError, StoreError
from iomld.export.downloads import DownloadWriter
from iomld.formats import rdf, results
from iomld.fund_folder import FundFolder, folder_in_use, read_fund_folder
from iomld.iris import DCTERMS, IOMLD, SH, Iris
from iomld.progress import NO_PROGRESS, Progress
from iomld.publish.gather import FINISHING, STORING, WRITING, Changes
from iomld.release import FILES, Manifest, Release
from iomld.release.description import Description, description_quads, read_description
from iomld.release.history import Revision, Run, history_quads, tombstone_quads, write_tombstones, xsd_moment
from iomld.release.nquads import (
    FileFacts,
    GraphState,
    WrittenDataset,
    append_gzip,
    graph_of,
    read_gzip,
    write_graphs,
    write_gzip,
)
from iomld.release.project_index import indexed
from iomld.release.subsets import Subset, SubsetSelection, write_subsets
from iomld.store.query_request import QueryRequest, QueryWorker
from iomld.store.query_worker import run_query

_COUNT_TIMEOUT_S = 30.0
_LOG = logging.getLogger(__name__)


def example_counts(store: Path, base: str) -> Mapping[str, int]:
    """Count the solutions of all example queries, in one worker with a time limit.

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


@dataclass(frozen=True, slots=True)
class ReleaseContext:
    """What a release is built from, besides the changes.

    Attributes:
        datadir: Folder of the releases.
        previous: The current release, or None.
        publication: The publisher's decisions.
        publisher: Name of the publisher.
        contact: Address for questions; can be empty.
        versions: Version of iomld, and hashes of its shapes and vocabularies.
        started: Start of the run.
        ended: Its end: the time of the release, its revisions and its withdrawals.
    """

    datadir: Path
    previous: Release | None
    publication: Publication
    publisher: str
    contact: str
    versions: Mapping[str, str]
    started: datetime
    ended: datetime


def reference_lines(base: str) -> Iterator[tuple[str, list[bytes]]]:
    """The shared graphs (ontology, schemes, countries, queries): each graph IRI with its sorted N-Quads lines."""
    for name, files in sorted(assets.reference_graphs().items()):
        graph = f"{base}graph/{name}"
        quads: list[Quad] = []
        for file in files:
            quads += rdf.in_graph(rdf.parse(assets.asset_text(file, base=base), rdf.TURTLE), graph)
        yield graph, sorted(set(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)))


def build_release(
    building: Path,
    changes: Changes,
    context: ReleaseContext,
    graphs: Mapping[str, GraphState],
    progress: Progress = NO_PROGRESS,
) -> Release:
    """Write every file of a release and make it the current one.

    Args:
        building: The folder to build in.
        changes: The changes.
        context: The previous release and the publisher.
        graphs: The states of all graphs of the new release.
        progress: Called as the work goes on.
    """
    progress.begin(WRITING)
    files = _write_files(building, changes, context)
    written, uncompressed = files.dataset, files.uncompressed()
    name = release.release_name(context.ended, written.plain.sha256)
    history = _history(name, changes, context)
    description = description_quads(_description(name, files, changes, context), context.publication.iris)
    progress.begin(STORING)
    _write_store(building, changes, context, [*history, *description])
    repeated = _write_query_store(building, written, graphs, context.publication.iris)
    progress.begin(FINISHING)
    queried = building / (FILES.query_store if repeated else FILES.store)
    _write_records(building, history, graphs, changes, context)
    turtle = rdf.serialize(description, rdf.TURTLE, prefixes=context.publication.iris.prefixes())
    (building / FILES.description).write_bytes(turtle)
    manifest = Manifest(
        name=name,
        base=context.publication.iris.base,
        created=xsd_moment(context.ended),
        previous=context.previous.manifest.name if context.previous else None,
        projects=written.statistics.classes.get(f"{IOMLD}Project", 0),
        quads=written.lines,
        content_sha256=written.plain.sha256,
        files={},
        versions=context.versions,
        withdrawn=len(changes.tombstones),
        examples=example_counts(queried, context.publication.iris.base),
        repeated_triples=repeated,
        fund=folder_in_use().digest,
        uncompressed_files={file: facts.sha256 for file, facts in uncompressed.items()},
        uncompressed_sizes={file: facts.size_bytes for file, facts in uncompressed.items()},
    )
    return release.finish_release(context.datadir, building, manifest)


def _write_records(
    building: Path,
    history: Sequence[Quad],
    graphs: Mapping[str, GraphState],
    changes: Changes,
    context: ReleaseContext,
) -> None:
    """Write what the next publish reads: the history with this run, states, tombstones and the fund folder."""
    old_history = context.previous.file(FILES.history) if context.previous else None
    lines = rdf.serialize(history, rdf.NQUADS).splitlines(keepends=True)
    append_gzip(sorted(lines), old_history, building / FILES.history)
    write_graphs(graphs, building / FILES.graphs)
    write_tombstones(changes.tombstones.values(), building / FILES.tombstones)
    folder = folder_in_use()
    if not folder.is_own:
        _copy_folder(folder, building / FILES.fund)


def _copy_folder(folder: FundFolder, target: Path) -> None:
    """Copy a fund folder, so that the release is read with the names that it was published with."""
    for name in folder.files():
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((folder.path / name).read_bytes())
    if read_fund_folder(target) != folder:
        raise StoreError(f"{folder.path}: the fund folder changed during the publish. Publish again.")


@dataclass(frozen=True, slots=True)
class _WrittenFiles:
    """The files for download of a release.

    Attributes:
        dataset: The dataset file.
        subsets: The classes and regions.
        downloads: Length and hash of each file, by name; also of those that are downloaded uncompressed.
    """

    dataset: WrittenDataset
    subsets: Sequence[Subset]
    downloads: Mapping[str, FileFacts]

    def uncompressed(self) -> dict[str, FileFacts]:
        """Those that the release contains compressed and also offers uncompressed."""
        return {name: facts for name, facts in self.downloads.items() if f"{name}.gz" in self.downloads}


def _write_files(building: Path, changes: Changes, context: ReleaseContext) -> _WrittenFiles:
    """Write the files for download, whose length and hash are in the description of the release.

    Unchanged ones share their disk space with the previous release.
    """
    dataset = _write_dataset(building, changes, context)
    subsets = _write_subsets(building, dataset, context)
    found = {
        FILES.dataset.removesuffix(".gz"): dataset.plain,
        FILES.dataset: dataset.compressed,
        **{subset.file: subset.facts for subset in subsets},
        **DownloadWriter(building, context.publication.iris.base).write_all(subsets),
    }
    if context.previous:
        for name, facts in found.items():
            if (building / name).exists() and context.previous.manifest.files.get(name) == facts.sha256:
                _hardlink(context.previous.file(name), building / name)
    return _WrittenFiles(dataset, subsets, found)


def _write_dataset(building: Path, changes: Changes, context: ReleaseContext) -> WrittenDataset:
    """Merge the lines of unchanged graphs from the previous dataset with the new lines; both are sorted.

    The project index is built from the same stream of lines.
    """
    changed = {graph.encode() for graph in (*changes.changed, *_withdrawn(changes, context))}
    old = read_gzip(context.previous.file(FILES.dataset)) if context.previous else iter(())
    kept = (line for line in old if graph_of(line) not in changed)
    iris = context.publication.iris
    lines = indexed(heapq.merge(kept, changes.new_lines), building / FILES.index, iris)
    return write_gzip(lines, building / FILES.dataset, base=iris.base)


def _write_subsets(building: Path, written: WrittenDataset, context: ReleaseContext) -> tuple[Subset, ...]:
    """Write the first file of each class and region."""
    iris = context.publication.iris
    regions = assets.load_vocabulary(iris.base).concepts["region"]
    selection = SubsetSelection(written.statistics.classes, {code: region.name() for code, region in regions.items()})
    return write_subsets(building / FILES.dataset, building, iris=iris, selection=selection)


def _hardlink(old: Path, new: Path) -> None:
    """Replace a file with a hard link to an equal one, if the file system can."""
    beside = new.with_name(f".{new.name}")
    with suppress(OSError):
        beside.hardlink_to(old)
        beside.replace(new)


def _write_store(building: Path, changes: Changes, context: ReleaseContext, dated: list[Quad]) -> None:
    """Write the store: the previous one with changed graphs and the description replaced, and the history added."""
    target = building / FILES.store
    if context.previous:
        store.copy_store(context.previous.file(FILES.store), target)
    description = context.publication.iris.graph("dataset")
    removed = [graph for graph, state in changes.changed.items() if state.revision > 1]
    removed += _withdrawn(changes, context)
    store.update_store(target, remove=[*removed, description], files=[changes.changed_file], quads=dated)


def _write_query_store(building: Path, written: WrittenDataset, graphs: Iterable[str], iris: Iris) -> int:
    """Write a store for queries if graphs repeat triples of others; return how many are repeated.

    Of our own graphs, none repeats the history or the description, so only included ones are compared with these.
    """
    ours = {iris.graph(name) for name in assets.reference_graphs()}
    included = [graph for graph in graphs if graph not in ours and not graph.startswith(iris.record(""))]
    made = building / FILES.store
    repeated = written.lines - written.statistics.triples
    repeated += sum(store.common_triples(made, included, iris.graph(name)) for name in ("prov", "dataset"))
    if repeated:
        store.build_query_store(made, building / FILES.query_store)
    return repeated


def _withdrawn(changes: Changes, context: ReleaseContext) -> list[str]:
    """The graphs that this run withdraws."""
    return [context.publication.iris.record(key) for key in changes.withdrawn]


def _history(name: str, changes: Changes, context: ReleaseContext) -> list[Quad]:
    iris = context.publication.iris
    revisions = [
        Revision(key, changes.revisions[key], sources, changes.supplied[key])
        for key, sources in sorted(changes.sources.items())
    ]
    run = Run(name, context.started, context.ended, context.versions["iomld"])
    return [
        *history_quads(run, revisions, iris, changes.seen_again),
        *tombstone_quads(changes.withdrawn.values(), name, iris),
    ]


def _description(name: str, files: _WrittenFiles, changes: Changes, context: ReleaseContext) -> Description:
    modified = xsd_moment(context.ended)
    return Description(
        version=name,
        first_issued=_first_issued(context) or modified,
        modified=modified,
        run=name,
        license=context.publication.license,
        publisher=context.publisher,
        contact=context.contact,
        statistics=files.dataset.statistics,
        files=files.downloads,
        subsets=files.subsets,
        example=min(changes.sources, default=None),
    )


def _first_issued(context: ReleaseContext) -> str | None:
    """The date of the first release, as the previous release states it."""
    if context.previous is None:
        return None
    description = read_description(context.previous.file(FILES.description))
    issued = (quad.object for quad in description if quad.predicate.value == f"{DCTERMS}issued")
    return min((moment.value for moment in issued if isinstance(moment, Literal)), default=None)
