"""Records are withdrawn, answer 410 or lead on, and come back."""

import gzip
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from tests.browse.asking import Asker
from tests.browse.documents import documents_of
from tests.commands import run_iomld
from tests.conftest import DATA, Command
from tests.sharing import made_once

from iomld import release
from iomld.formats import rdf
from iomld.publish.runs import PublishingSettings
from iomld.publish.withdraw import Withdrawal, withdraw_projects
from iomld.release import current_release
from iomld.web.data.downloads import DownloadFiles, download_routes

REASON = "Published by mistake."


@pytest.fixture(scope="module")
def some_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with some of the bundled records."""
    records = [one for path in sorted(DATA.glob("*.json")) for one in json.loads(path.read_text(encoding="utf-8"))]
    some = [one for one in records if one.get("projectCode") in {"PO.0201", "PO.0216"}] + records[:: len(records) // 12]
    path = tmp_path_factory.mktemp("some") / "records.json"
    path.write_text(json.dumps(some))
    return path


@pytest.fixture
def copied(some_records: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A folder of its own with a release of these."""

    def publish(folder: Path) -> None:
        done = run_iomld("publish", some_records, "--to", folder)
        assert done.returncode == 0, done.stderr

    made = made_once(tmp_path_factory, "published-to-withdraw", publish)
    return shutil.copytree(made, tmp_path / "data", symlinks=True)


def _projects(iomld: Command, folder: Path) -> set[str]:
    query = "SELECT ?c { ?p a iomld:Project ; iomld:projectCode ?c } ORDER BY ?c"
    asked = iomld("query", f"PREFIX iomld: <https://w3id.org/iomld/ns#> {query}", "--from", folder, "--format", "csv")
    assert asked.returncode == 0, asked.stderr
    return set(asked.stdout.split()[1:])


def test_a_withdrawn_record_leaves_the_files_of_its_class_and_region(copied: Path, iomld: Command) -> None:
    """They are written anew; a file that stays the same is on the disk once, and the old release keeps its own."""
    before = (copied / "current").resolve()
    assert iomld("withdraw", "PO.0201", "--reason", REASON, "--to", copied).returncode == 0
    after = (copied / "current").resolve()
    files = {path.relative_to(before) for path in before.glob("by-*/*")}
    assert files == {path.relative_to(after) for path in after.glob("by-*/*")}
    holding = {file for file in files if b"project/PO.0201>" in gzip.decompress((before / file).read_bytes())}
    assert {"Project.nt.gz", "ProjectRecord.nt.gz"} < {file.name for file in holding}
    assert any(file.parent.name == "by-region" for file in holding)
    for file in files:
        assert (before / file).samefile(after / file) == ((before / file).read_bytes() == (after / file).read_bytes())
        assert b"project/PO.0201>" not in gzip.decompress((after / file).read_bytes())
    assert not any((before / file).samefile(after / file) for file in holding)
    manifest = json.loads((after / "manifest.json").read_text())
    for file in files:
        assert manifest["files"][str(file)] == hashlib.sha256((after / file).read_bytes()).hexdigest()


def test_a_part_that_stays_need_not_be_fetched_again(copied: Path, iomld: Command) -> None:
    """Its entity tag holds in the next release, in every format; that of the whole and of other parts does not."""

    def tags() -> dict[str, str]:
        served = current_release(copied)
        assert served
        app = FastAPI()
        app.include_router(download_routes(lambda: served, DownloadFiles(copied / "made")))
        client = Asker(app)
        return {name: client.head(f"/downloads/{name}").headers["etag"] for name in names}

    names = ("dataset.nq.gz", "by-class/Project.ttl.gz", "by-class/Region.nt.gz", "by-class/Region.ttl.gz")
    before = tags()
    assert iomld("withdraw", "PO.0201", "--reason", REASON, "--to", copied).returncode == 0
    after = tags()
    assert [name for name in names if before[name] == after[name]] == [
        "by-class/Region.nt.gz",
        "by-class/Region.ttl.gz",
    ]


