"""Measure `/sparql` beside other servers on the same data, in one run, over loopback.

`oxigraph serve-read-only` opens the store of the very release that iomld serves. rdflib-endpoint is measured where its
command is named; it is no dependency of ours (`pip install rdflib-endpoint oxrdflib` into an environment of its own).
It gets the same statements in its store Oxigraph. The client is wrk (Debian's package). Where there are two cores, it
has one and the servers, one after the other, have another. Compare only what stands in one table.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from generate import generated_lines  # the folder of this script is on the path
from run import machine, published_codes, served, timed

_ROOT = Path(__file__).resolve().parents[1]
_BIN = Path(sys.executable).parent
_RUNAWAYS = 8
_RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_OTHER_CLIENT = "127.0.0.2"  # clients are told apart by their address
_LIMIT_S = 2.0
_PATIENCE_S = 120.0
_LOOKUPS = Path(__file__).with_name("lookups.lua")
_CORES = sorted(os.sched_getaffinity(0))
_RUNS = count(1)
_COLUMNS = ("server", "lookups", "a second", "p50, ms", "p99, ms", "processor time, µs each")


@dataclass(frozen=True, slots=True)
class Lookups:
    """What wrk asks for.

    Attributes:
        codes: A file with the codes of projects, a line each.
        seconds: Length of each run.
    """

    codes: Path
    seconds: int


@contextmanager
def process(arguments: Sequence[str | Path], address: str) -> Iterator[int]:
    """A server; given when it answers."""
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(address)
            yield server.pid
        finally:
            server.terminate()


def wait_for(address: str) -> None:
    """Wait until a server answers anything."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        with suppress(OSError):  # nobody listens yet, or the answer takes too long
            try:
                urlopen(address, timeout=5).close()  # noqa: S310  # our own server
            except HTTPError:
                return
            return
        time.sleep(0.1)
    sys.exit(f"{address} did not answer")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(address: str, pid: int, path: str, lookups: Lookups, what: str) -> tuple[str, str, str, str]:
    """What wrk sees with 8 connections: answers a second, and the times that half and all but a hundredth took, in ms.

    The last figure is the processor time that the server needed for each answer, in µs: it says something even where
    others use the machine. Each run has a number of its own, so that no query comes twice.
    """
    before_s = processor_s(pid)
    wrk: list[str | Path] = [
        "wrk",
        "-t1",
        "-c8",
        f"-d{lookups.seconds}s",
        "-s",
        _LOOKUPS,
        address,
        "--",
        path,
        lookups.codes,
        what,
        f"{next(_RUNS)}",
    ]
    command = ["taskset", "-c", f"{_CORES[-1]}", *wrk] if len(_CORES) > 1 else wrk
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    rate, half, most, refused, answers = map(float, done.stdout.split("\n")[-2].split())
    if refused:
        sys.exit(f"{refused:.0f} lookups at {address} were not answered with 200")
    if not answers:
        sys.exit(f"{address} answered no lookup in {lookups.seconds} s; give it more with --seconds")
    each_us = 1e6 * (processor_s(pid) - before_s) / answers
    return f"{rate:,.0f}", f"{half:.2f}", f"{most:.2f}", f"{each_us:.0f}"


def processor_s(pid: int) -> float:
    """Processor time of a process, of its children, and of those that have ended, in seconds."""
    ticks = 0
    for one in (pid, *children(pid)):
        fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime (proc_pid_stat(5))
    return ticks / os.sysconf("SC_CLK_TCK")


def figures(name: str, address: str, pid: int, lookups: Lookups, path: str) -> Iterator[tuple[str, ...]]:
    """New and repeated lookups of one server, and a mix of lookups, CONSTRUCT and aggregates."""
    wait_for(f"{address}{path}?query=ASK%7B%7D")
    asked(address, pid, path, lookups, "vary")  # warm up
    yield name, "each query new", *asked(address, pid, path, lookups, "vary")
    yield name, "one query again", *asked(address, pid, path, lookups, "same")
    yield name, "new lookups, CONSTRUCT, aggregates (8 : 1 : 1)", *asked(address, pid, path, lookups, "mixed")


def runaways(address: str, pid: int, lookups: Lookups) -> tuple[str, ...]:
    """Lookups while another client has eight queries running that never end, each asked again when it was stopped."""
    stop = threading.Event()
    parts = urlsplit(address)

    def run_away() -> None:
        while not stop.is_set():
            connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60, source_address=(_OTHER_CLIENT, 0))
            with closing(connection), suppress(ConnectionError):
                connection.request("GET", f"/sparql?query={quote(_RUNAWAY)}")
                connection.getresponse().read()

    threads = [threading.Thread(target=run_away) for _ in range(_RUNAWAYS)]
    for thread in threads:
        thread.start()
    time.sleep(_LIMIT_S / 2)
    found = asked(address, pid, "/sparql", lookups, "vary")
    stop.set()
    for thread in threads:
        thread.join()
    what = f"each query new, {_RUNAWAYS} runaway queries of another client, limit {_LIMIT_S:g} s"
    return "iomld", what, *found[:-1], ""  # the processor time is that of the runaways


