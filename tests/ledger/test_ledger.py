"""The ledger: each revision has one content for ever, whatever is published, withdrawn, rolled back, pruned or lost."""

import gzip
import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.amount import amount
from tests.ledger.publisher import BASE, CODES, Publisher, step

from iomld import release
from iomld.errors import NotFoundError, StoreError
from iomld.ledger import entries
from iomld.ledger.index import IndexedRevision, open_index, open_served_index, update_index
from iomld.ledger.opening import writable_ledger
from iomld.ledger.verification import check_ledger
from iomld.pipeline.stages import Pipeline
from iomld.publish.erasure import erase_revision
from iomld.release import FILES
from iomld.release.nquads import graph_digest, read_graphs
from iomld.release.served import served_lines

Contents = dict[tuple[str, int], bytes]


def revisions(folder: Path) -> Iterator[IndexedRevision]:
    """All revisions of the records."""
    ledger = open_index(folder)
    assert ledger is not None
    with closing(ledger):
        for code in CODES:
            yield from ledger.revisions(f"{BASE}doc/project/{code}")


def contents(folder: Path) -> Contents:
    """The content of each revision; each has the hash in the ledger."""
    ledger = open_index(folder)
    assert ledger is not None
    with closing(ledger):
        found = {}
        for one in revisions(folder):
            content = ledger.content(one)
            if one.revision.has_content:
                assert graph_digest((content,)) == one.revision.digest
            found[one.revision.graph, one.revision.revision] = content
    return found


def served_graphs(folder: Path) -> dict[str, bytes]:
    """The lines of the records in the dataset of the current release, by graph."""
    current = release.current_release(folder)
    assert current is not None
    lines = gzip.decompress(current.file(FILES.dataset).read_bytes()).splitlines(keepends=True)
    states = read_graphs(current.file(FILES.graphs))
    return {
        graph: b"".join(line for line in lines if line.endswith(f" <{graph}> .\n".encode()))
        for graph in states
        if "/doc/project/" in graph
    }


@pytest.mark.parametrize("seed", range(amount(2)))
def test_a_revision_has_one_content_for_ever(seed: int, pipeline: Pipeline, tmp_path: Path) -> None:
    """What was served under a number stays under it, and what is served now is the content of its number."""
    chance, publisher = random.Random(seed), Publisher(tmp_path, pipeline)  # noqa: S311  # no secret
    publisher.publish((CODES[0], "First"))
    seen: Contents = {}
    for number in range(7):
        step(publisher, chance, number)
        with release.publisher_lock(publisher.folder), closing(writable_ledger(publisher.folder)):
            found = contents(publisher.folder)
        current = release.current_release(publisher.folder)
        assert current is not None
        states = read_graphs(current.file(FILES.graphs))
        for graph, lines in served_graphs(publisher.folder).items():
            key = (graph, states[graph].revision)
            assert found[key] == lines
            assert seen.setdefault(key, lines) == lines
        assert all(found[key] == lines for key, lines in seen.items())
        assert served_lines(publisher.folder)[-1].release == current.manifest.name


def test_kinds_numbers_and_the_chain(pipeline: Pipeline, tmp_path: Path) -> None:
    """Each run is an entry that names the one before and its hash; the manifest has the hash of the entry."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    first = release.release_names(publisher.folder)[0]
    publisher.publish((CODES[0], "Two"))
    publisher.withdraw(CODES[0])
    publisher.roll_forward(first)
    kinds = [(one.revision.revision, one.revision.kind.value) for one in revisions(publisher.folder)]
    assert kinds == [(1, "Create"), (2, "Update"), (3, "Delete"), (4, "Restore")]
    runs, previous, sha256 = [], None, ""
    for name in release.release_names(publisher.folder):
        entry, digest = entries.read_entry(publisher.folder / "log" / name)
        assert (entry.previous, entry.previous_sha256) == (previous, sha256)
        assert release.open_release(publisher.folder, name).manifest.ledger == digest
        runs, previous, sha256 = [*runs, entry.kind.value], name, digest
    assert runs == ["publish", "publish", "withdraw", "rollback"]
    same = contents(publisher.folder)
    assert same[f"{BASE}doc/project/{CODES[0]}", 1] == same[f"{BASE}doc/project/{CODES[0]}", 4]


def test_runs_that_are_no_longer_served_stay_in_the_history(pipeline: Pipeline, tmp_path: Path) -> None:
    """After a switch back, the next release describes the runs in between too, in its history and its store."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    first = release.release_names(publisher.folder)[0]
    publisher.publish((CODES[0], "Two"))
    publisher.switch(first)
    publisher.publish((CODES[0], "Three"))
    current = release.current_release(publisher.folder)
    assert current is not None
    history = gzip.decompress(current.file(FILES.history).read_bytes()).decode()
    for number in (1, 2, 3):
        assert f"doc/project/{CODES[0]}/rev/{number}> <http://purl.org/dc/terms/created>" in history


