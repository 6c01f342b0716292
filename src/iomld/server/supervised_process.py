"""A process beside the server: started with it, started again when it ends by itself, and ended with it."""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from time import monotonic

_ENDING_S = 8.0  # for what it is at; systemd gives the server 15 seconds in all, of which requests can take 3
# Input that the process does not read, but whose end it notices, even if the server is killed.
_INPUT = subprocess.PIPE


class SupervisedProcess:
    """A process that a thread of the server supervises.

    Its standard input is a pipe that ends with the server, however that ends; the process must end then. It is in a
    process group of its own, so that Ctrl-C in a terminal reaches the server alone, which then ends it by SIGTERM.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Callable[[str], None],
        *,
        first_pause_s: float = 1.0,
        longest_pause_s: float = 300.0,
        settled_s: float = 300.0,
    ) -> None:
        """Set up; `start` starts it.

        Args:
            command: The program and its arguments.
            log: Takes a sentence about an end that nobody asked for.
            first_pause_s: Seconds until it is started again; each time twice as many.
            longest_pause_s: Most seconds.
            settled_s: A process that lived so many seconds has the first pause again.
        """
        self._command, self._log = command, log
        self._first_pause_s, self._longest_pause_s, self._settled_s = first_pause_s, longest_pause_s, settled_s
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopping = Event()
        self._lock = Lock()  # held where the process is started, or asked to end
        self._thread = Thread(target=self._supervise, name="supervised-process", daemon=True)

    def start(self) -> None:
        """Start the process; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the process, by SIGTERM first; it is gone when this returns."""
        with self._lock:
            self._is_stopping.set()
            if self._process:
                self._process.terminate()
        if not self._thread.is_alive():
            return
        self._thread.join(_ENDING_S)
        if self._process:
            self._process.kill()
        self._thread.join()

    def _supervise(self) -> None:
        pause_s = self._first_pause_s
        while not self._is_stopping.is_set():
            begun = monotonic()
            end = self._end_of_one()
            if self._is_stopping.is_set():
                return
            if monotonic() - begun >= self._settled_s:
                pause_s = self._first_pause_s
            self._log(f"{end} It is started again in {pause_s:g} seconds.")
            self._is_stopping.wait(pause_s)
            pause_s = min(2 * pause_s, self._longest_pause_s)

    def _end_of_one(self) -> str:
        """Start the process and wait for its end; gives a sentence about that."""
        try:
            with self._lock:
                if self._is_stopping.is_set():
                    return ""
                self._process = subprocess.Popen(self._command, stdin=_INPUT, process_group=0)
        except OSError as error:
            return f"It cannot be started ({error.strerror})."
        with self._process as process:
            return _sentence(process.wait())


def end_with_input() -> None:
    """End this process by SIGTERM when its standard input ends; that of a supervised process ends with the server."""

    def wait() -> None:
        while os.read(0, 1 << 16):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=wait, name="end-of-input", daemon=True).start()


def _sentence(status: int) -> str:
    """A sentence about the end of a process with an exit status, or by a signal if that is negative."""
    if status >= 0:
        return f"It ended with exit status {status}."
    try:
        name = signal.Signals(-status).name
    except ValueError:  # a real-time signal
        name = f"signal {-status}"
    return f"It was ended by {name}."
