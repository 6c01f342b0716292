"""Pruning: old releases go, and never the current one, one in use, or a file that another release needs."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import Command
from tests.release.test_folder import made

from iomld import release
from iomld.errors import StoreError

NAMES = tuple(f"2026010{day}T000000Z-aaaaaaa{day}" for day in range(1, 6))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with five releases, of which the last is current."""
    folder = tmp_path_factory.mktemp("five")
    for name in NAMES:
        made(folder, name)
    return folder


@pytest.fixture
def five(original: Path, tmp_path: Path) -> Path:
    """A copy of it; to make releases takes longer, since each is synced."""
    return Path(shutil.copytree(original, tmp_path / "five", symlinks=True))


def pruned(folder: Path, keep: int) -> release.PruningPlan:
    """Prune as the command does."""
    with release.publisher_lock(folder):
        return release.prune(folder, keep)


def test_the_newest_stay(five: Path) -> None:
    """What is named beforehand is removed, with the digests that were kept for it, and the rest is as it was."""
    plan = release.pruning_plan(five, 2)
    assert (plan.removed, plan.used) == (NAMES[:3], ())
    assert release.release_names(five) == NAMES
    assert pruned(five, 2) == plan
    assert release.release_names(five) == NAMES[3:]
    assert sorted(path.name for path in (five / ".verified").iterdir()) == list(NAMES[3:])
    current = release.current_release(five)
    assert current is not None
    assert current.file("content").read_text() == NAMES[4]


def test_the_current_release_stays_however_old(five: Path) -> None:
    """After a rollback the oldest is served: it stays besides the newest."""
    release.switch_to(five, NAMES[0], datetime.now(UTC))
    assert pruned(five, 1).removed == NAMES[1:4]
    assert release.release_names(five) == (NAMES[0], NAMES[4])
    assert release.served_name(five) == NAMES[0]


def test_a_release_in_use_stays(five: Path) -> None:
    """What a server has open is named and stays, until the server lets go of it."""
    use = release.ReleaseUse(five / "releases" / NAMES[1])
    plan = pruned(five, 1)
    assert (plan.removed, plan.used) == ((NAMES[0], *NAMES[2:4]), (NAMES[1],))
    use.end()
    assert pruned(five, 1).removed == (NAMES[1],)


def test_without_a_current_release_nothing_is_removed(five: Path) -> None:
    """Who lost the link may need any of them."""
    (five / "current").unlink()
    with pytest.raises(StoreError, match="releases rollback"):
        pruned(five, 1)
    assert release.release_names(five) == NAMES


def test_folders_that_no_publish_made_stay(five: Path) -> None:
    """A copy that somebody put beside the releases is theirs."""
    copy = five / "releases" / "copy-of-monday"
    copy.mkdir()
    pruned(five, 1)
    assert copy.is_dir()


def test_only_files_that_no_other_release_has_count_as_freed(five: Path) -> None:
    """A file shared by a hard link with a release that stays frees nothing; one shared by two that go counts once."""
    folders = [five / "releases" / name for name in NAMES]
    before = release.pruning_plan(five, 1).freed_bytes
    (folders[0] / "large").write_bytes(b"x" * 10_000)
    os.link(folders[0] / "large", folders[1] / "large")
    assert release.pruning_plan(five, 1).freed_bytes == before + 10_000
    os.link(folders[0] / "large", folders[4] / "large")
    assert release.pruning_plan(five, 1).freed_bytes == before


@pytest.mark.parametrize("ends_it", ["prune", "publish"])
def test_after_a_crash_a_release_is_whole_or_gone(five: Path, monkeypatch: pytest.MonkeyPatch, ends_it: str) -> None:
    """If removing its files fails, it is no longer listed, and the next pruning or publish removes the rest."""

    def crash(_: Path) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", crash)
        with pytest.raises(OSError):  # noqa: PT011  # the crash above
            pruned(five, 4)
    assert release.release_names(five) == NAMES[1:]
    assert (five / "releases" / f".removing-{NAMES[0]}").is_dir()
    if ends_it == "prune":
        assert pruned(five, 4).removed == ()
    else:
        made(five, "20260201T000000Z-bbbbbbbb")
    assert not list((five / "releases").glob(".removing-*"))


def test_the_command_says_what_it_does(five: Path, iomld: Command) -> None:
    """A dry run names what would go; then it goes; then there is nothing to remove."""
    command = ("releases", "prune", "--keep", "4", "--from", five)
    tried = iomld(*command, "--dry-run")
    assert (tried.returncode, tried.stdout.splitlines()[0]) == (0, f"would go {NAMES[0]}")
    assert tried.stdout.splitlines()[1].startswith("This would free ")
    assert release.release_names(five) == NAMES
    done = iomld(*command)
    assert done.stdout.splitlines()[0] == f"removed  {NAMES[0]}"
    assert iomld(*command).stdout == "Nothing to remove: the newest releases, the current one and those in use stay.\n"
    assert release.release_names(five) == NAMES[1:]


def test_the_command_refuses_to_remove_all(tmp_path: Path, iomld: Command) -> None:
    """None to keep is a mistake, and so is a folder without releases."""
    refused = iomld("releases", "prune", "--keep", "0", "--from", tmp_path)
    assert "is not a whole number from 1 upwards" in refused.stderr
    missing = iomld("releases", "prune", "--keep", "1", "--from", tmp_path)
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert "nothing is published here" in missing.stderr
