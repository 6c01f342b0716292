"""The folder of releases: what is served changes in one step or not at all."""

import errno
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from iomld import release
from iomld.errors import NotFoundError, StoreError
from iomld.release import Manifest
from iomld.release.folder import begin_release, finish_release
from iomld.release.history import xsd_moment


def manifest(name: str) -> Manifest:
    """A minimal manifest."""
    created = xsd_moment(datetime(2026, 11, 23, tzinfo=UTC))
    return Manifest(name, "https://x.example/", created, None, 0, 0, "0" * 64, {}, {})


def made(datadir: Path, name: str) -> None:
    """Make a release with one file in it."""
    with release.publisher_lock(datadir):
        building = begin_release(datadir)
        (building / "content").write_text(name)
        finish_release(datadir, building, manifest(name))


def test_a_finished_release_is_the_current_one(tmp_path: Path) -> None:
    """Finishing switches; the older release stays and can be served again."""
    assert release.current_release(tmp_path) is None
    made(tmp_path, "20260101T000000Z-a")
    made(tmp_path, "20260102T000000Z-b")
    current = release.current_release(tmp_path)
    assert current is not None
    assert current.file("content").read_text() == "20260102T000000Z-b"
    release.switch_to(tmp_path, "20260101T000000Z-a", datetime.now(UTC))
    assert release.current_release(tmp_path) == release.open_release(tmp_path, "20260101T000000Z-a")
    assert release.release_names(tmp_path) == ("20260101T000000Z-a", "20260102T000000Z-b")


def test_what_a_crash_left_is_never_listed_and_is_cleared(tmp_path: Path) -> None:
    """A half-built folder is invisible, and the next publish removes it."""
    made(tmp_path, "20260101T000000Z-a")
    left = begin_release(tmp_path)
    (left / "half").write_text("half")
    assert release.release_names(tmp_path) == ("20260101T000000Z-a",)
    made(tmp_path, "20260102T000000Z-b")
    assert not left.exists()


def test_two_publishers_cannot_meet(tmp_path: Path) -> None:
    """The second publisher is told to wait."""
    with release.publisher_lock(tmp_path), pytest.raises(StoreError, match="another publish"):
        release.publisher_lock(tmp_path).__enter__()


def test_an_unknown_release_is_named(tmp_path: Path) -> None:
    """Rolling back to an unknown release is an error and changes nothing."""
    made(tmp_path, "20260101T000000Z-a")
    with pytest.raises(NotFoundError, match="no release 'b'"):
        release.switch_to(tmp_path, "b", datetime.now(UTC))
    assert release.current_release(tmp_path) is not None


def test_a_damaged_manifest_is_our_fault_and_says_so(tmp_path: Path) -> None:
    """A manifest that is no JSON raises StoreError with its path."""
    made(tmp_path, "20260101T000000Z-a")
    (tmp_path / "releases" / "20260101T000000Z-a" / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match="manifest"):
        release.current_release(tmp_path)


def test_names_keep_the_order_of_publishing(tmp_path: Path) -> None:
    """Two releases of one second, or of a clock that was set back, are listed as they came, whatever their hashes."""
    moment = datetime(2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    assert next_name(tmp_path, moment, "f" * 64) == "20260101T235959Z-ffffffff"
    made(tmp_path, "20260101T235959Z-ffffffff")
    (tmp_path / "releases" / "copy").mkdir()
    for at in (moment, datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)):
        assert next_name(tmp_path, at, "0" * 64) == "20260102T000000Z-00000000"
    assert next_name(tmp_path, datetime(2026, 1, 3, tzinfo=UTC), "0" * 64) == "20260103T000000Z-00000000"


def next_name(datadir: Path, at: datetime, sha256: str) -> str:
    """The name that a release made at this moment gets."""
    return release.release_name(release.rising_clock(release.release_names(datadir), lambda: at)(), sha256)


def test_times_never_go_back_within_a_run() -> None:
    """A clock that is set back while a run lasts stands still, in whole seconds of UTC."""
    east = timezone(timedelta(hours=2))
    times = iter((datetime(2026, 1, 1, 2, 0, 9, 5, tzinfo=east), datetime(2025, 1, 1, tzinfo=UTC)))
    now = release.rising_clock((), lambda: next(times))
    assert [now(), now()] == [datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC)] * 2


def test_a_file_system_without_links_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a publish nor a rollback leaves anything behind there."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    made(tmp_path, "20260101T000000Z-a")
    monkeypatch.setattr(Path, "symlink_to", refuse)
    with pytest.raises(StoreError, match="no symbolic link can be made here"):
        made(tmp_path, "20260102T000000Z-b")
    assert release.release_names(tmp_path) == ("20260101T000000Z-a",)
    assert (tmp_path / "current").readlink().name == "20260101T000000Z-a"
