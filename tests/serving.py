"""A real server process for tests: `iomld serve` on a free port, and how to end it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        process: The process of `iomld serve`.
        address: Its address, without a slash at the end.
    """

    process: subprocess.Popen[str]
    address: str

    def descendants(self) -> list[int]:
        """Process ids of its workers, and of theirs."""
        return _descendants(self.process.pid)


@contextmanager
def serve(datadir: Path, **variables: str) -> Iterator[Server]:
    """Run `iomld serve` until the block ends; it is stopped by SIGTERM and must end by itself."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IOMLD_")}
    process = subprocess.Popen(
        [Path(sys.executable).parent / "iomld", "serve", "--from", datadir, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment | variables | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"http://\S+:\d+", line)
        assert match, line
        yield Server(process, match.group())
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)
        if process.stdout:
            process.stdout.close()


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found
