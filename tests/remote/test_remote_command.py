"""Publishing with a remote store from the command line: releases follow, and what fails is a sentence."""

from pathlib import Path

import pytest
from tests.conftest import Command
from tests.remote.stores import LIES, FakeStore

from iomld import release
from iomld.cli.remote import push_before_serving
from iomld.config import Settings
from iomld.errors import StoreError
from iomld.remote.pointer import read_pointer
from iomld.remote.projection import push_release


def test_a_remote_store_follows_what_is_published(
    iomld: Command, few_records: Path, fake: FakeStore, tmp_path: Path
) -> None:
    """Each command that makes or chooses a release brings it into the remote store."""
    known = fake.settings()
    done = iomld("publish", few_records, "--to", tmp_path, **known)
    assert done.returncode == 0
    assert "in dataset 1: " in done.stderr
    done = iomld("remote", "status", "--from", tmp_path, **known)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("whole    all graphs are there with all their triples\n")
    done = iomld("withdraw", "PO.0105", "--reason", "A try.", "--to", tmp_path, **known)
    assert "in dataset 2: " in done.stderr
    first = release.release_names(tmp_path)[0]
    done = iomld("releases", "rollback", first, "--from", tmp_path, **known)
    restored = release.current_name(tmp_path)
    assert f"{restored} in dataset 1: " in done.stderr
    pointer = read_pointer(tmp_path)
    assert pointer
    assert pointer.release == restored
    done = iomld("releases", "rollback", first, "--at-once", "--from", tmp_path, **known)
    assert f"{first} in dataset 2: " in done.stderr


def test_the_store_is_gone_while_a_release_is_published(
    iomld: Command, few_records: Path, fake: FakeStore, tmp_path: Path
) -> None:
    """The release is made, the one before is served, and the next push brings the new one."""
    known = fake.settings()
    assert iomld("publish", few_records, "--to", tmp_path, **known).returncode == 0
    fake.state.reply = LIES["a proxy answers"]
    done = iomld("withdraw", "PO.0105", "--reason", "A try.", "--to", tmp_path, **known)
    first, second = release.release_names(tmp_path)
    assert done.returncode == 2
    assert "this is no SPARQL endpoint: it answers a query with status 200 and text/html" in done.stderr
    assert f"published here, but not in the remote store. {first} is still served." in done.stderr
    fake.state.reply = None
    done = iomld("remote", "status", "--from", tmp_path, **known)
    assert done.returncode == 2
    assert "the current release is not in the remote store. Run 'iomld remote push'." in done.stderr
    done = iomld("remote", "push", "--from", tmp_path, **known)
    assert (done.returncode, f"{second} in dataset 2" in done.stdout) == (0, True)


def test_a_server_that_has_nothing_to_follow(iomld: Command, folder: Path, fake: FakeStore) -> None:
    """A server that is to ask a remote store does not start before a release is in it."""
    done = iomld("serve", "--from", folder, "--port", "0", IOMLD_REMOTE_QUERY=fake.settings()["IOMLD_REMOTE_QUERY"])
    assert done.returncode != 0
    assert "no release is in the remote store yet. Run 'iomld remote push" in done.stderr


def test_a_server_starts_though_the_store_is_gone(
    folder: Path, fake: FakeStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was pushed before is served, if anything was."""
    known = Settings(remote_query=fake.queries, remote_update=fake.updates)
    fake.state.reply = LIES["a proxy answers"]
    with pytest.raises(StoreError, match="Nothing is served from it yet"):
        push_before_serving(known, folder)
    fake.state.reply = None
    first = release.open_release(folder, release.release_names(folder)[0])
    push_release(folder, first, fake.remote())
    fake.state.reply = LIES["a proxy answers"]
    push_before_serving(known, folder)
    assert f"{first.manifest.name} is still served." in capsys.readouterr().err


def test_the_release_in_the_store_is_not_pruned(iomld: Command, folder: Path, fake: FakeStore) -> None:
    """The release that servers are to serve stays, though it is neither the newest nor the current one."""
    names = release.release_names(folder)
    push_release(folder, release.open_release(folder, names[0]), fake.remote())
    assert iomld("releases", "prune", "--keep", "1", "--from", folder).returncode == 0
    assert release.release_names(folder) == names


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "IOMLD_REMOTE_QUERY and IOMLD_REMOTE_UPDATE name the datasets of the remote store"),
        ({"IOMLD_REMOTE_QUERY": "http://127.0.0.1:1/a"}, "write the addresses of two datasets"),
        ({"IOMLD_REMOTE_QUERY": "http://127.0.0.1:1/a,http://127.0.0.1:1/a"}, "write the addresses of two datasets"),
        ({"IOMLD_REMOTE_QUERY": "ftp://x/a,http://x/b"}, "begins with https:// or http://"),
        ({"IOMLD_REMOTE_QUERY": "http:///a,http://x/b"}, "write addresses with a host"),
        ({"IOMLD_REMOTE_UPDATE": "http://x/a,http://x/b"}, "set IOMLD_REMOTE_QUERY, too"),
        ({"IOMLD_REMOTE_QUERY": "http://me:s3cret@x/a,http://x/b"}, "an address contains a user name"),
    ],
)
def test_wrong_settings(iomld: Command, tmp_path: Path, variables: dict[str, str], said: str) -> None:
    """Settings that cannot be meant so are said, and a password in them is not repeated."""
    done = iomld("remote", "push", "--from", tmp_path, **variables)
    assert done.returncode == 2
    assert said in done.stderr
    assert "s3cret" not in done.stderr
