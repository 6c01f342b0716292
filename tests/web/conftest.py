"""Folders of releases for servers with an inbox."""

import shutil
from pathlib import Path

import pytest
from tests.conftest import Command
from tests.sharing import made_once


@pytest.fixture(scope="session")
def few_published(tmp_path_factory: pytest.TempPathFactory, few_records: Path, iomld: Command) -> Path:
    """A folder in which CE.0134 and PO.0105 are published, to be copied."""

    def publish(folder: Path) -> None:
        done = iomld("publish", few_records, "--to", folder)
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "published-few", publish)


@pytest.fixture
def folder(tmp_path: Path, few_published: Path) -> Path:
    """A copy of it for a test."""
    return shutil.copytree(few_published, tmp_path / "data", symlinks=True)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, few_published: Path) -> Path:
    """A copy of it for the tests of a module."""
    return shutil.copytree(few_published, tmp_path_factory.mktemp("shared") / "data", symlinks=True)
