"""Pruned releases that are restored: what was served at a time is found again, byte for byte."""

import gzip
import json
import random
from contextlib import closing
from pathlib import Path

import pytest
from tests.amount import amount
from tests.conftest import Command
from tests.ledger.publisher import BASE, CODES, Publisher, step

from iomld import __version__, release
from iomld.errors import NotFoundError, StoreError
from iomld.ledger.opening import writable_ledger
from iomld.pipeline.stages import Pipeline
from iomld.publish.erasure import erase_revision
from iomld.publish.restore import restore_release
from iomld.release import FILES
from iomld.release.served import served_at, served_lines
from iomld.store.oxigraph import open_read_only

_REMADE = {FILES.manifest, FILES.manifest_digest, FILES.report}


def pruned(folder: Path, keep: int = 1) -> tuple[str, ...]:
    """Remove old releases, and return their names."""
    with release.publisher_lock(folder):
        return release.prune(folder, keep).removed


def content(folder: Path, name: str) -> dict[str, bytes]:
    """The files of a release, without its store, its report and the list of its files."""
    place = release.open_release(folder, name).path
    files = (path for path in place.rglob("*") if path.is_file())
    names = {path.relative_to(place).as_posix(): path for path in files}
    return {one: path.read_bytes() for one, path in names.items() if one not in _REMADE and "store/" not in one}


def quads(folder: Path, name: str) -> set[str]:
    """What the store of a release holds."""
    store = open_read_only(release.open_release(folder, name).file(FILES.store))
    return {str(quad) for quad in store}


@pytest.mark.parametrize("seed", range(amount(1)))
def test_what_was_served_at_a_time_is_found_again(seed: int, pipeline: Pipeline, tmp_path: Path) -> None:
    """Whatever happened since, the release of each time has the dump of then, restored if it was pruned."""
    chance, publisher = random.Random(f"restore {seed}"), Publisher(tmp_path, pipeline)  # noqa: S311  # no secret
    publisher.publish((CODES[0], "First"))
    dumps: dict[str, bytes] = {}
    for number in range(7):
        step(publisher, chance, number)
        with release.publisher_lock(publisher.folder), closing(writable_ledger(publisher.folder)):
            pass  # as the next publisher does, it puts right what a crash left behind
        for name in release.release_names(publisher.folder):
            dumps[name] = (publisher.folder / "releases" / name / FILES.dataset).read_bytes()
    for line in served_lines(publisher.folder)[1:]:
        name = served_at(publisher.folder, line.moment)
        if name not in release.release_names(publisher.folder):
            restore_release(publisher.folder, name, __version__)
        assert (publisher.folder / "releases" / name / FILES.dataset).read_bytes() == dumps[name]
        assert not release.ReleaseCheck(release.open_release(publisher.folder, name)).damages(read_bytes=1 << 30)


def test_a_restored_release_is_the_old_one(pipeline: Pipeline, tmp_path: Path) -> None:
    """All its files are as before but for the report; the store has the same quads; the current release stays."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"), (CODES[1], "Other"))
    publisher.publish((CODES[0], "Two"))
    publisher.withdraw(CODES[1])
    names = release.release_names(publisher.folder)
    publisher.publish((CODES[0], "Three"))
    current = release.current_name(publisher.folder)
    before = [(content(publisher.folder, name), quads(publisher.folder, name)) for name in names]
    assert pruned(publisher.folder) == names
    for name in names:
        restore_release(publisher.folder, name, __version__)
    for name, (files, stored) in zip(names, before, strict=True):
        again = content(publisher.folder, name)
        assert [one for one in files | again if files.get(one) != again.get(one)] == []
        assert quads(publisher.folder, name) == stored
    assert release.current_name(publisher.folder) == current
    publisher.roll_forward(names[0])
    publisher.publish((CODES[0], "Four"))
    assert pruned(publisher.folder)[: len(names)] == names


def test_a_release_after_a_switch_back_is_restored(pipeline: Pipeline, tmp_path: Path) -> None:
    """It has the graphs of the release that it was made from, which is not the one before it."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    (first,) = release.release_names(publisher.folder)
    publisher.publish((CODES[1], "Two"))
    publisher.switch(first)
    publisher.publish((CODES[2], "Three"))
    third = release.release_names(publisher.folder)[-1]
    before = content(publisher.folder, third)
    assert CODES[1] not in gzip.decompress(before[FILES.dataset]).decode()
    publisher.publish((CODES[0], "Four"))
    pruned(publisher.folder)
    restore_release(publisher.folder, third, __version__)
    assert content(publisher.folder, third) == before


def test_what_cannot_be_restored_is_refused(pipeline: Pipeline, tmp_path: Path) -> None:
    """A name that is unknown or there, an erased content, and a ledger that lacks a graph: a sentence each."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    publisher.publish((CODES[0], "Two"))
    first, second = release.release_names(publisher.folder)
    with pytest.raises(NotFoundError, match="None was pruned"):
        restore_release(publisher.folder, "20200101T000000Z-00000000", __version__)
    with pytest.raises(NotFoundError, match="was not pruned"):
        restore_release(publisher.folder, second, __version__)
    publisher.publish((CODES[0], "Three"))
    pruned(publisher.folder)
    with pytest.raises(NotFoundError, match=f"There are: {first}, {second}"):
        restore_release(publisher.folder, "../current", __version__)
    erase_revision(publisher.folder, f"{CODES[0]}/rev/1", "It named a person.")
    with pytest.raises(StoreError, match=f"revision 1 of <{BASE}doc/project/{CODES[0]}> was erased"):
        restore_release(publisher.folder, first, __version__)
    manifest = publisher.folder / "pruned" / second / FILES.manifest
    manifest.write_text(manifest.read_text().replace('"content_sha256": "', '"content_sha256": "0'))
    with pytest.raises(StoreError, match=r"does not have the SHA-256 in manifest\.sha256"):
        restore_release(publisher.folder, second, __version__)
    assert len(release.release_names(publisher.folder)) == 1


def test_the_commands_prune_and_restore(pipeline: Pipeline, tmp_path: Path, iomld: Command) -> None:
    """Staff read which release was removed and how to get it back."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    publisher.publish((CODES[0], "Two"))
    first, _ = release.release_names(publisher.folder)
    assert iomld("releases", "prune", "--keep", "1", "--from", publisher.folder).returncode == 0
    listed = iomld("releases", "list", "--from", publisher.folder).stdout
    assert f"- {first}" in listed
    made = iomld("releases", "restore", first, "--from", publisher.folder)
    assert made.stdout.splitlines() == [f"restored {first}  1 projects"]
    assert json.loads((publisher.folder / "releases" / first / FILES.report).read_text())["published"] == 0
