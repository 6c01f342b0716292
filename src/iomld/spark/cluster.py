"""Runs the jobs of a publish on Apache Spark, with RDDs of packed jobs and packed results.

Records, lines and pieces travel with the jobs, so executors need no file system in common with this machine. Results
are taken in the order of the jobs, so that the release is the one that local processes make. Spark runs the jobs of a
lost executor on another one.
"""

import os
import pickle
import platform
import re
import shutil
import socket
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from iomld import __version__
from iomld.errors import SettingsError, StoreError
from iomld.pipeline.stages import Pipeline
from iomld.publish.processes import Job, JobRunner, unpacked_result
from iomld.publish.shard_jobs import MadeShard, PiecesJob, ShardJob
from iomld.release.shards.assembly import PlacedShard
from iomld.spark.executor import JobAnswer, opening_of, run_jobs

if TYPE_CHECKING:  # pyspark is an extra, and loads slowly
    from pyspark import SparkContext

_MASTER = re.compile(r"spark://[^/\s,@]+:\d+(?:,[^/\s,@]+:\d+)*")
_HIGHEST_PORT = 65_535
_CONNECT_TIMEOUT_S = 10.0
_PATIENCE_S = 180.0  # without any executor
_LOOK_EACH_S = 1.0
_JOBS_PER_CORE = 4  # of a wave, so that its cores end at about the same time
_MOST_JOBS = 256  # of a wave
_WAVE_BYTES = 64 << 20  # of payloads; Spark keeps them in the memory of its driver
_WAVES = 2  # at the same time, so that no core waits for the end of a wave
_ERROR_LINE = re.compile(r"^(?:Caused by: )?(?:[\w.]+\.)?(\w*(?:Error|Exception)\b.*)", re.MULTILINE)


class SparkJobRunner(JobRunner):
    """Runs jobs on the executors of a cluster."""

    def __init__(self, pipeline: Pipeline, context: "SparkContext") -> None:
        """Run jobs in a connected context."""
        super().__init__(pipeline)
        self._context = context
        self._opening = opening_of(pipeline)

    def results(self, jobs: Iterable[Job]) -> Iterator[object]:
        """As in the other class."""
        pending: deque[Future[list[JobAnswer]]] = deque()
        with ThreadPoolExecutor(_WAVES, thread_name_prefix="spark") as threads:
            try:
                for wave in self._waves(jobs):
                    pending.append(threads.submit(self._run, wave))
                    if len(pending) == _WAVES:
                        yield from self._results_of(pending.popleft())
                while pending:
                    yield from self._results_of(pending.popleft())
            except BaseException:
                with suppress(*_spark_errors()):  # if Spark itself has ended
                    self._context.cancelAllJobs()  # or the threads would not end
                raise

    def shards(self, jobs: Iterable[ShardJob]) -> Iterator[PlacedShard]:
        """As in the other class; files are read and written on this machine."""
        asked: deque[ShardJob] = deque()

        def sent() -> Iterator[PiecesJob]:
            for job in jobs:
                asked.append(job)
                yield job.pieces_job()

        for made in self.results(sent()):
            yield asked.popleft().placed(cast("MadeShard", made))

    def _waves(self, jobs: Iterable[Job]) -> Iterator[list[bytes]]:
        wave: list[bytes] = []
        size = 0
        for job in jobs:
            wave.append(pickle.dumps(job, pickle.HIGHEST_PROTOCOL))
            size += len(wave[-1])
            most = min(_MOST_JOBS, _JOBS_PER_CORE * self._context.defaultParallelism)
            if len(wave) >= most or size >= _WAVE_BYTES:
                yield wave
                wave, size = [], 0
        if wave:
            yield wave

    def _run(self, wave: Sequence[bytes]) -> list[JobAnswer]:
        jobs = self._context.parallelize(wave, len(wave))  # one in each partition, and so a task
        return cast("list[JobAnswer]", jobs.mapPartitions(partial(run_jobs, self._opening)).collect())

    def _results_of(self, wave: "Future[list[JobAnswer]]") -> Iterator[object]:
        for answer in self._answers(wave):
            if answer.fault:
                raise StoreError(
                    f"executor {answer.fault}. Install the same versions as here on all nodes, or ship this "
                    "environment to them. Nothing was published."
                )
            yield unpacked_result(answer.result)

    def _answers(self, wave: "Future[list[JobAnswer]]") -> list[JobAnswer]:
        """Wait for a wave, as long as the cluster has any executor."""
        seen = time.monotonic()
        while True:
            try:
                wait([wave], _LOOK_EACH_S)
                if wave.done():
                    return wave.result()
                if self._executors():
                    seen = time.monotonic()
            except _spark_errors() as error:
                raise _failure(error) from error
            if time.monotonic() - seen > _PATIENCE_S:
                raise StoreError(
                    f"the cluster has given no executor for {_PATIENCE_S:.0f} seconds. See its web page: are there "
                    "workers, and do they have free cores and memory? Nothing was published."
                )

    def _executors(self) -> int:
        """How many executors there are; the driver is in the list too."""
        return int(self._context._jsc.sc().getExecutorMemoryStatus().size()) - 1  # noqa: SLF001  # Python has no name for it


