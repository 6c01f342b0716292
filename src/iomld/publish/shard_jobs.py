"""The jobs of a publish that make the pieces of shards, from their graphs or from those of the release before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from iomld.export.contributions import GraphContents, joined_contents, split_contents
from iomld.export.shard_files import GraphLines, common_contents, graph_contents, with_columns
from iomld.export.tables import TableForm
from iomld.pipeline.stages import Pipeline
from iomld.release import FILES
from iomld.release.nquads import graph_of
from iomld.release.pieces import compressed
from iomld.release.shards.assembly import PieceSource, PlacedShard
from iomld.release.shards.planning import LinesPlace
from iomld.release.shards.sums import Shard, ShardSums


@dataclass(frozen=True, slots=True)
class ShardGraphs:
    """The graphs of a shard.

    Attributes:
        graphs: Their IRIs, sorted.
        new: The lines of new and changed graphs.
        old: What the shards that have the other graphs, and perhaps more, have in each file.
        is_copied: Whether these contributions would be made alike today, but for the columns of tables.
        has_columns: Whether the table of projects has its columns.
    """

    graphs: tuple[str, ...]
    new: Mapping[str, bytes]
    old: tuple[Mapping[str, bytes], ...] = ()
    is_copied: bool = False
    has_columns: bool = False

    def lines(self) -> Iterator[GraphLines]:
        """The graphs with their lines, in their order."""
        wanted = {graph.encode(): graph for graph in self.graphs if graph not in self.new}
        kept: dict[str, list[bytes]] = {graph: [] for graph in wanted.values()}
        for files in self.old if wanted else ():
            for name, lines in groupby(files[FILES.dataset].splitlines(keepends=True), key=graph_of):
                if name in wanted:
                    kept[wanted[name]].extend(lines)
        for graph in self.graphs:
            yield graph, sorted(kept[graph]) if graph in kept else self.new[graph].splitlines(keepends=True)

    def contributions(self, base: str, form: TableForm) -> Iterator[GraphContents]:
        """What the graphs, which are of records, contribute.

        Args:
            base: The data base of the IRIs.
            form: The columns of the table of projects.
        """
        if not self.is_copied:
            yield from (graph_contents(graph, lines, base, form) for graph, lines in self.lines())
            return
        copied = {one.graph: one for files in self.old for one in split_contents(files)}
        for graph in self.graphs:
            if graph in self.new:
                yield graph_contents(graph, self.new[graph].splitlines(keepends=True), base, form)
            else:
                yield copied[graph] if self.has_columns else with_columns(copied[graph], base, form)


@dataclass(frozen=True, slots=True)
class GraphSources:
    """Where the lines and contributions of the graphs of a shard are.

    Attributes:
        graphs: The graphs, sorted.
        new_file: The file with the lines of new and changed graphs.
        new: Their places in it.
        old: The pieces of the shards that have the other graphs, and perhaps more, by file.
        is_copied: Whether these contributions would be made alike today, but for the columns of tables.
        has_columns: Whether the table of projects has its columns.
    """

    graphs: tuple[str, ...]
    new_file: Path
    new: Mapping[str, LinesPlace]
    old: tuple[Mapping[str, PieceSource], ...] = ()
    is_copied: bool = False
    has_columns: bool = False

    def read(self) -> ShardGraphs:
        """The graphs; of old ones only the dataset, if nothing else of them is copied."""
        new: dict[str, bytes] = {}
        with self.new_file.open("rb") as file:
            for graph, place in self.new.items():
                file.seek(place.offset)
                new[graph] = file.read(place.length)
        is_all_new = len(new) == len(self.graphs)
        old = tuple(
            {name: source.content() for name, source in pieces.items() if self.is_copied or name == FILES.dataset}
            for pieces in (() if is_all_new else self.old)
        )
        return ShardGraphs(self.graphs, new, old, self.is_copied, self.has_columns)


@dataclass(frozen=True, slots=True)
class MadeShard:
    """A shard and its pieces, one after the other in the order of the names of their files."""

    shard: Shard
    data: bytes


@dataclass(frozen=True, slots=True)
class PiecesJob:
    """Make the pieces of a shard from its graphs, in memory.

    Attributes:
        fingerprint: The hash of its graphs.
        graphs: Its graphs.
        base: The data base of the IRIs.
        form: The columns of the table of projects.
        included: As in `ShardJob`.
    """

    fingerprint: str
    graphs: ShardGraphs
    base: str
    form: TableForm
    included: tuple[str, ...] | None = None

    @property
    def records(self) -> int:
        """How many records it is about."""
        return len(self.graphs.graphs)

    def run(self, pipeline: Pipeline | None = None) -> MadeShard:
        """Make the pieces."""
        del pipeline
        if self.included is None:
            contents = joined_contents(self.graphs.contributions(self.base, self.form), self.base)
        else:
            contents = common_contents(self.graphs.lines(), self.base, self.included)
        sums = ShardSums(contents.statistics, contents.texts, contents.shared)
        files = {**contents.files, FILES.statistics: sums.to_line()}
        made = {name: compressed(content) for name, content in sorted(files.items())}
        pieces = {name: piece for name, (_, piece) in made.items()}
        return MadeShard(Shard(self.fingerprint, pieces, sums), b"".join(data for data, _ in made.values()))


@dataclass(frozen=True, slots=True)
class ShardJob:
    """Make the pieces of a shard and write them to a file.

    Attributes:
        fingerprint: The hash of its graphs.
        sources: Its graphs.
        base: The data base of the IRIs.
        form: The columns of the table of projects.
        output: The file to write the pieces to.
        included: Of a shard with graphs that are not of records: those among them that are not our own; else None.
    """

    fingerprint: str
    sources: GraphSources
    base: str
    form: TableForm
    output: Path
    included: tuple[str, ...] | None = None

    @property
    def records(self) -> int:
        """How many records it is about."""
        return len(self.sources.graphs)

    def run(self, pipeline: Pipeline | None = None) -> PlacedShard:
        """Read the graphs, make the pieces and write them."""
        return self.placed(self.pieces_job().run(pipeline))

    def pieces_job(self) -> PiecesJob:
        """The part of the job that needs no file."""
        return PiecesJob(self.fingerprint, self.sources.read(), self.base, self.form, self.included)

    def placed(self, made: MadeShard) -> PlacedShard:
        """Write the pieces that its part made."""
        self.output.write_bytes(made.data)
        sources: dict[str, PieceSource] = {}
        offset = 0
        for name, piece in made.shard.pieces.items():
            sources[name] = PieceSource(self.output, offset, piece)
            offset += piece.length
        return PlacedShard(made.shard, sources)
