"""What a command and its processes take: time by the clock and of processors, memory, and when its phases began."""

import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SAMPLE_S = 0.2
_LEAST_FREE_BYTES = 10 << 30  # others need the disk too
_PHASE = re.compile(rb"\[(\d/\d)\] (\w+)")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a command took.

    Attributes:
        clock_s: Seconds by the clock.
        processor_s: Seconds of processors.
        memory_bytes: The largest sum of the memory (PSS) of its processes, sampled.
        phases: When each phase began, in seconds by the clock, by the name that the command gives it.
    """

    clock_s: float
    processor_s: float
    memory_bytes: int
    phases: dict[str, float]

    def row(self, what: str) -> str:
        """A row of the table."""
        return f"| {what} | {self.clock_s:.1f} | {self.processor_s:.1f} | {self.memory_bytes / 2**20:.0f} |"


def measured(command: Sequence[str], *, disk: Path | None = None) -> Figures:
    """Run a command of iomld; refused records (exit status 1) are no failure.

    Args:
        command: The command.
        disk: A folder on the disk that it fills; it is stopped when less than 10 GB are free.
    """
    before, begun, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0
    phases: dict[str, float] = {}
    # An installed iomld has bytecode; without it, each process compiles all modules, which takes a quarter of a second.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        while process.poll() is None:
            peak = max(peak, sum(map(_memory, _family(process.pid))))
            for phase in _phases(output):
                phases.setdefault(phase, time.monotonic() - begun)
            if disk and shutil.disk_usage(disk).free < _LEAST_FREE_BYTES:
                process.terminate()
                process.wait()
                raise SystemExit(f"{disk}: less than 10 GB are free, so the command was stopped. Choose another disk.")
            time.sleep(_SAMPLE_S)
        if process.returncode not in {0, 1}:
            output.seek(0)
            raise SystemExit(output.read().decode(errors="replace")[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figures(time.monotonic() - begun, processor_s, peak, phases)


def size_bytes(path: Path) -> int:
    """The length of a file, or of all files in a folder."""
    return path.stat().st_size if path.is_file() else sum(size_bytes(one) for one in path.iterdir())


def _phases(output: BinaryIO) -> Iterator[str]:
    """The phases that the command has named so far; the process writes where it left off, whatever is read here."""
    descriptor = Path(f"/proc/self/fd/{output.fileno()}")
    with descriptor.open("rb") as written:
        for number, name in _PHASE.findall(written.read()):
            yield f"{number.decode()} {name.decode()}"


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    try:
        children = {child for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(pid, task.name)}
    except OSError:
        return
    for child in children:
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
