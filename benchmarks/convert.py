"""Measure conversion on one core: `iomld convert` as it is run, beside graphs of rdflib made of the same records.

Everything is measured in one run on the same generated records; compare only what stands in one table. The command's
figures hold its start (about a second), reading, linking and evidence. rdflib is asked for a sample only, since it
takes milliseconds for each record: once alone, with the finished statements for nothing, and once after our reading and
linking, as in a program that differs from ours in the graph only. Rates are by processor time, so that other processes
on the machine count less; the time by the clock stands beside them.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from generate import generated_lines
from rdflib import Graph
from rdflib.term import Node
from run import machine

from iomld.assets import load_vocabulary
from iomld.link.frameworks import FrameworkMatcher, build_matcher
from iomld.model import Text
from iomld.pipeline.conversion import Choices, Outcome, converted, linked
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.read import read_file

_IOMLD = Path(sys.executable).parent / "iomld"
_SAMPLE = 500  # records for rdflib and the matcher
_ROUNDS = 3  # of the short measurements; the best counts, since other processes only slow us down
_PATIENCE_S = 600

_Triple: TypeAlias = tuple[Node, Node, Node]


@dataclass(frozen=True, slots=True)
class _Run:
    """What one run of the command took.

    Attributes:
        wall_s: Seconds by the clock, from start to exit.
        cpu_s: Seconds of processor time, user and system.
        peak_mb: Peak of resident memory.
        triples: Lines written.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    triples: int


def run_convert(source: Path, format_name: str, output: Path, *, core: int) -> _Run:
    """Run the command alone on one core; stopped after ten minutes of processor time."""

    def pin() -> None:
        os.sched_setaffinity(0, {core})
        resource.setrlimit(resource.RLIMIT_CPU, (_PATIENCE_S, _PATIENCE_S))

    with output.open("wb") as written:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [_IOMLD, "convert", source, "--format", format_name],
            stdout=written,
            preexec_fn=pin,  # noqa: PLW1509  # there are no threads in this process
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"iomld convert ended with {process.returncode}")
    with output.open("rb") as lines:
        triples = sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(1 << 20), b""))
    return _Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, triples)


def best_seconds(work: Callable[[], object]) -> float:
    """The shortest of a few runs, in seconds of processor time."""
    times = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def statements(outcomes: Sequence[Outcome]) -> list[list[_Triple]]:
    """The triples of each graph as terms of rdflib."""
    return [
        list(Graph().parse(data="\n".join(f"{quad.triple} ." for quad in outcome.quads), format="nt"))
        for outcome in outcomes
    ]


def with_rdflib(graphs: Sequence[Sequence[_Triple]], format_name: str) -> int:
    """Build one graph a record and serialize it; gives the characters written."""
    size = 0
    for triples in graphs:
        graph = Graph()
        for triple in triples:
            graph.add(triple)
        size += len(graph.serialize(format=format_name))
    return size


def matched(texts: Sequence[Text], matcher: FrameworkMatcher) -> int:
    """Search all texts; gives the number of matches."""
    return sum(1 for text in texts for _ in matcher.matches(text.value, text.language))


def rows(count: int, folder: Path) -> Iterator[tuple[str, ...]]:
    """What was measured and the figures, one after the other."""
    source, output = folder / "records.jsonl", folder / "output"
    with source.open("wb") as file:
        file.writelines(generated_lines(count))
    core = max(os.sched_getaffinity(0))
    for format_name in ("ntriples", "nquads"):
        run = run_convert(source, format_name, output, core=core)
        what = f"`iomld convert --format {format_name}`, {count} records, whole command"
        yield (*_row(what, count, run.triples, run.cpu_s), f"{run.wall_s:.1f} s", f"{run.peak_mb:.0f} MB")
    sample = min(count, _SAMPLE)
    pipeline = load_pipeline(Choices())
    read_and_linked_s = best_seconds(partial(read_and_linked, source, sample, pipeline))
    outcomes = [
        converted((record,), pipeline.linker, pipeline.publication) for record in islice(read_file(source), sample)
    ]
    yield from rdflib_rows(statements(outcomes), read_and_linked_s)
    texts = [text for outcome in outcomes for text in outcome.project.narratives]
    matcher = build_matcher(load_vocabulary())
    size_mb = sum(len(text.value.encode()) for text in texts) / 1e6
    speed = size_mb / best_seconds(partial(matched, texts, matcher))
    yield f"framework matcher alone, {len(texts)} narratives: {speed:.1f} MB/s", "", "", "", ""


def rdflib_rows(graphs: Sequence[Sequence[_Triple]], read_and_linked_s: float) -> Iterator[tuple[str, ...]]:
    """The same triples through rdflib, alone and as the end of our own pipeline."""
    triples = sum(map(len, graphs))
    for format_name, name in (("nt", "N-Triples"), ("turtle", "Turtle")):
        seconds = best_seconds(partial(with_rdflib, graphs, format_name))
        what = f"rdflib: graph and {name} alone, {len(graphs)} of these records"
        yield (*_row(what, len(graphs), triples, seconds), "", "")
        what = f"our reading and linking, then graph and {name} of rdflib, the same records"
        yield (*_row(what, len(graphs), triples, read_and_linked_s + seconds), "", "")


def read_and_linked(source: Path, count: int, pipeline: Pipeline) -> int:
    """The first records, up to what is converted; gives the number of their mentions."""
    records = islice(read_file(source), count)
    return sum(len(linked((record,), pipeline.linker).project.mentions) for record in records)


def _row(what: str, records: int, triples: int, cpu_s: float) -> tuple[str, str, str]:
    return what, f"{records / cpu_s:,.0f}", f"{triples / cpu_s:,.0f}"


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, help="1 to 200000 (default: 20000)")
    count = min(max(parser.parse_args().records, 1), 200_000)
    print(
        f"{machine()}\n\n| what | records/s | triples/s | by the clock | peak memory |\n|---|---|---|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="iomld-bench-") as folder:
        for row in rows(count, Path(folder)):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
