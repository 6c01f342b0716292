"""Kills a command at a chosen moment, as `kill -9` or the end of power would, from inside its process.

Moments are counted: each change of a file below a folder (just before it), and each statement and commit in the inbox.
Between them, and in programs that are not Python, a process is killed when it has used so much processor time.
"""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

KILLED = frozenset({-signal.SIGKILL, -signal.SIGPROF})  # the default action of SIGPROF ends a process as abruptly
_PREFIX, _TIME = "moment: ", "processor ms: "
# Runs in the process of the command before that does anything.
_PRELUDE = f"""
import atexit, os, signal, sys, threading, time
from contextlib import contextmanager
from pathlib import Path
from iomld.inbox.database import InboxDatabase
folder, moment, reached = os.environ["KILL_IN"], os.environ["KILL_AT"], 0
def kill():
    os.kill(os.getpid(), signal.SIGKILL)
def reach(name):
    global reached
    reached += 1
    print("{_PREFIX}" + name, file=sys.stderr, flush=True)
    if str(reached) == moment:
        kill()
def count(event, arguments):
    is_change = event in {{
        "os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.truncate"}} or (
        event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    if is_change and any(str(argument).startswith(folder) for argument in arguments):
        reach(event)
plain_sync, plain_transaction = os.fsync, InboxDatabase.transaction
def counted_sync(handle):
    reach("before os.fsync")
    plain_sync(handle)
    reach("after os.fsync")
@contextmanager
def counted_transaction(self):
    with plain_transaction(self) as database:
        database.set_trace_callback(lambda statement: reach("inbox " + statement.split()[0]))
        try:
            yield database
        finally:
            database.set_trace_callback(None)
        reach("before the commit")
    reach("after the commit")
def is_storing():
    try:
        return any(Path(folder).glob("releases/.*/store/*"))
    except OSError:  # a folder went while it was listed
        return False
def watch():
    while not is_storing():
        time.sleep(0.001)
    kill()
os.fsync, InboxDatabase.transaction = counted_sync, counted_transaction
sys.addaudithook(count)
if moment == "store":
    threading.Thread(target=watch, daemon=True).start()
if moment.endswith("ms"):
    signal.setitimer(signal.ITIMER_PROF, int(moment.removesuffix("ms")) / 1000)
begun = time.process_time()
atexit.register(lambda: print("{_TIME}" + str(round(1000 * (time.process_time() - begun))), file=sys.stderr))
"""


@dataclass(frozen=True)
class KilledRun:
    """A command that was killed, or not.

    Attributes:
        status: Its exit status; negative for a signal.
        moments: The names of the moments that it reached, in order.
        processor_ms: Milliseconds of processor time that it used; 0 if it was killed.
        stderr: What else it wrote to standard error.
    """

    status: int
    moments: tuple[str, ...]
    processor_ms: int
    stderr: str

    @property
    def is_killed(self) -> bool:
        """Whether it was killed as it was to be."""
        return self.status in KILLED


def run_killed(
    command: Callable[..., CompletedProcess[str]], folder: Path, moment: str, *arguments: str | Path
) -> KilledRun:
    """Run a command until a moment.

    Args:
        command: Runs `iomld`.
        folder: The folder whose changes are counted.
        moment: A number from 1; `store`, while a store is written; `50ms` of processor time; anything else is never.
        arguments: Those of the command.
    """
    done = command(*arguments, prelude=_PRELUDE, KILL_IN=str(folder), KILL_AT=moment)
    lines = done.stderr.splitlines()
    moments = tuple(line.removeprefix(_PREFIX) for line in lines if line.startswith(_PREFIX))
    times = [int(line.removeprefix(_TIME)) for line in lines if line.startswith(_TIME)]
    others = [line for line in lines if not line.startswith((_PREFIX, _TIME))]
    return KilledRun(done.returncode, moments, times[0] if times else 0, "\n".join(others))


def spread() -> Iterator[float]:
    """Numbers from 0 up to 1, of which the first ones are as evenly spread as all (van der Corput's sequence)."""
    number = 0
    while True:
        number += 1
        yield int(f"{number:b}"[::-1], 2) / 2 ** number.bit_length()
