"""The statistics of a dataset, in which each triple and subject counts once.

Records that come from the same bytes share the description of their source, and included graphs may describe projects.
The table of shards says which subjects are in several graphs, and whether they say the same of them; what is said is
read in one graph of all that say it.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, chain, groupby

from iomld.iris import Iris
from iomld.release.folder import FILES
from iomld.release.nquads import graph_of, without_graph
from iomld.release.shards.assembly import PlacedShard
from iomld.release.shards.sums import description_hash, subject_hash
from iomld.release.shards.table import TableColumns
from iomld.release.statistics import Statistics, StatisticsCount, StatisticsTotals


@dataclass(frozen=True, slots=True)
class CountedShards:
    """The shards of a release as far as their statistics need them.

    Attributes:
        statistics: The sums of their statistics.
        columns: Their table.
        placed: Gives a shard by its number.
    """

    statistics: StatisticsTotals
    columns: TableColumns
    placed: Callable[[int], PlacedShard]


@dataclass(slots=True)
class _Repeated:
    """A subject that is in several graphs.

    Attributes:
        counts: In how many graphs it has a description.
        lines: These descriptions.
    """

    counts: Counter[int] = field(default_factory=Counter)
    lines: dict[int, list[bytes]] = field(default_factory=dict)


def dataset_statistics(made: CountedShards, base: str) -> Statistics:
    """The statistics of a dataset.

    Args:
        made: The shards.
        base: The data base of the IRIs.
    """
    totals = made.statistics.copy()
    for one in _repeated(made, Iris(base)):
        for description, count in one.counts.items():
            totals.correct(_counted(one.lines[description], base), -count)
        totals.correct(_counted(sorted(chain.from_iterable(one.lines.values())), base), 1)
    return totals.result()


def _repeated(made: CountedShards, iris: Iris) -> Iterable[_Repeated]:
    """The subjects that are in several graphs."""
    described = _described_elsewhere(made, iris)
    found = _in_table(made, described.keys())
    for subject, number in described.items():
        for hashed, description, lines in _descriptions(made.placed(number), is_common=False):
            if hashed == subject:
                found[subject].counts[description] += 1
                found[subject].lines.setdefault(description, lines)
    return found.values()


def _in_table(made: CountedShards, others: Collection[int]) -> Mapping[int, _Repeated]:
    """The subjects that the table has several times, and others, by their hashes."""
    columns, found = made.columns, defaultdict[int, _Repeated](_Repeated)
    many = {subject for subject, count in Counter(columns.shared).items() if count > 1}.union(others)
    ends = list(accumulate(columns.shared_counts, initial=0))
    wanted: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
    for place, pair in enumerate(zip(columns.shared, columns.descriptions, strict=True)) if many else ():
        subject, description = pair
        if subject in many:
            if description not in found[subject].counts:
                wanted[bisect_right(ends, place) - 1].add(pair)
            found[subject].counts[description] += 1
    for number, pairs in wanted.items():
        for subject, description, lines in _descriptions(made.placed(number), is_common=number == len(ends) - 2):
            if (subject, description) in pairs:
                found[subject].lines[description] = lines
    return found


def _described_elsewhere(made: CountedShards, iris: Iris) -> Mapping[int, int]:
    """The number of the shard of the record that each subject belongs to which an included graph describes.

    The table does not name the subjects that belong to one record only. There may be no such record.
    """
    last, found = made.columns.last, dict[int, int]()
    for subject, _ in made.placed(len(made.columns.fingerprints) - 1).shard.sums.shared:
        for start in (iris.project(""), iris.record("")):
            if subject.startswith(start):
                key = subject.removeprefix(start).partition("#")[0].partition("/")[0]
                number = bisect_left(last, iris.record("") + key)
                if number < len(last):
                    found[subject_hash(subject)] = number
    return found


def _descriptions(shard: PlacedShard, *, is_common: bool) -> Iterator[tuple[int, int, list[bytes]]]:
    """What each graph of a shard says of each subject: the hashes of both, and the lines; all common graphs as one."""
    lines = shard.sources[FILES.dataset].content().splitlines(keepends=True)
    graphs: Iterable[Iterable[bytes]] = [lines] if is_common else (many for _, many in groupby(lines, key=graph_of))
    for graph in graphs:
        for subject, said in groupby(graph, key=lambda line: line[: line.index(b" ")]):
            about = list(said)
            yield subject_hash(subject[1:-1].decode()), description_hash(map(without_graph, about)), about


def _counted(lines: Iterable[bytes], base: str) -> Statistics:
    counted = StatisticsCount(base)
    for line in lines:
        counted.add(line)
    return counted.result()
