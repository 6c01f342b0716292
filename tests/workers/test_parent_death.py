"""Workers never outlive the process that started them, however it ends."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.serving import start

pytestmark = pytest.mark.server

PARENT = Path(__file__).with_name("lonely_parent.py")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
@pytest.mark.usefixtures("spec")
def test_no_worker_outlives_its_parent(
    number: signal.Signals, children: Callable[[int], list[int]], until: Callable[[Callable[[], bool]], None]
) -> None:
    """A parent that is ended in any way takes idle and busy workers with it."""
    with start([sys.executable, PARENT]) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        workers = children(parent.pid)
        assert len(workers) >= 3
        parent.send_signal(number)
        parent.wait()
        until(lambda: not any(_lives(pid) for pid in workers))


@pytest.mark.usefixtures("spec")
def test_workers_are_in_groups_of_their_own(children: Callable[[int], list[int]]) -> None:
    """Ctrl-C in the parent's terminal goes to its process group, in which the workers are not."""
    with start([sys.executable, PARENT]) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        workers = children(parent.pid)
        groups = [os.getpgid(pid) for pid in (parent.pid, *workers)]
        parent.kill()
        parent.wait()
    assert len(workers) >= 3
    assert len(set(groups)) == len(groups)


def _lives(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
