"""What the graphs of records contribute to files, put together as the contents of a shard and taken apart again.

Making the contribution of a graph takes milliseconds, copying it microseconds. So the contents of a shard say how long
each contribution is, and when a graph of the shard changes, those of the others are copied.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from iomld.release import FILES
from iomld.release.shards.sums import SharedSubject
from iomld.release.statistics import Statistics, StatisticsCount

JSONLD_SEPARATOR = b",\n"


@dataclass(frozen=True, slots=True)
class GraphContents:
    """What the graph of a record contributes.

    Attributes:
        graph: Its IRI.
        files: The content for each file, by its name; none is empty.
        texts: The fields and languages of its texts.
        shared: Those of its subjects that other graphs may have too.
    """

    graph: str
    files: Mapping[str, bytes]
    texts: frozenset[tuple[str, str]]
    shared: tuple[SharedSubject, ...]


@dataclass(frozen=True, slots=True)
class ShardContents:
    """What the graphs of a shard contribute.

    Attributes:
        files: The content for each file, by its name.
        statistics: The statistics of the graphs.
        texts: The fields and languages of their texts.
        shared: Subjects that other graphs may have too; one that several of these graphs have is there several times.
    """

    files: Mapping[str, bytes]
    statistics: Statistics
    texts: frozenset[tuple[str, str]]
    shared: tuple[SharedSubject, ...]


def separator(file: str) -> bytes:
    """What a file has between two contributions: nodes of JSON-LD are separated, everything else follows on."""
    return JSONLD_SEPARATOR if file.endswith(".jsonld.gz") else b""


def joined_contents(graphs: Iterable[GraphContents], base: str) -> ShardContents:
    """The contents of a shard of records.

    Args:
        graphs: The contributions of its graphs, in their order.
        base: The data base of the IRIs.
    """
    counted, files = StatisticsCount(base), defaultdict[str, list[bytes]](list)
    texts: set[tuple[str, str]] = set()
    shared: list[SharedSubject] = []
    for one in graphs:
        counted.begin_graph()
        for line in one.files[FILES.dataset].splitlines(keepends=True):
            counted.add(line)
        for name, content in one.files.items():
            files[name].append(content)
        files[FILES.contributions].append(_json_line(one))
        texts |= one.texts
        shared += one.shared
    joined = {name: separator(name).join(parts) for name, parts in files.items()}
    return ShardContents(joined, counted.result(), frozenset(texts), tuple(shared))


def split_contents(files: Mapping[str, bytes]) -> Iterator[GraphContents]:
    """The contributions of the graphs of a shard, which `joined_contents` put together.

    Args:
        files: The content of the shard for each file.
    """
    ends: defaultdict[str, int] = defaultdict(int)
    for line in files[FILES.contributions].splitlines():
        values = json.loads(line)
        own: dict[str, bytes] = {}
        for name, length in values["lengths"].items():
            start = ends[name]
            own[name] = files[name][start : start + length]
            ends[name] = start + length + len(separator(name))
        texts = frozenset((field, language) for field, language in values["texts"])
        shared = tuple(SharedSubject(iri, description) for iri, description in values["shared"])
        yield GraphContents(values["graph"], own, texts, shared)


def _json_line(one: GraphContents) -> bytes:
    values = {
        "graph": one.graph,
        "lengths": {name: len(content) for name, content in sorted(one.files.items())},
        "texts": sorted(one.texts),
        "shared": one.shared,
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