def children(pid: int) -> list[int]:
    """The processes that a process has started, the newest last."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def memory(pid: int) -> str:
    """Resident memory of a process and its children, in MB (pages shared by several count for each)."""
    sizes = []
    for one in (pid, *children(pid)):
        status = Path(f"/proc/{one}/status").read_text(encoding="ascii")
        sizes.append(int(status.partition("VmRSS:")[2].split()[0]) / 1024)
    return " + ".join(f"{size:.0f}" for size in sizes)


def server_rows(folder: Path, seconds: int, rdflib_endpoint: Path | None) -> Iterator[tuple[str, ...]]:
    """All servers on the release of a folder."""
    lookups = Lookups(folder / "codes", seconds)
    lookups.codes.write_text("\n".join(published_codes(folder)) + "\n", encoding="ascii")
    with served(folder, IOMLD_QUERY_TIMEOUT=str(_LIMIT_S)) as address:
        pid = children(os.getpid())[-1]
        yield from figures("iomld", address, pid, lookups, "/sparql")
        yield "iomld", "memory of server and workers, MB", memory(pid), "", "", ""
        yield runaways(address, pid, lookups)
    port = free_port()
    store = folder / "current" / "store"
    arguments: list[str | Path] = [
        _BIN / "oxigraph",
        "serve-read-only",
        "-l",
        store,
        "-b",
        f"127.0.0.1:{port}",
        "--union-default-graph",
    ]
    with process(arguments, f"http://127.0.0.1:{port}/") as pid:
        yield from figures("oxigraph serve-read-only", f"http://127.0.0.1:{port}", pid, lookups, "/query")
        yield "oxigraph serve-read-only", "memory, MB", memory(pid), "", "", ""
    if rdflib_endpoint:
        yield from rdflib_rows(folder, lookups, rdflib_endpoint)
    yield hello_row(lookups)


def hello_row(lookups: Lookups) -> tuple[str, ...]:
    """An application that always says the same: the least that uvicorn takes."""
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", f"{port}", "--log-level", "warning", "--no-access-log"]
    arguments: list[str | Path] = [_BIN / "uvicorn", "hello:app", "--app-dir", Path(__file__).parent, *options]
    address = f"http://127.0.0.1:{port}"
    with process(arguments, address) as pid:
        asked(address, pid, "/", lookups, "same")  # warm up
        return "uvicorn alone", "the same words for each request", *asked(address, pid, "/", lookups, "same")


def rdflib_rows(folder: Path, lookups: Lookups, command: Path) -> Iterator[tuple[str, ...]]:
    """rdflib-endpoint on the same statements, in one graph."""
    port = free_port()
    data = folder / "all.nt"
    with data.open("wb") as output:
        subprocess.run([_BIN / "iomld", "export", "--from", folder, "--format", "ntriples"], stdout=output, check=True)
    arguments: list[str | Path] = [
        command,
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--store",
        "Oxigraph",
        data,
    ]
    with process(arguments, f"http://127.0.0.1:{port}/") as pid:
        yield from figures("rdflib-endpoint", f"http://127.0.0.1:{port}", pid, lookups, "/")
        yield "rdflib-endpoint", "memory, MB", memory(pid), "", "", ""


def main() -> None:
    """Measure and print a Markdown table for the bundled and for generated records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000, help="generated records (default: 10000)")
    parser.add_argument("--rdflib-endpoint", type=Path, help="its command, where it is to be measured too")
    parser.add_argument("--seconds", type=int, default=5, help="length of each run (default: 5)")
    parser.add_argument("--bare", action="store_true", help="leave out the line that names the machine")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing. On Debian or Ubuntu: apt install wrk")
    if not options.bare:
        print(machine(), flush=True)
    os.sched_setaffinity(0, _CORES[:1])  # the servers that this process starts inherit it
    with tempfile.TemporaryDirectory(prefix="iomld-bench-") as name:
        generated = Path(name) / "records.jsonl"
        generated.write_bytes(b"".join(generated_lines(options.records)))
        for what, source in (("bundled", _ROOT / "data"), (f"{options.records}-generated", generated)):
            folder = Path(name) / what
            timed("publish", source, "--to", folder)
            print(f"\n{what} records:\n\n| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|")
            for row in server_rows(folder, options.seconds, options.rdflib_endpoint):
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
