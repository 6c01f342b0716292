"""Many jobs in several processes: answers in order, and a worker that dies costs no answer."""

import json
import select
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from iomld.workers.batch import WorkerBatch
from iomld.workers.errors import WorkerCrashedError
from iomld.workers.protocol import WorkerSpec

pytestmark = pytest.mark.server


def test_answers_come_in_order(spec: WorkerSpec) -> None:
    """However many jobs there are, and however large the answers; a batch without jobs has none."""
    texts = [str(number) * (70_000 if number % 5 == 0 else 3) for number in range(23)]
    with WorkerBatch(spec, 2) as batch:
        found = list(batch.results(json.dumps({"echo": text}).encode() for text in texts))
        assert list(batch.results([])) == []
    assert [body.decode() for body in found] == texts


def test_a_job_is_done_again_when_its_worker_dies(
    spec: WorkerSpec, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The second attempt is in a new worker, which is logged; the others of its jobs are not lost."""
    marker = tmp_path / "died"
    jobs = [{"echo": str(number)} for number in range(6)]
    jobs[2]["abort_unless"] = str(marker)
    with WorkerBatch(spec, 2) as batch:
        found = [body.decode() for body in batch.results(json.dumps(job).encode() for job in jobs)]
    assert found == [str(number) for number in range(6)]
    assert [record.message for record in caplog.records] == [
        "a worker process ended (exit code -6); its work is done again"
    ]


def test_a_worker_may_end_before_it_gets_its_next_job(spec: WorkerSpec) -> None:
    """A worker that somebody gave a lower priority ends; the job that it did not read and the next are done again."""

    def jobs() -> Iterator[bytes]:
        yield b'{"nice": 1}'
        yield b'{"echo": "unread"}'
        select.select([batch._workers[0].process.pidfd], [], [])
        yield b'{"echo": "next"}'

    with WorkerBatch(spec, 1) as batch:
        assert list(batch.results(jobs())) == [b"", b"unread", b"next"]


def test_a_job_that_kills_is_told(spec: WorkerSpec) -> None:
    """The message has the exit code, and what to do; a handler that cannot be opened gives its own."""
    with (
        WorkerBatch(spec, 1) as batch,
        pytest.raises(WorkerCrashedError, match="3 worker processes ended with the same job"),
    ):
        list(batch.results([b'{"abort": 1}']))
    with (
        WorkerBatch(replace(spec, argument="broken"), 1) as batch,
        pytest.raises(WorkerCrashedError, match="the cupboard is bare"),
    ):
        list(batch.results([b"{}"]))
