"""Measure validation on generated records: one record, many records, both engines beside each other.

The figures say something about one machine at one time; compare only what stands in one table. With `--mutations` both
engines are compared on damaged records instead, and what they say differently is listed by name.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from generate import generated_lines, generated_records  # the folder of this script is on the path
from pyoxigraph import Quad
from run import machine, served, timed

from iomld.check.checker import Checker
from iomld.pipeline.conversion import Choices, converted
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.read import read_bytes
from iomld.validate import load_validator

_SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
_BLOCK = 500  # records that are converted before they are checked, so that memory does not depend on their number
_ROOT = Path(__file__).resolve().parents[1]


def graphs(pipeline: Pipeline, count: int) -> Iterator[Sequence[Quad]]:
    """The graphs of generated records, one after the other."""
    lines = generated_lines(count)
    while block := b"".join(islice(lines, _BLOCK)):
        for record in read_bytes(block, file="records.jsonl"):
            yield converted((record,), pipeline.linker, pipeline.publication).quads


def check_seconds(pipeline: Pipeline, profile: str, engine: str, count: int) -> float:
    """Seconds that checking takes, shapes loaded and records converted before, block by block."""
    validator = load_validator(profile, engine=engine)
    if validator.engine_name != engine:
        sys.exit(f"{engine} cannot be used: {validator.fallback_reason}")
    remaining, took = graphs(pipeline, count), 0.0
    while block := tuple(islice(remaining, _BLOCK)):
        begun = time.perf_counter()
        for _ in validator.check_many(block):
            pass
        took += time.perf_counter() - begun
    return took


def child(profile: str, engine: str, count: int) -> None:
    """Measure one line of the table in this process, whose memory is then that of the line."""
    took = check_seconds(load_pipeline(Choices(profile=profile)), profile, engine, count)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took, "peak_mb": peak_mb}))


def measured(profile: str, engine: str, count: int) -> dict[str, float]:
    """The same in a process of its own."""
    arguments = [sys.executable, __file__, "--child", f"{profile},{engine},{count}"]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def bulk_rows(profile: str, sizes: Sequence[int], sample: int) -> Iterator[str]:
    """Lines of the table for one profile."""
    reference = measured(profile, "pyshacl", sample)
    slow = sample / reference["seconds"]
    yield _row(profile, "pyshacl", sample, reference, slow)
    for count in sizes:
        yield _row(profile, "shacl", count, measured(profile, "shacl", count), slow)


def _row(profile: str, engine: str, count: int, figures: dict[str, float], slow: float) -> str:
    rate = count / figures["seconds"]
    milliseconds = 1000 * figures["seconds"] / count
    return (
        f"| {profile} | {engine} | {count:,} | {milliseconds:.2f} | {rate:,.0f} | {rate / slow:.0f} | "
        f"{figures['peak_mb']:.0f} |"
    )


def single_rows(count: int) -> Iterator[str]:
    """One record at a time, from bytes to findings with their places, the two engines in turn."""
    checkers = {engine: Checker(load_pipeline(Choices(engine=engine))) for engine in ("shacl", "pyshacl")}
    took: dict[str, list[float]] = {engine: [] for engine in checkers}
    for record in generated_records(count):
        data = json.dumps(record, ensure_ascii=False).encode()
        for engine, checker in checkers.items():
            begun = time.perf_counter()
            checker.check_bytes(data, "record.json")
            took[engine].append(1000 * (time.perf_counter() - begun))
    for engine, times in took.items():
        yield f"| {engine} | {median(times):.2f} | {sorted(times)[len(times) * 95 // 100]:.2f} |"


def http_row(count: int) -> str:
    """One record at a time over HTTP, a new connection each, from the bundled records' server."""
    times = []
    with tempfile.TemporaryDirectory(prefix="iomld-bench-") as folder:
        timed("publish", _ROOT / "data", "--to", folder)
        with served(Path(folder)) as address:
            for record in generated_records(count):
                data = json.dumps(record, ensure_ascii=False).encode()
                request = Request(f"{address}/validate", data=data, headers={"Content-Type": "application/json"})  # noqa: S310  # our own server
                begun = time.perf_counter()
                with urlopen(request, timeout=60) as answer:  # noqa: S310  # as above
                    answer.read()
                times.append(1000 * (time.perf_counter() - begun))
    return f"| shacl, over HTTP | {median(times):.2f} | {sorted(times)[len(times) * 95 // 100]:.2f} |"


def compare(count: int) -> None:
    """Both engines on damaged records."""
    sys.path.insert(0, str(_ROOT))
    from tests.validate.mutator import damaged_records  # noqa: PLC0415  # tests are importable from the checkout only
    from tests.validate.test_mutations import KNOWN, difference  # noqa: PLC0415  # as above

    records = tuple(damaged_records(count))
    pair = [load_validator("published", engine=engine).check_many(records) for engine in ("shacl", "pyshacl")]
    names = Counter(name for findings in zip(*pair, strict=True) for name in difference(*findings))
    print(f"{count} damaged records; records that the engines judge differently: {sum(names.values())}")
    for name, number in sorted(names.items()):
        print(f"{number:6} {name}: {KNOWN.get(name, 'not known; the rule is to be rewritten')}")
    sys.exit(1 if set(names) - set(KNOWN) else 0)


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1000, help="largest number of records (default: 1000)")
    parser.add_argument("--sample", type=int, default=50, help="records for pyshacl (default: 50)")
    parser.add_argument("--mutations", type=int, help="compare the engines on so many damaged records instead")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        profile, engine, count = options.child.split(",")
        child(profile, engine, int(count))
    elif options.mutations:
        compare(options.mutations)
    else:
        tables([size for size in _SIZES if size <= options.records] or [options.records], options.sample)


def tables(sizes: Sequence[int], sample: int) -> None:
    """Both tables."""
    print(f"{machine()}\n\nOne record, from bytes to findings with places, milliseconds:\n", flush=True)
    print("| engine | median | 95 % |\n|---|---|---|")
    for row in single_rows(sample):
        print(row, flush=True)
    print(http_row(sample), flush=True)
    print("\nMany records, shapes loaded and records converted before:\n")
    print("| profile | engine | records | ms a record | records/s | times pyshacl | peak memory, MB |")
    print("|---|---|---|---|---|---|---|")
    for profile in ("submission", "published"):
        for row in bulk_rows(profile, sizes, sample):
            print(row, flush=True)


if __name__ == "__main__":
    main()
