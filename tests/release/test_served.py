"""Releases by name and by time: the file of what was served, what is known without it, and what cannot be found."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.release.test_folder import made

from iomld.errors import IomldError, NotFoundError, StoreError
from iomld.release.choice import RemovedReleaseError, read_moment, release_at, release_by_name
from iomld.release.served import ServedLine, note_served, removed_names, served_at, served_lines

A, B, C = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb", "20260103T000000Z-cccccccc"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def made_releases(datadir: Path, *names: str) -> None:
    """Make releases as an earlier version did, which noted nothing."""
    for name in names:
        made(datadir, name)
    (datadir / "log" / "served").unlink()


def test_without_the_file_each_release_was_served_from_the_time_in_its_name(tmp_path: Path) -> None:
    """The release of a moment is the newest that was there; before the first one there is none."""
    made_releases(tmp_path, A, B)
    assert [line.release for line in served_lines(tmp_path)] == [A, B]
    assert served_at(tmp_path, NEW_YEAR) == A
    assert served_at(tmp_path, NEW_YEAR + 24 * HOUR - timedelta(seconds=1)) == A
    assert served_at(tmp_path, NEW_YEAR + 24 * HOUR) == B
    assert release_at(tmp_path, NEW_YEAR + 1000 * HOUR).manifest.name == B
    with pytest.raises(NotFoundError, match="The first time is 2026-01-01T00:00:00Z"):
        served_at(tmp_path, NEW_YEAR - timedelta(seconds=1))


def test_nothing_is_guessed_where_a_release_is_missing(tmp_path: Path) -> None:
    """Without the file, a time before a removed release has no answer, since others may have been removed too."""
    made_releases(tmp_path, A, C)
    manifest = tmp_path / "releases" / C / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"previous": null', f'"previous": "{B}"'))
    assert removed_names(tmp_path) == {B}
    assert served_at(tmp_path, NEW_YEAR + 48 * HOUR) == C
    with pytest.raises(RemovedReleaseError, match=f"The release {B} was removed"):
        release_at(tmp_path, NEW_YEAR + 24 * HOUR)
    with pytest.raises(NotFoundError, match="The first time is 2026-01-02T00:00:00Z"):
        served_at(tmp_path, NEW_YEAR)


def test_the_file_begins_with_what_was_known_and_then_has_every_switch(tmp_path: Path) -> None:
    """Going back to an older release is a line like any other; saying the same twice is none."""
    made_releases(tmp_path, A, B)
    for name, hours in ((A, 30), (A, 31), (B, 32), (A, 31)):
        note_served(tmp_path, name, NEW_YEAR + hours * HOUR)
    expected = [(A, 0), (B, 24), (A, 30), (B, 32), (A, 32)]  # the last clock was set back
    assert served_lines(tmp_path) == tuple(ServedLine(NEW_YEAR + hours * HOUR, name) for name, hours in expected)
    assert (tmp_path / "log" / "served").read_text().splitlines()[2] == f"2026-01-02T06:00:00Z\t{A}"
    assert served_at(tmp_path, NEW_YEAR + 31 * HOUR) == A


def test_the_first_release_has_one_line(tmp_path: Path) -> None:
    """A release that was made just now is served from now, not from the time in its name."""
    made_releases(tmp_path, A)
    note_served(tmp_path, A, NEW_YEAR + HOUR)
    assert served_lines(tmp_path) == (ServedLine(NEW_YEAR + HOUR, A),)


def test_a_torn_last_line_is_ignored_and_then_replaced(tmp_path: Path) -> None:
    """What a crash left of a line is no line; damage anywhere else is an error that names the file."""
    made_releases(tmp_path, A, B)
    note_served(tmp_path, B, NEW_YEAR + 24 * HOUR)
    path = tmp_path / "log" / "served"
    whole = path.read_bytes()
    path.write_bytes(whole + b"2026-01-02T06:00:00Z\t20260")
    assert served_lines(tmp_path)[-1].release == B
    note_served(tmp_path, A, NEW_YEAR + 30 * HOUR)
    assert path.read_bytes() == whole + f"2026-01-02T06:00:00Z\t{A}\n".encode()
    path.write_bytes(whole[5:])
    with pytest.raises(StoreError, match="log/served: the file is damaged"):
        served_lines(tmp_path)


def test_an_unknown_name_gets_the_closest_and_no_name_becomes_a_path(tmp_path: Path) -> None:
    """Whatever a client sends is compared with the list of releases."""
    made_releases(tmp_path, A, B)
    assert release_by_name(tmp_path, B).manifest.name == B
    with pytest.raises(NotFoundError, match=f"The closest names are: {B}"):
        release_by_name(tmp_path, B[:-1])
    for name in ("", ".", "..", "../..", f"../releases/{A}", f"{A}/store", "\0", "x" * 100_000):
        with pytest.raises(NotFoundError, match="There is no release"):
            release_by_name(tmp_path, name)


@pytest.mark.parametrize("text", ["2026-11-01T00:00:00Z", "2026-11-01T02:00:00+02:00", "2026-11-01T02:00:00 02:00"])
def test_times_have_a_zone(text: str) -> None:
    """A plus that became a space in a query string is understood."""
    assert read_moment(text) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-01", "2026-11-01T00:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_or_has_no_zone_is_refused(text: str) -> None:
    """The message shows how to write a time."""
    with pytest.raises(IomldError, match="Write it like 2026-11-30T12:00:00Z"):
        read_moment(text)
