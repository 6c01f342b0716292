"""Differences between releases: exact as RDF Patch, and the words of a dry run as values."""

import csv
import gzip
import io
import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse
from tests.amount import amount
from tests.conftest import DATA, Command

from iomld.export.difference_formats import DIFFERENCE_FORMATS, added_lines, removed_lines
from iomld.export.differences import ReleaseDifference
from iomld.iris import Iris
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import Pipeline, load_pipeline
from iomld.publish.run import PublishRequest, publish_sources
from iomld.publish.runs import PublishingSettings
from iomld.publish.withdraw import Withdrawal, withdraw_projects
from iomld.release import FILES, Release, current_release, open_release, release_names
from iomld.release.shards import cutting

Record = dict[str, object]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """The stages, loaded once."""
    return load_pipeline(Choices(profile="published"))


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Some of the bundled records."""
    found: list[Record] = json.loads((DATA / "projects-en.json").read_text(encoding="utf-8"))
    return [one for one in found if "projectCode" in one][:9]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut shards of about two graphs, so that few records have several."""
    monkeypatch.setattr(cutting, "_FEWEST", 1)
    monkeypatch.setattr(cutting, "_CUT", 2)


def publish(folder: Path, records: list[Record], pipeline: Pipeline, include: str = "") -> Release:
    """Publish records, and a graph of Turtle."""
    source = folder / "records.json"
    folder.mkdir(exist_ok=True, parents=True)
    source.write_text(json.dumps(records))
    (folder / "notes.ttl").write_text(include)
    included = [folder / "notes.ttl"] if include else []
    publish_sources(PublishRequest([source], folder / "to", "Us", include=included, processes=1), pipeline)
    release = current_release(folder / "to")
    assert release is not None
    return release


def withdraw(folder: Path, key: str) -> None:
    """Withdraw a project."""
    withdrawal = Withdrawal(
        [key], "A mistake.", None, PublishingSettings(folder / "to", "https://l.example/", "Us", "", "1")
    )
    withdraw_projects(withdrawal)


def dataset(release: Release) -> bytes:
    """The quads of a release."""
    return gzip.decompress(release.file(FILES.dataset).read_bytes())


def written(difference: ReleaseDifference, format_name: str) -> bytes:
    """The difference in a format."""
    return b"".join(DIFFERENCE_FORMATS[format_name].chunks(difference))


def patched(release: Release, patch: bytes) -> bytes:
    """The quads after a patch, in the order of releases; it must delete what is there, and add what is not."""
    lines = set(dataset(release).splitlines(keepends=True))
    head, _, rows = patch.partition(b"TX .\n")
    assert head.count(b"\n") == head.count(b"> .\n") == head.count(b"H ") == 2  # id and prev
    *changes, end = rows.splitlines(keepends=True)
    assert end == b"TC .\n"
    assert [row[:2] for row in changes] == sorted((row[:2] for row in changes), reverse=True)
    for row in changes:
        if row.startswith(b"D "):
            lines.remove(row[2:])
        else:
            assert row[2:] not in lines
            lines.add(row[2:])
    start = Iris(release.manifest.base).record("").encode()

    def place(line: bytes) -> tuple[bool, bytes, bytes]:
        graph = line[line.rindex(b" <") + 2 : -4]
        is_record = graph.startswith(start) and b"/" not in graph[len(start) :]
        return not is_record, graph if is_record else b"", line

    return b"".join(sorted(lines, key=place))


@pytest.mark.parametrize("seed", range(amount(1)))
def test_a_patch_makes_one_release_from_another(
    seed: int, pipeline: Pipeline, records: list[Record], tmp_path: Path
) -> None:
    """Over random publishes and withdrawals, between any two releases and in both directions, byte for byte."""
    chance = random.Random(seed)  # noqa: S311  # for tests alone
    publish(tmp_path, records[:5], pipeline)
    for _ in range(3):
        record = chance.choice(records)
        is_published = f"doc/project/{record['projectCode']}>" in dataset(served(tmp_path)).decode()
        if is_published and chance.random() < 0.4:  # two of five
            withdraw(tmp_path, str(record["projectCode"]))
        else:
            changed = [one | {"startYear": f"{2010 + chance.randrange(3)}"} for one in chance.sample(records, 3)]
            note = (
                f"<https://n.example/1> <https://n.example/says> {chance.randrange(3)}, <https://n.example/2> ."
                if chance.random() < 0.4
                else ""
            )
            publish(tmp_path, changed, pipeline, note)
    releases = [open_release(tmp_path / "to", name) for name in release_names(tmp_path / "to")]
    for old, new in [*pairwise(releases), (releases[-1], releases[0])]:
        difference = ReleaseDifference(old, new)
        assert patched(old, written(difference, "rdf-patch")) == dataset(new)
        counted = json.loads(written(difference, "json"))
        for change in ("added", "changed", "removed"):
            assert counted[change] == sum(one["change"] == change for one in counted["projects"])
        assert counted["otherGraphs"] == len(counted["graphs"])


