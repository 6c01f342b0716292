"""The shards of a release: which are those of the release before, and the making of the others."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from iomld import store
from iomld.export.shard_files import MENTIONS_TABLE, PROJECTS_TABLE, published_texts
from iomld.export.tables import TableForm, columns_for
from iomld.formats import rdf
from iomld.progress import Progress
from iomld.publish.gather import WRITING, Changes
from iomld.publish.processes import ShardRunner
from iomld.publish.shard_jobs import GraphSources, ShardJob
from iomld.release import FILES, Release
from iomld.release.shards.assembly import NewShard, PieceSource, PlacedShard, Shards
from iomld.release.shards.columns import PiecePlaces
from iomld.release.shards.counting import CountedShards
from iomld.release.shards.cutting import OldShards
from iomld.release.shards.graphs import ReleaseGraphTable
from iomld.release.shards.planning import COLUMNS, ReleaseGraphs
from iomld.release.shards.sums import Shard, ShardSums, Text
from iomld.release.shards.table import ShardTable, TableColumns, has_table
from iomld.release.statistics import StatisticsTotals

TABLES = (PROJECTS_TABLE, MENTIONS_TABLE)


class PreviousShards:
    """The shards of the current release.

    Attributes:
        table: Their table.
        columns: The headings of the table of projects.
    """

    def __init__(self, graphs: ReleaseGraphs) -> None:
        """Read nothing yet."""
        self.table = graphs.known.shards
        self.columns = self.table.made_with.get(COLUMNS, "")
        self._graphs = graphs
        self._places: dict[str, PiecePlaces] = {}

    def placed(self, number: int) -> PlacedShard:
        """A shard, with the places of its pieces.

        Raises:
            StoreError: A file is damaged.
        """
        sources = self.sources_of(number)
        sums = ShardSums.from_line(sources[FILES.statistics].content())
        pieces = {name: source.piece for name, source in sources.items()}
        return PlacedShard(Shard(self.table.fingerprints[number], pieces, sums), sources)

    def sources_of(self, number: int) -> dict[str, PieceSource]:
        """The places of the pieces of a shard, by the name of the file."""
        found: dict[str, PieceSource] = {}
        for name, columns in self.table.columns.items():
            if columns.lengths[number]:
                places = self._places.get(name) or self._places.setdefault(name, self.table.places(name))
                path = self._graphs.known.path.parent / name
                found[name] = PieceSource(path, places.start(number), columns.piece(number))
        return found

    def sources(self, graphs: tuple[str, ...], *, form: TableForm, is_common: bool) -> GraphSources:
        """Where the lines and contributions of the graphs of a new shard are.

        Args:
            graphs: The graphs.
            form: The columns of the table of projects.
            is_common: Whether they are those that are not of records.
        """
        places, last = self._graphs.places, self.table.last
        new = {graph: places[graph] for graph in graphs if graph in places}
        kept = [graph for graph in graphs if graph not in new]
        numbers = {len(last) if is_common else bisect_left(last, graph) for graph in kept}
        pieces = tuple(self.sources_of(number) for number in sorted(numbers))
        has_columns = self.columns == headings(form)
        return GraphSources(graphs, self._graphs.new_file, new, pieces, self._graphs.is_alike, has_columns)

    def ending_with(self, graphs: tuple[str, ...], *, is_common: bool) -> int | None:
        """The number of the shard that ends with the same graph as a new one; None if there is none."""
        last = self.table.last
        if not (self.table and self._graphs.is_alike):
            return None
        if is_common:
            return len(last)
        number = bisect_left(last, graphs[-1])
        return number if number < len(last) and last[number] == graphs[-1] else None


@dataclass(frozen=True)
class ReleaseShards:
    """The shards of a release in their order.

    Attributes:
        shards: The shards.
        form: The columns of the table of projects.
        made_with: What decides their content besides the graphs.
        statistics: The sums of their statistics.
        texts: The number of shards with texts in a field and language.
        previous: The shards of the release before.
        gone: Those of them that this release does not have.
        columns: Their table, filled.
        is_alike: Whether those of the release before would be made alike today, but for the columns of tables.
    """

    shards: Shards
    form: TableForm
    made_with: Mapping[str, str]
    statistics: StatisticsTotals
    texts: Mapping[Text, int]
    previous: PreviousShards
    gone: Sequence[PlacedShard]
    columns: TableColumns
    is_alike: bool

    def __len__(self) -> int:
        """The number of shards."""
        return self._starts[-1]

    @property
    def new(self) -> Iterator[PlacedShard]:
        """Those that the release before does not have."""
        return (one.placed for one in self.shards if isinstance(one, NewShard))

    @property
    def counted(self) -> CountedShards:
        """What their statistics are counted from."""
        return CountedShards(self.statistics, self.columns, self.placed)

    def placed(self, number: int) -> PlacedShard:
        """A shard by its number."""
        part = bisect_right(self._starts, number) - 1
        one = self.shards[part]
        return (
            one.placed if isinstance(one, NewShard) else self.previous.placed(one.start + number - self._starts[part])
        )

    @cached_property
    def _starts(self) -> list[int]:
        """The number of the first shard of each part, and that of all shards."""
        return list(
            accumulate((1 if isinstance(one, NewShard) else one.end - one.start for one in self.shards), initial=0)
        )


def graphs_after(
    changes: Changes, previous: Release | None, known: ReleaseGraphTable, base: str, versions: Mapping[str, str]
) -> ReleaseGraphs:
    """The graphs of the release that changes make of the current one.

    Those of a release of an earlier version, whose files have no shards to copy, are read from its store.

    Args:
        changes: The changes, which get the places and the texts of what is read.
        previous: The current release, or None.
        known: The states of its graphs.
        base: The data base of the IRIs.
        versions: The versions of iomld, its shapes and its lists.
    """
    graphs = ReleaseGraphs(
        previous=previous,
        known=known,
        changed=changes.changed,
        removed=frozenset(changes.removed),
        new_file=changes.changed_file,
        places=changes.places,
        texts=changes.texts,
        base=base,
        versions=versions,
    )
    if previous and not has_table(previous.file(FILES.shards)):
        _place_unchanged(previous, graphs, changes)
    return graphs


def _place_unchanged(previous: Release, graphs: ReleaseGraphs, changes: Changes) -> None:
    opened = store.open_read_only(previous.file(FILES.store))
    for graph in sorted(graphs.known.keys() - graphs.removed - changes.places.keys()):
        quads = tuple(store.graph_quads(opened, graph))
        lines = sorted(set(rdf.serialize(quads, rdf.NQUADS).splitlines(keepends=True)))
        changes.place(graph, b"".join(lines))
        changes.texts.update(published_texts(quads))


def make_shards(graphs: ReleaseGraphs, scratch: Path, run: ShardRunner, progress: Progress) -> ReleaseShards:
    """Make the shards that are new, and the tables of all if their columns change.

    Args:
        graphs: The graphs.
        scratch: A folder for the pieces that are made.
        run: Runs the jobs.
        progress: Counts the shards that are made.
    """
    old, cut_ = PreviousShards(graphs), graphs.cut
    guessed = columns_for(dict.fromkeys([*old.table.texts, *graphs.texts], 1))
    groups = [one for one in cut_.shards if not isinstance(one, OldShards)]
    jobs = [
        ShardJob(
            cut_.prints[group],
            old.sources(group, form=guessed, is_common=group is cut_.shards[-1]),
            graphs.base,
            guessed,
            scratch / f"shard-{number}",
            included=graphs.included(group) if group is cut_.shards[-1] else None,
        )
        for number, group in enumerate(groups)
    ]
    progress.begin(WRITING, len(jobs))
    made = iter(progress.counted(run(jobs)))
    shards: list[OldShards | NewShard] = []
    for one in cut_.shards:
        if isinstance(one, OldShards):
            shards.append(one)
        else:
            shards.append(NewShard(next(made), one, old.ending_with(one, is_common=one is cut_.shards[-1])))
    gone = _gone(shards, old) if graphs.is_alike else ()
    statistics, texts = _totals(shards, gone, old.table if graphs.is_alike else ShardTable())
    form = columns_for(dict.fromkeys(texts, 1))
    parts = list(_with_columns(shards, form, guessed, old, graphs.known))
    jobs = [
        part.job(graphs, form, scratch / f"columns-{n}") for n, part in enumerate(parts) if isinstance(part, _Remade)
    ]
    again = iter(run(jobs))
    shards = [NewShard(next(again), one.graphs, one.replaced) if isinstance(one, _Remade) else one for one in parts]
    made_with = graphs.made_with | {COLUMNS: headings(form)}
    columns = _columns(shards, old.table, graphs)
    return ReleaseShards(shards, form, made_with, statistics, texts, old, gone, columns, graphs.is_alike)


def _columns(shards: Shards, old: ShardTable, graphs: ReleaseGraphs) -> TableColumns:
    new = [one.placed.shard for one in shards if isinstance(one, NewShard)]
    names = {name for shard in new for name in shard.pieces}
    columns = TableColumns(names | (old.columns.keys() if graphs.is_alike else set()), old)
    for one in shards:
        if isinstance(one, OldShards):
            columns.extend(one.start, one.end)
        else:
            last = None if one is shards[-1] else one.graphs[-1]
            columns.append(one.placed.shard, last, len(graphs.rows(one.graphs)))
    return columns


def _gone(shards: Shards, old: PreviousShards) -> tuple[PlacedShard, ...]:
    """The shards of the release before that the new one does not have."""
    numbers = set(range(len(old.table)))
    for one in shards:
        if isinstance(one, OldShards):
            numbers.difference_update(range(one.start, one.end))
    return tuple(old.placed(number) for number in sorted(numbers))


def _totals(
    shards: Shards, gone: Iterable[PlacedShard], table: ShardTable
) -> tuple[StatisticsTotals, Mapping[Text, int]]:
    """The sums of the statistics of all shards, and the number of shards with texts in each field and language."""
    statistics, texts = table.statistics.copy(), Counter(table.texts)
    come = (one.placed for one in shards if isinstance(one, NewShard))
    for sign, many in ((1, come), (-1, gone)):
        for one in many:
            statistics.add(one.shard.sums.statistics, sign)
            texts.update(dict.fromkeys(one.shard.sums.texts, sign))
    return statistics, +texts


@dataclass(frozen=True, slots=True)
class _Remade:
    """A shard whose table of projects is made anew, since its columns are others."""

    graphs: tuple[str, ...]
    sources: Mapping[str, PieceSource]
    fingerprint: str
    replaced: int | None

    def job(self, graphs: ReleaseGraphs, form: TableForm, output: Path) -> ShardJob:
        sources = GraphSources(self.graphs, graphs.new_file, {}, (self.sources,), is_copied=True)
        return ShardJob(self.fingerprint, sources, graphs.base, form, output)


def _with_columns(
    shards: Shards, form: TableForm, guessed: TableForm, old: PreviousShards, known: ReleaseGraphTable
) -> Iterator[OldShards | NewShard | _Remade]:
    """The shards, of which those of records are made anew whose table of projects has other columns.

    Args:
        shards: The shards.
        form: The columns.
        guessed: The columns that new shards were made with.
        old: The shards of the release before.
        known: Their graphs.
    """
    is_new_stale, is_old_stale = (one != headings(form) for one in (headings(guessed), old.columns))
    for one in shards:
        if isinstance(one, OldShards):
            common = max(one.start, min(one.end, len(old.table.last)))  # the number of the shard that is not of records
            yield from _remade_old(one.start, common, old, known) if is_old_stale else ()
            start = common if is_old_stale else one.start
            if start < one.end:
                yield OldShards(start, one.end)
        elif is_new_stale and one is not shards[-1]:
            yield _Remade(one.graphs, one.placed.sources, one.placed.shard.fingerprint, one.replaced)
        else:
            yield one


def _remade_old(start: int, end: int, old: PreviousShards, known: ReleaseGraphTable) -> Iterator[_Remade]:
    for number in range(start, end):
        graphs = tuple(sorted(known.section(number)))
        yield _Remade(graphs, old.sources_of(number), old.table.fingerprints[number], number)


def headings(form: TableForm) -> str:
    """The headings of the table of projects in one line."""
    return "\t".join(form.header)