def test_a_withdrawn_record_is_gone_and_says_why(copied: Path, iomld: Command) -> None:
    """Its graph leaves store and dump; things, documents, forms and revisions answer 410 with the tombstone."""
    before = _projects(iomld, copied)
    done = iomld("withdraw", "PO.0201", "--reason", REASON, "--to", copied)
    assert done.returncode == 0, done.stderr
    assert _projects(iomld, copied) == before - {"PO.0201"}
    dump = gzip.decompress((copied / "current" / "dataset.nq.gz").read_bytes())
    assert b"/project/PO.0201" not in dump
    assert b"/project/PO.0201" not in gzip.decompress((copied / "current" / "index.jsonl.gz").read_bytes())
    client = documents_of(copied)
    for path in (
        "/id/project/PO.0201",
        "/doc/project/PO.0201",
        "/doc/project/PO.0201.linkset.json",
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json"), path
        assert answer.json()["reason"] == REASON
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 410
        assert REASON in page.text
    for suffix in ("ttl", "nt", "jsonld", "rdf", "nq"):
        answer = client.get(f"/doc/project/PO.0201.{suffix}")
        assert answer.status_code == 410
        assert REASON in answer.text
    turtle = client.get("/doc/project/PO.0201", headers={"Accept": "text/turtle"})
    assert turtle.status_code == 410
    assert any("qualifiedInvalidation" in quad.predicate.value for quad in rdf.parse(turtle.content, rdf.TURTLE))
    assert "1 withdrawn" in iomld("releases", "list", "--from", copied).stdout.splitlines()[-1]


def test_a_replaced_record_leads_on(copied: Path, iomld: Command) -> None:
    """301 to the project or document that stands for it now, with the same suffix."""
    done = iomld("withdraw", "PO.0201", "--reason", "A double.", "--replaced-by", "PO.0216", "--to", copied)
    assert done.returncode == 0, done.stderr
    client = documents_of(copied)
    for path, place in (
        ("/id/project/PO.0201", "/id/project/PO.0216"),
        ("/doc/project/PO.0201", "/doc/project/PO.0216"),
        ("/doc/project/PO.0201.ttl", "/doc/project/PO.0216.ttl"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (301, place)
    assert client.get("/doc/project/PO.0216").status_code == 200


def test_publishing_again_brings_a_record_back(some_records: Path, copied: Path, iomld: Command) -> None:
    """It says so, counts revisions on, and leaves the other withdrawn records withdrawn."""
    assert iomld("withdraw", "PO.0201", "PO.0216", "--reason", REASON, "--to", copied).returncode == 0
    assert iomld("publish", some_records, "--to", copied, "--dry-run").returncode == 0
    current = current_release(copied)
    assert current is not None
    assert current.manifest.withdrawn == 2
    record = _record("PO.0201", copied)
    back = iomld("publish", record, "--to", copied)
    assert back.returncode == 0, back.stdout + back.stderr
    assert "had been withdrawn: PO.0201" in back.stdout
    client = documents_of(copied)
    assert client.get("/doc/project/PO.0201").status_code == 200
    assert [client.get(f"/doc/project/PO.0201/rev/{number}").status_code for number in (1, 2, 3)] == [200, 410, 200]
    assert client.get("/doc/project/PO.0216").status_code == 410
    assert json.loads((copied / "current" / "report.json").read_text())["returned"] == ["PO.0201"]


def _record(code: str, folder: Path) -> Path:
    """A file with one small record."""
    path = folder / "one.json"
    record = {"projectCode": code, "title": {"en": "Back again"}, "status": "completed", "projectType": code[:2]}
    more = {"benefitingMemberStates": ["NA"], "coverage": "national", "region": "africa", "startYear": 2018}
    path.write_text(json.dumps(record | more | {"endYear": 2020, "allocationYear": 2017, "budgetUSD": 100000}))
    return path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["PO.0202"], "PO.0201"),
        (["PO.0201", "NO.SUCH"], "NO.SUCH"),
        (["PO.0201", "--replaced-by", "PO.0201"], "itself"),
        (["PO.0201", "--replaced-by", "XX.1"], "XX.1"),
    ],
)
def test_nothing_is_withdrawn_by_mistake(datadir: Path, iomld: Command, arguments: list[str], expected: str) -> None:
    """An unknown code exits 2 with the closest ones, and the release stays; so with a dry run, which takes no lock."""
    before = (datadir / "current").readlink()
    done = iomld("withdraw", *arguments, "--reason", REASON, "--to", datadir, "--dry-run")
    assert done.returncode == 2
    assert expected in done.stderr
    assert (datadir / "current").readlink() == before


def test_a_dry_run_changes_nothing(datadir: Path, iomld: Command) -> None:
    """It names what would be withdrawn."""
    before = (datadir / "current").readlink()
    done = iomld("withdraw", "PO.0201", "--reason", REASON, "--to", datadir, "--dry-run")
    assert (done.returncode, "nothing was changed" in done.stdout) == (0, True)
    assert (datadir / "current").readlink() == before


def test_a_withdrawal_that_fails_leaves_the_release(
    copied: Path, iomld: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where building stops half-way nothing of it stays, and the old release is served."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = (copied / "current").readlink()
    monkeypatch.setattr(release, "finish_release", full)
    order = Withdrawal(
        ("PO.0201",), REASON, None, PublishingSettings(copied, "https://example.org/l", "Us", "", "0.1.0")
    )
    with pytest.raises(OSError, match="No space"):
        withdraw_projects(order)
    assert (copied / "current").readlink() == before
    assert not list((copied / "releases").glob(".building-*"))
    assert "PO.0201" in _projects(iomld, copied)
