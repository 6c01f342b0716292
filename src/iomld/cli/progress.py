"""The display of progress on standard error: one line that is rewritten on a terminal, else a line now and then."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TextIO

from iomld.progress import NO_PROGRESS, Phase, Progress

_SECONDS_BETWEEN = 0.2  # between two writings of the line
_TICK_S = 1.0  # within which the line is written again though nothing was counted
_CLEAR = "\r\x1b[K"  # ECMA-48: to the begin of the line, and erase it to its end
_WIDTH = 80
_FIRST_STEP = 1000  # units of work that is shown without a terminal; less is done before somebody looks
_LONG_RATE = 10  # per second; a lower rate has a decimal


@contextmanager
def shown_progress(*, is_alone: bool = True) -> Iterator[Progress]:
    """Progress on standard error until the block ends.

    Args:
        is_alone: Whether nothing else is written to the terminal meanwhile; otherwise a terminal shows no progress.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield PlainProgress(sys.stderr)
    elif not is_alone:
        yield NO_PROGRESS
    else:
        progress = TerminalProgress(sys.stderr)
        done = Event()
        ticking = Thread(target=_tick, args=(progress, done), daemon=True)
        ticking.start()
        try:
            yield progress
        finally:
            done.set()
            ticking.join()
            progress.pause()


def _tick(progress: "TerminalProgress", done: Event) -> None:
    """Keep the time in the line running through work that counts nothing."""
    while not done.wait(_TICK_S):
        progress.write()


class _CountedProgress(Progress):
    """Counts, and times the phase."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._phase: Phase | None = None
        self._total: int | None = None
        self._count = 0
        self._begun = 0.0

    def begin(self, phase: Phase, total: int | None = None) -> None:
        """Begin a phase."""
        self._phase, self._total, self._count, self._begun = phase, total, 0, self._clock()

    def advance(self) -> None:
        """Count one more."""
        self._count += 1

    def _words(self) -> list[str]:
        """The phase, the count, the part of the total, the rate and the time, the most important first."""
        if self._phase is None:
            return []
        seconds = self._clock() - self._begun
        words = [f"[{self._phase.number}/{self._phase.phases}] {self._phase.name}"]
        rate = self._count / seconds if seconds > 0 else 0.0
        if self._count and self._total:
            words.append(f"{self._count:,} of {self._total:,} {self._phase.unit}")
            words.append(f"{100 * self._count // self._total} %")
        elif self._count:
            words.append(f"{self._count:,} {self._phase.unit}")
        if self._count and rate:
            left = (self._total - self._count) / rate if self._total else None
            words.append(f"{_minutes(seconds)}" if left is None else f"{_minutes(left)} left")
            words.append(f"{rate:,.0f}/s" if rate >= _LONG_RATE else f"{rate:.1f}/s")
        else:
            words.append(_minutes(seconds))
        return words


class TerminalProgress(_CountedProgress):
    """One line, written again as the work goes on; its least important words go where the terminal is narrow."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        """Create it.

        Args:
            stream: The terminal.
            clock: Gives the time in seconds.
        """
        super().__init__(stream, clock)
        self._next = 0.0
        self._lock = Lock()

    def begin(self, phase: Phase, total: int | None = None) -> None:
        """Begin a phase, and show it at once."""
        super().begin(phase, total)
        self.write()

    def advance(self) -> None:
        """Count one more, and show it if the line is not new."""
        super().advance()
        if self._clock() >= self._next:
            self.write()

    def write(self) -> None:
        """Write the line."""
        with self._lock:
            self._next = self._clock() + _SECONDS_BETWEEN
            self._stream.write(_CLEAR + _fitting(self._words(), _columns(self._stream) - 1))
            self._stream.flush()

    def pause(self) -> None:
        """Remove the line."""
        with self._lock:
            self._stream.write(_CLEAR)
            self._stream.flush()


class PlainProgress(_CountedProgress):
    """A line at each tenth of at least a thousand units, or at each doubling where the total is not known.

    When it writes depends on the work, not on the time that it takes. Phases that count nothing have a line if an
    earlier one had.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        """Create it.

        Args:
            stream: Where the lines go.
            clock: Gives the time in seconds.
        """
        super().__init__(stream, clock)
        self._step = _FIRST_STEP
        self._is_long = False

    def begin(self, phase: Phase, total: int | None = None) -> None:
        """Begin a phase."""
        super().begin(phase, total)
        self._step = max(_FIRST_STEP, -(-(total or 0) // 10))
        if self._is_long and not phase.unit:
            self._stream.write(f"[{phase.number}/{phase.phases}] {phase.name}\n")
            self._stream.flush()

    def advance(self) -> None:
        """Count one more; at a step, write a line."""
        super().advance()
        if self._count == self._step:
            self._is_long = True
            self._step += max(_FIRST_STEP, -(-self._total // 10)) if self._total else self._step
            self._stream.write("  ".join(self._words()) + "\n")
            self._stream.flush()


def _fitting(words: list[str], width: int) -> str:
    """As many of the words as fit into a width; the first one is cut if it does not."""
    line = words[0][: max(width, 1)] if words else ""
    for word in words[1:]:
        if len(line) + 2 + len(word) > width:
            break
        line += f"  {word}"
    return line


def _columns(stream: TextIO) -> int:
    """The width of a terminal now; it may have changed."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    except (OSError, ValueError):
        return _WIDTH


def _minutes(seconds: float) -> str:
    """Seconds as people write a length of time.

    >>> _minutes(7), _minutes(3725)
    ('0:07', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
