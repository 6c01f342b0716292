"""Publish a million generated records, serve them, and publish ten changed ones; say what each step takes.

What is in the folder already is not made again, so a run that was stopped goes on with the step that it was at. A
publish that was stopped begins anew. A million records take about 40 GB.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from generate import numbered_records, write_changed_records, write_records  # the folder of this script is on the path
from measured import measured, size_bytes
from pages import page_rows
from run import load, machine, served
from serve import children, memory

_CODES = 1000
_PARTS = ("store", "projects.sqlite", "by-region", "by-class")


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="how many (default: 1000000)")
    parser.add_argument("--processes", type=int, default=2, help="how many work on a publish (default: 2)")
    parser.add_argument("--seconds", type=int, default=20, help="length of each run of lookups (default: 20)")
    parser.add_argument("--folder", type=Path, required=True, help="where to put records and releases, which stay")
    options = parser.parse_args()
    print(machine(), flush=True)
    source, datadir = options.folder / "records" / "records.jsonl", options.folder / "data"
    for row in published(source, datadir, options.records, options.processes):
        print(row, flush=True)
    for row in answered(datadir, options.records, options.seconds):
        print(row, flush=True)
    for row in changed(options.folder, datadir, options.records, options.processes):
        print(row, flush=True)


def published(source: Path, datadir: Path, count: int, processes: int) -> Iterator[str]:
    """Generate the records and publish them."""
    yield from ("\n## Publish\n", "| what | clock, s | processors, s | memory, MiB |", "|---|---|---|---|")
    if not source.exists():
        clock, processor = time.monotonic(), time.process_time()
        written = source.with_name("unfinished")
        write_records(written, count)
        written.rename(source)
        clock, processor = time.monotonic() - clock, time.process_time() - processor
        yield f"| generate {count:,} | {clock:.1f} | {processor:.1f} | |"
    if not (datadir / "current").exists():
        figures = measured(publish_command(source, datadir, processes), disk=source.parent)
        yield figures.row(f"publish {count:,}")
        yield from (f"| {phase} begins at | {begun:.1f} | | |" for phase, begun in figures.phases.items())
    release = datadir / "current"
    yield from ("\n| on disk | MiB |", "|---|---|", f"| the release | {size_bytes(release) / 2**20:,.0f} |")
    yield from (f"| {part} | {size_bytes(release / part) / 2**20:,.0f} |" for part in _PARTS)


def publish_command(source: Path, datadir: Path, processes: int) -> list[str]:
    """The command that publishes a file."""
    iomld = Path(sys.executable).with_name("iomld")
    return [str(iomld), "publish", str(source), "--to", str(datadir), "--processes", str(processes)]


def answered(datadir: Path, count: int, seconds: int) -> Iterator[str]:
    """Serve the release: the start, each page, and lookups of projects anywhere in it."""
    chosen = random.Random(2).sample(range(count), min(_CODES, count))
    codes = [str(record["projectCode"]) for record in numbered_records(chosen)]
    begun = time.monotonic()
    with served(datadir) as address:
        yield f"\n## Serve\n\nThe server listens after {time.monotonic() - begun:.1f} s.\n"
        yield from ("| page | first, ms | median, ms | longest, ms |", "|---|---|---|---|")
        for path, *times in page_rows(address, codes[0]):
            yield f"| `{path}` | {' | '.join(f'{one:.1f}' for one in times)} |"
        yield f"\nMemory of server and workers after all pages, MB: {memory(children(os.getpid())[-1])}"
        yield from ("\n| lookups, 8 connections | a second | p50, ms | p99, ms |", "|---|---|---|---|")
        for what, *choice in (("each project for the first time, then again", "--vary"), ("one query again",)):
            found = load(address, codes, "--seconds", str(seconds), *choice)
            yield f"| {what} | {found['per_second']:.0f} | {found['p50_ms']:.2f} | {found['p99_ms']:.2f} |"


def changed(folder: Path, datadir: Path, count: int, processes: int) -> Iterator[str]:
    """Publish ten changed records, scattered and neighbours, each on top of what is there."""
    yield from ("\n## Ten changed\n", "| what | clock, s | processors, s | memory, MiB |", "|---|---|---|---|")
    sources = [folder / name / "records.jsonl" for name in ("scattered", "neighbours")]
    write_changed_records(count, *sources)
    for source in sources:
        yield measured(publish_command(source, datadir, processes), disk=folder).row(f"ten {source.parent.name}")


if __name__ == "__main__":
    main()