def test_a_folder_of_an_earlier_version_is_taken_over(pipeline: Pipeline, tmp_path: Path) -> None:
    """The releases give what they know: the number that the current release uses has its content."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"), (CODES[1], "Alone"))
    publisher.publish((CODES[0], "Two"))
    before = contents(publisher.folder)
    shutil.rmtree(publisher.folder / "log")
    publisher.publish((CODES[0], "Three"))
    folder = publisher.folder / "log" / entries.entry_names(publisher.folder)[0]
    taken = {one.graph for one, _ in entries.read_revisions(folder, entries.read_entry(folder)[0])}
    assert {f"{BASE}graph/schemes", f"{BASE}graph/countries", f"{BASE}doc/project/{CODES[1]}"} < taken
    after = contents(publisher.folder)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 1
    names = entries.entry_names(publisher.folder)
    kinds = [entries.read_entry(publisher.folder / "log" / name)[0].kind.value for name in names]
    assert kinds == ["take-over", "take-over", "publish"]
    assert [line.release for line in served_lines(publisher.folder)] == list(names)


def test_an_unfinished_run_leaves_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    """An entry without a release, and one whose release was never served, are removed by the next run."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    first = release.release_names(publisher.folder)[0]
    publisher.publish((CODES[0], "Two"))
    second = release.release_names(publisher.folder)[1]
    release.switch_to(publisher.folder, first, datetime.now(UTC))
    served = publisher.folder / "log" / "served"
    served.write_bytes(served.read_bytes().splitlines(keepends=True)[0] + b"2026-")  # a line that a crash tore
    (publisher.folder / "log" / ".building-x").mkdir()
    publisher.publish((CODES[0], "Three"))
    assert second not in release.release_names(publisher.folder)
    assert [one.revision.revision for one in revisions(publisher.folder)] == [1, 2]
    assert b"Three" in contents(publisher.folder)[f"{BASE}doc/project/{CODES[0]}", 2]
    assert not [path.name for path in (publisher.folder / "log").iterdir() if path.name.startswith(".")]


def test_readers_do_not_see_a_run_that_was_never_served(pipeline: Pipeline, tmp_path: Path) -> None:
    """After a crash before the switch its numbers go to other contents, so they must not have been read before."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    (first,) = release.release_names(publisher.folder)
    publisher.publish((CODES[0], "Never served"))
    graph, served = f"{BASE}doc/project/{CODES[0]}", publisher.folder / "log" / "served"
    publisher.switch(first)
    served.write_bytes(served.read_bytes().splitlines(keepends=True)[0])
    before = open_served_index(publisher.folder)
    assert before is not None
    with closing(before):
        assert (before.latest(graph), before.find(graph, 2), len(before.runs(BASE))) == (1, None, 1)
        publisher.publish((CODES[0], "Served"))
        assert before.latest(graph) == 1  # as long as the release is open that was opened with it
    after = open_served_index(publisher.folder)
    assert after is not None
    with closing(after):
        found = after.find(graph, 2)
        assert found
        assert b"Served" in after.content(found)


@pytest.mark.parametrize("file", ["entry.json", "graphs", "whole"])
def test_a_ledger_with_a_gap_is_refused(file: str, pipeline: Pipeline, tmp_path: Path) -> None:
    """A lost entry or file is named, with what to do, and nothing is published."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    publisher.publish((CODES[0], "Two"))
    folder = publisher.folder / "log" / release.release_names(publisher.folder)[0]
    if file == "whole":
        shutil.rmtree(folder)
    else:
        (publisher.folder / "log" / "index.sqlite").unlink()
        (folder / file).write_bytes((folder / file).read_bytes()[:-9])
    names = release.release_names(publisher.folder)
    with pytest.raises(StoreError, match=rf"{folder.name}.*from a backup"):
        publisher.publish((CODES[0], "Three"))
    assert release.release_names(publisher.folder) == names


