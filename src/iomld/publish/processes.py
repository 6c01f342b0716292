"""Runs the jobs of a publish: here, or in worker processes when there are many.

`iomld.workers` gets the handler by the name of `open_publisher`.
"""

import json
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TypeAlias, cast

from iomld.errors import StoreError
from iomld.fund_folder import folder_in_use, read_fund_folder, use_folder
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.publish.jobs import SettledProject, SettleJob, ShardJob
from iomld.release.shards import PlacedShard
from iomld.workers.batch import WorkerBatch
from iomld.workers.errors import WorkerCrashedError
from iomld.workers.handler import Answer, AnswerWriter, Handler
from iomld.workers.protocol import WorkerSpec

_HANDLER = "iomld.publish.processes:open_publisher"
# Below this number of projects, starting processes takes longer than they save.
_FEWEST_PROJECTS = 1000
_MEMORY_BYTES = 2 << 30  # of a worker; a shard with the largest records takes a tenth
_ANSWER_BYTES = 1 << 30


def available_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


# What runs the jobs that make shards.
ShardRunner: TypeAlias = Callable[[Iterable[ShardJob]], Iterator[PlacedShard]]


def here(jobs: Iterable[ShardJob]) -> Iterator[PlacedShard]:
    """Make shards in this process."""
    return (job.run() for job in jobs)


class JobRunner:
    """Runs jobs one after the other in this process, in their order.

    Attributes:
        pipeline: The loaded stages.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Run jobs with these stages."""
        self.pipeline = pipeline

    def settled(self, jobs: Iterable[SettleJob]) -> Iterator[SettledProject]:
        """The projects of jobs, in order."""
        for job in jobs:
            yield from job.run(self.pipeline)

    def shards(self, jobs: Iterable[ShardJob]) -> Iterator[PlacedShard]:
        """The shards of jobs, in order."""
        return here(jobs)


class WorkerJobRunner(JobRunner):
    """Runs jobs in worker processes; results come in the order of the jobs."""

    def __init__(self, pipeline: Pipeline, batch: WorkerBatch) -> None:
        """Run jobs in these workers."""
        super().__init__(pipeline)
        self._batch = batch

    def settled(self, jobs: Iterable[SettleJob]) -> Iterator[SettledProject]:
        """As in the other class."""
        for projects in self._results(jobs):
            yield from cast("tuple[SettledProject, ...]", projects)

    def shards(self, jobs: Iterable[ShardJob]) -> Iterator[PlacedShard]:
        """As in the other class."""
        return cast("Iterator[PlacedShard]", self._results(jobs))

    def _results(self, jobs: Iterable[SettleJob] | Iterable[ShardJob]) -> Iterator[object]:
        payloads = (pickle.dumps(job, pickle.HIGHEST_PROTOCOL) for job in jobs)
        try:
            for body in self._batch.results(payloads):
                yield pickle.loads(body)  # noqa: S301  # from a process that this one started
        except WorkerCrashedError as error:
            raise StoreError(
                f"{error} Try again with fewer processes (--processes). What was published before is still served."
            ) from error


def _run(job: SettleJob | ShardJob, pipeline: Pipeline) -> object:
    return job.run() if isinstance(job, ShardJob) else job.run(pipeline)


@contextmanager
def job_runner(pipeline: Pipeline, *, projects: int, processes: int) -> Iterator[JobRunner]:
    """What runs the jobs of a publish.

    Args:
        pipeline: The loaded stages.
        projects: Number of projects; with few, no process is started.
        processes: How many processes to start at most.
    """
    if processes == 1 or projects < _FEWEST_PROJECTS:
        yield JobRunner(pipeline)
        return
    folder = folder_in_use()
    values = asdict(pipeline.choices) | {"as_of": pipeline.choices.as_of and pipeline.choices.as_of.isoformat()}
    argument = json.dumps({"choices": values, "fund": "" if folder.is_own else str(folder.path.absolute())})
    spec = WorkerSpec(_HANDLER, argument, memory_limit_bytes=_MEMORY_BYTES, max_answer_bytes=_ANSWER_BYTES)
    with WorkerBatch(spec, processes) as batch:
        yield WorkerJobRunner(pipeline, batch)


def open_publisher(argument: str) -> Handler:
    """Load the stages in a worker process.

    Args:
        argument: The choices of the pipeline and the fund folder, as `job_runner` writes them.
    """
    values = json.loads(argument)
    if values["fund"]:
        use_folder(read_fund_folder(Path(values["fund"])))
    choices = values["choices"]
    as_of = date.fromisoformat(choices["as_of"]) if choices["as_of"] else None
    pipeline = load_pipeline(Choices(**choices | {"as_of": as_of}))

    def run(payload: bytes, writer: AnswerWriter) -> Answer:
        job: SettleJob | ShardJob = pickle.loads(payload)  # noqa: S301  # from the process that started this one
        writer.write(pickle.dumps(_run(job, pipeline), pickle.HIGHEST_PROTOCOL))
        return Answer(b"")

    return run
