"""Kill a publish or one of its workers with SIGKILL at random moments, and check what is left each time.

After each kill the old release must be served and whole, and the next publish must give the same bytes as one that
nothing disturbed. A publish that loses a worker must itself give these bytes.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from generate import generated_records

_SEED = 7
_FIRST = 20  # records of the release that is there before
# Processes are started for few records too.
_COMMAND = (
    "from iomld.publish import processes; processes._FEWEST_PROJECTS = 2; from iomld.cli.main import main; main()"
)
_DATED = {"dataset.ttl", "history.nq.gz", "report.json"}
_GROWN = ("store/", "projects.sqlite")  # with equal content, but not always the same bytes


@dataclass(frozen=True, slots=True)
class Setting:
    """What is published again and again.

    Attributes:
        base: A folder of releases with one release.
        source: The file to publish into it.
        expected: The hash of each file of the release that follows, as far as it does not depend on time.
        seconds: How long it takes.
    """

    base: Path
    source: Path
    expected: dict[str, str]
    seconds: float


def main() -> None:
    """Do as many rounds as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()
    dice = random.Random(_SEED)
    with tempfile.TemporaryDirectory() as name:
        setting = _setting(Path(name), arguments.records)
        print(f"undisturbed: {setting.seconds:.1f} s", flush=True)
        outcomes: Counter[str] = Counter()
        for number in range(arguments.rounds):
            after_s, is_worker = dice.uniform(0, setting.seconds * 1.1), number % 2 == 1
            outcome = _round(setting, Path(name) / "round", after_s, is_worker=is_worker)
            outcomes[outcome] += 1
            print(f"{number + 1}: after {after_s:.1f} s: {outcome}", flush=True)
        for outcome, count in outcomes.most_common():
            print(f"| {outcome} | {count} |")


def _setting(folder: Path, records: int) -> Setting:
    lines = [f"{json.dumps(one, ensure_ascii=False)}\n" for one in generated_records(records)]
    source, first, base = folder / "source" / "records.jsonl", folder / "first" / "records.jsonl", folder / "base"
    for path, some in ((source, lines), (first, lines[:_FIRST])):
        path.parent.mkdir()
        path.write_text("".join(some), encoding="utf-8")
    _run("publish", first, "--to", base)
    undisturbed = folder / "undisturbed"
    shutil.copytree(base, undisturbed, symlinks=True)
    begun = time.monotonic()
    _run("publish", source, "--to", undisturbed)
    return Setting(base, source, _digests(undisturbed), time.monotonic() - begun)


def _round(setting: Setting, to: Path, after_s: float, *, is_worker: bool) -> str:
    """Publish, kill after some seconds, check; the outcome as a sentence."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(setting.base, to, symlinks=True)
    old = (to / "current").readlink()
    process = subprocess.Popen(
        _command("publish", setting.source, "--to", to), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after_s)
    workers = _children(process.pid)
    if is_worker and workers:
        os.kill(workers[0], signal.SIGKILL)
        what = "a worker killed"
    else:
        process.kill()
        what = "the publish killed"
    code = process.wait()
    is_old = (to / "current").readlink() == old
    _run("releases", "verify", "--from", to)
    if what == "a worker killed":
        _require(code in {0, 1} and not is_old, f"exit status {code} after a worker was killed")
        _require(_digests(to) == setting.expected, "other bytes after a worker was killed")
        return f"{what}: published, the same bytes"
    _run("publish", setting.source, "--to", to)
    _require(_digests(to) == setting.expected, "other bytes of the next publish")
    left = [path.name for path in (to / "releases").iterdir() if path.name.startswith(".")]
    _require(not left, f"left behind: {left}")
    served = "the old release served" if is_old else "ended before"
    return f"{what}: {served}, the next publish the same bytes"


def _command(*arguments: object) -> list[str]:
    options = ["--processes", "2"] if arguments[0] == "publish" else []
    return [sys.executable, "-c", _COMMAND, *map(str, arguments), *options]


def _run(*arguments: object) -> None:
    """Run a command; refused records (exit status 1 of a publish) are no failure."""
    done = subprocess.run(_command(*arguments), capture_output=True, text=True, check=False)
    allowed = {0, 1} if arguments[0] == "publish" else {0}
    _require(done.returncode in allowed, f"{arguments[0]}: exit status {done.returncode}\n{done.stderr[-2000:]}")


def _require(holds: object, fault: str) -> None:
    if not holds:
        raise SystemExit(fault)


def _digests(folder: Path) -> dict[str, str]:
    manifest = json.loads((folder / "current" / "manifest.json").read_bytes())
    files: dict[str, str] = manifest["files"]
    return {name: digest for name, digest in files.items() if name not in _DATED and not name.startswith(_GROWN)}


def _children(pid: int) -> list[int]:
    """The processes that any thread of a process has started."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    except OSError:
        pass
    return found


if __name__ == "__main__":
    main()
