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
