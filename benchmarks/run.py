"""Measure iomld on generated records, over loopback only: commands and checks, pages, and `/sparql` beside others.

The figures say something about one machine at one time; compare only what stands in one table.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from generate import generated_lines  # the folder of this script is on the path
from pyoxigraph import Quad

from iomld.pipeline.conversion import Choices, converted
from iomld.pipeline.stages import load_pipeline
from iomld.read import read_file
from iomld.validate import load_validator

_SAMPLE = 50  # records for the reference engine, which takes tens of milliseconds for each
_LIBRARIES = ("iomld", "pyoxigraph", "shacl", "pyshacl", "rdflib", "fastapi", "starlette", "uvicorn", "uvloop")
_IOMLD = Path(sys.executable).parent / "iomld"
_LOAD = Path(__file__).with_name("load.py")


def machine() -> str:
    """Processor, cores, system, Python and libraries; no names of hosts or people."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    processor = found[1] if found else platform.machine()
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    cores = len(os.sched_getaffinity(0))
    return f"{processor}, {cores} cores, {system}, Python {platform.python_version()}; {libraries}"


def timed(*arguments: str | Path) -> float:
    """Seconds that an `iomld` command takes, start of the process included; a refused record is work as well."""
    begun = time.perf_counter()
    done = subprocess.run([_IOMLD, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    took = time.perf_counter() - begun
    if done.returncode not in (0, 1):
        sys.exit(f"iomld {arguments[0]} failed:\n{done.stderr.decode()[:2000]}")
    return took


def check_seconds(graphs: Sequence[Sequence[Quad]], engine: str) -> float:
    """Seconds that an engine takes to check graphs, shapes loaded before."""
    validator = load_validator("published", engine=engine)
    if validator.engine_name != engine:
        sys.exit(f"{engine} cannot be used: {validator.fallback_reason}")
    begun = time.perf_counter()
    for _ in validator.check_many(graphs):
        pass
    return time.perf_counter() - begun


@contextmanager
def served(folder: Path, **variables: str) -> Iterator[str]:
    """A server process, with variables in its environment; gives its address."""
    arguments = [str(_IOMLD), "serve", "--from", str(folder), "--port", "0"]
    # One address asks for all: its budget of query time must not end.
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "IOMLD_CLIENT_SECONDS": "1000000"} | variables
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            line = next((line for line in server.stdout or () if line.startswith("Serving on")), None)
            if line is None:
                sys.exit("the server did not start")
            address = line.split()[2]
            yield address
        finally:
            server.terminate()


def load(address: str, codes: Sequence[str], *options: str) -> dict[str, float]:
    """What a client process sees with 8 connections."""
    client = subprocess.run(
        [sys.executable, _LOAD, address, *options],
        input="\n".join(codes),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    figures: dict[str, float] = json.loads(client.stdout)
    if figures["refused"]:
        sys.exit(f"{figures['refused']:.0f} lookups were not answered with 200")
    return figures


def published_codes(folder: Path) -> list[str]:
    """Codes of at most a thousand projects that are served."""
    query = "SELECT ?code { ?project iomld:projectCode ?code } ORDER BY ?code LIMIT 1000"
    arguments = [str(_IOMLD), "query", query, "--from", str(folder), "--format", "csv"]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()[1:]


def rows(count: int, folder: Path) -> Iterator[tuple[str, str]]:
    """What was measured and the figure, one after the other."""
    source = folder / "records.jsonl"
    source.write_bytes(b"".join(generated_lines(count)))
    yield "`iomld --help`, a new process, best of 5", f"{1000 * min(timed('--help') for _ in range(5)):.0f} ms"
    yield (
        f"`iomld convert`, {count} records, whole command",
        _rate(count, timed("convert", source, "--format", "nquads")),
    )
    yield (
        f"`iomld publish`, {count} records, whole command",
        _rate(count, timed("publish", source, "--to", folder / "d")),
    )
    yield "`iomld publish` again, nothing changed", _rate(count, timed("publish", source, "--to", folder / "d"))
    pipeline = load_pipeline(Choices(profile="published"))
    graphs = [converted((record,), pipeline.linker, pipeline.publication).quads for record in read_file(source)]
    sample = graphs[: min(_SAMPLE, count)]
    yield f"check with `shacl`, {count} records", _rate(count, check_seconds(graphs, "shacl"))
    yield f"check with `shacl`, the first {len(sample)}", _rate(len(sample), check_seconds(sample, "shacl"))
    yield f"check with `pyshacl`, the first {len(sample)}", _rate(len(sample), check_seconds(sample, "pyshacl"))
    codes = published_codes(folder / "d")
    with served(folder / "d") as address:
        load(address, codes, "--vary", "--seconds", "1")  # warm up
        yield "lookups at `/sparql`, 8 connections, each query new", _lookups(load(address, codes, "--vary"))
        yield "lookups at `/sparql`, 8 connections, one query again", _lookups(load(address, codes))


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds:.0f} records/s"


def _lookups(figures: dict[str, float]) -> str:
    return f"{figures['per_second']:.0f}/s, p50 {figures['p50_ms']:.2f} ms, p99 {figures['p99_ms']:.2f} ms"


def section(title: str, script: str, *options: str) -> None:
    """Have another script print its tables, under a heading; it runs in a process of its own."""
    print(f"\n## {title}", flush=True)
    done = subprocess.run([sys.executable, Path(__file__).with_name(script), "--bare", *options], check=False)
    if done.returncode:  # it has said why
        print(f"\n{script} was not measured.", flush=True)


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=500, help="generated records, 1 to 20000 (default: 500)")
    parser.add_argument("--seconds", type=int, default=3, help="length of each run of lookups (default: 3)")
    options = parser.parse_args()
    count = min(max(options.records, 1), 20_000)
    print(f"{machine()}\n\n## Commands and checks\n\n| what | figure |\n|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="iomld-bench-") as folder:
        for what, figure in rows(count, Path(folder)):
            print(f"| {what} | {figure} |", flush=True)
    section("Pages", "pages.py", "--records", str(count))
    section("Lookups beside other servers", "serve.py", "--records", str(count), "--seconds", str(options.seconds))


if __name__ == "__main__":
    main()
