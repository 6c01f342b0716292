"""Runs the jobs of a publish: here, or in worker processes when there are many.

`iomld.workers` gets the handler by the name of `open_publisher`.
"""

import json
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, groupby
from pathlib import Path
from typing import TypeAlias, cast

from iomld.errors import IomldError, StoreError
from iomld.fund_folder import folder_in_use, read_fund_folder, use_folder
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.publish.jobs import ReadJob, ReadResult, SettledProject, SettleJob
from iomld.publish.shard_jobs import PiecesJob, ShardJob
from iomld.release.shards.assembly import PlacedShard
from iomld.workers.batch import WorkerBatch
from iomld.workers.errors import WorkerCrashedError
from iomld.workers.handler import Answer, AnswerWriter, Handler
from iomld.workers.protocol import WorkerSpec

_HANDLER = "iomld.publish.processes:open_publisher"
# Below this number of records, starting processes takes longer than they save.
_FEWEST_RECORDS = 1000
# A larger source that is no JSON Lines is read in this process, whose memory has no limit.
_MOST_SENT_BYTES = 16 << 20
_MEMORY_BYTES = 2 << 30  # of a worker; a shard with the largest records takes a tenth
_ANSWER_BYTES = 1 << 30


def available_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


Job: TypeAlias = ReadJob | SettleJob | ShardJob | PiecesJob
# What runs the jobs that make shards.
ShardRunner: TypeAlias = Callable[[Iterable[ShardJob]], Iterator[PlacedShard]]


def here(jobs: Iterable[ShardJob]) -> Iterator[PlacedShard]:
    """Make shards in this process."""
    return (job.run() for job in jobs)


class JobRunner:
    """Runs jobs one after the other in this process, in their order; a class that runs them elsewhere has it as base.

    Attributes:
        pipeline: The loaded stages.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Run jobs with these stages."""
        self.pipeline = pipeline

    def results(self, jobs: Iterable[Job]) -> Iterator[object]:
        """The results of jobs, in their order."""
        return self._results_here(jobs)

    def read(self, jobs: Iterable[ReadJob]) -> Iterator[ReadResult]:
        """The records of units, in order."""
        for is_sent, some in groupby(jobs, lambda job: job.unit.size_bytes <= _MOST_SENT_BYTES):
            run = self.results if is_sent else self._results_here
            yield from cast("Iterator[ReadResult]", run(some))

    def settled(self, jobs: Iterable[SettleJob]) -> Iterator[SettledProject]:
        """The projects of jobs, in order."""
        for projects in self.results(jobs):
            yield from cast("tuple[SettledProject, ...]", projects)

    def shards(self, jobs: Iterable[ShardJob]) -> Iterator[PlacedShard]:
        """The shards of jobs, in order."""
        return cast("Iterator[PlacedShard]", self.results(jobs))

    def _results_here(self, jobs: Iterable[Job]) -> Iterator[object]:
        return (job.run(self.pipeline) for job in jobs)


class WorkerJobRunner(JobRunner):
    """Runs jobs in worker processes, which it starts when there are jobs about many records."""

    def __init__(self, pipeline: Pipeline, start: Callable[[], WorkerBatch]) -> None:
        """Run jobs in the workers that a function starts."""
        super().__init__(pipeline)
        self._start = start
        self._batch: WorkerBatch | None = None

    def results(self, jobs: Iterable[Job]) -> Iterator[object]:
        """As in the other class."""
        rest, first, records = iter(jobs), list[Job](), 0
        while self._batch is None:
            job = next(rest, None)
            if job is None:
                yield from super().results(first)
                return
            first.append(job)
            records += job.records
            if records >= _FEWEST_RECORDS:
                self._batch = self._start()
        payloads = (pickle.dumps(job, pickle.HIGHEST_PROTOCOL) for job in chain(first, rest))
        del first
        try:
            for body in self._batch.results(payloads):
                yield unpacked_result(body)
        except WorkerCrashedError as error:
            raise StoreError(
                f"{error} Try again with fewer processes (--processes). What was published before is still served."
            ) from error


@contextmanager
def job_runner(pipeline: Pipeline, processes: int) -> Iterator[JobRunner]:
    """What runs the jobs of a publish.

    Args:
        pipeline: The loaded stages.
        processes: How many processes to start when there is work for several.
    """
    if processes == 1:
        yield JobRunner(pipeline)
        return
    folder = folder_in_use()
    fund = "" if folder.is_own else str(folder.path.absolute())
    argument = json.dumps({"choices": pipeline.choices.to_json(), "fund": fund})
    spec = WorkerSpec(_HANDLER, argument, memory_limit_bytes=_MEMORY_BYTES, max_answer_bytes=_ANSWER_BYTES)
    with ExitStack() as stack:
        yield WorkerJobRunner(pipeline, lambda: stack.enter_context(WorkerBatch(spec, processes)))


def open_publisher(argument: str) -> Handler:
    """Load the stages in a worker process.

    Args:
        argument: The choices of the pipeline and the fund folder, as `job_runner` writes them.
    """
    values = json.loads(argument)
    if values["fund"]:
        use_folder(read_fund_folder(Path(values["fund"])))
    pipeline = load_pipeline(Choices.from_json(values["choices"]))

    def run(payload: bytes, writer: AnswerWriter) -> Answer:
        writer.write(packed_result(payload, pipeline))
        return Answer(b"")

    return run


def packed_result(payload: bytes, pipeline: Pipeline) -> bytes:
    """Run a pickled job, in a process that the main one started or trusts; the pickled result.

    An error of the machine, such as a full disk, is a result too: doing the job again would not help.

    Args:
        payload: The job.
        pipeline: The loaded stages.
    """
    result: object
    try:
        job: Job = pickle.loads(payload)  # noqa: S301  # from the main process
        result = job.run(pipeline)
    except (IomldError, OSError) as error:
        result = error
    return pickle.dumps(result, pickle.HIGHEST_PROTOCOL)


def unpacked_result(body: bytes) -> object:
    """The result of `packed_result` in a process that the main one started or trusts; an error is raised."""
    result: object = pickle.loads(body)  # noqa: S301  # see above
    if isinstance(result, Exception):
        raise result
    return result
