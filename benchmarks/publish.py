"""Publish generated records, publish ten changed ones, and say what both took; `--against` measures another iomld too.

Time by the clock, processor time of all processes, and the largest sum of their memory (PSS, sampled).
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from generate import write_changed_records, write_hard_records, write_records
from measured import measured, size_bytes


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--processes", type=int, action="append", help="how many; can be repeated (default: 1 and 2)")
    parser.add_argument("--against", type=Path, help="the command iomld of another version")
    parser.add_argument(
        "--cluster", help="the address of a Spark master; processors are those of this machine's driver"
    )
    parser.add_argument("--hard", action="store_true", help="hard records, and nothing changed afterwards")
    parser.add_argument("--folder", type=Path, help="where to put records and releases")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        sources = _hard_sources(folder, arguments.records) if arguments.hard else _sources(folder, arguments.records)
        ours = Path(sys.executable).with_name("iomld")
        print("| what | clock, s | processors, s | memory, MiB |\n|---|---|---|---|", flush=True)
        commands = list(_commands(ours, arguments.against, arguments.processes or [1, 2]))
        if arguments.cluster:
            commands.append(("cluster", ours, ["--cluster", arguments.cluster]))
        for title, command, options in commands:
            to = folder / title.replace(" ", "-")
            for what, source in sources.items():
                figures = measured([str(command), "publish", str(source), "--to", str(to), *options])
                print(figures.row(f"{title}: {what}"), flush=True)
            print(f"| {title}: the release on disk, MiB | | | {size_bytes(to / 'current') / 2**20:.0f} |", flush=True)


def _commands(ours: Path, other: Path | None, processes: Sequence[int]) -> Iterator[tuple[str, Path, list[str]]]:
    if other:
        yield "before", other, []
    for number in processes:
        yield f"{number} processes", ours, ["--processes", str(number)]


def _hard_sources(folder: Path, count: int) -> dict[str, Path]:
    """Records with faults and in places that make their order matter."""
    write_hard_records(folder / "hard", count)
    return {f"all {count:,}, hard": folder / "hard"}


def _sources(folder: Path, count: int) -> dict[str, Path]:
    """All records, ten of them changed here and there, and ten changed that follow each other."""
    paths = [folder / name / "records.jsonl" for name in ("whole", "scattered", "neighbours")]
    write_records(paths[0], count)
    write_changed_records(count, *paths[1:])
    titles = (f"all {count:,}", "ten changed, scattered", "ten changed, neighbours")
    return dict(zip(titles, paths, strict=True))


if __name__ == "__main__":
    main()
