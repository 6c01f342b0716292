"""The bundled records in each kind of remote store, put there once by whichever test is the first to need it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.commands import run_iomld
from tests.remote.stores import FakeStore, fake_store, oxigraph_server, virtuoso_server

from iomld import release
from iomld.release import Release
from iomld.remote.client import RemoteAccess
from iomld.remote.dataset import RemoteStore
from iomld.remote.pointer import Pointer, read_pointer
from iomld.remote.projection import push_release


@dataclass(frozen=True)
class Filled:
    """A remote store that holds the bundled records in its first dataset.

    Attributes:
        kind: What server it is.
        store: It, as a publisher sees it.
        datadir: The folder that was pushed to it.
        current: The release.
        pointer: What a server of the folder follows.
    """

    kind: str
    store: RemoteStore
    datadir: Path
    current: Release
    pointer: Pointer


def linked_copy(datadir: Path, folder: Path) -> Path:
    """A copy of a folder of releases whose files are hard links; what is published there later is its own."""
    return Path(shutil.copytree(datadir, folder / "copy", symlinks=True, copy_function=os.link))


@pytest.fixture(scope="session", params=["fake", "oxigraph", "virtuoso"])
def filled(request: pytest.FixtureRequest, datadir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Each kind of remote store with the bundled records; its second dataset is not used."""
    folder = tmp_path_factory.mktemp(f"remote-{request.param}")
    copy = linked_copy(datadir, folder)
    (folder / "password").write_text("dba\n")
    access = RemoteAccess("dba", str(folder / "password"))
    match request.param:
        case "fake":
            with fake_store() as fake:
                yield _filled("fake", copy, fake.remote(access))
        case "oxigraph":
            with oxigraph_server("--union-default-graph") as address:
                yield _filled("oxigraph", copy, _store(address, "query", "store", access))
        case _:
            if not shutil.which("virtuoso-t"):
                pytest.skip("Virtuoso is not installed (Debian: virtuoso-opensource-7-bin)")
            with virtuoso_server(folder) as address:
                yield _filled("virtuoso", copy, _store(address, "sparql", "sparql-graph-crud-auth", access))


@pytest.fixture
def fake() -> Iterator[FakeStore]:
    """A fake store of one test."""
    with fake_store() as running:
        yield running


@pytest.fixture(scope="session")
def two_releases(few_records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release of two bundled records, and one without PO.0105, which is the current one."""
    folder = tmp_path_factory.mktemp("two")
    for command in (("publish", few_records), ("withdraw", "PO.0105", "--reason", "A try.")):
        done = run_iomld(*command, "--to", folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(two_releases: Path, tmp_path: Path) -> Path:
    """A copy of the folder with two releases, which a test may push and publish to."""
    return linked_copy(two_releases, tmp_path)


def _store(address: str, query: str, update: str, access: RemoteAccess) -> RemoteStore:
    unused = "http://127.0.0.1:1/unused"
    return RemoteStore((f"{address}/{query}", unused), (f"{address}/{update}", unused), access)


def _filled(kind: str, datadir: Path, store: RemoteStore) -> Filled:
    current = release.current_release(datadir)
    assert current
    push_release(datadir, current, store)
    pointer = read_pointer(datadir)
    assert pointer
    return Filled(kind, store, datadir, current, pointer)
