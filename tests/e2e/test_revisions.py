"""Revisions: new values make one, another form of the same values makes none; what a publish changes is named."""

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, Quad
from tests.conftest import Command

from iomld.iris import DCTERMS, Iris
from iomld.pipeline.conversion import Choices
from iomld.pipeline.differences import field_differences, value_statements
from iomld.pipeline.stages import load_pipeline
from iomld.publish.run import PublishRequest, publish_sources
from iomld.publish.runs import PublishingSettings
from iomld.publish.withdraw import Withdrawal, withdraw_projects

RECORD = {
    "projectCode": "PO.9002",
    "title": {"en": "A good record", "fr": "Un bon dossier", "pt-br": "Um bom registo"},
    "abstract": {"en": "It follows the Global Compact for Migration."},
    "status": "completed",
    "projectType": "PO",
    "coverage": "regional",
    "region": "africa",
    "startYear": "2018",
    "endDate": "2019-05-31",
    "endYear": "2019",
    "allocationYear": "2018",
    "budgetUSD": "100000.50",
    "benefitingMemberStates": ["NA", "ZA"],
    "source": {"url": "https://example.org/project"},
}
PARTIAL = {key: value for key, value in RECORD.items() if key != "abstract"} | {
    "title": {"en": "A good record"},
    "budgetUSD": "120000",
    "benefitingMemberStates": ["NA"],
}
OTHER = RECORD | {"projectCode": "PO.9003", "title": {"en": "Another record"}}
SAME = "same values seen again"


def written(path: Path, *records: object, indent: int | None = None) -> Path:
    """A file of records; with an indent, other than ASCII characters stand there as they are."""
    path.write_text(json.dumps(records, indent=indent, ensure_ascii=indent is not None))
    return path


def reversed_keys(value: object) -> object:
    """The same object with its keys in the opposite order, at all levels."""
    return {key: reversed_keys(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, iomld: Command) -> Path:
    """A folder of releases with the record, for tests that do not publish."""
    folder = tmp_path_factory.mktemp("published")
    assert iomld("publish", written(folder / "a.json", RECORD), "--to", folder / "to").returncode == 0
    return folder / "to"


def test_another_form_of_the_same_values_is_no_change(published: Path, tmp_path: Path, iomld: Command) -> None:
    """Another name, other spaces, another order of keys and other escapes give no new release, and say so."""
    before = (published / "current").readlink()
    again = written(tmp_path / "renamed.json", reversed_keys(RECORD), indent=3)
    done = iomld("publish", again, "--to", published)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 new, 0 changed" in done.stdout
    assert f"1 projects: {SAME}, 1 of them in other sources" in done.stdout
    assert (published / "current").readlink() == before


def test_a_run_notes_the_sources_in_which_it_saw_values_again(tmp_path: Path, iomld: Command) -> None:
    """Beside a change the graph and its revision stay, derived from the first source; the run used the other one."""
    to = tmp_path / "to"
    assert iomld("publish", written(tmp_path / "a.json", RECORD), "--to", to).returncode == 0
    graphs = (to / "current" / "graphs").read_text()
    dataset = gzip.decompress((to / "current" / "dataset.nq.gz").read_bytes()).decode()
    (first,) = re.findall(r"<\S*doc/project/PO.9002> <\S*#wasDerivedFrom> (<\S*>)", dataset)
    again = written(tmp_path / "b.json", reversed_keys(RECORD), indent=2)
    assert iomld("publish", again, written(tmp_path / "c.json", OTHER), "--to", to).returncode == 0
    assert set(graphs.splitlines()) < set((to / "current" / "graphs").read_text().splitlines())
    history = gzip.decompress((to / "current" / "history.nq.gz").read_bytes()).decode()
    assert "PO.9002/rev/2" not in history
    ((other, alternate),) = re.findall(r"(<\S*>) <\S*prov#alternateOf> (<\S*>)", history)
    assert alternate == first != other
    assert re.search(rf"<\S*prov/run/{(to / 'current').readlink().name}> <\S*prov#used> {other} ", history)
    report = json.loads((to / "current" / "report.json").read_text())
    assert (report["added"], report["changed"], report["unchanged"]) == (["PO.9003"], [], 1)
    assert report["seenAgain"] == ["PO.9002"]


def test_a_dry_run_names_old_and_new_values(published: Path, tmp_path: Path, iomld: Command) -> None:
    """For each changed project: the fields, both values, and which values a partial file would lose."""
    part = written(tmp_path / "part.json", PARTIAL, OTHER)
    done = iomld("publish", part, "--to", published, "--dry-run")
    shown = done.stdout[done.stdout.index("changed    PO.9002") :].splitlines()
    assert shown[1:-1] == [
        "  title.fr: Un bon dossier → none (lost)",
        "  title.pt-br: Um bom registo → none (lost)",
        "  abstract.en: It follows the Global Compact for Migration. → none (lost)",
        "  budget: 100000.5 USD → 120000 USD",
        "  benefitingMemberStates: ZA → none (1 unchanged)",
        "  mentions: gcm: Global Compact for Migration → none (lost)",
    ]
    assert done.stderr.startswith("lost: PO.9002. title.fr, title.pt-br, abstract.en, mentions: published, and not in ")
    assert len(done.stderr.splitlines()) == 1


def test_a_dry_run_as_json(published: Path, tmp_path: Path, iomld: Command) -> None:
    """`--format json` gives programs the same, and nothing else on standard output."""
    part = written(tmp_path / "part.json", PARTIAL)
    done = iomld("publish", part, "--to", published, "--dry-run", "--format", "json")
    report = json.loads(done.stdout)
    assert (report["dryRun"], report["isNew"], report["release"]) == (
        True,
        False,
        (published / "current").readlink().name,
    )
    (changed,) = report["differences"]
    fields = changed["fields"]
    assert (changed["project"], changed["change"]) == ("PO.9002", "changed")
    assert {one["field"] for one in fields if one["lost"]} == {"title.fr", "title.pt-br", "abstract.en", "mentions"}
    (budget,) = [one for one in fields if one["field"] == "budget"]
    assert budget == {"field": "budget", "before": ["100000.5 USD"], "after": ["120000 USD"], "lost": False}


def test_values_in_another_form_do_not_change_which_copy_wins(tmp_path: Path, iomld: Command) -> None:
    """Of two records that disagree, the form of a file does not decide which value is published."""
    copies = [
        RECORD | {"budgetUSD": str(amount), "source": {"url": f"https://example.org/{amount}"}} for amount in (1, 2)
    ]
    to = tmp_path / "to"
    for indent in (None, 1, 2):
        files = [written(tmp_path / f"{indent}-{at}.json", copy, indent=indent) for at, copy in enumerate(copies)]
        assert iomld("publish", *files, "--to", to).returncode == 0
    assert len(list((to / "releases").iterdir())) == 1


def test_times_of_releases_never_go_back(tmp_path: Path) -> None:
    """With a clock that is set back, name, manifest, description, runs, revisions and withdrawals stay in order."""
    pipeline = load_pipeline(Choices(profile="published"))
    moments = iter(datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=day) for day in range(100))

    def publish(record: dict[str, Any]) -> None:
        source = written(tmp_path / "a.json", record)
        request = PublishRequest([source], tmp_path / "to", "Publisher", clock=lambda: next(moments))
        assert publish_sources(request, pipeline).is_new

    publish(RECORD)
    publish(PARTIAL)
    withdraw_projects(
        Withdrawal(
            ["PO.9002"],
            "A test.",
            None,
            PublishingSettings(tmp_path / "to", "https://example.org/l", "P", "", "1", clock=lambda: next(moments)),
        )
    )
    current = tmp_path / "to" / "current"
    assert [name[:16] for name in sorted(path.name for path in (tmp_path / "to" / "releases").iterdir())] == [
        "20260101T000000Z",
        "20260101T000001Z",
        "20260101T000002Z",
    ]
    created = [f"2026-01-01T00:00:0{second}Z" for second in range(3)]
    assert json.loads((current / "manifest.json").read_text())["created"] == created[2]
    assert json.loads((current / "withdrawn.json").read_text())[0]["withdrawn"] == created[2]
    assert set(re.findall(r'modified "([^"]*)', (current / "dataset.ttl").read_text())) == {created[2]}
    history = gzip.decompress((current / "history.nq.gz").read_bytes()).decode()
    for name in ("startedAtTime", "endedAtTime"):
        assert sorted(re.findall(rf'{name}> "([^"]*)', history)) == created
    assert sorted(re.findall(r'rev/(\d)> <\S*created> "([^"]*)', history)) == [("1", created[0]), ("2", created[1])]


