"""The example fund folder, a copy of it to break, and a release published with it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.commands import run_iomld
from tests.sharing import made_once

EXAMPLE = Path(__file__).parents[2] / "examples/fund"


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """A copy of the example with another text in one of its files."""

    def change(name: str, before: str, after: str) -> Path:
        folder = tmp_path / "fund"
        if not folder.exists():
            shutil.copytree(EXAMPLE, folder)
        file = folder / name
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        assert before in text
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.replace(before, after) if before else text + after, encoding="utf-8")
        return folder

    return change


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release of the example; tests only read it."""

    def publish(folder: Path) -> None:
        done = run_iomld("publish", EXAMPLE / "projects.csv", "--fund", EXAMPLE, "--to", folder)
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "published-with-fund", publish)