def _spark_errors() -> tuple[type[Exception], ...]:
    """The errors of Spark, and of the connection to its Java program."""
    from py4j.protocol import Py4JError  # noqa: PLC0415  # as pyspark
    from pyspark.errors import PySparkException  # noqa: PLC0415

    return Py4JError, PySparkException, ConnectionError, EOFError


def _failure(error: Exception) -> StoreError:
    """The sentence for a Spark job that failed."""
    text = str(error)
    if re.search(r"No module named '(?:iomld|pyoxigraph|lxml|zlib_ng|shacl)", text):
        return StoreError(
            f"the executors cannot import iomld. Install iomld {__version__} on all nodes, or ship an environment with "
            "it, and name its Python in PYSPARK_PYTHON. Nothing was published."
        )
    if "PYTHON_VERSION_MISMATCH" in text:
        return StoreError(
            f"executors have another version of Python than {platform.python_version()}. Name one with the same first "
            "two numbers in PYSPARK_PYTHON. Nothing was published."
        )
    if "MemoryError" in text or "exited unexpectedly" in text:
        return StoreError(
            "Python on an executor ended again and again; most likely cause: too little memory. Give executors more "
            "(spark.executor.memoryOverhead in spark-defaults.conf). Nothing was published."
        )
    lines = _ERROR_LINE.findall(text)
    return StoreError(f"Spark gave up ({lines[-1] if lines else type(error).__name__}). Nothing was published.")


@contextmanager
def spark_runner(pipeline: Pipeline, master: str) -> Iterator[JobRunner]:
    """Run the jobs of a publish on a cluster; a context manager that disconnects.

    Args:
        pipeline: The loaded stages.
        master: The address of its master, `spark://HOST:PORT`; several hosts are separated by commas.

    Raises:
        SettingsError: The address is none, or pyspark or Java is missing.
        StoreError: The master cannot be reached, or Spark does not start.
    """
    check_master(master)
    _check_java()
    _check_reachable(master)
    context = _connected(master)
    try:
        yield SparkJobRunner(pipeline, context)
    finally:
        with suppress(*_spark_errors()):
            context.stop()


def check_master(master: str) -> None:
    """Check an address; whether something answers there is checked later.

    Raises:
        SettingsError: It is not the address of a Spark master.
    """
    if not _MASTER.fullmatch(master) or any(port > _HIGHEST_PORT for _, port in _hosts(master)):
        raise SettingsError("--cluster: write the address of a Spark master, such as spark://HOST:7077.")


def _hosts(master: str) -> Iterator[tuple[str, int]]:
    """The hosts and ports of an address."""
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        yield host.strip("[]"), int(port)


def _connected(master: str) -> "SparkContext":
    """Start the driver and register with the master."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about pandas, which PySpark imports where it is installed
            from pyspark import SparkConf, SparkContext  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        raise SettingsError("--cluster needs PySpark. Install it: pip install 'iomld[spark]'.") from error
    conf = SparkConf().setMaster(master).setAppName("iomld publish").set("spark.ui.showConsoleProgress", "false")
    try:
        context = SparkContext(conf=conf)
    except _spark_errors() as error:
        raise StoreError(
            f"{master}: Spark does not start there. It needs Java 17 or later, and a cluster with the version of "
            "pyspark that is installed here. Its own messages are above."
        ) from error
    context.setLogLevel("ERROR")  # losing an executor, which Spark makes up for, is no news of ours
    return context


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if not (shutil.which(str(Path(home, "bin", "java"))) if home else shutil.which("java")):
        raise SettingsError("--cluster needs Java 17 or later. Install it, or name its folder in JAVA_HOME.")


def _check_reachable(master: str) -> None:
    """Connect to one of the hosts; Spark itself would try for a minute before it gives up."""
    fault: OSError | None = None
    for host in _hosts(master):
        try:
            socket.create_connection(host, _CONNECT_TIMEOUT_S).close()
        except OSError as error:
            fault = error
        else:
            return
    reason = fault and (fault.strerror or fault)
    raise StoreError(
        f"{master}: the master cannot be reached ({reason}). Check the address, and that Spark runs there."
    ) from fault
