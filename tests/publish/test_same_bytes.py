"""The files of a release depend on its records alone: not on order, history, or the number of processes."""

import gzip
import json
import os
import random
import signal
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.amount import amount
from tests.conftest import DATA
from tests.publish.digests import digests
from tests.release.databases import database_content

from iomld import __version__
from iomld.errors import StoreError
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.publish import gather, processes
from iomld.publish.run import PublishRequest, publish_sources
from iomld.publish.runs import PublishingSettings
from iomld.publish.withdraw import Withdrawal, withdraw_projects
from iomld.release import FILES, Release, current_release, release_names
from iomld.release.nquads import read_graphs
from iomld.release.project_reader import open_database
from iomld.release.shards import cutting, table
from iomld.workers.batch import WorkerBatch


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """The stages, loaded once."""
    return load_pipeline(Choices(profile="published"))


@pytest.fixture(scope="module")
def records() -> list[dict[str, object]]:
    """Some of the bundled records."""
    found: list[dict[str, object]] = json.loads((DATA / "projects-en.json").read_text(encoding="utf-8"))
    return [one for one in found if "projectCode" in one][:24]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut shards of about four graphs, so that few records have several."""
    _cut_small_shards(monkeypatch)


def _cut_small_shards(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cutting, "_FEWEST", 1)
    patch.setattr(cutting, "_CUT", 4)


@pytest.fixture(scope="module")
def whole(
    records: list[dict[str, object]], pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    """The release of one publish of all records, in one process."""
    with pytest.MonkeyPatch.context() as patch:
        _cut_small_shards(patch)
        yield publish(tmp_path_factory.mktemp("whole"), records, pipeline)


class LosingBatch(WorkerBatch):
    """Loses a worker after the first job of each kind."""

    def results(self, payloads: Iterable[bytes]) -> Iterator[bytes]:
        """As in the other class."""
        for number, body in enumerate(super().results(payloads)):
            if number == 0:
                self._workers[0].process.signal(signal.SIGKILL)
            yield body


def publish(folder: Path, records: Iterable[object], pipeline: Pipeline, *, number: int = 1) -> Release:
    """Publish records from a file that has the same name every time."""
    source = folder / "source" / "records.jsonl"
    source.parent.mkdir(exist_ok=True, parents=True)
    source.write_text("".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
    report = publish_sources(PublishRequest([source], folder / "to", "Us", processes=number), pipeline)
    assert not report.refused
    release = current_release(folder / "to")
    assert release is not None
    return release


def projects(release: Release) -> dict[str, object]:
    """What the database of projects holds."""
    database = open_database(release.file(FILES.projects))
    assert database is not None
    with closing(database):
        return database_content(database)


def test_order_and_processes_change_nothing(
    records: list[dict[str, object]],
    whole: Release,
    pipeline: Pipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One process, or two of which one is killed twice, records in order or shuffled: every file has the same bytes."""
    monkeypatch.setattr(processes, "_FEWEST_RECORDS", 2)
    monkeypatch.setattr(processes, "WorkerBatch", LosingBatch)
    monkeypatch.setattr(gather, "_PROJECTS_IN_JOB", 5)
    shuffled = random.Random(7).sample(records, len(records))  # noqa: S311  # no secret
    other = publish(tmp_path / "other", shuffled, pipeline, number=2)
    assert digests(whole) == digests(other)
    assert whole.manifest.content_sha256 == other.manifest.content_sha256