def test_what_is_a_value() -> None:
    """The address of a source is one; its hash, name and time, and the matcher, are not; no text looks like one."""
    iris, about = Iris(), NamedNode("https://w3id.org/iomld/id/project/PO.1")
    source, matcher = (NamedNode(f"{iris.base}prov/{name}") for name in ("source/1", "matcher/1"))
    title, address = NamedNode(f"{DCTERMS}title"), NamedNode(f"{DCTERMS}source")
    kept = Quad(about, title, Literal(f"<{source.value}>"))
    quads = [
        kept,
        Quad(source, title, Literal("a.json")),
        Quad(about, title, source),
        Quad(about, title, matcher),
        Quad(source, address, about),
    ]
    assert value_statements(quads, iris) == {(about, title, kept.object), (None, address, about)}


def test_differences_outside_fields_name_the_property() -> None:
    """Another licence, which is no field, is named by its property; long texts are cut to where they differ."""
    iris = Iris()
    document, about = NamedNode(iris.record("PO.1")), NamedNode(iris.project("PO.1"))
    licence, title = NamedNode(f"{DCTERMS}license"), NamedNode(f"{DCTERMS}title")
    one, two = (Quad(document, licence, NamedNode(f"https://example.org/{name}")) for name in "ab")
    (found,) = field_differences([one], [two], "PO.1", iris)
    assert (found.field, found.before, found.after) == (
        "license",
        ("https://example.org/a",),
        ("https://example.org/b",),
    )
    texts = [Literal("long " * 500 + end + " tail" * 500, language="en") for end in ("old", "new")]
    old, new = ([Quad(about, title, text)] for text in texts)
    (found,) = field_differences(old, new, "PO.1", iris)
    assert [len(found.before[0]), "long old tail" in found.before[0], "long new tail" in found.after[0]] == [
        5003,
        True,
        True,
    ]
