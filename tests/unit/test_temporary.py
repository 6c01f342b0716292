"""Temporary folders: each is locked while it is used, and only what nobody uses is removed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iomld.temporary import temporary_folder


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """The next folder of any purpose removes it; folders in use, of other names and behind links stay."""
    code = (
        "import os, signal, sys, tempfile\n"
        "from iomld.temporary import temporary_folder\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "with temporary_folder('publish') as folder:\n"
        "    (folder / 'lines').write_text('x'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith("iomld-temporary-publish-")
    other, aside = tmp_path / "iomld-publish-other", tmp_path / "aside"
    other.mkdir()
    aside.mkdir()
    (tmp_path / "iomld-temporary-link").symlink_to(aside)
    with temporary_folder("downloads") as used, temporary_folder("downloads") as second:
        assert {path.name for path in tmp_path.iterdir()} == {
            other.name,
            aside.name,
            "iomld-temporary-link",
            used.name,
            second.name,
        }
        (used / "file").touch()
    assert not used.exists()


def test_what_cannot_be_removed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folders of other users are left alone."""
    (tmp_path / "iomld-temporary-publish-1").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: -1)
    with temporary_folder("publish"):
        assert (tmp_path / "iomld-temporary-publish-1").exists()
