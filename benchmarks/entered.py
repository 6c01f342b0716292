"""Count the modules of iomld whose code runs on a usual way: page to release, query to answer, upload to report.

    .venv/bin/python benchmarks/entered.py [--names]

The fewer modules there are on a way, the fewer files its reader has to open. Code that runs on import is not counted.
The server and its workers are traced from the moment when the request is sent; modules of workers are counted
separately.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "tests" / "golden" / "page.txt"
QUERY = "SELECT ?s (COUNT(?p) AS ?n) { ?p a ?s } GROUP BY ?s"
# Runs in each Python process that finds it on its path: notes each module of ours that is entered, once, in a file of
# the process. SIGUSR1 makes it begin anew.
TRACER = """
import os, signal, sys, threading
_ours, _folder = os.environ["ENTERED_OURS"], os.environ["ENTERED_INTO"]
_seen = set()
def _note(frame, event, argument):
    code = frame.f_code
    if code in _seen:
        return
    _seen.add(code)
    if event == "call" and code.co_filename.startswith(_ours) and code.co_name != "<module>":
        with open(f"{_folder}/{os.getpid()}", "a") as file:
            file.write(code.co_filename[len(_ours):] + "\\n")
def _begin(*_):
    _seen.clear()
    open(f"{_folder}/{os.getpid()}", "w").close()
    sys.setprofile(_note)
signal.signal(signal.SIGUSR1, _begin)
threading.setprofile(_note)
"""
PUBLISH = """
import importlib, os, pkgutil, signal, sys
import iomld
for one in pkgutil.walk_packages(iomld.__path__, "iomld."):
    if not one.name.endswith("__main__"):
        importlib.import_module(one.name)
from iomld.cli.main import main
os.kill(os.getpid(), signal.SIGUSR1)
sys.argv[1:1] = ["publish"]
main()
"""


class Traced:
    """Processes of ours that note the modules that they enter."""

    def __init__(self, scratch: Path) -> None:
        (scratch / "sitecustomize.py").write_text(TRACER, encoding="utf-8")
        self._noted = scratch / "noted"
        self._noted.mkdir()
        self._environment = os.environ | {
            "PYTHONPATH": f"{scratch}:{ROOT / 'src'}",
            "PYTHONUNBUFFERED": "1",
            "ENTERED_OURS": f"{ROOT / 'src' / 'iomld'}/",
            "ENTERED_INTO": str(self._noted),
            "IOMLD_CLIENT_SECONDS": "100000",
        }

    def run(self, *command: str | Path) -> None:
        """Run a program to its end."""
        subprocess.run(command, check=True, env=self._environment, stdout=subprocess.DEVNULL)

    @contextmanager
    def serving(self, datadir: Path) -> Iterator[tuple[int, str]]:
        """A server: its process and its address."""
        command = [Path(sys.executable).parent / "iomld", "serve", "--from", datadir, "--port", "0"]
        with subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout  # noqa: S101  # for the type checker
                line = process.stdout.readline()
                yield process.pid, next(word for word in line.split() if word.startswith("http://"))
            finally:
                process.terminate()

    def begin(self, *processes: int) -> None:
        """Forget what was entered, and wait until each process has begun anew."""
        for file in self._noted.iterdir():
            file.unlink()
        for process in processes:
            os.kill(process, signal.SIGUSR1)
        while not all((self._noted / str(process)).exists() for process in processes):
            time.sleep(0.01)

    def entered(self) -> dict[int, list[str]]:
        """The modules that each process entered."""
        noted = {int(file.name): sorted(set(file.read_text().split())) for file in self._noted.iterdir()}
        return {process: modules for process, modules in noted.items() if modules}


def children_of(parent: int) -> list[int]:
    """The processes that a process has started."""
    files = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def ask(address: str, body: bytes | None = None) -> None:
    """Send a request, an upload as a browser does, and read its answer whole."""
    headers = {"Content-Type": "text/plain", "Accept": "text/html"} if body else {}
    with urlopen(Request(address, data=body, headers=headers), timeout=60) as answer:  # noqa: S310  # our server
        answer.read()


def main() -> None:
    """Print how many modules each way enters."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--names", action="store_true", help="print the modules too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        traced = Traced(Path(folder))
        datadir = Path(folder) / "data"
        traced.run(sys.executable, "-c", PUBLISH, PAGE, "--to", datadir)
        ways = {"a page to a release": traced.entered()}
        with traced.serving(datadir) as (server, address):
            ask(f"{address}/health")
            ask(f"{address}/validate", PAGE.read_bytes())  # so that the workers of both kinds are there
            for name, path, body in (
                ("a query to its answer", f"/sparql?query={quote(QUERY)}", None),
                ("an upload to its report", "/validate", PAGE.read_bytes()),
            ):
                traced.begin(server, *children_of(server))
                ask(address + path, body)
                found = traced.entered()
                ways[f"{name}, server"] = {server: found.pop(server)}
                ways[f"{name}, worker"] = found
    for name, processes in ways.items():
        modules = sorted({module for found in processes.values() for module in found})
        print(f"{len(modules):4} {name}")
        if chosen.names:
            print("".join(f"       {module}\n" for module in modules), end="")


if __name__ == "__main__":
    main()
