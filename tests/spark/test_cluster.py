"""A publish on a Spark cluster on this machine: the same files and refusals as with one process."""

import ctypes
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.conftest import ROOT, Command
from tests.publish.digests import digests

from iomld.release import FILES, current_release

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed (iomld[spark])"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
]

PAGE = ROOT / "tests" / "golden" / "page.txt"
MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"
STARTED = re.compile(r"Starting Spark master at (spark://\S+)")
REGISTERED = re.compile(r"Successfully registered with master")
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
PATIENCE_S = 500  # a busy machine starts a Java program in a minute or more
# Only what keeps Spark on this machine and small; a cluster of one's own has such a file too.
DEFAULTS = """
spark.ui.enabled false
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.driver.memory 512m
spark.executor.memory 512m
"""
MAIN = "\nfrom iomld.cli.main import main\nmain()"
# Runs in the process of a publish. A busy machine starts executors slowly.
PATIENT = f"from iomld.spark import cluster; cluster._PATIENCE_S = {PATIENCE_S}"
# The same, with a job that kills the executor that runs it: the Java program above the daemon of the Python workers.
KILLER = (
    PATIENT
    + """
import operator, pickle, types
from iomld.publish.jobs import SettleJob
MARKER = {marker!r}
class Killing:
    def __reduce__(self):
        return eval, (
            "__import__('os').path.exists(%r) or (open(%r, 'x').close(), __import__('os').kill(int(open("
            "'/proc/%%d/stat' %% __import__('os').getppid()).read().split()[3]), 9), __import__('time').sleep(60))"
            % (MARKER, MARKER),
        )
class KillingJob:
    def __init__(self, job):
        self.job = job
    def __reduce__(self):
        return operator.itemgetter(1), ((Killing(), self.job),)
settling = []
def dumps(job, protocol):
    settling.extend([job] if isinstance(job, SettleJob) else [])
    is_second = len(settling) == 2 and job is settling[1]
    return pickle.dumps(KillingJob(job) if is_second else job, protocol)
cluster.pickle = types.SimpleNamespace(dumps=dumps, loads=pickle.loads, HIGHEST_PROTOCOL=pickle.HIGHEST_PROTOCOL)
"""
)


