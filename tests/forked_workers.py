"""Workers of forked servers, and of pools within the tests, which are forked too.

A worker that checks records imports and loads for a second before it is ready, and each server starts one. A server of
the tests has a helper process that has all of that, and forks when the server wants a worker. The worker is then given
to the server: the kernel gives an orphan to the nearest process above that takes orphans. Pools within the tests get
theirs in the same way from the process that forks commands.

What a worker does that starts by itself is seen by `tests/workers`, and by the servers of `tests/e2e` that are not
forked.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

HELPER = "iomld-forks"  # the name of the process, at most 15 letters
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 15, 36  # linux/prctl.h
_DESCRIPTORS = ("jobs_fd", "replies_fd", "table_fd")


def warm_up() -> None:
    """Load what workers load, and keep."""
    for name in ("iomld.store.query_worker", "iomld.web.pages.validate", "iomld.workers.child"):
        import_module(name)
    check = import_module("iomld.check.worker")
    stages = import_module("iomld.pipeline.stages")
    check.open_checker(check.CheckWorker(base=stages.Choices().base).to_json())


def fork_workers() -> None:
    """From now on, get workers of this process from a helper that forks; this process has no threads yet."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = os.getpid()
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if os.fork() == 0:
        ours.close()
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _LIBC.prctl(_PR_SET_NAME, HELPER.encode(), 0, 0, 0)
        os.setpgid(0, 0)  # Ctrl-C is for the server
        _help(theirs, server)
    theirs.close()

    def popen(command: Sequence[str], *, env: Mapping[str, str], pass_fds: Sequence[int], **_: object) -> _ForkedWorker:
        socket.send_fds(ours, [json.dumps({"config": command[-1], "environment": dict(env)}).encode()], pass_fds)
        return _ForkedWorker(int(ours.recv(64)))

    _start_by(popen)


def fork_workers_of_tests(connect: Callable[[], socket.socket]) -> None:
    """From now on, get workers of pools in this process from the one that forks commands.

    Workers with a handler of the tests start by themselves.

    Args:
        connect: Opens a connection to the process that forks.
    """

    def popen(
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        pass_fds: Sequence[int],
        **others: Any,  # noqa: ANN401
    ) -> "_ForkedWorker | subprocess.Popen[bytes]":
        if not json.loads(command[-1])["handler"].startswith("iomld."):
            return subprocess.Popen(command, env=env, pass_fds=pass_fds, **others)
        request = {
            "config": command[-1],
            "environment": dict(env),
            "server": os.getpid(),
            "folder": str(Path.cwd()),
        }
        with connect() as connection:
            _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            try:
                socket.send_fds(connection, [json.dumps(request).encode()], pass_fds)
                return _ForkedWorker(int(connection.recv(64)))
            finally:
                _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)  # orphans of others are none of ours

    _start_by(popen)


def be_worker_of_tests(request: Mapping[str, Any], descriptors: Sequence[int], connection: socket.socket) -> NoReturn:
    """Fork a worker for the process of the tests, in a process that ends so that these get the worker."""
    if os.fork():
        os._exit(0)
    while os.getppid() != request["server"]:
        time.sleep(0.0005)
    connection.sendall(b"%d" % os.getpid())
    connection.close()
    _work(request, descriptors)


def _start_by(popen: Callable[..., Any]) -> None:
    supervisor = import_module("iomld.workers.supervisor")
    supervisor.subprocess = SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL)


class _ForkedWorker:
    """What the supervisor uses of a process of `subprocess`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status


def _help(requests: socket.socket, server: int) -> NoReturn:
    """Fork for each request until the server ends."""
    while True:
        line, descriptors, _, _ = socket.recv_fds(requests, 1 << 20, len(_DESCRIPTORS))
        if not line:
            os._exit(0)
        is_given, give = os.pipe()
        told, tell = os.pipe()
        between = os.fork()
        if between == 0:
            worker = os.fork()
            if worker:
                os.write(tell, b"%d" % worker)
                os._exit(0)
            for unused in (give, told, tell, requests.fileno()):
                os.close(unused)
            os.read(is_given, 1)
            os.close(is_given)
            assert os.getppid() == server
            _work(json.loads(line), descriptors)
        os.waitpid(between, 0)  # now the worker is the server's
        os.close(give)
        requests.send(os.read(told, 64))
        for used in (is_given, told, tell, *descriptors):
            os.close(used)


def _work(request: Mapping[str, Any], descriptors: Sequence[int]) -> NoReturn:
    """Be the worker, as its program is."""
    os.setpgid(0, 0)
    _LIBC.prctl(_PR_SET_NAME, b"python", 0, 0, 0)
    if "folder" in request:
        os.chdir(request["folder"])
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.environ.clear()
    os.environ.update(request["environment"])
    config = json.loads(request["config"]) | dict(zip(_DESCRIPTORS, descriptors, strict=True))
    sys.argv[:] = ["iomld.workers.child", json.dumps(config)]
    status = 1
    try:
        import_module("iomld.workers.child").main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    except Exception:  # noqa: BLE001  # told as the interpreter does, and the process ends
        traceback.print_exc()
    os._exit(status)
