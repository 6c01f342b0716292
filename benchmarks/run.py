"""Measure iomld on generated records, over loopback only, in one run of under three minutes.

The figures say something about one machine at one time; compare only what stands in one table.
"""

import argparse
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from pyoxigraph import Quad

from iomld import read
from iomld.assets import load_vocabulary
from iomld.pipeline.load import Choices, load_pipeline
from iomld.pipeline.outcomes import converted
from iomld.validate import load_validator

_SEED = 20_010_101
_SAMPLE = 50  # records for the reference engine, which takes tens of milliseconds for each
_LIBRARIES = ("iomld", "pyoxigraph", "shacl", "pyshacl", "rdflib", "fastapi", "starlette", "uvicorn", "uvloop")
_IOMLD = Path(sys.executable).parent / "iomld"
_LOAD = Path(__file__).with_name("load.py")


def generated_records(count: int) -> Iterator[dict[str, object]]:
    """Made-up records: the same for the same count, all without violation."""
    # No secret is made here, and the same seed must give the same records.
    dice = random.Random(_SEED)
    vocabulary = load_vocabulary()
    states = sorted(code for code, country in vocabulary.countries.items() if country.is_member and country.region)
    types = sorted(vocabulary.concepts["type"])
    for number in range(count):
        type_, state = types[number // 10_000 % len(types)], dice.choice(states)
        start = dice.randint(2005, 2020)
        yield {
            "projectCode": f"{type_}.{number % 10_000:04}",
            "primaId": f"{state}{number // 10_000:02}P{number % 10_000:04}",
            "title": {"en": f"Generated project {number} for {vocabulary.countries[state].name()}"},
            "abstract": {"en": f"A generated record with the number {number}."},
            "narrative": {
                "en": f"Project {number} trains {dice.randint(10, 500)} officials and follows the Global Compact for "
                "Migration. Its partners prepare a report and two workshops on the return of skilled people.\n"
                f"The second part looks at objective {dice.randint(1, 23)} of the GCM, and the sums spent each year."
            },
            "status": "completed",
            "projectType": type_,
            "coverage": "national",
            "region": vocabulary.countries[state].region,
            "startYear": str(start),
            "endYear": str(start + dice.randint(1, 3)),
            "allocationYear": str(start),
            "budgetUSD": str(dice.randint(30_000, 200_000)),
            "benefitingMemberStates": [state],
            "source": {"url": f"https://example.org/project/{number}", "retrievedAt": "2026-01-01T00:00:00Z"},
        }


def machine() -> str:
    """Processor, cores, system, Python and libraries; no names of hosts or people."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    processor = found[1] if found else platform.machine()
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    cores = len(os.sched_getaffinity(0))
    return f"{processor}, {cores} cores, {system}, Python {platform.python_version()}; {libraries}"


def timed(*arguments: str | Path) -> float:
    """Seconds that an `iomld` command takes, start of the process included."""
    begun = time.perf_counter()
    done = subprocess.run([_IOMLD, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    took = time.perf_counter() - begun
    if done.returncode:
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
def served(folder: Path) -> Iterator[str]:
    """A server process; gives its address."""
    arguments = [str(_IOMLD), "serve", "--from", str(folder), "--port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
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


def rows(count: int, folder: Path) -> Iterator[tuple[str, str]]:
    """What was measured and the figure, one after the other."""
    records = list(generated_records(count))
    source = folder / "records.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
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
    graphs = [converted((record,), pipeline.linker, pipeline.publication).quads for record in read.read_file(source)]
    sample = graphs[: min(_SAMPLE, count)]
    yield f"check with `shacl`, {count} records", _rate(count, check_seconds(graphs, "shacl"))
    yield f"check with `shacl`, the first {len(sample)}", _rate(len(sample), check_seconds(sample, "shacl"))
    yield f"check with `pyshacl`, the first {len(sample)}", _rate(len(sample), check_seconds(sample, "pyshacl"))
    codes = [str(record["projectCode"]) for record in islice(records, 1000)]
    with served(folder / "d") as address:
        load(address, codes, "--vary", "--seconds", "1")  # warm up
        yield "lookups at `/sparql`, 8 connections, each query new", _lookups(load(address, codes, "--vary"))
        yield "lookups at `/sparql`, 8 connections, one query again", _lookups(load(address, codes))


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds:.0f} records/s"


def _lookups(figures: dict[str, float]) -> str:
    return f"{figures['per_second']:.0f}/s, p50 {figures['p50_ms']:.2f} ms, p99 {figures['p99_ms']:.2f} ms"


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=2000, help="generated records, 1 to 20000 (default: 2000)")
    count = min(max(parser.parse_args().records, 1), 20_000)
    print(f"{machine()}\n\n| what | figure |\n|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="iomld-bench-") as folder:
        for what, figure in rows(count, Path(folder)):
            print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
