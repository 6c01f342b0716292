"""Real processes for tests: `iomld serve` on a free port, how to end it, and how it is seen from outside."""

import ctypes
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import forked_workers
from tests.commands import PATIENT, PROGRAM, ForkedProcess, start_iomld

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_ENDING_S = 60  # a server has 3 seconds for requests under way; the rest is for a busy machine


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        process: The process of `iomld serve`.
        address: Its address, without a slash at the end.
    """

    process: ForkedProcess | subprocess.Popen[str]
    address: str

    def descendants(self) -> list[int]:
        """Process ids of its workers, and of theirs."""
        return _descendants(self.process.pid)

    def connected(self) -> socket.socket:
        """A connection to it."""
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        return socket.create_connection((host, int(port)), timeout=60)


def start(command: Sequence[str | Path], *, hears_interrupt: bool = True, **variables: str) -> subprocess.Popen[str]:
    """Start a program that does not depend on how the tests were started.

    It reads nothing, its settings are those that are given here, and it ends when the tests do, however these end.

    Args:
        command: The program and its arguments.
        hears_interrupt: Whether SIGINT ends it. A shell that starts tests in the background has them, and so what they
            start, ignore SIGINT.
        variables: What is added to the environment.
    """

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL if hears_interrupt else signal.SIG_IGN)

    environment = {name: value for name, value in os.environ.items() if not name.startswith("IOMLD_")}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=environment | PATIENT | variables | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=prepare,  # noqa: PLW1509  # nothing else sets the signals of a child; it takes no lock
    )


@contextmanager
def serve(
    datadir: Path, *options: str, hears_interrupt: bool = True, is_forked: bool = True, **variables: str
) -> Iterator[Server]:
    """Run `iomld serve` until the block ends; it is stopped by SIGTERM and must end by itself.

    Args:
        datadir: The folder whose release it serves.
        options: Further options of the command.
        hears_interrupt: Whether SIGINT ends it.
        is_forked: Whether it finds the program imported already, which saves most of its start.
        variables: What is added to its environment.
    """
    arguments = ("serve", "--from", datadir, "--port", "0", *options)
    process = (
        start_iomld(*arguments, hears_interrupt=hears_interrupt, **variables)
        if is_forked
        else start([PROGRAM, *arguments], hears_interrupt=hears_interrupt, **variables)
    )
    with running(process) as server:
        yield server


@contextmanager
def running(process: ForkedProcess | subprocess.Popen[str]) -> Iterator[Server]:
    """A server that was started, until the block ends."""
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"http://\S+:\d+", line)
        assert match, line
        yield Server(process, match.group())
    finally:
        try:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(_ENDING_S)
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text().rpartition(")")
        except OSError:
            continue  # it ended while we looked
        if not name.endswith(f"({forked_workers.HELPER}"):
            children.setdefault(int(rest.split()[1]), []).append(int(status.parent.name))
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found