@pytest.mark.parametrize("seed", range(amount(2)))
def test_history_changes_nothing(
    seed: int, records: list[dict[str, object]], whole: Release, pipeline: Pipeline, tmp_path: Path
) -> None:
    """Batches in any order, wrong values at first, records that go and come back: the same as one publish."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    order = chance.sample(records, len(records))
    wrong = [one | {"title": {"en": f"Wrong {number}", "pt": "Errado"}} for number, one in enumerate(order[:6])]
    grown = tmp_path / "grown"
    publish(grown, wrong + order[6:12], pipeline)
    withdraw_projects(
        Withdrawal(
            [str(order[0]["projectCode"]), str(order[7]["projectCode"])],
            "x",
            None,
            PublishingSettings(grown / "to", pipeline.choices.license, "Us", "", "1"),
        )
    )
    publish(grown, order[10:], pipeline)
    publish(grown, order[:10], pipeline)
    release = current_release(grown / "to")
    assert release is not None
    assert digests(release) == digests(whole)
    assert projects(release) == projects(whole)


def test_a_change_makes_one_shard(records: list[dict[str, object]], pipeline: Pipeline, tmp_path: Path) -> None:
    """The pieces of all other shards are those of the release before, and files in which nothing changed are links."""
    before = publish(tmp_path, records, pipeline)
    changed = [records[0] | {"title": {"en": "Another title"}}]
    after = publish(tmp_path, changed, pipeline)
    old, new = (table.read_table(one.file(FILES.shards)).fingerprints for one in (before, after))
    assert len(new) == len(old) > 4
    assert sum(one != other for one, other in zip(old, new, strict=True)) == 1
    countries = [one.file("by-class/MemberState.ttl.gz").stat().st_ino for one in (before, after)]
    assert countries[0] == countries[1]
    assert b"Another title" in gzip.decompress(after.file(FILES.dataset).read_bytes())


@pytest.mark.parametrize("name", ["dataset.nt.gz", "by-region/africa.ttl.gz", "statistics.jsonl.gz"])
def test_damage_without_a_trace_is_not_copied(
    name: str, records: list[dict[str, object]], pipeline: Pipeline, tmp_path: Path
) -> None:
    """A file that the disk has changed, with the time and length that it had, ends the publish, and nothing changes."""
    before = publish(tmp_path, records, pipeline)
    file = before.file(name)
    content, times = bytearray(file.read_bytes()), file.stat()
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(StoreError, match=f"{name}: the file is damaged"):
        publish(tmp_path, [records[0] | {"title": {"en": "Another title"}}], pipeline)
    after = current_release(tmp_path / "to")
    assert after == before
    assert len(release_names(tmp_path / "to")) == 1


def test_a_release_of_an_earlier_version_is_built_upon(
    records: list[dict[str, object]],
    whole: Release,
    pipeline: Pipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its shards are in another form, so its graphs are read from its store; the files are those of one publish."""
    monkeypatch.setattr(table, "_VERSION", 1)
    publish(tmp_path / "grown", records[:12], pipeline)
    monkeypatch.undo()
    _cut_small_shards(monkeypatch)
    grown = publish(tmp_path / "grown", records[8:], pipeline)
    assert digests(grown) == digests(whole)


def test_a_record_of_an_earlier_version_is_withdrawn(
    records: list[dict[str, object]], pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release without it has the files of one publish of the others."""
    key = str(records[3]["projectCode"])
    monkeypatch.setattr(table, "_VERSION", 1)
    publish(tmp_path / "grown", records, pipeline)
    monkeypatch.undo()
    _cut_small_shards(monkeypatch)
    withdraw_projects(
        Withdrawal(
            [key],
            "x",
            None,
            PublishingSettings(tmp_path / "grown" / "to", pipeline.choices.license, "Us", "", __version__),
        )
    )
    others = publish(tmp_path / "others", [one for one in records if one["projectCode"] != key], pipeline)
    grown = current_release(tmp_path / "grown" / "to")
    assert grown is not None
    assert digests(grown) == digests(others)


def test_the_content_of_a_release_is_that_of_its_graphs(
    records: list[dict[str, object]], pipeline: Pipeline, tmp_path: Path
) -> None:
    """The hash in its name is that of all graphs and their hashes, sorted, as `releases restore` computes it."""
    graphs = {"https://w3id.org/iomld/doc/projects", "http://before.example/", "urn:after"}
    quads = "".join(f'<http://x/{number}> <http://x/p> "x" <{graph}> .\n' for number, graph in enumerate(graphs))
    (tmp_path / "more.nq").write_text(quads, encoding="utf-8")
    for some, include in ((records, ()), (records[:3], [tmp_path / "more.nq"]), (records[4:5], ())):
        (tmp_path / "records.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in some), encoding="utf-8")
        request = PublishRequest([tmp_path / "records.jsonl"], tmp_path / "to", "Us", include=include, processes=1)
        publish_sources(request, pipeline)
        release = current_release(tmp_path / "to")
        assert release is not None
        states = read_graphs(release.file(FILES.graphs))
        assert release.manifest.content_sha256 == cutting.fingerprint(sorted(states), states)
        assert bool(include) <= (graphs <= states.keys())
