"""The `iomld` command for tests: each call is a process of its own, which finds the program imported already.

Importing the program takes a process longer than most calls take. So one process imports it, and forks for each call.
What a fork cannot show, that a command starts by itself, is seen by `test_publish.py` and `test_serve.py` in
`tests/e2e`.
"""

import atexit
import ctypes
import gc
import io
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TextIO

from tests import forked_workers

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
PROGRAM = Path(sys.executable).parent / "iomld"
_TIMEOUT_S = 280
# How long users wait at most is decided by settings. Nothing here may depend on the speed of the machine, so commands
# and servers have time, unless a test gives them little.
PATIENT = {"IOMLD_QUERY_TIMEOUT": "240", "IOMLD_UPLOAD_TIMEOUT": "240"}
# What decides how Python itself starts. A process that is given any of these is not forked; PYTHONPATH alone is known.
_OF_PYTHON = ("PYTHON", "LANG", "LC_", "MALLOC")


def run_iomld(
    *arguments: str | Path, prelude: str = "", folder: Path | None = None, text: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the installed `iomld` command.

    Args:
        arguments: Its arguments.
        prelude: Python that its process runs first.
        folder: The folder in which it runs, if not the one of the tests.
        text: What it reads from standard input.
        variables: What is added to its environment.
    """
    if any(name.startswith(_OF_PYTHON) and name != "PYTHONPATH" for name in variables):
        return run_iomld_alone(*arguments, **variables)
    done = _run_to_end(_Call(arguments, variables, prelude=prelude, folder=folder), text)
    return subprocess.CompletedProcess(done.args, done.returncode, _as_text(done.stdout), _as_text(done.stderr))


def run_iomld_alone(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The same in a process that imports the program itself."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=_environment(variables),
        timeout=_TIMEOUT_S,
    )


def written_by_iomld(*arguments: str | Path) -> bytes:
    """What the installed `iomld` command writes to standard output, if it succeeds."""
    done = _run_to_end(_Call(arguments))
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def write_iomld(folder: Path) -> None:
    """Write a program `iomld`, whose calls are forked too, into a folder that a shell is to have on its PATH."""
    program = folder / "iomld"
    program.write_text(_PROGRAM.format(python=sys.executable, address=str(_forking_process(""))), encoding="utf-8")
    program.chmod(0o755)


# Hands its files over, and waits; it imports little, so that it starts at once.
_PROGRAM = """#!{python} -IS
import json, os, socket, sys
request = {{"command": ["iomld", *sys.argv[1:]], "environment": dict(os.environ), "folder": os.getcwd(), "prelude": "",
            "hears_interrupt": True}}
connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.connect({address!r})
socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
connection.recv(64)  # its process id
status = int(connection.recv(64) or 1)
sys.exit(status if status >= 0 else 128 - status)
"""


def _run_to_end(call: "_Call", text: str = "") -> subprocess.CompletedProcess[bytes]:
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(text.encode())
        files[0].seek(0)
        process = _fork(call, [file.fileno() for file in files])
        status = process.wait(_TIMEOUT_S)
        for file in files:
            file.seek(0)
        return subprocess.CompletedProcess(process.command, status, files[1].read(), files[2].read())


def _as_text(written: bytes) -> str:
    """What was written, with the line ends that a pipe read as text has."""
    return io.StringIO(written.decode(), newline=None).read()


class ForkedProcess:
    """A process of `iomld` that goes on while the tests do; used as `subprocess.Popen` is.

    Attributes:
        command: The program and its arguments.
        pid: Its process id.
        returncode: Its exit status, once it is known that it ended; negative for a signal.
        stdout: What it writes, if that is read.
    """

    def __init__(self, command: Sequence[str], connection: socket.socket, stdout: TextIO | None = None) -> None:
        self.command = list(command)
        self._connection = connection
        self.stdout = stdout
        self.returncode: int | None = None
        self.pid = int(self._told(_TIMEOUT_S))

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.wait(_TIMEOUT_S)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self.returncode is None:
            self.returncode = int(self._told(timeout))
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it is known that it ended; its id is not free before."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _told(self, timeout: float | None) -> bytes:
        self._connection.settimeout(timeout)
        try:
            told = self._connection.recv(64)
        except TimeoutError as error:
            raise subprocess.TimeoutExpired(self.command, timeout or 0) from error
        assert told, (self.command, "was not run to its end")
        return told


def start_iomld(
    *arguments: str | Path, hears_interrupt: bool = True, folder: Path | None = None, **variables: str
) -> ForkedProcess:
    """Start the installed `iomld` command, whose output is read from `stdout`; it ends when the tests do.

    Args:
        arguments: Its arguments.
        hears_interrupt: Whether it starts as a command does on which Ctrl-C is to have an effect.
        folder: The folder in which it runs, if not the one of the tests.
        variables: What is added to its environment.
    """
    reading, writing = os.pipe()
    call = _Call(arguments, variables, hears_interrupt=hears_interrupt, folder=folder)
    with Path(os.devnull).open("rb") as nothing, os.fdopen(writing):
        return _fork(call, (nothing.fileno(), writing, 2), os.fdopen(reading))


@dataclass(frozen=True)
class _Call:
    arguments: Sequence[str | Path]
    variables: Mapping[str, str] = field(default_factory=dict)
    prelude: str = ""
    folder: Path | None = None
    hears_interrupt: bool = True

    @property
    def command(self) -> list[str]:
        return [str(PROGRAM), *map(str, self.arguments)]

    def request(self) -> bytes:
        request = {
            "command": self.command,
            "environment": _environment(self.variables),
            "folder": str(self.folder or Path.cwd()),
            "prelude": self.prelude,
            "hears_interrupt": self.hears_interrupt,
        }
        return json.dumps(request).encode()


def connect_to_fork(first_on_path: str = "") -> socket.socket:
    """A connection to the process that forks.

    Args:
        first_on_path: Folders in which it finds the program, if not where these tests find it.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(str(_forking_process(first_on_path)))
    return connection


def _fork(call: _Call, files: Sequence[int], stdout: TextIO | None = None) -> ForkedProcess:
    connection = connect_to_fork(call.variables.get("PYTHONPATH", ""))
    socket.send_fds(connection, [call.request()], files)
    return ForkedProcess(call.command, connection, stdout)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: that of the tests without settings, with those that are given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IOMLD_")}
    return kept | PATIENT | dict(variables)


@cache
def _forking_process(first_on_path: str) -> Path:
    """Start the process that forks; gives the address at which it listens.

    Args:
        first_on_path: Folders in which it finds the program, if not where these tests find it.
    """
    address = Path(tempfile.mkdtemp(prefix="iomld-tests-")) / "socket"
    environment = _environment({"PYTHONPATH": os.pathsep.join(filter(None, (first_on_path, *sys.path)))})
    process = subprocess.Popen(
        [sys.executable, __file__, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert process.stdin is not None
    assert process.stdout is not None

    atexit.register(process.communicate)  # the end of its input is its end, also where these tests are killed
    assert process.stdout.readline() == b"ready\n"
    return address


def _serve(address: str) -> None:
    """Fork for each connection, until standard input ends."""
    # openpyxl takes numpy along where it is installed, as it is for notebooks; users have none, and it starts threads.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    for name in ("publish", "validate", "convert", "query", "export", "releases", "rules", "serve"):
        import_module(f"iomld.cli.{name}")
    _warm_up()
    gc.collect()
    gc.freeze()  # so that no fork visits, and so copies, what is here
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a process with threads cannot be forked"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen()
        os.write(1, b"ready\n")
        while True:
            ready, _, _ = select.select([listener, 0], [], [])
            if 0 in ready:
                shutil.rmtree(Path(address).parent)
                return
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    _run(connection)
            _reap()


def _warm_up() -> None:
    """Load what commands load after their imports, and keep."""
    stages = import_module("iomld.pipeline.stages")
    stages.load_pipeline(stages.Choices(profile="published"))
    for name in ("openpyxl", "iomld.validate.pyshacl_engine"):
        import_module(name)
    made_alike = import_module("tests.made_alike")
    made_alike.remember()
    made_alike.make(stages.Choices().base)
    forked_workers.warm_up()
    templates = import_module("iomld.web.templating").templates()
    for name in templates.list_templates(extensions=("html",)):
        templates.get_template(name)  # is compiled, which each server would do


def _reap() -> None:
    """Forget the processes that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _run(connection: socket.socket) -> NoReturn:
    """Run one command in a process below this one; tell its id, and its status when it ended."""
    _end_with_parent()
    line, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    request = json.loads(line)
    if "config" in request:
        forked_workers.be_worker_of_tests(request, files, connection)
    child = os.fork()
    if child == 0:
        connection.close()
        _end_with_parent()
        _become(request, files)
    for file in files:
        os.close(file)  # whoever reads what the command writes sees its end
    connection.sendall(b"%d" % child)
    ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    with suppress(BrokenPipeError):
        connection.sendall(b"%d" % (ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status))
    connection.recv(1)  # it is known, and nobody sends a signal to this id any more
    os.waitpid(child, 0)
    os._exit(0)


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _become(request: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
    """Be the command, as its script is."""
    signal.signal(signal.SIGINT, signal.default_int_handler if request["hears_interrupt"] else signal.SIG_IGN)
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (  # as long as the process lives
        open(number, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
        for number, mode, errors in ((0, "r", "strict"), (1, "w", "strict"), (2, "w", "backslashreplace"))
    )
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv[:] = request["command"]
    forked_workers.fork_workers()
    exec(request["prelude"], {})  # noqa: S102  # from a test
    try:
        sys.exit(import_module("iomld.cli.main").main())
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # freeing what was imported would take longer than the command


if __name__ == "__main__":
    _serve(sys.argv[1])