def test_a_damaged_content_is_named(pipeline: Pipeline, tmp_path: Path) -> None:
    """A content that does not have its hash is not given out."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    file = publisher.folder / "log" / release.release_names(publisher.folder)[0] / "contents.nq.gz"
    damaged = bytearray(file.read_bytes())
    damaged[40] ^= 255
    file.write_bytes(damaged)
    with pytest.raises(StoreError, match=r"contents\.nq\.gz.*damaged"):
        contents(publisher.folder)


def test_an_index_of_another_version_is_made_anew(pipeline: Pipeline, tmp_path: Path) -> None:
    """Also one that is no database."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "One"))
    path = publisher.folder / "log" / "index.sqlite"
    before = contents(publisher.folder)
    path.write_bytes(b"no database at all" * 100)
    assert open_index(publisher.folder) is None
    update_index(publisher.folder)
    assert contents(publisher.folder) == before


def erased(publisher: Publisher) -> None:
    """Publish other values, remove the releases that have the first ones, and erase the first revision."""
    publisher.publish((CODES[0], "A name"), (CODES[1], "Beside"))
    publisher.publish((CODES[0], "No name"))
    with pytest.raises(StoreError, match="still in 2 releases"):
        erase_revision(publisher.folder, f"{CODES[0]}/rev/1", "A test.")
    publisher.publish((CODES[2], "Another"))
    with release.publisher_lock(publisher.folder):
        release.prune(publisher.folder, 1)
    assert erase_revision(publisher.folder, f"{CODES[0]}/rev/1", "A test.") == ()


def test_an_erased_content_is_nowhere_and_the_chain_stays(pipeline: Pipeline, tmp_path: Path) -> None:
    """Its number, kind and hash stay, with the reason; all other contents are as they were."""
    publisher = Publisher(tmp_path, pipeline)
    erased(publisher)
    for path in publisher.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b'"A name"' not in (gzip.decompress(content) if path.suffix == ".gz" else content), path
    assert check_ledger(publisher.folder).faults == ()
    assert contents(publisher.folder)[f"{BASE}doc/project/{CODES[0]}", 1] == b""
    assert b"Beside" in contents(publisher.folder)[f"{BASE}doc/project/{CODES[1]}", 1]
    (publisher.folder / "log" / "index.sqlite").unlink()
    publisher.publish((CODES[0], "Third"))
    kinds = [(one.revision.revision, one.revision.kind.value) for one in revisions(publisher.folder)]
    assert kinds == [(1, "Erase"), (2, "Update"), (3, "Update"), (1, "Create"), (1, "Create")]
    with pytest.raises(NotFoundError, match="has no content"):
        erase_revision(publisher.folder, f"{BASE}doc/project/{CODES[0]}/rev/1", "Again.")


@pytest.mark.parametrize("crash", ["before the files", "between the files"])
def test_an_erasure_is_finished_after_a_crash(crash: str, pipeline: Pipeline, tmp_path: Path) -> None:
    """The next run removes what the entry says is erased."""
    publisher = Publisher(tmp_path, pipeline)
    publisher.publish((CODES[0], "A name"), (CODES[1], "Beside"))
    folder = publisher.folder / "log" / release.release_names(publisher.folder)[0]
    before = {name: (folder / name).read_bytes() for name in ("contents.nq.gz", "pieces")}
    publisher.publish((CODES[0], "No name"))
    publisher.publish((CODES[2], "Another"))
    with release.publisher_lock(publisher.folder):
        release.prune(publisher.folder, 1)
    erase_revision(publisher.folder, f"{CODES[0]}/rev/1", "A test.")
    if crash == "before the files":
        (folder / "contents.nq.gz").write_bytes(before["contents.nq.gz"])
    else:
        (folder / "pieces").rename(folder / "pieces.new")
    (folder / "pieces").write_bytes(before["pieces"])
    publisher.publish((CODES[0], "Third"))
    assert check_ledger(publisher.folder).faults == ()
    assert contents(publisher.folder)[f"{BASE}doc/project/{CODES[0]}", 1] == b""
    assert b"Beside" in contents(publisher.folder)[f"{BASE}doc/project/{CODES[1]}", 1]
    assert b'"A name"' not in gzip.decompress((folder / "contents.nq.gz").read_bytes())
