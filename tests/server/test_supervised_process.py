"""A process beside the server: started again when it ends by itself, with growing pauses, and ended with the server."""

import re
import sys
from math import inf
from pathlib import Path
from queue import Queue

import pytest

from iomld.server.supervised_process import SupervisedProcess


def python(code: str) -> tuple[str, ...]:
    """A command that runs code."""
    return (sys.executable, "-c", code)


def ends(command: tuple[str, ...], number: int, settled_s: float = inf) -> list[str]:
    """The first sentences about the end of a command that is supervised."""
    said: Queue[str] = Queue()
    process = SupervisedProcess(command, said.put, first_pause_s=0.001, longest_pause_s=0.004, settled_s=settled_s)
    process.start()
    try:
        return [said.get(timeout=240) for _ in range(number)]
    finally:
        process.stop()


def test_pauses_grow_up_to_the_longest() -> None:
    """Each time that it fails it waits twice as long, until it waits longest; one that has lived for long is new."""
    assert pauses(ends(("/nowhere/program",), 5)) == [0.001, 0.002, 0.004, 0.004, 0.004]
    assert pauses(ends(("/nowhere/program",), 3, settled_s=0)) == [0.001, 0.001, 0.001]


def pauses(said: list[str]) -> list[float]:
    """The seconds that sentences name."""
    return [float(re.findall(r"in (\S+) seconds", one)[0]) for one in said]


@pytest.mark.parametrize(
    ("command", "end"),
    [
        (python("raise SystemExit(2)"), "It ended with exit status 2."),
        (python("raise SystemExit(0)"), "It ended with exit status 0."),
        (python("import os; os.kill(os.getpid(), 9)"), "It was ended by SIGKILL."),
        (("/nowhere/program",), "It cannot be started (No such file or directory)."),
    ],
)
def test_an_end_that_nobody_asked_for_is_named(command: tuple[str, ...], end: str) -> None:
    """By its exit status, its signal, or the reason why there was no beginning."""
    assert ends(command, 1)[0].startswith(end)


def test_the_stop_ends_it_whatever_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ignores SIGTERM is killed; nothing is said, since it was asked for."""
    monkeypatch.setattr("iomld.server.supervised_process._ENDING_S", 0.1)
    started = tmp_path / "started"
    code = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(started)!r}, 'x')"
    said: Queue[str] = Queue()
    process = SupervisedProcess(python(f"{code}; time.sleep(600)"), said.put)
    process.start()
    while not started.exists():
        pass
    process.stop()
    assert said.empty()


def test_a_stop_before_the_start_and_in_a_pause() -> None:
    """Neither waits: there is nothing to end."""
    said: Queue[str] = Queue()
    SupervisedProcess(python(""), said.put).stop()
    process = SupervisedProcess(("/nowhere/program",), said.put, first_pause_s=10_000)
    process.start()
    said.get(timeout=240)
    process.stop()
    assert said.empty()
