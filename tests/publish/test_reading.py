"""Sources are read by processes as by one: the same records in the same order, and the same faults."""

import gzip
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import pytest

from iomld.model import Record
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.progress import NO_PROGRESS
from iomld.publish import processes
from iomld.publish.gather import fill_spool
from iomld.publish.processes import JobRunner, job_runner
from iomld.publish.report import Refusal
from iomld.read import RecordSpool, units, unpacked
from iomld.workers.handler import AnswerWriter
from iomld.workers.protocol import WorkerSpec


class BatchInThisProcess:
    """Runs jobs as workers do, but in this process, which starts faster; `test_same_bytes` has real workers."""

    def __init__(self, spec: WorkerSpec, number: int) -> None:
        assert number == 2
        self._handle = processes.open_publisher(spec.argument)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def results(self, payloads: Iterable[bytes]) -> Iterator[bytes]:
        """The bodies of the answers."""
        for payload in payloads:
            writer = AnswerWriter(1 << 20)
            self._handle(payload, writer)
            yield writer.inline()


@pytest.fixture
def pipeline() -> Pipeline:
    """The stages."""
    return load_pipeline(Choices(profile="published"))


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources in many units, some of which cannot be read, or not to their end; language versions in several files."""
    monkeypatch.setattr(units, "_UNIT_BYTES", 400)
    monkeypatch.setattr(processes, "_FEWEST_RECORDS", 3)
    monkeypatch.setattr(processes, "_MOST_SENT_BYTES", 2000)
    monkeypatch.setattr(processes, "WorkerBatch", BatchInThisProcess)
    folder = tmp_path / "sources"
    folder.mkdir()
    lines = [
        json.dumps({"projectCode": f"PO.{number:04}", "title": {"en": f"Project {number}"}}) for number in range(60)
    ]
    lines[7], lines[41] = '{"projectCode": ', '{"title": {"en": "Nameless"}}'
    (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "b.json").write_text(f'[{lines[1]}, {{"projectCode": "PO.9001"}}, {{"projectCode": ]', encoding="utf-8")
    damaged = gzip.compress("\n".join(lines * 20).encode(), compresslevel=0)
    (folder / "c.jsonl.gz").write_bytes(damaged[: len(damaged) // 2])
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        archive.writestr("one.jsonl", "\n".join(lines[10:20]))
        archive.writestr("projects.csv", "Project code,Title\nPO.0003,Projet trois\nPO.9002,Two\n")
        archive.writestr("mentions.csv", "projectCode,framework,quote\nPO.0003,gcm,Global Compact\n")
    (folder / "e.zip").write_bytes(b"PK\x03\x04 is no archive")
    (folder / "f.txt").write_bytes(b"")
    (folder / "g.csv").write_text("Project code,Title\n" + "PO.0005,Cinq\n" * 300, encoding="utf-8")  # is not sent
    return folder


def read(runner: JobRunner, folder: Path) -> tuple[list[tuple[Record, ...]], tuple[Refusal, ...]]:
    """The records by project, and the files that cannot be read."""
    with RecordSpool() as spool:
        refused = fill_spool(spool, [folder], runner.pipeline.read_options(), runner, NO_PROGRESS)
        return [tuple(map(unpacked, group)) for group in spool.groups()], refused


def test_processes_read_as_one(sources: Path, pipeline: Pipeline) -> None:
    """Groups, their order, places and refusals do not depend on the number of processes."""
    groups, refused = read(JobRunner(pipeline), sources)
    assert [Path(one.name).name for one in refused] == ["b.json", "c.jsonl.gz", "e.zip", "f.txt"]
    assert max(len(group) for group in groups) == 301
    with job_runner(pipeline, 2) as runner:
        assert read(runner, sources) == (groups, refused)
