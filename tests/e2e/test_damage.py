"""Damaged releases: each command ends with one sentence and exit status 2, and changes nothing."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from contextvars import copy_context
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import NoReturn

import pytest
from tests.amount import telling
from tests.conftest import Command

from iomld import library, release
from iomld.cli import serve
from iomld.cli.main import main
from iomld.errors import IomldError, StoreError
from iomld.release import ReleaseCheck

FILES = (
    "dataset.nq.gz",
    "dataset.ttl",
    "graphs",
    "history.nq.gz",
    "index.jsonl.gz",
    "manifest.json",
    "manifest.sha256",
    "report.json",
    "withdrawn.json",
    "by-class/Project.nt.gz",
    "by-region/africa.nq.gz",
    "datapackage.json",
    "dataset.jsonld.gz",
    "projects.csv.gz",
    "store/CURRENT",
    "store/MANIFEST-*",
    "store/*.sst",
)


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "removed": lambda _: None,
    "emptied": lambda _: b"",
    "cut": lambda content: content[: len(content) // 2],
    "flipped": _flipped,
}
LINKS = ("missing", "dangling", "a file", "a folder")
# Each command that reads a release. FOLDER, NAME and FEW are the folder of the releases, the current release, and a
# source of two records.
COMMANDS = {
    "publish": "publish FEW --to FOLDER",
    "dry run": "publish FEW --dry-run --to FOLDER",
    "include": "publish --include examples/neighbours.ttl --to FOLDER",
    "withdraw": "withdraw PO.0105 --reason Test --to FOLDER",
    "withdraw dry run": "withdraw PO.0105 --reason Test --dry-run --to FOLDER",
    "export": "export --format turtle --from FOLDER",
    "export tables": "export --format jsonl --from FOLDER",
    "query": "query ASK{} --from FOLDER",
    "serve": "serve --port 0 --from FOLDER",
    "serve sources": "serve FEW --port 0 --from FOLDER",
    "list": "releases list --from FOLDER",
    "verify": "releases verify --from FOLDER",
    "verify all": "releases verify --all --from FOLDER",
    "prune": "releases prune --keep 1 --from FOLDER",
    "rollback": "releases rollback NAME --from FOLDER",
}
# To a command it matters whether the manifest, its digest, a store or another file is damaged, and how. So each file is
# damaged in some way for all commands, and in all ways for the checks that commands begin with.
SAMPLE = telling(
    {
        (pattern, how): (pattern, (pattern if "manifest" in pattern else pattern.partition("/")[0] == "store", how))
        for number, pattern in enumerate(FILES)
        for how in (*[*DAMAGES][number % len(DAMAGES) :], *DAMAGES)
    }
)
LISTS = ("list", "verify", "verify all")  # write what there is to standard output too
# Words of Python and of libraries, which say nothing to those who run a command.
FOREIGN = re.compile(r"Traceback|Errno|Expecting|Error\b|object|argument|NoneType")


@pytest.fixture
def copied(datadir: Path, tmp_path: Path) -> Path:
    """The bundled release under the same inodes, in a folder of its own."""
    folder = tmp_path / "data"
    shutil.copytree(datadir, folder, symlinks=True, copy_function=os.link)
    return folder


def damage(folder: Path, pattern: str, change: Callable[[bytes], bytes | None]) -> str:
    """Damage a file of the current release, in a copy; returns its name."""
    path = max((folder / "current").glob(pattern), key=lambda path: path.stat().st_size)
    content = path.read_bytes()
    path.unlink()
    if (changed := change(content)) is not None:
        path.write_bytes(changed)
    return path.relative_to(folder / "current").as_posix()


def break_link(folder: Path, state: str) -> str:
    """Bring `current` into a state in which it leads to no release; returns the name of the release."""
    link = folder / "current"
    name = link.readlink().name
    link.unlink()
    match state:
        case "dangling":
            link.symlink_to("releases/20200101T000000Z-00000000")
        case "a file":
            link.write_text(f"releases/{name}")
        case "a folder":
            shutil.copytree(folder / "releases" / name, link)
    return name


def make_old(folder: Path) -> None:
    """Take out of the current release what earlier versions did not write."""
    path = folder / "current" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] = {name: digest for name, digest in manifest["files"].items() if not name.startswith("store/")}
    del manifest["sizes"]
    path.unlink()
    path.write_text(json.dumps(manifest))
    path.with_suffix(".sha256").unlink()


def state_of(folder: Path) -> dict[str, tuple[int, int, int] | None]:
    """All files and folders but what is kept of digests, each file with what changes if it is written or replaced."""

    def states() -> Iterator[tuple[str, tuple[int, int, int] | None]]:
        for path in folder.rglob("*"):
            if path.name != ".lock" and ".verified" not in path.parts:
                found = path.lstat()
                yield str(path), None if path.is_dir() else (found.st_ino, found.st_size, found.st_mtime_ns)

    return dict(states())


def run(command: str, folder: Path, name: str, few: Path) -> tuple[object, str, str]:
    """Run a command in this process, which takes a tenth of the time; gives its exit status and what it writes."""
    values = {"FOLDER": str(folder), "NAME": name, "FEW": str(few)}
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(serve, "bind_socket", lambda *_: None)
        patch.setattr(serve, "run_server", not_served)
        patch.setattr(sys, "argv", ["iomld", *(values.get(word, word) for word in COMMANDS[command].split())])
        with pytest.raises(SystemExit) as ended:
            copy_context().run(main)
    return ended.value.code, out.getvalue(), err.getvalue()


def not_served(*_: object, **__: object) -> NoReturn:
    """In place of a server."""
    raise AssertionError("the release is served")


def each_command_refuses(folder: Path, name: str, few: Path, *but: str) -> dict[str, str]:
    """Check that each command and the library say one sentence about the folder, and change nothing.

    Returns:
        What each command wrote.
    """
    before, written = state_of(folder), {}
    for command in COMMANDS.keys() - set(but):
        status, out, err = run(command, folder, name, few)
        assert (status, err.count("\n")) == (2, 1), (command, out, err)
        assert err.startswith(f"iomld: {folder}"), (command, err)
        assert "rollback" in err, (command, err)
        assert not FOREIGN.search(out + err), (command, out, err)
        assert bool(out) <= (command in LISTS), (command, out)
        written[command] = out + err
    for use in (library.open_release, lambda folder: library.publish(few, to=folder)):
        with pytest.raises(IomldError) as caught:
            copy_context().run(use, folder)
        assert str(caught.value).startswith(str(folder))
    assert state_of(folder) == before
    return written


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("pattern", FILES)
def test_each_damage_is_found_by_name(copied: Path, pattern: str, how: str) -> None:
    """Neither growing, reading nor going back to the release is possible, and a check names the one file."""
    file = damage(copied, pattern, DAMAGES[how])
    (name,) = release.release_names(copied)
    for use in (
        release.whole_release,
        release.readable_release,
        lambda folder: release.roll_back(folder, name, datetime.now(UTC)),
    ):
        with pytest.raises(StoreError, match=file.replace(".", r"\.")) as caught:
            use(copied)
        assert "Copy the file back" in str(caught.value)
    if not file.startswith("manifest"):
        check = ReleaseCheck(release.open_release(copied, name))
        assert [one.file for one in check.damages(read_again=lambda _: True)] == [file]


@pytest.mark.parametrize("state", LINKS)
def test_releases_without_a_link_are_never_nothing(copied: Path, iomld: Command, state: str) -> None:
    """Whatever is in the place of the link, the sentence names `releases rollback`, which puts it right."""
    name = break_link(copied, state)
    for use in (release.current_release, release.whole_release, release.readable_release):
        with pytest.raises(StoreError, match=f"iomld releases rollback {name} --from {copied}"):
            use(copied)
    listed = iomld("releases", "list", "--from", copied)
    assert (listed.returncode, listed.stdout.split()[0]) == (2, name)
    done = iomld("releases", "rollback", name, "--from", copied)
    assert (done.returncode, (copied / "current").readlink().name) == (0, name)
    assert ("current.old" in done.stdout) == (copied / "current.old").exists() == state.startswith("a ")
    assert release.whole_release(copied) is not None


@pytest.mark.parametrize(("pattern", "how"), SAMPLE)
def test_every_command_refuses_each_damage(copied: Path, few_records: Path, pattern: str, how: str) -> None:
    """A damaged file of the served release is one line and exit status 2; nothing is changed, and `verify` names it."""
    (name,) = release.release_names(copied)
    older = "20200101T000000Z-00000000"  # which a pruning would remove, though it is all that is whole
    shutil.copytree(copied / "releases" / name, copied / "releases" / older, copy_function=os.link)
    file = damage(copied, pattern, DAMAGES[how])
    written = each_command_refuses(copied, name, few_records)
    assert f"* {name}  damaged\n" in written["list"]
    for command in ("verify", "verify all"):
        assert f"damaged  {name}" in written[command]
        assert file.replace(".sha256", ".") in written[command]


@pytest.mark.parametrize("state", LINKS)
def test_every_command_refuses_a_folder_without_its_link(copied: Path, few_records: Path, state: str) -> None:
    """Without a link to the served release too; a rollback, which makes it again, is tested above."""
    name = break_link(copied, state)
    each_command_refuses(copied, name, few_records, "rollback")


def test_a_damaged_release_that_is_not_served_is_listed(copied: Path, iomld: Command) -> None:
    """It has no figures, the exit status is 2, and the sentence leads to its files; the served one can be used."""
    (name,) = release.release_names(copied)
    older = copied / "releases" / "20200101T000000Z-00000000"
    shutil.copytree(copied / "releases" / name, older, copy_function=os.link)
    (older / "graphs").unlink()
    done = iomld("releases", "list", "--from", copied)
    assert (done.returncode, done.stdout.splitlines()[0]) == (2, f"  {older.name}  damaged")
    assert f"'iomld releases verify {older.name} --from {copied}' names the files" in done.stderr
    assert "rollback" not in done.stderr
    assert iomld("query", "ASK {}", "--from", copied).returncode == 0
    assert iomld("releases", "prune", "--keep", "1", "--from", copied).returncode == 0
    assert release.release_names(copied) == (name,)


def test_an_old_release_is_checked_as_far_as_it_can_be(copied: Path, iomld: Command) -> None:
    """A release without checksums of its stores and its manifest is used, and `verify` says what it did not check."""
    make_old(copied)
    done = iomld("releases", "verify", "--from", copied)
    assert done.returncode == 0
    assert "Its stores and its manifest were not checked" in done.stdout
    assert release.whole_release(copied) is not None
    damage(copied, "graphs", DAMAGES["cut"])
    assert iomld("releases", "verify", "--from", copied).returncode == 2


def test_nothing_to_verify_is_said(tmp_path: Path, iomld: Command) -> None:
    """An empty folder, an unknown name and two ways to name releases are errors."""
    for more, sentence in (
        ((), "nothing is published"),
        (("--all",), "nothing is published"),
        (("X",), "no release 'X'"),
    ):
        done = iomld("releases", "verify", *more, "--from", tmp_path)
        assert done.returncode == 2
        assert sentence in done.stderr
    assert "either a NAME or --all" in iomld("releases", "verify", "X", "--all", "--from", tmp_path).stderr


def test_a_corrupt_store_without_checksums_is_a_sentence(copied: Path, iomld: Command) -> None:
    """The store itself detects damage without a checksum; then no server starts and no query is answered."""
    make_old(copied)
    damage(copied, "store/CURRENT", DAMAGES["cut"])
    for command in (("serve", "--port", "0"), ("query", "ASK {}")):
        done = iomld(*command, "--from", copied)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
        assert "store is damaged" in done.stderr
