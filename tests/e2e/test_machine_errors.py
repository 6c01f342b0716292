"""Errors of the machine end a command with one sentence and exit status 2, and leave nothing behind."""

from pathlib import Path

import pytest
from tests.conftest import ROOT, Command

from iomld.errors import StoreError
from iomld.model import Origin, Place, Record
from iomld.read import RecordSpool, packed

PAGE = ROOT / "tests" / "golden" / "page.txt"
# A disk that takes no more is seen by all that write: Python, the store and the database.
SMALL_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, {bytes}))"
# When the files of the release are about to be put together from shards.
ASSEMBLING = """
import os, resource
from iomld.publish import build
write_files = build.write_files
def fail(building, made, *arguments, **options):
    sources = (source.path for shard in made.new for source in shard.sources.values())
    shards = [path for path in sources if path.name.startswith("shard-")]  # not of the current release
    {then}
    return write_files(building, made, *arguments, **options)
build.write_files = fail
"""
# In each worker that settles projects; the jobs that are done carry the fault along.
DYING = """
import os, pickle
from iomld.publish import jobs, processes
processes._FEWEST_RECORDS = 1
class Fault:
    def __reduce__(self):
        return exec, ("import os; {then}",)
dumps = pickle.dumps
def dumps_with_fault(job, protocol):
    return dumps(Fault() if isinstance(job, jobs.SettleJob) else job, protocol)
processes.pickle = type(os)("pickle")
processes.pickle.__dict__.update(pickle.__dict__, dumps=dumps_with_fault)
"""
FAILING = """
import iomld.release
def fail(_):
    raise {error}
iomld.release.readable_release = fail
"""


@pytest.mark.parametrize("size", [4096, 100_000, 200_000])
def test_a_full_disk_is_a_sentence(tmp_path: Path, iomld: Command, size: int) -> None:
    """Wherever a publish meets it, it says what to do, and no release is begun."""
    done = iomld("publish", PAGE, "--to", tmp_path, prelude=SMALL_FILES.format(bytes=size))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "Make room" in done.stderr
    assert list((tmp_path / "releases").iterdir()) == []


@pytest.mark.parametrize(
    ("prelude", "sentence"),
    [
        (ASSEMBLING.format(then="resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"), "Make room"),
        (ASSEMBLING.format(then="os.truncate(max(shards, key=os.path.getsize), 100)"), "the file is cut short"),
        (DYING.format(then="raise MemoryError"), "most likely cause: memory. Try again with fewer processes"),
        (DYING.format(then="os.kill(os.getpid(), 9)"), "most likely cause: memory. Try again with fewer processes"),
        (DYING.format(then="raise OSError(28, 'No space left on device')"), "Make room"),
    ],
    ids=["full-disk", "short-shard", "no-memory", "killed", "full-disk-in-worker"],
)
def test_a_publish_that_cannot_end_is_a_sentence(
    page_data: Path, few_records: Path, iomld: Command, prelude: str, sentence: str
) -> None:
    """Wherever it meets the fault, the old release is served, and nothing of the new one is left."""
    before = (page_data / "current").readlink()
    done = iomld("publish", few_records, "--to", page_data, "--processes", "2", prelude=prelude)
    said = [line for line in done.stderr.splitlines() if "its work is done again" not in line]
    assert (done.returncode, done.stdout, len(said)) == (2, "", 1), done.stderr
    assert sentence in said[0]
    assert (page_data / "current").readlink() == before
    assert [path.name for path in (page_data / "releases").iterdir()] == [before.name]


def test_a_full_target_is_a_sentence(datadir: Path, iomld: Command) -> None:
    """The same holds for the file that the result is written to."""
    done = iomld("export", "--from", datadir, "--to", "/dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("iomld: no space left")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("MemoryError", "there is not enough memory"),
        ("EOFError('Compressed file ended')", "a compressed file ends too early"),
        ("PermissionError(13, 'Permission denied', '/x')", "/x: cannot be used (Permission denied)"),
        ("RuntimeError('Corruption: bad block')", "the store is damaged (Corruption: bad block)"),
    ],
)
def test_other_errors_are_sentences(datadir: Path, iomld: Command, error: str, sentence: str) -> None:
    """No error is shown as a traceback or treated as Ctrl-C."""
    done = iomld("query", "ASK {}", "--from", datadir, prelude=FAILING.format(error=error))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"iomld: {sentence}")


def test_a_full_temporary_database_is_a_sentence() -> None:
    """The records of a large source are kept in a file, which may find no room."""
    record = Record({}, Origin("a.json", "0" * 64, "text/plain"), Place("a.json"), raw="x" * 100_000)
    with RecordSpool() as spool:
        spool._db.execute("PRAGMA max_page_count = 10")
        with pytest.raises(StoreError, match="Make room"):
            spool.add(packed(record, "a"))
