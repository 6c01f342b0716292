"""Count the processor instructions of `iomld convert` and `iomld validate`: of their start, and of a record.

Unlike seconds, instructions do not depend on what else a machine does. Needs valgrind (`apt install valgrind`), which
makes a program fifty times as slow: a command takes about two minutes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from generate import generated_lines  # the folder of this script is on the path
from run import machine

_BIN = Path(sys.executable).parent
_COMMANDS = (("convert", "--format", "ntriples"), ("validate",))
_VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
_FEW, _MANY = 50, 150  # records of the two runs whose difference is counted


def instructions(arguments: Sequence[str | Path], checkout: Path | None) -> int:
    """The instructions of one run of `iomld`, in another checkout if there is one; its exit status does not count."""
    # The order of sets depends on the seed, and so does the number of instructions.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""}
    if checkout:
        environment["PYTHONPATH"] = str(checkout / "src")
    command = (sys.executable, _BIN / "iomld", *arguments)
    subprocess.run(command, env=environment, capture_output=True, check=False)  # compiles what is not yet compiled
    done = subprocess.run((*_VALGRIND, *command), env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if "refs:" in line]
    if not lines:
        sys.exit(done.stderr)
    return int(lines[-1].rpartition(":")[2].replace(",", ""))


def rows(checkout: Path | None, records: Path | None) -> Iterator[tuple[str, str, str]]:
    """The command, millions of instructions a record, and billions for its start."""
    lines = records.read_bytes().splitlines(keepends=True) if records else list(generated_lines(_MANY))
    if len(lines) < _MANY:
        sys.exit(f"{records} has {len(lines)} lines. Give a file of JSON Lines with at least {_MANY} records.")
    with tempfile.TemporaryDirectory(prefix="iomld-bench-") as folder:
        few, many = Path(folder) / "few.jsonl", Path(folder) / "many.jsonl"
        few.write_bytes(b"".join(lines[:_FEW]))
        many.write_bytes(b"".join(lines[:_MANY]))
        for command in _COMMANDS:
            first, second = (instructions((*command, file), checkout) for file in (few, many))
            each = (second - first) / (_MANY - _FEW)
            yield " ".join(("iomld", *command)), f"{each / 1e6:.2f}", f"{(first - each * _FEW) / 1e9:.2f}"


def main() -> None:
    """Count and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", type=Path, help="the folder of another version, run in this environment")
    parser.add_argument("--records", type=Path, help=f"file of JSON Lines with {_MANY} records; generated unless given")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("Nothing was counted: valgrind is missing. On Debian or Ubuntu: apt install valgrind", file=sys.stderr)
        return
    print(f"{machine()}\n\n| command | millions of instructions a record | billions of the start |\n|---|---|---|")
    for row in rows(options.checkout, options.records):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
