"""Rolls back to an earlier release: makes a new release with its content, so that history only grows."""

from collections.abc import Mapping
from dataclasses import dataclass

from iomld import release
from iomld.assets import load_fields
from iomld.errors import StoreError
from iomld.formats import rdf
from iomld.formats.graph import SubjectGraph
from iomld.fund_folder import using
from iomld.iris import IOMLD, PROV, Iris
from iomld.ledger.entries import RunKind
from iomld.pipeline.differences import source_iris
from iomld.publish.build import make_release
from iomld.publish.gather import Changes
from iomld.publish.report import PublishReport
from iomld.publish.runs import PublishingSettings, ReleaseContext, context_without_sources, locked_folder
from iomld.publish.shard_plan import graphs_after
from iomld.release import FILES, Release
from iomld.release.history import Tombstone, read_tombstones, xsd_moment
from iomld.release.nquads import GraphState, graph_contents, read_graphs
from iomld.release.shards.graphs import graph_table
from iomld.release.shards.planning import ReleaseGraphs
from iomld.review.journal import read_reviews
from iomld.store.oxigraph import StoreReader

_REASON = "The records were rolled back to the release {name}, which does not have this one."


@dataclass(frozen=True, slots=True)
class Rollback:
    """What to roll back to.

    Attributes:
        name: Name of the release.
        settings: The publisher's settings.
    """

    name: str
    settings: PublishingSettings


def roll_forward(rollback: Rollback) -> Release:
    """Make a release with the content of an earlier one; its records get new revisions.

    Returns:
        The new release; the current one if it has this content already.

    Raises:
        NotFoundError: There is no such release.
        StoreError: It or the current release is damaged, or the folder cannot be written or is in use.
    """
    with locked_folder(rollback.settings.datadir, rollback.settings.clock) as folder:
        target = release.open_whole_release(rollback.settings.datadir, rollback.name)
        current = release.whole_release(rollback.settings.datadir)
        if current is None:
            raise StoreError(f"{rollback.settings.datadir}: there is no current release to go on from.")
        if current.manifest.content_sha256 == target.manifest.content_sha256 and _has_same_settings(current, target):
            return current
        with using(target.fund_folder):
            context = context_without_sources(rollback.settings, current, target, folder, folder.now())
            changes = Changes(
                folder.scratch / "changed.nq",
                reviews=read_reviews(rollback.settings.datadir),
                run=RunKind.ROLLBACK,
                last_revision=folder.ledger.latest,
            )
            graphs = _restore(target, current, context, changes)
            return make_release(changes, graphs, context, _report(changes))


def _has_same_settings(current: Release, target: Release) -> bool:
    return current.manifest.fund == target.manifest.fund and current.manifest.base == target.manifest.base


def _restore(target: Release, current: Release, context: ReleaseContext, changes: Changes) -> ReleaseGraphs:
    """Fill the changes with what leads from the current release to the content of another one."""
    iris = context.publication.iris
    if target.manifest.base != current.manifest.base:
        raise StoreError(
            f"{target.path}: published under the base {target.manifest.base}, not {current.manifest.base}. "
            "A release cannot be rolled back to another base; use --at-once to serve it as it is."
        )
    changes.changed_file.touch()
    known, wanted = graph_table(current), read_graphs(target.file(FILES.graphs))
    differing = {graph for graph, state in wanted.items() if graph not in known or known[graph].digest != state.digest}
    reader = StoreReader(target.file(FILES.store), target.query_store)
    for graph, lines in graph_contents(target.file(FILES.dataset), differing, iris.record("")):
        changes.add_graph(graph, lines, wanted[graph].digest, known.get(graph))
        if key := iris.record_key(graph):
            note_origin(key, lines, wanted[graph].revision, reader, iris, changes)
            changes.restored[key] = wanted[graph].revision
    changes.removed = {graph: changes.next_revision(graph, known[graph]) for graph in known.keys() - wanted.keys()}
    _restore_tombstones(target, current, wanted, context, changes)
    return graphs_after(changes, current, known, iris.base, context.versions)


def note_origin(key: str, lines: bytes, revision: int, reader: StoreReader, iris: Iris, changes: Changes) -> None:
    """Note where the values of a record come from that repeats most of an earlier revision: from its sources."""
    snapshots = source_iris(rdf.parse(lines, rdf.NQUADS))
    changes.sources[key] = tuple(sorted(iri.rpartition("/")[2] for iri in snapshots))
    changes.supplied[key] = _supplied(reader, iris.revision(key, revision), iris)
    changes.revisions[key] = changes.changed[iris.record(key)].revision


def _supplied(reader: StoreReader, revision: str, iris: Iris) -> Mapping[str, tuple[str, ...]]:
    """The fields that each source of a revision supplied, by the end of its IRI."""
    graph, declared = iris.graph("prov"), load_fields().by_property
    derivations = SubjectGraph(reader.about(revision, graph=graph))[revision].iris(f"{PROV}qualifiedDerivation")
    found: dict[str, tuple[str, ...]] = {}
    for iri in derivations:
        derivation = SubjectGraph(reader.about(iri, graph=graph))[iri]
        properties = derivation.iris(f"{IOMLD}suppliedProperty")
        keys = tuple(declared[one].key for one in properties if one in declared)
        found |= {source.rpartition("/")[2]: keys for source in derivation.iris(f"{PROV}entity")}
    return found


def _restore_tombstones(
    target: Release, current: Release, wanted: Mapping[str, GraphState], context: ReleaseContext, changes: Changes
) -> None:
    """Withdraw the records that the other release does not have; those that were withdrawn since are back."""
    iris = context.publication.iris
    then, now = (read_tombstones(one.file(FILES.tombstones)) for one in (target, current))
    for graph, number in changes.removed.items():
        if key := iris.record_key(graph):
            old = then.get(key)
            changes.withdrawn[key] = Tombstone(
                key=key,
                revision=number,
                withdrawn=xsd_moment(context.ended),
                reason=old.reason if old else _REASON.format(name=target.manifest.name),
                replaced_by=old.replaced_by if old else None,
            )
    published = {key for graph in wanted if (key := iris.record_key(graph))}
    everything = {**then, **now, **changes.withdrawn}
    changes.tombstones = {key: one for key, one in everything.items() if key not in published}
    changes.returned = tuple(sorted(now.keys() & published))


def _report(changes: Changes) -> PublishReport:
    return PublishReport(
        read=0,
        projects=0,
        published=0,
        added=(),
        changed=tuple(sorted(changes.restored.keys() - set(changes.returned))),
        refused=(),
        returned=changes.returned,
        withdrawn=tuple(sorted(changes.withdrawn)),
    )
