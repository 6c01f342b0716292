"""Releases brought into a remote store: whole or not at all, by one publisher, and never under the eyes of a reader."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad
from tests.remote.stores import LIES, FakeStore

from iomld import release
from iomld.errors import StoreError
from iomld.iris import Iris
from iomld.release import Release
from iomld.remote.client import RemoteAccess, RemoteError
from iomld.remote.pointer import DatasetUse, Pointer, read_pointer
from iomld.remote.projection import dataset_fault, push_release
from iomld.remote.query_worker import RemoteWorker, require_release
from iomld.store.query_request import QueryWorker

MARK = "urn:iomld:push"
WITHDRAWN = Iris().record("PO.0105")


@pytest.fixture
def releases(folder: Path) -> tuple[Release, Release]:
    """The release with PO.0105, and the one without."""
    first, second = release.release_names(folder)
    return release.open_release(folder, first), release.open_release(folder, second)


def graphs(fake: FakeStore, dataset: int) -> set[str]:
    """The graphs that a dataset holds."""
    return {graph.value for graph in fake.state.stores[dataset].named_graphs() if isinstance(graph, NamedNode)}


def changed(fake: FakeStore) -> list[str]:
    """The graphs that were written since the last call, but for the mark of a push."""
    writes = [write for write in fake.state.writes if MARK not in write]
    fake.state.writes.clear()
    return writes


def test_the_two_datasets_take_turns(folder: Path, fake: FakeStore, releases: tuple[Release, Release]) -> None:
    """A release goes to the dataset that is not served; of one that was there before, only differences are sent."""
    first, second = releases
    done = push_release(folder, first, fake.remote())
    assert (done.pointer, done.dropped) == (Pointer(first.manifest.name, 0), 0)
    assert done.put == len(graphs(fake, 0)) > 5
    assert MARK not in graphs(fake, 0)
    assert push_release(folder, second, fake.remote()).pointer == Pointer(second.manifest.name, 1)
    assert read_pointer(folder) == Pointer(second.manifest.name, 1)
    assert WITHDRAWN in graphs(fake, 0) - graphs(fake, 1)
    changed(fake)
    assert push_release(folder, first, fake.remote()).pointer == Pointer(first.manifest.name, 0)  # as after a rollback
    assert changed(fake) == []
    assert not push_release(folder, first, fake.remote()).is_new


def test_a_change_is_all_that_is_sent(folder: Path, fake: FakeStore, releases: tuple[Release, Release]) -> None:
    """A dataset that is one release behind gets the graphs that changed, and loses those that are gone."""
    first, second = releases
    push_release(folder, first, fake.remote())
    push_release(folder, first, fake.remote(), replaces=True)  # into the other dataset
    changed(fake)
    push_release(folder, second, fake.remote())
    base = Iris().base
    assert set(changed(fake)) == {
        f"PUT {base}graph/dataset",
        f"PUT {base}graph/prov",
        f"DELETE {WITHDRAWN}",
    }


@pytest.mark.parametrize("writes", [0, 1, 4])
def test_an_interrupted_push(folder: Path, fake: FakeStore, releases: tuple[Release, Release], writes: int) -> None:
    """Until a push ends, the release before is served; the next push finishes what this one began."""
    first, second = releases
    push_release(folder, first, fake.remote())
    fake.state.failing_writes = writes
    with pytest.raises(RemoteError, match=r"did not change the graph \S+ \(status 507\)\. The disk is full\."):
        push_release(folder, second, fake.remote())
    assert read_pointer(folder) == Pointer(first.manifest.name, 0)
    fake.state.failing_writes = None
    push_release(folder, second, fake.remote())
    assert not dataset_fault(second, fake.remote().dataset(1))
    assert read_pointer(folder) == Pointer(second.manifest.name, 1)


def test_an_interrupted_push_of_another_release(
    folder: Path, fake: FakeStore, releases: tuple[Release, Release]
) -> None:
    """Graphs that an interrupted push changed are not taken for those that were there before it."""
    first, second = releases
    push_release(folder, second, fake.remote())
    push_release(folder, first, fake.remote())
    fake.state.failing_writes = 2  # of the dataset that holds `second`: the mark and one graph
    other = replace(first, manifest=replace(first.manifest, name="20300101T000000Z-00000000"))
    with pytest.raises(RemoteError):
        push_release(folder, other, fake.remote())
    fake.state.failing_writes = None
    changed(fake)
    push_release(folder, second, fake.remote())
    assert changed(fake)
    assert not dataset_fault(second, fake.remote().dataset(0))


def test_two_publishers_on_one_store(
    folder: Path, fake: FakeStore, releases: tuple[Release, Release], tmp_path: Path
) -> None:
    """What another folder put there is neither changed nor served, unless somebody says so."""
    push_release(folder, releases[0], fake.remote())
    changed(fake)
    other = tmp_path / "other"
    (other / "releases").mkdir(parents=True)
    with pytest.raises(
        StoreError, match=r"is not changed: it holds the graph \S+, which was not put there from \S+other"
    ):
        push_release(other, releases[1], fake.remote())
    assert changed(fake) == []
    assert read_pointer(other) is None
    push_release(other, releases[1], fake.remote(), replaces=True)
    assert not dataset_fault(releases[1], fake.remote().dataset(0))


def test_two_publishers_at_once(folder: Path, fake: FakeStore, releases: tuple[Release, Release]) -> None:
    """A push of somebody else that is under way is left alone."""
    fake.remote().dataset(0).set_mark("somebody else")
    with pytest.raises(StoreError, match="another publisher is changing it, or was interrupted"):
        push_release(folder, releases[0], fake.remote())
    assert graphs(fake, 0) == {MARK}


def test_a_dataset_that_is_read_is_not_changed(
    folder: Path, fake: FakeStore, releases: tuple[Release, Release]
) -> None:
    """A server that still answers from a dataset is waited for."""
    first, second = releases
    push_release(folder, first, fake.remote())
    use = DatasetUse(folder)
    push_release(folder, second, fake.remote())
    changed(fake)
    with pytest.raises(StoreError, match="a server still answers from dataset 1 of the remote store"):
        push_release(folder, first, fake.remote(), patience_s=0)
    assert changed(fake) == []
    use.end()
    push_release(folder, first, fake.remote(), patience_s=0)
    assert read_pointer(folder) == Pointer(first.manifest.name, 0)


def test_a_dataset_that_somebody_changed(folder: Path, fake: FakeStore, releases: tuple[Release, Release]) -> None:
    """A served dataset that lacks a triple is found, and the next push serves from the other one."""
    first, _ = releases
    push_release(folder, first, fake.remote())
    quad = next(iter(fake.state.stores[0].quads_for_pattern(None, None, None, NamedNode(WITHDRAWN))))
    fake.state.stores[0].remove(quad)
    fault = dataset_fault(first, fake.remote().dataset(0))
    assert f"1 of its graphs differ, such as {WITHDRAWN}" in fault
    assert push_release(folder, first, fake.remote()).pointer.dataset == 1


def test_a_server_that_changes_what_it_gets(folder: Path, fake: FakeStore, releases: tuple[Release, Release]) -> None:
    """A graph that comes out otherwise than it was put keeps the release from being served."""
    (quad,) = [Quad(NamedNode("http://x/s"), NamedNode("http://x/p"), Literal("more"), NamedNode(WITHDRAWN))]
    remote = fake.remote()
    push_release(folder, releases[1], remote)
    fake.state.stores[1].add(quad)
    with pytest.raises(StoreError, match="was not put there from"):
        push_release(folder, releases[0], remote)
    assert read_pointer(folder) == Pointer(releases[1].manifest.name, 0)


def test_the_default_graph_must_be_the_union(folder: Path, fake: FakeStore, releases: tuple[Release, Release]) -> None:
    """A server in which queries without GRAPH find nothing cannot take the place of ours."""
    fake.state.is_union = False
    with pytest.raises(StoreError, match=r"default graph of queries has 0 triples.*--union-default-graph"):
        push_release(folder, releases[0], fake.remote())
    assert read_pointer(folder) is None


def test_repeated_triples_stay_here(folder: Path, fake: FakeStore, releases: tuple[Release, Release]) -> None:
    """A release in which graphs share triples is served from its own store, as a union counts them twice."""
    manifest = replace(releases[0].manifest, repeated_triples=1)
    done = push_release(folder, replace(releases[0], manifest=manifest), fake.remote())
    assert done.pointer == Pointer(manifest.name, None)
    assert fake.state.writes == []


@pytest.mark.parametrize("lie", ["a proxy answers", "Virtuoso cuts an answer", "an answer ends early"])
def test_what_is_no_answer_stops_a_push(
    folder: Path, fake: FakeStore, releases: tuple[Release, Release], lie: str
) -> None:
    """A push believes no answer that a query would not be given."""
    fake.state.reply = LIES[lie]
    with pytest.raises(RemoteError, match=fake.queries[0]):
        push_release(folder, releases[0], fake.remote())
    assert fake.state.writes == []


def test_a_server_asks_for_the_release_that_it_serves(
    folder: Path, fake: FakeStore, releases: tuple[Release, Release], caplog: pytest.LogCaptureFixture
) -> None:
    """Addresses in another order, or without a union, are found before a query is answered; a store may be away."""
    for one in releases:
        push_release(folder, one, fake.remote())
    second = releases[1]
    query = QueryWorker(str(second.query_store), second.manifest.base, release=second.manifest.name)
    require_release(RemoteWorker(query, fake.queries[1]))
    with pytest.raises(StoreError, match=r"do not find the release \S+ there\. Check the order of the addresses"):
        require_release(RemoteWorker(query, fake.queries[0]))
    fake.state.is_union = False
    with pytest.raises(StoreError, match="do not find the release"):
        require_release(RemoteWorker(query, fake.queries[1]))
    require_release(RemoteWorker(query, "http://127.0.0.1:1/query"))
    assert "cannot be reached" in caplog.text


def test_a_password(folder: Path, fake: FakeStore, releases: tuple[Release, Release], tmp_path: Path) -> None:
    """The user and the password in the file are sent when the server asks; a wrong one is said, and not shown."""
    (tmp_path / "password").write_text("s3cret\r\nnot this\n")
    fake.state.needs_password = "Basic " + b64encode(b"me:s3cret").decode()
    push_release(folder, releases[0], fake.remote(RemoteAccess("me", str(tmp_path / "password"))))
    (tmp_path / "password").write_text("wr0ng\n")
    for access in (RemoteAccess("me", str(tmp_path / "password")), RemoteAccess()):
        with pytest.raises(RemoteError, match=r"refuses this user \(status 401\).*IOMLD_REMOTE_USER") as found:
            push_release(folder, releases[1], fake.remote(access))
        assert "wr0ng" not in str(found.value)
    with pytest.raises(RemoteError, match="missing: the password of the remote store cannot be read"):
        push_release(folder, releases[1], fake.remote(RemoteAccess("me", str(tmp_path / "missing"))))
