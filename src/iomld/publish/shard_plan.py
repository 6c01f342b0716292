"""The shards of a release: which are those of the release before, the making of the others, and their statistics."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain, groupby
from pathlib import Path

from iomld import assets, store
from iomld.export.shard_files import MENTIONS_TABLE, PROJECTS_TABLE
from iomld.export.tables import TableForm, columns_for
from iomld.formats import rdf
from iomld.fund_folder import folder_in_use
from iomld.iris import Iris
from iomld.progress import Progress
from iomld.publish.gather import WRITING, Changes
from iomld.publish.processes import ShardRunner
from iomld.publish.shard_jobs import GraphSources, LinesPlace, ShardJob
from iomld.release import FILES, Release
from iomld.release.nquads import GraphState, graph_of
from iomld.release.pieces import content_of
from iomld.release.shards import PlacedShard, ShardTable, cut, fingerprint, has_table, placed_shards, read_table
from iomld.release.statistics import Statistics, StatisticsCount, added_up

_COLUMNS = "columns"
_DATASET = FILES.dataset
TABLES = (PROJECTS_TABLE, MENTIONS_TABLE)


@dataclass(frozen=True, slots=True)
class ReleaseGraphs:
    """The graphs of a new release, and where their lines are.

    Attributes:
        previous: The current release, or None.
        known: The states of its graphs.
        states: The states of all graphs of the new release.
        new_file: The file with the lines of new and changed graphs.
        places: The places of these graphs in it.
        texts: The fields and languages of the texts in these graphs.
        base: The data base of the IRIs.
        versions: The versions of iomld, its shapes and its lists.
    """

    previous: Release | None
    known: Mapping[str, GraphState]
    states: Mapping[str, GraphState]
    new_file: Path
    places: Mapping[str, LinesPlace]
    texts: Iterable[tuple[str, str]]
    base: str
    versions: Mapping[str, str]

    def shards(self) -> tuple[tuple[str, ...], ...]:
        """The graphs of each shard; those that are not of records are the last."""
        records, others = _split(self.states, self.base)
        return (*cut(records), others)

    def included(self, graphs: Iterable[str]) -> tuple[str, ...]:
        """Those among graphs that are not our own."""
        ours = {Iris(self.base).graph(name) for name in assets.reference_graphs()}
        return tuple(graph for graph in graphs if graph not in ours)


@dataclass(frozen=True, slots=True)
class ReleaseShards:
    """The shards of a release in their order.

    Attributes:
        shards: The shards.
        groups: The graphs of each.
        form: The columns of the table of projects.
        made_with: What decides their content besides the graphs.
        previous: The shards of the release before.
    """

    shards: Sequence[PlacedShard]
    groups: Sequence[tuple[str, ...]]
    form: TableForm
    made_with: Mapping[str, str]
    previous: "PreviousShards"

    @property
    def quads(self) -> int:
        """Number of quads of the dataset."""
        return sum(one.shard.pieces[_DATASET].lines for one in self.shards)


class PreviousShards:
    """The shards of the current release.

    Attributes:
        table: Their table.
        is_alike: Whether their pieces would be made alike today, but for the columns of tables.
        shards: The shards.
        kept: Those whose pieces would be made alike today, by the hash of their graphs.
        columns: The headings of the table of projects.
        texts: The fields and languages of all texts.
    """

    def __init__(self, graphs: ReleaseGraphs) -> None:
        """Read the table of the release; without one, there are none."""
        before = graphs.previous
        self.table = read_table(before.file(FILES.shards)) if before else ShardTable()
        made_with = dict(self.table.made_with)
        self.columns = made_with.pop(_COLUMNS, "")
        self.is_alike = made_with == made_with_now(graphs)
        self.shards = placed_shards(self.table, before.path) if before else ()
        self.kept = {one.shard.fingerprint: one for one in self.shards} if self.is_alike else {}
        self.texts = {text for shard in self.table.shards for text in shard.texts}
        self._graphs = graphs
        self._last = [part[-1] for part in cut(_split(graphs.known, graphs.base)[0])]

    def sources(self, graphs: tuple[str, ...], *, form: TableForm, is_common: bool) -> GraphSources:
        """Where the lines and contributions of the graphs of a new shard are.

        Args:
            graphs: The graphs.
            form: The columns of the table of projects.
            is_common: Whether they are those that are not of records.
        """
        places = self._graphs.places
        new = {graph: places[graph] for graph in graphs if graph in places}
        kept = [graph for graph in graphs if graph not in new]
        numbers = {len(self._last) if is_common else bisect_left(self._last, graph) for graph in kept}
        pieces = tuple(self.shards[number].sources for number in sorted(numbers))
        has_columns = self.columns == _headings(form)
        return GraphSources(graphs, self._graphs.new_file, new, pieces, self.is_alike, has_columns)


def place_unchanged(previous: Release, states: Iterable[str], changes: Changes) -> None:
    """Read from its store the graphs of a release of an earlier version, whose files have no shards to copy.

    Args:
        previous: The current release; nothing is read if it has shards.
        states: The graphs of the new release.
        changes: The changes, which get the places of the graphs that do not change.
    """
    if has_table(previous.file(FILES.shards)):
        return
    opened = store.open_read_only(previous.file(FILES.store))
    for graph in set(states) - changes.places.keys():
        lines = sorted(set(rdf.serialize(store.graph_quads(opened, graph), rdf.NQUADS).splitlines(keepends=True)))
        changes.place(graph, b"".join(lines))


def made_with_now(graphs: ReleaseGraphs) -> dict[str, str]:
    """What decides the content of pieces besides graphs and columns."""
    return {
        **graphs.versions,
        "base": graphs.base,
        "fund": folder_in_use().digest,
        "zlib-ng": version("zlib-ng"),
    }


def make_shards(graphs: ReleaseGraphs, scratch: Path, run: ShardRunner, progress: Progress) -> ReleaseShards:
    """Make the shards that are new, and the tables of all if their columns change.

    Args:
        graphs: The graphs.
        scratch: A folder for the pieces that are made.
        run: Runs the jobs.
        progress: Counts the shards that are made.
    """
    old = PreviousShards(graphs)
    groups = graphs.shards()
    prints = [fingerprint(group, graphs.states) for group in groups]
    guessed = columns_for(dict.fromkeys([*old.texts, *graphs.texts], 1))
    jobs = [
        ShardJob(
            prints[number],
            old.sources(group, form=guessed, is_common=group is groups[-1]),
            graphs.base,
            guessed,
            scratch / f"shard-{number}",
            included=graphs.included(group) if group is groups[-1] else None,
        )
        for number, group in enumerate(groups)
        if prints[number] not in old.kept
    ]
    progress.begin(WRITING, len(jobs))
    made = iter(progress.counted(run(jobs)))
    shards = [old.kept.get(one) or next(made) for one in prints]
    form = columns_for(dict.fromkeys((key for one in shards for key in one.shard.texts), 1))
    columns = [old.columns if one in old.kept else _headings(guessed) for one in prints]
    stale = [number for number, headings in enumerate(columns[:-1]) if headings != _headings(form)]
    again = [
        ShardJob(
            prints[number],
            GraphSources(groups[number], graphs.new_file, {}, (shards[number].sources,), is_copied=True),
            graphs.base,
            form,
            scratch / f"columns-{number}",
        )
        for number in stale
    ]
    for number, shard in zip(stale, run(again), strict=True):
        shards[number] = shard
    return ReleaseShards(shards, groups, form, made_with_now(graphs) | {_COLUMNS: _headings(form)}, old)


def _headings(form: TableForm) -> str:
    return "\t".join(form.header)


def _split(graphs: Iterable[str], base: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The graphs of records, and the others, both sorted."""
    iris, names = Iris(base), sorted(graphs)
    of_records = {name for name in names if iris.record_key(name) is not None}
    return tuple(name for name in names if name in of_records), tuple(name for name in names if name not in of_records)