def served(folder: Path) -> Release:
    """The current release."""
    release = current_release(folder / "to")
    assert release is not None
    return release


@pytest.fixture(scope="module")
def compared(pipeline: Pipeline, records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> ReleaseDifference:
    """The difference between two releases: one project added, one changed, one withdrawn, one graph."""
    folder = tmp_path_factory.mktemp("compared")
    old = publish(folder, records[:3], pipeline)
    longer = records[0] | {"title": {"en": "=A new title"}}
    publish(folder, [longer, records[3]], pipeline, "<https://n.example/1> <https://n.example/says> 1 .")
    withdraw(folder, str(records[1]["projectCode"]))
    return ReleaseDifference(old, served(folder))


def test_json_has_old_and_new_values_by_project_and_field(compared: ReleaseDifference, records: list[Record]) -> None:
    """Objects are those of `report.json`; a withdrawn project has its reason; other graphs have their numbers."""
    found = json.loads(written(compared, "json"))
    assert (found["added"], found["changed"], found["removed"], found["otherGraphs"]) == (1, 1, 1, 1)
    by_key = {one["project"]: one for one in found["projects"]}
    changed, removed, added = (by_key[str(records[at]["projectCode"])] for at in (0, 1, 3))
    assert changed["change"] == "changed"
    (title,) = [one for one in changed["fields"] if one["field"] == "title.en"]
    assert title["after"] == ["=A new title"]
    assert title["before"] != title["after"]
    assert (removed["change"], removed["reason"]) == ("removed", "A mistake.")
    assert all(one["lost"] and not one["after"] for one in removed["fields"])
    assert added["change"] == "added"
    assert all(one["after"] and not one["before"] for one in added["fields"])
    (graph,) = found["graphs"]
    assert graph["graph"].endswith("graph/include/notes.ttl")
    assert (graph["change"], graph["added"], graph["removed"]) == ("added", 1, 0)


def test_csv_has_a_row_for_each_field(compared: ReleaseDifference) -> None:
    """The table has the rows of the JSON, and no cell that a spreadsheet takes for a formula."""
    rows = list(csv.DictReader(io.StringIO(written(compared, "csv").decode("utf-8-sig"), newline="")))
    expected = json.loads(written(compared, "json"))["projects"]
    assert [(row["project"], row["change"], row["field"]) for row in rows] == [
        (one["project"], one["change"], field["field"]) for one in expected for field in one["fields"]
    ]
    assert "'=A new title" in {row["after"] for row in rows}


def test_text_has_the_words_of_a_dry_run(compared: ReleaseDifference, records: list[Record]) -> None:
    """A line for each project, its fields below it, and the totals at the end."""
    lines = written(compared, "text").decode().splitlines()
    assert any(line.startswith("  title.en: ") and line.endswith(" → =A new title") for line in lines)
    assert f"removed    {records[1]['projectCode']}  A mistake." in lines
    assert lines[-2:] == [
        "projects          3 that differ: 1 added, 1 changed, 1 removed",
        "graphs            1 others that differ",
    ]


def test_nquads_in_two_parts(compared: ReleaseDifference) -> None:
    """Both parts are N-Quads, each begins with a comment, and the rows of the patch are the same."""
    removed, _, added = written(compared, "nquads").partition(b"# added: ")
    assert removed.startswith(b"# removed: ")
    patch = written(compared, "rdf-patch").splitlines()
    for part, mark in ((removed, b"D "), (b"# " + added, b"A ")):
        lines = part.splitlines()[1:]
        assert lines == [row.removeprefix(mark) for row in patch if row.startswith(mark)]
        assert len(list(parse(part, format=RdfFormat.N_QUADS))) == len(lines)


def test_equal_releases_do_not_differ(compared: ReleaseDifference) -> None:
    """No shard is read, and each format says so."""
    difference = ReleaseDifference(compared.new, compared.new)
    assert [*removed_lines(difference), *added_lines(difference)] == []
    found = json.loads(written(difference, "json"))
    assert (found["projects"], found["graphs"]) == ([], [])


def test_the_command(compared: ReleaseDifference, iomld: Command) -> None:
    """By default the other release is the current one; unknown names and useless options get a sentence."""
    old, folder = compared.old.manifest.name, compared.old.path.parent.parent
    done = iomld("releases", "diff", old, "--from", folder, "--format", "rdf-patch")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.encode() == written(compared, "rdf-patch")
    added = iomld("releases", "diff", old, "--from", folder, "--format", "nquads", "--only", "added")
    assert added.stdout.encode() == b"".join(added_lines(compared))
    unknown = iomld("releases", "diff", old[:-1], "--from", folder)
    assert unknown.returncode != 0
    assert f"The closest names are: {old}" in unknown.stderr
    assert "--only goes with --format nquads" in iomld("releases", "diff", old, "--only", "added").stderr
