"""Publish generated records, publish ten changed ones, and say what both took; `--against` measures another iomld too.

Time by the clock, processor time of all processes, and the largest sum of their memory (PSS, sampled).
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generate import generated_records, write_hard_records

_SAMPLE_S = 0.2


@dataclass(frozen=True, slots=True)
class Figures:
    """What a command took: seconds by the clock, seconds of processors, and bytes of memory at most."""

    clock_s: float
    processor_s: float
    memory_bytes: int

    def row(self, what: str) -> str:
        """A row of the table."""
        return f"| {what} | {self.clock_s:.1f} | {self.processor_s:.1f} | {self.memory_bytes / 2**20:.0f} |"


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
                figures = _measured([str(command), "publish", str(source), "--to", str(to), *options])
                print(figures.row(f"{title}: {what}"), flush=True)
            size = sum(file.stat().st_size for file in (to / "current").rglob("*") if file.is_file())
            print(f"| {title}: the release on disk, MiB | | | {size / 2**20:.0f} |", flush=True)


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
    found = list(generated_records(count))
    changing = random.Random(1).sample(range(count), 10)
    names = {"whole": found}
    names["scattered"] = [found[number] | {"title": {"en": f"Changed {number}"}} for number in changing]
    start = count // 2
    names["neighbours"] = [one | {"title": {"en": f"Beside {n}"}} for n, one in enumerate(found[start : start + 10])]
    paths: list[Path] = []
    for name, some in names.items():
        paths.append(folder / name / "records.jsonl")
        paths[-1].parent.mkdir()
        with paths[-1].open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(one, ensure_ascii=False)}\n" for one in some)
    titles = (f"all {count:,}", "ten changed, scattered", "ten changed, neighbours")
    return dict(zip(titles, paths, strict=True))


def _measured(command: Sequence[str]) -> Figures:
    """Run a command; refused records (exit status 1) are no failure."""
    before, begun, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        while process.poll() is None:
            peak = max(peak, sum(map(_memory, _family(process.pid))))
            time.sleep(_SAMPLE_S)
        if process.returncode not in {0, 1}:
            output.seek(0)
            raise SystemExit(output.read().decode(errors="replace")[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figures(time.monotonic() - begun, processor_s, peak)


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        threads = [child for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(pid, task.name)]
    except OSError:
        return
    for child in {*map(int, children), *threads}:
        yield from _family(child)


def _children(pid: int, task: str) -> list[int]:
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split()))
    except OSError:
        return []


def _memory(pid: int) -> int:
    """The memory of a process, with its share of what it has in common with others."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