def dataset_statistics(made: ReleaseShards, base: str) -> Statistics:
    """The statistics of a dataset, in which each triple and subject counts once.

    Records that come from the same bytes share the description of their source, and included graphs may describe
    projects; only the lines of such subjects are read.

    Args:
        made: The shards.
        base: The data base of the IRIs.
    """
    shards = made.shards
    subjects = _repeated_subjects(shards, made.groups, Iris(base))
    lines = {number: _lines_of(shards[number], wanted) for number, wanted in subjects.items()}
    common = len(shards) - 1
    counted_together = [lines[common]] if common in lines else []
    counted_alone = (
        list(graph) for number, found in lines.items() if number != common for _, graph in groupby(found, key=graph_of)
    )
    return added_up(
        (one.shard.statistics for one in shards),
        twice=(_counted(some, base) for some in (*counted_together, *counted_alone)),
        once=[_counted(sorted(chain.from_iterable(lines.values())), base)] if lines else (),
    )


def _repeated_subjects(
    shards: Sequence[PlacedShard], groups: Sequence[Sequence[str]], iris: Iris
) -> Mapping[int, frozenset[bytes]]:
    """The subjects that are in several graphs, for each shard that has any."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(shards):
        for subject in one.shard.shared:
            places[subject].append(number)
    number_of = _shard_numbers(groups)
    for subject in shards[-1].shard.shared:
        for start in (iris.project(""), iris.record("")):
            key = subject.removeprefix(start).partition("#")[0].partition("/")[0]
            owner = number_of.get(iris.record("") + key) if subject.startswith(start) else None
            if owner is not None:
                places[subject].append(owner)
    found: defaultdict[int, set[bytes]] = defaultdict(set)
    for subject, numbers in places.items():
        for number in set(numbers) if len(numbers) > 1 else ():
            found[number].add(f"<{subject}>".encode())
    return {number: frozenset(subjects) for number, subjects in found.items()}


def _shard_numbers(groups: Sequence[Sequence[str]]) -> dict[str, int]:
    return {graph: number for number, group in enumerate(groups[:-1]) for graph in group}


def _lines_of(shard: PlacedShard, subjects: frozenset[bytes]) -> list[bytes]:
    """The lines about subjects, in the order of the shard, in which those of a graph are together."""
    source = shard.sources[_DATASET]
    lines = content_of(source.path, source.offset, source.piece).splitlines(keepends=True)
    return [line for line in lines if line[: line.index(b" ")] in subjects]


def _counted(lines: Iterable[bytes], base: str) -> Statistics:
    counted = StatisticsCount(base)
    for line in lines:
        counted.add(line)
    return counted.result()
