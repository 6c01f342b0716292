"""What runs on an executor, without Spark: the same results as here, and no result with other versions."""

import json
import pickle
import shutil
import socket
from contextvars import copy_context
from pathlib import Path

import pytest
from tests.conftest import ROOT, Command

from iomld.fund_folder import folder_in_use, read_fund_folder, using
from iomld.model import Record
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.publish.jobs import ReadJob, ReadResult, SettleJob
from iomld.read import SourceUnit, unpacked
from iomld.spark.executor import JobAnswer, opening_of, run_jobs

UNIT = SourceUnit("page.txt", (ROOT / "tests" / "golden" / "page.txt").read_bytes())


@pytest.fixture
def pipeline() -> Pipeline:
    """The stages."""
    return load_pipeline(Choices(profile="published", with_narrative=False))


def run(opening: str, *jobs: object) -> list[JobAnswer]:
    """Run jobs as an executor does."""
    return list(run_jobs(opening, (pickle.dumps(job) for job in jobs)))


def records_of(read: ReadResult) -> list[tuple[str, Record]]:
    """Its keys and records."""
    return [(one.key, unpacked(one.data)) for one in read.records]


def test_results_are_those_of_this_process(pipeline: Pipeline) -> None:
    """Read on an executor and settled on an executor, with the choices of the publisher."""
    opening = opening_of(pipeline)
    (answer,) = run(opening, ReadJob(0, UNIT))
    read = pickle.loads(answer.result)  # noqa: S301  # made here
    assert (answer.fault, records_of(read)) == ("", records_of(ReadJob(0, UNIT).run(pipeline)))
    job = SettleJob([tuple(one.data for one in read.records)], {})
    (answer,) = run(opening, job)
    (project,) = pickle.loads(answer.result)  # noqa: S301  # made here
    assert (project,) == job.run(pipeline)
    assert project.key == "PO.9001"
    assert b"<http://purl.org/dc/terms/description>" not in project.lines


def test_the_fund_folder_comes_along(tmp_path: Path) -> None:
    """An executor needs no folder of the driver: the lists and shapes are in what opens the stages."""
    folder = shutil.copytree(ROOT / "examples" / "fund", tmp_path / "fund")
    with using(read_fund_folder(folder)):
        pipeline = load_pipeline(Choices(folder_in_use().base, profile="published"))
        opening = opening_of(pipeline)
        expected = records_of(ReadJob(0, UNIT).run(pipeline))
    shutil.rmtree(folder)
    # A context of its own, or the folder would stay in use in this process.
    (answer,) = copy_context().run(run, opening, ReadJob(0, UNIT))
    assert records_of(pickle.loads(answer.result)) == expected  # noqa: S301  # made here
    assert answer.fault == ""


def test_other_versions_run_nothing(pipeline: Pipeline) -> None:
    """The answer says which versions the executor has, and which are wanted."""
    values = json.loads(opening_of(pipeline))
    values["versions"] |= {"iomld": "9.9.9", "zlib-ng": "0.0.1"}
    (answer,) = run(json.dumps(values), ReadJob(0, UNIT))
    assert not answer.result
    assert "has iomld " in answer.fault
    assert "(here 9.9.9), zlib-ng " in answer.fault


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("local[2]", "write the address of a Spark master, such as spark://HOST:7077"),
        ("spark://user:secret@host:7077", "write the address of a Spark master"),
        ("spark://127.0.0.1:1", "the master cannot be reached (Connection refused)"),
        ("spark://127.0.0.1:99999", "write the address of a Spark master"),
        ("spark://127.0.0.1:PORT", "--cluster needs PySpark. Install it: pip install 'iomld[spark]'"),
        ("spark://127.0.0.1:PORT without Java", "--cluster needs Java 17 or later"),
    ],
)
def test_what_is_missing_is_a_sentence(tmp_path: Path, iomld: Command, address: str, sentence: str) -> None:
    """A wrong address, no master, no PySpark or no Java ends the command before anything is read."""
    if not address.endswith("Java"):
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "java").touch(mode=0o755)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        named = address.replace("PORT", str(listening.getsockname()[1])).removesuffix(" without Java")
        done = iomld(
            *("publish", ROOT / "tests" / "golden" / "page.txt", "--to", tmp_path / "to", "--cluster", named),
            prelude="import sys; sys.modules['pyspark'] = None",
            JAVA_HOME=str(tmp_path),
        )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert sentence in done.stderr
    assert "secret" not in done.stderr
