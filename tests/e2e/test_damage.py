"""Damaged releases: each command ends with one sentence and exit status 2, and changes nothing."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import DATA, Command

from iomld import release
from iomld.errors import StoreError
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
COMMANDS = {
    "publish": ("publish", DATA, "--to"),
    "dry run": ("publish", DATA, "--dry-run", "--to"),
    "withdraw": ("withdraw", "PO.0105", "--reason", "A test.", "--to"),
    "export": ("export", "--format", "turtle", "--from"),
    "export tables": ("export", "--format", "jsonl", "--from"),
    "query": ("query", "ASK {}", "--from"),
    "serve": ("serve", "--port", "0", "--from"),
    "verify": ("releases", "verify", "--from"),
    "verify all": ("releases", "verify", "--all", "--from"),
}


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


def content_of(folder: Path) -> dict[str, bytes | None]:
    """All files and folders but what is kept of digests."""
    found = (path for path in folder.rglob("*") if ".verified" not in path.parts)
    return {str(path): path.read_bytes() if path.is_file() else None for path in found}


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("pattern", FILES)
def test_each_damage_is_found_by_name(copied: Path, pattern: str, how: str) -> None:
    """Neither growing, reading nor going back to the release is possible, and a check names the one file."""
    file = damage(copied, pattern, DAMAGES[how])
    (name,) = release.release_names(copied)
    for use in (release.whole_release, release.readable_release, lambda folder: release.roll_back(folder, name)):
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


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_ends_with_a_sentence(copied: Path, iomld: Command, command: str) -> None:
    """A damaged file or a missing link is one line and exit status 2; nothing is changed."""
    number = [*COMMANDS].index(command)
    damages: tuple[Callable[[], object], ...] = (
        lambda: damage(copied, FILES[number], _flipped),
        lambda: break_link(copied, LINKS[number % len(LINKS)]),
    )
    for make in damages:
        make()
        before = content_of(copied)
        done = iomld(*COMMANDS[command], copied)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done
        assert done.stderr.startswith(f"iomld: {copied}")
        assert content_of(copied) == before


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
    """The store itself notices what no checksum tells, and then neither a server starts nor a query is answered."""
    make_old(copied)
    damage(copied, "store/CURRENT", DAMAGES["cut"])
    for command in (("serve", "--port", "0"), ("query", "ASK {}")):
        done = iomld(*command, "--from", copied)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
        assert "store is damaged" in done.stderr
