"""The backup that docs/OPERATION.md describes: what is restored is served as it was."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import PROJECT_COUNT, ROOT, Command

COUNT = "SELECT (COUNT(?p) AS ?n) { ?p a iomld:Project }"


def test_a_backup_is_restored(datadir: Path, tmp_path: Path, iomld: Command) -> None:
    """The documented commands, run for another folder, restore one with intact files and working queries."""
    if not (shutil.which("flock") and shutil.which("tar")):
        pytest.skip("no flock or no tar on this machine; install util-linux and tar to run this test")
    page = (ROOT / "docs" / "OPERATION.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ ((?:flock|mkdir|tar) .+)$", page, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        subprocess.run(command.replace("/var/lib/iomld", str(datadir)).split(), cwd=tmp_path, check=True, timeout=60)
    restored = tmp_path / "restored"
    verified = iomld("releases", "verify", "--all", "--from", restored)
    assert verified.returncode == 0, verified.stdout
    assert str(PROJECT_COUNT) in iomld("query", COUNT, "--from", restored, "--format", "csv").stdout.split()
