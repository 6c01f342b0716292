"""`kill -9` in the middle of a publish: the old release goes on, and the next publish is clean."""

import json
import signal
from pathlib import Path

import pytest
from tests.amount import amount
from tests.conftest import ROOT, Command
from tests.killing import run_killed

from iomld.browse.view import open_view
from iomld.release import current_release

pytestmark = pytest.mark.server

PAGE = ROOT / "tests" / "golden" / "page.txt"


def test_killed_at_six_moments(tmp_path: Path, few_records: Path, iomld: Command) -> None:
    """At each of six moments of a publish, or more, the old release stays whole, and publishing again succeeds."""
    folder, other = tmp_path / "data", tmp_path / "other"

    def publish(to: Path, moment: str) -> tuple[int, int]:
        """The exit code, and how many changes were begun."""
        run = run_killed(iomld, to, moment, "publish", few_records, "--to", to)
        return run.status, len(run.moments)

    for to in (folder, other):
        assert iomld("publish", PAGE, "--to", to).returncode == 0
    old = (folder / "current").readlink()
    code, changes = publish(other, "never")
    assert code == 0
    parts = amount(5)
    assert changes > 10
    # None is the very last change, which a run that makes one fewer would not reach.
    for moment in ("store", *(str(changes * (2 * part - 1) // (2 * parts)) for part in range(1, parts + 1))):
        assert publish(folder, moment)[0] == -signal.SIGKILL
        assert (folder / "current").readlink() == old
        assert projects(folder) == 1
    assert iomld("publish", few_records, "--to", folder).returncode == 0
    assert projects(folder) == 3
    assert not [path for path in (folder / "releases").iterdir() if path.name.startswith(".")]


def test_a_review_is_killed_at_some_moments(tmp_path: Path, iomld: Command) -> None:
    """Old release and reviews stay whole; the same command again publishes the review, recorded already or not."""
    folder = tmp_path / "data"
    assert iomld("publish", PAGE, "--to", folder).returncode == 0
    key = mentions(folder, iomld)[0]["key"]

    def decide(decision: str, moment: str) -> tuple[int, int]:
        """The exit code, and how many changes were begun."""
        run = run_killed(iomld, folder, moment, "mentions", decision, key, "--to", folder)
        return run.status, len(run.moments)

    code, changes = decide("accept", "never")
    assert code == 0
    for decision, moment in (("reject", 1), ("accept", 3), ("reject", changes // 2)):
        before = (folder / "current").readlink()
        assert decide(decision, str(moment))[0] == -signal.SIGKILL
        assert (folder / "current").readlink() == before
        assert iomld("mentions", decision, key, "--to", folder).returncode == 0
        assert mentions(folder, iomld)[0]["review"] == f"{decision}ed"
    assert iomld("releases", "verify", "--all", "--from", folder).returncode == 0
    assert len((folder / "reviews.jsonl").read_text().splitlines()) == 4


def mentions(folder: Path, iomld: Command) -> list[dict[str, str]]:
    """The mentions of the current release."""
    listed: list[dict[str, str]] = json.loads(iomld("mentions", "list", "--format", "json", "--from", folder).stdout)
    return listed


def projects(folder: Path) -> int:
    """How many projects the current release has, as its manifest and its store say."""
    release = current_release(folder)
    assert release is not None
    manifest = json.loads((folder / "current" / "manifest.json").read_text())
    (row,) = open_view(release).reader.select("SELECT (COUNT(?p) AS ?n) { ?p a <https://w3id.org/iomld/ns#Project> }")
    assert row["n"].value == str(manifest["projects"])
    return int(manifest["projects"])
