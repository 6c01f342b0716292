"""Progress: what a terminal shows, and what a file gets in its place."""

import os
from io import StringIO

import pytest

from iomld.cli.progress import PlainProgress, TerminalProgress, shown_progress
from iomld.progress import Progress, phases_of

READING, CHECKING, STORING = phases_of(("reading", "records"), ("checking", "projects"), ("writing the store", ""))


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.seconds


class Terminal(StringIO):
    """A terminal of some width, as a stream."""

    def __init__(self, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))

    def fileno(self) -> int:
        """Any number."""
        return 2

    def line(self) -> str:
        """The line that is seen now."""
        return self.getvalue().rpartition("\r\x1b[K")[2]


def work(progress: Progress, clock: Clock, count: int, *, seconds_each: float = 1 / 16) -> None:
    """Count so many units, each after some time."""
    for _ in range(count):
        clock.seconds += seconds_each
        progress.advance()


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (80, "[2/3] checking  500 of 2,000 projects  25 %  1:34 left  16/s"),
        (60, "[2/3] checking  500 of 2,000 projects  25 %  1:34 left"),
        (40, "[2/3] checking  500 of 2,000 projects"),
        (20, "[2/3] checking"),
        (8, "[2/3] c"),
    ],
)
def test_a_terminal_has_one_line_as_wide_as_it(columns: int, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the phase, the count and total, the part, the time left and the rate, as far as there is room."""
    clock, terminal = Clock(), Terminal(columns, monkeypatch)
    progress = TerminalProgress(terminal, clock)
    progress.begin(CHECKING, 2000)
    work(progress, clock, 500)
    progress.write()
    assert terminal.line() == line
    assert "\n" not in terminal.getvalue()
    progress.pause()
    assert terminal.line() == ""


def test_a_phase_without_a_total_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that counts nothing too, which goes on while nothing happens."""
    clock, terminal = Clock(), Terminal(80, monkeypatch)
    progress = TerminalProgress(terminal, clock)
    progress.begin(READING)
    work(progress, clock, 30)
    progress.write()
    assert terminal.line() == "[1/3] reading  30 records  0:02  16/s"
    progress.begin(STORING)
    assert terminal.line() == "[3/3] writing the store  0:00"
    clock.seconds += 3671
    progress.write()
    assert terminal.line() == "[3/3] writing the store  1:01:11"


def test_a_terminal_is_not_written_for_each_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few times a second are enough."""
    clock, terminal = Clock(), Terminal(80, monkeypatch)
    progress = TerminalProgress(terminal, clock)
    progress.begin(CHECKING, 100_000)
    work(progress, clock, 10_000, seconds_each=0.0001)
    assert terminal.getvalue().count("\r") < 10


def test_a_file_gets_lines_at_steps_of_the_work() -> None:
    """A tenth each, or each doubling where the total is not known; the phases after a long one are named."""
    clock, stream = Clock(), StringIO()
    progress = PlainProgress(stream, clock)
    progress.begin(READING)
    work(progress, clock, 5000)
    progress.begin(CHECKING, 20_000)
    work(progress, clock, 5000)
    progress.begin(STORING)
    assert stream.getvalue().splitlines() == [
        "[1/3] reading  1,000 records  1:02  16/s",
        "[1/3] reading  2,000 records  2:05  16/s",
        "[1/3] reading  4,000 records  4:10  16/s",
        "[2/3] checking  2,000 of 20,000 projects  10 %  18:45 left  16/s",
        "[2/3] checking  4,000 of 20,000 projects  20 %  16:40 left  16/s",
        "[3/3] writing the store",
    ]


def test_a_file_gets_no_line_of_little_work(capfd: pytest.CaptureFixture[str]) -> None:
    """However long that takes."""
    with shown_progress() as progress:
        progress.begin(CHECKING, 999)
        for _ in progress.counted(range(999)):
            pass
        progress.begin(STORING)
    assert capfd.readouterr().err == ""