def end_with_parent() -> None:
    """Have this process end when the tests do, however they end."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


Done = subprocess.CompletedProcess[str]


class Cluster:
    """A master and two workers, with one core each.

    Attributes:
        address: The address of the master.
        variables: The environment of a command that uses it.
    """

    def __init__(self, folder: Path) -> None:
        conf = folder / "conf"
        conf.mkdir()
        (conf / "spark-defaults.conf").write_text(f"{DEFAULTS}spark.local.dir {folder}\n", encoding="utf-8")
        self.variables = {
            "SPARK_CONF_DIR": str(conf),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
            "PYSPARK_PYTHON": sys.executable,
        }
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start it, and wait until both workers are registered."""
        master = self._start("master", MASTER)
        self.address = self._said("master", STARTED, master)[1]
        for name in ("worker-1", "worker-2"):
            options = ("--cores", "1", "--memory", "1g", "--work-dir", str(self._folder / name), self.address)
            self._start(name, WORKER, *options)
        for name, process in zip(("worker-1", "worker-2"), self._processes[1:], strict=True):
            self._said(name, REGISTERED, process)

    def stop(self) -> None:
        """End all processes; executors end with their workers."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(PATIENCE_S)

    @contextmanager
    def stopped_workers(self) -> Iterator[None]:
        """Both workers, which start executors, do nothing until the block ends."""
        for process in self._processes[1:]:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self._processes[1:]:
                process.send_signal(signal.SIGCONT)

    def _start(self, name: str, program: str, *options: str) -> subprocess.Popen[bytes]:
        found = importlib.util.find_spec("pyspark")
        assert found is not None
        assert found.origin is not None
        spark = Path(found.origin).parent / "bin" / "spark-class"
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [spark, program, "--host", "127.0.0.1", "--port", "0", "--webui-port", "0", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self.variables,
                preexec_fn=end_with_parent,  # noqa: PLW1509  # it takes no lock
            )
        self._processes.append(process)
        return process

    def _said(self, name: str, words: re.Pattern[str], process: subprocess.Popen[bytes]) -> re.Match[str]:
        """Wait until the log of a process has these words."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and process.poll() is None:
            text = (self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
            if found := words.search(text):
                return found
            time.sleep(0.2)  # Spark tells nobody but its log
        raise AssertionError((self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:])


def publish(cluster: Cluster, source: Path, to: Path, *, prelude: str = PATIENT, **variables: str) -> Done:
    """Publish on the cluster, from the folder of the source, in a process that imports the program itself."""
    return subprocess.run(
        [sys.executable, "-c", f"{prelude}{MAIN}", "publish", source.name, "--to", to, "--cluster", cluster.address],
        cwd=source.parent,
        env=os.environ | cluster.variables | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE_S,
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster."""
    made = Cluster(tmp_path_factory.mktemp("spark"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def hard_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files in a folder: language versions elsewhere, colliding identifiers, wrong budgets, broken lines."""
    folder = tmp_path_factory.mktemp("hard")
    command = [sys.executable, ROOT / "benchmarks" / "generate.py", "--records", "300", "--hard", folder / "records"]
    subprocess.run(command, check=True)
    return folder


def test_the_release_is_that_of_one_process(
    cluster: Cluster, hard_records: Path, tmp_path: Path, iomld: Command
) -> None:
    """Bytes and refusals with their places, with relative names of sources, and with an executor that is killed."""
    here, there = tmp_path / "here", tmp_path / "there"
    local = iomld("publish", "records", "--to", here, "--processes", "1", folder=hard_records)
    remote = publish(cluster, hard_records / "records", there, prelude=KILLER.format(marker=str(tmp_path / "killed")))
    assert (local.returncode, remote.returncode) == (1, 1), remote.stderr
    assert (tmp_path / "killed").exists()
    one, other = current_release(here), current_release(there)
    assert one is not None
    assert other is not None
    assert digests(other) == digests(one)
    refused = [
        json.loads(release.file(FILES.report).read_text(encoding="utf-8"))["refused"] for release in (one, other)
    ]
    assert refused[0] == refused[1]
    places = {reason["file"] for refusal in refused[0] for reason in refusal["reasons"]}
    assert places == {"records/a.jsonl", "records/b.jsonl"}


def test_another_version_on_executors_is_a_sentence(cluster: Cluster, tmp_path: Path) -> None:
    """It names the host and both versions; nothing is published."""
    other = f"{PATIENT}; import iomld.pipeline.stages as stages; stages.__version__ = '9.9.9'"
    done = publish(cluster, PAGE, tmp_path, prelude=other)
    assert (done.returncode, done.stdout) == (2, "")
    assert "(here 9.9.9)" in done.stderr
    assert current_release(tmp_path) is None


def test_executors_without_iomld_are_a_sentence(cluster: Cluster, tmp_path: Path) -> None:
    """Their Python has no iomld, as on nodes on which nobody installed it."""
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    done = publish(cluster, PAGE, tmp_path / "to", PYSPARK_PYTHON=str(bare))
    assert (done.returncode, done.stdout) == (2, "")
    assert "the executors cannot import iomld" in done.stderr


def test_a_cluster_without_workers_is_a_sentence(cluster: Cluster, tmp_path: Path) -> None:
    """Spark would wait for ever; a publish waits for minutes, here for a second."""
    with cluster.stopped_workers():
        done = publish(cluster, PAGE, tmp_path, prelude="from iomld.spark import cluster; cluster._PATIENCE_S = 1.0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the cluster has given no executor for 1 seconds" in done.stderr
