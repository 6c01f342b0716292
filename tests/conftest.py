"""Few fixtures: the command line, the bundled records published once, and the real seed page where it is at hand."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
SEED_NAME = "000_b8327546129996ab.txt"

Command = Callable[..., subprocess.CompletedProcess[str]]


def run_iomld(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the installed `iomld` command; variables are added to its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IOMLD_")}
    return subprocess.run(
        [Path(sys.executable).parent / "iomld", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment | variables,
        timeout=300,
    )


@pytest.fixture(scope="session")
def iomld() -> Command:
    """The `iomld` command."""
    return run_iomld


@pytest.fixture(scope="session")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one release of the bundled records; tests only read it."""
    folder = tmp_path_factory.mktemp("published")
    done = run_iomld("publish", DATA, "--to", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def seed() -> Path:
    """The real project page that the project starts from; its text is not ours to ship."""
    path = Path(os.environ.get("IOMLD_SHARED", ROOT.parent / "shared")) / "seed" / SEED_NAME
    if not path.exists():
        pytest.skip("the real seed page is not at hand (set IOMLD_SHARED to the folder that holds seed/)")
    return path
