"""`kill -9` in the middle of a publish: the old release goes on, and the next publish is clean."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import DATA, ROOT, Command

PAGE = ROOT / "tests" / "golden" / "page.txt"


@pytest.mark.server
def test_killed_at_ten_moments(tmp_path: Path, iomld: Command) -> None:
    """At each of ten moments of a publish the old release stays whole, and publishing again succeeds."""
    assert iomld("publish", PAGE, "--to", tmp_path).returncode == 0
    old = (tmp_path / "current").readlink()
    command = [Path(sys.executable).parent / "iomld", "publish", DATA, "--to", tmp_path]
    started = time.monotonic()
    subprocess.run([*command, "--dry-run"], check=True, capture_output=True)
    whole = time.monotonic() - started
    interrupted = 0
    for moment in range(1, 11):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(whole * (0.35 + moment / 12))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        served = (tmp_path / "current").readlink()
        manifest = json.loads((tmp_path / "current" / "manifest.json").read_text())
        assert manifest["projects"] == (1 if served == old else 92)
        asked = iomld("query", "SELECT (COUNT(?p) AS ?n) { ?p a iomld:Project }", "--from", tmp_path, "--format", "csv")
        assert asked.stdout.split()[1] == str(manifest["projects"])
        if served != old:
            assert iomld("releases", "rollback", old.name, "--from", tmp_path).returncode == 0
        else:
            interrupted += 1
    assert interrupted
    assert iomld("publish", DATA, "--to", tmp_path).returncode == 0
    assert json.loads((tmp_path / "current" / "manifest.json").read_text())["projects"] == 92
    assert not [path for path in (tmp_path / "releases").iterdir() if path.name.startswith(".")]
