"""The check of a release reads each file once, as long as it stays in its state."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.release.test_folder import manifest

from iomld import release
from iomld.release import ReleaseCheck, digests
from iomld.release.folder import begin_release, finish_release
from iomld.release.nquads import file_digest


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with a release that has a store of two files."""
    with release.publisher_lock(tmp_path):
        building = begin_release(tmp_path)
        (building / "store").mkdir()
        for name in ("dataset", "store/1.sst", "store/2.sst"):
            (building / name).write_text(name)
        finish_release(tmp_path, building, manifest("20260101T000000Z-a"))
    return tmp_path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read from now on."""
    names: list[str] = []

    def noted(path: Path) -> str:
        names.append(path.name)
        return file_digest(path)

    monkeypatch.setattr(digests, "file_digest", noted)
    return names


def test_the_files_of_a_store_are_read_once(made: Path, read: list[str]) -> None:
    """What was published is known; to grow from it, what is no store is read again; a copy is read once."""
    assert release.readable_release(made)
    assert read == []
    assert release.whole_release(made)
    assert read == ["dataset"]
    file = made / "current" / "store" / "1.sst"
    os.utime(file, ns=(0, 0))
    assert release.readable_release(made)
    assert release.readable_release(made)
    assert read == ["dataset", "1.sst"]


def test_a_store_that_is_linked_is_not_read_again(made: Path, read: list[str]) -> None:
    """The next release knows the files that it shares with the one before, and reads the others."""
    with release.publisher_lock(made):
        building = begin_release(made)
        (building / "store").mkdir()
        (building / "store" / "1.sst").hardlink_to(made / "current" / "store" / "1.sst")
        (building / "store" / "3.sst").write_text("new")
        next_manifest = replace(manifest("20260102T000000Z-b"), previous="20260101T000000Z-a")
        made_next = finish_release(made, building, next_manifest)
    assert read == ["3.sst"]
    assert set(made_next.manifest.files) == {"store/1.sst", "store/3.sst"} == set(made_next.manifest.sizes)


def test_what_a_command_reads_is_bounded(made: Path, read: list[str]) -> None:
    """Beyond the limit only lengths are compared, and the check says which files it did not read."""
    (made / ".verified" / "20260101T000000Z-a").unlink()
    current = release.current_release(made)
    assert current
    check = ReleaseCheck(current)
    assert check.damages(read_bytes=12) == ()
    assert (read, check.unread) == (["dataset"], {"store/1.sst", "store/2.sst"})
    (made / "current" / "store" / "2.sst").write_text("cut")
    assert [one.file for one in check.damages(read_bytes=0)] == ["store/2.sst"]
    assert [one.file for one in check.damages()] == ["store/2.sst"]
    assert check.unread == frozenset()


def test_kept_digests_may_be_damaged_or_missing(made: Path, read: list[str]) -> None:
    """Lines that cannot be read or hold another digest are ignored; what is kept of a removed release is removed."""
    kept = made / ".verified" / "20260101T000000Z-a"
    first, second, third = kept.read_text().splitlines()
    wrong = first[:-1] + ("0" if first[-1] != "0" else "1")
    kept.write_text(f"\xff 1\n{wrong}\n{second[:20]}\nx y z {third[-64:]}\n\n", encoding="latin-1")
    assert release.readable_release(made)
    assert sorted(read) == ["1.sst", "2.sst", "dataset"]
    kept.rename(kept.with_name("20250101T000000Z-gone"))
    begin_release(made).rmdir()
    assert list(kept.parent.iterdir()) == []
